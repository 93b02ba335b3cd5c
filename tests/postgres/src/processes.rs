//! A server's processes: the postmaster and its children, of which each connection has one.
//! Linux only: they are read from `/proc`.

use std::fs;
use std::io;

use rustix::process::{Pid, Signal, kill_process};

/// The part of `/proc/PID/stat` that we read.
#[derive(Debug, PartialEq, Eq)]
struct Stat {
    parent: u32,
    /// In user mode and in the kernel, in clock ticks.
    own_ticks: u64,
    /// The same of children that ended and were waited for.
    reaped_ticks: u64,
}

/// Stops every process of a server where it stands; none of them can notice.
pub(crate) fn freeze(postmaster: u32) -> io::Result<()> {
    // First of all the one that makes the others.
    send(postmaster, Signal::STOP)?;
    signal_children(postmaster, Signal::STOP)
}

/// Continues what [`freeze`] stopped.
pub(crate) fn thaw(postmaster: u32) -> io::Result<()> {
    signal_children(postmaster, Signal::CONT)?;
    send(postmaster, Signal::CONT)
}

/// The CPU time of a server since the postmaster was started, those of its children included that
/// have ended; in seconds.
pub(crate) fn cpu_seconds(postmaster: u32) -> io::Result<f64> {
    let mut ticks = 0;
    for (pid, stat) in all()? {
        if pid == postmaster || stat.parent == postmaster {
            ticks += stat.own_ticks + stat.reaped_ticks;
        }
    }
    #[expect(
        clippy::cast_precision_loss,
        reason = "2^53 ticks are millions of years"
    )]
    Ok(ticks as f64 / rustix::param::clock_ticks_per_second() as f64)
}

fn signal_children(parent: u32, signal: Signal) -> io::Result<()> {
    for (pid, stat) in all()? {
        if stat.parent == parent {
            send(pid, signal)?;
        }
    }
    Ok(())
}

/// Sends a signal to a process, unless it has ended meanwhile.
fn send(pid: u32, signal: Signal) -> io::Result<()> {
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw);
    match kill_process(pid.ok_or(io::ErrorKind::InvalidInput)?, signal) {
        Err(rustix::io::Errno::SRCH) => Ok(()),
        sent => Ok(sent?),
    }
}

/// Every process of the machine; one that ends while we look may be missing.
fn all() -> io::Result<Vec<(u32, Stat)>> {
    let mut processes = Vec::new();
    for entry in fs::read_dir("/proc")? {
        let entry = entry?;
        let Some(pid) = entry
            .file_name()
            .to_str()
            .and_then(|name| name.parse().ok())
        else {
            continue;
        };
        let line = fs::read_to_string(entry.path().join("stat"));
        processes.extend(line.ok().and_then(|line| Some((pid, parse(&line)?))));
    }
    Ok(processes)
}

/// Reads `PID (NAME) STATE PARENT …`; a name may have spaces and brackets in it.
fn parse(line: &str) -> Option<Stat> {
    let (_, after_name) = line.rsplit_once(')')?;
    let fields: Vec<&str> = after_name.split_ascii_whitespace().collect();
    // proc(5) counts from 1 and has the state as field 3.
    let field = |number: usize| fields.get(number - 3)?.parse::<u64>().ok();
    Some(Stat {
        parent: u32::try_from(field(4)?).ok()?,
        own_ticks: field(14)? + field(15)?,
        reaped_ticks: field(16)? + field(17)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fields_are_counted_behind_the_name() {
        let line = "71 (postgres: a) b) S 70 71 71 0 -1 4194560 1 0 0 0 5 7 11 13 20 0 1 0";
        let expected = Stat {
            parent: 70,
            own_ticks: 12,
            reaped_ticks: 24,
        };
        assert_eq!(parse(line), Some(expected));
        assert_eq!(parse("71 (postgres) S 70"), None);
    }
}
