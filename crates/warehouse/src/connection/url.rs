//! A connection as a URL. Nothing of it gets into an error but the name of an option: any other part may be the password's.

use std::net::IpAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use percent_encoding::percent_decode_str;

use super::{ClientCertificate, Connection, Host, PORT, TlsMode};
use crate::ConnectionError;

pub(super) fn parse(url: &str) -> Result<Connection, ConnectionError> {
    let address = ["postgres://", "postgresql://", "redshift://"]
        .iter()
        .find_map(|scheme| url.strip_prefix(scheme))
        .ok_or_else(|| invalid("it begins with none of postgres://, postgresql:// and redshift://"))?;
    let (address, options) = address.split_once('?').unwrap_or((address, ""));
    let (authority, database) = address.split_once('/').unwrap_or((address, ""));
    let (user, hosts) = authority.rsplit_once('@').unwrap_or(("", authority));
    let mut connection = Connection { hosts: parse_hosts(hosts)?, ..Connection::nowhere() };
    if !database.is_empty() {
        connection.database = Some(decoded(database)?);
    }
    let (user, password) = user.split_once(':').map_or((user, None), |(user, password)| (user, Some(password)));
    if !user.is_empty() {
        connection.login.user = Some(decoded(user)?);
    }
    if let Some(password) = password {
        connection.login.set_password(&decoded(password)?);
    }
    let mut certificate = (None, None);
    let options = options.split('&').filter(|option| !option.is_empty()).map(|option| option.split_once('='));
    let mut options: Vec<_> = options.collect::<Option<_>>().ok_or_else(|| invalid("an option of it has no value"))?;
    // Ports are those of the hosts, wherever they stand.
    options.sort_by_key(|(name, _)| ["host", "hostaddr", "port"].iter().position(|first| first == name).unwrap_or(3));
    for (name, value) in options {
        let value = decoded(value)?;
        match name {
            "sslcert" => certificate.0 = Some(PathBuf::from(value)),
            "sslkey" => certificate.1 = Some(PathBuf::from(value)),
            _ => set(&mut connection, name, value)?,
        }
    }
    connection.client_certificate = match certificate {
        (Some(certificate), Some(key)) => Some(ClientCertificate { certificate, key }),
        (None, None) => None,
        _ => return Err(invalid("it has only one of sslcert and sslkey")),
    };
    if connection.hosts.is_empty() {
        return Err(invalid("it names no host"));
    }
    Ok(connection)
}

fn set(connection: &mut Connection, name: &str, value: String) -> Result<(), ConnectionError> {
    let seconds = |name| number(name, &value).map(Duration::from_secs);
    match name {
        "sslmode" => {
            connection.tls = match value.as_str() {
                "disable" => TlsMode::Plain,
                "require" | "verify-ca" | "verify-full" => TlsMode::VerifyFull,
                "allow" | "prefer" => TlsMode::ByHost,
                _ => return Err(invalid("invalid value for option sslmode")),
            }
        }
        "sslrootcert" => connection.ca_file = Some(value.into()),
        "connect_timeout" => connection.connect_timeout = seconds("connect_timeout")?,
        "keepalives_idle" => connection.keepalive = seconds("keepalives_idle")?,
        "application_name" => connection.application_name = value,
        "options" => connection.options = Some(value),
        "user" => connection.login.user = Some(value),
        "password" => connection.login.set_password(&value),
        "dbname" => connection.database = Some(value),
        "host" => {
            let port = connection.hosts.first().map_or(PORT, |host| host.port);
            let host = |name: &str| Host { name: name.to_owned(), address: None, port };
            connection.hosts = value.split(',').map(host).collect();
        }
        "port" => {
            let ports = value.split(',').map(|port| number("port", port)).collect::<Result<Vec<u16>, _>>()?;
            if ports.len() > 1 && ports.len() != connection.hosts.len() {
                return Err(invalid("it has not as many hosts as ports"));
            }
            connection.hosts.iter_mut().zip(ports.iter().cycle()).for_each(|(host, port)| host.port = *port);
        }
        "hostaddr" => {
            let addresses = value.split(',').map(|address| number::<IpAddr>("hostaddr", address));
            let addresses = addresses.collect::<Result<Vec<_>, _>>()?;
            if connection.hosts.is_empty() {
                let host = |address: &IpAddr| Host { name: address.to_string(), address: None, port: PORT };
                connection.hosts = addresses.iter().map(host).collect();
            } else if connection.hosts.len() != addresses.len() {
                return Err(invalid("it has not as many hosts as hostaddr"));
            }
            connection.hosts.iter_mut().zip(addresses).for_each(|(host, address)| host.address = Some(address));
        }
        _ => return Err(invalid("it does not follow the form, or has an unknown option")),
    }
    Ok(())
}

fn parse_hosts(hosts: &str) -> Result<Vec<Host>, ConnectionError> {
    let host = |text: &str| {
        let (name, port) = match text.strip_prefix('[') {
            Some(rest) => rest.split_once(']').ok_or_else(|| invalid("a host of it lacks its ]"))?,
            None => text.find(':').map_or((text, ""), |colon| text.split_at(colon)),
        };
        let port = match port.strip_prefix(':') {
            Some(port) => number("port", port)?,
            None if port.is_empty() => PORT,
            None => return Err(invalid("it does not follow the form, or has an unknown option")),
        };
        Ok(Host { name: decoded(name)?, address: None, port })
    };
    hosts.split(',').filter(|host| !host.is_empty()).map(host).collect()
}

fn number<T: FromStr>(option: &'static str, value: &str) -> Result<T, ConnectionError> {
    value.parse().map_err(|_| invalid(&format!("invalid value for option {option}")))
}

fn decoded(text: &str) -> Result<String, ConnectionError> {
    let text = percent_decode_str(text).decode_utf8().map_err(|_| invalid("a part of it is not UTF-8"))?;
    if text.contains('\0') {
        return Err(invalid("a part of it holds a NUL character"));
    }
    Ok(text.into_owned())
}

fn invalid(reason: &str) -> ConnectionError {
    ConnectionError::InvalidUrl { reason: reason.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_are_told_apart() {
        let connection = parse("postgresql://e%3Atl:p%40ss:word@h1:6000,[::1],%2Frun%2Fpg/data%2Fbase").unwrap();
        let hosts: Vec<_> = connection.hosts.iter().map(ToString::to_string).collect();
        assert_eq!(hosts, ["h1:6000", "[::1]:5432", "/run/pg/.s.PGSQL.5432"]);
        assert_eq!(connection.database.as_deref(), Some("data/base"));
        let (user, password) = connection.login.now().unwrap();
        assert_eq!((user.as_deref(), password.as_deref()), (Some("e:tl"), Some("p@ss:word")));
    }

    #[test]
    fn the_url_settles_the_mode_of_tls() {
        let mode = |url: &str| parse(url).unwrap().tls;
        assert_eq!(mode("postgres://u@h/d"), TlsMode::ByHost);
        assert_eq!(mode("postgres://u@h/d?sslmode=disable"), TlsMode::Plain);
        assert_eq!(mode("postgres://u@h/d?sslmode=require"), TlsMode::VerifyFull);
        assert_eq!(mode("redshift://u@h/d?connect_timeout=5&sslmode=verify-full"), TlsMode::VerifyFull);
    }

    #[test]
    fn a_bad_url_shows_nothing_of_the_password() {
        for url in [
            "postgres://u@h/d?s3cret=x",
            "postgres://u@h/d?s3cret",
            "u:s3cret@h",
            "postgres://u:s3cret@h:port/d",
            "postgres://u:s3/cret@h/d",
            "postgres://u:s3cret@/d",
            "postgres://u:s3cret%00@h/d",
            "postgres://u:s3cret@h/d?connect_timeout=s3cret",
            "postgres://u:s3cret@[::1/d",
        ] {
            let error = parse(url).unwrap_err();
            let whole = format!("{error} {error:?}");
            assert!(!whole.contains("s3") && !whole.contains("cret"), "{url}: {whole}");
        }
        let shown = format!("{:?}", parse("postgres://u:s3cret@h/d?password=s3cret").unwrap());
        assert!(!shown.contains("s3cret"), "{shown}");
    }

    /// As libpq reads them.
    #[test]
    fn ports_are_those_of_the_hosts_wherever_they_stand() {
        let hosts =
            |url: &str| parse(url).unwrap().hosts.into_iter().map(|host| (host.name, host.port)).collect::<Vec<_>>();
        let (a, b) = ("a".to_owned(), "b".to_owned());
        for url in ["postgres:///d?port=5439&host=a", "postgres:///d?host=a&port=5439", "postgres://a:5439/d"] {
            assert_eq!(hosts(url), [(a.clone(), 5439)], "{url}");
        }
        assert_eq!(hosts("postgres:///d?port=1&host=a,b"), [(a.clone(), 1), (b.clone(), 1)]);
        assert_eq!(hosts("postgres:///d?port=1,2&host=a,b"), [(a, 1), (b, 2)]);
        assert!(parse("postgres:///d?port=1,2,3&host=a,b").unwrap_err().to_string().contains("ports"));
    }

    #[test]
    fn only_this_machine_is_loopback() {
        let plain = |url: &str| !parse(url).unwrap().is_encrypted();
        for url in [
            "postgres://u@localhost/d",
            "postgres://u@127.0.0.3/d",
            "postgres://u@[::1]/d",
            "postgres://u@%2Frun%2Fpg/d",
            "postgres://u@/d?host=localhost",
        ] {
            assert!(plain(url), "{url}");
        }
        for url in [
            "postgres://u@db/d",
            "postgres://u@localhost,db/d",
            "postgres://u@localhost/d?hostaddr=10.0.0.1",
            "postgres://u@db/d?hostaddr=127.0.0.1",
        ] {
            assert!(!plain(url), "{url}");
        }
    }
}
