//! The world: everything there is at one moment, and what happens next.

use tokenkeeper::core::io::{Means, Outcome};
use tokenkeeper::core::ledger::Ledger;
use tokenkeeper::core::machine::Machine;
use tokenkeeper::core::retry::Dice;
use tokenkeeper::core::rules::Rules;
use tokenkeeper::core::session::Stored;

use crate::event::{Agenda, Event, Lane, Page, Scheduled, Task};
use crate::lock::Lock;
use crate::network::{Call, Reply};
use crate::server::{Fate, Key, Server};
use crate::setting::Setting;
use crate::store::Value;
use crate::tab::Tab;
use crate::tokens;
use crate::trace::Trace;
use crate::witness::Witness;

#[derive(Clone, Debug)]
pub struct World {
    pub setting: Setting,
    pub dice: Dice,
    pub now: u64,
    pub steps: u64,
    pub agenda: Agenda,
    pub tabs: Vec<Tab>,
    /// The store as the browser process has it.
    pub store: Value,
    pub ledger: Ledger,
    pub lock: Lock,
    pub jar: Option<Key>,
    pub server: Server,
    pub calls: u64,
    /// How far the wall clock was set since the start, and how long the device slept.
    pub clock_set: i64,
    pub jumps: Vec<u64>,
    pub slept: u64,
    /// Since when it sleeps, and until when.
    pub dozing: Option<(u64, u64)>,
    pub offline: bool,
    pub full: bool,
    pub healed: bool,
    pub witness: Witness,
    /// How many decisions were made, and a digest of them.
    pub decisions: (u64, u64),
    pub trace: Trace,
}

impl World {
    /// The world of this seed, but for what is changed.
    pub fn new(seed: u64, rules: Rules, trace: Trace, change: impl Fn(&mut Setting)) -> Self {
        let mut dice = Dice::new(seed);
        let mut setting = Setting::draw(&mut dice, rules);
        change(&mut setting);
        let mut world = Self::empty(setting, dice, trace);
        world.trace.add(0, || format!("seed {seed}: {:?}", world.setting));
        world.plan();
        world
    }

    pub fn empty(setting: Setting, dice: Dice, trace: Trace) -> Self {
        tokens::forget();
        Self {
            tabs: vec![Tab::default(); setting.tabs],
            server: Server::new(setting.rotation, setting.lifetime),
            setting,
            dice,
            trace,
            now: 0,
            steps: 0,
            agenda: Agenda::default(),
            store: Stored::Nothing,
            ledger: Ledger::default(),
            lock: Lock::default(),
            jar: None,
            calls: 0,
            clock_set: 0,
            jumps: Vec::new(),
            slept: 0,
            dozing: None,
            offline: false,
            full: false,
            healed: false,
            witness: Witness::default(),
            decisions: (0, 0),
        }
    }

    /// Runs to the end; the first violation ends it early.
    pub fn run(&mut self) {
        while self.witness.complaint.is_none() {
            let Some(at) = self.agenda.next_at() else { break };
            let late = at.saturating_sub(self.setting.horizon + CALM);
            if late > PATIENCE || late > 0 && self.is_quiet() && self.agree().is_ok() {
                break;
            }
            self.step();
            if self.steps > STEPS {
                self.witness.complain(|| "a livelock: the run does not end".into());
            }
        }
        self.judge_the_end();
    }

    /// What comes next happens.
    pub fn step(&mut self) {
        if let Some(next) = self.agenda.next() {
            self.now = self.now.max(next.at);
            self.steps += 1;
            self.happen(next.lane, next.event);
        }
    }

    /// Time goes on, and there comes a moment in which all agree.
    pub fn come_to_rest(&mut self) {
        let until = self.now + PATIENCE;
        loop {
            let next = self.agenda.next_at().filter(|&at| at <= until);
            if self.witness.complaint.is_some() || (self.is_quiet() && self.agree().is_ok()) {
                return;
            }
            if next.is_none() {
                return self.judge_the_end();
            }
            self.step();
        }
    }

    /// Something that is pending happens now, or rather when its timer rings.
    pub fn take(&mut self, seq: u64) {
        if let Some(taken) = self.agenda.take(seq) {
            if taken.event.is_timer() {
                self.now = self.now.max(taken.at);
            }
            self.happen(taken.lane, taken.event);
        }
    }

    /// An answer that is pending is lost.
    pub fn lose(&mut self, seq: u64) {
        if let Some(Scheduled { lane, event: Event::Returns(call, _), .. }) = self.agenda.take(seq)
        {
            self.happen(lane, Event::Returns(call, None));
        }
    }

    /// Whether nothing is under way: all that is left are timers.
    fn is_quiet(&self) -> bool {
        self.agenda.iter().all(|scheduled| scheduled.event.is_timer())
            && self.tabs.iter().filter_map(|tab| tab.machine.as_ref()).all(Machine::is_at_rest)
    }

    pub fn happen(&mut self, lane: Lane, event: Event) {
        match event {
            Event::Act(deed) => self.act(&deed),
            Event::Arrives(call) => self.arrives(call),
            Event::Lands(page, value) => self.lands(page, &value),
            Event::Returns(call, reply) => self.returns(&call, reply),
            Event::Runs(page, attempt, ledger) => {
                if self.tabs[page.slot].page == page {
                    self.tabs[page.slot].ledger_broken = false;
                }
                let task = match ledger {
                    None => Task::Looked(attempt, Some(self.ledger)),
                    Some(to) => {
                        let next = self.ledger.advance(to, self.setting.policy().deadline);
                        self.ledger = next.unwrap_or(self.ledger);
                        Task::Noted(attempt, next.is_some())
                    }
                };
                let at = self.now + self.jitter(4);
                self.agenda.add(Lane::Ledger(page.slot), at, Event::Task(page, task));
            }
            Event::Task(page, task) => {
                let tab = &mut self.tabs[page.slot];
                if tab.page != page || tab.machine.is_none() {
                    return;
                }
                if tab.frozen {
                    tab.backlog.push(task);
                } else if lane.waits_for_backlog(page.slot)
                    && self.agenda.has(Lane::Backlog(page.slot))
                {
                    self.agenda.add(Lane::Backlog(page.slot), self.now, Event::Task(page, task));
                } else {
                    self.perform_task(page, task);
                    self.strike(page);
                }
            }
        }
    }

    /// An answer reaches the browser, which keeps its cookies whoever asked.
    fn returns(&mut self, call: &Call, reply: Option<Reply>) {
        let page = call.page;
        if !self.awaits(call) {
            return self.server.lose_call(call.id);
        }
        if let Some(Reply::Auth(Outcome::Granted(_), Some(key))) = reply {
            if self.setting.means == Means::Cookie {
                self.jar = Some(key);
                *self.server.fate(key) = Fate::Kept { at: self.now };
            } else if *self.server.fate(key) == Fate::Coming(call.id, page) {
                let lost = self.tabs[page.slot].frozen;
                *self.server.fate(key) = if lost { Fate::Lost } else { Fate::Delivered(page) };
            }
        }
        self.agenda.add(Lane::None, self.now, Event::Task(page, Task::Done(call.id, reply)));
    }

    /// Whether the page that made the call still waits for it.
    pub fn awaits(&self, call: &Call) -> bool {
        let tab = &self.tabs[call.page.slot];
        tab.page == call.page && tab.machine.is_some() && tab.awaits(call.id)
    }

    /// A write reaches the browser process, which shows it to everyone.
    fn lands(&mut self, page: Page, value: &Value) {
        self.store = *value;
        for slot in 0..self.tabs.len() {
            let own = self.tabs[slot].page == page;
            if self.tabs[slot].machine.is_some() {
                let at = self.now + self.jitter(self.setting.store_delay);
                let task = Task::Shown(*value, own);
                self.agenda.add(Lane::Shown(slot), at, Event::Task(self.tabs[slot].page, task));
            }
        }
    }

    pub fn jitter(&mut self, most: u64) -> u64 {
        self.dice.below(most + 1)
    }
}

/// After the last fault, all comes to rest within this: what fails on its way then is tried again after five minutes.
pub const CALM: u64 = 360_000;

/// And then, in a moment when nothing is under way, all agree.
const PATIENCE: u64 = 60_000;

const STEPS: u64 = 100_000;
