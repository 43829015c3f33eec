//! A session as JavaScript sees it.

use std::cell::RefCell;

use js_sys::{Array, Function, JSON};
use wasm_bindgen::prelude::*;

use super::js;
use crate::core::jwt;
use crate::core::session::Session;
use crate::core::time::Millis;

thread_local! {
    /// The maker of `Session` objects, from the JavaScript face.
    static MAKE: RefCell<Option<Function>> = const { RefCell::new(None) };
}

/// Tells how sessions are made. The face calls it once, before anything else.
#[wasm_bindgen(js_name = useSessions)]
pub fn use_sessions(make: Function) {
    MAKE.set(Some(make));
}

/// Makes the object; tokens of an OAuth server are opaque, whatever is in them (RFC 9068 section
/// 6).
pub(super) fn make(session: &Session, expires_at: Option<Millis>, opaque: bool) -> JsValue {
    let payload = (!opaque).then(|| jwt::payload(session.access.reveal()).ok()).flatten();
    let claims = payload.and_then(|payload| JSON::parse(&payload).ok()).unwrap_or(JsValue::NULL);
    let time = |at: Option<Millis>| at.map_or(JsValue::NULL, |at| js::number(at).into());
    let arguments = Array::of4(
        &claims,
        &session.scope.as_deref().map_or(JsValue::NULL, Into::into),
        &time(expires_at),
        &time(session.refresh_expires),
    );
    let make = MAKE.with_borrow(Clone::clone);
    make.and_then(|make| make.apply(&JsValue::NULL, &arguments).ok()).unwrap_or(JsValue::NULL)
}
