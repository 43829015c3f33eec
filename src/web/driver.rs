//! The loop around the core: one inbox; feed, drain, perform. It runs to completion, and nothing
//! is borrowed while JavaScript runs, since any call out may call in again.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::rc::{Rc, Weak};
use std::task::{Context, Waker};

use futures_channel::oneshot::{self, Receiver, Sender};
use js_sys::{Math, Object};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;

use super::events::{CHANGE, Listeners};
use super::ledger::LedgerBook;
use super::options::Options;
use super::server::Server;
use super::store::Store;
use super::tabs::{self, Channel, Listening, Lock};
use super::timer::Alarm;
use super::{js, session};
use crate::core::error::{Code, Error};
use crate::core::io::{Event, Evidence, Input, Lease, Message, Output, Sharing, Ticket, Warning};
use crate::core::ledger::Stamp;
use crate::core::machine::Machine;
use crate::core::resources::Resources;
use crate::core::time::Millis;
use crate::core::timeline::Entry;
use crate::core::verdict::Protocol;

/// One manager: the machine and everything it acts through.
pub(super) struct Driver {
    pub(super) listeners: Listeners,
    pub(super) resources: Resources,
    pub(super) server: Server,
    machine: RefCell<Machine>,
    inbox: RefCell<VecDeque<Input>>,
    driving: Cell<bool>,
    waiting: RefCell<BTreeMap<Ticket, Sender<Reply>>>,
    tickets: Cell<u64>,
    lease: RefCell<Option<Lease>>,
    snapshot: RefCell<Snapshot>,
    /// Warnings from before anyone could listen.
    early: RefCell<Option<Vec<JsValue>>>,
    store: Store,
    ledger: LedgerBook,
    lock: Rc<Lock>,
    alarm: Alarm,
    channel: Channel,
    listening: RefCell<Vec<Listening>>,
    closed: Cell<bool>,
}

/// What a caller is told.
pub(super) type Reply = Result<Lease, Error>;

/// The session object handed out last, and what it shows.
type Snapshot = (Option<(Stamp, Option<Millis>)>, JsValue);

impl Driver {
    /// Reads the store, and is ready when it is known who is logged in.
    pub(super) async fn open(options: Options) -> Rc<Self> {
        let contended = options.policy.store == Sharing::Shared || options.server.uses_cookie();
        let driver = Rc::new_cyclic(|driver: &Weak<Self>| Self {
            listeners: Listeners::default(),
            resources: options.resources,
            machine: RefCell::new(Machine::new(options.policy, seed(), js::now())),
            inbox: RefCell::default(),
            driving: Cell::default(),
            waiting: RefCell::default(),
            tickets: Cell::default(),
            lease: RefCell::default(),
            snapshot: RefCell::new((None, JsValue::NULL)),
            early: RefCell::new(Some(Vec::new())),
            ledger: LedgerBook::new(&options.name, contended),
            lock: Lock::new(&options.name),
            alarm: Alarm::new(with(driver, |driver| driver.feed(Input::Tick))),
            channel: {
                let driver = driver.clone();
                Channel::open(&options.name, move |message| {
                    if let Some(driver) = driver.upgrade() {
                        driver.hear(message);
                    }
                })
            },
            listening: RefCell::default(),
            closed: Cell::default(),
            store: Store::new(options.storage, &options.name),
            server: Server { options: options.server, timeout: options.request_timeout },
        });
        let stored = driver.store.load().await;
        driver.listen();
        let (_, opened) = driver.ask(|ticket| Input::Opened(ticket, stored));
        // Who is logged in shows in the session; that nobody is, is no error here.
        let _ = opened.await;
        driver.note_store_failure();
        driver.tell_early();
        driver
    }

    fn listen(self: &Rc<Self>) {
        let driver = Rc::downgrade(self);
        let wake = with(&driver, |driver| driver.read_store(Input::Woken));
        let mut listening = tabs::on_wake(wake);
        listening.extend(tabs::on_write(
            self.store.key(),
            with(&driver, |driver| driver.read_store(Input::Seen)),
        ));
        self.listening.replace(listening);
    }

    /// Warnings of the opening are told once whoever awaits it had the time to listen.
    fn tell_early(self: &Rc<Self>) {
        let driver = Rc::clone(self);
        let tell = Closure::once_into_js(move || {
            for warning in driver.early.take().unwrap_or_default() {
                driver.listeners.tell("warning", &warning);
            }
        });
        js::unref(&js::set_timeout(tell.unchecked_ref(), 0));
    }

    /// Feeds an input with a ticket; the answer comes through the receiver.
    pub(super) fn ask(
        self: &Rc<Self>,
        input: impl FnOnce(Ticket) -> Input,
    ) -> (Ticket, Receiver<Reply>) {
        let ticket = Ticket(self.tickets.replace(self.tickets.get() + 1));
        let (sender, receiver) = oneshot::channel();
        self.waiting.borrow_mut().insert(ticket, sender);
        self.feed(input(ticket));
        (ticket, receiver)
    }

    /// The caller of this ticket waits no longer.
    pub(super) fn leave(self: &Rc<Self>, ticket: Ticket) {
        self.waiting.borrow_mut().remove(&ticket);
        self.feed(Input::Left(ticket));
    }

    /// Takes in what happened and does all that follows from it.
    pub(super) fn feed(self: &Rc<Self>, input: Input) {
        self.inbox.borrow_mut().push_back(input);
        if self.driving.replace(true) {
            return; // Called from within what is performed below: the loop there goes on with it.
        }
        while let Some(output) = self.next() {
            self.perform(output);
        }
        self.driving.set(false);
        let timeout = self.machine.borrow().timeout();
        match timeout {
            Some(at) if !self.closed.get() => self.alarm.set(at.since(js::now().mono)),
            _ => self.alarm.stop(),
        }
    }

    fn next(&self) -> Option<Output> {
        let mut machine = self.machine.borrow_mut();
        loop {
            let output = machine.poll();
            if output.is_some() {
                return output;
            }
            let input = self.inbox.borrow_mut().pop_front()?;
            machine.handle(js::now(), input);
        }
    }

    fn perform(self: &Rc<Self>, output: Output) {
        let driver = Rc::clone(self);
        match output {
            Output::Answer(ticket, reply) => self.answer(ticket, reply),
            Output::Emit(event) => self.emit(event),
            Output::Erase(stamp) => now_or_later(async move {
                driver.store.erase(stamp).await;
                driver.note_store_failure();
            }),
            Output::Lease(lease) => {
                self.lease.replace(lease);
            }
            Output::Lock(attempt) => spawn_local(async move {
                // Longer than an honest holder needs: who goes on without the lock while another
                // refreshes would send the same token.
                let patience = driver.server.timeout.plus(LOCK_PATIENCE);
                let had = Rc::clone(&driver.lock).acquire(attempt, patience).await;
                driver.feed(Input::Locked(attempt, had));
            }),
            Output::Logout(ticket, session) => spawn_local(async move {
                let session = session.as_deref();
                let refresh = session.and_then(|session| session.refresh.as_ref());
                driver.server.logout(session.map(|session| &session.access), refresh).await;
                driver.answer(ticket, Err(Error::new(Code::NotLoggedIn)));
            }),
            Output::Look(attempt) => spawn_local(async move {
                let ledger = driver.ledger.read().await;
                let stored = driver.store.load().await;
                driver.note_store_failure();
                driver.feed(Input::Looked(attempt, Evidence { ledger, stored }));
            }),
            Output::Note(attempt, ledger) => spawn_local(async move {
                let written = driver.ledger.write(ledger).await;
                driver.feed(Input::Noted(attempt, written));
            }),
            Output::Refresh(attempt, refresh) => spawn_local(async move {
                let outcome = driver.server.refresh(refresh.as_ref()).await;
                driver.feed(Input::Answered(attempt, outcome));
            }),
            Output::Revoke(grant) => {
                spawn_local(async move { driver.server.revoke(&grant).await });
            }
            Output::Store(session) => now_or_later(async move {
                driver.store.save(&session).await;
                driver.note_store_failure();
            }),
            Output::Tell(message) => self.channel.tell(message),
            Output::Unlock(attempt) => self.lock.release(attempt),
        }
    }

    fn answer(&self, ticket: Ticket, reply: Reply) {
        let sender = self.waiting.borrow_mut().remove(&ticket);
        if let Some(sender) = sender {
            // Whoever left does not hear it.
            let _ = sender.send(reply);
        }
    }

    fn hear(self: &Rc<Self>, message: Message) {
        self.feed(Input::Told(message));
        self.read_store(Input::Seen);
    }

    fn read_store(self: &Rc<Self>, input: fn(crate::core::session::Stored) -> Input) {
        let driver = Rc::clone(self);
        spawn_local(async move {
            let stored = driver.store.load().await;
            driver.note_store_failure();
            driver.feed(input(stored));
        });
    }

    /// The token that needs no question, while it is good.
    pub(super) fn lease(&self) -> Option<Lease> {
        let wall = js::now().wall;
        self.lease.borrow().clone().filter(|lease| wall < lease.until)
    }

    pub(super) fn is_closed(&self) -> bool {
        self.closed.get()
    }

    pub(super) fn is_logged_in(&self) -> bool {
        self.machine.borrow().session().is_some()
    }

    /// The session as an object: the same one until something changes.
    pub(super) fn session(&self) -> JsValue {
        let shown = {
            let machine = self.machine.borrow();
            machine.session().map(|session| (session.clone(), machine.expires_at()))
        };
        let state = shown.as_ref().map(|(session, expires_at)| (session.stamp, *expires_at));
        if self.snapshot.borrow().0 != state {
            let opaque = self.server.options.protocol() == Protocol::OAuth;
            let object = shown.map_or(JsValue::NULL, |(session, expires_at)| {
                session::make(&session, expires_at, opaque)
            });
            self.snapshot.replace((state, object));
        }
        self.snapshot.borrow().1.clone()
    }

    /// The timeline, each entry through `show`.
    pub(super) fn timeline<T>(&self, show: impl Fn(&Entry) -> T) -> Vec<T> {
        self.machine.borrow().timeline().entries().map(show).collect()
    }

    fn emit(&self, event: Event) {
        let told = Object::new();
        let kind = match event {
            Event::Login { remote } => {
                js::set(&told, "session", &self.session());
                js::set(&told, "remote", &remote.into());
                "login"
            }
            Event::Refresh { remote } => {
                js::set(&told, "session", &self.session());
                js::set(&told, "remote", &remote.into());
                "refresh"
            }
            Event::Logout { reason, remote } => {
                js::set(&told, "reason", &reason.as_str().into());
                js::set(&told, "remote", &remote.into());
                "logout"
            }
            Event::Warning(warning) => return self.warn(warning),
        };
        if self.early.borrow().is_none() {
            self.listeners.tell(kind, &told);
            self.listeners.tell(CHANGE, &JsValue::UNDEFINED);
        }
    }

    fn warn(&self, warning: Warning) {
        let (code, text) = match warning {
            Warning::ClockSkew { .. } => (
                "clock_skew",
                "This device's clock differs from the server's, or was set. Expiry is counted \
                 from receipt, so nothing depends on it.",
            ),
            Warning::RefreshFailed { .. } => (
                "refresh_failed",
                "The access token could not be refreshed. The session stays; it is tried again.",
            ),
            Warning::StorageCorrupt => (
                "storage_corrupt",
                "The store holds something that is no session of tokenkeeper's; it was left there.",
            ),
            Warning::TokenRejected => (
                "token_rejected",
                "A resource answered 401 to a token that had just been refreshed: another \
                 refresh would not help. Look at its audience and at the resource's clock.",
            ),
        };
        self.tell_warning(code, text, |told| match warning {
            Warning::ClockSkew { skew } => {
                #[expect(clippy::cast_precision_loss, reason = "a skew stays below 2^53")]
                js::set(told, "skewMs", &(skew as f64).into());
            }
            Warning::RefreshFailed { retry_in } => {
                js::set(told, "retryInMs", &js::number(retry_in).into());
            }
            Warning::StorageCorrupt | Warning::TokenRejected => {}
        });
    }

    /// Tells listeners of something worth knowing that ends nothing.
    pub(super) fn tell_warning(&self, code: &str, text: &str, more: impl FnOnce(&Object)) {
        let told = Object::new();
        js::set(&told, "code", &code.into());
        js::set(&told, "message", &text.into());
        more(&told);
        if let Some(early) = &mut *self.early.borrow_mut() {
            return early.push(told.into());
        }
        self.listeners.tell("warning", &told);
    }

    fn note_store_failure(&self) {
        if self.store.take_failure() {
            self.machine.borrow_mut().log(Entry::new("storage_unavailable"));
            let text = "The chosen store cannot be used. The session lives in memory: it ends \
                        with this page, and other tabs do not see it.";
            self.tell_warning("storage_unavailable", text, |_| {});
        }
    }

    /// Adds a line of the shell's own to the timeline.
    pub(super) fn log(&self, entry: Entry) {
        self.machine.borrow_mut().log(entry);
    }

    /// Stops timers and listeners, and answers those who wait. The stored session stays.
    pub(super) fn close(&self) {
        self.closed.set(true);
        self.alarm.stop();
        self.listening.take();
        self.channel.close();
        self.listeners.clear();
        self.lease.take();
        for sender in self.waiting.take().into_values() {
            let _ = sender.send(Err(Error::new(Code::Closed)));
        }
    }
}

/// A callback that does nothing once the manager is gone.
fn with(driver: &Weak<Driver>, work: fn(&Rc<Driver>)) -> impl Fn() + Clone + 'static {
    let driver = driver.clone();
    move || {
        if let Some(driver) = driver.upgrade() {
            work(&driver);
        }
    }
}

/// Runs what needs no waiting in this very task: a store that is written at once is written before
/// other tabs are told.
fn now_or_later(work: impl Future<Output = ()> + 'static) {
    let mut work = Box::pin(work);
    if work.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending() {
        spawn_local(work);
    }
}

/// Any number, the same in no two tabs.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "any bits will do")]
fn seed() -> u64 {
    (Math::random() * 9_007_199_254_740_992.0) as u64
}

/// How much longer than a request's own deadline the lock is waited for.
const LOCK_PATIENCE: Millis = Millis::seconds(5);
