//! Opening a session, and telling apart why none came about.

use std::error::Error as _;
use std::net::IpAddr;

use postgres::config::{Host, SslMode};
use postgres::error::SqlState;
use postgres::{Client, Config, Error};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::tls::TlsMode;
use crate::WarehouseError;
use crate::error::quoted;

/// Reads a URL. Nothing of it gets into an error but the name of an option: any other part may be the password's.
pub(super) fn parse(url: &str) -> Result<(Config, TlsMode), WarehouseError> {
    let invalid = |reason: &str| WarehouseError::InvalidUrl { reason: reason.to_owned() };
    let (url, verified) = without_verify(url);
    let config: Config = url.parse().map_err(|error: Error| {
        let reason = error.source().map(ToString::to_string).unwrap_or_default();
        // The only one of the parser's messages that quotes nothing of the input.
        match reason.starts_with("invalid value for option") {
            true => invalid(&reason),
            false => invalid("it does not follow the form, or has an unknown option"),
        }
    })?;
    if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
        return Err(invalid("it names no host"));
    }
    if config.get_user().is_none() {
        return Err(invalid("it names no user"));
    }
    let tls = match config.get_ssl_mode() {
        _ if verified => TlsMode::VerifyFull,
        SslMode::Disable => TlsMode::Plain,
        SslMode::Require => TlsMode::VerifyFull,
        _ => TlsMode::ByHost,
    };
    Ok((config, tls))
}

/// Takes libpq's modes that the parser does not know out of a URL's options.
fn without_verify(url: &str) -> (String, bool) {
    let Some((address, options)) = url.rsplit_once('?') else {
        return (url.to_owned(), false);
    };
    let asks = |option: &str| matches!(option, "sslmode=verify-full" | "sslmode=verify-ca");
    let kept: Vec<_> = options.split('&').filter(|option| !asks(option)).collect();
    let verified = options.split('&').any(asks);
    (format!("{address}?{}", kept.join("&")), verified)
}

/// Whether every host is this machine.
pub(super) fn is_loopback(config: &Config) -> bool {
    let local = |host: &Host| match host {
        Host::Tcp(name) => name == "localhost" || name.parse().is_ok_and(|ip: IpAddr| ip.is_loopback()),
        #[cfg(unix)]
        Host::Unix(_) => true,
    };
    config.get_hosts().iter().all(local) && config.get_hostaddrs().iter().all(IpAddr::is_loopback)
}

/// Host and port, as messages name them.
pub(super) fn host(config: &Config) -> String {
    let ports = config.get_ports();
    let named = |(index, host): (usize, &Host)| {
        let port = ports.get(index).or(ports.first()).copied().unwrap_or(5432);
        match host {
            Host::Tcp(name) => format!("{name}:{port}"),
            #[cfg(unix)]
            Host::Unix(folder) => format!("{}/.s.PGSQL.{port}", folder.display()),
        }
    };
    let hosts: Vec<_> = config.get_hosts().iter().enumerate().map(named).collect();
    if hosts.is_empty() {
        let addresses = config.get_hostaddrs().iter().map(ToString::to_string);
        return addresses.collect::<Vec<_>>().join(", ");
    }
    hosts.join(", ")
}

/// Connects and sets the session up.
pub(super) fn open(
    config: &Config,
    connector: MakeRustlsConnect,
    search_path: &[String],
) -> Result<Client, WarehouseError> {
    let mut client = config.connect(connector).map_err(|error| explain(config, error))?;
    let mut settings = "SET TIME ZONE 'UTC'".to_owned();
    if !search_path.is_empty() {
        let schemas: Vec<_> = search_path.iter().map(|schema| quoted(schema)).collect();
        settings.push_str("; SET search_path TO ");
        settings.push_str(&schemas.join(", "));
    }
    client.batch_execute(&settings).map_err(query_error)?;
    Ok(client)
}

/// The error of a query that the server refused or gave up.
pub(super) fn query_error(error: Error) -> WarehouseError {
    let message = match error.as_db_error() {
        Some(refusal) => format!("{} (SQLSTATE {})", refusal.message(), refusal.code().code()),
        None => error.to_string(),
    };
    WarehouseError::Query { message, source: error.into() }
}

fn explain(config: &Config, error: Error) -> WarehouseError {
    let host = host(config);
    let Some(refusal) = error.as_db_error() else {
        return explain_transport(config, host, error);
    };
    // Class 28 is "invalid authorization specification".
    match refusal.code() {
        code if code.code().starts_with("28") && wants_tls(config, refusal.message()) => WarehouseError::Tls {
            host,
            remedy: "the server has no rule for a plain connection of this user: use TlsMode::VerifyFull, or check the user",
            source: error.into(),
        },
        code if code.code().starts_with("28") => WarehouseError::Authentication {
            host,
            user: config.get_user().unwrap_or_default().to_owned(),
            source: error.into(),
        },
        &SqlState::INVALID_CATALOG_NAME => WarehouseError::Database {
            host,
            database: config.get_dbname().or(config.get_user()).unwrap_or_default().to_owned(),
            source: error.into(),
        },
        _ => WarehouseError::Session { host, source: error.into() },
    }
}

/// The server says no more than that no rule matched this connection, and adds how it was encrypted.
fn wants_tls(config: &Config, message: &str) -> bool {
    config.get_ssl_mode() == SslMode::Disable && (message.contains("no encryption") || message.contains("SSL off"))
}

/// The kinds of `postgres::Error` are private; each has one message.
fn explain_transport(config: &Config, host: String, error: Error) -> WarehouseError {
    match error.to_string().as_str() {
        "error performing TLS handshake" => WarehouseError::Tls {
            host,
            remedy: "check that the server offers TLS, that its certificate names this host and that its authority is \
                     trusted (`ca_file`)",
            source: error.into(),
        },
        "authentication error" | "invalid configuration" => WarehouseError::Authentication {
            host,
            user: config.get_user().unwrap_or_default().to_owned(),
            source: error.into(),
        },
        _ => WarehouseError::Unreachable { host, source: error.into() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_url_settles_the_mode_of_tls() {
        let mode = |url: &str| parse(url).unwrap().1;
        assert_eq!(mode("postgres://u@h/d"), TlsMode::ByHost);
        assert_eq!(mode("postgres://u@h/d?sslmode=disable"), TlsMode::Plain);
        assert_eq!(mode("postgres://u@h/d?sslmode=require"), TlsMode::VerifyFull);
        assert_eq!(mode("postgres://u@h/d?connect_timeout=5&sslmode=verify-full"), TlsMode::VerifyFull);
    }

    #[test]
    fn a_bad_url_shows_nothing_of_the_password() {
        for url in ["postgres://u@h/d?s3cret=x", "u:s3cret@h", "postgres://u:s3cret@h:port/d", "postgres://u:s3cret@/d"]
        {
            let error = parse(url).unwrap_err();
            let whole = format!("{error} {error:?}");
            assert!(!whole.contains("s3") && !whole.contains("ret"), "{whole}");
        }
    }

    #[test]
    fn only_this_machine_is_loopback() {
        let local = |url: &str| is_loopback(&parse(url).unwrap().0);
        for url in [
            "postgres://u@localhost/d",
            "postgres://u@127.0.0.3/d",
            "postgres://u@[::1]/d",
            "postgres://u@%2Frun%2Fpg/d",
        ] {
            assert!(local(url), "{url}");
        }
        for url in ["postgres://u@db/d", "postgres://u@localhost,db/d", "postgres://u@localhost/d?hostaddr=10.0.0.1"] {
            assert!(!local(url), "{url}");
        }
    }
}
