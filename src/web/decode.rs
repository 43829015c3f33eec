//! Tokens taken apart: by the core, and their JSON read by the platform.

use js_sys::{Array, JSON, Uint8Array};
use wasm_bindgen::prelude::*;

use crate::core::jwt;

/// Takes a compact JWS apart: header, claims, signature.
///
/// # Errors
/// The rule that was broken, as a text.
#[wasm_bindgen(js_name = decodeJwt)]
pub fn decode_jwt(token: &str) -> Result<Array, JsValue> {
    let parts = jwt::decode(token).map_err(jwt::Flaw::message)?;
    Ok(Array::of3(
        &JSON::parse(&parts.header).map_err(|_| "The token's header is not valid JSON.")?,
        &JSON::parse(&parts.payload).map_err(|_| "The token's payload is not valid JSON.")?,
        &Uint8Array::from(parts.signature.as_slice()),
    ))
}

/// The claims of a token; `null` when it is opaque.
#[wasm_bindgen(js_name = claimsOf)]
#[must_use]
pub fn claims_of(token: &str) -> JsValue {
    let payload = jwt::payload(token).ok();
    payload.and_then(|payload| JSON::parse(&payload).ok()).unwrap_or(JsValue::NULL)
}
