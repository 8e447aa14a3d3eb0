//! The bytes' way to the server: a socket, encrypted or not.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream, ToSocketAddrs};
#[cfg(unix)]
use std::os::unix::net::UnixStream;
use std::time::Duration;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, StreamOwned};
use socket2::{SockRef, TcpKeepalive};
use std::sync::Arc;

use crate::connection::{Connection, Host};

/// How often a silent server is asked before it counts as gone, and how long between at most.
const PROBES: u32 = 3;
const PROBE_INTERVAL: Duration = Duration::from_secs(10);

pub(super) enum Transport {
    Tcp(TcpStream),
    #[cfg(unix)]
    Unix(UnixStream),
    Tls(Box<StreamOwned<ClientConnection, TcpStream>>),
}

/// The socket below a transport, to close it from another thread.
pub(super) enum Handle {
    Tcp(TcpStream),
    #[cfg(unix)]
    Unix(UnixStream),
}

impl Transport {
    /// Connects within the connection's time, and keeps to it until [`Self::unlimited`].
    pub(super) fn connect(connection: &Connection, host: &Host) -> io::Result<Self> {
        // As in libpq, no time at all means no limit.
        let limit = Some(connection.connect_timeout).filter(|limit| !limit.is_zero());
        if host.is_socket() {
            return Self::connect_socket(host, limit);
        }
        let stream = first(addresses(host)?, |address| match limit {
            Some(limit) => TcpStream::connect_timeout(&address, limit),
            None => TcpStream::connect(address),
        })?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(limit)?;
        stream.set_write_timeout(limit)?;
        let interval = connection.keepalive.clamp(Duration::from_secs(1), PROBE_INTERVAL);
        let keepalive = TcpKeepalive::new().with_time(connection.keepalive).with_interval(interval);
        SockRef::from(&stream).set_tcp_keepalive(&keepalive.with_retries(PROBES))?;
        Ok(Self::Tcp(stream))
    }

    #[cfg(unix)]
    fn connect_socket(host: &Host, limit: Option<Duration>) -> io::Result<Self> {
        let stream = UnixStream::connect(host.to_string())?;
        stream.set_read_timeout(limit)?;
        stream.set_write_timeout(limit)?;
        Ok(Self::Unix(stream))
    }

    #[cfg(not(unix))]
    fn connect_socket(_: &Host, _: Option<Duration>) -> io::Result<Self> {
        Err(io::Error::new(io::ErrorKind::Unsupported, "this system has no Unix sockets"))
    }

    /// Encrypts what follows.
    pub(super) fn encrypt(self, config: Arc<ClientConfig>, name: ServerName<'static>) -> io::Result<Self> {
        let Self::Tcp(mut stream) = self else {
            return Err(io::Error::new(io::ErrorKind::Unsupported, "only TCP is encrypted"));
        };
        let mut session = ClientConnection::new(config, name).map_err(io::Error::other)?;
        while session.is_handshaking() {
            session.complete_io(&mut stream)?;
        }
        Ok(Self::Tls(Box::new(StreamOwned::new(session, stream))))
    }

    /// The encrypted session, where there is one.
    pub(super) fn tls(&self) -> Option<&ClientConnection> {
        match self {
            Self::Tls(stream) => Some(&stream.conn),
            _ => None,
        }
    }

    /// Lets a read take as long as the server needs.
    pub(super) fn unlimited(&self) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => stream.set_read_timeout(None).and_then(|()| stream.set_write_timeout(None)),
            #[cfg(unix)]
            Self::Unix(stream) => stream.set_read_timeout(None).and_then(|()| stream.set_write_timeout(None)),
            Self::Tls(stream) => stream.sock.set_read_timeout(None).and_then(|()| stream.sock.set_write_timeout(None)),
        }
    }

    pub(super) fn handle(&self) -> io::Result<Handle> {
        Ok(match self {
            Self::Tcp(stream) => Handle::Tcp(stream.try_clone()?),
            #[cfg(unix)]
            Self::Unix(stream) => Handle::Unix(stream.try_clone()?),
            Self::Tls(stream) => Handle::Tcp(stream.sock.try_clone()?),
        })
    }
}

impl Handle {
    /// Ends every read and write of the transport. One that has ended already needs no end.
    pub(super) fn close(&self) {
        let _ = match self {
            Self::Tcp(stream) => stream.shutdown(Shutdown::Both),
            #[cfg(unix)]
            Self::Unix(stream) => stream.shutdown(Shutdown::Both),
        };
    }
}

fn addresses(host: &Host) -> io::Result<Vec<SocketAddr>> {
    match host.address {
        Some(address) => Ok(vec![SocketAddr::new(address, host.port)]),
        None => Ok((host.name.as_str(), host.port).to_socket_addrs()?.collect()),
    }
}

/// The first that succeeds, else the last one's error.
fn first<T>(addresses: Vec<SocketAddr>, connect: impl Fn(SocketAddr) -> io::Result<T>) -> io::Result<T> {
    let mut last = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    for address in addresses {
        match connect(address) {
            Ok(stream) => return Ok(stream),
            Err(error) => last = error,
        }
    }
    Err(last)
}

impl Read for Transport {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.read(buffer),
            #[cfg(unix)]
            Self::Unix(stream) => stream.read(buffer),
            Self::Tls(stream) => stream.read(buffer),
        }
    }
}

impl Write for Transport {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.write(buffer),
            #[cfg(unix)]
            Self::Unix(stream) => stream.write(buffer),
            Self::Tls(stream) => stream.write(buffer),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => stream.flush(),
            #[cfg(unix)]
            Self::Unix(stream) => stream.flush(),
            Self::Tls(stream) => stream.flush(),
        }
    }
}
