//! The two web storages.

use gloo_storage::{LocalStorage, SessionStorage, Storage as _};
use wasm_bindgen::prelude::*;
use web_sys::Storage;

/// `localStorage`, or else `sessionStorage`, of whose existence pkg/store.js has made sure.
#[wasm_bindgen(js_name = webStorage)]
#[must_use]
pub fn web_storage(local: bool) -> Storage {
    if local { LocalStorage::raw() } else { SessionStorage::raw() }
}
