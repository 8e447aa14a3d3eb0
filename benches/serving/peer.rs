//! A server that people would otherwise use, started for the bench.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::load::Load;

/// How long it may take to be ready.
const PATIENCE: Duration = Duration::from_secs(120);

/// What a peer is asked for one row.
pub(crate) struct Request<'a> {
    pub(crate) path: &'a str,
    pub(crate) content_type: &'a str,
    pub(crate) body: &'a str,
}

/// A running server; killed with its workers when it is dropped.
pub(crate) struct Peer {
    process: Child,
    address: String,
}

impl Peer {
    /// Starts the command and waits until the request is answered with 200.
    pub(crate) fn start(command: &mut Command, port: u16, request: &Request<'_>) -> Self {
        let process = command
            .env("OMP_NUM_THREADS", "1")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?} runs, `dev/setup serving` installs it: {error}"));
        let mut peer = Self { process, address: format!("127.0.0.1:{port}") };
        let started = Instant::now();
        while !peer.answers(request) {
            assert!(started.elapsed() < PATIENCE, "{command:?} is not ready after {PATIENCE:?}");
            assert!(peer.process.try_wait().is_ok_and(|ended| ended.is_none()), "{command:?} ended");
            std::thread::sleep(Duration::from_millis(200));
        }
        peer
    }

    /// The request, again and again.
    pub(crate) fn load(&self, folder: &Path, request: &Request<'_>) -> Load {
        let headers = [("content-type".to_owned(), request.content_type.to_owned())];
        Load::post(folder, &format!("http://{}{}", self.address, request.path), &headers, request.body)
    }

    fn answers(&self, request: &Request<'_>) -> bool {
        let Ok(mut stream) = TcpStream::connect(&self.address) else { return false };
        let Request { path, content_type, body } = request;
        let text = format!(
            "POST {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\ncontent-type: {content_type}\r\ncontent-length: {}\r\n\r\n{body}",
            self.address,
            body.len()
        );
        // Some keep the connection even so.
        let mut status = *b"HTTP/1.1 200";
        let expected = status;
        stream.write_all(text.as_bytes()).and_then(|()| stream.read_exact(&mut status)).is_ok() && status == expected
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let group = self.process.id().to_string();
        let _ = Command::new("bash").args(["-c", "kill -KILL -- -$0", &group]).status();
        let _ = self.process.wait();
    }
}

/// A program of a venv that `dev/setup serving` made.
pub(crate) fn installed(program: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../target").join(program)
}

/// Ports below 32,768: multi-model-server takes no greater ones.
pub(crate) fn free_ports<const COUNT: usize>() -> [u16; COUNT] {
    let mut free = (20_000..32_768).filter(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok());
    std::array::from_fn(|_| free.next().expect("a free port"))
}
