//! What a process cost: one that measures itself, and one that is measured.

use std::fmt;
use std::fs;
use std::process::{Command, Stdio};
use std::time::Instant;

/// What a piece of work cost in a process of its own.
#[derive(Debug, Clone, Copy, Default)]
pub struct Cost {
    pub seconds: f64,
    pub cpu: f64,
    pub peak_mib: f64,
    pub rows: f64,
}

impl Cost {
    /// Of the work, in this process; the peak is that of the process.
    pub fn of(work: impl FnOnce() -> u64) -> Self {
        let (started, cpu) = (Instant::now(), cpu_seconds());
        let rows = work() as f64;
        let (seconds, cpu) = (started.elapsed().as_secs_f64(), cpu_seconds() - cpu);
        Self { seconds, cpu, peak_mib: peak_mib(), rows }
    }

    /// Of a command that prints the four numbers, as [`fmt::Display`] writes them.
    pub fn printed(command: &mut Command) -> Self {
        let output = command.output().expect("the command runs");
        let text = String::from_utf8(output.stdout).expect("text");
        let numbers: Vec<f64> = text.split_whitespace().filter_map(|number| number.parse().ok()).collect();
        let [seconds, cpu, peak_mib, rows] = numbers[..] else {
            panic!("{command:?}: {}", String::from_utf8_lossy(&output.stderr));
        };
        Self { seconds, cpu, peak_mib, rows }
    }

    /// Of a command whose output nobody reads; only its time is known.
    pub fn silent(command: &mut Command) -> Self {
        let started = Instant::now();
        let status = command.stdout(Stdio::null()).status().expect("the command runs");
        assert!(status.success(), "{command:?}");
        Self { seconds: started.elapsed().as_secs_f64(), ..Self::default() }
    }

    /// The one in the middle by its time, with the CPU seconds of the one in the middle by those.
    pub fn median(mut costs: Vec<Self>) -> Self {
        let middle = costs.len() / 2;
        costs.sort_by(|one, other| one.cpu.total_cmp(&other.cpu));
        let cpu = costs[middle].cpu;
        costs.sort_by(|one, other| one.seconds.total_cmp(&other.seconds));
        Self { cpu, ..costs[middle] }
    }
}

impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:9.3} {:9.2} {:9.1} {:10}", self.seconds, self.cpu, self.peak_mib, self.rows)
    }
}

/// User and system time of this process and its threads, from Linux's `/proc/self/stat` in ticks of 1/100 s.
fn cpu_seconds() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").expect("Linux");
    let after_name = stat.rsplit_once(')').expect("a name").1;
    let ticks = after_name.split_whitespace().skip(11).take(2);
    ticks.map(|ticks| ticks.parse::<f64>().expect("ticks")).sum::<f64>() / 100.0
}

/// The highest resident size so far.
pub fn peak_mib() -> f64 {
    let status = fs::read_to_string("/proc/self/status").expect("Linux");
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a peak");
    peak.trim().trim_end_matches(" kB").parse::<f64>().expect("a number") / 1024.0
}
