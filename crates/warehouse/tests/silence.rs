//! A network that falls silent: no end of the connection, no refusal, nothing.
//!
//! It takes a network of the test's own, which only root may make on Linux; elsewhere the test says why it did not run.
#![cfg(target_os = "linux")]
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test that cannot go on fails, or says why it does not run"
)]

mod support;

use std::io;
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use refit_warehouse::{Connection, Extract, Postgres, Warehouse, WarehouseError};
use support::postgres::Server;
use support::whole;

/// Hands bytes from one port to another address, both ways: what runs in the other network.
const FORWARD: &str = "
import socket, sys, threading
listener = socket.create_server((sys.argv[1], 0))
print(listener.getsockname()[1], flush=True)
here, _ = listener.accept()
there = socket.create_connection((sys.argv[2], int(sys.argv[3])))
def copy(source, target):
    while data := source.recv(65536):
        target.sendall(data)
threading.Thread(target=copy, args=(here, there), daemon=True).start()
copy(there, here)
";

/// Another network, joined to this one by a cable that can be cut.
struct Network {
    name: String,
    ours: String,
    theirs: String,
}

impl Network {
    fn make() -> Result<Self, String> {
        let id = std::process::id();
        let (name, net) = (format!("refit-{id}"), format!("10.213.{}", id % 250));
        let network = Self { ours: format!("{net}.1"), theirs: format!("{net}.2"), name };
        let Self { name, ours, theirs } = &network;
        let (near, far) = (format!("rn{id}"), network.far());
        for command in [
            format!("ip netns add {name}"),
            format!("ip link add {near} type veth peer name {far} netns {name}"),
            format!("ip addr add {ours}/30 dev {near}"),
            format!("ip link set {near} up"),
            format!("ip -n {name} addr add {theirs}/30 dev {far}"),
            format!("ip -n {name} link set {far} up"),
        ] {
            ip(&command)?;
        }
        Ok(network)
    }

    fn far(&self) -> String {
        self.name.replace("refit-", "rf")
    }

    /// Starts a way through the other network to a port of this one; the port to go in by.
    fn forward(&self, port: u16) -> (Child, u16) {
        let arguments = ["netns", "exec", &self.name, "python3", "-c", FORWARD, &self.theirs, &self.ours];
        let mut command = Command::new("ip");
        let mut child = command.args(arguments).arg(port.to_string()).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        io::BufRead::read_line(&mut io::BufReader::new(child.stdout.take().unwrap()), &mut line).unwrap();
        (child, line.trim().parse().unwrap())
    }

    fn cut(&self) {
        ip(&format!("ip -n {} link set {} down", self.name, self.far())).unwrap();
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        let _ = ip(&format!("ip netns delete {}", self.name));
    }
}

fn ip(command: &str) -> Result<(), String> {
    let mut words = command.split(' ');
    let output = Command::new(words.next().unwrap()).args(words).output().map_err(|error| error.to_string())?;
    match output.status.success() {
        true => Ok(()),
        false => Err(format!("{command}: {}", String::from_utf8_lossy(&output.stderr))),
    }
}

/// The server listens on 127.0.0.1: a port of ours that the other network sees leads there.
fn door(address: &str, server: u16) -> u16 {
    let listener = TcpListener::bind((address, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        let (far, _) = listener.accept().unwrap();
        let near = TcpStream::connect(("127.0.0.1", server)).unwrap();
        let (mut from, mut to) = (far.try_clone().unwrap(), near.try_clone().unwrap());
        thread::spawn(move || io::copy(&mut from, &mut to));
        io::copy(&mut near.try_clone().unwrap(), &mut far.try_clone().unwrap())
    });
    port
}

/// The server is asked whether it is still there, and after some questions it counts as gone.
#[test]
fn a_server_that_falls_silent_is_given_up() {
    let network = match Network::make() {
        Ok(network) => network,
        Err(reason) => return println!("not run: {reason}"),
    };
    let server = Server::start();
    let (mut forward, port) = network.forward(door(&network.ours, server.port()));
    let url = server.url("postgres").replace("127.0.0.1", &network.theirs) + "?sslmode=disable";
    let connection = Connection::url(&url).unwrap().port(port).keepalive(Duration::from_secs(1));
    let extract = Extract::new("SELECT generate_series(1, 1000000000000) AS i");
    let mut reader = Postgres::new(connection).unwrap().extract(&extract).unwrap();
    assert_eq!(reader.next().unwrap().unwrap().num_rows(), 8192);
    network.cut();
    let error = reader.find_map(Result::err).map(WarehouseError::from).expect("the series has no end");
    assert!(matches!(error, WarehouseError::Broken { rows, .. } if rows >= 8192), "{}", whole(&error));
    let _ = (forward.kill(), forward.wait());
}
