//! What is told in fixed words: since they are, no token can be among them. To the shell they are
//! numbers, and the texts stand in JavaScript (`examples/words.rs` writes them there).

macro_rules! words {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)*) => {
        /// One of the fixed words.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Word {
            $($(#[$doc])* $name,)*
        }

        impl Word {
            /// All of them, by their numbers.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// As users read it.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }
        }
    };
}

words! {
    // Codes of errors, in the order of core::error::Code.
    /// A server answered with success and no usable token.
    BadResponse = "bad_response",
    /// The manager was closed.
    Closed = "closed",
    /// The server refused the credentials.
    LoginRejected = "login_rejected",
    /// The server could not be reached.
    Network = "network",
    /// Nobody is logged in.
    NotLoggedIn = "not_logged_in",
    /// The server answered with an error that is no refusal.
    Server = "server",
    /// The session ended, or cannot be renewed.
    SessionEnded = "session_ended",
    /// The server did not answer in time.
    Timeout = "timeout",

    // Reasons of a logout.
    /// Its time was over, or there was nothing to renew it with.
    Expired = "expired",
    /// The server refused the refresh token.
    RefreshRejected = "refresh_rejected",
    /// The user logged out.
    User = "user",

    // Events.
    /// There is a session where there was none, or another's.
    Login = "login",
    /// The session is over.
    Logout = "logout",
    /// The session has a new access token.
    Refresh = "refresh",

    // Codes of warnings.
    /// The device's clock differs from the server's, or was set while the page was open.
    ClockSkew = "clock_skew",
    /// The token does not reach that far.
    InsufficientScope = "insufficient_scope",
    /// A refresh failed; the session stays.
    RefreshFailed = "refresh_failed",
    /// A stronger or fresher login is needed.
    StepUpRequired = "step_up_required",
    /// The store holds something that is no session.
    StorageCorrupt = "storage_corrupt",
    /// The store cannot be used: the session lives in memory.
    StorageUnavailable = "storage_unavailable",
    /// A resource refused a new token too.
    TokenRejected = "token_rejected",

    // What else the timeline tells.
    /// A refresh has kept the lock for a while.
    HeldLock = "held the lock",
    /// A login came to nothing.
    LoginFailed = "login_failed",
    /// The server no longer takes the refresh token.
    Refused = "refused",
    /// The store had a session when the page opened.
    Restored = "restored",
    /// A token was given back.
    Revoked = "revoked",
    /// The session in hand was stored once more.
    StoredAgain = "stored again",
    /// A refresh goes on without the lock.
    Unlocked = "unlocked",
    /// Another tab is waited for.
    Waiting = "waiting",

    // And why.
    /// Why tokens are given back.
    CameTooLate = "it came after the session had ended",
    /// Why another tab is waited for.
    NotYetHere = "another tab's refresh has not reached this one",
    /// Why a refresh goes on without the lock.
    NoLock = "the lock could not be had in time",
    /// Why a lock is kept.
    NoOrder = "there is no IndexedDB to order tabs by",
    /// Why a session is stored again.
    StoreLostIt = "the store had lost it",
    /// Why a session ended.
    TokenRefused = "the server no longer takes the refresh token",
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop where it stands")]

    use std::collections::HashSet;

    use super::*;
    use crate::core::error::Code;
    use crate::core::jwt::Rule;
    use crate::core::resources::Flaw;

    #[test]
    fn each_word_is_another() {
        let texts: HashSet<_> = Word::ALL.iter().map(|word| word.as_str()).collect();
        assert_eq!(texts.len(), Word::ALL.len());
    }

    /// What crosses the border as a number is found under it on the other side.
    #[test]
    fn each_list_is_in_the_order_of_its_numbers() {
        let counts = |numbers: Vec<usize>| assert!(numbers.iter().copied().eq(0..numbers.len()));
        counts(Word::ALL.iter().map(|word| *word as usize).collect());
        counts(Code::ALL.iter().map(|code| *code as usize).collect());
        counts(Code::ALL.iter().map(|code| code.word() as usize).collect());
        counts(Flaw::OF_PATHS.iter().map(|flaw| *flaw as usize).collect());
        counts(Rule::ALL.iter().map(|rule| *rule as usize).collect());
    }
}
