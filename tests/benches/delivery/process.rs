//! What the kernel says a process costs, and what else the machine does.

use std::fs;

use anyhow::Context as _;

use crate::memory::kib;

/// The unit of times in `/proc`, in seconds: the kernel shows all programs the same.
const TICK: f64 = 0.01;
const MIB_IN_KIB: f64 = 1024.0;

/// CPU seconds of all threads of a process, those that have ended included.
pub(crate) fn cpu_seconds(process: u32) -> anyhow::Result<f64> {
    let stat = read(&format!("/proc/{process}/stat"))?;
    // The name stands in parentheses, and can have anything in it.
    let (_, fields) = stat.rsplit_once(')').context("a name in parentheses")?;
    let fields: Vec<&str> = fields.split_whitespace().collect();
    let [user, system] = [11, 12].map(|at| fields.get(at).and_then(|ticks| ticks.parse().ok()));
    let ticks: f64 = user
        .zip(system)
        .map(|(user, system): (f64, f64)| user + system)
        .context("times")?;
    Ok(ticks * TICK)
}

/// Memory of a process in MiB.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Memory {
    pub(crate) rss: f64,
    /// The most that `rss` ever was.
    pub(crate) peak_rss: f64,
    /// Pages that are shared with other processes count in part.
    pub(crate) pss: f64,
}

pub(crate) fn memory(process: u32) -> anyhow::Result<Memory> {
    let mib = |file: &str, line: &str| -> anyhow::Result<f64> {
        Ok(kib(process, file, line)? as f64 / MIB_IN_KIB)
    };
    Ok(Memory {
        rss: mib("status", "VmRSS:")?,
        peak_rss: mib("status", "VmHWM:")?,
        pss: mib("smaps_rollup", "Pss:")?,
    })
}

/// Seconds of all processors since the machine began.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Machine {
    busy: f64,
    all: f64,
}

pub(crate) fn machine() -> anyhow::Result<Machine> {
    let stat = read("/proc/stat")?;
    let line = stat
        .lines()
        .next()
        .context("/proc/stat begins with a sum")?;
    let ticks: Vec<f64> = line
        .split_whitespace()
        .filter_map(|field| field.parse().ok())
        .collect();
    // user, nice, system, idle, iowait, irq, softirq, steal; guests are in user already.
    let all: f64 = ticks.iter().take(8).sum();
    let idle: f64 = ticks.iter().skip(3).take(2).sum();
    Ok(Machine {
        busy: (all - idle) * TICK,
        all: all * TICK,
    })
}

impl Machine {
    /// The share of the machine that others used since `before`, if we used `ours` seconds.
    pub(crate) fn others_since(self, before: Self, ours: f64) -> f64 {
        (self.busy - before.busy - ours).max(0.0) / (self.all - before.all).max(TICK)
    }
}

fn read(path: &str) -> anyhow::Result<String> {
    fs::read_to_string(path).with_context(|| format!("{path} can't be read"))
}
