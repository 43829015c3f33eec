//! base64url, for `decodeJwt` (pkg/decode.js) where the platform has none or the text is not sound.

use js_sys::Uint8Array;
use wasm_bindgen::prelude::*;

use crate::core::jwt;

/// The bytes that a part of a compact JWS stands for; or the number of the rule that it breaks.
#[wasm_bindgen(js_name = bytesOf)]
#[must_use]
pub fn bytes_of(part: &str) -> JsValue {
    match jwt::bytes(part.as_bytes()) {
        Ok(bytes) => Uint8Array::from(bytes.as_slice()).into(),
        Err(rule) => (rule as u8).into(),
    }
}
