//! The platform as far as web-sys does not reach: globals that exist in every scope, and values
//! of a shape that nobody vouches for.

use js_sys::{Array, Function, Object, Promise, Reflect};
use wasm_bindgen::prelude::*;

use crate::core::time::{Millis, Now};

#[wasm_bindgen]
extern "C" {
    /// The global `fetch`, looked up at each call: a page may put its own in its place.
    #[wasm_bindgen(catch)]
    pub(super) fn fetch(input: &JsValue, init: &JsValue) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(js_name = setTimeout)]
    pub(super) fn set_timeout(callback: &Function, millis: i32) -> JsValue;

    #[wasm_bindgen(js_name = clearTimeout)]
    pub(super) fn clear_timeout(timer: &JsValue);

    /// The number that a text or any other value stands for.
    #[wasm_bindgen(js_name = Number)]
    pub(super) fn to_number(value: &JsValue) -> f64;

    /// The text that a value stands for.
    #[wasm_bindgen(js_name = String, catch)]
    pub(super) fn to_text(value: &JsValue) -> Result<String, JsValue>;

    /// A form to be sent.
    #[wasm_bindgen(js_name = URLSearchParams)]
    pub(super) type Form;

    #[wasm_bindgen(constructor, js_class = "URLSearchParams")]
    pub(super) fn new() -> Form;

    #[wasm_bindgen(method, js_class = "URLSearchParams")]
    pub(super) fn set(this: &Form, name: &str, value: &str);

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

/// A time as a JavaScript number.
#[expect(clippy::cast_precision_loss, reason = "times stay far below 2^53")]
pub(super) fn number(Millis(millis): Millis) -> f64 {
    millis as f64
}

/// A member of anything; `undefined` where there is none, or no object to have one.
pub(super) fn get(of: &JsValue, name: &str) -> JsValue {
    Reflect::get(of, &name.into()).unwrap_or_default()
}

/// A member that is a function.
pub(super) fn method(of: &JsValue, name: &str) -> Option<Function> {
    get(of, name).dyn_into().ok()
}

/// Sets a member of an object that was just made for it.
pub(super) fn set(of: &Object, name: &str, value: &JsValue) {
    // A fresh plain object takes every member.
    let _ = Reflect::set(of, &name.into(), value);
}

/// What is there, where there is something.
pub(super) fn some(value: JsValue) -> Option<JsValue> {
    (!value.is_null() && !value.is_undefined()).then_some(value)
}

/// A member of the global object.
pub(super) fn global(name: &str) -> Option<JsValue> {
    some(get(&js_sys::global(), name))
}

/// Makes an object of a platform class, with arguments that the platform is to judge.
pub(super) fn construct(class: &str, arguments: &Array) -> Result<JsValue, JsValue> {
    let class: Function = global(class).unwrap_or_default().dyn_into()?;
    Reflect::construct(&class, arguments)
}

/// Whether a value is of a platform class, of whatever realm (`instanceof` is not).
pub(super) fn is_a(value: &JsValue, class: &str) -> bool {
    value.is_object()
        && Reflect::get(value, &js_sys::Symbol::to_string_tag())
            .is_ok_and(|tag| tag.as_string().as_deref() == Some(class))
}

/// A header of a response, as far as the response is one and CORS shows it.
pub(super) fn header(response: &JsValue, name: &str) -> Option<String> {
    let headers = get(response, "headers");
    method(&headers, "get")?.call1(&headers, &name.into()).ok()?.as_string()
}

/// Lets Node end although this timer or channel is still there; browsers have no such thing.
pub(super) fn unref(handle: &JsValue) {
    if let Some(unref) = method(handle, "unref") {
        let _ = unref.call0(handle);
    }
}

/// Waits for a promise, or for a value that is none.
pub(super) async fn settled(value: &JsValue) -> Result<JsValue, JsValue> {
    wasm_bindgen_futures::JsFuture::from(Promise::resolve(value)).await
}
