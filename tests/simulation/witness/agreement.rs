//! What all come to in the end (2, 3, 6, 7, 8).

use tokenkeeper::core::io::Means;
use tokenkeeper::core::session::Stored;

use crate::world::World;

impl World {
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
                self.judge_lost_answer(slot);
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
                let over = !self.server.takes(self.now, session.tokens.access);
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

    /// 6: a refresh whose answer was lost is tried again, though its access token be good.
    fn judge_lost_answer(&mut self, slot: usize) {
        let held = self.tabs[slot].holds();
        let unsure = self.witness.page(self.tabs[slot].page).unsure;
        if self.setting.means == Means::Token && held.is_some_and(|held| unsure == Some(held.key)) {
            self.witness.complain(|| format!("6: tab {slot} never asked again for {unsure:?}"));
        }
    }
}
