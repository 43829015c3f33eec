//! Logging in and out.

use super::Machine;
use crate::core::error::{Code, Error};
use crate::core::io::{Attempt, Event, Evidence, Outcome, Output, Reason, Sharing, Ticket};
use crate::core::ledger::{FAMILIES_A_MILLI, Stamp};
use crate::core::session::{Grant, Session};
use crate::core::timeline::Entry;
use crate::core::words::Word;

/// A login that is under way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Login {
    pub(super) ticket: Ticket,
    /// What the server granted; this attempt finds its place in the order of sessions.
    pub(super) granted: Option<(Attempt, Grant)>,
}

impl Machine {
    #[inline(never)] // as Machine::handle
    pub(super) fn logged_in(&mut self, ticket: Ticket, outcome: Outcome) {
        let Some(at) = self.logins.iter().position(|login| login.ticket == ticket) else {
            // A logout came between: nothing that was in flight brings a session back.
            if let Outcome::Granted(grant) = outcome {
                self.revoke(grant);
            }
            return;
        };
        self.logins.swap_remove(at);
        match outcome {
            Outcome::Granted(grant) => {
                self.notice_skew(&grant);
                if self.policy.store == Sharing::Shared {
                    // The clock alone cannot order families: it may have been set back.
                    let attempt = self.next_attempt();
                    self.logins.push(Login { ticket, granted: Some((attempt, grant)) });
                    self.ask(attempt);
                } else {
                    self.enter(ticket, grant);
                }
            }
            Outcome::Refused(error) | Outcome::Failed { error, .. } => {
                self.log(Entry {
                    status: error.status,
                    ..Entry::new(Word::LoginFailed).because(error.code.word())
                });
                self.answer(ticket, Err(error));
            }
        }
    }

    /// Takes in what ledger and store say, if it was a login that asked, and says whether it was.
    pub(super) fn arrive(&mut self, attempt: Attempt, evidence: &Evidence) -> bool {
        let asked = |login: &Login| login.granted.is_some_and(|(asked, _)| asked == attempt);
        let Some(at) = self.logins.iter().position(asked) else { return false };
        self.learn(evidence);
        let login = self.logins.swap_remove(at);
        if let Some((_, grant)) = login.granted {
            self.enter(login.ticket, grant);
        }
        true
    }

    fn enter(&mut self, ticket: Ticket, grant: Grant) {
        self.fail_waiting(Error::new(Code::SessionEnded));
        let stamp = self.begin_session(grant);
        self.note_settled(stamp);
        self.answer(ticket, Ok(()));
    }

    /// Keeps what the server granted as the newest session there is.
    pub(super) fn begin_session(&mut self, grant: Grant) -> Stamp {
        if self.store_lost {
            self.policy.store = Sharing::Private;
        }
        let stamp = Stamp { family: self.next_family(), generation: 1 };
        self.keep(Session::begun(stamp, grant, self.now.wall));
        self.emit(Event::Login { remote: false });
        stamp
    }

    /// Rule 8: logout is at once. Memory first, then the other tabs and the store; the server
    /// hears of it last. What is in flight finds nobody to bring back.
    pub(super) fn logout(&mut self, ticket: Ticket) {
        self.fail_logins(Error::new(Code::SessionEnded));
        let session = self.session();
        let stamp = Stamp { family: self.next_family(), generation: 0 };
        if session.is_some() {
            self.end(stamp, Reason::User);
        } else {
            self.publish_end(stamp, Reason::User);
        }
        self.output(Output::Logout(ticket, session));
    }

    /// Logins that are under way come to nothing.
    pub(super) fn fail_logins(&mut self, error: Error) {
        for Login { ticket, granted } in std::mem::take(&mut self.logins) {
            self.answer(ticket, Err(error));
            if let Some((_, grant)) = granted {
                self.revoke(grant);
            }
        }
    }

    /// Families are ordered by the time of their login, whatever the clock did since the last.
    fn next_family(&mut self) -> u64 {
        let known = self.latest.family.max(self.newest);
        let least = Stamp::first_family(self.now.wall).max(known.saturating_add(1));
        least.saturating_add(self.dice.below(FAMILIES_A_MILLI))
    }
}
