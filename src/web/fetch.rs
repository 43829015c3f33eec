//! The authorised fetch: a drop-in for the platform's. A resource gets the token, and a request
//! that was answered 401 is sent once more with a newer one; everything else passes untouched.

use std::rc::Rc;

use js_sys::{Array, Object, Reflect};
use wasm_bindgen::prelude::*;
use web_sys::{AbortSignal, Headers, Request, Url};

use super::driver::Driver;
use super::js;
use super::options::base_url;
use crate::core::challenge::{self, Challenge};
use crate::core::error::{Code, Error};
use crate::core::io::{Input, Lease, Refusal, Ticket};
use crate::core::timeline::Entry;

/// Fetches, on behalf of whoever is logged in.
pub(super) async fn fetch(
    driver: Rc<Driver>,
    input: JsValue,
    init: JsValue,
) -> Result<JsValue, JsValue> {
    if driver.is_closed() {
        return Err(Error::new(Code::Closed).into());
    }
    let Some(call) = Call::concerning(&driver, &input, &init)? else {
        return js::settled(&js::fetch(&input, &init)?).await;
    };
    let lease = match driver.lease() {
        Some(lease) => lease,
        None => match call.wait(&driver, Input::Want).await? {
            Ok(lease) => lease,
            // Nobody is logged in any more: then this is plain fetch.
            Err(Error { code: Code::NotLoggedIn, .. }) => {
                return js::settled(&js::fetch(&input, &init)?).await;
            }
            Err(error) => return Err(error.into()),
        },
    };
    let spare = call.spare()?;
    let response = call.send(&call.input, &lease).await;
    let response = match response {
        Ok(response) if js::get(&response, "status").as_f64() == Some(401.0) => {
            call.refused(&driver, &spare, response, &lease).await
        }
        Ok(response) => {
            if js::get(&response, "status").as_f64() == Some(403.0) {
                warn_of_challenge(&driver, &response);
            }
            Ok(response)
        }
        failed => failed,
    };
    spare.discard();
    response
}

/// A request to a resource.
struct Call {
    input: JsValue,
    init: JsValue,
    /// `input` is a `Request`, with members of its own.
    request: bool,
}

/// What to send when the first sending is refused.
enum Spare {
    /// A copy of the request: its body can be read only once.
    Copy(Request),
    /// Nothing: a stream is gone once it is sent.
    Nothing,
    /// The same again.
    Same,
}

impl Call {
    /// Invariant 9: the token goes to resources only, and never in place of an `Authorization`
    /// header of the caller's own.
    fn concerning(
        driver: &Driver,
        input: &JsValue,
        init: &JsValue,
    ) -> Result<Option<Self>, JsValue> {
        if !driver.is_logged_in() {
            return Ok(None);
        }
        let mut call =
            Self { request: js::is_a(input, "Request"), input: input.clone(), init: init.clone() };
        if js::is_a(init, "Request") {
            // Its members are its prototype's, so it cannot be copied like the object it stands in
            // for.
            call.input = js::construct("Request", &Array::of2(input, init))?;
            call.init = JsValue::UNDEFINED;
            call.request = true;
        }
        let url = if call.request { js::get(&call.input, "url") } else { call.input.clone() };
        let url = js::to_text(&url)?;
        let url = match base_url() {
            Some(base) => Url::new_with_base(&url, &base),
            None => Url::new(&url),
        };
        // What is no URL is the platform's to refuse.
        let Ok(url) = url else { return Ok(None) };
        // A navigation carries cookies, and cannot be given a header.
        let navigation = js::get(&call.input, "mode").as_string().as_deref() == Some("navigate");
        let ours = driver.resources.covers(&url.origin(), &url.pathname())
            && !(call.request && navigation)
            && !call.headers().is_ok_and(|headers| headers.has("authorization").unwrap_or(false));
        Ok(ours.then_some(call))
    }

    /// A copy of the caller's headers; `init` has precedence, as with the platform's fetch.
    fn headers(&self) -> Result<Headers, JsValue> {
        let own = js::some(js::get(&self.init, "headers"));
        match own.or_else(|| self.request.then(|| js::get(&self.input, "headers"))) {
            Some(headers) => Ok(js::construct("Headers", &Array::of1(&headers))?.unchecked_into()),
            None => Headers::new(),
        }
    }

    /// What can be sent a second time (P21). A stream cannot, and a `Request` only if it is copied
    /// before the first.
    fn spare(&self) -> Result<Spare, JsValue> {
        if let Some(body) = js::some(js::get(&self.init, "body")) {
            let stream = js::is_a(&body, "ReadableStream")
                || Reflect::has(&body, &js_sys::Symbol::async_iterator()).unwrap_or(false);
            return Ok(if stream { Spare::Nothing } else { Spare::Same });
        }
        let request: &Request = self.input.unchecked_ref();
        if self.request && !matches!(request.method().as_str(), "GET" | "HEAD") {
            return Ok(Spare::Copy(request.clone()?));
        }
        Ok(Spare::Same)
    }

    async fn send(&self, input: &JsValue, lease: &Lease) -> Result<JsValue, JsValue> {
        let headers = self.headers()?;
        headers.set("authorization", &["Bearer ", lease.token.reveal()].concat())?;
        let init = Object::new();
        if self.init.is_object() {
            Object::assign(&init, self.init.unchecked_ref());
        }
        js::set(&init, "headers", &headers);
        js::settled(&js::fetch(input, &init)?).await
    }

    /// A 401: with a newer token the request is sent once more; without one the answer is the
    /// caller's.
    async fn refused(
        &self,
        driver: &Rc<Driver>,
        spare: &Spare,
        response: JsValue,
        lease: &Lease,
    ) -> Result<JsValue, JsValue> {
        let invalid_token = match warn_of_challenge(driver, &response) {
            Challenge::InsufficientScope { .. } | Challenge::StepUp { .. } => return Ok(response),
            challenge => challenge == Challenge::InvalidToken,
        };
        let again = match spare {
            Spare::Copy(request) => request.as_ref(),
            Spare::Same => &self.input,
            Spare::Nothing => {
                let text = "A request whose body is a stream was answered 401 and cannot be sent \
                            again. Send it once more with a new stream.";
                driver.log(Entry::new("body_not_replayable"));
                driver.tell_warning("body_not_replayable", text, |_| {});
                return Ok(response);
            }
        };
        let refusal = Refusal { stamp: lease.stamp, invalid_token };
        let Ok(newer) = self.wait(driver, |ticket| Input::Refused(ticket, refusal)).await? else {
            return Ok(response);
        };
        cancel(&js::get(&response, "body"));
        let second = self.send(again, &newer).await?;
        let accepted = js::get(&second, "status").as_f64() != Some(401.0);
        driver.feed(Input::Replayed(newer.stamp, accepted));
        Ok(second)
    }

    /// Waits for a token, or until the caller's signal says that nobody waits any longer. The
    /// refresh itself goes on (P8).
    async fn wait(
        &self,
        driver: &Rc<Driver>,
        input: impl FnOnce(Ticket) -> Input,
    ) -> Result<Result<Lease, Error>, JsValue> {
        let signal = js::some(js::get(&self.init, "signal"))
            .or_else(|| self.request.then(|| js::get(&self.input, "signal")))
            .and_then(js::some);
        let Some(signal) = signal else {
            let (_, reply) = driver.ask(input);
            return Ok(reply.await.unwrap_or(Err(Error::new(Code::Closed))));
        };
        let signal: AbortSignal = signal.unchecked_into();
        if signal.aborted() {
            return Err(signal.reason());
        }
        let (ticket, reply) = driver.ask(input);
        let leaving = Rc::clone(driver);
        let on_abort = Closure::once(move || leaving.leave(ticket));
        let callback = on_abort.as_ref().unchecked_ref();
        signal.add_event_listener_with_callback("abort", callback)?;
        let reply = reply.await;
        signal.remove_event_listener_with_callback("abort", callback)?;
        match reply {
            Ok(reply) => Ok(reply),
            Err(_) if signal.aborted() => Err(signal.reason()),
            Err(_) => Ok(Err(Error::new(Code::Closed))),
        }
    }
}

impl Spare {
    /// Lets go of a copy, so that the platform keeps no body for it.
    fn discard(self) {
        if let Self::Copy(request) = self
            && !request.body_used()
        {
            cancel(&js::get(&request, "body"));
        }
    }
}

fn cancel(body: &JsValue) {
    if let Some(cancel) = js::method(body, "cancel")
        && let Ok(cancelled) = cancel.call0(body)
    {
        // A body that somebody reads already does not let itself be cancelled; fine.
        wasm_bindgen_futures::spawn_local(async move {
            let _ = js::settled(&cancelled).await;
        });
    }
}

/// Invariant 4: what a newer token would not help against is said, not refreshed for.
fn warn_of_challenge(driver: &Driver, response: &JsValue) -> Challenge {
    let header = js::header(response, "www-authenticate").unwrap_or_default();
    let challenge = challenge::bearer(&header);
    match &challenge {
        Challenge::InsufficientScope { scope } => {
            let text = "The resource wants a scope that this token does not have; a refresh would \
                        not help (RFC 6750 section 3.1).";
            driver.log(Entry::new("insufficient_scope"));
            driver.tell_warning("insufficient_scope", text, |told| {
                set_text(told, "scope", scope.as_deref());
            });
        }
        Challenge::StepUp { acr_values, max_age, scope } => {
            let text = "The resource wants a stronger or fresher login; a refresh would not help \
                        (RFC 9470 section 3).";
            driver.log(Entry::new("step_up_required"));
            driver.tell_warning("step_up_required", text, |told| {
                set_text(told, "acrValues", acr_values.as_deref());
                set_text(told, "scope", scope.as_deref());
                if let Some(seconds) = max_age {
                    js::set(
                        told,
                        "maxAge",
                        &js::number(crate::core::time::Millis(*seconds)).into(),
                    );
                }
            });
        }
        Challenge::InvalidToken | Challenge::Other => {}
    }
    challenge
}

fn set_text(told: &Object, name: &str, text: Option<&str>) {
    if let Some(text) = text {
        js::set(told, name, &text.into());
    }
}
