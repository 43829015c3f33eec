//! The shell's hands: what is asynchronous about the platform is done in JavaScript, where a
//! promise costs nothing (pkg/hands.js), and so is all that touches a token: the hands keep those, and
//! give the core a receipt for each; 0 is none. Numbers are passed wherever they will do, so that
//! nothing is made of them on their way. What comes of each call comes back through a method of
//! [`Keeper`](super::keeper::Keeper).

use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// An object with these methods; each returns at once.
    pub type Hands;

    /// A caller's promise is fulfilled: with the session of the last lease.
    #[wasm_bindgen(method)]
    pub(super) fn answer(this: &Hands, ticket: f64);

    /// A caller's promise is rejected with a `TokenError`.
    #[wasm_bindgen(method)]
    pub(super) fn fail(this: &Hands, ticket: f64, code: u8, retryable: u8, status: u16, words: f64);

    /// The session changed; its token may be used unasked until then, and it shows these expiries
    /// (wall clock). No access token: nobody is logged in.
    #[wasm_bindgen(method)]
    pub(super) fn lease(
        this: &Hands,
        access: f64,
        scope: f64,
        family: f64,
        generation: f64,
        until: f64,
        expires: f64,
        refresh_expires: f64,
    );

    /// Listeners are told of an event; the reason is a logout's, else 0.
    #[wasm_bindgen(method)]
    pub(super) fn emit(this: &Hands, event: u8, remote: u8, reason: u8);

    /// Listeners are told of something that ends nothing.
    #[wasm_bindgen(method)]
    pub(super) fn warn(this: &Hands, code: u8, much: f64, scope: Option<&str>, acr: Option<&str>);

    /// `explain()` will tell this. -1: no reason; 0: no HTTP status.
    #[wasm_bindgen(method)]
    pub(super) fn log(this: &Hands, what: u8, why: i32, status: u16);

    /// Rings [`Keeper::tick`] after this many milliseconds, instead of whatever was set before;
    /// negative: not at all.
    #[wasm_bindgen(method)]
    pub(super) fn alarm(this: &Hands, millis: f64);

    /// Asks for the lock; [`Keeper::locked`] tells.
    #[wasm_bindgen(method)]
    pub(super) fn lock(this: &Hands, attempt: f64);

    /// Gives the lock back.
    #[wasm_bindgen(method)]
    pub(super) fn unlock(this: &Hands, attempt: f64);

    /// Reads the ledger if there is one, then the store; [`Keeper::looked`] tells.
    #[wasm_bindgen(method)]
    pub(super) fn look(this: &Hands, attempt: f64);

    /// Brings the ledger forward; [`Keeper::noted`] tells.
    #[wasm_bindgen(method)]
    pub(super) fn note(this: &Hands, attempt: f64, entry: &JsValue);

    /// Posts a message to the other tabs.
    #[wasm_bindgen(method)]
    pub(super) fn tell(this: &Hands, message: &JsValue);

    /// Asks the authorization server for the next access token; [`Keeper::heard`] or
    /// [`Keeper::unheard`] tell what came of it.
    #[wasm_bindgen(method)]
    pub(super) fn refresh(this: &Hands, attempt: f64, refresh: f64);

    /// Tells the authorization server that these tokens are not needed any more, best effort; who
    /// waits for it is answered when that is done.
    #[wasm_bindgen(method)]
    pub(super) fn over(this: &Hands, ticket: f64, access: f64, refresh: f64);

    /// Writes a session to the store: the numbers of its
    /// [`Record`](crate::core::record::Record), and its tokens.
    #[wasm_bindgen(method)]
    pub(super) fn store(
        this: &Hands,
        family: f64,
        generation: f64,
        received: f64,
        lifetime: f64,
        refresh_expires: f64,
        access: f64,
        refresh: f64,
        scope: f64,
    );

    /// Empties the store unless what it holds [`outlives`](Keeper::outlives) this stamp.
    #[wasm_bindgen(method)]
    pub(super) fn erase(this: &Hands, family: f64, generation: f64);
}
