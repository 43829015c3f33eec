//! The shell's hands: what is asynchronous about the platform is done in JavaScript, where a
//! promise costs nothing (pkg/hands.js). What comes of each call comes back through a method of
//! [`Keeper`](super::keeper::Keeper).

use js_sys::Array;
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// An object with these methods; each returns at once.
    pub type Hands;

    /// A caller's promise is fulfilled: with a token, and what to report a 401 to it by.
    #[wasm_bindgen(method)]
    pub(super) fn answer(this: &Hands, ticket: f64, token: &str, family: f64, generation: u32);

    /// A caller's promise is rejected.
    #[wasm_bindgen(method)]
    pub(super) fn fail(this: &Hands, ticket: f64, error: JsValue);

    /// Makes a `TokenError`.
    #[wasm_bindgen(method)]
    pub(super) fn error(
        this: &Hands,
        code: &str,
        message: &str,
        retryable: bool,
        status: Option<u16>,
        words: Option<&str>,
    ) -> JsValue;

    /// The session changed; the token may be used unasked until then (wall clock). No token: there
    /// is none.
    #[wasm_bindgen(method)]
    pub(super) fn lease(
        this: &Hands,
        token: Option<&str>,
        until: f64,
        family: f64,
        generation: u32,
    );

    /// Listeners are told of an event.
    #[wasm_bindgen(method)]
    pub(super) fn emit(this: &Hands, kind: &str, remote: bool, reason: Option<&str>);

    /// Listeners are told of something that ends nothing.
    #[wasm_bindgen(method)]
    pub(super) fn warn(this: &Hands, code: &str, more: &JsValue);

    /// Rings [`Keeper::tick`] after this many milliseconds, instead of whatever was set before;
    /// negative: not at all.
    #[wasm_bindgen(method)]
    pub(super) fn alarm(this: &Hands, millis: f64);

    /// Asks for the lock; [`Keeper::locked`] tells.
    #[wasm_bindgen(method)]
    pub(super) fn lock(this: &Hands, attempt: u32);

    /// Gives the lock back.
    #[wasm_bindgen(method)]
    pub(super) fn unlock(this: &Hands, attempt: u32);

    /// Reads the ledger if there is one, then the caller's own store if there is one;
    /// [`Keeper::looked`] tells.
    #[wasm_bindgen(method)]
    pub(super) fn look(this: &Hands, attempt: u32);

    /// Brings the ledger forward; [`Keeper::noted`] tells.
    #[wasm_bindgen(method)]
    pub(super) fn note(this: &Hands, attempt: u32, entry: &Array);

    /// Posts a message to the other tabs.
    #[wasm_bindgen(method)]
    pub(super) fn tell(this: &Hands, message: &Array);

    /// Asks the authorization server for the next access token; [`Keeper::heard`] or
    /// [`Keeper::unheard`] tell what came of it.
    #[wasm_bindgen(method)]
    pub(super) fn refresh(this: &Hands, attempt: u32, token: Option<&str>, name: Option<&str>);

    /// Tells the authorization server that these tokens are not needed any more, best effort; who
    /// waits for it is answered when that is done.
    #[wasm_bindgen(method)]
    pub(super) fn over(
        this: &Hands,
        ticket: f64,
        access: Option<&str>,
        refresh: Option<&str>,
        name: Option<&str>,
    );

    /// Writes to the caller's own store.
    #[wasm_bindgen(method)]
    pub(super) fn save(this: &Hands, text: &str);

    /// Empties the caller's own store unless [`Keeper::outlives`] this stamp.
    #[wasm_bindgen(method)]
    pub(super) fn erase(this: &Hands, family: f64, generation: u32);
}
