//! Calls to servers, and those who made them.

use tokenkeeper::core::error::{Code, Error};
use tokenkeeper::core::io::{Input, Outcome, Refusal, Ticket};
use tokenkeeper::core::session::{Grant, Holder, Stored};
use tokenkeeper::core::time::Millis;

use crate::event::{Event, Lane, Page, Task};
use crate::network::{CallId, Reply, What};
use crate::tab::{Purpose, Request};
use crate::tokens::key_of;
use crate::world::World;

impl World {
    pub fn call_within_deadline(&mut self, page: Page, what: What) {
        let call = self.call(page, what.clone());
        self.tabs[page.slot].calls.push((call, what));
        let at = self.now + self.setting.call_deadline;
        self.agenda.add(Lane::None, at, Event::Task(page, Task::Deadline(call)));
    }

    pub fn returned(&mut self, slot: usize, call: CallId, reply: Option<&Reply>, otherwise: Code) {
        let calls = &mut self.tabs[slot].calls;
        let Some(at) = calls.iter().position(|&(open, _)| open == call) else { return };
        let (_, what) = calls.swap_remove(at);
        let (accepted, outcome) = match reply {
            Some(Reply::Api { accepted }) => (Some(*accepted), None),
            Some(Reply::Auth(outcome, _)) => (None, Some(*outcome)),
            Some(Reply::Done) | None => (None, None),
        };
        let error = Error::new(otherwise);
        let outcome = outcome.unwrap_or(Outcome::Failed { error, retry_after: None });
        match what {
            What::Api { request, .. } => {
                if let Some(accepted) = accepted {
                    self.resource_answered(slot, request, accepted);
                }
            }
            What::Login { ticket, .. } => self.feed(slot, Input::LoggedIn(ticket, outcome)),
            What::Logout { ticket, .. } => drop(self.settled(slot, ticket)),
            What::Refresh { attempt, .. } => {
                let outcome = self.as_the_page_sees(slot, outcome);
                self.feed(slot, Input::Answered(attempt, outcome));
            }
            What::Revoke { .. } => {}
        }
    }

    /// Access tokens tell their subject: the shell sees whether a cookie brought somebody else's.
    fn as_the_page_sees(&self, slot: usize, outcome: Outcome) -> Outcome {
        match (outcome, self.tabs[slot].holds()) {
            (Outcome::Granted(grant), Some(held))
                if held.key.subject() != key_of(grant.tokens.access).subject() =>
            {
                Outcome::Granted(Grant { holder: Holder::Another, ..grant })
            }
            (outcome, _) => outcome,
        }
    }

    pub fn answer(&mut self, slot: usize, ticket: Ticket, answer: Result<(), Error>) {
        let Some(waiting) = self.settled(slot, ticket) else { return };
        if let Purpose::Request(request) = waiting
            && answer == Ok(())
        {
            self.send(slot, request);
        }
    }

    /// A page's own call to a resource: with the lease, or after asking for a token.
    pub fn fetch(&mut self, slot: usize, stubborn: bool) {
        let wall = self.clocks(slot).wall;
        let tab = &mut self.tabs[slot];
        tab.requests.push(Request { stubborn, ..Request::default() });
        let request = tab.requests.len() - 1;
        if tab.lease.is_some_and(|lease| wall < lease.until) {
            self.send(slot, request);
        } else {
            let ticket = tab.ticket(self.now, Purpose::Request(request));
            self.feed(slot, Input::Want(ticket));
        }
    }

    /// Sends a request with the token of the last lease.
    fn send(&mut self, slot: usize, request: usize) {
        let page = self.tabs[slot].page;
        let session = self.tabs[slot].lease.unwrap().session;
        self.witness_sending(slot, request, session);
        let one = &mut self.tabs[slot].requests[request];
        one.sendings += 1;
        one.stamp = session.stamp;
        one.subject = key_of(session.tokens.access).subject();
        let what = What::Api { request, access: session.tokens.access, stubborn: one.stubborn };
        let call = self.call(page, what.clone());
        self.tabs[slot].calls.push((call, what));
    }

    /// A 401 is told to the machine once; what comes of the second sending is the caller's.
    fn resource_answered(&mut self, slot: usize, request: usize, accepted: bool) {
        let now = self.now;
        let one = self.tabs[slot].requests[request];
        let stamp = one.stamp;
        if one.sendings > 1 {
            self.feed(slot, Input::Replayed(stamp, accepted));
        } else if !accepted {
            let invalid_token = self.dice.below(2) == 0 && !one.stubborn;
            let ticket = self.tabs[slot].ticket(now, Purpose::Request(request));
            self.feed(slot, Input::Refused(ticket, Refusal { stamp, invalid_token }));
            let wall = self.clocks(slot).wall;
            let tab = &self.tabs[slot];
            let soon = wall.plus(CLOCK_NOISE);
            let fresh = tab.lease.as_ref().is_some_and(|lease| soon < lease.until);
            if fresh {
                self.witness_refusal(slot, ticket, stamp);
            }
        }
    }

    pub fn settled(&mut self, slot: usize, ticket: Ticket) -> Option<Purpose> {
        let now = self.now;
        let awake = self.tabs[slot].awake(now);
        let waiting = self.tabs[slot].waiting.remove(&ticket);
        self.witness_answer(slot, ticket, waiting, awake);
        waiting.map(|waiting| waiting.purpose)
    }

    pub fn login(&mut self, slot: usize) {
        let page = self.tabs[slot].page;
        let tab = &self.tabs[slot];
        if self.full && tab.memory.is_none() && tab.view.seen == Stored::Nothing {
            self.fall_back(slot); // seen before there is something to lose
        }
        let ticket = self.tabs[slot].ticket(self.now, Purpose::Login);
        self.feed(slot, Input::LoggingIn(ticket));
        self.call_within_deadline(page, What::Login { ticket });
    }
}

/// Clocks are rounded and drift: one that moves by less than this was not set.
const CLOCK_NOISE: Millis = Millis::seconds(2);
