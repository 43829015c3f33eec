//! What goes into the machine and what comes out of it.

use super::error::Error;
use super::ledger::{Ledger, Stamp};
use super::receipt::Receipt;
use super::session::{Grant, Session, Stored};
use super::time::Millis;
use super::timeline::Entry;
use super::words::Word;

/// Names one caller who waits for an answer; who comes later has a higher number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(pub u64);

/// Names one attempt at a refresh, so that what comes late for an earlier one is not mistaken. The
/// default is no attempt's: nobody waits for what comes of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Attempt(pub u32);

/// What a machine is made with. Only the store may change: after it has failed, the next session is
/// shared with nobody.
#[derive(Clone, Copy, Debug)]
pub struct Policy {
    /// How long before its expiry a token counts as stale.
    pub margin: Millis,
    /// Refresh ahead of expiry, or only when a token is used.
    pub auto_refresh: bool,
    /// What a session is renewed with.
    pub means: Means,
    /// Who else reads the store.
    pub store: Sharing,
    /// How long a refresh may take: its request, and what comes before and after it. Who began one
    /// longer ago died or was cut off.
    pub deadline: Millis,
}

/// What a session is renewed with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Means {
    /// A cookie that script never sees: whether it is there, only the server can tell.
    Cookie,
    /// Nothing: an expired session ends.
    None,
    /// A refresh token, where the server gave one.
    Token,
}

/// Who else reads the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sharing {
    /// Nobody.
    Private,
    /// Other tabs of this origin.
    Shared,
}

/// What happened.
#[derive(Clone, Copy, Debug)]
pub enum Input {
    /// The server answered a refresh, or did not.
    Answered(Attempt, Outcome),
    /// Nobody will ask for anything anymore. What is under way is finished: the shell goes on
    /// until the machine is at rest.
    Closed,
    /// A caller waits no longer.
    Left(Ticket),
    /// The lock of a refresh: whether it could be had in time.
    Locked(Attempt, bool),
    /// Somebody is logging in.
    LoggingIn(Ticket),
    /// The server answered a login, or did not.
    LoggedIn(Ticket, Outcome),
    /// Somebody logs out; the ticket is answered by the server call that follows.
    Logout(Ticket),
    /// What the ledger, and then the store, say now.
    Looked(Attempt, Evidence),
    /// Whether the ledger was written: it may have been unreachable, or somebody was faster.
    Noted(Attempt, bool),
    /// The first thing: the store was read; the ticket waits until it is known who is logged in.
    Opened(Ticket, Stored),
    /// A resource answered 401 to the token of this stamp.
    Refused(Ticket, Refusal),
    /// Somebody wants a new token, whatever the age of the old one.
    Renew(Ticket),
    /// How a resource took the second sending of a request, with the token of this stamp.
    Replayed(Stamp, bool),
    /// The store was read because another tab may have written it.
    Seen(Stored),
    /// The store cannot be used; memory has taken its place.
    StoreFailed,
    /// It is time; or it may be.
    Tick,
    /// Another tab spoke.
    Told(Message),
    /// Somebody needs an access token that is good now.
    Want(Ticket),
    /// The page woke, or the network came back; the store was read again.
    Woken(Stored),
}

/// A 401 from a resource.
#[derive(Clone, Copy, Debug)]
pub struct Refusal {
    /// Which token it refused.
    pub stamp: Stamp,
    /// It said `invalid_token` (RFC 6750 section 3.1), rather than nothing.
    pub invalid_token: bool,
}

/// How a call to the authorization server ended.
#[derive(Clone, Copy, Debug)]
pub enum Outcome {
    /// Tokens came.
    Granted(Grant),
    /// Credentials or refresh token were refused.
    Refused(Error),
    /// Neither; it may be worth trying again.
    Failed {
        /// What to tell callers.
        error: Error,
        /// How long the server asked to be left alone (RFC 9110 section 10.2.3).
        retry_after: Option<Millis>,
    },
}

impl Outcome {
    /// Whether any part of it came with this receipt.
    #[must_use]
    pub fn needs(self, receipt: Receipt) -> bool {
        match self {
            Self::Granted(grant) => grant.tokens.needs(receipt),
            Self::Refused(error) | Self::Failed { error, .. } => error.words == Some(receipt),
        }
    }
}

/// What is known across tabs at one moment: the ledger as read first, the store as read after it,
/// in the same task as the answer is given in.
#[derive(Clone, Copy, Debug)]
pub struct Evidence {
    /// `None` where there is no ledger to be had.
    pub ledger: Option<Ledger>,
    /// The store.
    pub stored: Stored,
}

/// What tabs tell each other. No token is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Message {
    /// The store now holds the session of this stamp.
    Changed(Stamp),
    /// Sessions have ended: those that this stamp [ends](Stamp::ends).
    Ended(Stamp, Reason),
}

/// Why a session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Its time was over, or there was nothing to renew it with.
    Expired,
    /// The server refused the refresh token.
    RefreshRejected,
    /// The user logged out.
    User,
}

impl Reason {
    /// As it stands in a `logout` event.
    #[must_use]
    pub const fn word(self) -> Word {
        match self {
            Self::Expired => Word::Expired,
            Self::RefreshRejected => Word::RefreshRejected,
            Self::User => Word::User,
        }
    }
}

/// What to do.
#[derive(Clone, Copy, Debug)]
pub enum Output {
    /// Tell a caller. `Ok` says that the session of the last lease has what is asked for, though
    /// its time may be over.
    Answer(Ticket, Result<(), Error>),
    /// Tell listeners.
    Emit(Event),
    /// Empty the store, unless what it holds is newer than this.
    Erase(Stamp),
    /// The session from now on, and how long its token needs no further question; `None` when
    /// nobody is logged in.
    Lease(Option<Lease>),
    /// Get the lock around refreshes, within a deadline; answer with [`Input::Locked`].
    Lock(Attempt),
    /// Remember this for `explain()`, beside the events.
    Log(Entry),
    /// Tell the server that this session is over, best effort, then answer the ticket.
    Logout(Ticket, Option<Session>),
    /// Read the ledger, then the store; answer with [`Input::Looked`].
    Look(Attempt),
    /// Bring the ledger forward; answer with [`Input::Noted`].
    Note(Attempt, Ledger),
    /// Ask the server for the next access token, with the refresh token of this receipt or with a
    /// cookie; answer with [`Input::Answered`].
    Refresh(Attempt, Option<Receipt>),
    /// Tell the server that these tokens are not wanted, best effort.
    Revoke(Grant),
    /// Write the session to the store.
    Store(Session),
    /// Tell the other tabs.
    Tell(Message),
    /// Give the lock back.
    Unlock(Attempt),
}

/// An access token and how long it may be used without asking again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease {
    /// Whose token it is; a 401 is reported with the session's stamp.
    pub session: Session,
    /// Until when, by the wall clock.
    pub until: Millis,
    /// When the access token expires, by the wall clock as it stands now: to be shown.
    pub expires: Option<Millis>,
}

/// What listeners are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// There is a session where there was none, or another's.
    Login {
        /// In another tab.
        remote: bool,
    },
    /// The session is over.
    Logout {
        /// Why.
        reason: Reason,
        /// In another tab.
        remote: bool,
    },
    /// The session has a new access token.
    Refresh {
        /// Got by another tab.
        remote: bool,
    },
    /// Something worth knowing that ends nothing.
    Warning(Warning),
}

/// Something worth knowing that ends nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Warning {
    /// The device's clock differs from the server's, or was set while the page was open.
    ClockSkew {
        /// By how many milliseconds: negative where the device's clock is behind.
        skew: i64,
    },
    /// A refresh failed; the session stays.
    RefreshFailed {
        /// When it will be tried again.
        retry_in: Millis,
    },
    /// The store holds something that is no session.
    StorageCorrupt,
    /// The store cannot be used: the session lives in memory.
    StorageUnavailable,
    /// A resource refused a new token too.
    TokenRejected,
}

impl Event {
    /// What it is called; a warning by its code.
    #[must_use]
    pub const fn word(self) -> Word {
        match self {
            Self::Login { .. } => Word::Login,
            Self::Logout { .. } => Word::Logout,
            Self::Refresh { .. } => Word::Refresh,
            Self::Warning(Warning::ClockSkew { .. }) => Word::ClockSkew,
            Self::Warning(Warning::RefreshFailed { .. }) => Word::RefreshFailed,
            Self::Warning(Warning::StorageCorrupt) => Word::StorageCorrupt,
            Self::Warning(Warning::StorageUnavailable) => Word::StorageUnavailable,
            Self::Warning(Warning::TokenRejected) => Word::TokenRejected,
        }
    }
}
