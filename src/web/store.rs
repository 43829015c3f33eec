//! Where the session is kept: a web storage, memory, or the caller's own store, which is the
//! hands' to use. What cannot be used is replaced by memory, so that the page goes on (P4, P23).

use gloo_storage::{LocalStorage, SessionStorage, Storage as _};
use js_sys::{Array, JSON};
use wasm_bindgen::prelude::*;
use web_sys::Storage;

use super::js;
use crate::core::record::Record;
use crate::core::session::{Session, Stored};

/// The store of one manager.
pub(super) struct Store {
    place: Place,
    key: String,
}

enum Place {
    Custom,
    Memory(Option<String>),
    Web(Storage),
}

/// The store could not be used; memory is in its place now.
pub(super) struct Unusable;

impl Store {
    /// The chosen store, or memory in its place.
    pub(super) fn open(chosen: &str, key: String) -> (Self, Result<(), Unusable>) {
        let place = match chosen {
            "custom" => Some(Place::Custom),
            "memory" => Some(Place::Memory(None)),
            "session" => web_storage("sessionStorage", SessionStorage::raw),
            _ => web_storage("localStorage", LocalStorage::raw),
        };
        let usable = if place.is_some() { Ok(()) } else { Err(Unusable) };
        (Self { place: place.unwrap_or(Place::Memory(None)), key }, usable)
    }

    pub(super) const fn is_custom(&self) -> bool {
        matches!(self.place, Place::Custom)
    }

    /// What is stored. Of the caller's own store, the hands have read the text already.
    pub(super) fn load(&mut self, custom: Option<&str>) -> Result<Stored, Unusable> {
        match &self.place {
            Place::Custom => Ok(parse(custom)),
            Place::Memory(text) => Ok(parse(text.as_deref())),
            Place::Web(storage) => match storage.get_item(&self.key) {
                Ok(text) => Ok(parse(text.as_deref())),
                Err(_) => self.fall_back(None),
            },
        }
    }

    pub(super) fn save(&mut self, text: &str) -> Result<(), Unusable> {
        if let Place::Web(storage) = &self.place {
            let written = storage.set_item(&self.key, text).or_else(|_| {
                // A full store has room for a record of the same size once the old one is gone.
                storage.remove_item(&self.key)?;
                storage.set_item(&self.key, text)
            });
            return if written.is_ok() { Ok(()) } else { self.fall_back(Some(text)) };
        }
        self.place = Place::Memory(Some(text.into()));
        Ok(())
    }

    pub(super) fn remove(&mut self) -> Result<(), Unusable> {
        match &self.place {
            Place::Web(storage) if storage.remove_item(&self.key).is_err() => self.fall_back(None),
            Place::Web(_) => Ok(()),
            _ => {
                self.place = Place::Memory(None);
                Ok(())
            }
        }
    }

    /// From here on, memory.
    pub(super) fn fall_back<T>(&mut self, text: Option<&str>) -> Result<T, Unusable> {
        self.place = Place::Memory(text.map(Into::into));
        Err(Unusable)
    }
}

/// A web storage that is there and may be written. gloo-storage takes both for granted and throws
/// where a browser forbids them, so it is asked only after the platform was.
fn web_storage(name: &str, raw: fn() -> Storage) -> Option<Place> {
    js::method(&js::global(name), "getItem")?;
    if js::global("window").is_undefined() {
        return None; // Node has a storage of that name, but no window to reach it by.
    }
    let storage = raw();
    storage.set_item(PROBE, PROBE).ok()?;
    storage.remove_item(PROBE).ok()?;
    Some(Place::Web(storage))
}

/// The platform reads the JSON, the core judges what it holds.
pub(super) fn parse(text: Option<&str>) -> Stored {
    let Some(text) = text else { return Stored::Nothing };
    let record = JSON::parse(text).ok().and_then(|value| record_of(&value));
    match record.and_then(Record::into_session) {
        Some(session) => Stored::Session(Box::new(session)),
        None => Stored::Unreadable,
    }
}

/// Member by member: a general deserialiser would bring its error messages along, and with them the
/// printing of floating-point numbers, a fifth of the module.
fn record_of(value: &JsValue) -> Option<Record<String>> {
    let value = Array::is_array(value).then(|| value.unchecked_ref::<Array>())?;
    let number = |index| value.get(index).as_f64();
    let text = |index| value.get(index).as_string();
    Some(Record(
        number(0)?,
        number(1)?,
        number(2)?,
        text(3)?,
        text(4),
        text(5),
        number(6)?,
        number(7),
        number(8),
        text(9),
    ))
}

/// The session as text; `None` should the platform not make one of it.
pub(super) fn text_of(session: &Session) -> Option<String> {
    let value: JsValue = serde_wasm_bindgen::to_value(&Record::from(session)).ok()?;
    JSON::stringify(&value).ok()?.as_string()
}

const PROBE: &str = "tokenkeeper.probe";
