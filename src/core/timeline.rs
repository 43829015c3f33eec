//! What `explain()` tells beside the events.

use super::words::Word;

/// One line of the story.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What happened.
    pub what: Word,
    /// Why, where there is more to say.
    pub why: Option<Word>,
    /// The HTTP status that had a part in it.
    pub status: Option<u16>,
}

impl Entry {
    /// Something that happened.
    #[must_use]
    pub const fn new(what: Word) -> Self {
        Self { what, why: None, status: None }
    }

    /// The reason to it.
    #[must_use]
    pub const fn because(self, why: Word) -> Self {
        Self { why: Some(why), ..self }
    }
}
