//! base64url, for `decodeJwt` (pkg/decode.js) where the platform has none or the text is not sound.

use js_sys::Uint8Array;
use wasm_bindgen::prelude::*;

use crate::core::jwt;

/// The bytes that a part of a compact JWS stands for.
///
/// # Errors
/// What can be said of a part that breaks a rule, as a text.
#[wasm_bindgen(js_name = bytesOf)]
pub fn bytes_of(part: &str) -> Result<Uint8Array, JsValue> {
    match jwt::bytes(part.as_bytes()) {
        Ok(bytes) => Ok(Uint8Array::from(bytes.as_slice())),
        Err(rule) => Err(rule.broken().into()),
    }
}
