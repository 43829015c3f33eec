//! The kind of world a run takes place in; every seed draws its own, so that any two faults meet.

use tokenkeeper::core::io::{Means, Policy, Sharing};
use tokenkeeper::core::retry::Dice;
use tokenkeeper::core::rules::Rules;
use tokenkeeper::core::time::Millis;

#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is there or not")]
pub struct Setting {
    pub tabs: usize,
    pub means: Means,
    pub sharing: Sharing,
    pub rotation: Rotation,
    /// How long an access token lives, in milliseconds, and whether the answers say so.
    pub lifetime: u64,
    pub told: bool,
    pub auto_refresh: bool,

    /// After which a call to the authorization server is given up; the lock and an intent live longer.
    pub call_deadline: u64,

    /// What the browser has to offer.
    pub locks: bool,
    pub ledger: bool,
    /// It may fail in one page, which then never asks it again.
    pub ledger_breaks: bool,
    pub channel: bool,
    /// A write to localStorage takes at most this long to the browser process, and from there to
    /// another tab.
    pub store_delay: u64,
    /// How late timers may be.
    pub timer_delay: u64,
    /// Whether `performance.now()` stands still while the device sleeps.
    pub mono_stops: bool,

    /// How many of a hundred calls go wrong, and how long one may take.
    pub faults: u64,
    pub latency: u64,
    /// What else may go wrong.
    pub crashes: bool,
    pub freezes: bool,
    pub jumps: bool,
    pub disk_faults: bool,

    /// The server's clock less the device's.
    pub offset: i64,
    /// When faults end.
    pub horizon: u64,
    pub deeds: u64,
    #[cfg_attr(not(feature = "breakable-rules"), allow(dead_code, reason = "all hold"))]
    pub rules: Rules,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rotation {
    /// Every refresh token is good for ever.
    Never,
    /// Once. Whoever sends it again is refused, and nothing else happens.
    Once,
    /// Once; and within this many milliseconds again, with the same answer. After that, whoever
    /// sends it again ends the family.
    Strict { grace: u64 },
}

impl Setting {
    pub fn draw(dice: &mut Dice, rules: Rules) -> Self {
        let means = match dice.below(10) {
            0 => Means::None,
            1 | 2 => Means::Cookie,
            _ => Means::Token,
        };
        let rotation = match dice.below(10) {
            0 | 1 => Rotation::Never,
            2 | 3 => Rotation::Strict { grace: 10_000 },
            4 => Rotation::Strict { grace: 60_000 },
            5 => Rotation::Once,
            _ => Rotation::Strict { grace: 0 },
        };
        let lifetime = one_of(dice, &[2_000, 10_000, 60_000, 300_000, 3_600_000]);
        let one_in = |dice: &mut Dice, n: u64| dice.below(n) == 0;
        Self {
            tabs: 1 + dice.below(5) as usize,
            means,
            sharing: if one_in(dice, 6) { Sharing::Private } else { Sharing::Shared },
            rotation,
            lifetime,
            told: !one_in(dice, 8),
            auto_refresh: !one_in(dice, 4),
            call_deadline: one_of(dice, &[2_000, 15_000, 15_000, 60_000]),
            locks: !one_in(dice, 6),
            ledger: !one_in(dice, 6),
            ledger_breaks: one_in(dice, 10),
            channel: !one_in(dice, 4),
            store_delay: one_of(dice, &[0, 10, 30, 300]),
            timer_delay: one_of(dice, &[0, 0, 20, 1_000, 60_000]),
            mono_stops: one_in(dice, 2),
            faults: one_of(dice, &[0, 0, 5, 20, 60]),
            latency: one_of(dice, &[20, 300, 3_000, 18_000]),
            crashes: one_in(dice, 2),
            freezes: one_in(dice, 3),
            jumps: one_in(dice, 4),
            disk_faults: one_in(dice, 8),
            offset: match dice.below(4) {
                0 => -(DAY + dice.below(9) as i64 * DAY),
                1 => DAY + dice.below(9) as i64 * DAY,
                _ => 0,
            },
            horizon: (lifetime * 4).clamp(30_000, 3_600_000),
            deeds: 10 + dice.below(40),
            rules,
        }
    }

    pub fn policy(&self) -> Policy {
        Policy {
            margin: Millis::seconds(60),
            auto_refresh: self.auto_refresh,
            means: self.means,
            store: self.sharing,
            deadline: Millis::of(self.call_deadline + 5_000),
        }
    }

    pub fn shared(&self) -> bool {
        self.sharing == Sharing::Shared
    }
}

pub fn one_of<T: Copy>(dice: &mut Dice, choices: &[T]) -> T {
    choices[dice.below(choices.len() as u64) as usize]
}

const DAY: i64 = 86_400_000;
