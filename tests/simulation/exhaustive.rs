//! Small worlds, explored completely: every order in which what is pending can happen, a crash of
//! either page at any point, and any one answer lost.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use tokenkeeper::core::io::{Means, Sharing};
use tokenkeeper::core::retry::Dice;
#[cfg(feature = "breakable-rules")]
use tokenkeeper::core::rules::Rule;
use tokenkeeper::core::rules::Rules;

use crate::event::{Event, Lane, Scheduled, Task};
use crate::figures::figure;
use crate::people::Deed;
#[cfg(feature = "breakable-rules")]
use crate::rules::broken;
use crate::setting::{Rotation, Setting};
use crate::trace::Trace;
use crate::world::World;

/// A small world: two pages share a session whose refresh is due.
#[derive(Clone, Debug)]
struct Small {
    locks: bool,
    ledger: bool,
    channel: bool,
    rotation: Rotation,
    /// What somebody does meanwhile, at any point.
    deeds: &'static [Deed],
    /// Things may happen so much later than they could; timers do not.
    lateness: u64,
    /// At most so many timers ring, pages die, and answers are lost.
    timers: u32,
    deaths: u32,
    losses: u32,
}

const SMALL: Small = Small {
    locks: true,
    ledger: true,
    channel: true,
    rotation: Rotation::Strict { grace: 0 },
    deeds: &[],
    lateness: 300,
    timers: 3,
    deaths: 1,
    losses: 1,
};

const UNLOCKED: Small = Small { locks: false, timers: 4, ..SMALL };
const NO_LEDGER: Small = Small { ledger: false, lateness: 20, deaths: 0, losses: 0, ..SMALL };
const LOGOUT: Small = Small { deeds: &[Deed::Logout(0)], timers: 2, losses: 0, ..SMALL };

#[test]
fn two_pages_refresh_at_once() {
    holds("two pages, a refresh is due in both", &SMALL);
}

#[test]
fn two_pages_refresh_at_once_without_a_lock() {
    holds("two pages, a refresh is due in both, without a lock", &UNLOCKED);
}

#[test]
fn two_pages_refresh_at_once_without_a_ledger() {
    holds(
        "two pages, a refresh is due in both, without a ledger",
        &Small { timers: 5, ..NO_LEDGER },
    );
}

#[test]
fn two_pages_refresh_at_once_without_a_channel() {
    holds(
        "two pages, a refresh is due in both, without a channel",
        &Small { channel: false, timers: 4, ..SMALL },
    );
}

#[test]
#[cfg_attr(debug_assertions, ignore = "takes a release build")]
fn one_page_logs_out() {
    holds("two pages, a refresh is due in both, one logs out", &LOGOUT);
}

#[test]
#[cfg_attr(debug_assertions, ignore = "takes a release build")]
fn one_page_logs_in_anew() {
    let small = Small { deeds: &[Deed::Login(0)], timers: 2, deaths: 0, losses: 0, ..SMALL };
    holds("two pages, a refresh is due in both, one logs in anew", &small);
}

#[test]
#[cfg_attr(debug_assertions, ignore = "takes a release build")]
fn a_third_page_opens() {
    let small = Small { deeds: &[Deed::Open(2)], timers: 2, deaths: 0, losses: 0, ..SMALL };
    holds("two pages, a refresh is due in both, a third opens", &small);
}

/// With a rule switched off, the same small worlds hold a counterexample.
#[test]
#[cfg(feature = "breakable-rules")]
fn a_small_world_needs_the_rules() {
    for (rule, small) in [
        (Rule::CommitGuard, LOGOUT),
        (Rule::LedgerBesideStore, SMALL),
        (Rule::LockAcrossTabs, NO_LEDGER),
        (Rule::LostAnswer, UNLOCKED),
        (Rule::ReadAgainInLock, SMALL),
    ] {
        let explored = explore(&small, Rules::without(rule));
        let complaint = explored.complaint.unwrap_or_else(|| panic!("nothing without {rule:?}"));
        println!("{complaint}");
        let much = [("states until noticed", explored.states as u64)];
        figure("worlds", &format!("{rule:?} off"), &much, &broken(&complaint));
    }
}

/// Where a run stands: the world, and what may still be spent.
#[derive(Clone)]
struct Node {
    world: World,
    timers: u32,
    deaths: u32,
    losses: u32,
}

/// What an exploration came to.
#[derive(Default)]
struct Explored {
    states: usize,
    ends: u64,
    lost_answers: u64,
    complaint: Option<String>,
}

fn holds(name: &str, small: &Small) {
    let Explored { states, ends, lost_answers, complaint } = explore(small, Rules::default());
    let much = [("states", states as u64), ("ends", ends), ("with a lost answer", lost_answers)];
    figure("worlds", name, &much, "no rule broken");
    assert_eq!(complaint, None, "{name}");
}

fn explore(small: &Small, rules: Rules) -> Explored {
    let mut explored = Explored::default();
    let mut states = HashSet::new();
    let Small { timers, deaths, losses, .. } = *small;
    let mut stack = vec![Node { world: prepare(small, rules), timers, deaths, losses }];
    while let Some(mut node) = stack.pop() {
        if node.world.witness.complaint.is_none() && states.insert(fingerprint(&node)) {
            let next = successors(&node, small);
            if next.is_empty() {
                explored.ends += 1;
                explored.lost_answers += u64::from(node.world.witness.counts.lost_answers > 0);
                node.world.come_to_rest();
            }
            stack.extend(next);
        }
        if let Some(complaint) = node.world.witness.complaint {
            explored.complaint = Some(format!("{complaint}\n{}", node.world.trace));
            break;
        }
    }
    explored.states = states.len();
    explored
}

/// Two pages, logged in, at the moment before their token is stale.
fn prepare(small: &Small, rules: Rules) -> World {
    let setting = Setting {
        tabs: 3,
        means: Means::Token,
        sharing: Sharing::Shared,
        rotation: small.rotation,
        lifetime: 60_000,
        told: true,
        auto_refresh: true,
        call_deadline: 15_000,
        locks: small.locks,
        ledger: small.ledger,
        ledger_breaks: false,
        channel: small.channel,
        store_delay: 0,
        timer_delay: 0,
        mono_stops: false,
        faults: 0,
        latency: 1,
        crashes: false,
        freezes: false,
        jumps: false,
        disk_faults: false,
        offset: 0,
        horizon: u64::MAX / 2,
        deeds: 0,
        rules,
    };
    let trace = if std::env::var("TRACE").is_ok() { Trace::on() } else { Trace::default() };
    let mut world = World::empty(setting, Dice::new(1), trace);
    for (at, deed) in [(0, Deed::Open(0)), (10, Deed::Login(0)), (100, Deed::Open(1))] {
        world.agenda.add(Lane::None, at, Event::Act(deed));
    }
    while world.agenda.next_at().is_some_and(|at| at < 40_000) {
        world.step();
    }
    for deed in small.deeds {
        world.agenda.add(Lane::None, 40_000, Event::Act(deed.clone()));
    }
    world
}

fn successors(node: &Node, small: &Small) -> Vec<Node> {
    let world = &node.world;
    let mut next = Vec::new();
    let pending: Vec<&Scheduled> = world.agenda.iter().filter(|one| !is_moot(world, one)).collect();
    let first_due = pending.iter().filter(|one| !one.event.is_timer() && !is_deed(one));
    let first_due = first_due.map(|one| one.at).min();
    for one in &pending {
        let blocked = pending
            .iter()
            .any(|other| one.lane != Lane::None && other.lane == one.lane && other.seq < one.seq);
        if blocked {
            continue;
        }
        let mut child = node.clone();
        if one.event.is_timer() {
            if node.timers == 0 || first_due.is_some_and(|at| at + small.lateness < one.at) {
                continue;
            }
            // Of several timers the earlier rings first.
            if pending.iter().any(|other| other.event.is_timer() && other.at < one.at) {
                continue;
            }
            child.timers -= 1;
        }
        child.world.take(one.seq);
        next.push(child);
        if let Event::Returns(call, Some(_)) = &one.event
            && node.losses > 0
        {
            let mut child = node.clone();
            child.losses -= 1;
            child.world.server.lose_call(call.id);
            child.world.lose(one.seq);
            next.push(child);
        }
    }
    for slot in 0..2 {
        if node.deaths > 0 && world.tabs[slot].runs() && !pending.is_empty() {
            let mut child = node.clone();
            child.deaths -= 1;
            child.world.trace.add(world.now, || format!("tab {slot} dies"));
            child.world.kill(slot);
            next.push(child);
        }
    }
    next
}

fn is_deed(one: &Scheduled) -> bool {
    matches!(one.event, Event::Act(_))
}

/// What would change nothing: a timer that was set anew, a deadline of what is over.
fn is_moot(world: &World, one: &Scheduled) -> bool {
    let Event::Task(page, task) = &one.event else { return false };
    let tab = &world.tabs[page.slot];
    tab.page != *page
        || tab.machine.is_none()
        || match task {
            Task::Tick(timer) => tab.timer != *timer,
            Task::Deadline(call) => !tab.awaits(*call),
            Task::LockDeadline(attempt) => !world.lock.is_queued(*page, *attempt),
            _ => false,
        }
}

/// All that decides what can happen next; not the story so far.
fn fingerprint(node: &Node) -> u64 {
    let world = &node.world;
    let mut pending: Vec<String> = world
        .agenda
        .iter()
        .filter(|one| !is_moot(world, one))
        .map(|one| {
            let at = if one.event.is_timer() { one.at } else { 0 };
            format!("{:?} {at} {:?}", one.lane, one.event)
        })
        .collect();
    pending.sort();
    let mut hasher = DefaultHasher::new();
    (world.now, node.timers, node.deaths, node.losses, pending).hash(&mut hasher);
    for tab in &world.tabs {
        let machine = format!("{:?}", tab.machine);
        (machine, format!("{:?} {:?} {:?}", tab.view, tab.waiting, tab.calls)).hash(&mut hasher);
    }
    format!("{:?} {:?} {:?} {:?}", world.store, world.ledger, world.lock, world.server.families)
        .hash(&mut hasher);
    hasher.finish()
}
