//! localStorage as Chromium has it: every page sees a copy. A write shows at once in its own page,
//! reaches the browser process late, and other pages later still. While a page waits for the
//! acknowledgement of its own write, it does not take in what others wrote before.

use tokenkeeper::core::ledger::Stamp;
use tokenkeeper::core::session::Stored;

/// What lies under the key.
pub type Value = Stored;

/// What one page sees.
#[derive(Clone, Debug, Default)]
pub struct View {
    pub seen: Value,
    unacknowledged: u32,
}

impl View {
    pub fn opened_upon(seen: Value) -> Self {
        Self { seen, unacknowledged: 0 }
    }

    pub fn write(&mut self, value: Value) {
        self.seen = value;
        self.unacknowledged += 1;
    }

    /// The browser process passes on a value; whether it was this page's own write.
    pub fn show(&mut self, value: Value, own: bool) {
        if own {
            self.unacknowledged -= 1;
        } else if self.unacknowledged == 0 {
            self.seen = value;
        }
    }
}

/// Whether the store holds something that an end of this stamp does not concern.
pub fn outlives(value: &Value, stamp: Stamp) -> bool {
    match value {
        Stored::Nothing => true,
        Stored::Session(session) => session.stamp > stamp,
        Stored::Unreadable | Stored::Unknown => false,
    }
}
