//! The time in the three grains in use.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// For JWT, which counts whole seconds.
pub(crate) fn seconds() -> u64 {
    since_epoch().as_secs()
}

/// For the life of refresh tokens.
pub(crate) fn millis() -> i64 {
    i64::try_from(since_epoch().as_millis()).unwrap_or(i64::MAX)
}

/// For numbering access tokens.
pub(crate) fn micros() -> u64 {
    u64::try_from(since_epoch().as_micros()).unwrap_or(u64::MAX)
}

/// A clock set before 1970 reads as 1970.
fn since_epoch() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}
