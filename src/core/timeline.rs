//! What happened and why, kept for `explain()`.

use super::time::Millis;
use super::words::Word;

/// One line of the story.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// When, by the wall clock.
    pub at: Millis,
    /// What happened.
    pub what: Word,
    /// Why, where there is more to say.
    pub why: Option<Word>,
    /// The HTTP status that had a part in it.
    pub status: Option<u16>,
    /// It happened in another tab.
    pub remote: bool,
}

impl Entry {
    /// Something that happened here.
    #[must_use]
    pub const fn new(what: Word) -> Self {
        Self { at: Millis::ZERO, what, why: None, status: None, remote: false }
    }

    /// The reason to it.
    #[must_use]
    pub const fn because(self, why: Word) -> Self {
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
            timeline.add(Millis::of(at), Entry::new(Word::Waiting));
        }
        assert_eq!(timeline.entries().count(), 100);
        assert_eq!(timeline.entries().next().map(|entry| entry.at), Some(Millis::of(50)));
    }
}
