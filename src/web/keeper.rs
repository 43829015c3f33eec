//! `Keeper`, the exported class: everything that JavaScript tells the shell. Every method takes
//! `&self`, returns at once and is no `async fn`, which would borrow the object while a promise is
//! pending. What crosses are numbers, an answer itself, and of texts only addresses and challenges,
//! since texts cost most. Tokens stay on the other side.

use wasm_bindgen::prelude::*;

use super::driver::Driver;
use super::hands::Hands;
use super::{answer, js};
use crate::core::challenge::{self, Challenge};
use crate::core::error::{Code, Error};
use crate::core::io::{Attempt, Evidence, Input, Means, Message, Outcome, Policy, Reason, Refusal};
use crate::core::io::{Sharing, Ticket};
use crate::core::ledger::{Ledger, Stamp};
use crate::core::receipt::{Receipt, Tokens};
use crate::core::record::{Record, time, whole};
use crate::core::session::Stored;
use crate::core::verdict::{Call, Protocol};
use crate::core::words::Word;

/// One token manager, as the face drives it.
#[wasm_bindgen]
pub struct Keeper(Driver);

#[wasm_bindgen]
#[expect(clippy::fn_params_excessive_bools, reason = "each is a plain yes or no of JavaScript's")]
#[expect(clippy::too_many_arguments, reason = "flat, so that nothing is wrapped to cross")]
impl Keeper {
    /// Takes the options, as pkg/options.js has checked them, and the hands; times in milliseconds.
    #[wasm_bindgen(constructor)]
    #[must_use]
    pub fn new(
        hands: Hands,
        oauth: bool,
        renewable: bool,
        cookie: bool,
        shared: bool,
        auto_refresh: bool,
        margin: f64,
        deadline: f64,
    ) -> Self {
        let policy = Policy {
            margin: js::millis(margin),
            auto_refresh,
            means: match (renewable, cookie) {
                (false, _) => Means::None,
                (true, false) => Means::Token,
                (true, true) => Means::Cookie,
            },
            store: if shared { Sharing::Shared } else { Sharing::Private },
            deadline: js::millis(deadline),
        };
        let protocol = if oauth { Protocol::OAuth } else { Protocol::Json };
        Self(Driver::new(policy, protocol, hands))
    }

    /// Adds who may receive the token, a URL taken apart by the platform; unless it must not.
    pub fn add(&self, origin: &str, path: &str) {
        _ = self.0.resources.borrow_mut().add(origin, path);
    }

    /// Whether a URL, taken apart by the platform, may receive the token.
    #[must_use]
    pub fn covers(&self, origin: &str, path: &str) -> bool {
        self.0.resources.borrow().covers(origin, path)
    }

    /// What the store holds now: what is told next, in the same task, is judged by it. 0: nothing;
    /// 1: something unreadable; 2: it could not be read.
    pub fn found(&self, what: u8) {
        self.0.stored.set(match what {
            0 => Stored::Nothing,
            1 => Stored::Unreadable,
            _ => Stored::Unknown,
        });
    }

    /// The same, when it holds a record: the receipt for its tokens and which of them there are,
    /// and its numbers.
    pub fn stored(
        &self,
        receipt: u32,
        refresh: bool,
        scope: bool,
        family: f64,
        generation: f64,
        received: f64,
        lifetime: f64,
        refresh_expires: f64,
    ) {
        let record = Record { family, generation, received, lifetime, refresh_expires };
        let session = tokens(receipt, refresh, scope).and_then(|tokens| record.session(tokens));
        self.0.stored.set(session.map_or(Stored::Unreadable, Stored::Session));
    }

    /// Whether what the store holds is newer than this stamp.
    #[must_use]
    pub fn outlives(&self, family: f64, generation: f64) -> bool {
        let stamp = stamp(family, generation);
        matches!(self.0.stored.get(), Stored::Session(session) if session.stamp > stamp)
    }

    /// Whether anything is still to be said about what came with this receipt.
    #[must_use]
    pub fn needs(&self, receipt: u32) -> bool {
        Receipt::new(receipt).is_some_and(|receipt| self.0.machine.borrow().needs(receipt))
    }

    /// The store was read for the first time; the ticket is answered when it is known who is logged
    /// in.
    pub fn open(&self, ticket: f64) {
        self.0.feed(Input::Opened(ticket_of(ticket), self.0.stored.get()));
    }

    /// Somebody is logging in.
    #[wasm_bindgen(js_name = loggingIn)]
    pub fn logging_in(&self, ticket: f64) {
        self.0.feed(Input::LoggingIn(ticket_of(ticket)));
    }

    /// Somebody logs out.
    pub fn logout(&self, ticket: f64) {
        self.0.feed(Input::Logout(ticket_of(ticket)));
    }

    /// Somebody needs a token that is good now.
    pub fn want(&self, ticket: f64) {
        self.0.feed(Input::Want(ticket_of(ticket)));
    }

    /// Somebody wants a new token.
    pub fn renew(&self, ticket: f64) {
        self.0.feed(Input::Renew(ticket_of(ticket)));
    }

    /// A resource answered 401 to the token of this stamp.
    pub fn refused(&self, ticket: f64, family: f64, generation: f64, invalid_token: bool) {
        let refusal = Refusal { stamp: stamp(family, generation), invalid_token };
        self.0.feed(Input::Refused(ticket_of(ticket), refusal));
    }

    /// How a resource took a request the second time.
    pub fn replayed(&self, family: f64, generation: f64, accepted: bool) {
        self.0.feed(Input::Replayed(stamp(family, generation), accepted));
    }

    /// A caller waits no longer.
    pub fn left(&self, ticket: f64) {
        self.0.feed(Input::Left(ticket_of(ticket)));
    }

    /// Nobody waits or listens any longer. A refresh that is under way is still brought to its end:
    /// its answer must not be lost.
    pub fn close(&self) {
        self.0.feed(Input::Closed);
    }

    /// The alarm rings.
    pub fn tick(&self) {
        self.0.feed(Input::Tick);
    }

    /// Another tab may have written the store.
    pub fn seen(&self) {
        self.0.feed(Input::Seen(self.0.stored.get()));
    }

    /// The page woke, or the network is back.
    pub fn woken(&self) {
        self.0.feed(Input::Woken(self.0.stored.get()));
    }

    /// Another tab spoke: a session changed, or for this reason it ended.
    pub fn told(&self, family: f64, generation: f64, reason: f64) {
        let Some(stamp) = Stamp::read(family, generation) else { return };
        let number = whole(reason);
        let reason = REASONS.into_iter().find(|known| Some(*known as u64) == number);
        let message = reason.map_or(Message::Changed(stamp), |it| Message::Ended(stamp, it));
        self.0.feed(Input::Told(message));
    }

    /// The lock is ours, or could not be had.
    pub fn locked(&self, attempt: u32, had: bool) {
        self.0.feed(Input::Locked(Attempt(attempt), had));
    }

    /// What the ledger says, where there is one: an entry that is none says that nothing has
    /// happened yet.
    pub fn looked(&self, attempt: u32, found: bool, family: f64, generation: f64, intent: f64) {
        let entry =
            Stamp::read(family, generation).map(|stamp| Ledger { stamp, intent: time(intent) });
        let ledger = found.then_some(entry.unwrap_or_default());
        let evidence = Evidence { ledger, stored: self.0.stored.get() };
        self.0.feed(Input::Looked(Attempt(attempt), evidence));
    }

    /// The ledger was written, or could not be.
    pub fn noted(&self, attempt: u32, written: bool) {
        self.0.feed(Input::Noted(Attempt(attempt), written));
    }

    /// The authorization server answered: to the login with this ticket, or to the refresh of this
    /// attempt. What was in the answer has this receipt; all times are in milliseconds.
    pub fn heard(
        &self,
        login: bool,
        id: f64,
        response: web_sys::Response,
        html: bool,
        invalid_grant: bool,
        receipt: u32,
        access: bool,
        refresh: bool,
        scope: bool,
        another: bool,
        expires_in: f64,
        refresh_expires_in: f64,
        issued: f64,
        expires: f64,
        refresh_issued: f64,
        refresh_expires: f64,
        date: f64,
        retry_after: f64,
    ) {
        let answer = answer::Answer {
            response: response.into(),
            html,
            invalid_grant,
            receipt: Receipt::new(receipt),
            tokens: tokens(receipt, refresh, scope).filter(|_| access),
            expires_in,
            refresh_expires_in,
            issued,
            expires,
            refresh_issued,
            refresh_expires,
            another,
            date,
            retry_after,
        };
        let call = call_of(login);
        self.outcome(call, id, answer.outcome(self.0.protocol, call, js::now()));
    }

    /// The authorization server did not answer: in time, or at all.
    pub fn unheard(&self, login: bool, id: f64, timed_out: bool) {
        let error = Error::new(if timed_out { Code::Timeout } else { Code::Network });
        self.outcome(call_of(login), id, Outcome::Failed { error, retry_after: None });
    }

    fn outcome(&self, call: Call, id: f64, outcome: Outcome) {
        self.0.feed(match call {
            Call::Login => Input::LoggedIn(ticket_of(id), outcome),
            Call::Refresh => Input::Answered(attempt_of(id), outcome),
        });
    }

    /// The store cannot be used; memory has taken its place.
    #[wasm_bindgen(js_name = storeFailed)]
    pub fn store_failed(&self) {
        self.0.feed(Input::StoreFailed);
    }

    /// What a resource's `WWW-Authenticate` asks for. 0: nothing that is known. 1: another token.
    /// 2: something a newer token would not help against, which listeners are told of.
    #[must_use]
    pub fn challenged(&self, header: &str) -> u8 {
        match challenge::bearer(header) {
            Challenge::Other => 0,
            Challenge::InvalidToken => 1,
            Challenge::InsufficientScope { scope } => {
                self.0.hands.warn(Word::InsufficientScope as u8, f64::NAN, scope, None);
                2
            }
            Challenge::StepUp { acr_values, max_age, scope } => {
                let max_age = max_age.map_or(f64::NAN, Into::into);
                self.0.hands.warn(Word::StepUpRequired as u8, max_age, scope, acr_values);
                2
            }
        }
    }
}

fn tokens(receipt: u32, refresh: bool, scope: bool) -> Option<Tokens> {
    let access = Receipt::new(receipt)?;
    let has = |part: bool| part.then_some(access);
    Some(Tokens { access, refresh: has(refresh), scope: has(scope) })
}

const fn call_of(login: bool) -> Call {
    if login { Call::Login } else { Call::Refresh }
}

// Tickets are the face's, and what else comes back here left as a number of this module: none is negative or has a fraction.
// It need not be one that a store or a message may hold: the next family after the largest that a tab can claim lies beyond.

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "as said")]
const fn ticket_of(number: f64) -> Ticket {
    Ticket(number as u64)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "as said")]
const fn attempt_of(number: f64) -> Attempt {
    Attempt(number as u32)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "as said")]
const fn stamp(family: f64, generation: f64) -> Stamp {
    Stamp { family: family as u64, generation: generation as u32 }
}

/// Tabs tell each other their numbers.
const REASONS: [Reason; 3] = [Reason::Expired, Reason::RefreshRejected, Reason::User];
