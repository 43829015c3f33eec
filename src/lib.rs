//! tokenkeeper logs a user in, keeps the access and the refresh token, knows when a token is stale,
//! refreshes it, retries what a 401 refused, and does so once however many requests, tabs and
//! faults there are. It is made for browsers, and published on npm as `tokenkeeper`.
//!
//! # Bird's-eye view
//!
//! Two halves, one direction: `web → core`.
//!
//! ```text
//!   JavaScript          auth.fetch(…)   auth.login(…)   other tabs   timers   the network
//!   pkg/face.js   ───────────┴──────────────┴──────────────┴──────────┴──────────┘
//!   pkg/hands.js             │ methods of Keeper            ▲ methods of Hands
//!   src/web/                 ▼                              │
//!                    Input ─► inbox ─► Machine::handle ─► Machine::poll ─► Output
//!   src/core/                          every rule is here
//! ```
//!
//! [`core`] decides. It is pure: time, tokens, what the store and the ledger hold, come in as
//! values ([`core::io::Input`]); what to do comes out as values ([`core::io::Output`]). It compiles
//! for the host, where the simulation in `tests/` drives many machines at once through faults that
//! no browser test could wait for.
//!
//! `web` does. It exists for `wasm32` only, with the feature `browser`: the loop around the machine,
//! the store, the judgement of answers, and the border to JavaScript. What is asynchronous is done
//! by `pkg/hands.js`.
//!
//! # Code map
//!
//! | where | what |
//! | --- | --- |
//! | [`core::machine`] | the machine: login, logout, waiting callers, and the steps of one refresh |
//! | [`core::io`] | what goes in and what comes out |
//! | [`core::rules`] | the nine rules that the machine keeps |
//! | [`core::session`], [`core::token`], [`core::record`] | a session, tokens that do not print, the stored form |
//! | [`core::ledger`] | the order of all sessions, and the record that keeps it across tabs |
//! | [`core::expiry`], [`core::time`], [`core::retry`] | fresh, stale, expired; two clocks; backoff and breaker |
//! | [`core::verdict`], [`core::challenge`] | what an authorization server's or a resource's answer means |
//! | [`core::resources`], `core::prefixes` | who may receive the token |
//! | [`core::jwt`] | a compact JWS taken apart |
//! | [`core::error`], [`core::timeline`] | what callers are told, what `explain()` tells |
//! | `web::keeper`, `web::hands` | what JavaScript tells us, what we tell JavaScript |
//! | `web::driver` | the loop: feed, drain, perform |
//! | `web::store`, `web::answer`, `web::wire`, `web::decode` | the store, answers, messages, `decodeJwt` |
//! | `web::settings`, `web::js`, `web::memory` | the options, the platform's globals, the allocator |
//! | `pkg/face.js`, `pkg/fetch.js` | the manager that users hold, and its `fetch` |
//! | `pkg/hands.js`, `pkg/server.js` | timers, locks, tabs, ledger; calls to the authorization server |
//! | `pkg/options.js`, `pkg/decode.js` | options checked; `decodeJwt` where the platform can do it |
//!
//! A `P8` in a comment is a pain that users of other libraries have, by its number in
//! `docs/pains.md`.
//!
//! # Architecture invariants
//!
//! - Nothing in `core` knows JavaScript, a clock, randomness or I/O, so nothing there can fail for
//!   the environment's sake, and the same inputs lead to the same outputs.
//! - No rule about sessions stands outside `core`. An `if` about sessions in `web` or in `pkg/` is in
//!   the wrong file.
//! - Nothing is borrowed while JavaScript runs: any call out may call in again.
//! - No panic path ships: `unwrap`, `expect`, indexing and `panic` are denied by lint in `src/`.
//! - A token is shown only by `reveal`, and goes only to a resource, to the authorization server and
//!   to the store. It has no `Display`; its `Debug` hides it; events, messages, errors and the
//!   timeline have no place for one.
//! - The nine rules of [`core::rules`] are kept by the machine; a comment names each by its number
//!   where it is relied upon.
//!
//! # For Rust front ends
//!
//! A Yew or Leptos app takes the core, without the shell and its allocator:
//!
//! ```toml
//! tokenkeeper = { version = "0.1", default-features = false }
//! ```
//!
//! [`core::machine::Machine`] shows, in a whole example, how to drive the machine with a fetch, a
//! store and a timer of your own. [`core::jwt`] takes a token apart:
//!
//! ```
//! use tokenkeeper::core::jwt;
//!
//! let parts = jwt::decode("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbm4ifQ.c2ln")?;
//! assert_eq!(parts.payload, r#"{"sub":"ann"}"#);
//! # Ok::<(), jwt::Flaw>(())
//! ```

pub mod core;
#[cfg(all(target_arch = "wasm32", feature = "browser"))]
pub mod web;
