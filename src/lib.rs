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
//! [`core`] decides. It is pure: time, and what is known of sessions, store and ledger, come in as
//! values ([`core::io::Input`]); what to do comes out as values ([`core::io::Output`]). Its
//! machine has no token: those stay with whoever drives it, who gives a [receipt](core::receipt)
//! for each. It compiles for the host, where the simulation in `tests/` drives many machines at
//! once through faults that no browser test could wait for.
//!
//! `web` does. It exists for `wasm32` only, with the feature `browser`: the loop around the machine,
//! the judgement of answers, and the border to JavaScript, which numbers cross, and of texts
//! addresses, challenges and base64url. What is asynchronous or a matter of JavaScript values, tokens
//! above all, is done in `pkg/`.
//!
//! # Code map
//!
//! | where | what |
//! | --- | --- |
//! | [`core::machine`] | the machine: login, logout, waiting callers, and the steps of one refresh |
//! | [`core::io`] | what goes in and what comes out |
//! | [`core::rules`] | the nine rules that the machine keeps |
//! | [`core::session`], [`core::receipt`], [`core::record`] | a session, what stands for its tokens, its numbers in the store |
//! | [`core::ledger`] | the order of all sessions, and the record that keeps it across tabs |
//! | [`core::expiry`], [`core::time`], [`core::retry`] | fresh, stale, expired; two clocks; backoff and breaker |
//! | [`core::verdict`], [`core::challenge`] | what an authorization server's or a resource's answer means |
//! | [`core::resources`], `core::prefixes` | who may receive the token |
//! | [`core::jwt`] | a compact JWS taken apart |
//! | [`core::error`], [`core::timeline`], [`core::words`] | what callers are told, what `explain()` tells, in which words |
//! | `web::keeper`, `web::hands` | what JavaScript tells us, what we tell JavaScript |
//! | `web::driver` | the loop: feed, drain, perform |
//! | `web::answer`, `web::decode`, `web::storage` | answers, base64url, the web storages |
//! | `web::js`, `web::memory` | the platform's clocks, the allocator |
//! | `pkg/index.js`, `pkg/slim.js` | the two entries: the module inside, the module beside |
//! | `pkg/face.js`, `pkg/session.js`, `pkg/fetch.js` | the manager that users hold, its session, and its `fetch` |
//! | `pkg/hands.js`, `pkg/ledger.js`, `pkg/server.js` | timers, locks, tabs; the ledger; calls to the authorization server |
//! | `pkg/store.js`, `pkg/receipts.js` | the store, and what stands behind receipts |
//! | `pkg/options.js`, `pkg/module.js`, `pkg/decode.js` | options checked; the module loaded; `decodeJwt` |
//! | `pkg/error.js`, `pkg/values.js`, `pkg/within.js` | errors, values that nobody vouches for, deadlines |
//! | `pkg/react.js`, `pkg/vue.js`, `pkg/axios.js`, `pkg/testing/` | entries for frameworks, axios and users' tests |
//!
//! A `P8` in a comment is a pain that users of other libraries have, by its number in
//! `docs/pains.md`.
//!
//! # Architecture invariants
//!
//! - Nothing in `core` calls JavaScript or looks at a clock, randomness or I/O, so nothing there can fail for
//!   the environment's sake, and the same inputs lead to the same outputs.
//! - No rule about sessions stands outside `core`, but for the ledger's (`advances` in
//!   `pkg/ledger.js`), which has to be judged inside its transaction. Any other `if` about sessions in
//!   `web` or in `pkg/` is in the wrong file.
//! - Nothing is borrowed while JavaScript runs: any call out may call in again.
//! - No panic path ships: `unwrap`, `expect`, indexing and `panic` are denied by lint in `src/`.
//! - No token enters the machine: receipts stand for them, so none can be in an event, a message, an
//!   error or a `Debug` text of its. Only [`core::jwt`] sees one, to take it apart, and keeps nothing.
//!   From `pkg/` a token goes to a resource, to the authorization server and to the store.
//! - What a start runs stands in parentheses in `pkg/` (`pkg/index.js` says why); what can wait until after it does.
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
