//! What people and their devices do, at any moment.

use tokenkeeper::core::io::Input;
use tokenkeeper::core::session::Stored;

use crate::event::{Event, Lane, Page};
use crate::server::Over;
use crate::setting::one_of;
use crate::tab::Purpose;
use crate::world::World;

#[derive(Clone, Debug)]
pub enum Deed {
    Close(usize),
    /// The device sleeps for so long.
    Doze(u64),
    Fetch(usize),
    /// The page stands still for so long.
    Freeze(usize, u64),
    Full(bool),
    Garbage,
    /// Faults end, everyone wakes.
    Heal,
    Kill(usize),
    Leave(usize),
    Login(usize),
    Logout(usize),
    Offline(bool),
    Open(usize),
    Reload(usize),
    Renew(usize),
    /// The device wakes.
    Rise,
    /// The server takes nothing of the newest family any more.
    Revoke,
    SetClock(i64),
    /// A call to a resource that refuses whatever comes.
    Stubborn(usize),
    Thaw(Page),
    Token(usize),
    Wake(usize),
    WakeAll,
}

impl World {
    /// Draws what will be done in a run: often in bursts, so that things meet.
    pub fn plan(&mut self) {
        let mut at = 0;
        self.plan_at(0, Deed::Open(0));
        self.plan_at(10, Deed::Login(0));
        for slot in 1..self.setting.tabs {
            let at = self.jitter(2_000);
            self.plan_at(at, Deed::Open(slot));
        }
        for _ in 0..self.setting.deeds {
            let typical = match self.dice.below(4) {
                0 => 5,
                1 => 200,
                2 => self.setting.lifetime / 2,
                _ => self.setting.horizon * 2 / self.setting.deeds,
            };
            at = (at + self.jitter(typical)) % self.setting.horizon;
            let deed = self.draw_deed();
            self.plan_at(at, deed);
        }
        let end = self.setting.horizon;
        self.plan_at(end, Deed::Heal);
        for slot in 0..self.setting.tabs {
            for late in [60_000, 150_000, 200_000] {
                self.plan_at(end + late + slot as u64 * 5_000, Deed::Fetch(slot));
            }
        }
    }

    pub fn plan_at(&mut self, at: u64, deed: Deed) {
        self.agenda.add(Lane::None, at, Event::Act(deed));
    }

    fn draw_deed(&mut self) -> Deed {
        let tabs = self.setting.tabs as u64;
        let slot = self.dice.below(tabs) as usize;
        let span = one_of(&mut self.dice, &[50, 2_000, 30_000, self.setting.lifetime * 2]);
        let span = 1 + self.dice.below(span);
        let sign = if self.dice.below(2) == 0 { 1 } else { -1 };
        match self.dice.below(100) {
            30..38 => Deed::Token(slot),
            38..43 => Deed::Renew(slot),
            43..49 => Deed::Login(slot),
            49..53 => Deed::Logout(slot),
            53..60 => Deed::Open(slot),
            60..64 => Deed::Reload(slot),
            64..67 if self.setting.crashes => Deed::Kill(slot),
            67..69 => Deed::Close(slot),
            69..75 if self.setting.freezes => Deed::Freeze(slot, span),
            75..77 if self.setting.freezes => Deed::Doze(span),
            77..80 if self.setting.jumps => Deed::SetClock(sign * (span as i64 * 40)),
            80..81 => Deed::Revoke,
            81..85 => Deed::Wake(slot),
            85..89 => Deed::Stubborn(slot),
            89..91 => Deed::Leave(slot),
            91..93 if self.setting.disk_faults => Deed::Full(sign > 0),
            93..94 if self.setting.disk_faults => Deed::Garbage,
            94..97 if self.setting.faults > 0 => Deed::Offline(sign > 0),
            _ => Deed::Fetch(slot),
        }
    }

    pub fn act(&mut self, deed: &Deed) {
        self.trace.add(self.now, || format!("         {deed:?}"));
        match *deed {
            Deed::Doze(span) => {
                if self.dozing.is_none() && !self.healed {
                    self.dozing = Some((self.now, self.now + span));
                    self.plan_at(self.now + span, Deed::Rise);
                    for slot in 0..self.tabs.len() {
                        self.freeze(slot, span);
                    }
                }
            }
            Deed::Full(full) => self.full = full && !self.healed,
            Deed::Garbage => self.spoil(),
            Deed::Heal => self.heal(),
            Deed::Kill(slot) => self.kill(slot),
            Deed::Offline(offline) => {
                self.offline = offline && !self.healed;
                if !offline {
                    self.plan_at(self.now, Deed::WakeAll);
                }
            }
            Deed::Open(slot) => {
                if self.tabs[slot].machine.is_none() && self.dozing.is_none() {
                    self.open(slot);
                }
            }
            Deed::Revoke => {
                let newest = self.server.families.len().checked_sub(1);
                if let Some(newest) = newest {
                    self.server.revoke(newest, Over::Decreed);
                }
            }
            Deed::Rise => self.rise(),
            Deed::SetClock(by) => {
                self.clock_set += by;
                self.jumps.push(self.now);
            }
            Deed::Thaw(page) => self.thaw(page),
            Deed::WakeAll => {
                for slot in 0..self.tabs.len() {
                    self.wake(slot);
                }
            }
            Deed::Freeze(slot, span) => self.freeze(slot, span),
            Deed::Close(slot)
            | Deed::Fetch(slot)
            | Deed::Leave(slot)
            | Deed::Login(slot)
            | Deed::Logout(slot)
            | Deed::Reload(slot)
            | Deed::Renew(slot)
            | Deed::Stubborn(slot)
            | Deed::Token(slot)
            | Deed::Wake(slot) => {
                if self.tabs[slot].runs() {
                    self.act_in(slot, deed);
                }
            }
        }
    }

    fn act_in(&mut self, slot: usize, deed: &Deed) {
        let now = self.now;
        let mut ticket = |purpose| self.tabs[slot].ticket(now, purpose);
        match deed {
            Deed::Close(_) => {
                self.feed(slot, Input::Closed);
                self.tabs[slot].closing = true;
                self.retire(slot);
            }
            Deed::Fetch(_) => self.fetch(slot, false),
            Deed::Leave(_) => {
                let waiting = self.tabs[slot].waiting.iter();
                let mut leaving = waiting.filter(|(_, one)| one.purpose == Purpose::Token);
                if let Some((&ticket, _)) = leaving.next() {
                    self.tabs[slot].waiting.remove(&ticket);
                    self.feed(slot, Input::Left(ticket));
                }
            }
            Deed::Login(_) => self.login(slot),
            Deed::Logout(_) => {
                let ticket = ticket(Purpose::Logout);
                self.feed(slot, Input::Logout(ticket));
            }
            Deed::Reload(_) => {
                let kept = self.tabs[slot].view.clone();
                self.kill(slot);
                self.tabs[slot].view = kept;
                self.open(slot);
            }
            Deed::Renew(_) => {
                let ticket = ticket(Purpose::Renew);
                self.feed(slot, Input::Renew(ticket));
            }
            Deed::Stubborn(_) => self.fetch(slot, true),
            Deed::Token(_) => {
                let ticket = ticket(Purpose::Token);
                self.feed(slot, Input::Want(ticket));
            }
            _ => self.wake(slot),
        }
    }

    /// Something else on the origin writes nonsense under our key.
    fn spoil(&mut self) {
        if self.setting.shared() {
            let nobody = Page { slot: usize::MAX, life: 0 };
            self.agenda.add(Lane::None, self.now, Event::Lands(nobody, Stored::Unreadable));
        }
    }
}
