//! The device's clock may be wrong by days: nothing is decided differently.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::mem::discriminant;

use tokenkeeper::core::io::{Event, Output, Warning};
use tokenkeeper::core::rules::Rules;
use tokenkeeper::core::timeline::Entry;
use tokenkeeper::core::words::Word;

use crate::figures::figure;
use crate::trace::Trace;
use crate::world::World;

/// 1: the same run on a device whose clock is five days ahead, or behind, is the same run.
#[test]
fn a_wrong_clock_changes_no_decision() {
    let seeds = if cfg!(debug_assertions) { 60 } else { 3_000 };
    for seed in 0..seeds {
        let [right, ahead, behind] = [0, -5 * DAY, 5 * DAY].map(|offset| decisions(seed, offset));
        assert_eq!(right, ahead, "SEED={seed}");
        assert_eq!(right, behind, "SEED={seed}");
    }
    figure("simulation", "clocks five days ahead and behind", &[("seeds", seeds)], "the same runs");
}

/// How many outputs there were, and a digest of them all.
fn decisions(seed: u64, offset: i64) -> (u64, u64) {
    let mut world = World::new(seed, Rules::default(), Trace::default(), |setting| {
        setting.offset = offset;
    });
    world.run();
    world.decisions
}

impl World {
    /// Notes what was decided, when and where; not what any clock says.
    pub fn note_decision(&mut self, slot: usize, output: &Output) {
        if let Output::Emit(Event::Warning(Warning::ClockSkew { .. }))
        | Output::Log(Entry { what: Word::ClockSkew, .. }) = output
        {
            return;
        }
        let (count, digest) = self.decisions;
        let mut hasher = DefaultHasher::new();
        (digest, self.now, slot, discriminant(output)).hash(&mut hasher);
        match output {
            Output::Answer(ticket, answer) => {
                (ticket, answer.as_ref().err().map(|error| error.code as u8)).hash(&mut hasher);
            }
            Output::Emit(event) => format!("{event:?}").hash(&mut hasher),
            _ => {}
        }
        self.decisions = (count + 1, hasher.finish());
    }
}

const DAY: i64 = 86_400_000;
