//! What a process costs, as the kernel counts it.

use std::fs;

use anyhow::{Context as _, Result};

/// Processor time of a process so far, in seconds: its own and the kernel's for it.
///
/// # Errors
/// When there is no such process.
pub fn cpu(process: u32) -> Result<f64> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat"))?;
    // The name, in parentheses, may hold anything.
    let after_name = stat.rsplit_once(')').context("no name in /proc/…/stat")?.1;
    let fields: Vec<&str> = after_name.split_whitespace().collect();
    // Fields 14 and 15 of proc_pid_stat(5), in ticks of which there are a hundred a second on every Linux.
    let ticks =
        |at: usize| fields.get(at).context("/proc/…/stat is short")?.parse::<f64>().context("/proc/…/stat");
    Ok((ticks(11)? + ticks(12)?) / 100.0)
}

/// What a process holds in memory now, and the most it held, in MiB.
///
/// # Errors
/// When there is no such process.
pub fn memory(process: u32) -> Result<(f64, f64)> {
    let status = fs::read_to_string(format!("/proc/{process}/status"))?;
    let field = |name: &str| {
        let line =
            status.lines().find_map(|line| line.strip_prefix(name)).context("/proc/…/status is short")?;
        let kib = line.trim_start_matches(':').trim().trim_end_matches(" kB");
        Ok::<_, anyhow::Error>(kib.parse::<f64>()? / 1_024.0)
    };
    Ok((field("VmRSS")?, field("VmHWM")?))
}

/// Has the kernel forget the most that a process held.
///
/// # Errors
/// When there is no such process, or it is another user\'s.
pub fn forget_peak(process: u32) -> Result<()> {
    fs::write(format!("/proc/{process}/clear_refs"), "5").context("clearing the peak of memory")
}
