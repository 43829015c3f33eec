//! Keeps tokens.
pub mod core;
