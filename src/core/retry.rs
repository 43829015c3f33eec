//! When a refresh that failed for now may be tried again. All times are milliseconds.

/// The failures of one refresh token so far, and how long they make the next attempt wait.
///
/// Three rules: the wait doubles with each failure, from one second to five minutes, with jitter;
/// a server's `Retry-After` is a lower bound; and a breaker that nothing overrides, whoever wakes
/// us, keeps a second between attempts after the second failure, and at most ten in any minute.
///
/// Attempts count from their failure, so that slow ones are no excuse. A success, or another
/// refresh token, starts anew: `Backoff::default()`.
///
/// ```
/// use tokenkeeper::core::retry::{Backoff, Dice};
///
/// let mut backoff = Backoff::default();
/// let retry_at = backoff.failed(10_000, None, &mut Dice::new(7));
/// assert!((11_000..=12_000).contains(&retry_at));
/// assert_eq!(backoff.woken(10_500), 10_500);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Backoff {
    failures: u32,
    failed_at: u64,
    /// When the next attempt is due by itself.
    due: u64,
    /// Before this, not even a network that came back may cause one.
    barred: u64,
    /// The attempts of late, as the moment at which the breaker will have forgotten them.
    forgotten: u64,
}

impl Backoff {
    /// Notes a failure, and says when the next attempt is due. `retry_after` is what the server
    /// asked for, in milliseconds from now; more than an hour is taken for an hour.
    pub fn failed(&mut self, now: u64, retry_after: Option<u64>, dice: &mut Dice) -> u64 {
        if now < self.failed_at {
            self.forgotten = 0; // the clock was set back: what it said is worth nothing
        }
        self.failures = self.failures.saturating_add(1);
        self.failed_at = now;
        self.forgotten = self.forgotten.max(now).saturating_add(MINUTE / 6);

        // Five at once and then one in ten seconds are at most ten in any minute.
        let floor = if self.failures <= FREE { 0 } else { SECOND };
        self.barred = now.saturating_add(floor).max(self.forgotten.saturating_sub(4 * MINUTE / 6));
        let longest = SECOND.saturating_mul(1 << self.failures.min(9)).min(5 * MINUTE);
        let mut wait = longest / 2 + dice.below(longest / 2 + 1);
        if let Some(asked) = retry_after.map(|asked| asked.min(60 * MINUTE)) {
            self.barred = self.barred.max(now.saturating_add(asked));
            wait = wait.max(asked + dice.below(asked / 8 + 1)); // not everybody at the same moment
        }
        self.due = now.saturating_add(wait).max(self.barred);
        self.due
    }

    /// The network came back, or the page: the wait is over as soon as the breaker allows.
    pub fn wake(&mut self, now: u64) {
        self.due = self.due.min(self.woken(now));
    }

    /// The earliest moment for an attempt when the network has come back: the wait is over, the
    /// server's wish and the breaker stay.
    #[must_use]
    pub fn woken(&self, now: u64) -> u64 {
        if self.was_set_back(now) { now } else { self.barred.max(now) }
    }

    /// The earliest moment for an attempt by itself; zero as long as nothing failed.
    #[must_use]
    pub const fn not_before(&self) -> u64 {
        self.due
    }

    /// Whether an attempt is due by itself. After the clock was set back it is, once: a wait that
    /// the old clock measured could be hours.
    #[must_use]
    pub fn is_due(&self, now: u64) -> bool {
        self.was_set_back(now) || self.due <= now
    }

    const fn was_set_back(&self, now: u64) -> bool {
        now < self.failed_at
    }
}

/// Random numbers for jitter, from a seed (splitmix64): the same seed, the same numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dice(u64);

impl Dice {
    /// Any seed will do.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below `n`; zero when there is none.
    pub fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)).checked_rem(n).unwrap_or(0)
    }
}

/// After the first failures somebody who asks again is not turned away.
const FREE: u32 = 2;

const SECOND: u64 = 1000;
const MINUTE: u64 = 60 * SECOND;

#[cfg(test)]
mod tests {
    #![allow(clippy::indexing_slicing, reason = "a test may stop where it stands")]

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_wait_doubles_from_a_second_to_five_minutes() {
        let longest =
            [2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300].map(|seconds| seconds * SECOND);
        for seed in 0..200 {
            let (mut backoff, mut dice, mut now) = (Backoff::default(), Dice::new(seed), NOON);
            for longest in longest {
                let due = backoff.failed(now, None, &mut dice);
                assert!((longest / 2..=longest).contains(&(due - now)), "{seed}: {}", due - now);
                assert_eq!(backoff.not_before(), due);
                now = due;
            }
        }
    }

    #[test]
    fn no_two_clients_come_back_at_the_same_moment() {
        for retry_after in [None, Some(120 * SECOND)] {
            let mut dues: Vec<u64> = (0..100)
                .map(|seed| Backoff::default().failed(NOON, retry_after, &mut Dice::new(seed)))
                .collect();
            dues.sort_unstable();
            dues.dedup();
            assert!(dues.len() > 90, "{}", dues.len());
        }
    }

    #[test]
    fn retry_after_is_a_lower_bound_of_at_most_an_hour() {
        let cases = [
            (0, 0, 2 * SECOND),
            (1, 1, 2 * SECOND),
            (30 * SECOND, 30 * SECOND, 34 * SECOND),
            (60 * MINUTE, 60 * MINUTE, 68 * MINUTE),
            (61 * MINUTE, 60 * MINUTE, 68 * MINUTE),
            (u64::MAX, 60 * MINUTE, 68 * MINUTE),
        ];
        for (asked, least, most) in cases {
            let mut backoff = Backoff::default();
            let due = backoff.failed(NOON, Some(asked), &mut Dice::new(asked));
            assert!((least..=most).contains(&(due - NOON)), "{asked}: {}", due - NOON);
            assert_eq!(backoff.woken(NOON) - NOON, least, "{asked}");
        }
    }

    #[test]
    fn the_network_shortens_the_wait_and_not_the_servers_wish() {
        let (mut backoff, mut dice) = (Backoff::default(), Dice::new(1));
        for minute in 0..8 {
            backoff.failed(NOON + minute * 5 * MINUTE, None, &mut dice);
        }
        let now = NOON + 36 * MINUTE;
        assert!(backoff.not_before() > now);
        assert_eq!(backoff.woken(now), now);

        backoff.failed(now, Some(10 * MINUTE), &mut dice);
        assert_eq!(backoff.woken(now + MINUTE), now + 10 * MINUTE);
    }

    #[test]
    fn nothing_waits_before_the_first_failure() {
        let backoff = Backoff::default();
        assert!(backoff.is_due(0) && backoff.is_due(NOON));
        assert_eq!((backoff.not_before(), backoff.woken(NOON)), (0, NOON));
    }

    #[test]
    fn the_breaker_holds_who_asks_too_early() {
        let (mut backoff, mut dice) = (Backoff::default(), Dice::new(1));
        for _ in 0..100 {
            backoff.failed(NOON, None, &mut dice);
        }
        assert_eq!(backoff.woken(NOON), NOON + 96 * 10 * SECOND);
        assert_eq!(backoff.not_before(), backoff.woken(NOON));
    }

    #[test]
    fn a_clock_set_back_lets_one_attempt_through() {
        let (mut backoff, mut dice) = (Backoff::default(), Dice::new(1));
        for _ in 0..20 {
            backoff.failed(NOON, None, &mut dice);
        }
        let earlier = NOON - 60 * MINUTE;
        assert!(backoff.is_due(earlier));
        assert_eq!(backoff.woken(earlier), earlier);

        let due = backoff.failed(earlier, None, &mut dice);
        assert!(due - earlier <= 5 * MINUTE && !backoff.is_due(due - 1) && backoff.is_due(due));
        assert_eq!(backoff.woken(earlier), earlier + SECOND);
    }

    #[test]
    fn the_end_of_time_is_no_overflow() {
        let (mut backoff, mut dice) = (Backoff::default(), Dice::new(u64::MAX));
        for _ in 0..80 {
            backoff.failed(u64::MAX - 1, Some(u64::MAX), &mut dice);
        }
        assert_eq!(backoff.not_before(), u64::MAX);
    }

    #[test]
    fn the_dice_are_splitmix64() {
        // The reference implementation's first values for the seed 1234567.
        let mut dice = Dice::new(1_234_567);
        let below = |dice: &mut Dice| dice.below(u64::MAX);
        assert_eq!(below(&mut dice), 6_457_827_717_110_365_317);
        assert_eq!(below(&mut dice), 3_203_168_211_198_807_973);
        assert_eq!((dice.below(0), dice.below(1)), (0, 0));
    }

    proptest! {
        /// However it is woken, and whatever the server says.
        #[test]
        fn the_breaker_holds(
            seed in any::<u64>(),
            steps in prop::collection::vec(
                (0..3000_u64, 0..2000_u64, prop::option::of(0..9000_u64)),
                12..60,
            ),
        ) {
            let (mut backoff, mut dice, mut now) = (Backoff::default(), Dice::new(seed), NOON);
            let mut attempts: Vec<u64> = Vec::new();
            for (idle, flight, retry_after) in steps {
                let allowed = backoff.woken(now);
                prop_assert!(allowed <= backoff.not_before().max(now));
                now = allowed + idle * u64::from(idle > 2000);
                attempts.push(now);
                now += flight * u64::from(flight > 1000);
                backoff.failed(now, retry_after, &mut dice);
                let floor = if attempts.len() > FREE as usize { SECOND } else { 0 };
                prop_assert!(backoff.woken(now) >= now + floor.max(retry_after.unwrap_or(0)));
                prop_assert!(!backoff.is_due(now) && backoff.is_due(backoff.not_before()));
            }
            prop_assert!(attempts[3..].windows(2).all(|pair| pair[1] - pair[0] >= SECOND));
            prop_assert!(attempts.windows(11).all(|some| some[10] - some[0] >= MINUTE));
        }

        #[test]
        fn any_numbers_are_answered(
            calls in prop::collection::vec(any::<(u64, Option<u64>)>(), 0..20),
        ) {
            let (mut backoff, mut dice) = (Backoff::default(), Dice::new(0));
            for (now, retry_after) in calls {
                prop_assert!(backoff.failed(now, retry_after, &mut dice) >= now);
                prop_assert!(backoff.woken(now) >= now);
            }
        }

        #[test]
        fn the_dice_stay_below(seed in any::<u64>(), n in 1..u64::MAX) {
            prop_assert!(Dice::new(seed).below(n) < n);
        }
    }

    const NOON: u64 = 1_800_000_000_000;
}
