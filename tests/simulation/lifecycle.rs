//! Pages come and go, stand still and wake; so does the device.

use tokenkeeper::core::io::Input;
use tokenkeeper::core::machine::Machine;
use tokenkeeper::core::retry::Dice;
use tokenkeeper::core::time::{Millis, Now};

use crate::event::{Event, Lane, Page, Task};
use crate::people::Deed;
use crate::store::View;
use crate::tab::{Purpose, Tab};
use crate::world::World;

impl World {
    /// What a page's two clocks say.
    pub fn clocks(&self, slot: usize) -> Now {
        let wall = BASE.saturating_add_signed(self.clock_set - self.setting.offset) + self.now;
        let tab = &self.tabs[slot];
        let asleep = if self.setting.mono_stops { self.slept - tab.slept } else { 0 };
        let mono = self.now - tab.born - asleep;
        Now { wall: Millis::of(wall), mono: Millis::of(mono) }
    }

    pub fn open(&mut self, slot: usize) {
        let private = std::mem::take(&mut self.tabs[slot].view.seen);
        let life = self.tabs[slot].page.life + 1;
        let stored = if self.setting.shared() { self.store } else { private };
        // What it listens to late, it listens to when a timer rings: in the background up to a second later.
        let late = self.setting.timer_delay.min(1_000);
        let deaf = if self.healed { 0 } else { Dice::new(self.now).below(late + 1) };
        let mut tab = Tab {
            page: Page { slot, life },
            view: View::opened_upon(stored),
            born: self.now,
            hears_from: self.now + deaf,
            channel_from: if self.setting.shared() { self.now + deaf } else { self.now },
            slept: self.slept,
            ..Tab::default()
        };
        let ticket = tab.ticket(self.now, Purpose::Open);
        let read = tab.read();
        self.tabs[slot] = tab;
        let seed = self.dice.below(u64::MAX);
        let machine = Machine::new(self.setting.policy(), seed, self.clocks(slot));
        #[cfg(feature = "breakable-rules")]
        let machine = machine.with_rules(self.setting.rules);
        self.tabs[slot].machine = Some(machine);
        self.trace.add(self.now, || format!("tab {slot} opens"));
        self.feed(slot, Input::Opened(ticket, read));
    }

    /// Some runs crash or freeze the page that has just done something: at any step there is.
    pub fn strike(&mut self, page: Page) {
        if self.healed || !(self.setting.crashes || self.setting.freezes) {
            return;
        }
        match self.dice.below(400) {
            0 if self.setting.crashes => {
                self.trace.add(self.now, || format!("tab {} dies", page.slot));
                self.kill(page.slot);
            }
            1 if self.setting.freezes => {
                let span = self.jitter(40_000);
                self.trace.add(self.now, || format!("tab {} freezes for {span}", page.slot));
                self.freeze(page.slot, span);
            }
            _ => {}
        }
    }

    pub fn kill(&mut self, slot: usize) {
        let page = self.tabs[slot].page;
        let tab = &mut self.tabs[slot];
        tab.machine = None;
        tab.view = View::default();
        tab.backlog.clear();
        tab.frozen = false;
        self.server.lose(page);
        let next = self.lock.died(page);
        self.hand_over(next);
    }

    pub fn freeze(&mut self, slot: usize, span: u64) {
        let page = self.tabs[slot].page;
        let tab = &mut self.tabs[slot];
        if tab.machine.is_some() && !tab.frozen && !self.healed {
            tab.frozen = true;
            tab.frozen_at = self.now;
            self.server.lose(page);
            self.plan_at(self.now + span, Deed::Thaw(page));
        }
    }

    pub fn thaw(&mut self, page: Page) {
        if let Some((_, until)) = self.dozing {
            return self.plan_at(until, Deed::Thaw(page));
        }
        let tab = &mut self.tabs[page.slot];
        if tab.page != page || !tab.frozen {
            return;
        }
        tab.frozen = false;
        tab.frozen_for += self.now - tab.frozen_at;
        tab.thawed = self.now;
        for task in std::mem::take(&mut tab.backlog) {
            let at = self.now + self.jitter(5);
            self.agenda.add(Lane::Backlog(page.slot), at, Event::Task(page, task));
        }
        let at = self.now + self.jitter(10);
        self.agenda.add(Lane::None, at, Event::Task(page, Task::Woken));
    }

    pub fn rise(&mut self) {
        if let Some((since, _)) = self.dozing.take() {
            self.slept += self.now - since;
        }
    }

    pub fn wake(&mut self, slot: usize) {
        let event = Event::Task(self.tabs[slot].page, Task::Woken);
        self.agenda.add(Lane::None, self.now, event);
    }

    pub fn heal(&mut self) {
        self.healed = true;
        self.offline = false;
        self.full = false;
        self.rise();
        for slot in 0..self.tabs.len() {
            self.thaw(self.tabs[slot].page);
            self.wake(slot);
        }
    }
}

/// The device's clock when its offset is zero.
const BASE: u64 = 1_800_000_000_000;
