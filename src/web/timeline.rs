//! What `explain()` shows.

use serde::Serialize;
use wasm_bindgen::prelude::*;

use crate::core::record::number;
use crate::core::timeline::{Entry, Timeline};

/// A line of the timeline, as a JavaScript array. An object would bring along a table of its names.
#[derive(Serialize)]
struct Line(f64, &'static str, Option<&'static str>, Option<u16>, bool);

pub(super) fn lines(timeline: &Timeline) -> JsValue {
    let line = |entry: &Entry| {
        let Entry { at, what, why, status, remote } = *entry;
        Line(number(at.0), what, why, status, remote)
    };
    let lines: Vec<_> = timeline.entries().map(line).collect();
    serde_wasm_bindgen::to_value(&lines).unwrap_or_default()
}
