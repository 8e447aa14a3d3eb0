//! Which connections go on after an answer (RFC 9112, section 9.6: who will close a connection says so in the last answer).

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpStream};

use refit_local::{LocalAws, Options};

struct Connection {
    host: String,
    stream: BufReader<TcpStream>,
}

impl Connection {
    fn new(local: &LocalAws) -> Self {
        let host = local.endpoint_url().trim_start_matches("http://").to_owned();
        Self { stream: BufReader::new(TcpStream::connect(&host).unwrap()), host }
    }

    /// Sends an unsigned request and reads the answer: its status, and whether it is the last.
    fn ask(&mut self, line: &str, headers: &str, body: &str) -> (u16, bool) {
        let request = format!("{line} HTTP/1.1\r\nhost: {}\r\n{headers}\r\n{body}", self.host);
        self.stream.get_mut().write_all(request.as_bytes()).unwrap();
        let (mut head, mut line) = (Vec::new(), String::new());
        while self.stream.read_line(&mut line).unwrap() > 2 {
            head.push(std::mem::take(&mut line).trim_end().to_lowercase());
        }
        let header = |name: &str| head.iter().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
        let length = header("content-length").unwrap().parse().unwrap();
        self.stream.read_exact(&mut vec![0; length]).unwrap();
        (head[0].split(' ').nth(1).unwrap().parse().unwrap(), header("connection") == Some("close"))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_ends_with_the_answer_to_a_body_that_was_not_read() {
    let folder = tempfile::tempdir().unwrap();
    let local = LocalAws::start(Options::new(folder.path())).await.unwrap();
    for (waits, rest) in [("", "later"), ("expect: 100-continue\r\n", "")] {
        let mut connection = Connection::new(&local);
        // Refused for its signature, before the body, which is under way.
        assert_eq!(connection.ask("PUT /bucket/key", &format!("content-length: 5\r\n{waits}"), ""), (403, true));
        connection.stream.get_mut().write_all(rest.as_bytes()).unwrap();
        connection.stream.get_mut().shutdown(Shutdown::Write).unwrap();
        assert_eq!(connection.stream.read(&mut [0]).unwrap(), 0, "and it does end");
    }
}

/// As Python's `http.client` does, which reads no answer before it has sent all. More than the two sockets' buffers hold: the connection
/// would be reset in the midst of it.
#[tokio::test(flavor = "multi_thread")]
async fn who_sends_all_of_a_large_body_first_gets_its_refusal() {
    let folder = tempfile::tempdir().unwrap();
    let local = LocalAws::start(Options::new(folder.path())).await.unwrap();
    let body = "a".repeat(64 << 20);
    for waits in ["", "expect: 100-continue\r\n"] {
        let headers = format!("content-length: {}\r\n{waits}", body.len());
        assert_eq!(Connection::new(&local).ask("PUT /bucket/key", &headers, &body), (403, true));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_goes_on_after_a_body_that_was_read() {
    let folder = tempfile::tempdir().unwrap();
    let local = LocalAws::start(Options::new(folder.path())).await.unwrap();
    let mut connection = Connection::new(&local);
    for _ in 0..2 {
        assert_eq!(connection.ask("GET /bucket/key", "", ""), (403, false));
        for (length, body) in [("content-length: 5", "{   }"), ("transfer-encoding: chunked", "2\r\n{}\r\n0\r\n\r\n")] {
            let headers = format!("content-type: application/json\r\n{length}\r\n");
            assert_eq!(
                connection.ask("POST /_refit/hazards", &headers, body),
                (400, false),
                "a hazard without an effect"
            );
        }
    }
}
