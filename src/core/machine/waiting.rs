//! Those who wait for a token, and those who were refused with one.

use super::Machine;
use crate::core::error::{Code, Error};
use crate::core::expiry::Freshness;
use crate::core::io::{Event, Means, Reason, Refusal, Ticket, Warning};
use crate::core::ledger::Stamp;
use crate::core::rules::Rule;
use crate::core::time::Millis;

/// Those with the same need, in the order in which they came. Where the first cannot be answered
/// yet, nobody behind can, and they are not looked at: thousands who wait cost no more than one.
#[derive(Clone, Debug)]
pub(super) struct Queue {
    pub(super) need: Need,
    callers: Vec<Caller>,
}

#[derive(Clone, Copy, Debug)]
struct Caller {
    ticket: Ticket,
    since: Millis,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Need {
    /// A token that is good now.
    Good,
    /// A token newer than this one.
    NewerThan(Stamp),
    /// To know whether anybody is logged in, which a cookie does not show.
    Truth,
}

/// A session whose new token a resource refused at once: another one would not help (P18).
#[derive(Clone, Copy, Debug)]
pub(super) struct Distrust {
    family: u64,
    since: Millis,
}

impl Machine {
    pub(super) fn wait(&mut self, ticket: Ticket, need: Need) {
        let caller = Caller { ticket, since: self.now.mono };
        match self.waiting.iter_mut().find(|queue| queue.need == need) {
            Some(queue) => queue.callers.push(caller),
            None => self.waiting.push(Queue { need, callers: vec![caller] }),
        }
    }

    /// A caller waits no longer.
    pub(super) fn left(&mut self, ticket: Ticket) {
        for queue in &mut self.waiting {
            // Tickets are given in ascending order.
            if let Ok(at) = queue.callers.binary_search_by_key(&ticket, |caller| caller.ticket) {
                queue.callers.remove(at);
            }
        }
    }

    /// Rule 4: a 401 for a token that is no longer ours is answered with the one we have, unless
    /// that is another login's: nobody's request is repeated in somebody else's name.
    pub(super) fn refused(&mut self, ticket: Ticket, refusal: Refusal) {
        let family = refusal.stamp.family;
        let Some(held) = self.held.as_ref().filter(|held| held.session.stamp.family == family)
        else {
            return self.answer(ticket, Err(Error::new(Code::SessionEnded)));
        };
        let current = held.session.stamp;
        if refusal.stamp != current && self.rules.hold(Rule::LateRefusal) {
            return self.wait(ticket, Need::Good);
        }
        let distrusted = self.distrusted.as_ref().is_some_and(|distrust| {
            distrust.family == family && self.now.mono.since(distrust.since) < DISTRUST
        });
        if distrusted && held.freshness(self.now) == Freshness::Fresh {
            return self.answer(ticket, Err(Error::new(Code::Server)));
        }
        if !self.refreshable() && refusal.invalid_token {
            // Nothing to renew it with, and the server itself says that the token is over.
            self.end_family(Reason::Expired);
            return self.answer(ticket, Err(Error::new(Code::SessionEnded)));
        }
        self.wait(ticket, Need::NewerThan(current));
    }

    /// Rule 4: a new token refused twice is no matter of tokens: warn, and let it be.
    pub(super) fn replayed(&mut self, stamp: Stamp, accepted: bool) {
        let known =
            self.distrusted.as_ref().is_some_and(|distrust| distrust.family == stamp.family);
        if accepted && known {
            self.distrusted = None;
        } else if !accepted && stamp == self.stamp() {
            self.distrusted = Some(Distrust { family: stamp.family, since: self.now.mono });
            self.emit(Event::Warning(Warning::TokenRejected));
        }
    }

    /// Answers everyone who can be answered, and sees to it that a refresh is under way for the
    /// others. Every input ends here (rule 7).
    pub(super) fn settle(&mut self) {
        if self.closed {
            return self.fail_waiting(Error::new(Code::Closed));
        }
        let over = self.held.as_ref().and_then(|held| held.surely_left(self.now));
        if over == Some(Millis::ZERO) && !self.refreshable() {
            self.lapse();
        }
        // A page that starts has no time to compile what answers nobody.
        if !self.waiting.is_empty() {
            self.answer_all(Reply::Known);
        }
        if !self.renewal.is_idle() {
            return;
        }
        if !self.waiting.is_empty() || self.is_due() {
            self.begin_renewal();
        } else if self.check_at.is_some_and(|at| at <= self.now.mono) {
            self.check();
        }
    }

    /// What a caller can be told now; `None` when a refresh has to tell.
    fn known(&self, need: Need, since: Millis) -> Option<Result<(), Error>> {
        let Some(held) = self.held else {
            let askable = self.policy.means == Means::Cookie && need != Need::Good;
            return if askable { self.failing() } else { Some(Err(Error::new(Code::NotLoggedIn))) };
        };
        match need {
            Need::NewerThan(old) if held.session.stamp <= old => {
                if self.refreshable() {
                    self.failing()
                } else {
                    Some(Err(Error::new(Code::SessionEnded)))
                }
            }
            Need::Truth => Some(Ok(())),
            _ if held.freshness(self.now) == Freshness::Fresh || !self.refreshable() => {
                Some(Ok(()))
            }
            _ if self.is_alive() && self.now.mono >= self.patient_until(since) => Some(Ok(())),
            _ => match self.failing() {
                Some(_) if self.is_alive() => Some(Ok(())),
                failing => failing,
            },
        }
    }

    /// Answers those who can be told something; the others go on waiting.
    pub(super) fn answer_all(&mut self, reply: Reply) {
        for mut queue in std::mem::take(&mut self.waiting) {
            let mut answered = 0;
            while let Some(caller) = queue.callers.get(answered)
                && let Some(answer) = self.reply(reply, queue.need, caller.since)
            {
                self.answer(caller.ticket, answer);
                answered += 1;
            }
            queue.callers.drain(..answered);
            if !queue.callers.is_empty() {
                self.waiting.push(queue);
            }
        }
    }

    fn reply(&self, reply: Reply, need: Need, since: Millis) -> Option<Result<(), Error>> {
        match reply {
            Reply::All(answer) => Some(answer),
            Reply::Failure(_) if need == Need::Good && self.is_alive() => Some(Ok(())),
            Reply::Failure(error) => Some(Err(error)),
            Reply::Known => self.known(need, since),
        }
    }

    /// Ends the waiting of everyone.
    pub(super) fn fail_waiting(&mut self, error: Error) {
        self.answer_all(Reply::All(Err(error)));
    }

    /// When a caller has waited long enough for a refresh while the token at hand still lives.
    pub(super) fn patience_timeout(&self) -> Option<Millis> {
        let queue = self.waiting.iter().find(|queue| queue.need == Need::Good)?;
        let longest = queue.callers.first().filter(|_| self.is_alive())?;
        Some(self.patient_until(longest.since))
    }

    /// Who comes while a refresh is under way waits no longer for it than those who were there.
    fn patient_until(&self, since: Millis) -> Millis {
        if self.renewal.is_idle() { since } else { since.min(self.renewal.since) }.plus(PATIENCE)
    }

    /// The failure that callers are answered with while the server is left alone.
    fn failing(&self) -> Option<Result<(), Error>> {
        let barred = self.renewal.is_idle() && self.backoff.woken(self.now.mono) > self.now.mono;
        self.failure.filter(|_| barred && self.rules.hold(Rule::WaitAfterFailure)).map(Err)
    }
}

/// What callers are told.
#[derive(Clone, Copy)]
pub(super) enum Reply {
    /// Everyone the same: an end, or the new token, however short it lives: it is as new as can be.
    All(Result<(), Error>),
    /// A failure, but for those whom the token at hand is good enough while it lives.
    Failure(Error),
    /// What is known; some have to wait for a refresh.
    Known,
}

/// How long a caller waits for a refresh while the token at hand still lives.
const PATIENCE: Millis = Millis::seconds(3);

/// How long a token that was refused when new is not refreshed for a 401.
const DISTRUST: Millis = Millis::seconds(60);
