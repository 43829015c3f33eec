//! Calls over a network that may fail at any point.

use tokenkeeper::core::error::{Code, Error};
use tokenkeeper::core::io::{Attempt, Means, Outcome, Ticket};
use tokenkeeper::core::receipt::Receipt;
use tokenkeeper::core::time::Millis;

use crate::event::{Event, Lane, Page};
use crate::server::{Fate, Key, Over, Refusal, grant};
use crate::setting::Rotation;
use crate::world::World;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CallId(pub u64);

#[derive(Clone, Debug)]
pub struct Call {
    pub id: CallId,
    pub page: Page,
    pub what: What,
    fault: Option<Fault>,
}

#[derive(Clone, Debug)]
pub enum What {
    /// A resource; the answer goes to the request of this number.
    Api {
        request: usize,
        access: Receipt,
        stubborn: bool,
    },
    Login {
        ticket: Ticket,
    },
    Logout {
        ticket: Ticket,
        family: Option<usize>,
    },
    Refresh {
        attempt: Attempt,
        sent: Option<Key>,
        after_loss: bool,
    },
    Revoke {
        family: usize,
    },
}

#[derive(Clone, Debug)]
pub enum Reply {
    Api { accepted: bool },
    Auth(Outcome, Option<Key>),
    Done,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    /// 429.
    Busy,
    /// 503, before anything was done.
    Down,
    /// 504, though it was done.
    Gateway,
    /// A captive portal's page.
    Html,
    LostAfter,
    LostBefore,
}

impl World {
    /// Sends a request.
    pub fn call(&mut self, page: Page, what: What) -> CallId {
        self.calls += 1;
        let id = CallId(self.calls);
        let fault = self.fault();
        let call = Call { id, page, what, fault };
        let at = self.now + self.latency();
        let event = match fault {
            Some(Fault::LostBefore) => Event::Returns(call, None),
            _ => Event::Arrives(call),
        };
        self.agenda.add(Lane::None, at, event);
        id
    }

    fn fault(&mut self) -> Option<Fault> {
        if self.offline {
            return Some(Fault::LostBefore);
        }
        let faults = [
            Fault::Busy,
            Fault::Down,
            Fault::Gateway,
            Fault::Html,
            Fault::LostAfter,
            Fault::LostBefore,
        ];
        let strikes = !self.healed && self.dice.below(100) < self.setting.faults;
        strikes.then(|| crate::setting::one_of(&mut self.dice, &faults))
    }

    fn latency(&mut self) -> u64 {
        let most = if self.healed { self.setting.latency.min(300) } else { self.setting.latency };
        // Mostly quick, and at times as slow as can be.
        let most = if self.dice.below(4) == 0 { most } else { most.min(200) };
        1 + self.dice.below(most)
    }

    /// The request reaches the server, which acts and answers.
    pub fn arrives(&mut self, call: Call) {
        let reply = match call.fault {
            Some(Fault::Busy) => {
                let span = self.dice.below(120_000);
                failed(Code::Server, Some(429), Some(Millis::of(span)))
            }
            Some(Fault::Down) => failed(Code::Server, Some(503), None),
            Some(Fault::Html) => failed(Code::BadResponse, Some(200), None),
            Some(Fault::Gateway) => {
                self.serve(&call);
                self.server.lose_call(call.id);
                failed(Code::Server, Some(504), None)
            }
            _ => self.serve(&call),
        };
        let reply = match &call.what {
            What::Api { .. } if call.fault.is_some() => None,
            _ if call.fault == Some(Fault::LostAfter) => {
                self.server.lose_call(call.id);
                None
            }
            _ => Some(reply),
        };
        let at = self.now + self.latency();
        self.agenda.add(Lane::None, at, Event::Returns(call, reply));
    }

    fn serve(&mut self, call: &Call) -> Reply {
        let reachable = self.awaits(call) && !self.tabs[call.page.slot].frozen;
        let coming = if reachable { Fate::Coming(call.id, call.page) } else { Fate::Lost };
        match &call.what {
            What::Api { access, stubborn, .. } => {
                Reply::Api { accepted: !stubborn && self.server.takes(self.now, *access) }
            }
            What::Login { .. } => {
                let key = self.server.login(self.now, coming);
                self.granted(key)
            }
            What::Logout { family, .. } => {
                if let Some(family) = family {
                    self.server.revoke(*family, Over::LoggedOut);
                }
                Reply::Done
            }
            What::Refresh { sent, after_loss, .. } => {
                let Some(key) = *sent else { return refused() };
                match self.server.refresh(self.now, key, coming) {
                    Ok(key) => self.granted(key),
                    Err(Refusal::Known) => refused(),
                    Err(Refusal::Reuse(fate)) => {
                        // Its sender gave up on it, or the successor was lost when it was sent.
                        let lost = *after_loss || !self.awaits(call);
                        self.witness_reuse(call.page, key, if lost { Fate::Lost } else { fate });
                        refused()
                    }
                }
            }
            What::Revoke { family } => {
                self.server.revoke(*family, Over::LoggedOut);
                Reply::Done
            }
        }
    }

    fn granted(&self, key: Key) -> Reply {
        let refresh = match (self.setting.means, self.setting.rotation) {
            (Means::Cookie | Means::None, _) => None,
            // A server that does not rotate tells its refresh token once, or every time.
            (Means::Token, Rotation::Never) => key.generation.is_multiple_of(3).then_some(0),
            (Means::Token, Rotation::Once | Rotation::Strict { .. }) => Some(key.generation),
        };
        let lifetime = self.setting.told.then_some(self.setting.lifetime);
        let skew = self.setting.offset - self.clock_set;
        let grant = grant(key, self.now, refresh, lifetime, skew);
        Reply::Auth(Outcome::Granted(grant), Some(key))
    }
}

fn failed(code: Code, status: Option<u16>, retry_after: Option<Millis>) -> Reply {
    let error = Error { status, ..Error::new(code) };
    Reply::Auth(Outcome::Failed { error, retry_after }, None)
}

fn refused() -> Reply {
    let error = Error { status: Some(401), ..Error::new(Code::SessionEnded) };
    Reply::Auth(Outcome::Refused(error), None)
}
