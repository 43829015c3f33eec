//! The platform as far as web-sys does not reach: globals that exist in every scope.

use wasm_bindgen::prelude::*;

use crate::core::time::{Millis, Now};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = performance, js_name = now)]
    fn performance_now() -> f64;
}

/// What both clocks say.
pub(super) fn now() -> Now {
    Now { wall: millis(js_sys::Date::now()), mono: millis(performance_now()) }
}

/// A JavaScript number as a time: whole, not negative, and within what a time can be.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "`as` saturates")]
pub(super) fn millis(number: f64) -> Millis {
    Millis::of(number as u64)
}
