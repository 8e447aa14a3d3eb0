//! Keeps browsers out: a page of the web must not drive what runs on somebody's machine.
//!
//! Only loopback is bound, but a browser on the machine reaches that too, for any page it shows. A page that had its
//! name point at 127.0.0.1 (DNS rebinding) says so in `Host`; a page of another site says so in `Origin` or
//! `Sec-Fetch-Site`, which no page can change. AWS's clients send neither of the two.

use std::net::IpAddr;

use http::header::{HOST, ORIGIN};
use http::request::Parts;
use http::uri::Authority;

/// Why a request is not answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Forbidden {
    /// It asks for a host that is not this machine.
    Host,
    /// Another site's page sent it.
    CrossSite,
}

impl Forbidden {
    pub(crate) fn message(self) -> &'static str {
        match self {
            Self::Host => "refit-local answers requests to localhost, 127.0.0.1 and [::1] only.\n",
            Self::CrossSite => "refit-local does not answer requests that another site's page sends.\n",
        }
    }
}

/// Says whether a request may be looked at. Comes before everything else.
pub(crate) fn check(request: &Parts) -> Result<(), Forbidden> {
    let host = host(request).filter(is_loopback).ok_or(Forbidden::Host)?;
    let header = |name: &str| request.headers.get(name).map(|value| value.to_str().unwrap_or_default());
    let is_own = |origin: &str| origin.strip_prefix("http://").is_some_and(|at| at.eq_ignore_ascii_case(host.as_str()));
    if header(ORIGIN.as_str()).is_some_and(|origin| !is_own(origin)) {
        return Err(Forbidden::CrossSite);
    }
    // `none` is what a person typed or has as a bookmark.
    match header("sec-fetch-site") {
        None | Some("same-origin" | "none") => Ok(()),
        Some(_) => Err(Forbidden::CrossSite),
    }
}

/// The host that is asked for: HTTP/1's header or HTTP/2's authority.
fn host(request: &Parts) -> Option<Authority> {
    match request.headers.get(HOST) {
        Some(host) => host.to_str().ok()?.parse().ok(),
        None => request.uri.authority().cloned(),
    }
}

fn is_loopback(authority: &Authority) -> bool {
    let host = authority.host();
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(headers: &[(&str, &str)]) -> Result<(), Forbidden> {
        let request = http::Request::post("/");
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        check(&request.body(()).unwrap().into_parts().0)
    }

    #[test]
    fn only_a_loopback_host_is_answered() {
        for host in ["127.0.0.1:4566", "127.0.0.1", "localhost:4566", "LOCALHOST", "[::1]:4566", "127.1.2.3:1"] {
            assert_eq!(checked(&[("host", host)]), Ok(()), "{host}");
        }
        for host in ["rebound.example:4566", "localhost.example", "127.0.0.1.example", "10.0.0.1", "0.0.0.0:4566", ""] {
            assert_eq!(checked(&[("host", host)]), Err(Forbidden::Host), "{host}");
        }
        assert_eq!(checked(&[]), Err(Forbidden::Host));
        let http2 = http::Request::post("http://localhost:4566/").body(()).unwrap().into_parts().0;
        assert_eq!(check(&http2), Ok(()));
    }

    #[test]
    fn only_the_own_page_is_answered() {
        let with = |name, value| checked(&[("host", "localhost:4566"), (name, value)]);
        assert_eq!(with("origin", "http://localhost:4566"), Ok(()));
        for origin in
            ["http://localhost:3000", "https://localhost:4566", "http://127.0.0.1:4566", "https://example.com", "null"]
        {
            assert_eq!(with("origin", origin), Err(Forbidden::CrossSite), "{origin}");
        }
        for (site, answer) in [
            ("same-origin", Ok(())),
            ("none", Ok(())),
            ("same-site", Err(Forbidden::CrossSite)),
            ("cross-site", Err(Forbidden::CrossSite)),
        ] {
            assert_eq!(with("sec-fetch-site", site), answer, "{site}");
        }
    }
}
