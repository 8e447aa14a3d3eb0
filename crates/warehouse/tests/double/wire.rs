//! The server's side of PostgreSQL's protocol, as far as the double speaks it.

use std::io::{self, BufWriter, Read, Write as _};
use std::net::TcpStream;

use postgres_protocol::authentication::md5_hash;

use super::refusals::Refusal;

const VERSION: u32 = 196_608;
const CANCEL: u32 = 80_877_102;
const SALT: [u8; 4] = [7, 1, 9, 3];

/// What a session is known by to who wants to cancel what it runs.
pub(super) type Key = [u8; 8];

/// Who comes.
pub(super) enum Visitor {
    /// Somebody who says this of themselves.
    Client(Vec<u8>),
    /// Somebody who wants what this session runs to be cancelled.
    Canceller(Key),
}

/// A column's description.
#[derive(Debug, Clone)]
pub(super) struct Field {
    pub(super) name: String,
    pub(super) oid: u32,
    pub(super) modifier: i32,
}

pub(super) struct Wire {
    input: TcpStream,
    output: BufWriter<TcpStream>,
}

impl Wire {
    /// Hears who comes.
    pub(super) fn greet(socket: TcpStream) -> io::Result<(Self, Visitor)> {
        let mut wire = Self { input: socket.try_clone()?, output: BufWriter::new(socket) };
        let startup = wire.body()?;
        let visitor = match startup.split_first_chunk() {
            Some((version, said)) if *version == VERSION.to_be_bytes() => Visitor::Client(said.to_vec()),
            Some((code, key)) if *code == CANCEL.to_be_bytes() => Visitor::Canceller(key.try_into().expect("a key")),
            _ => return Err(io::ErrorKind::InvalidData.into()),
        };
        Ok((wire, visitor))
    }

    /// Asks a client for the password by MD5, as Redshift does; whether it is let in.
    pub(super) fn let_in(&mut self, said: &[u8], password: &str, key: &Key) -> io::Result<bool> {
        let parts: Vec<_> = said.split(|byte| *byte == 0).collect();
        let user = parts.chunks(2).find(|pair| pair[0] == b"user").expect("a user")[1];
        self.send(b'R', &[&5_u32.to_be_bytes()[..], &SALT].concat())?;
        self.output.flush()?;
        let (_, proof) = self.receive()?;
        if text(&proof) != md5_hash(user, password.as_bytes(), SALT) {
            self.error(&Refusal::said("28000", "password authentication failed"))?;
            self.output.flush()?;
            return Ok(false);
        }
        self.send(b'R', &[0; 4])?;
        for parameter in [&b"server_version\08.0.2\0"[..], b"standard_conforming_strings\0on\0"] {
            self.send(b'S', parameter)?;
        }
        self.send(b'K', key)?;
        self.ready()?;
        Ok(true)
    }

    pub(super) fn receive(&mut self) -> io::Result<(u8, Vec<u8>)> {
        let mut tag = [0];
        self.input.read_exact(&mut tag)?;
        Ok((tag[0], self.body()?))
    }

    fn body(&mut self) -> io::Result<Vec<u8>> {
        let mut length = [0; 4];
        self.input.read_exact(&mut length)?;
        let mut body = vec![0; u32::from_be_bytes(length) as usize - 4];
        self.input.read_exact(&mut body)?;
        Ok(body)
    }

    pub(super) fn send(&mut self, tag: u8, body: &[u8]) -> io::Result<()> {
        self.output.write_all(&[tag])?;
        self.output.write_all(&u32::try_from(body.len() + 4).expect("a length").to_be_bytes())?;
        self.output.write_all(body)
    }

    pub(super) fn ready(&mut self) -> io::Result<()> {
        self.send(b'Z', b"I")?;
        self.output.flush()
    }

    pub(super) fn complete(&mut self, tag: &str) -> io::Result<()> {
        self.send(b'C', &[tag.as_bytes(), &[0]].concat())
    }

    /// What the columns are; that there are none is another message.
    pub(super) fn describe(&mut self, fields: &[Field]) -> io::Result<()> {
        if fields.is_empty() {
            return self.send(b'n', &[]);
        }
        let mut body = u16::try_from(fields.len()).expect("a count").to_be_bytes().to_vec();
        for field in fields {
            body.extend_from_slice(field.name.as_bytes());
            // No table and no column of one; after the type its size, and at last the format, which is text.
            body.extend_from_slice(&[0; 7]);
            body.extend_from_slice(&field.oid.to_be_bytes());
            body.extend_from_slice(&(-1_i16).to_be_bytes());
            body.extend_from_slice(&field.modifier.to_be_bytes());
            body.extend_from_slice(&[0; 2]);
        }
        self.send(b'T', &body)
    }

    pub(super) fn row(&mut self, row: &[Option<String>]) -> io::Result<()> {
        let mut body = u16::try_from(row.len()).expect("a count").to_be_bytes().to_vec();
        for value in row {
            let length = value.as_ref().map_or(-1, |text| i32::try_from(text.len()).expect("a length"));
            body.extend_from_slice(&length.to_be_bytes());
            body.extend_from_slice(value.as_deref().unwrap_or_default().as_bytes());
        }
        self.send(b'D', &body)
    }

    pub(super) fn error(&mut self, refusal: &Refusal) -> io::Result<()> {
        let Refusal::Said { code, message, routine } = refusal else { return Ok(()) };
        let fields = [("S", "ERROR"), ("C", code), ("M", message), ("R", routine)];
        let mut body: Vec<u8> = fields.iter().flat_map(|(key, value)| format!("{key}{value}\0").into_bytes()).collect();
        body.push(0);
        self.send(b'E', &body)?;
        self.output.flush()
    }
}

/// The text up to the NUL that ends it.
pub(super) fn text(body: &[u8]) -> String {
    let end = body.iter().position(|byte| *byte == 0).unwrap_or(body.len());
    String::from_utf8(body[..end].to_vec()).expect("text")
}
