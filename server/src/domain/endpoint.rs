//! Where a webhook is delivered to.

use core::fmt;
use core::net::IpAddr;

use url::Url;

/// An absolute `http` or `https` URL that a request can be sent to: it has a host, no user information and no
/// fragment that matters.
#[derive(Clone, PartialEq, Eq)]
pub struct Endpoint {
    given: Box<str>,
    url: Url,
}

/// How the connection is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Transport {
    /// Plain HTTP.
    Http,
    /// HTTP over TLS.
    Https,
}

/// Whom to connect to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Host {
    /// A name to resolve, in its ASCII form, lower-case.
    Name(String),
    /// A literal address.
    Address(IpAddr),
}

/// Why a text is not an [`Endpoint`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EndpointError {
    /// Longer than 2,048 characters.
    #[error("url is longer than 2048 characters")]
    TooLong,
    /// White space or control characters, which a URL parser would silently drop.
    #[error("url contains white space or a control character")]
    Unprintable,
    /// Not an absolute URL; Immuta's internal relative webhooks fall here.
    #[error("url must be absolute, like https://hooks.example.com/path")]
    Relative,
    /// A scheme other than http and https.
    #[error("url must use http or https")]
    Scheme,
    /// User name or password inside the URL: it would end up in logs.
    #[error("url must not contain a user name or password")]
    UserInfo,
    /// No host, or one that is not valid.
    #[error("url has no valid host")]
    Host,
    /// A port that nobody can listen on.
    #[error("url must have a port from 1 to 65535, if any")]
    Port,
}

/// The longest accepted URL in characters (Qlik's limit; ample for the others).
const MAX_CHARS: usize = 2_048;

impl Endpoint {
    /// Parses a URL as given by a client.
    ///
    /// # Errors
    /// [`EndpointError`] says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, EndpointError> {
        if text.chars().count() > MAX_CHARS {
            return Err(EndpointError::TooLong);
        }
        if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err(EndpointError::Unprintable);
        }
        let url = Url::parse(text).map_err(|error| match error {
            url::ParseError::RelativeUrlWithoutBase => EndpointError::Relative,
            url::ParseError::InvalidPort => EndpointError::Port,
            _ => EndpointError::Host,
        })?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(EndpointError::Scheme);
        }
        // The parser is as lenient as browsers: it reads `http:host`, `http:\\host` and `http:///host`, and drops an
        // empty `@`. Whoever reads the text by RFC 3986 sees another host, or none.
        let authority = text.get(url.scheme().len()..).and_then(|rest| rest.strip_prefix("://"));
        let authority = authority.and_then(|rest| rest.split(['/', '?', '#']).next());
        match authority {
            None => return Err(EndpointError::Relative),
            Some(authority) if authority.is_empty() || authority.contains('\\') => {
                return Err(EndpointError::Host);
            }
            Some(authority) if authority.contains('@') => return Err(EndpointError::UserInfo),
            Some(_) => {}
        }
        if url.host_str().is_none_or(str::is_empty) {
            return Err(EndpointError::Host);
        }
        if url.port() == Some(0) {
            return Err(EndpointError::Port);
        }
        Ok(Self { given: text.into(), url })
    }

    /// The URL exactly as it was given: what an API shows again.
    #[must_use]
    pub fn as_given(&self) -> &str {
        &self.given
    }

    /// Plain or over TLS.
    #[must_use]
    pub fn transport(&self) -> Transport {
        if self.url.scheme() == "https" { Transport::Https } else { Transport::Http }
    }

    /// Whom to connect to. Odd spellings of addresses (`0x7f.1`, `2130706433`) are addresses here already.
    #[must_use]
    pub fn host(&self) -> Host {
        match self.url.host() {
            Some(url::Host::Ipv4(ip)) => Host::Address(ip.into()),
            Some(url::Host::Ipv6(ip)) => Host::Address(ip.into()),
            Some(url::Host::Domain(name)) => Host::Name(name.to_owned()),
            None => Host::Name(String::new()),
        }
    }

    /// The port, 80 or 443 unless the URL says otherwise.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.url.port_or_known_default().unwrap_or(match self.transport() {
            Transport::Http => 80,
            Transport::Https => 443,
        })
    }

    /// The request target: path and query.
    #[must_use]
    pub fn target(&self) -> &str {
        &self.url[url::Position::BeforePath..url::Position::AfterQuery]
    }

    /// The value of the `Host` header: the host, with the port unless it is the scheme's own.
    #[must_use]
    pub fn authority(&self) -> &str {
        &self.url[url::Position::BeforeHost..url::Position::AfterPort]
    }
}

/// Host and port only: paths and queries of webhooks often hold a credential.
impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Endpoint({}://{}/…)", self.url.scheme(), self.authority())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_splits_into_what_a_request_needs() {
        let endpoint = Endpoint::parse("https://Hooks.Example.com:8443/a/b?x=1#frag").unwrap();
        assert_eq!(endpoint.host(), Host::Name("hooks.example.com".into()));
        assert_eq!((endpoint.port(), endpoint.transport()), (8443, Transport::Https));
        assert_eq!(endpoint.target(), "/a/b?x=1");
        assert_eq!(endpoint.authority(), "hooks.example.com:8443");
        assert_eq!(endpoint.as_given(), "https://Hooks.Example.com:8443/a/b?x=1#frag");
    }

    #[test]
    fn a_default_port_is_left_out_of_the_host_header() {
        let endpoint = Endpoint::parse("http://example.com:80").unwrap();
        assert_eq!((endpoint.port(), endpoint.authority(), endpoint.target()), (80, "example.com", "/"));
    }

    #[test]
    fn what_cannot_be_delivered_to_is_refused_with_its_reason() {
        let long = format!("https://example.com/{}", "x".repeat(2_048));
        for (text, error) in [
            ("/internal-webhook/automatic-subscription", EndpointError::Relative),
            ("organization.immuta.com", EndpointError::Relative),
            ("", EndpointError::Relative),
            ("ftp://example.com/", EndpointError::Scheme),
            ("javascript:alert(1)", EndpointError::Scheme),
            ("https://ada:pw@example.com/", EndpointError::UserInfo),
            ("https://ada@example.com/", EndpointError::UserInfo),
            ("https://@example.com/", EndpointError::UserInfo),
            ("https://:@example.com/", EndpointError::UserInfo),
            ("http:example.com", EndpointError::Relative),
            ("http:/example.com", EndpointError::Relative),
            ("http:\\\\example.com\\x", EndpointError::Relative),
            ("http://", EndpointError::Host),
            ("https:///example.com/", EndpointError::Host),
            ("https:///ada:pw@example.com/", EndpointError::Host),
            ("https:////ada:pw@example.com/", EndpointError::Host),
            ("https://\\ada:pw@example.com/", EndpointError::Host),
            ("https://\\\\ada:pw@example.com/", EndpointError::Host),
            ("https://example.com\\x", EndpointError::Host),
            ("https://example.com\\@elsewhere.example/", EndpointError::Host),
            ("https:///@example.com/", EndpointError::Host),
            ("http://exa mple.com/", EndpointError::Unprintable),
            (" http://example.com/", EndpointError::Unprintable),
            ("http://example.com/\r\nx: y", EndpointError::Unprintable),
            ("http://example.com:0/", EndpointError::Port),
            ("http://example.com:70000/", EndpointError::Port),
            (long.as_str(), EndpointError::TooLong),
        ] {
            assert_eq!(Endpoint::parse(text).unwrap_err(), error, "{text:?}");
        }
    }

    #[test]
    fn the_limit_counts_characters() {
        let text = |count| format!("https://example.com/{}", "é".repeat(count));
        assert!(Endpoint::parse(&text(2_028)).is_ok());
        assert_eq!(Endpoint::parse(&text(2_029)).unwrap_err(), EndpointError::TooLong);
    }

    #[test]
    fn odd_spellings_of_an_address_are_that_address() {
        for text in [
            "http://127.0.0.1/",
            "http://0x7f.1/",
            "http://2130706433/",
            "http://127.1/",
            "http://0177.0.0.1/",
        ] {
            let host = Endpoint::parse(text).unwrap().host();
            assert_eq!(host, Host::Address("127.0.0.1".parse().unwrap()), "{text}");
        }
    }

    #[test]
    fn its_debug_form_hides_path_and_query() {
        let endpoint = Endpoint::parse("https://example.com/services/T000/secret?token=x").unwrap();
        assert_eq!(format!("{endpoint:?}"), "Endpoint(https://example.com/…)");
    }
}
