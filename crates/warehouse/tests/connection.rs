//! Getting in to PostgreSQL, and telling apart why one does not.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use std::net::TcpListener;
use std::time::Duration;

use arrow::array::AsArray;
use refit_warehouse::{Connection, ConnectionError, Credentials, Extract, Postgres, TlsMode, WarehouseError};
use support::postgres::{NAMED, PASSWORD, Server};
use support::{suite, whole};

const IS_ENCRYPTED: &str = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()";

fn at(user: &str, host: &str, port: u16) -> Connection {
    Connection::to(host, "postgres").port(port).user(user).password(PASSWORD)
}

/// Why no session comes about. No error shows the password.
fn refused(connection: &Connection) -> ConnectionError {
    match suite::error(&Postgres::new(connection.clone()).unwrap(), &Extract::new(IS_ENCRYPTED)) {
        WarehouseError::Connection(error) => {
            assert!(!whole(&error).contains(PASSWORD), "{}", whole(&error));
            error
        }
        other => panic!("{}", whole(&other)),
    }
}

fn is_encrypted(connection: Connection) -> bool {
    suite::batch(&Postgres::new(connection).unwrap(), &Extract::new(IS_ENCRYPTED)).column(0).as_boolean().value(0)
}

#[test]
fn a_connection_that_fails_says_at_what() {
    let server = Server::start();
    encryption_is_as_asked(&server);
    encryption_that_fails_says_why(&server);
    each_kind_of_proof_is_given(&server);
    a_user_that_fails_is_named(&server);

    let port = server.port();
    let database = refused(&Connection::url(&server.url("nowhere")).unwrap());
    assert!(matches!(&database, ConnectionError::Database { database, .. } if database == "nowhere"), "{database}");
    drop(server);
    let gone = refused(&at("etl", "127.0.0.1", port));
    assert!(
        matches!(&gone, ConnectionError::Unreachable { host, .. } if *host == format!("127.0.0.1:{port}")),
        "{gone}"
    );
    let unknown = refused(&at("etl", "no-such-host.invalid", port).tls(TlsMode::Plain));
    assert!(matches!(unknown, ConnectionError::Unreachable { .. }), "{}", whole(&unknown));
}

/// Plain on loopback by default, encrypted by default where the host is not loopback, whatever its address is.
fn encryption_is_as_asked(server: &Server) {
    let port = server.port();
    assert!(!is_encrypted(at("etl", "127.0.0.1", port)));
    for user in ["etl", "careful"] {
        assert!(is_encrypted(at(user, "localhost", port).tls(TlsMode::VerifyFull).ca_file(server.ca_file())));
    }
    let far = format!("postgres://etl:{PASSWORD}@{NAMED}:{port}/postgres?hostaddr=127.0.0.1");
    let far = Connection::url(&far).unwrap();
    assert!(is_encrypted(far.clone().ca_file(server.ca_file())));
    assert!(!is_encrypted(far.clone().tls(TlsMode::Plain)));
    // The system trusts the tests' authority as little as it trusts an attacker's.
    let untrusted = refused(&far);
    let expected = matches!(untrusted, ConnectionError::Tls { .. } | ConnectionError::CertificateAuthorities { .. });
    assert!(expected, "{}", whole(&untrusted));
}

fn encryption_that_fails_says_why(server: &Server) {
    let verified = |host: &str| at("etl", host, server.port()).tls(TlsMode::VerifyFull).ca_file(server.ca_file());
    let wrong_authority = verified("localhost").ca_file(server.other_ca_file());
    let wrong_name = verified("127.0.0.1");
    for (connection, why) in [(wrong_authority, "UnknownIssuer"), (wrong_name, "not valid for name")] {
        let error = refused(&connection);
        assert!(matches!(error, ConnectionError::Tls { .. }), "{}", whole(&error));
        assert!(whole(&error).contains(why), "{}", whole(&error));
    }
    let plain = refused(&at("careful", "127.0.0.1", server.port()));
    let named = matches!(&plain, ConnectionError::Tls { remedy, .. } if remedy.contains("VerifyFull"));
    assert!(named, "{}", whole(&plain));
    let no_file = refused(&verified("localhost").ca_file("/nowhere/ca.crt"));
    assert!(matches!(no_file, ConnectionError::CertificateAuthorities { .. }), "{}", whole(&no_file));
    // A server without TLS says so with one byte, as this listener does.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let answer = std::thread::spawn(move || {
        use std::io::{Read, Write};
        let (mut stream, _) = listener.accept().unwrap();
        stream.read_exact(&mut [0; 8]).unwrap();
        stream.write_all(b"N").unwrap();
    });
    let declined = refused(&at("etl", "localhost", port).tls(TlsMode::VerifyFull).ca_file(server.ca_file()));
    let named = matches!(&declined, ConnectionError::Tls { remedy, .. } if remedy.contains("does not offer TLS"));
    assert!(named, "{}", whole(&declined));
    answer.join().unwrap();
}

/// `hashed` proves itself by MD5, `spoken` by saying the password, `shown` by a certificate, the others by SCRAM.
fn each_kind_of_proof_is_given(server: &Server) {
    let port = server.port();
    for user in ["etl", "hashed", "spoken"] {
        assert!(!is_encrypted(at(user, "127.0.0.1", port)), "{user}");
    }
    let shown = at("shown", "localhost", port).tls(TlsMode::VerifyFull).ca_file(server.ca_file());
    assert!(is_encrypted(
        shown.clone().client_certificate(server.client_file("shown.crt"), server.client_file("shown.key"))
    ));
    let unshown = refused(&shown);
    let expected = matches!(unshown, ConnectionError::Authentication { .. } | ConnectionError::Tls { .. });
    assert!(expected, "{}", whole(&unshown));
    let no_file = refused(&shown.client_certificate("/nowhere/shown.crt", server.client_file("shown.key")));
    assert!(matches!(no_file, ConnectionError::ClientCertificate { .. }), "{}", whole(&no_file));

    let given = Connection::to("127.0.0.1", "postgres").port(port);
    assert!(!is_encrypted(given.clone().credentials(|| Ok(Credentials::new("etl", PASSWORD)))));
    let failed = refused(&given.clone().credentials(|| Err("no role".into())));
    assert!(matches!(failed, ConnectionError::Credentials { .. }), "{}", whole(&failed));
    let nobody = refused(&given);
    assert!(nobody.to_string().contains("names no user"), "{nobody}");
}

fn a_user_that_fails_is_named(server: &Server) {
    let port = server.port();
    let without_password = Connection::to("127.0.0.1", "postgres").port(port).user("etl");
    for (connection, expected) in [
        (at("stranger", "127.0.0.1", port), "stranger"),
        (at("etl", "127.0.0.1", port).password("wrong"), "etl"),
        (at("hashed", "127.0.0.1", port).password("wrong"), "hashed"),
        (at("spoken", "127.0.0.1", port).password("wrong"), "spoken"),
        (without_password, "etl"),
    ] {
        let error = refused(&connection);
        let named = matches!(&error, ConnectionError::Authentication { user, .. } if user == expected);
        assert!(named, "{}", whole(&error));
        assert!(!format!("{connection:?}").contains(PASSWORD), "{connection:?}");
    }
}

/// A listener that takes connections and says nothing, as behind some firewalls.
#[test]
fn a_host_that_does_not_answer_is_given_up() {
    let server = Server::start();
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let silent_port = silent.local_addr().unwrap().port();
    let impatient = at("etl", "127.0.0.1", silent_port).connect_timeout(Duration::from_millis(200));
    let error = refused(&impatient);
    assert!(matches!(error, ConnectionError::Unreachable { .. }), "{}", whole(&error));
    // The next host serves.
    let url = format!("postgres://etl:{PASSWORD}@127.0.0.1:{silent_port},127.0.0.1:{}/postgres", server.port());
    assert!(!is_encrypted(Connection::url(&url).unwrap().connect_timeout(Duration::from_secs(5))));
}

#[test]
fn a_session_is_as_set_up() {
    let server = Server::start();
    let connection = Connection::url(&format!("{}?options=-c%20geqo%3Doff", server.url("postgres")))
        .unwrap()
        .application_name("nightly \"etl\"")
        .statement_timeout(Duration::from_secs(77));
    let settings = "SELECT current_setting(name) AS value FROM unnest(ARRAY['application_name', 'statement_timeout', \
                    'geqo', 'TimeZone', 'transaction_read_only', 'transaction_isolation']) name";
    let read = suite::batch(&Postgres::new(connection).unwrap(), &Extract::new(settings));
    let values: Vec<_> = read.column(0).as_string::<i32>().iter().flatten().collect();
    assert_eq!(values, ["nightly \"etl\"", "77s", "off", "UTC", "on", "repeatable read"]);
}
