//! The server from outside: the real binary, over HTTP.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod api;
mod auth;
mod client;
mod cookie;
mod garbage;
mod lab;
mod lifetime;
mod oauth;
mod site;
