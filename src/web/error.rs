//! Errors across the border: a core error becomes a `TokenError`; what is the caller's own passes
//! as it is.

use std::cell::RefCell;

use js_sys::{Array, Function, JSON};
use wasm_bindgen::prelude::*;

use crate::core::error::{Code, Error};

thread_local! {
    /// `TokenError`'s maker, from the JavaScript face.
    static MAKE: RefCell<Option<Function>> = const { RefCell::new(None) };
}

/// Tells how errors are made. The face calls it once, before anything else.
#[wasm_bindgen(js_name = useErrors)]
pub fn use_errors(make: Function) {
    MAKE.set(Some(make));
}

impl From<Error> for JsValue {
    fn from(error: Error) -> Self {
        let body = error
            .words
            .as_deref()
            .map_or(Self::UNDEFINED, |words| JSON::parse(words).unwrap_or_else(|_| words.into()));
        make(error.code, error.code.message(), error.retryable(), error.status, &body)
    }
}

/// Options that cannot work: `path` names the one, `rule` says what is asked of it.
pub(super) fn bad_options(path: &str, rule: &str) -> JsValue {
    make(Code::BadOptions, &[path, " ", rule].concat(), false, None, &JsValue::UNDEFINED)
}

/// A text that is no JWT, with the rule it breaks.
pub(super) fn bad_token(rule: &str) -> JsValue {
    make(Code::BadToken, rule, false, None, &JsValue::UNDEFINED)
}

fn make(code: Code, text: &str, retryable: bool, status: Option<u16>, body: &JsValue) -> JsValue {
    let arguments = Array::of5(
        &code.as_str().into(),
        &text.into(),
        &retryable.into(),
        &status.map_or(JsValue::UNDEFINED, Into::into),
        body,
    );
    let made = MAKE.with_borrow(Clone::clone).map(|make| make.apply(&JsValue::NULL, &arguments));
    made.and_then(Result::ok).unwrap_or_else(|| js_sys::Error::new(text).into())
}
