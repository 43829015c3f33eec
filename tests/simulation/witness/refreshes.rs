//! What is sent to the authorization server (2, 5).

use tokenkeeper::core::io::Means;

use super::MINUTE;
use crate::event::Page;
use crate::network::What;
use crate::server::{Fate, Key};
use crate::setting::{Rotation, Setting};
use crate::world::World;

impl World {
    /// 2: while lock and ledger work, no refresh token is sent that was used successfully, unless
    /// the answer was lost.
    pub fn witness_reuse(&mut self, page: Page, key: Key, fate: Fate) {
        let strong = self.is_strong(key);
        self.trace.add(self.now, || format!("server: {key:?} came twice, its successor: {fate:?}"));
        if fate == Fate::Lost {
            self.witness.counts.lost_answers += 1;
        } else if strong && self.setting.means != Means::Cookie {
            self.witness.complain(|| format!("2: {key:?} was sent again by {page:?}, {fate:?}"));
        } else {
            self.witness.counts.degraded += 1;
        }
    }

    /// Whether this world has what it takes to send no refresh token twice.
    pub fn is_strong(&self, key: Key) -> bool {
        // Who has the lock takes an intent for a dead tab's; it was that of one without the lock.
        let mixed = self.witness.unlocked.contains(&key);
        let Setting { ledger, locks, jumps, crashes, freezes, latency, .. } = self.setting;
        let by_ledger = ledger && !(locks && mixed) && (locks || !jumps);
        // Without a ledger the lock is held until a write has spread, if nobody dies before.
        let by_lock = locks
            && !mixed
            && self.setting.store_delay <= 20
            && latency <= 3_000
            && !(crashes || freezes);
        self.setting.shared()
            && (by_ledger || by_lock)
            && !self.witness.fallback
            && !self.witness.ledger_broken
    }

    /// 2: one refresh in flight per tab. 5: a server that fails, or tokens that live for a moment,
    /// do not make a storm.
    pub fn witness_refresh(&mut self, page: Page, sent: Option<Key>) {
        let now = self.now;
        self.witness.counts.refreshes += 1;
        let calls = &self.tabs[page.slot].calls;
        if calls.iter().any(|(_, what)| matches!(what, What::Refresh { .. })) {
            self.witness.complain(|| format!("2: two refreshes in flight in {page:?}"));
        }
        if self.witness.page(page).unlocked {
            self.witness.unlocked.extend(sent);
        }
        let observed = self.witness.page(page);
        observed.sent.retain(|&(at, _)| at + MINUTE > now);
        observed.asked.retain(|&at| at + MINUTE > now);
        let again = sent.is_some() && observed.sent.last().is_some_and(|last| last.1 == sent);
        let early = again && now < observed.barred;
        observed.sent.push((now, sent));
        observed.unsure = None;
        let same = observed.sent.iter().filter(|(_, key)| *key == sent).count();
        let (all, asked) = (observed.sent.len(), observed.asked.len());
        let rotates = self.setting.rotation != Rotation::Never;
        // A cookie is another session's as soon as somebody logs in or out.
        if early && rotates && self.setting.means == Means::Token {
            self.witness.complain(|| format!("5: {page:?} did not wait as the server asked"));
        }
        if sent.is_some() && rotates && same > 11 {
            self.witness.complain(|| format!("5: {page:?} sent {sent:?} {same} times in a minute"));
        }
        if all > 33 + asked {
            self.witness.complain(|| format!("5: {all} refreshes in a minute by {page:?}"));
        }
    }

    /// 5: the failure of one session's refresh is not another session's.
    pub fn witness_failure(&mut self, slot: usize) {
        let failed = self.witness.page(self.tabs[slot].page).failed;
        let held = self.tabs[slot].holds();
        if let (Some(failed), Some(held)) = (failed, held)
            && failed.family != held.key.family
            && self.setting.means == Means::Token
        {
            self.witness.complain(|| format!("5: {held:?} pays for the failure of {failed:?}"));
        }
    }
}
