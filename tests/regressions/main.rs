//! Each pain of the peers' users that lives in the core, driven against the machine directly: the
//! names say which one. docs/pains.md has the table.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs, unreachable_pub)]

mod clocks;
mod failures;
mod locks;
mod page;
mod platform;
mod requests;
mod rotation;
