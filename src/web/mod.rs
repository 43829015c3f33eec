//! The shell: does what the core decides. Browser APIs, promises, storage, locks, timers, and the
//! exported class; no decision about sessions.

mod answer;
mod decode;
mod driver;
mod error;
mod events;
mod fetch;
mod js;
mod ledger;
mod manager;
mod options;
mod server;
mod session;
mod store;
mod tabs;
mod timer;

pub use decode::decode_jwt;
pub use error::use_errors;
pub use manager::Manager;
pub use session::use_sessions;
