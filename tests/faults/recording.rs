//! What a process did to a directory, as the library in `shim/` recorded it.

use std::path::Path;

/// A change of the directory or of a file in it, or what is needed to understand the others.
#[derive(Debug)]
pub(crate) enum Operation {
    /// A process begins; nothing is open.
    Start,
    Open {
        descriptor: i32,
        /// Below the directory; empty for the directory itself.
        path: String,
        created: bool,
        truncated: bool,
    },
    Close {
        descriptor: i32,
    },
    Write {
        descriptor: i32,
        offset: usize,
        data: Vec<u8>,
    },
    Truncate {
        descriptor: i32,
        length: usize,
    },
    /// All that was done to the file before is on the disk.
    Sync {
        descriptor: i32,
    },
    Unlink {
        path: String,
    },
    Rename {
        from: String,
        to: String,
    },
}

/// An operation, and how long the log was once it stood in it.
#[derive(Debug)]
pub(crate) struct Recorded {
    pub(crate) operation: Operation,
    pub(crate) log_length: u64,
}

const HEADER_LENGTH: usize = 24;
const CREATED: u64 = 1;
const TRUNCATED: u64 = 2;

/// Reads a log, which ends with a whole record: each is written by one call.
pub(crate) fn read(log: &Path) -> Vec<Recorded> {
    let log = std::fs::read(log).expect("there is a recording");
    let mut recording = Vec::new();
    let mut rest = log.as_slice();
    while !rest.is_empty() {
        let operation = take_operation(&mut rest);
        let log_length = (log.len() - rest.len()) as u64;
        recording.push(Recorded {
            operation,
            log_length,
        });
    }
    recording
}

fn take_operation(log: &mut &[u8]) -> Operation {
    let header = take(log, HEADER_LENGTH);
    let word = |at: usize| u32::from_le_bytes(header[at..at + 4].try_into().expect("4 bytes"));
    let number = u64::from_le_bytes(header[8..16].try_into().expect("8 bytes"));
    let descriptor = word(4).cast_signed();
    let path = text(take(log, word(16) as usize));
    let data = take(log, word(20) as usize);
    match word(0) {
        1 => Operation::Start,
        2 => Operation::Open {
            descriptor,
            path,
            created: number & CREATED != 0,
            truncated: number & TRUNCATED != 0,
        },
        3 => Operation::Close { descriptor },
        4 => Operation::Write {
            descriptor,
            offset: length(number),
            data: data.to_owned(),
        },
        5 => Operation::Truncate {
            descriptor,
            length: length(number),
        },
        6 => Operation::Sync { descriptor },
        7 => Operation::Unlink { path },
        8 => Operation::Rename {
            from: path,
            to: text(data),
        },
        unknown => panic!("the log has an operation {unknown}"),
    }
}

fn take<'a>(log: &mut &'a [u8], length: usize) -> &'a [u8] {
    log.split_off(..length).expect("a record is whole")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_owned()).expect("paths are UTF-8")
}

fn length(number: u64) -> usize {
    usize::try_from(number).expect("files fit into memory")
}
