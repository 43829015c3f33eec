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

mod calls;
mod clocks;
mod event;
mod exhaustive;
mod figures;
mod lifecycle;
mod lock;
mod network;
mod people;
mod rules;
mod seeds;
mod server;
mod setting;
mod shell;
mod store;
mod tab;
mod tokens;
mod trace;
mod witness;
mod world;

use tokenkeeper::core::rules::Rules;

use crate::seeds::{AS_DRAWN, FOUND, run, search};
use crate::trace::Trace;

/// `SEED=… cargo test --test simulation nothing_goes_wrong -- --nocapture` tells one run's story;
/// `SEEDS=…` says how many are run.
#[test]
fn nothing_goes_wrong() {
    if let Ok(seed) = std::env::var("SEED") {
        let world = run(seed.parse().unwrap(), Rules::default(), Trace::on(), AS_DRAWN);
        println!("{}", world.trace);
        assert_eq!(world.witness.complaint, None);
        return;
    }
    let default = if cfg!(debug_assertions) { 400 } else { 100_000 };
    let seeds = std::env::var("SEEDS").map_or(default, |seeds| seeds.parse().unwrap());
    let findings = search(seeds, Rules::default(), 20, AS_DRAWN);
    for (seed, complaint) in &findings.complaints {
        println!("SEED={seed}: {complaint}");
    }
    findings.tell();
    assert!(findings.complaints.is_empty());
}

#[test]
fn what_was_found_once_stays_mended() {
    for (seed, bug) in FOUND {
        let world = run(seed, Rules::default(), Trace::default(), AS_DRAWN);
        assert_eq!(world.witness.complaint, None, "SEED={seed}: {bug}");
    }
}
