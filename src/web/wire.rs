//! Ledger entries and messages as small arrays. Anyone on the origin can write such things, so
//! what does not look like ours is nothing.

use js_sys::Array;
use wasm_bindgen::prelude::*;

use super::js;
use crate::core::io::{Message, Reason};
use crate::core::ledger::{Ledger, Stamp};
use crate::core::time::Millis;

/// `[family, generation, intent | null]`.
pub(super) fn entry(ledger: Ledger) -> Array {
    stamped(ledger.stamp, &ledger.intent.map_or(JsValue::NULL, |at| js::number(at.0).into()))
}

/// The ledger, from such an entry; one that is none says that nothing has happened yet.
pub(super) fn ledger(entry: &JsValue) -> Ledger {
    stamp(entry)
        .map(|stamp| Ledger { stamp, intent: whole(entry, 2).map(Millis) })
        .unwrap_or_default()
}

/// `[family, generation, reason | null]`, with a reason for an end.
pub(super) fn message(message: Message) -> Array {
    match message {
        Message::Changed(stamp) => stamped(stamp, &JsValue::NULL),
        Message::Ended(stamp, reason) => stamped(stamp, &reason.as_str().into()),
    }
}

/// The message, if it is one.
pub(super) fn parse_message(data: &JsValue) -> Option<Message> {
    let stamp = stamp(data)?;
    Some(match at(data, 2).as_string() {
        None => Message::Changed(stamp),
        Some(reason) => {
            let reasons = [Reason::Expired, Reason::RefreshRejected, Reason::User];
            let reason = reasons.into_iter().find(|known| known.as_str() == reason)?;
            Message::Ended(stamp, reason)
        }
    })
}

fn stamped(stamp: Stamp, what: &JsValue) -> Array {
    Array::of3(&js::number(stamp.family).into(), &stamp.generation.into(), what)
}

fn stamp(of: &JsValue) -> Option<Stamp> {
    let generation = u32::try_from(whole(of, 1)?).ok()?;
    Some(Stamp { family: whole(of, 0)?, generation })
}

/// A whole number that is not negative, at a place of an array.
fn whole(of: &JsValue, index: u32) -> Option<u64> {
    js::whole(at(of, index).as_f64()?)
}

fn at(of: &JsValue, index: u32) -> JsValue {
    if Array::is_array(of) { of.unchecked_ref::<Array>().get(index) } else { JsValue::NULL }
}
