//! Who may receive the access token (rule 9): origins and path prefixes, compared exactly.
//!
//! The shell parses every URL with the platform's `URL` and hands over its `origin` and its
//! `pathname`. Nothing is parsed or normalised a second time here: where two parsers disagree,
//! tokens leak.

use std::fmt;

use super::prefixes::Prefixes;

/// Whether an origin can be trusted with a token on the way to it: `https:`, or `http:` to this
/// very device (`localhost`, `*.localhost`, `127.0.0.0/8`, `[::1]`).
///
/// The origin comes as the platform serialises it; anything else is not trusted.
///
/// ```
/// use tokenkeeper::core::resources::is_trustworthy;
///
/// assert!(is_trustworthy("https://login.example.com"));
/// assert!(is_trustworthy("http://localhost:8080"));
/// assert!(!is_trustworthy("http://login.example.com"));
/// ```
#[must_use]
pub fn is_trustworthy(origin: &str) -> bool {
    flaw_of_origin(origin).is_none()
}

/// Why a place must not have a token, or could never have it: a URL's `origin` and `pathname`, as the
/// platform serialises them.
#[must_use]
pub fn flaw(origin: &str, path: &str) -> Option<Flaw> {
    let flaw = flaw_of_origin(origin);
    // With "/" endpoints are asked for at every start, which need not compile what judges paths.
    if flaw.is_some() || path == "/" {
        return flaw;
    }
    if !path.starts_with('/') {
        return Some(Flaw::NoPath);
    }
    is_ambiguous(path).then_some(Flaw::AmbiguousPath)
}

fn flaw_of_origin(origin: &str) -> Option<Flaw> {
    let encrypted = origin.strip_prefix("https://");
    match encrypted.or_else(|| origin.strip_prefix("http://")) {
        None if origin == "null" => Some(Flaw::NoOrigin),
        None => Some(Flaw::OtherScheme),
        Some(authority) if !is_serialised(authority) => Some(Flaw::NoHost),
        Some(authority) if encrypted.is_none() && !is_loopback(authority) => {
            Some(Flaw::Unencrypted)
        }
        Some(_) => None,
    }
}

/// Every place that may receive the access token: an origin, and the prefix that a path there must
/// have.
///
/// The prefix matches like a cookie's path (RFC 6265 section 5.1.4): `/v1` covers `/v1`, `/v1/` and
/// `/v1/x`, not `/v10`; `/v1/` covers `/v1/` and what is below it, not `/v1`.
#[derive(Clone, Debug, Default)]
pub struct Resources(Prefixes);

impl Resources {
    /// Adds a URL's `origin` and `pathname`, as the platform serialises them.
    ///
    /// ```
    /// use tokenkeeper::core::resources::Resources;
    ///
    /// let mut resources = Resources::default();
    /// resources.add("https://api.example.com", "/v1")?;
    /// assert!(resources.covers("https://api.example.com", "/v1/orders"));
    /// assert!(!resources.covers("https://api.example.com", "/v10"));
    /// assert!(!resources.covers("https://api.example.com:444", "/v1/orders"));
    /// # Ok::<(), tokenkeeper::core::resources::Flaw>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Why the place must not have the token, or could never have it.
    pub fn add(&mut self, origin: &str, path: &str) -> Result<(), Flaw> {
        if let Some(flaw) = flaw(origin, path) {
            return Err(flaw);
        }
        self.0.insert(&address(origin, path));
        Ok(())
    }

    /// Whether a URL, given as the platform's `origin` and `pathname`, may receive the token.
    ///
    /// Below a prefix longer than `/`, a path that a server may read as another one is not covered:
    /// one with an encoded slash, backslash or dot, however often encoded, or a dot segment.
    #[must_use]
    pub fn covers(&self, origin: &str, path: &str) -> bool {
        if !path.starts_with('/') {
            return false; // "blob:https://host/id" has an origin, and no path in it
        }
        self.0.any(&address(origin, path), |last, rest| {
            let is_below = last == b'/' || matches!(rest, [] | [b'/', ..]);
            // Nothing is below "/" that is not of the same origin.
            is_below && (rest.len() + 1 == path.len() || !is_ambiguous(path))
        })
    }
}

/// Why a place cannot be a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// Servers may read it as another path.
    AmbiguousPath,
    /// It is no host, or a pattern of hosts.
    NoHost,
    /// The platform gives it no origin.
    NoOrigin,
    /// Neither https nor http.
    OtherScheme,
    /// http, and not to this machine.
    Unencrypted,
    /// There is no path.
    NoPath,
}

impl Flaw {
    /// Those that a URL with a path can have, by their numbers.
    pub const OF_PATHS: [Self; 5] =
        [Self::AmbiguousPath, Self::NoHost, Self::NoOrigin, Self::OtherScheme, Self::Unencrypted];

    /// What was wrong and what to do: a phrase that follows the option's name.
    #[must_use]
    pub const fn message(self) -> &'static str {
        match self {
            Self::AmbiguousPath => {
                "has an encoded slash, backslash or dot in its path; write it plainly"
            }
            Self::NoHost => {
                "is not a host that a URL's origin can have; name each host, without wildcards"
            }
            Self::NoOrigin => "has no origin of its own; give a URL that starts with https://",
            Self::NoPath => {
                "has no path; give an origin, or an origin and a path that starts with /"
            }
            Self::OtherScheme => "cannot receive a token; use https://, or http:// on localhost",
            Self::Unencrypted => {
                "would send the token unencrypted; use https://, or http:// on localhost"
            }
        }
    }
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message())
    }
}

impl std::error::Error for Flaw {}

/// Both in one, and still two: no text holds the byte between them.
fn address(origin: &str, path: &str) -> Vec<u8> {
    let mut address = origin.as_bytes().to_vec();
    address.push(0xFF);
    address.extend_from_slice(path.as_bytes());
    address
}

/// What `URL.origin` may hold after its scheme: no user, no path, nothing in capitals. An asterisk
/// is a legal character of a host, and a wildcard is what its writer meant.
fn is_serialised(authority: &str) -> bool {
    !authority.is_empty()
        && authority.bytes().all(|byte| {
            byte.is_ascii_graphic()
                && !byte.is_ascii_uppercase()
                && !matches!(byte, b'/' | b'\\' | b'@' | b'?' | b'#' | b'%' | b'*')
        })
}

fn is_loopback(authority: &str) -> bool {
    let authority = authority.as_bytes();
    let colon = authority.iter().rposition(|&byte| byte == b':');
    let host = match colon.and_then(|at| authority.split_at_checked(at)) {
        Some((host, _port)) if !authority.ends_with(b"]") => host,
        _ => authority,
    };
    host == b"localhost"
        || host == b"[::1]"
        || host.strip_suffix(b".localhost").is_some_and(|name| !name.is_empty())
        // The platform writes no other host with digits and dots alone than a complete address.
        || (host.starts_with(b"127.")
            && host.iter().all(|byte| matches!(byte, b'.' | b'0'..=b'9')))
}

/// Whether a server may take the path for another one, by decoding it (once or more often) or by
/// resolving dots that the platform's parser has left in, such as `..;` and `..%20`.
fn is_ambiguous(path: &str) -> bool {
    let path = path.as_bytes(); // All that matters is ASCII, and bytes need the least code.
    let is_dots = |segment: &[u8]| {
        let rest = segment.strip_prefix(b"..").or_else(|| segment.strip_prefix(b"."));
        matches!(rest, Some([] | [b';' | b'%', ..]))
    };
    let is_code = |mut code: &[u8]| {
        while let Some(encoded) = code.strip_prefix(b"25") {
            code = encoded;
        }
        matches!(code, [b'2', b'e' | b'E' | b'f' | b'F', ..] | [b'5', b'c' | b'C', ..])
    };
    path.iter().any(|byte| matches!(byte, b'\\'))
        || path.split(|&byte| byte == b'/').any(is_dots)
        || path.split(|&byte| byte == b'%').skip(1).any(is_code)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop where it stands")]

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_encrypted_or_local_origins_are_trusted() {
        let trusted = [
            "https://example.com",
            "https://example.com:8443",
            "https://xn--bcher-kva.example",
            "https://example.com.",
            "https://[2001:db8::1]",
            "https://192.0.2.1",
            "http://localhost",
            "http://localhost:3000",
            "http://app.localhost",
            "http://a.b.localhost:80",
            "http://127.0.0.1",
            "http://127.0.0.1:8080",
            "http://127.255.255.254",
            "http://[::1]",
            "http://[::1]:8080",
        ];
        for origin in trusted {
            assert!(is_trustworthy(origin), "{origin}");
            assert!(Resources::default().add(origin, "/").is_ok(), "{origin}");
        }
        let refused = [
            "",
            "null",
            "https://",
            "http://",
            "http://example.com",
            "http://localhost.evil.io",
            "http://127.0.0.1.evil.io",
            "http://127.evil.io",
            "http://evillocalhost",
            "http://.localhost",
            "http://localhost.",
            "http://app.localhost.",
            "http://localhost@evil.io",
            "http://localhost:80@evil.io",
            "http://127.0.0.1@evil.io",
            "http://128.0.0.1",
            "http://0.0.0.0",
            "http://2130706433",
            "http://0177.0.0.1",
            "http://[::]",
            "http://[::2]",
            "http://[::10]",
            "http://[::1].evil.io",
            "http://[::ffff:127.0.0.1]",
            "http://[::ffff:7f00:1]",
            "http://192.168.0.1",
            "https://user@example.com",
            "https://user:password@example.com",
            "https://example.com/",
            "https://example.com/v1",
            "https://example.com?x",
            "https://example.com#x",
            "https://example.com\\x",
            "https://Example.com",
            "https://exämple.com",
            "https://*.example.com",
            "https://example.com ",
            "HTTPS://example.com",
            "https:example.com",
            "//example.com",
            "example.com",
            "ws://localhost",
            "wss://example.com",
            "ftp://example.com",
            "file://",
            "data:",
            "httpsx://example.com",
            "chrome-extension://abcdef",
        ];
        for origin in refused {
            assert!(!is_trustworthy(origin), "{origin}");
            assert!(Resources::default().add(origin, "/").is_err(), "{origin}");
        }
    }

    #[test]
    fn a_refusal_says_what_to_do() {
        let cases = [
            ("null", "/", "starts with https://"),
            ("http://example.com", "/", "unencrypted"),
            ("http://localhost.evil.io", "/", "unencrypted"),
            ("https://*.example.com", "/", "without wildcards"),
            ("https://user@example.com", "/", "not a host"),
            ("ftp://example.com", "/", "cannot receive"),
            ("example.com", "/", "cannot receive"),
            ("https://example.com", "", "has no path"),
            ("https://example.com", "v1", "has no path"),
            ("https://example.com", "/a%2fb", "encoded slash"),
        ];
        for (origin, path, reason) in cases {
            let refusal = Resources::default().add(origin, path).unwrap_err();
            assert!(refusal.message().contains(reason), "{origin} {path}: {refusal}");
        }
    }

    #[test]
    fn an_origin_is_compared_byte_for_byte() {
        let resources = resources(&[("https://api.example.com", "/")]);
        assert!(resources.covers("https://api.example.com", "/"));
        assert!(resources.covers("https://api.example.com", "/a%2Fb/%2e%2e"));
        let strangers = [
            "",
            "null",
            "http://api.example.com",
            "https://api.example.com:443",
            "https://api.example.com:444",
            "https://api.example.com.",
            "https://api.example.com.evil.io",
            "https://api.example.co",
            "https://api.example.com@evil.io",
            "https://evil.io/https://api.example.com",
            "https://example.com",
            "https://evil-api.example.com",
            "https://xapi.example.com",
            "https://x.api.example.com",
            "https://API.example.com",
            "HTTPS://api.example.com",
            "https://api-example.com",
            "https://xn--api-example-com",
            "https://api.exam\u{440}le.com", // a Cyrillic letter
            "https://api.example.com/",
            "https://api.example.com\0",
            " https://api.example.com",
        ];
        for origin in strangers {
            assert!(!resources.covers(origin, "/"), "{origin}");
        }
    }

    #[test]
    fn a_prefix_ends_at_a_segment() {
        let origin = "https://api.example.com";
        // Prefix, path, whether it is covered.
        let cases = [
            ("/", "/", true),
            ("/", "/anything/at/all", true),
            ("/", "", false),
            ("/", "https://api.example.com/0b5c", false), // of a blob: URL
            ("/v1", "/v1", true),
            ("/v1", "/v1/", true),
            ("/v1", "/v1/x", true),
            ("/v1", "/v1//x", true),
            ("/v1", "/v1/x/y/", true),
            ("/v1", "/v1/x.json", true),
            ("/v1", "/v1/.well-known", true),
            ("/v1", "/v1/100%25", true),
            ("/v1", "/v1/%20", true),
            ("/v1", "/", false),
            ("/v1", "/v", false),
            ("/v1", "/v10", false),
            ("/v1", "/v1-x", false),
            ("/v1", "/v1;x", false),
            ("/v1", "/v1.x", false),
            ("/v1", "/V1", false),
            ("/v1", "//v1", false),
            ("/v1", "/x/v1", false),
            ("/v1", "/%761", false),
            ("/v1/", "/v1", false),
            ("/v1/", "/v1/", true),
            ("/v1/", "/v1/x", true),
            ("/v1/", "/v10/", false),
            ("/a/b", "/a", false),
            ("/a/b", "/a/", false),
            ("/a/b", "/a/b/c", true),
            ("/a/b", "/a/bc", false),
            ("/ä", "/ä/x", true),
            // Another path to some servers.
            ("/v1", "/v1/../admin", false),
            ("/v1", "/v1/./x", false),
            ("/v1", "/v1/..;/admin", false),
            ("/v1", "/v1/..;a=b/admin", false),
            ("/v1", "/v1/..%3B/admin", false),
            ("/v1", "/v1/..%20/admin", false),
            ("/v1", "/v1/..", false),
            ("/v1", "/v1/..\\admin", false),
            ("/v1", "/v1/..%2fadmin", false),
            ("/v1", "/v1/..%2Fadmin", false),
            ("/v1", "/v1/..%5cadmin", false),
            ("/v1", "/v1/..%5Cadmin", false),
            ("/v1", "/v1/%2e%2e%2fadmin", false),
            ("/v1", "/v1/%2E", false),
            ("/v1", "/v1/x%2Ey", false),
            ("/v1", "/v1/x%2Fy", false),
            ("/v1", "/v1/x%5Cy", false),
            ("/v1", "/v1/%252e%252e/admin", false),
            ("/v1", "/v1/..%25252Fadmin", false),
            ("/v1", "/v1/x%2525252Fadmin", false),
            ("/v1", "/v1/%20..%2fadmin", false),
        ];
        for (prefix, path, covered) in cases {
            let resources = resources(&[(origin, prefix)]);
            assert_eq!(resources.covers(origin, path), covered, "{prefix} {path}");
            assert!(!resources.covers("https://api.example.com.evil.io", path), "{prefix} {path}");
        }
    }

    #[test]
    fn nothing_is_covered_by_no_resources() {
        assert!(!Resources::default().covers("https://api.example.com", "/"));
    }

    #[test]
    fn each_of_a_thousand_is_found() {
        let all: Vec<(String, String)> = (0..1000)
            .map(|i| (format!("https://h{}.example.com", i % 50), format!("/v{i}/")))
            .collect();
        let resources = resources(all.iter().rev().chain(&all));
        for (origin, path) in &all {
            assert!(resources.covers(origin, &format!("{path}x/y")));
            assert!(!resources.covers(origin, "/v1000/"));
        }
    }

    proptest! {
        #[test]
        fn what_is_covered_lies_below_a_resource(
            places in prop::collection::vec((ORIGIN, PATH), 0..12),
            origin in ORIGIN,
            path in PATH,
            ambiguous in any::<bool>(),
        ) {
            let path = if ambiguous { format!("{path}%2E") } else { path };
            let expected = places.iter().any(|(at, prefix)| {
                let below = path.strip_prefix(prefix.as_str()).is_some_and(|rest| {
                    rest.is_empty() || rest.starts_with('/') || prefix.ends_with('/')
                });
                *at == origin && below && (prefix == "/" || !ambiguous)
            });
            prop_assert_eq!(resources(&places).covers(&origin, &path), expected);
        }

        #[test]
        fn any_text_is_answered(origin in any::<String>(), path in any::<String>()) {
            let local = resources(&[("http://localhost", "/v1")]);
            prop_assert!(!local.covers(&origin, &path));
            prop_assert!(!local.covers("http://localhost", &path));
            prop_assert!(Resources::default().add(&origin, &path).is_err());
        }
    }

    fn resources<'a, Text: AsRef<str> + 'a>(
        places: impl IntoIterator<Item = &'a (Text, Text)>,
    ) -> Resources {
        let mut resources = Resources::default();
        for (origin, path) in places {
            resources.add(origin.as_ref(), path.as_ref()).unwrap();
        }
        resources
    }

    const ORIGIN: &str = "https://a(b|-b|\\.b)?(:8)?";
    const PATH: &str = "(/(a|b|a-|ab)?){1,4}";
}
