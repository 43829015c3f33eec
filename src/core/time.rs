//! Time as a value: the core never looks at a clock, the shell tells it what two clocks say.

use std::cmp::Ordering;
use std::fmt;
use std::num::NonZeroU64;

/// Milliseconds: a moment on one of the clocks of [`Now`], or a span between two.
///
/// Kept as the number's complement, so that the one number that is left over can stand for none:
/// where a time may be unknown, `Option<Millis>` is no larger than the time.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Millis(NonZeroU64);

impl Millis {
    /// No time at all.
    pub const ZERO: Self = Self::of(0);

    /// So many; of `u64::MAX`, which nothing lasts, one less.
    #[must_use]
    pub const fn of(count: u64) -> Self {
        match NonZeroU64::new(!count) {
            Some(complement) => Self(complement),
            None => Self(NonZeroU64::MIN),
        }
    }

    /// A span given in whole seconds.
    #[must_use]
    pub const fn seconds(seconds: u64) -> Self {
        Self::of(seconds.saturating_mul(1000))
    }

    /// How many they are.
    #[must_use]
    pub const fn count(self) -> u64 {
        !self.0.get()
    }

    /// This much later.
    #[inline(never)] // as everything that is asked for at many places
    #[must_use]
    pub const fn plus(self, span: Self) -> Self {
        Self::of(self.count().saturating_add(span.count()))
    }

    /// The span since an earlier moment of the same clock; zero when that lies in the future.
    #[inline(never)]
    #[must_use]
    pub const fn since(self, earlier: Self) -> Self {
        Self::of(self.count().saturating_sub(earlier.count()))
    }

    /// This moment less another, which may be the later one.
    #[must_use]
    pub fn less(self, other: Self) -> i64 {
        signed(self).saturating_sub(signed(other))
    }
}

impl Default for Millis {
    fn default() -> Self {
        Self::ZERO
    }
}

impl fmt::Debug for Millis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Millis").field(&self.count()).finish()
    }
}

impl Ord for Millis {
    fn cmp(&self, other: &Self) -> Ordering {
        other.0.cmp(&self.0)
    }
}

impl PartialOrd for Millis {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// What the two clocks say at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Now {
    /// The device's clock (`Date.now()`): shared by all tabs and all reloads, but it may be set
    /// at any time, by any amount, in either direction.
    pub wall: Millis,
    /// Time since this page began (`performance.now()`): never set, but it may stand still while
    /// the device sleeps, and means nothing to another tab.
    pub mono: Millis,
}

impl Now {
    /// What has passed since an earlier moment in the same page. A clock that was set back still
    /// leaves what the page itself counted; one that ran on while the page slept counts in full.
    #[must_use]
    #[inline(never)]
    pub fn elapsed_since(self, earlier: Self) -> Millis {
        self.wall.since(earlier.wall).max(self.mono.since(earlier.mono))
    }

    /// How far the wall clock moved against the page's own since `earlier`, in milliseconds:
    /// negative when it was set back; positive when it was set forward or the device slept.
    #[must_use]
    #[inline(never)]
    pub fn drift_since(self, earlier: Self) -> i64 {
        // Neither clock comes near what would wrap.
        let ahead = |now: Self| now.wall.count().wrapping_sub(now.mono.count());
        ahead(self).wrapping_sub(ahead(earlier)).cast_signed()
    }
}

fn signed(millis: Millis) -> i64 {
    i64::try_from(millis.count()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(wall: u64, mono: u64) -> Now {
        Now { wall: Millis::of(wall), mono: Millis::of(mono) }
    }

    #[test]
    fn a_clock_set_back_does_not_make_time_run_backwards() {
        assert_eq!(at(1_000, 900).elapsed_since(at(50_000, 400)), Millis::of(500));
        assert_eq!(at(1_000, 900).drift_since(at(50_000, 400)), -49_500);
    }

    #[test]
    fn sleep_counts_though_the_page_did_not_see_it() {
        assert_eq!(at(90_000, 600).elapsed_since(at(10_000, 500)), Millis::of(80_000));
        assert_eq!(at(90_000, 600).drift_since(at(10_000, 500)), 79_900);
    }
}
