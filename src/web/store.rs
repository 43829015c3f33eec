//! Where the session is kept: a web storage, memory, or the caller's own store, which is the
//! hands' to use. What cannot be used is replaced by memory, so that the page goes on (P4, P23).

use std::sync::Arc;

use gloo_storage::{LocalStorage, SessionStorage, Storage as _};
use js_sys::{Array, JSON};
use wasm_bindgen::prelude::*;
use web_sys::Storage;

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
    /// The chosen store, or memory in its place. gloo-storage throws where a browser has no storage
    /// or forbids it, so pkg/options.js has looked before.
    pub(super) fn open(chosen: i32, key: String) -> (Self, Result<(), Unusable>) {
        let place = match chosen {
            1 => Place::Custom,
            2 => Place::Web(SessionStorage::raw()),
            3 => Place::Web(LocalStorage::raw()),
            _ => Place::Memory(None),
        };
        (Self { place, key }, if chosen < 0 { Err(Unusable) } else { Ok(()) })
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

/// The platform reads the JSON, the core judges what it holds.
pub(super) fn parse(text: Option<&str>) -> Stored {
    let Some(text) = text else { return Stored::Nothing };
    let record = JSON::parse(text).ok().and_then(|value| record_of(&value));
    match record.and_then(|record| record.session()) {
        Some(session) => Stored::Session(Arc::new(session)),
        None => Stored::Unreadable,
    }
}

/// Member by member: a general deserialiser would bring its error messages along, and with them the
/// printing of floating-point numbers, a fifth of the module.
fn record_of(value: &JsValue) -> Option<Record<String>> {
    let value = Array::is_array(value).then(|| value.unchecked_ref::<Array>())?;
    let number = |index| value.get(index).as_f64();
    let needed = |index| number(index).unwrap_or(f64::NAN); // which is no whole number
    let text = |index| value.get(index).as_string();
    Some(Record(
        needed(0),
        needed(1),
        needed(2),
        text(3).unwrap_or_default(),
        text(4),
        text(5),
        needed(6),
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
