//! Watches a run, and says what was wrong. The statement of each invariant stands beside its check.

use std::collections::BTreeMap;

use tokenkeeper::core::io::{Event, Input, Lease, Means, Message, Outcome, Output, Reason, Ticket};
use tokenkeeper::core::session::Stored;

use crate::event::Page;
use crate::server::{Fate, Key, SECRET, key_of};
use crate::setting::{Rotation, Setting};
use crate::tab::{Held, Purpose, Waiting};
use crate::world::World;

#[derive(Clone, Debug, Default)]
pub struct Witness {
    /// The first thing that was wrong.
    pub complaint: Option<String>,
    pub counts: Counts,
    /// A page keeps its session in memory, since the store took nothing.
    pub fallback: bool,
    /// Whether texts are scanned for tokens, which takes most of a run's time.
    pub scans: bool,
    /// What is known of each session, by the family in its stamp.
    known: BTreeMap<u64, Known>,
    pages: Vec<Observed>,
    /// When pages emptied the store.
    pub emptied: Vec<u64>,
    /// The server's families that users logged out of.
    logged_out: Vec<usize>,
    /// Refresh tokens that were sent without the lock.
    unlocked: Vec<Key>,
}

/// What a run came to.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counts {
    pub runs: u64,
    pub steps: u64,
    pub refreshes: u64,
    /// Sessions that ended by a lost answer under strict rotation: nobody can save them.
    pub lost_answers: u64,
    /// Sessions that ended by reuse where a browser had no lock, no ledger or no room.
    pub degraded: u64,
    /// Sessions that went with a logout in another tab, though they began just after it.
    pub crossed: u64,
    /// Cookies of one login overwritten by the late answer to another.
    pub mixed_cookies: u64,
}

impl Counts {
    pub fn add(&mut self, other: Self) {
        self.runs += other.runs;
        self.steps += other.steps;
        self.refreshes += other.refreshes;
        self.lost_answers += other.lost_answers;
        self.degraded += other.degraded;
        self.crossed += other.crossed;
        self.mixed_cookies += other.mixed_cookies;
    }
}

#[derive(Clone, Copy, Debug, Default)]
struct Known {
    taken_up: Option<u64>,
    logged_out: Option<u64>,
}

/// What one page did of late.
#[derive(Clone, Debug, Default)]
struct Observed {
    page: Page,
    held: Option<Held>,
    taken_up: u64,
    /// When the server last refused it a refresh.
    refused: u64,
    /// Families this page saw the end of.
    done_with: Vec<u64>,
    sent: Vec<(u64, Option<Key>)>,
    asked: Vec<u64>,
    /// Tokens that came and were neither kept nor given back so far.
    in_hand: Option<Key>,
}

impl Witness {
    pub fn complain(&mut self, what: impl FnOnce() -> String) {
        if self.complaint.is_none() {
            self.complaint = Some(what());
        }
    }

    fn known(&mut self, family: u64) -> &mut Known {
        self.known.entry(family).or_default()
    }

    fn page(&mut self, page: Page) -> &mut Observed {
        if self.pages.len() <= page.slot {
            self.pages.resize(page.slot + 1, Observed::default());
        }
        let observed = &mut self.pages[page.slot];
        if observed.page != page {
            *observed = Observed { page, ..Observed::default() };
        }
        observed
    }
}

impl World {
    pub fn witness_input(&mut self, slot: usize, input: &Input) {
        self.trace.add(self.now, || format!("tab {slot} ← {input:?}"));
        self.scan(|| format!("{input:?}"));
        let page = self.tabs[slot].page;
        let held = self.tabs[slot].holds();
        let now = self.now;
        let observed = self.witness.page(page);
        observed.held = held;
        match input {
            Input::Answered(_, Outcome::Granted(grant))
            | Input::LoggedIn(_, Outcome::Granted(grant)) => {
                observed.in_hand = Some(key_of(&grant.access));
            }
            Input::Answered(_, Outcome::Refused(_)) => observed.refused = now,
            Input::Want(_) | Input::Renew(_) | Input::Refused(..) => observed.asked.push(now),
            Input::Logout(_) => {
                self.witness.emptied.push(now);
                // Whose login has not been heard of here may come later in the order of stamps,
                // when the clock was set back in between.
                let unheard = if self.setting.jumps {
                    CHANNEL_DELAY.max(2 * self.setting.store_delay)
                } else {
                    0
                };
                for known in self.witness.known.values_mut() {
                    if known.taken_up.is_some_and(|at| at + unheard < now) {
                        known.logged_out.get_or_insert(now);
                    }
                }
                if let Some(held) = held {
                    self.witness.logged_out.push(held.key.family);
                    self.witness.known(held.stamp.family).logged_out.get_or_insert(now);
                }
            }
            _ => {}
        }
    }

    pub fn witness_output(&mut self, slot: usize, output: &Output) {
        self.trace.add(self.now, || format!("tab {slot} → {output:?}"));
        self.scan(|| format!("{output:?}"));
        let closing = self.tabs[slot].closing;
        match output {
            // 7: a closed manager says nothing more, and begins nothing.
            Output::Emit(_) | Output::Lease(Some(_)) | Output::Lock(_) | Output::Refresh(..)
                if closing =>
            {
                self.witness.complain(|| format!("7: tab {slot} was closed: {output:?}"));
            }
            Output::Emit(Event::Logout { reason, remote }) => {
                self.judge_end(slot, *reason, *remote)
            }
            Output::Emit(Event::Login { remote: false }) => self.witness_login(slot),
            Output::Revoke(grant) => self.witness_handled(slot, key_of(&grant.access)),
            Output::Store(session) => self.witness_handled(slot, key_of(&session.access)),
            _ => {}
        }
    }

    /// 8: after a logout, a cookie that the server never heard the end of brings the session back
    /// only when somebody asks for it, or nothing remembers the logout.
    fn witness_login(&mut self, slot: usize) {
        let Some(held) = self.tabs[slot].holds() else { return };
        let family = held.key.family;
        let waiting = &self.tabs[slot].waiting;
        let asked =
            waiting.values().any(|one| matches!(one.purpose, Purpose::Login | Purpose::Renew));
        let remembered = self.setting.ledger && self.setting.shared();
        if asked || !remembered {
            self.witness.logged_out.retain(|&done| done != family);
        } else if self.witness.logged_out.contains(&family) {
            self.witness.complain(|| format!("8: {held:?} was brought back by a cookie"));
        }
    }

    fn witness_handled(&mut self, slot: usize, key: Key) {
        let observed = self.witness.page(self.tabs[slot].page);
        observed.in_hand = observed.in_hand.filter(|&in_hand| in_hand != key);
    }

    pub fn witness_message(&mut self, message: Message) {
        self.scan(|| format!("{message:?}"));
    }

    /// 9: no token stands in what goes in, comes out, is told, or is remembered for `explain()`.
    fn scan(&mut self, text: impl FnOnce() -> String) {
        if self.witness.scans {
            let text = text();
            if text.contains(SECRET) {
                self.witness.complain(|| format!("9: a token in a text: {text}"));
            }
        }
    }

    /// 5: a session ends only by a logout, an explicit refusal, its true expiry, or a lost answer.
    fn judge_end(&mut self, slot: usize, reason: Reason, remote: bool) {
        let page = self.tabs[slot].page;
        let now = self.now;
        let Some(held) = self.witness.page(page).held else { return };
        self.witness.page(page).done_with.push(held.stamp.family);
        let family = self.server.families[held.key.family].clone();
        let over = family.over.is_some();
        let successor_lost = family
            .fates
            .iter()
            .skip(held.key.generation as usize + 1)
            .any(|&fate| fate == Fate::Lost);
        let logged_out = self.witness.known(held.stamp.family).logged_out.is_some();
        // Another login had taken its place, whatever became of that one.
        let replaced = self.witness.known.range(held.stamp.family + 1..).next().is_some();
        // A page that takes a session up after the clock was set knows nothing but the clock.
        let taken_up = self.witness.page(page).taken_up;
        let clock_lies = self.jumps.iter().any(|at| (family.begun..=taken_up).contains(at));
        let expired = self.setting.means == Means::None
            && (clock_lies || now + EXPIRY_SLACK >= family.begun + self.setting.lifetime);
        // Another tab has, or had, the successor, and nothing orders the two.
        let raced = !self.is_strong(held.key) && self.setting.rotation == Rotation::Once;
        let mixed = self.setting.means == Means::Cookie
            && self.jar.is_none_or(|jar| jar.family != held.key.family);
        if mixed && !over && !logged_out {
            self.witness.counts.mixed_cookies += 1;
        }
        // An erasure and a login in different tabs that crossed on their way to the store.
        let begun = self.witness.known(held.stamp.family).taken_up.unwrap_or(now);
        let crossed = self.witness.emptied.iter().any(|at| at.abs_diff(begun) <= self.lag());
        if crossed && !over && !logged_out {
            self.witness.counts.crossed += 1;
        }
        if !(over
            || replaced
            || raced
            || crossed
            || successor_lost
            || logged_out
            || expired
            || mixed
            || self.witness.fallback)
        {
            self.witness.complain(|| {
                format!("5: tab {slot} lost a living session: {held:?} {reason:?} remote: {remote}")
            });
        }
        let refused = self.witness.page(page).refused;
        let successor = family.fates.get(held.key.generation as usize + 1);
        if reason == Reason::RefreshRejected
            && !remote
            && !self.setting.freezes
            && matches!(successor, Some(Fate::Kept { at }) if *at <= refused)
            && self.setting.rotation == Rotation::Once
            && self.setting.means == Means::Token
            && self.setting.shared()
            && !self.witness.fallback
        {
            self.witness.complain(|| format!("5: tab {slot} did not see who was faster: {held:?}"));
        }
        if reason == Reason::User && !remote && !logged_out {
            self.witness.complain(|| format!("5: tab {slot} invented a logout"));
        }
    }

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
    fn is_strong(&self, key: Key) -> bool {
        // Who has the lock takes an intent for a dead tab's; it was that of one without the lock.
        let mixed = self.witness.unlocked.contains(&key);
        let Setting { ledger, locks, jumps, crashes, freezes, latency, .. } = self.setting;
        let by_ledger = ledger && !(locks && mixed) && (locks || !jumps);
        // Without a ledger the lock is held until a write has spread, if nobody dies before.
        let by_lock =
            locks && self.setting.store_delay <= 20 && latency <= 3_000 && !(crashes || freezes);
        self.setting.shared() && (by_ledger || by_lock) && !self.witness.fallback
    }

    /// 2: one refresh in flight per tab. 5: a server that fails, or tokens that live for a moment,
    /// do not make a storm.
    pub fn witness_refresh(&mut self, page: Page, sent: Option<Key>) {
        let now = self.now;
        self.witness.counts.refreshes += 1;
        let calls = &self.tabs[page.slot].calls;
        if calls.iter().any(|(_, what)| matches!(what, crate::network::What::Refresh { .. })) {
            self.witness.complain(|| format!("2: two refreshes in flight in {page:?}"));
        }
        if let Some(key) = sent.filter(|_| self.lock.holder().is_none_or(|(to, _)| to != page)) {
            self.witness.unlocked.push(key);
        }
        let observed = self.witness.page(page);
        observed.sent.retain(|&(at, _)| at + MINUTE > now);
        observed.asked.retain(|&at| at + MINUTE > now);
        observed.sent.push((now, sent));
        let same = observed.sent.iter().filter(|(_, key)| *key == sent).count();
        let (all, asked) = (observed.sent.len(), observed.asked.len());
        let rotates = self.setting.rotation != Rotation::Never;
        if sent.is_some() && rotates && same > 11 {
            self.witness.complain(|| format!("5: {page:?} sent {sent:?} {same} times in a minute"));
        }
        if all > 33 + asked {
            self.witness.complain(|| format!("5: {all} refreshes in a minute by {page:?}"));
        }
    }

    /// 4: a request is sent at most twice, and with the session's own token. 1: one that is good.
    pub fn witness_sending(&mut self, slot: usize, request: usize, lease: &Lease) {
        let key = key_of(&lease.token);
        let now = self.now;
        if self.tabs[slot].requests[request].sendings >= 2 {
            self.witness.complain(|| format!("4: tab {slot} sends request {request} a third time"));
        }
        if self.tabs[slot].holds().is_none_or(|held| held.key.family != key.family) {
            self.witness.complain(|| format!("8: tab {slot} sends {key:?}, which is not its own"));
        }
        let clocks_are_fair = !self.setting.jumps && !self.setting.freezes && self.setting.told;
        let expiry = self.server.expiry(&lease.token) + 2 * self.setting.latency + EXPIRY_SLACK;
        if clocks_are_fair && now > expiry {
            self.witness.complain(|| format!("1: tab {slot} sends an expired token: {key:?}"));
        }
    }

    /// 4: a 401 for a token that is no longer ours is answered at once with the one we have.
    pub fn witness_late_refusal(&mut self, slot: usize, ticket: Ticket) {
        if self.tabs[slot].waiting.contains_key(&ticket) {
            self.witness.complain(|| format!("4: {ticket:?} of tab {slot} needed no refresh"));
        }
    }

    /// 7: everyone is answered exactly once, within a bound.
    pub fn witness_answer(
        &mut self,
        slot: usize,
        ticket: Ticket,
        waiting: Option<Waiting>,
        awake: u64,
    ) {
        let bound = ANSWER_BOUND + 3 * self.setting.timer_delay;
        match waiting {
            None => self.witness.complain(|| format!("7: {ticket:?} of tab {slot} answered twice")),
            Some(waiting) if awake - waiting.since > bound => self.witness.complain(|| {
                format!("7: {waiting:?} {ticket:?} of tab {slot} waited {}", awake - waiting.since)
            }),
            Some(_) => {}
        }
    }

    /// 7: a timer that rang does not ask to be rung again at once.
    pub fn witness_tick(&mut self, slot: usize) {
        let now = self.clocks(slot);
        let timeout = self.tabs[slot].machine.as_ref().and_then(|machine| machine.timeout());
        if timeout.is_some_and(|at| at <= now.mono) {
            self.witness
                .complain(|| format!("7: a busy loop in tab {slot}: {timeout:?} at {now:?}"));
        }
    }

    /// 8: after a logout nobody gets a session back that began before it.
    pub fn witness_tab(&mut self, slot: usize) {
        let (page, now) = (self.tabs[slot].page, self.now);
        if self.witness.scans {
            let machine = self.tabs[slot].machine.clone();
            self.scan(|| format!("{machine:?}"));
        }
        self.witness_orphan(slot);
        let Some(holds) = self.tabs[slot].holds() else { return };
        let before = self.witness.page(page).held;
        let family = holds.stamp.family;
        let taken_up = before.is_none_or(|before| before.stamp.family != family);
        self.witness.known(family).taken_up.get_or_insert(now);
        if taken_up {
            self.witness.page(page).taken_up = now;
        }
        if taken_up && self.witness.page(page).done_with.contains(&family) {
            self.witness.complain(|| format!("8: {holds:?} is back in tab {slot}"));
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
    fn witness_orphan(&mut self, slot: usize) {
        let page = self.tabs[slot].page;
        if self.tabs[slot].machine.as_ref().is_some_and(|machine| !machine.is_at_rest()) {
            return;
        }
        if let Some(key) = self.witness.page(page).in_hand.take()
            && self.witness.logged_out.contains(&key.family)
            && self.tabs[slot].holds().is_none_or(|held| held.key.family != key.family)
            && self.setting.means != Means::Cookie
        {
            self.witness.complain(|| format!("3: {key:?} was neither kept nor given back"));
        }
    }

    /// How late a page may know what another did.
    fn lag(&self) -> u64 {
        CHANNEL_DELAY + 2 * self.setting.store_delay
    }

    /// When all faults have been over for long enough: everyone who waited has an answer, locks
    /// are back, and all pages agree with the store.
    pub fn judge_the_end(&mut self) {
        self.witness.counts.runs = 1;
        self.witness.counts.steps = self.steps;
        if self.witness.complaint.is_some() {
            return;
        }
        for slot in 0..self.tabs.len() {
            if self.tabs[slot].runs() {
                self.witness_tab(slot);
            }
            if let Some((ticket, waiting)) = self.tabs[slot].waiting.first_key_value()
                && self.tabs[slot].runs()
            {
                let what = format!("7: {ticket:?} {waiting:?} of tab {slot} was never answered");
                self.witness.complain(|| what);
            }
        }
        if let Err(dissent) = self.agree() {
            self.witness.complain(|| dissent);
        }
    }

    /// 2: locks are back. 3, 8: what is in the store is what every page holds.
    pub fn agree(&self) -> Result<(), String> {
        if let Some(holder) = self.lock.holder() {
            return Err(format!("2: {holder:?} never gave the lock back"));
        }
        if !self.setting.shared() || self.witness.fallback {
            return Ok(());
        }
        // A page that has only the clock's word for an expiry keeps it to itself.
        if self.setting.means == Means::None && !self.jumps.is_empty() {
            return Ok(());
        }
        let running = self.tabs.iter().filter(|tab| tab.runs());
        let held: Vec<_> = running.map(|tab| tab.holds().map(|held| held.stamp)).collect();
        let Some(&first) = held.first() else { return Ok(()) };
        let (stored, dead) = match &self.store {
            Stored::Session(session) => {
                let over = !self.server.takes(self.now, &session.access);
                (Some(session.stamp), over && self.setting.means == Means::None)
            }
            _ => (None, false),
        };
        let same = stored == first || (first.is_none() && dead);
        if same && held.iter().all(|&stamp| stamp == first) {
            return Ok(());
        }
        Err(format!("3: pages hold {held:?}, the store has {stored:?}"))
    }
}

const MINUTE: u64 = 60_000;

/// The longest anybody waits: for the lock, for another page's write, for the server.
const ANSWER_BOUND: u64 = 80_000;

/// How long the news of a logout may take to a page that is awake.
const PROPAGATION: u64 = 5_000;

/// How long a message between pages may take.
const CHANNEL_DELAY: u64 = 20;

/// Clocks are believed to a second or two.
const EXPIRY_SLACK: u64 = 2_000;
