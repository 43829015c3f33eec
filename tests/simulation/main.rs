//! N tabs, each the real machine, in a world of virtual time.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    missing_docs,
    unreachable_pub
)]

mod event;
mod lock;
mod network;
mod people;
mod server;
mod setting;
mod shell;
mod store;
mod tab;
mod trace;
mod witness;
mod world;

use tokenkeeper::core::rules::Rules;

use crate::trace::Trace;
use crate::world::World;

#[test]
fn nothing_goes_wrong() {
    if let Ok(seed) = std::env::var("SEED") {
        let world = run(seed.parse().unwrap(), Rules::default(), Trace::on());
        println!("{}", world.trace);
        assert_eq!(world.witness.complaint, None);
        return;
    }
    let seeds: u64 = std::env::var("SEEDS").map_or(2_000, |seeds| seeds.parse().unwrap());
    let mut failures = 0;
    for seed in 0..seeds {
        let world = run(seed, Rules::default(), Trace::default());
        if let Some(complaint) = world.witness.complaint {
            println!("SEED={seed}: {complaint}");
            failures += 1;
            if failures > 20 {
                break;
            }
        }
    }
    assert_eq!(failures, 0);
}

fn run(seed: u64, rules: Rules, trace: Trace) -> World {
    let mut world = World::new(seed, rules, trace);
    world.witness.scans = seed % 16 == 0;
    world.run();
    world
}
