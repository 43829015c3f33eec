//! The coherent record beside the store, in `IndexedDB`: where it cannot be had, there is none.

use std::cell::Cell;

use js_sys::{Array, Promise};
use wasm_bindgen::prelude::*;
use web_sys::{IdbDatabase, IdbFactory, IdbOpenDbRequest, IdbRequest, IdbTransactionMode};

use super::js;
use super::timer::within;
use crate::core::ledger::{Ledger, Stamp};
use crate::core::time::Millis;

/// The ledger of one manager's name.
pub(super) struct LedgerBook {
    key: JsValue,
    /// It failed once: it is not asked again, since each failure may cost a deadline.
    broken: Cell<bool>,
}

impl LedgerBook {
    /// A book that only says there is none, for sessions that no other tab knows.
    pub(super) fn new(name: &str, wanted: bool) -> Self {
        Self { key: name.into(), broken: Cell::new(!wanted) }
    }

    /// What it says; `None` where there is no ledger.
    pub(super) async fn read(&self) -> Option<Ledger> {
        self.within_deadline(self.transact(None)).await
    }

    /// Brings it forward; whether that worked.
    pub(super) async fn write(&self, ledger: Ledger) -> bool {
        self.within_deadline(self.transact(Some(ledger))).await.is_some()
    }

    /// No storage call may hang a page (P4).
    async fn within_deadline(
        &self,
        work: impl Future<Output = Result<Ledger, JsValue>>,
    ) -> Option<Ledger> {
        if self.broken.get() {
            return None;
        }
        let read = within(DEADLINE, work).await.ok().and_then(Result::ok);
        self.broken.set(read.is_none());
        read
    }

    /// Reads, and writes what is to be written, in one transaction.
    async fn transact(&self, to: Option<Ledger>) -> Result<Ledger, JsValue> {
        let database = open().await?;
        let mode = match to {
            Some(_) => IdbTransactionMode::Readwrite,
            None => IdbTransactionMode::Readonly,
        };
        let store = database.transaction_with_str_and_mode(TABLE, mode)?.object_store(TABLE)?;
        let ledger = parse(&result(&store.get(&self.key)?).await?);
        if let Some(to) = to {
            let entry = entry_of(ledger.advance(to));
            result(&store.put_with_key(&entry, &self.key)?).await?;
        }
        database.close();
        Ok(ledger)
    }
}

async fn open() -> Result<IdbDatabase, JsValue> {
    let factory: IdbFactory = js::global("indexedDB").unwrap_or_default().dyn_into()?;
    let opening: IdbOpenDbRequest = factory.open_with_u32(DATABASE, 1)?;
    let opened = opening.clone();
    let upgrade = Closure::once(move || {
        let database: IdbDatabase = opened.result()?.unchecked_into();
        database.create_object_store(TABLE).map(|_| ())
    });
    opening.set_onupgradeneeded(Some(upgrade.as_ref().unchecked_ref()));
    Ok(result(&opening).await?.unchecked_into())
}

async fn result(request: &IdbRequest) -> Result<JsValue, JsValue> {
    let settled = Promise::new(&mut |resolve, reject| {
        request.set_onsuccess(Some(&resolve));
        request.set_onerror(Some(&reject));
    });
    js::settled(&settled).await?;
    request.result()
}

fn parse(entry: &JsValue) -> Ledger {
    let Some(entry) = entry.dyn_ref::<Array>() else { return Ledger::default() };
    let number = |index| {
        let number = entry.get(index).as_f64().filter(|number| *number >= 0.0);
        number.map(|number| js::millis(number).0)
    };
    let generation = number(1).and_then(|generation| u32::try_from(generation).ok());
    match (number(0), generation) {
        (Some(family), Some(generation)) => {
            Ledger { stamp: Stamp { family, generation }, intent: number(2).map(Millis) }
        }
        _ => Ledger::default(),
    }
}

fn entry_of(ledger: Ledger) -> Array {
    let intent = ledger.intent.map_or(JsValue::NULL, |at| js::number(at).into());
    let family = js::number(Millis(ledger.stamp.family));
    Array::of3(&family.into(), &ledger.stamp.generation.into(), &intent)
}

const DATABASE: &str = "tokenkeeper";
const TABLE: &str = "ledger";
const DEADLINE: Millis = Millis::seconds(1);
