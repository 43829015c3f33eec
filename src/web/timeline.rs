//! What `explain()` shows.

use serde::Serialize;
use wasm_bindgen::prelude::*;

use crate::core::record::number;
use crate::core::timeline::{Entry, Timeline};

/// A line of the timeline, as a JavaScript array, with words as their numbers. An object would bring along a table of its
/// members' names.
#[derive(Serialize)]
struct Line(f64, u8, Option<u8>, Option<u16>, bool);

pub(super) fn lines(timeline: &Timeline) -> JsValue {
    let line = |entry: &Entry| {
        let Entry { at, what, why, status, remote } = *entry;
        Line(number(at.count()), what as u8, why.map(|why| why as u8), status, remote)
    };
    let lines: Vec<_> = timeline.entries().map(line).collect();
    serde_wasm_bindgen::to_value(&lines).unwrap_or_default()
}
