//! Load, made by `wrk`.

use std::fmt::Write;
use std::path::Path;
use std::process::Command;

/// What `wrk` measured.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Load {
    pub(crate) requests_per_second: f64,
    pub(crate) p50_ms: f64,
    pub(crate) p99_ms: f64,
}

const CONNECTIONS: &str = "8";
const SECONDS: u32 = 10;

impl Load {
    /// The same POST again and again over connections that are kept. The server is warm when the measuring begins.
    pub(crate) fn post(folder: &Path, url: &str, headers: &[(String, String)], body: &str) -> Self {
        let mut script = "wrk.method = \"POST\"\n".to_owned();
        writeln!(script, "wrk.body = [==[{body}]==]").expect("a script");
        for (name, value) in headers {
            writeln!(script, "wrk.headers[\"{name}\"] = [==[{value}]==]").expect("a script");
        }
        let path = folder.join("post.lua");
        std::fs::write(&path, script).expect("a script");
        run(&path, url, 1);
        read(&run(&path, url, SECONDS))
    }
}

fn run(script: &Path, url: &str, seconds: u32) -> String {
    let wrk = Command::new("wrk")
        .args(["--threads", "1", "--connections", CONNECTIONS, "--latency", "--duration", &format!("{seconds}s")])
        .arg("--script")
        .arg(script)
        .arg(url)
        .output()
        .expect("wrk runs: `dev/setup serving` installs it");
    let printed = String::from_utf8_lossy(&wrk.stdout).into_owned();
    assert!(wrk.status.success(), "{printed}{}", String::from_utf8_lossy(&wrk.stderr));
    assert!(!printed.contains("Non-2xx") && !printed.contains("Socket errors"), "requests failed: {printed}");
    printed
}

fn read(printed: &str) -> Load {
    let after = |label: &str| {
        let line = printed.lines().find_map(|line| line.trim().strip_prefix(label)).expect(label);
        line.trim_start_matches(':').trim().to_owned()
    };
    Load {
        requests_per_second: after("Requests/sec").parse().expect("a rate"),
        p50_ms: milliseconds(&after("50%")),
        p99_ms: milliseconds(&after("99%")),
    }
}

fn milliseconds(text: &str) -> f64 {
    let (unit, scale) =
        [("us", 0.001), ("ms", 1.0), ("s", 1000.0)].into_iter().find(|(unit, _)| text.ends_with(unit)).expect("a unit");
    text.trim_end_matches(unit).parse::<f64>().expect("a time") * scale
}
