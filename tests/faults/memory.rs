//! What the kernel says a process holds in memory.

use std::fs;

use anyhow::Context as _;

/// A line such as `VmHWM:` of one of the process's files in `/proc`, in KiB.
pub(crate) fn kib(process: u32, file: &str, line: &str) -> anyhow::Result<u64> {
    let path = format!("/proc/{process}/{file}");
    let text = fs::read_to_string(&path).with_context(|| format!("{path} can't be read"))?;
    let value = text.lines().find_map(|text| text.strip_prefix(line));
    let kib = value.and_then(|value| value.trim().strip_suffix(" kB")?.parse().ok());
    kib.with_context(|| format!("{path} has no {line}"))
}
