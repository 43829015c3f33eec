//! Many runs, on all cores.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokenkeeper::core::rules::Rules;

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

/// Runs one seed, and keeps its story when asked to.
pub fn run(seed: u64, rules: Rules, trace: Trace) -> World {
    let mut world = World::new(seed, rules, trace);
    // To read every text takes longer than all the rest.
    world.witness.scans = seed.is_multiple_of(16);
    world.run();
    world
}

/// Runs seeds from zero on, until so many complaints are found.
pub fn search(seeds: u64, rules: Rules, complaints: usize) -> Findings {
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
                    let world = run(seed, rules, Trace::default());
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
