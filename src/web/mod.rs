//! The shell: does what the core decides. No decision about sessions is made here.
//!
//! Rust has the loop around the core, the store, and the judgement of answers. What is asynchronous
//! (locks, timers, the ledger, the network) or a matter of JavaScript values (options, bodies,
//! listeners) is done by the [`hands`], in JavaScript: a promise there is a keyword, and here a
//! state machine of kilobytes.

mod answer;
mod decode;
mod driver;
mod hands;
mod js;
mod keeper;
mod memory;
mod settings;
mod store;
mod wire;

pub use decode::{claims_of, decode_jwt};
pub use hands::Hands;
pub use keeper::Keeper;
pub use settings::{Settings, is_trustworthy};
