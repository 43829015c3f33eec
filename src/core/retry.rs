//! When a refresh that failed for now may be tried again.

use super::time::Millis;

/// The failures of one refresh token so far, and how long they make the next attempt wait. Moments
/// are those of a clock that nobody sets ([`Now::mono`](super::time::Now::mono)).
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
/// use tokenkeeper::core::time::Millis;
///
/// let mut backoff = Backoff::default();
/// let retry_at = backoff.failed(Millis::seconds(10), None, &mut Dice::new(7));
/// assert!((Millis::seconds(11)..=Millis::seconds(12)).contains(&retry_at));
/// assert_eq!(backoff.woken(Millis::of(10_500)), Millis::of(10_500));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Backoff {
    failures: u32,
    /// When the next attempt is due by itself.
    due: Millis,
    /// Before this, not even a network that came back may cause one.
    barred: Millis,
    /// The attempts of late, as the moment at which the breaker will have forgotten them.
    forgotten: Millis,
}

impl Backoff {
    /// Notes a failure, and says when the next attempt is due. `retry_after` is what the server
    /// asked for, from now; more than an hour is taken for an hour.
    pub fn failed(&mut self, now: Millis, retry_after: Option<Millis>, dice: &mut Dice) -> Millis {
        self.failures = self.failures.saturating_add(1);
        self.forgotten = self.forgotten.max(now).plus(Millis::seconds(10));

        // Five at once and then one in ten seconds are at most ten in any minute.
        let floor = if self.failures <= FREE { Millis::ZERO } else { SECOND };
        self.barred = now.plus(floor).max(self.forgotten.since(Millis::seconds(40)));
        let longest = (SECOND.count() << self.failures.min(9)).min(5 * MINUTE.count());
        let mut wait = longest / 2 + dice.below(longest / 2 + 1);
        if let Some(asked) = retry_after.map(|asked| asked.min(HOUR)) {
            self.barred = self.barred.max(now.plus(asked));
            wait = wait.max(asked.count() + dice.below(asked.count() / 8 + 1)); // not everybody at the same moment
        }
        self.due = now.plus(Millis::of(wait)).max(self.barred);
        self.due
    }

    /// The network came back, or the page: the wait is over as soon as the breaker allows.
    pub fn wake(&mut self, now: Millis) {
        self.due = self.due.min(self.woken(now));
    }

    /// The earliest moment for an attempt when the network has come back: the wait is over, the
    /// server's wish and the breaker stay.
    #[must_use]
    pub fn woken(&self, now: Millis) -> Millis {
        self.barred.max(now)
    }

    /// The earliest moment for an attempt by itself; zero as long as nothing failed.
    #[must_use]
    pub const fn not_before(&self) -> Millis {
        self.due
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

const SECOND: Millis = Millis::seconds(1);
const MINUTE: Millis = Millis::seconds(60);
const HOUR: Millis = Millis::seconds(3600);

#[cfg(test)]
mod tests {
    #![allow(clippy::indexing_slicing, reason = "a test may stop where it stands")]

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_wait_doubles_from_a_second_to_five_minutes() {
        let longest = [2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300].map(Millis::seconds);
        for seed in 0..200 {
            let (mut backoff, mut dice, mut now) = (Backoff::default(), Dice::new(seed), NOON);
            for longest in longest {
                let due = backoff.failed(now, None, &mut dice);
                let wait = due.since(now);
                assert!(
                    (Millis::of(longest.count() / 2)..=longest).contains(&wait),
                    "{seed}: {wait:?}"
                );
                assert_eq!(backoff.not_before(), due);
                now = due;
            }
        }
    }

    #[test]
    fn no_two_clients_come_back_at_the_same_moment() {
        for retry_after in [None, Some(Millis::seconds(120))] {
            let mut dues: Vec<Millis> = (0..100)
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
            (Millis::of(0), Millis::of(0), Millis::seconds(2)),
            (Millis::of(1), Millis::of(1), Millis::seconds(2)),
            (Millis::seconds(30), Millis::seconds(30), Millis::seconds(34)),
            (HOUR, HOUR, minutes(68)),
            (minutes(61), HOUR, minutes(68)),
            (Millis::of(u64::MAX), HOUR, minutes(68)),
        ];
        for (asked, least, most) in cases {
            let mut backoff = Backoff::default();
            let wait = backoff.failed(NOON, Some(asked), &mut Dice::new(asked.count())).since(NOON);
            assert!((least..=most).contains(&wait), "{asked:?}: {wait:?}");
            assert_eq!(backoff.woken(NOON).since(NOON), least, "{asked:?}");
        }
    }

    #[test]
    fn a_server_that_asks_for_little_does_not_shorten_the_wait() {
        let (mut backoff, mut dice) = (Backoff::default(), Dice::new(1));
        for least in [1, 2, 4, 8, 16].map(Millis::seconds) {
            let due = backoff.failed(NOON, Some(Millis::ZERO), &mut dice);
            assert!(due.since(NOON) >= least);
        }
    }

    #[test]
    fn whoever_asks_again_is_turned_away_from_the_third_failure_on() {
        let (mut backoff, mut dice) = (Backoff::default(), Dice::new(1));
        for barred in [0, 0, 1].map(Millis::seconds) {
            backoff.failed(NOON, None, &mut dice);
            assert_eq!(backoff.woken(NOON).since(NOON), barred);
        }
    }

    #[test]
    fn the_network_shortens_the_wait_and_not_the_servers_wish() {
        let (mut backoff, mut dice) = (Backoff::default(), Dice::new(1));
        for fives in 0..8 {
            backoff.failed(NOON.plus(minutes(5 * fives)), None, &mut dice);
        }
        let now = NOON.plus(minutes(36));
        assert!(backoff.not_before() > now);
        assert_eq!(backoff.woken(now), now);

        backoff.failed(now, Some(minutes(10)), &mut dice);
        assert_eq!(backoff.woken(now.plus(MINUTE)), now.plus(minutes(10)));
    }

    #[test]
    fn nothing_waits_before_the_first_failure() {
        let backoff = Backoff::default();
        assert_eq!((backoff.not_before(), backoff.woken(NOON)), (Millis::ZERO, NOON));
    }

    #[test]
    fn the_breaker_holds_who_asks_too_early() {
        let (mut backoff, mut dice) = (Backoff::default(), Dice::new(1));
        for _ in 0..100 {
            backoff.failed(NOON, None, &mut dice);
        }
        assert_eq!(backoff.woken(NOON), NOON.plus(Millis::seconds(960)));
        assert_eq!(backoff.not_before(), backoff.woken(NOON));
    }

    #[test]
    fn the_end_of_time_is_no_overflow() {
        let (mut backoff, mut dice) = (Backoff::default(), Dice::new(u64::MAX));
        for _ in 0..80 {
            backoff.failed(Millis::of(u64::MAX - 1), Some(Millis::of(u64::MAX)), &mut dice);
        }
        assert_eq!(backoff.not_before(), Millis::of(u64::MAX));
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
                (0..3000_u64, 0..2000_u64, prop::option::of((0..9000_u64).prop_map(Millis::of))),
                12..60,
            ),
        ) {
            let (mut backoff, mut dice, mut now) = (Backoff::default(), Dice::new(seed), NOON);
            let mut attempts: Vec<Millis> = Vec::new();
            for (idle, flight, retry_after) in steps {
                let allowed = backoff.woken(now);
                prop_assert!(allowed <= backoff.not_before().max(now));
                now = allowed.plus(Millis::of(idle * u64::from(idle > 2000)));
                attempts.push(now);
                now = now.plus(Millis::of(flight * u64::from(flight > 1000)));
                backoff.failed(now, retry_after, &mut dice);
                let floor = if attempts.len() > FREE as usize { SECOND } else { Millis::ZERO };
                prop_assert!(backoff.woken(now) >= now.plus(floor.max(retry_after.unwrap_or_default())));
                prop_assert!(backoff.not_before() > now);
            }
            prop_assert!(attempts[3..].windows(2).all(|pair| pair[1].since(pair[0]) >= SECOND));
            prop_assert!(attempts.windows(11).all(|some| some[10].since(some[0]) >= MINUTE));
        }

        #[test]
        fn any_numbers_are_answered(
            calls in prop::collection::vec(any::<(u64, Option<u64>)>(), 0..20),
        ) {
            let (mut backoff, mut dice) = (Backoff::default(), Dice::new(0));
            for (now, retry_after) in calls {
                let now = Millis::of(now);
                prop_assert!(backoff.failed(now, retry_after.map(Millis::of), &mut dice) >= now);
                prop_assert!(backoff.woken(now) >= now);
            }
        }

        #[test]
        fn the_dice_stay_below(seed in any::<u64>(), n in 1..u64::MAX) {
            prop_assert!(Dice::new(seed).below(n) < n);
        }
    }

    fn minutes(count: u64) -> Millis {
        Millis::seconds(60 * count)
    }

    const NOON: Millis = Millis::of(1_800_000_000_000);
}
