//! Other tabs: the lock around refreshes, tokenless messages, and the moments at which the store
//! may have changed behind our back.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use js_sys::{Array, Function, Object, Promise};
use wasm_bindgen::prelude::*;
use web_sys::{AbortController, BroadcastChannel, EventTarget, StorageEvent};

use super::js;
use super::timer::within;
use crate::core::io::{Attempt, Message, Reason};
use crate::core::ledger::Stamp;
use crate::core::time::Millis;

/// The Web Lock of one manager's name.
pub(super) struct Lock {
    name: String,
    /// What gives the lock back, while it is ours.
    held: RefCell<BTreeMap<u32, Function>>,
}

impl Lock {
    pub(super) fn new(name: &str) -> Rc<Self> {
        Rc::new(Self { name: [PREFIX, name].concat(), held: RefCell::default() })
    }

    /// Waits for the lock; whether it is ours now. Never steals it: a thief breaks what the holder
    /// is in the middle of (P1).
    pub(super) async fn acquire(self: Rc<Self>, attempt: Attempt, patience: Millis) -> bool {
        self.request(attempt, patience).await.unwrap_or(false)
    }

    async fn request(self: Rc<Self>, attempt: Attempt, patience: Millis) -> Result<bool, JsValue> {
        let locks = js::get(&js::get(&js_sys::global(), "navigator"), "locks");
        let request = js::method(&locks, "request").ok_or(JsValue::UNDEFINED)?;
        let controller = AbortController::new()?;
        let options = Object::new();
        js::set(&options, "signal", &controller.signal());

        let (granted, grant) = promise();
        let lock = Rc::clone(&self);
        let on_grant = Closure::once_into_js(move || {
            let (released, release) = promise();
            lock.held.borrow_mut().insert(attempt.0, release);
            let _ = grant.call0(&JsValue::NULL);
            released
        });
        // Throws or rejects where locks are forbidden (an opaque origin), or on abort.
        let requested = request.call3(&locks, &self.name.as_str().into(), &options, &on_grant)?;
        let either = Array::of2(&granted, &requested);
        if let Ok(outcome) = within(patience, js::settled(&Promise::race(&either))).await {
            outcome?;
        } else {
            // It may be granted in this very moment; then it is ours after all.
            controller.abort();
        }
        Ok(self.held.borrow().contains_key(&attempt.0))
    }

    pub(super) fn release(&self, attempt: Attempt) {
        let release = self.held.borrow_mut().remove(&attempt.0);
        if let Some(release) = release {
            let _ = release.call0(&JsValue::NULL);
        }
    }
}

fn promise() -> (Promise, Function) {
    let mut settle = JsValue::UNDEFINED;
    let promise = Promise::new(&mut |resolve, _| settle = resolve.into());
    (promise, settle.unchecked_into())
}

/// A listener that goes when it is dropped.
pub(super) struct Listening {
    target: EventTarget,
    kinds: &'static [&'static str],
    listener: Closure<dyn FnMut(JsValue)>,
}

impl Listening {
    fn new(
        target: JsValue,
        kinds: &'static [&'static str],
        listener: impl FnMut(JsValue) + 'static,
    ) -> Option<Self> {
        js::method(&target, "addEventListener")?;
        let listening =
            Self { target: target.unchecked_into(), kinds, listener: Closure::new(listener) };
        for kind in kinds {
            let callback = listening.listener.as_ref().unchecked_ref();
            let _ = listening.target.add_event_listener_with_callback(kind, callback);
        }
        Some(listening)
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        for kind in self.kinds {
            let callback = self.listener.as_ref().unchecked_ref();
            let _ = self.target.remove_event_listener_with_callback(kind, callback);
        }
    }
}

/// Calls when the page is looked at again, comes back from a cache, or the network returns: timers
/// may have slept through anything.
pub(super) fn on_wake(wake: impl Fn() + Clone + 'static) -> Vec<Listening> {
    let seen = wake.clone();
    let document = js::global("document").unwrap_or_default();
    let page = document.clone();
    let visible = move |_| {
        if js::get(&page, "visibilityState").as_string().as_deref() != Some("hidden") {
            seen();
        }
    };
    let global = js_sys::global().into();
    [
        Listening::new(global, &["online", "pageshow", "focus"], move |_| wake()),
        Listening::new(document, &["visibilitychange"], visible),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Calls when another tab wrote the store under this key: the way that works without channels.
pub(super) fn on_write(key: &str, wrote: impl Fn() + 'static) -> Option<Listening> {
    let key = key.to_owned();
    Listening::new(js_sys::global().into(), &["storage"], move |event| {
        let written = event.unchecked_ref::<StorageEvent>().key();
        if written.is_none_or(|written| written == key) {
            wrote();
        }
    })
}

/// The channel to the other tabs. No token ever goes through it.
pub(super) struct Channel {
    channel: Option<BroadcastChannel>,
    _listening: Option<Listening>,
}

impl Channel {
    pub(super) fn open(name: &str, told: impl Fn(Message) + 'static) -> Self {
        let there = js::global("BroadcastChannel").is_some();
        let channel = there
            .then(|| BroadcastChannel::new(&[PREFIX, name].concat()).ok())
            .flatten()
            .inspect(|channel| js::unref(channel));
        let listening = channel.as_ref().and_then(|channel| {
            Listening::new(channel.into(), &["message"], move |event| {
                if let Some(message) = parse(&js::get(&event, "data")) {
                    told(message);
                }
            })
        });
        Self { channel, _listening: listening }
    }

    pub(super) fn tell(&self, message: Message) {
        if let Some(channel) = &self.channel {
            let _ = channel.post_message(&array_of(message));
        }
    }

    pub(super) fn close(&self) {
        if let Some(channel) = &self.channel {
            channel.close();
        }
    }
}

fn array_of(message: Message) -> Array {
    let number = |number| js::number(Millis(number)).into();
    match message {
        Message::Changed(stamp) => Array::of2(&number(stamp.family), &stamp.generation.into()),
        Message::Ended { stamp, family, reason } => Array::of4(
            &number(stamp.family),
            &stamp.generation.into(),
            &reason.as_str().into(),
            &family.map_or(JsValue::NULL, number),
        ),
    }
}

/// Anyone on the origin can post here: what is no message of ours is none.
fn parse(data: &JsValue) -> Option<Message> {
    let data = data.dyn_ref::<Array>()?;
    let number = |index| {
        let number = data.get(index).as_f64().filter(|number| (0.0..=LARGEST).contains(number));
        number.map(|number| js::millis(number).0)
    };
    let stamp = Stamp { family: number(0)?, generation: u32::try_from(number(1)?).ok()? };
    Some(match data.get(2).as_string().as_deref() {
        None => Message::Changed(stamp),
        Some(reason) => {
            let reasons = [Reason::Expired, Reason::RefreshRejected, Reason::User];
            let reason = reasons.into_iter().find(|known| known.as_str() == reason)?;
            Message::Ended { stamp, family: number(3), reason }
        }
    })
}

const PREFIX: &str = "tokenkeeper:";

/// JavaScript's largest exact integer.
const LARGEST: f64 = 9_007_199_254_740_991.0;
