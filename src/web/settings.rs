//! The options as the face has checked them (pkg/options.js), taken into types of the core.

use js_sys::Array;
use wasm_bindgen::prelude::*;

use super::js;
use crate::core::io::{Means, Policy, Sharing};
use crate::core::resources::{self, Resources};

#[wasm_bindgen]
extern "C" {
    /// The options, checked; times in milliseconds.
    pub type Settings;

    /// There is something to renew a session with.
    #[wasm_bindgen(method, getter)]
    fn renewable(this: &Settings) -> bool;
    /// And that is a cookie.
    #[wasm_bindgen(method, getter)]
    fn cookie(this: &Settings) -> bool;
    /// Other tabs read the same store.
    #[wasm_bindgen(method, getter)]
    fn shared(this: &Settings) -> bool;
    /// Origin, path, origin, path …
    #[wasm_bindgen(method, getter)]
    fn resources(this: &Settings) -> Array;
    #[wasm_bindgen(method, getter)]
    fn margin(this: &Settings) -> f64;
    #[wasm_bindgen(method, getter)]
    fn deadline(this: &Settings) -> f64;
    #[wasm_bindgen(method, getter, js_name = autoRefresh)]
    fn auto_refresh(this: &Settings) -> bool;
    #[wasm_bindgen(method, getter)]
    pub(super) fn key(this: &Settings) -> String;
    /// Where the session is kept, as [`Store::open`](super::store::Store::open) reads it.
    #[wasm_bindgen(method, getter)]
    pub(super) fn place(this: &Settings) -> i32;
}

/// Whether credentials and tokens may be sent to this origin: https, or http on this machine.
#[wasm_bindgen(js_name = isTrustworthy)]
#[must_use]
pub fn is_trustworthy(origin: &str) -> bool {
    resources::is_trustworthy(origin)
}

/// How the core is to act.
pub(super) fn policy(settings: &Settings) -> Policy {
    Policy {
        margin: js::millis(settings.margin()),
        auto_refresh: settings.auto_refresh(),
        means: match (settings.renewable(), settings.cookie()) {
            (false, _) => Means::None,
            (true, false) => Means::Token,
            (true, true) => Means::Cookie,
        },
        store: if settings.shared() { Sharing::Shared } else { Sharing::Private },
        deadline: js::millis(settings.deadline()),
    }
}

/// Who may receive the token; or which of them may not, and why.
pub(super) fn resources(settings: &Settings) -> Result<Resources, JsValue> {
    let list = settings.resources();
    let text = |index| list.get(index).as_string().unwrap_or_default();
    let mut resources = Resources::default();
    for index in 0..list.length() / 2 {
        let added = resources.add(&text(2 * index), &text(2 * index + 1));
        added.map_err(|rule| Array::of2(&index.into(), &rule.into()))?;
    }
    Ok(resources)
}
