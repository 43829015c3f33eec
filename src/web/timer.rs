//! One alarm, and deadlines for promises. Timers are hints: they are late in background tabs and
//! after sleep, so whoever is woken looks at the clock again (P13, P14).

use std::cell::RefCell;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::Poll;

use js_sys::Promise;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

use super::js;
use crate::core::time::Millis;

/// One alarm, which can be set again.
pub(super) struct Alarm {
    ring: Closure<dyn FnMut()>,
    timer: RefCell<Option<JsValue>>,
}

impl Alarm {
    pub(super) fn new(ring: impl FnMut() + 'static) -> Self {
        Self { ring: Closure::new(ring), timer: RefCell::default() }
    }

    /// Rings after this span; instead of whatever was set before.
    pub(super) fn set(&self, span: Millis) {
        self.stop();
        let timer = js::set_timeout(self.ring.as_ref().unchecked_ref(), delay(span));
        js::unref(&timer);
        self.timer.replace(Some(timer));
    }

    pub(super) fn stop(&self) {
        if let Some(timer) = self.timer.take() {
            js::clear_timeout(&timer);
        }
    }
}

impl Drop for Alarm {
    fn drop(&mut self) {
        self.stop();
    }
}

/// What some work brings, unless it takes longer; then it is dropped where it stands.
pub(super) async fn within<T>(span: Millis, work: impl Future<Output = T>) -> Result<T, Elapsed> {
    let mut work = pin!(work);
    let mut sleep = Sleep::new(span);
    poll_fn(|context| match work.as_mut().poll(context) {
        Poll::Ready(brought) => Poll::Ready(Ok(brought)),
        Poll::Pending => Pin::new(&mut sleep.over).poll(context).map(|_| Err(Elapsed)),
    })
    .await
}

/// The time was over first.
pub(super) struct Elapsed;

struct Sleep {
    timer: JsValue,
    over: JsFuture,
}

impl Sleep {
    fn new(span: Millis) -> Self {
        let mut timer = JsValue::UNDEFINED;
        let over = Promise::new(&mut |resolve, _| timer = js::set_timeout(&resolve, delay(span)));
        Self { timer, over: over.into() }
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        js::clear_timeout(&self.timer);
    }
}

/// The platform takes a delay over 2^31 - 1 ms for none at all (P16): whoever is woken early asks
/// again.
fn delay(span: Millis) -> i32 {
    i32::try_from(span.0).unwrap_or(i32::MAX)
}
