//! `Keeper`, the exported class: everything that JavaScript tells the shell. Every method takes
//! `&self`, returns at once and is no `async fn`, which would borrow the object while a promise is
//! pending.

use js_sys::{Array, Object};
use wasm_bindgen::prelude::*;

use super::answer;
use super::decode::claims_of;
use super::driver::Driver;
use super::hands::Hands;
use super::settings::Settings;
use super::{js, wire};
use crate::core::challenge::{self, Challenge};
use crate::core::error::{Code, Error};
use crate::core::io::{Attempt, Input, Outcome, Refusal, Ticket};
use crate::core::ledger::Stamp;
use crate::core::time::Millis;
use crate::core::timeline::Entry;
use crate::core::verdict::{Call, Protocol};

/// One token manager, as the face drives it.
#[wasm_bindgen]
pub struct Keeper(Driver);

#[wasm_bindgen]
#[expect(clippy::needless_pass_by_value, reason = "wasm-bindgen hands over what it made for us")]
impl Keeper {
    /// Takes the options and the hands.
    ///
    /// # Errors
    /// Which option cannot work, and why, as a text.
    #[wasm_bindgen(constructor)]
    pub fn new(settings: &Settings, hands: Hands) -> Result<Self, JsValue> {
        Ok(Self(Driver::new(settings, hands)?))
    }

    /// Reads the store for the first time; the ticket is answered when it is known who is logged
    /// in.
    pub fn open(&self, ticket: f64, custom: Option<String>) {
        let stored = self.0.load(custom.as_deref());
        self.0.feed(Input::Opened(ticket_of(ticket), stored));
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
    pub fn refused(&self, ticket: f64, family: f64, generation: u32, invalid_token: bool) {
        let refusal = Refusal { stamp: stamp_of(family, generation), invalid_token };
        self.0.feed(Input::Refused(ticket_of(ticket), refusal));
    }

    /// How a resource took a request the second time.
    pub fn replayed(&self, family: f64, generation: u32, accepted: bool) {
        self.0.feed(Input::Replayed(stamp_of(family, generation), accepted));
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
    pub fn seen(&self, custom: Option<String>) {
        let stored = self.0.load(custom.as_deref());
        self.0.feed(Input::Seen(stored));
    }

    /// The page woke, or the network is back.
    pub fn woken(&self, custom: Option<String>) {
        let stored = self.0.load(custom.as_deref());
        self.0.feed(Input::Woken(stored));
    }

    /// Another tab spoke; what it said may show in the store.
    pub fn told(&self, message: &JsValue, custom: Option<String>) {
        if let Some(message) = wire::parse_message(message) {
            self.0.feed(Input::Told(message));
            self.seen(custom);
        }
    }

    /// The lock is ours, or could not be had.
    pub fn locked(&self, attempt: u32, had: bool) {
        self.0.feed(Input::Locked(Attempt(attempt), had));
    }

    /// What the ledger says; `undefined` where there is none.
    pub fn looked(&self, attempt: u32, ledger: &JsValue, custom: Option<String>) {
        let ledger = (!ledger.is_undefined()).then(|| wire::ledger(ledger));
        self.0.looked(Attempt(attempt), ledger, custom.as_deref());
    }

    /// The ledger was written, or could not be.
    pub fn noted(&self, attempt: u32, written: bool) {
        self.0.feed(Input::Noted(Attempt(attempt), written));
    }

    /// The authorization server answered: to the login with this ticket, or to the refresh of this
    /// attempt. The body comes as text, with its member `error` and the tokens found in it.
    #[expect(clippy::too_many_arguments, reason = "flat, so that nothing is wrapped to cross")]
    pub fn heard(
        &self,
        login: bool,
        id: f64,
        oauth: bool,
        response: web_sys::Response,
        text: &str,
        error: Option<String>,
        tokens: &JsValue,
    ) {
        let call = call_of(login);
        let protocol = if oauth { Protocol::OAuth } else { Protocol::Json };
        let response = response.into();
        let error = error.as_deref();
        let outcome = answer::outcome(protocol, call, &response, text, error, tokens, js::now());
        self.0.outcome(call, id, outcome);
    }

    /// The authorization server did not answer: in time, or at all.
    pub fn unheard(&self, login: bool, id: f64, timed_out: bool) {
        let error = Error::new(if timed_out { Code::Timeout } else { Code::Network });
        self.0.outcome(call_of(login), id, Outcome::Failed { error, retry_after: None });
    }

    /// The caller's own store failed: memory takes its place.
    #[wasm_bindgen(js_name = storeFailed)]
    pub fn store_failed(&self) {
        self.0.store_failed();
    }

    /// Whether what the caller's own store holds is newer than this stamp.
    #[must_use]
    pub fn outlives(&self, custom: Option<String>, family: f64, generation: u32) -> bool {
        Driver::outlives(custom.as_deref(), stamp_of(family, generation))
    }

    /// Whether a URL, taken apart by the platform, may receive the token.
    #[must_use]
    pub fn covers(&self, origin: &str, path: &str) -> bool {
        self.0.covers(origin, path)
    }

    /// What a resource's `WWW-Authenticate` asks for. 0: nothing that is known. 1: another token.
    /// 2: something a newer token would not help against, which listeners are told of.
    #[must_use]
    pub fn challenged(&self, header: &str) -> u8 {
        let more = Object::new();
        let text = |name, text: Option<String>| {
            if let Some(text) = text {
                js::set(&more, name, &text.into());
            }
        };
        let code = match challenge::bearer(header) {
            Challenge::Other => return 0,
            Challenge::InvalidToken => return 1,
            Challenge::InsufficientScope { scope } => {
                text("scope", scope);
                "insufficient_scope"
            }
            Challenge::StepUp { acr_values, max_age, scope } => {
                text("acrValues", acr_values);
                text("scope", scope);
                if let Some(seconds) = max_age {
                    js::set(&more, "maxAge", &seconds.into());
                }
                "step_up_required"
            }
        };
        self.0.warn(code, &more);
        2
    }

    /// A request could not be sent a second time.
    #[wasm_bindgen(js_name = notReplayable)]
    pub fn not_replayable(&self) {
        self.0.warn("body_not_replayable", &JsValue::UNDEFINED);
    }

    /// The session in hand: the token's claims unless it is to be opaque, the scope granted, and
    /// both expiries (wall clock); `undefined` when nobody is logged in.
    #[must_use]
    pub fn session(&self, opaque: bool) -> Option<Array> {
        let (session, expires_at) = self.0.session()?;
        let claims = if opaque { JsValue::NULL } else { claims_of(session.access.reveal()) };
        let time = |at: Option<Millis>| at.map_or(JsValue::NULL, |at| js::number(at.0).into());
        Some(Array::of4(
            &claims,
            &session.scope.as_deref().map_or(JsValue::NULL, Into::into),
            &time(expires_at),
            &time(session.refresh_expires),
        ))
    }

    /// The last events with their reasons.
    #[must_use]
    pub fn explain(&self) -> Array {
        let list = Array::new();
        self.0.timeline(|entry: &Entry| {
            let shown = Object::new();
            js::set(&shown, "at", &js::number(entry.at.0).into());
            js::set(&shown, "what", &entry.what.into());
            if let Some(why) = entry.why {
                js::set(&shown, "why", &why.into());
            }
            if let Some(status) = entry.status {
                js::set(&shown, "status", &status.into());
            }
            if entry.remote {
                js::set(&shown, "remote", &true.into());
            }
            list.push(&shown);
        });
        list
    }
}

const fn call_of(login: bool) -> Call {
    if login { Call::Login } else { Call::Refresh }
}

pub(super) fn ticket_of(number: f64) -> Ticket {
    Ticket(js::millis(number).0)
}

fn stamp_of(family: f64, generation: u32) -> Stamp {
    Stamp { family: js::millis(family).0, generation }
}
