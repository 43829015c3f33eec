//! The platform as far as web-sys does not reach: globals that exist in every scope, and values
//! of a shape that nobody vouches for.

use js_sys::Object;
use wasm_bindgen::prelude::*;

pub(super) use crate::core::record::{number, whole};
use crate::core::time::{Millis, Now};

#[wasm_bindgen]
extern "C" {
    /// The number that a text stands for.
    #[wasm_bindgen(js_name = Number)]
    pub(super) fn to_number(text: &str) -> f64;

    /// Sets a member of an object that was just made for it: that takes every member.
    #[wasm_bindgen(js_namespace = Reflect)]
    pub(super) fn set(of: &Object, name: &str, value: &JsValue);

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
    Millis(number as u64)
}
