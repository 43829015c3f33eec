//! A Web Lock: one holder, the others queue; a dead page's lock goes to the next.

use std::collections::VecDeque;

use tokenkeeper::core::io::Attempt;

use crate::event::Page;

#[derive(Clone, Debug, Default)]
pub struct Lock {
    holder: Option<(Page, Attempt)>,
    queue: VecDeque<(Page, Attempt)>,
}

impl Lock {
    /// Queues; whoever the lock goes to is returned.
    pub fn request(&mut self, page: Page, attempt: Attempt) -> Option<(Page, Attempt)> {
        self.queue.push_back((page, attempt));
        self.grant()
    }

    /// Waits no longer; false when it is too late for that, because the lock was granted.
    pub fn give_up(&mut self, page: Page, attempt: Attempt) -> bool {
        let before = self.queue.len();
        self.queue.retain(|&other| other != (page, attempt));
        self.queue.len() < before
    }

    pub fn is_queued(&self, page: Page, attempt: Attempt) -> bool {
        self.queue.contains(&(page, attempt))
    }

    pub fn release(&mut self, page: Page, attempt: Attempt) -> Option<(Page, Attempt)> {
        if self.holder == Some((page, attempt)) {
            self.holder = None;
        }
        self.grant()
    }

    pub fn died(&mut self, page: Page) -> Option<(Page, Attempt)> {
        self.queue.retain(|&(other, _)| other != page);
        self.holder = self.holder.filter(|&(other, _)| other != page);
        self.grant()
    }

    pub fn holder(&self) -> Option<(Page, Attempt)> {
        self.holder
    }

    fn grant(&mut self) -> Option<(Page, Attempt)> {
        if self.holder.is_some() {
            return None;
        }
        self.holder = self.queue.pop_front();
        self.holder
    }
}
