//! The shell: does what the core decides. No decision about sessions is made here.
//!
//! Rust has the loop around the core and the judgement of answers. What is asynchronous (locks,
//! timers, the ledger, the network) or a matter of JavaScript values (options, tokens, the store,
//! bodies, listeners) is done by the [`hands`], in JavaScript: a promise there is a keyword, and
//! here a state machine of kilobytes.

mod answer;
mod decode;
mod driver;
mod hands;
mod js;
mod keeper;
mod memory;
mod storage;

pub use decode::bytes_of;
pub use hands::Hands;
pub use keeper::Keeper;
pub use storage::web_storage;

use wasm_bindgen::prelude::*;

use crate::core::resources;

/// The number of the reason why nothing secret may be sent to a URL, taken apart by the platform; -1
/// where it may.
#[wasm_bindgen(js_name = flawOf)]
#[must_use]
pub fn flaw_of(origin: &str, path: &str) -> i32 {
    resources::flaw(origin, path).map_or(-1, |flaw| flaw as i32)
}
