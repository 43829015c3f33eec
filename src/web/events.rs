//! Listeners: told one after the other, after everything is settled. One that throws is reported
//! and does not keep the others from being told.

use std::cell::{Cell, RefCell};

use js_sys::Function;
use wasm_bindgen::prelude::*;

use super::js;

/// Those who listen.
#[derive(Default)]
pub(super) struct Listeners {
    next: Cell<u32>,
    list: RefCell<Vec<Listener>>,
}

#[derive(Clone)]
struct Listener {
    id: u32,
    to: String,
    callback: Function,
}

impl Listeners {
    /// Adds one; the number removes it.
    pub(super) fn add(&self, to: &str, callback: Function) -> u32 {
        let id = self.next.replace(self.next.get().wrapping_add(1));
        self.list.borrow_mut().push(Listener { id, to: to.into(), callback });
        id
    }

    pub(super) fn remove(&self, id: u32) {
        self.list.borrow_mut().retain(|listener| listener.id != id);
    }

    pub(super) fn clear(&self) {
        self.list.borrow_mut().clear();
    }

    /// Tells those who listen to this; a listener may add, remove and call whatever it likes.
    pub(super) fn tell(&self, what: &str, event: &JsValue) {
        let told = self.list.borrow().clone();
        for listener in told.iter().filter(|listener| listener.to == what) {
            if let Err(thrown) = listener.callback.call1(&JsValue::UNDEFINED, event) {
                report(&thrown);
            }
        }
    }
}

/// As the platform does with what a listener throws.
fn report(thrown: &JsValue) {
    let global = js_sys::global();
    if let Some(report) = js::method(&global, "reportError") {
        let _ = report.call1(&global, thrown);
    } else if let Some(log) = js::method(&js::get(&global, "console"), "error") {
        let _ = log.call1(&JsValue::UNDEFINED, thrown);
    }
}

/// What can be listened to.
pub(super) const EVENTS: [&str; 4] = ["login", "refresh", "logout", "warning"];

/// The listeners of `subscribe`.
pub(super) const CHANGE: &str = "";
