//! `Manager`, the exported class: the signatures of the API and nothing else. Every method takes
//! `&self` and returns its promise itself: an exported `async fn` would borrow the object for as
//! long as the promise is pending (T1, T2).

use std::rc::Rc;

use js_sys::{Array, Function, Object, Promise};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::future_to_promise;

use super::driver::{Driver, Reply};
use super::error::bad_options;
use super::events::{CHANGE, EVENTS};
use super::fetch::fetch;
use super::js;
use super::options::Options;
use crate::core::error::{Code, Error};
use crate::core::io::Input;

/// A token manager; see `TokenManager` in index.d.ts.
#[wasm_bindgen]
pub struct Manager(Rc<Driver>);

#[wasm_bindgen]
impl Manager {
    /// Creates a manager: `createTokenManager`.
    pub fn create(options: JsValue) -> Promise {
        future_to_promise(async move {
            let driver = Driver::open(Options::parse(&options)?).await;
            Ok(Self(driver).into())
        })
    }

    /// What is known now.
    #[wasm_bindgen(getter)]
    #[must_use]
    pub fn session(&self) -> JsValue {
        if self.0.is_closed() { JsValue::NULL } else { self.0.session() }
    }

    /// Sends the credentials.
    pub fn login(&self, credentials: JsValue) -> Promise {
        let driver = Rc::clone(&self.0);
        if let Err(refusal) =
            driver.open_for_business().and_then(|()| driver.server.check_credentials(&credentials))
        {
            return Promise::reject(&refusal);
        }
        let (ticket, reply) = driver.ask(Input::LoggingIn);
        let calling = Rc::clone(&driver);
        wasm_bindgen_futures::spawn_local(async move {
            let outcome = calling.server.login(&credentials).await;
            calling.feed(Input::LoggedIn(ticket, outcome));
        });
        future_to_promise(async move { told(reply.await).map(|_| driver.session()) })
    }

    /// Ends the session, here and everywhere.
    pub fn logout(&self) -> Promise {
        let driver = Rc::clone(&self.0);
        if let Err(refusal) = driver.open_for_business() {
            return Promise::reject(&refusal);
        }
        let (_, reply) = driver.ask(Input::Logout);
        future_to_promise(async move {
            // Whatever the server said to it, the session is over.
            let _ = reply.await;
            Ok(JsValue::UNDEFINED)
        })
    }

    /// Fetches, with the token where it belongs.
    pub fn fetch(&self, input: JsValue, init: JsValue) -> Promise {
        future_to_promise(fetch(Rc::clone(&self.0), input, init))
    }

    /// An access token that is good now.
    pub fn token(&self) -> Promise {
        let driver = Rc::clone(&self.0);
        if let Err(refusal) = driver.open_for_business() {
            return Promise::reject(&refusal);
        }
        let (_, reply) = driver.ask(Input::Want);
        future_to_promise(async move { told(reply.await).map(|lease| lease.token.reveal().into()) })
    }

    /// Gets a new token now.
    pub fn refresh(&self) -> Promise {
        let driver = Rc::clone(&self.0);
        if let Err(refusal) = driver.open_for_business() {
            return Promise::reject(&refusal);
        }
        let (_, reply) = driver.ask(Input::Renew);
        future_to_promise(async move { told(reply.await).map(|_| driver.session()) })
    }

    /// Listens to one kind of event; returns the function that stops it.
    ///
    /// # Errors
    /// `bad_options` for an event that does not exist, or a listener that is no function.
    pub fn on(&self, kind: &JsValue, listener: JsValue) -> Result<JsValue, JsValue> {
        let kind = kind.as_string().filter(|kind| EVENTS.contains(&kind.as_str()));
        let kind = kind.ok_or_else(|| {
            bad_options("on(type)", "must be \"login\", \"refresh\", \"logout\" or \"warning\"")
        })?;
        self.listen(&kind, listener)
    }

    /// Calls back on every change of the session; returns the function that stops it.
    ///
    /// # Errors
    /// `bad_options` for a listener that is no function.
    pub fn subscribe(&self, listener: JsValue) -> Result<JsValue, JsValue> {
        self.listen(CHANGE, listener)
    }

    /// The last events with their reasons.
    #[must_use]
    pub fn explain(&self) -> Array {
        let entries = self.0.timeline(|entry| {
            let shown = Object::new();
            js::set(&shown, "at", &js::number(entry.at).into());
            js::set(&shown, "what", &entry.what.into());
            if let Some(why) = entry.why {
                js::set(&shown, "why", &why.into());
            }
            if let Some(status) = entry.status {
                js::set(&shown, "status", &status.into());
            }
            if entry.remote {
                js::set(&shown, "remote", &true.into());
            }
            shown
        });
        entries.into_iter().collect()
    }

    /// Stops timers and listeners.
    pub fn close(&self) {
        self.0.close();
    }
}

impl Manager {
    fn listen(&self, kind: &str, listener: JsValue) -> Result<JsValue, JsValue> {
        let listener: Function =
            listener.dyn_into().map_err(|_| bad_options("the listener", "must be a function"))?;
        let id = self.0.listeners.add(kind, listener);
        let driver = Rc::downgrade(&self.0);
        Ok(Closure::<dyn Fn()>::new(move || {
            if let Some(driver) = driver.upgrade() {
                driver.listeners.remove(id);
            }
        })
        .into_js_value())
    }
}

impl Driver {
    fn open_for_business(&self) -> Result<(), JsValue> {
        if self.is_closed() { Err(Error::new(Code::Closed).into()) } else { Ok(()) }
    }
}

fn told<E>(reply: Result<Reply, E>) -> Result<crate::core::io::Lease, JsValue> {
    Ok(reply.unwrap_or(Err(Error::new(Code::Closed)))?)
}
