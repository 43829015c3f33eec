//! Where the session is kept: a web storage, the caller's own store, or memory. What cannot be
//! used is replaced by memory, so that the page goes on (P4, P23).

use std::cell::{Cell, RefCell};

use gloo_storage::{LocalStorage, SessionStorage, Storage as _};
use js_sys::{Function, JSON, Promise};
use wasm_bindgen::prelude::*;
use web_sys::Storage;

use super::js;
use super::options::{CustomStore, StorageOption};
use super::timer::within;
use crate::core::ledger::Stamp;
use crate::core::record::Record;
use crate::core::session::{Session, Stored};
use crate::core::time::Millis;

/// The store of one manager.
pub(super) struct Store {
    place: RefCell<Place>,
    key: String,
    /// The last use of the caller's own store, for the next one to wait for.
    queue: RefCell<Option<Promise>>,
    /// The first failure, until it is asked for.
    failed: Cell<bool>,
}

#[derive(Clone)]
enum Place {
    Custom(CustomStore),
    Memory(Option<String>),
    Web(Storage),
}

/// The store could not be used.
struct Unusable;

impl Store {
    pub(super) fn new(option: StorageOption, name: &str) -> Self {
        let web = |storage: Option<Storage>| storage.map(Place::Web);
        let place = match option {
            StorageOption::Custom(store) => Some(Place::Custom(store)),
            StorageOption::Local => web(web_storage("localStorage", LocalStorage::raw)),
            StorageOption::Memory => Some(Place::Memory(None)),
            StorageOption::Session => web(web_storage("sessionStorage", SessionStorage::raw)),
        };
        Self {
            failed: Cell::new(place.is_none()),
            place: RefCell::new(place.unwrap_or(Place::Memory(None))),
            key: key(name),
            queue: RefCell::default(),
        }
    }

    pub(super) fn key(&self) -> &str {
        &self.key
    }

    /// Whether the store has become unusable since this was last asked.
    pub(super) fn take_failure(&self) -> bool {
        self.failed.take()
    }

    pub(super) async fn load(&self) -> Stored {
        self.in_turn(self.parsed()).await
    }

    /// Writes the session; where the store does not take it, memory does.
    pub(super) async fn save(&self, session: &Session) {
        let Some(text) = text_of(session) else { return };
        self.in_turn(async {
            if self.write(&text).await.is_err() {
                self.fall_back(Some(text));
            }
        })
        .await;
    }

    /// Empties the store, unless it holds something newer by now.
    pub(super) async fn erase(&self, stamp: Stamp) {
        self.in_turn(async {
            let keep = match self.parsed().await {
                Stored::Session(session) => session.stamp > stamp,
                Stored::Nothing => true,
                Stored::Unreadable | Stored::Unknown => false,
            };
            if !keep && self.remove().await.is_err() {
                self.fall_back(None);
            }
        })
        .await;
    }

    async fn parsed(&self) -> Stored {
        if let Ok(text) = self.read().await {
            return parse(text);
        }
        self.fall_back(None);
        Stored::Unknown
    }

    fn fall_back(&self, text: Option<String>) {
        self.place.replace(Place::Memory(text));
        self.failed.set(true);
    }

    async fn read(&self) -> Result<Option<String>, Unusable> {
        let place = self.place.borrow().clone();
        match place {
            Place::Custom(store) => {
                let key = JsValue::from(&self.key);
                let value = called(store.get.call1(&store.object, &key)).await?;
                Ok(value.as_string())
            }
            Place::Memory(text) => Ok(text),
            Place::Web(storage) => storage.get_item(&self.key).map_err(|_| Unusable),
        }
    }

    async fn write(&self, text: &str) -> Result<(), Unusable> {
        let place = self.place.borrow().clone();
        match place {
            Place::Custom(store) => {
                let (key, text) = (JsValue::from(&self.key), JsValue::from(text));
                called(store.set.call2(&store.object, &key, &text)).await?;
            }
            Place::Memory(_) => {
                self.place.replace(Place::Memory(Some(text.into())));
            }
            Place::Web(storage) => {
                // A full store has room again for a record of the same size once the old one went.
                storage
                    .set_item(&self.key, text)
                    .or_else(|_| {
                        storage.remove_item(&self.key)?;
                        storage.set_item(&self.key, text)
                    })
                    .map_err(|_| Unusable)?;
            }
        }
        Ok(())
    }

    async fn remove(&self) -> Result<(), Unusable> {
        let place = self.place.borrow().clone();
        match place {
            Place::Custom(store) => {
                let key = JsValue::from(&self.key);
                called(store.remove.call1(&store.object, &key)).await?;
            }
            Place::Memory(_) => {
                self.place.replace(Place::Memory(None));
            }
            Place::Web(storage) => storage.remove_item(&self.key).map_err(|_| Unusable)?,
        }
        Ok(())
    }

    /// One use of the caller's own store after the other: an erasure that began before a write
    /// does not end after it. The others need no turns, they are done as soon as they are asked.
    async fn in_turn<T>(&self, work: impl Future<Output = T>) -> T {
        if !matches!(*self.place.borrow(), Place::Custom(_)) {
            return work.await;
        }
        let mut done = JsValue::UNDEFINED;
        let turn = Promise::new(&mut |resolve, _| done = resolve.into());
        if let Some(before) = self.queue.replace(Some(turn)) {
            let _ = js::settled(&before).await;
        }
        let result = work.await;
        let _ = done.unchecked_ref::<Function>().call0(&JsValue::NULL);
        result
    }
}

/// What the caller's own store answers, within a deadline (P4).
async fn called(answer: Result<JsValue, JsValue>) -> Result<JsValue, Unusable> {
    let answer = answer.map_err(|_| Unusable)?;
    match within(DEADLINE, js::settled(&answer)).await {
        Ok(Ok(value)) => Ok(value),
        _ => Err(Unusable),
    }
}

/// A web storage that is there and may be written. gloo-storage takes both for granted and throws
/// where a browser forbids them, so it is asked only after the platform was.
fn web_storage(name: &str, raw: impl Fn() -> Storage) -> Option<Storage> {
    let there = js_sys::Reflect::get(&js_sys::global(), &name.into()).ok()?;
    js::method(&there, "getItem")?;
    web_sys::window()?;
    let storage = raw();
    storage.set_item(PROBE, PROBE).ok()?;
    storage.remove_item(PROBE).ok()?;
    Some(storage)
}

/// The key in the store: recognisable, and no other library's.
fn key(name: &str) -> String {
    if name == OWN_NAME { name.into() } else { [OWN_NAME, ".", name].concat() }
}

fn parse(text: Option<String>) -> Stored {
    let Some(text) = text else { return Stored::Nothing };
    let record = JSON::parse(&text)
        .ok()
        .and_then(|value| serde_wasm_bindgen::from_value::<Record>(value).ok());
    match record.and_then(Record::into_session) {
        Some(session) => Stored::Session(Box::new(session)),
        None => Stored::Unreadable,
    }
}

fn text_of(session: &Session) -> Option<String> {
    let value = serde_wasm_bindgen::to_value(&Record::from(session)).ok()?;
    JSON::stringify(&value).ok()?.as_string()
}

const OWN_NAME: &str = "tokenkeeper";
const PROBE: &str = "tokenkeeper.probe";
const DEADLINE: Millis = Millis::seconds(5);
