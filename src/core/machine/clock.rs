//! Clocks that were set, and clocks that differ.

use super::Machine;
use crate::core::io::{Event, Warning};
use crate::core::session::Grant;
use crate::core::time::Now;

impl Machine {
    /// A clock that was set back is worth a word, and what is shown of expiry is set right.
    pub(super) fn notice_clock(&mut self, now: Now) {
        let drift = now.drift_since(self.now);
        self.now = now;
        if drift < -CLOCK_JUMP {
            if let Some(held) = &mut self.held {
                held.recount(now);
            }
            self.publish_lease(self.lease());
            self.emit(Event::Warning(Warning::ClockSkew { skew: drift }));
        }
    }

    pub(super) fn notice_skew(&mut self, grant: &Grant) {
        if let Some(skew) = grant.skew.filter(|skew| skew.unsigned_abs() > SKEW_WORTH_A_WORD) {
            self.emit(Event::Warning(Warning::ClockSkew { skew: -skew }));
        }
    }
}

/// Clocks are rounded and drift: one that moves by less than this was not set. In milliseconds.
const CLOCK_JUMP: i64 = 2_000;

/// Listeners are told when the server's clock differs by more than this, in milliseconds.
const SKEW_WORTH_A_WORD: u64 = 60_000;
