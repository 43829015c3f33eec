//! What happened and why, kept for `explain()`. All texts are fixed, so no token can be in them.

use super::time::Millis;

/// One line of the story.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// When, by the wall clock.
    pub at: Millis,
    /// What happened.
    pub what: &'static str,
    /// Why, where there is more to say.
    pub why: Option<&'static str>,
    /// The HTTP status that had a part in it.
    pub status: Option<u16>,
    /// It happened in another tab.
    pub remote: bool,
}

impl Entry {
    /// Something that happened here.
    #[must_use]
    pub const fn new(what: &'static str) -> Self {
        Self { at: Millis::ZERO, what, why: None, status: None, remote: false }
    }

    /// The reason to it.
    #[must_use]
    pub const fn because(self, why: &'static str) -> Self {
        Self { why: Some(why), ..self }
    }

    /// The same, when it happened elsewhere.
    #[must_use]
    pub const fn elsewhere(self, remote: bool) -> Self {
        Self { remote, ..self }
    }
}

/// The last events, oldest first.
#[derive(Clone, Debug, Default)]
pub struct Timeline(Vec<Entry>);

impl Timeline {
    /// Adds one, and lets the oldest go.
    pub fn add(&mut self, at: Millis, entry: Entry) {
        if self.0.len() == KEPT {
            self.0.remove(0);
        }
        self.0.push(Entry { at, ..entry });
    }

    /// All that is still known.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.0.iter()
    }
}

const KEPT: usize = 100;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_goes_first() {
        let mut timeline = Timeline::default();
        for at in 0..150 {
            timeline.add(Millis(at), Entry::new("tick"));
        }
        assert_eq!(timeline.entries().count(), 100);
        assert_eq!(timeline.entries().next().map(|entry| entry.at), Some(Millis(50)));
    }
}
