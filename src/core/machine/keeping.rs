//! The session in hand: how it comes, how it goes, and what other tabs do to it.

use super::Machine;
use super::waiting::Need;
use crate::core::error::{Code, Error};
use crate::core::expiry::Held;
use crate::core::io::{Event, Lease, Means, Message, Output, Reason, Sharing, Ticket, Warning};
use crate::core::ledger::Stamp;
use crate::core::retry::Backoff;
use crate::core::rules::Rule;
use crate::core::session::{Grant, Session, Stored};
use crate::core::time::Millis;
use crate::core::timeline::Entry;
use crate::core::words::Word;

impl Machine {
    pub(super) fn opened(&mut self, ticket: Ticket, stored: Stored) {
        match stored {
            Stored::Session(session) => {
                self.log(Entry::new(Word::Restored));
                self.hold(session);
            }
            Stored::Unreadable => self.see(stored),
            Stored::Nothing | Stored::Unknown => {}
        }
        if self.policy.means == Means::Cookie {
            self.wait(ticket, Need::Truth); // Where nobody is in the store, only the server knows.
        } else {
            self.answer(ticket, Ok(()));
        }
        // After those who await the opening have gone on.
        self.check_at = Some(self.now.mono.plus(Millis::of(1)));
    }

    /// What the store holds, as far as it can be believed: a store that shows less than what is
    /// known to have happened is behind, and says nothing yet.
    pub(super) fn see(&mut self, stored: Stored) {
        match stored {
            Stored::Session(session) if session.stamp < self.latest => self.check_soon(),
            Stored::Session(session) if session.stamp > self.stamp() => self.adopt(session),
            Stored::Nothing => self.end_remotely(Reason::User),
            Stored::Unreadable => {
                self.emit(Event::Warning(Warning::StorageCorrupt));
                self.check_soon();
            }
            Stored::Session(_) | Stored::Unknown => {}
        }
    }

    /// From here on sessions live in memory, which no other tab reads. The one in hand others may
    /// have, too: with that one it goes on as among tabs; the next is this tab's own.
    pub(super) fn store_failed(&mut self) {
        self.emit(Event::Warning(Warning::StorageUnavailable));
        match self.session() {
            Some(session) => {
                self.store_lost = true;
                self.output(Output::Store(session));
            }
            None => self.policy.store = Sharing::Private,
        }
    }

    pub(super) fn told(&mut self, message: Message) {
        let shared = self.policy.store == Sharing::Shared;
        match message {
            Message::Changed(stamp) if shared => self.hear_of(stamp),
            Message::Changed(_) => {}
            Message::Ended(stamp, reason) => {
                // Between tabs with stores of their own the order of stamps says nothing.
                let concerned = stamp.ends(self.stamp()) || (!shared && stamp.ends_all());
                if concerned || shared {
                    self.latest = self.latest.max(stamp);
                }
                if concerned {
                    self.end_remotely(reason);
                }
            }
        }
    }

    /// Takes up a session that another tab brought about.
    pub(super) fn adopt(&mut self, session: Session) {
        let same = self.stamp().family == session.stamp.family;
        if !same && self.held.is_some() {
            self.fail_waiting(Error::new(Code::SessionEnded));
        }
        self.hold(session);
        self.rested_at = self.now.mono.plus(REST);
        self.emit(if same {
            Event::Refresh { remote: true }
        } else {
            Event::Login { remote: true }
        });
    }

    /// Takes up a session that is our own, and tells those who can see it in the store.
    pub(super) fn keep(&mut self, session: Session) {
        let stamp = session.stamp;
        self.output(Output::Store(session));
        self.hold(session);
        self.rested_at = self.now.mono.plus(REST);
        if self.policy.store == Sharing::Shared {
            self.output(Output::Tell(Message::Changed(stamp)));
        }
    }

    fn hold(&mut self, session: Session) {
        self.hear_of(session.stamp);
        self.forget_failures();
        let held = Held::take_up(session, self.policy.margin, self.now, self.rules);
        self.held = Some(held);
        self.check_soon();
        self.publish_lease(self.lease());
    }

    /// Ends the session in hand, here and wherever it is kept.
    pub(super) fn end(&mut self, stamp: Stamp, reason: Reason) {
        if self.drop_session() {
            self.publish_end(stamp, reason);
            self.emit(Event::Logout { reason, remote: false });
            self.fail_waiting(Error::new(Code::SessionEnded));
        }
    }

    /// The server will have no more of this session, or its time is over: nobody else's ends.
    pub(super) fn end_family(&mut self, reason: Reason) {
        self.end(Stamp::end_of(self.stamp().family), reason);
    }

    /// The time of a session that cannot be renewed is over. A page that counted it from the
    /// beginning tells the others; one that has only the clock's word for it does not (P20).
    pub(super) fn lapse(&mut self) {
        if self.held.as_ref().is_some_and(Held::is_witnessed) {
            return self.end_family(Reason::Expired);
        }
        self.end_here(self.stamp().family, Reason::Expired);
    }

    /// Ends it for this tab. What others know of the family stays as it is.
    pub(super) fn end_here(&mut self, family: u64, reason: Reason) {
        self.lapsed = family;
        self.latest = self.latest.max(Stamp::end_of(family));
        if self.drop_session() {
            self.emit(Event::Logout { reason, remote: false });
            self.fail_waiting(Error::new(Code::SessionEnded));
        }
    }

    /// Another tab ended it, and everywhere: what was in flight there does not bring it back here.
    pub(super) fn end_remotely(&mut self, reason: Reason) {
        let family = self.stamp().family;
        if self.drop_session() {
            self.latest = self.latest.max(Stamp::end_of(family));
            if self.policy.store == Sharing::Private {
                self.output(Output::Erase(self.latest));
            }
            self.emit(Event::Logout { reason, remote: true });
            self.fail_waiting(Error::new(Code::SessionEnded));
            self.check_soon();
        }
    }

    /// The order of stamps says that the session is over.
    pub(super) fn end_as_known(&mut self) {
        self.end_remotely(match self.policy.means {
            _ if !self.latest.is_end() || self.latest.ends_all() => Reason::User,
            Means::None => Reason::Expired,
            Means::Cookie | Means::Token => Reason::RefreshRejected,
        });
    }

    fn drop_session(&mut self) -> bool {
        let dropped = self.held.take().is_some();
        if dropped {
            self.forget_failures();
            self.publish_lease(None);
        }
        dropped
    }

    /// Tabs are told before the store is emptied, so that they learn the reason first. A logout
    /// empties it at once. What has ended by itself can wait until late writes have arrived: an
    /// erasure that crosses with another tab's login would take that along.
    pub(super) fn publish_end(&mut self, stamp: Stamp, reason: Reason) {
        if stamp < self.latest {
            return;
        }
        self.latest = stamp;
        // The end of a session that is this tab's alone is nobody else's.
        if stamp.ends_all() || self.policy.store == Sharing::Shared {
            self.output(Output::Tell(Message::Ended(stamp, reason)));
        }
        if stamp.ends_all() || self.policy.store == Sharing::Private {
            self.output(Output::Erase(stamp));
        }
        self.note_settled(stamp);
        self.check_soon();
    }

    fn forget_failures(&mut self) {
        self.backoff = Backoff::default();
        self.failure = None;
        self.unsure = None;
    }

    pub(super) fn lease(&self) -> Option<Lease> {
        let held = self.held?;
        let until = match held.fresh_for(self.now) {
            Some(span) => self.now.wall.plus(span),
            None => Millis::of(u64::MAX),
        };
        Some(Lease { session: held.session, until, expires: held.expires_at() })
    }

    /// A token nobody may keep is given back, unless that would take a living session with it:
    /// where a cookie carries the session, the server cannot tell the two apart.
    pub(super) fn revoke(&mut self, grant: Grant) {
        let living = !self.latest.is_end() || !self.logins.is_empty();
        let shared_cookie = self.policy.means == Means::Cookie && living;
        if self.rules.hold(Rule::RevokeOrphans) && !shared_cookie {
            self.log(Entry::new(Word::Revoked).because(Word::CameTooLate));
            self.output(Output::Revoke(grant));
        }
    }
}

/// The least distance between refreshes that nobody asked for (P17).
const REST: Millis = Millis::seconds(2);
