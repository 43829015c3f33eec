//! Many runs, on all cores.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokenkeeper::core::rules::Rules;

use crate::figures::figure;
use crate::setting::Setting;
use crate::trace::Trace;
use crate::witness::Counts;
use crate::world::World;

/// What many runs came to.
#[derive(Debug, Default)]
pub struct Findings {
    pub counts: Counts,
    pub took: Duration,
    /// Seeds with what was wrong in their runs, the smallest first.
    pub complaints: Vec<(u64, String)>,
}

impl Findings {
    pub fn tell(&self) {
        let Counts { runs, steps, refreshes, lost_answers, .. } = self.counts;
        let Counts { degraded, crossed, mixed_cookies, .. } = self.counts;
        let much = [
            ("seeds", runs),
            ("steps", steps),
            ("refreshes", refreshes),
            ("seconds", self.took.as_secs()),
        ];
        let found = match self.complaints.len() {
            0 => "no rule broken".to_owned(),
            wrong => format!("{wrong} runs in which a rule is broken"),
        };
        figure("simulation", "runs of up to five tabs", &much, &found);
        for (what, count, why) in [
            ("answers lost under strict rotation without grace", lost_answers, UNSAVED),
            ("logins that crossed another tab's logout", crossed, "the logout wins"),
            ("cookies overwritten by the late answer to an earlier call", mixed_cookies, UNSEEN),
            ("refresh tokens sent twice", degraded, "only without lock, ledger or room to store"),
        ] {
            figure("simulation", what, &[("times", count)], why);
        }
    }
}

const UNSAVED: &str = "what no client can save: only the server knows the successor";
const UNSEEN: &str = "the browser's jar has the last word";

/// A change to the setting that a seed draws.
pub type Change = fn(&mut Setting);

pub const AS_DRAWN: Change = |_| {};

/// Runs one seed, and keeps its story when asked to.
pub fn run(seed: u64, rules: Rules, trace: Trace, change: Change) -> World {
    let mut world = World::new(seed, rules, trace, change);
    world.run();
    world
}

/// Runs seeds from zero on, until so many complaints are found.
pub fn search(seeds: u64, rules: Rules, complaints: usize, change: Change) -> Findings {
    let began = Instant::now();
    let next = AtomicU64::new(0);
    let findings = Mutex::new(Findings::default());
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(|| {
                let mut counts = Counts::default();
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds {
                        break;
                    }
                    let world = run(seed, rules, Trace::default(), change);
                    counts.add(world.witness.counts);
                    if let Some(complaint) = world.witness.complaint {
                        let mut findings = findings.lock().unwrap();
                        findings.complaints.push((seed, complaint));
                        if findings.complaints.len() >= complaints {
                            next.store(seeds, Ordering::Relaxed);
                        }
                    }
                }
                findings.lock().unwrap().counts.add(counts);
            });
        }
    });
    let mut findings = findings.into_inner().unwrap();
    findings.complaints.sort();
    findings.took = began.elapsed();
    findings
}

/// Seeds whose runs go wrong when what was mended is taken out again. They hold as long as a run
/// draws what it draws: after a change of that, others have to be found in the same way.
pub const FOUND: [(u64, &str); 15] = [
    (23, "a token was sent though the ledger knew of a newer session"),
    (41, "a session paid for the failure of another's refresh"),
    (45, "after the clock was set back, a login was older than the logout before it"),
    (56, "the lock was given back while the ledger still said nobody had refreshed"),
    (62, "a logout was not told to the other tabs"),
    (80, "a lost answer was not asked for again while the access token was good"),
    (115, "a resource that refuses every token was answered with a refresh each time"),
    (184, "a logout was not written to the ledger, and a tab that missed it went on"),
    (210, "a login that was under way came back after the logout"),
    (228, "a server that named a time was asked before"),
    (325, "the lock was given back before the ledger was written"),
    (353, "a login was not written to the ledger, and an older end ended it"),
    (533, "a logout left the session in the store"),
    (682, "without a lock, two tabs wrote their intent and sent the same refresh token"),
    (8_244, "an intent counted as a dead tab's while its request was still under way"),
];
