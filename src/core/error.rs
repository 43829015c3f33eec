//! What can go wrong, each with a stable code. The JavaScript face adds three that it finds itself:
//! `bad_options`, `bad_token`, `wasm_blocked`.

use std::fmt;

use super::receipt::Receipt;
use super::words::Word;

/// The stable name of an error; users switch on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// A server answered with success and no usable token.
    BadResponse,
    /// The manager was closed.
    Closed,
    /// The server refused the credentials.
    LoginRejected,
    /// The server could not be reached.
    Network,
    /// Nobody is logged in.
    NotLoggedIn,
    /// The server answered with an error that is no refusal.
    Server,
    /// The session ended, or cannot be renewed.
    SessionEnded,
    /// The server did not answer in time.
    Timeout,
}

impl Code {
    /// All of them, by their numbers.
    pub const ALL: [Self; 8] = [
        Self::BadResponse,
        Self::Closed,
        Self::LoginRejected,
        Self::Network,
        Self::NotLoggedIn,
        Self::Server,
        Self::SessionEnded,
        Self::Timeout,
    ];

    /// As it stands in a `TokenError`.
    #[must_use]
    pub const fn word(self) -> Word {
        match self {
            Self::BadResponse => Word::BadResponse,
            Self::Closed => Word::Closed,
            Self::LoginRejected => Word::LoginRejected,
            Self::Network => Word::Network,
            Self::NotLoggedIn => Word::NotLoggedIn,
            Self::Server => Word::Server,
            Self::SessionEnded => Word::SessionEnded,
            Self::Timeout => Word::Timeout,
        }
    }

    /// What was wrong and what to do.
    #[must_use]
    pub const fn message(self) -> &'static str {
        match self {
            Self::BadResponse => {
                "The answer held no usable access token: check the address and `fields`."
            }
            Self::Closed => "This token manager was closed: create a new one.",
            Self::LoginRejected => "The server refused the credentials: see `status` and `body`.",
            Self::Network => {
                "The authorization server could not be reached; nothing is lost, try again later."
            }
            Self::NotLoggedIn => "Nobody is logged in: call login() first.",
            Self::Server => {
                "The authorization server failed; nothing is lost: see `status` and `body`."
            }
            Self::SessionEnded => {
                "The session has ended or cannot be renewed: log in again. explain() tells why."
            }
            Self::Timeout => {
                "The authorization server did not answer in time; nothing is lost, try again later."
            }
        }
    }
}

/// One typed error, as a caller gets it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Error {
    /// Which of the closed list.
    pub code: Code,
    /// The HTTP status that led to it.
    pub status: Option<u16>,
    /// What brought the server's own words, so that a form can show them.
    pub words: Option<Receipt>,
}

impl Error {
    /// An error no server had a part in.
    #[must_use]
    pub const fn new(code: Code) -> Self {
        Self { code, status: None, words: None }
    }

    /// Whether the same call may work later: the server was out of reach, or said that it is busy.
    #[must_use]
    pub const fn retryable(self) -> bool {
        match self.code {
            Code::Network | Code::Timeout => true,
            Code::Server => matches!(self.status, Some(408 | 425 | 429 | 500..)),
            _ => false,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code.message())
    }
}

impl std::error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_busy_server_says_may_be_tried_again() {
        let retryable = |status| Error { status, ..Error::new(Code::Server) }.retryable();
        for status in [408, 425, 429, 500, 503, 599] {
            assert!(retryable(Some(status)), "{status}");
        }
        for status in [None, Some(302), Some(404), Some(499)] {
            assert!(!retryable(status), "{status:?}");
        }
    }
}
