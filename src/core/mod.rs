//! The core: what to do next. No JavaScript, no clock, no randomness, no I/O; data in, data out.
//! It compiles for the host, where none of the browser's crates exist.

pub mod challenge;
pub mod error;
pub mod expiry;
pub mod io;
pub mod jwt;
pub mod ledger;
pub mod machine;
mod prefixes;
pub mod receipt;
pub mod record;
pub mod resources;
pub mod retry;
pub mod rules;
pub mod session;
pub mod time;
pub mod timeline;
pub mod verdict;
pub mod words;
