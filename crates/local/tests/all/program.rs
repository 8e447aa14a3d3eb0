//! The program `refit-local`, started as a process.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};

/// A running program. It is killed when the test ends.
pub(crate) struct Program {
    child: Child,
    _stdout: BufReader<ChildStdout>,
    pub(crate) endpoint_url: String,
}

impl Program {
    /// Starts it on a folder and a free port, and waits for the line that says it is ready.
    pub(crate) fn start(data: &Path) -> Self {
        let mut child = command(data).stdout(Stdio::piped()).spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let endpoint_url = line.trim_end().strip_prefix("refit-local listening on ").unwrap_or_else(|| {
            panic!("the program said {line:?}");
        });
        Self { child, endpoint_url: endpoint_url.to_owned(), _stdout: stdout }
    }

    /// kill -9.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Asks it to end, and waits for it.
    pub(crate) fn terminate(mut self) -> ExitStatus {
        let killed = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
        assert!(killed.success());
        self.child.wait().unwrap()
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The program with a folder and port 0.
pub(crate) fn command(data: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_refit-local"));
    command.arg("--data").arg(data).args(["--port", "0"]);
    command
}
