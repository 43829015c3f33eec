//! How sessions end, and that what has ended does not come back (5, 8, 3).

use tokenkeeper::core::io::{Means, Reason, Ticket};

use super::{CHANNEL_DELAY, EXPIRY_SLACK};
use crate::server::Fate;
use crate::setting::Rotation;
use crate::tab::{Held, Purpose};
use crate::world::World;

/// A session that ended in a tab.
#[derive(Clone, Copy)]
struct End {
    slot: usize,
    held: Held,
    reason: Reason,
    remote: bool,
}

impl World {
    /// 5: a session ends only by a logout, an explicit refusal, its true expiry, or a lost answer.
    pub fn judge_end(&mut self, slot: usize, reason: Reason, remote: bool) {
        let observed = self.witness.page(self.tabs[slot].page);
        let Some(held) = observed.held else { return };
        observed.done_with.push(held.stamp.family);
        let end = End { slot, held, reason, remote };
        let (due, unlucky) = (self.was_due(end), self.was_unlucky(end));
        if !due && !unlucky {
            self.witness.complain(|| {
                format!("5: tab {slot} lost a living session: {held:?} {reason:?} remote: {remote}")
            });
        }
        if self.was_blind(end) {
            self.witness.complain(|| format!("5: tab {slot} did not see who was faster: {held:?}"));
        }
        let logged_out = self.witness.known(held.stamp.family).logged_out.is_some();
        if reason == Reason::User && !remote && !logged_out {
            self.witness.complain(|| format!("5: tab {slot} invented a logout"));
        }
    }

    /// The session was over, as far as anybody can know.
    fn was_due(&mut self, End { slot, held, .. }: End) -> bool {
        // A page that takes a session up after the clock was set knows nothing but the clock.
        let taken_up = self.witness.page(self.tabs[slot].page).taken_up;
        let family = &self.server.families[held.key.family];
        let clock_lies = self.jumps.iter().any(|at| (family.begun..=taken_up).contains(at));
        let expired = self.setting.means == Means::None
            && (clock_lies || self.now + EXPIRY_SLACK >= family.begun + self.setting.lifetime);
        let mut successors = family.fates.iter().skip(held.key.generation as usize + 1);
        let successor_lost = successors.any(|&fate| fate == Fate::Lost);
        // Another login had taken its place, whatever became of that one.
        let replaced = self.witness.known.range(held.stamp.family + 1..).next().is_some();
        self.was_ended(held) || expired || successor_lost || replaced
    }

    /// The session was not over, and this world cannot do better.
    fn was_unlucky(&mut self, End { held, reason, remote, .. }: End) -> bool {
        // Another tab has, or had, the successor, and nothing orders the two.
        let raced = !self.is_strong(held.key) && self.setting.rotation == Rotation::Once;
        // The clock was set back, and nothing remembers in what order things happened.
        let unordered = remote
            && reason == Reason::User
            && !self.jumps.is_empty()
            && (!self.setting.ledger || self.witness.ledger_broken || !self.setting.shared());
        // The browser holds the cookie of another session.
        let mixed = self.setting.means == Means::Cookie
            && self.jar.is_none_or(|jar| jar.family != held.key.family);
        // An erasure and a login in different tabs that crossed on their way to the store.
        let begun = self.witness.known(held.stamp.family).taken_up.unwrap_or(self.now);
        let crossed = self.witness.emptied.iter().any(|at| at.abs_diff(begun) <= self.lag());
        if !self.was_ended(held) {
            self.witness.counts.mixed_cookies += u64::from(mixed);
            self.witness.counts.crossed += u64::from(crossed);
        }
        raced || unordered || mixed || crossed || self.witness.fallback
    }

    /// A refusal ended it here, though another tab had stored its successor by then.
    fn was_blind(&mut self, End { slot, held, reason, remote }: End) -> bool {
        let refused = self.witness.page(self.tabs[slot].page).refused;
        let fates = &self.server.families[held.key.family].fates;
        let successor = fates.get(held.key.generation as usize + 1);
        reason == Reason::RefreshRejected
            && !remote
            && !self.setting.freezes
            && !self.witness.ledger_broken
            && matches!(successor, Some(Fate::Kept { at }) if *at <= refused)
            && self.setting.rotation == Rotation::Once
            && self.setting.means == Means::Token
            && self.setting.shared()
            && !self.witness.fallback
    }

    /// The server takes nothing of it any more, or its user logged out.
    fn was_ended(&mut self, held: Held) -> bool {
        self.server.families[held.key.family].over.is_some()
            || self.witness.known(held.stamp.family).logged_out.is_some()
    }

    /// 8: after a logout, a cookie that the server never heard the end of brings the session back
    /// only when somebody asks for it, or nothing remembers the logout.
    pub fn witness_login(&mut self, slot: usize) {
        let Some(held) = self.tabs[slot].holds() else { return };
        let family = held.key.family;
        let waiting = &self.tabs[slot].waiting;
        let asked =
            waiting.values().any(|one| matches!(one.purpose, Purpose::Login | Purpose::Renew));
        // A late answer to an earlier call has put that cookie in the place of a living one.
        let mixed = self.witness.page(self.tabs[slot].page).held.is_some();
        let remembered =
            self.setting.ledger && self.setting.shared() && !self.witness.ledger_broken;
        if asked || mixed || !remembered {
            self.witness.logged_out.remove(&family);
        } else if self.witness.logged_out.contains_key(&family) {
            self.witness.complain(|| format!("8: {held:?} was brought back by a cookie"));
        }
    }

    /// 8: after a logout nobody gets a session back that began before it.
    pub fn witness_tab(&mut self, slot: usize) {
        let (page, now) = (self.tabs[slot].page, self.now);
        self.witness_orphan(slot);
        let Some(holds) = self.tabs[slot].holds() else { return };
        let before = self.witness.page(page).held;
        let family = holds.stamp.family;
        let taken_up = before.is_none_or(|before| before.stamp.family != family);
        self.witness.known(family).taken_up.get_or_insert(now);
        if taken_up {
            self.witness.page(page).taken_up = now;
        }
        // 3: a session is of one login for ever: no answer to another's refresh gets into it. A
        // cookie may bring another login's; 4: but never another person's.
        let first = *self.witness.known(family).first.get_or_insert(holds.key);
        if first.family != holds.key.family && self.setting.means != Means::Cookie {
            self.witness.complain(|| format!("3: {holds:?} was of {first:?} before"));
        }
        if first.subject() != holds.key.subject() {
            self.witness
                .complain(|| format!("4: {holds:?} was somebody else's, {first:?}, before"));
        }
        if taken_up && self.witness.page(page).done_with.contains(&family) {
            self.witness.complain(|| format!("8: {holds:?} is back in tab {slot}"));
        }
        let observed = self.witness.page(page);
        let cancelled = |(ticket, granted): &(Ticket, usize)| {
            *granted == holds.key.family && observed.cancelled.contains(ticket)
        };
        if taken_up && self.setting.means != Means::Cookie && observed.granted.iter().any(cancelled)
        {
            self.witness
                .complain(|| format!("8: tab {slot} logged in after its logout: {holds:?}"));
        }
        let Some(logged_out) = self.witness.known(family).logged_out else { return };
        let since = logged_out.max(self.tabs[slot].thawed).max(self.tabs[slot].born);
        // A page with a store of its own that opens just then has nobody to learn from.
        let told = self.setting.shared()
            || self.setting.channel && self.tabs[slot].born + PROPAGATION < logged_out;
        // Where nothing but the store tells, a late refresh may turn it back more than once.
        let alone = !self.setting.channel && !self.setting.ledger;
        let bound = PROPAGATION * if alone { 4 } else { 1 } + 2 * self.setting.timer_delay;
        if now > since + bound && told && !self.witness.fallback {
            self.witness.complain(|| format!("8: tab {slot} still holds {holds:?}"));
        }
    }

    /// 3: a fresh token that comes after the logout is given back.
    pub fn witness_orphan(&mut self, slot: usize) {
        let page = self.tabs[slot].page;
        if self.tabs[slot].machine.as_ref().is_some_and(|machine| !machine.is_at_rest()) {
            return;
        }
        if let Some((key, came)) = self.witness.page(page).in_hand.take()
            && self.witness.logged_out.get(&key.family).is_some_and(|&at| at <= came + LOOK)
            && self.tabs[slot].holds().is_none_or(|held| held.key.family != key.family)
            && self.setting.means != Means::Cookie
        {
            self.witness.complain(|| format!("3: {key:?} was neither kept nor given back"));
        }
    }

    /// How late a page may know what another did.
    pub fn lag(&self) -> u64 {
        CHANNEL_DELAY + 2 * self.setting.store_delay
    }
}

/// How long a page looks before it decides.
const LOOK: u64 = 8;

/// How long the news of a logout may take to a page that is awake.
const PROPAGATION: u64 = 5_000;
