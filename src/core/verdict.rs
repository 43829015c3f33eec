//! What an authorization server's answer means: denied is not unreachable (P12).

/// How the server speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// A first-party JSON API.
    Json,
    /// RFC 6749: a token endpoint.
    OAuth,
}

/// What was asked of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    /// A session for credentials.
    Login,
    /// A new access token for a refresh token.
    Refresh,
}

/// What its answer means for the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// There should be tokens in it.
    Success,
    /// The credentials or the refresh token were refused.
    Refused,
    /// Neither: the server is out of order, busy, or not the one that was meant.
    Failed,
}

/// An answer's outside, as far as the verdict rests on it.
#[derive(Clone, Copy, Debug)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The member `error` of its JSON body is `invalid_grant` (RFC 6749 section 5.2).
    pub invalid_grant: bool,
    /// The body is a web page: a captive portal's or a firewall's, not the server's own word.
    pub html: bool,
}

impl Reply {
    /// Only an explicit refusal is one.
    #[must_use]
    pub fn verdict(self, protocol: Protocol, call: Call) -> Verdict {
        let refused = match (protocol, call) {
            (Protocol::OAuth, Call::Refresh) => self.invalid_grant,
            (Protocol::Json, Call::Refresh) => match self.status {
                400 | 401 => true,
                403 => !self.html,
                _ => false,
            },
            (_, Call::Login) => {
                matches!(self.status, 400..500)
                    && !matches!(self.status, 404 | 405 | 408 | 425 | 429)
            }
        };
        match self.status {
            _ if refused => Verdict::Refused,
            200..300 => Verdict::Success,
            _ => Verdict::Failed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Call::{Login, Refresh};
    use super::Protocol::{Json, OAuth};
    use super::Verdict::{Failed, Refused, Success};
    use super::*;

    #[test]
    fn only_an_explicit_refusal_is_one() {
        for (protocol, call, status, invalid_grant, html, expected) in [
            (Json, Refresh, 200, false, false, Success),
            (Json, Refresh, 400, false, false, Refused),
            (Json, Refresh, 401, false, true, Refused),
            (Json, Refresh, 403, false, false, Refused),
            (Json, Refresh, 403, false, true, Failed),
            (Json, Refresh, 404, false, false, Failed),
            (Json, Refresh, 429, false, false, Failed),
            (Json, Refresh, 500, false, false, Failed),
            (Json, Refresh, 503, true, false, Failed),
            (OAuth, Refresh, 200, false, false, Success),
            (OAuth, Refresh, 400, true, false, Refused),
            (OAuth, Refresh, 401, true, false, Refused),
            (OAuth, Refresh, 200, true, false, Refused),
            (OAuth, Refresh, 400, false, false, Failed),
            (OAuth, Refresh, 400, false, true, Failed),
            (OAuth, Refresh, 401, false, false, Failed),
            (OAuth, Refresh, 429, false, false, Failed),
            (Json, Login, 201, false, false, Success),
            (Json, Login, 401, false, false, Refused),
            (Json, Login, 422, false, false, Refused),
            (Json, Login, 404, false, false, Failed),
            (Json, Login, 405, false, false, Failed),
            (Json, Login, 408, false, false, Failed),
            (Json, Login, 425, false, false, Failed),
            (Json, Login, 429, false, false, Failed),
            (Json, Login, 302, false, false, Failed),
            (OAuth, Login, 400, true, false, Refused),
            (OAuth, Login, 503, false, false, Failed),
        ] {
            let verdict = Reply { status, invalid_grant, html }.verdict(protocol, call);
            assert_eq!(verdict, expected, "{protocol:?} {call:?} {status} {invalid_grant} {html}");
        }
    }
}
