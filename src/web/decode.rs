//! `decodeJwt`: the core takes the token apart, the platform reads its JSON.

use js_sys::{JSON, Object, Uint8Array};
use wasm_bindgen::prelude::*;

use super::error::bad_token;
use super::js;
use crate::core::jwt;

/// Takes a compact JWS apart; see `decodeJwt` in index.d.ts.
///
/// # Errors
/// A `TokenError` `bad_token` that says which rule was broken.
#[wasm_bindgen(js_name = decodeJwt)]
pub fn decode_jwt(token: &JsValue) -> Result<JsValue, JsValue> {
    let text = token.as_string().ok_or_else(|| bad_token("A JWT is a string."))?;
    let parts = jwt::decode(&text).map_err(|flaw| bad_token(flaw.message()))?;
    let decoded = Object::new();
    js::set(&decoded, "header", &parse(&parts.header, "The JWT's header is not valid JSON.")?);
    js::set(&decoded, "claims", &parse(&parts.payload, "The JWT's payload is not valid JSON.")?);
    js::set(&decoded, "signature", &Uint8Array::from(parts.signature.as_slice()));
    Ok(decoded.into())
}

fn parse(json: &str, rule: &str) -> Result<JsValue, JsValue> {
    JSON::parse(json).map_err(|_| bad_token(rule))
}
