//! When is a token good: fresh, stale, expired (rule 1).

use super::rules::{Rule, Rules};
use super::session::Session;
use super::time::{Millis, Now};

/// How good the access token is at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// Good to be sent.
    Fresh,
    /// Still good, but inside its margin: to be refreshed before it is used.
    Stale,
    /// Its lifetime is over.
    Expired,
}

/// How long an access token lives from its receipt: `expires_in` as told, else from its own
/// claims. The server's `exp` is compared with the server's own `iat` or clock, never with the
/// device's, which may be off by days (P20).
#[must_use]
pub fn lifetime(
    expires_in: Option<Millis>,
    claims: Claims,
    server_clock: Option<Millis>,
) -> Option<Millis> {
    expires_in.or_else(|| Some(claims.expires?.since(claims.issued.or(server_clock)?)))
}

/// The times of a token's own claims (RFC 7519 section 4.1), by the server's clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Claims {
    /// `iat`.
    pub issued: Option<Millis>,
    /// `exp`.
    pub expires: Option<Millis>,
}

/// A session in hand: its age is counted by both clocks from the moment it was taken up.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Held {
    pub(crate) session: Session,
    /// Since when its age is counted: since it was taken up, or the wall clock was set back.
    since: Now,
    /// How old the token was then; `None` when its receipt lies in the future: a clock was set.
    age: Option<Millis>,
    /// When it was taken up, by [`Now::mono`], and how old it was then: what
    /// [`surely_left`](Self::surely_left) rests on, whatever the wall clock did since.
    taken_up_at: Millis,
    taken_up_age: Option<Millis>,
    /// As configured, but never more than a quarter of the lifetime.
    margin: Millis,
    rules: Rules,
}

impl Held {
    pub(crate) fn take_up(session: Session, margin: Millis, now: Now, rules: Rules) -> Self {
        let ahead = session.received.since(now.wall);
        let age = (ahead <= CLOCK_NOISE).then(|| now.wall.since(session.received));
        let margin =
            session.lifetime.map_or(margin, |span| margin.min(Millis::of(span.count() / 4)));
        Self { session, since: now, age, taken_up_at: now.mono, taken_up_age: age, margin, rules }
    }

    pub(crate) fn freshness(&self, now: Now) -> Freshness {
        match self.left(now) {
            Some(Millis::ZERO) => Freshness::Expired,
            Some(left) if left <= self.margin => Freshness::Stale,
            _ => Freshness::Fresh,
        }
    }

    /// How long the token lives by the page's own clock alone. A wall clock that ran ahead may
    /// have been set, and a session without a refresh token is not ended on that word (P20).
    pub(crate) fn surely_left(&self, now: Now) -> Option<Millis> {
        if !self.rules.hold(Rule::SkewProof) {
            return self.left(now);
        }
        let age = self.taken_up_age?.plus(now.mono.since(self.taken_up_at));
        Some(self.session.lifetime?.since(age))
    }

    /// Whether this page counted the token's whole life, rather than believe the wall clock for
    /// a part of it.
    pub(crate) fn is_witnessed(&self) -> bool {
        self.taken_up_age.is_some_and(|age| age <= CLOCK_NOISE)
    }

    /// When the token expires, by the wall clock as it was when counting began.
    pub(crate) fn expires_at(&self) -> Option<Millis> {
        Some(self.since.wall.plus(self.left(self.since)?))
    }

    /// Counts anew from here, after the wall clock was set.
    pub(crate) fn recount(&mut self, now: Now) {
        self.age = self.age.map(|age| age.plus(now.elapsed_since(self.since)));
        self.since = now;
    }

    /// How long the token stays fresh.
    pub(crate) fn fresh_for(&self, now: Now) -> Option<Millis> {
        self.left(now).map(|left| left.since(self.margin))
    }

    /// How long the token lives; `None` when nothing tells.
    pub(crate) fn left(&self, now: Now) -> Option<Millis> {
        let lifetime = self.session.lifetime?;
        if !self.rules.hold(Rule::SkewProof) {
            return Some(lifetime.since(now.wall.since(self.session.received)));
        }
        let age = self.age.unwrap_or(lifetime);
        Some(lifetime.since(age.plus(now.elapsed_since(self.since))))
    }
}

/// Browsers blur their clocks, each tab on its own: this much is no clock that was set.
const CLOCK_NOISE: Millis = Millis::seconds(2);

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::core::ledger::Stamp;
    use crate::core::receipt::{Receipt, Tokens};

    fn held(lifetime: Option<u64>, received: u64, now: Now) -> Held {
        let session = Session {
            stamp: Stamp { family: 1, generation: 1 },
            tokens: Tokens { access: Receipt::new(1).unwrap(), refresh: None, scope: None },
            received: Millis::of(received),
            lifetime: lifetime.map(Millis::of),
            refresh_expires: None,
        };
        Held::take_up(session, Millis::seconds(60), now, Rules::default())
    }

    fn at(wall: u64, mono: u64) -> Now {
        Now { wall: Millis::of(wall), mono: Millis::of(mono) }
    }

    #[test]
    fn the_margin_is_never_more_than_a_quarter_of_the_lifetime() {
        let held = held(Some(20_000), 0, at(0, 0));
        assert_eq!(held.freshness(at(14_999, 14_999)), Freshness::Fresh);
        assert_eq!(held.freshness(at(15_000, 15_000)), Freshness::Stale);
        assert_eq!(held.freshness(at(20_000, 20_000)), Freshness::Expired);
    }

    #[test]
    fn a_token_of_unknown_lifetime_is_fresh() {
        assert_eq!(held(None, 0, at(0, 0)).freshness(at(u64::MAX, u64::MAX)), Freshness::Fresh);
    }

    #[test]
    fn a_clock_set_back_makes_no_token_younger() {
        let held = held(Some(20_000), 1_000_000, at(1_000_000, 0));
        assert_eq!(held.freshness(at(1_000, 19_000)), Freshness::Stale);
    }

    #[test]
    fn a_receipt_in_the_future_is_an_unknown_age() {
        let held = held(Some(20_000), 1_000_000, at(5_000, 0));
        assert_eq!(held.freshness(at(5_000, 0)), Freshness::Expired);
        assert_eq!(held.surely_left(at(5_000, 0)), None);
    }

    #[test]
    fn a_receipt_a_moment_ahead_is_another_tabs_blurred_clock() {
        for (ahead, expected) in [(2_000, Freshness::Fresh), (2_001, Freshness::Expired)] {
            let held = held(Some(20_000), 5_000 + ahead, at(5_000, 0));
            assert_eq!(held.freshness(at(5_000, 0)), expected);
        }
    }

    #[test]
    fn a_tokens_own_receipt_by_the_server_comes_before_the_servers_clock() {
        let [issued, expires, clock] = [100, 700, 0].map(|at| Some(Millis::seconds(at)));
        let lifetime = |issued| lifetime(None, Claims { issued, expires }, clock);
        assert_eq!(lifetime(issued), Some(Millis::seconds(600)));
        assert_eq!(lifetime(None), expires);
    }

    #[test]
    fn a_wall_clock_that_ran_ahead_does_not_surely_expire() {
        let held = held(Some(20_000), 0, at(0, 0));
        assert_eq!(held.freshness(at(86_400_000, 10)), Freshness::Expired);
        assert_eq!(held.surely_left(at(86_400_000, 10)), Some(Millis::of(19_990)));
        assert_eq!(held.surely_left(at(20_000, 20_000)), Some(Millis::ZERO));
    }

    #[test]
    fn lifetime_never_compares_the_servers_clock_with_the_devices() {
        let claims = Claims { issued: Some(Millis::of(5_000)), expires: Some(Millis::of(65_000)) };
        assert_eq!(lifetime(None, claims, None), Some(Millis::of(60_000)));
        assert_eq!(lifetime(Some(Millis::of(9)), claims, None), Some(Millis::of(9)));
        let no_iat = Claims { issued: None, ..claims };
        assert_eq!(lifetime(None, no_iat, Some(Millis::of(60_000))), Some(Millis::of(5_000)));
        assert_eq!(lifetime(None, no_iat, None), None);
    }
}
