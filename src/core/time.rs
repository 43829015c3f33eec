//! Time as a value: the core never looks at a clock, the shell tells it what two clocks say.

/// Milliseconds: a moment on one of the clocks of [`Now`], or a span between two.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Millis(pub u64);

impl Millis {
    /// No time at all.
    pub const ZERO: Self = Self(0);

    /// A span given in whole seconds.
    #[must_use]
    pub const fn seconds(seconds: u64) -> Self {
        Self(seconds.saturating_mul(1000))
    }

    /// This much later.
    #[must_use]
    #[inline(never)]
    pub const fn plus(self, span: Self) -> Self {
        Self(self.0.saturating_add(span.0))
    }

    /// The span since an earlier moment of the same clock; zero when that lies in the future.
    #[must_use]
    #[inline(never)]
    pub const fn since(self, earlier: Self) -> Self {
        Self(self.0.saturating_sub(earlier.0))
    }

    /// This moment less another, which may be the later one.
    #[must_use]
    pub fn less(self, other: Self) -> i64 {
        signed(self).saturating_sub(signed(other))
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
        self.wall.less(self.mono).saturating_sub(earlier.wall.less(earlier.mono))
    }
}

fn signed(millis: Millis) -> i64 {
    i64::try_from(millis.0).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(wall: u64, mono: u64) -> Now {
        Now { wall: Millis(wall), mono: Millis(mono) }
    }

    #[test]
    fn a_clock_set_back_does_not_make_time_run_backwards() {
        assert_eq!(at(1_000, 900).elapsed_since(at(50_000, 400)), Millis(500));
        assert_eq!(at(1_000, 900).drift_since(at(50_000, 400)), -49_500);
    }

    #[test]
    fn sleep_counts_though_the_page_did_not_see_it() {
        assert_eq!(at(90_000, 600).elapsed_since(at(10_000, 500)), Millis(80_000));
        assert_eq!(at(90_000, 600).drift_since(at(10_000, 500)), 79_900);
    }
}
