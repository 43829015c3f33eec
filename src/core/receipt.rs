//! Tokens as values that cannot leak (rule 9): the machine has none.

use std::num::NonZeroU32;

/// Stands for what the driver keeps and the machine never sees: the tokens of an answer or of a stored
/// record, its scope, a server's own words.
///
/// A session says which receipts brought its access token, its refresh token and its scope; the
/// driver looks up what was in them when it has to send or store it. What
/// [`Machine::needs`](super::machine::Machine::needs) no longer asks for can be forgotten.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Receipt(NonZeroU32);

impl Receipt {
    /// `None` for 0, which stands for nothing.
    #[must_use]
    pub const fn new(number: u32) -> Option<Self> {
        match NonZeroU32::new(number) {
            Some(number) => Some(Self(number)),
            None => None,
        }
    }

    /// The number that the driver gave it.
    #[must_use]
    pub const fn number(self) -> u32 {
        self.0.get()
    }
}

/// What brought the parts of a session or of a grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tokens {
    /// The token that resources want (RFC 6750).
    pub access: Receipt,
    /// The token that gets the next pair (RFC 6749 section 1.5); `None` without one and where a
    /// cookie holds it.
    pub refresh: Option<Receipt>,
    /// The scope granted.
    pub scope: Option<Receipt>,
}

impl Tokens {
    /// Those of the next answer. What that leaves out stays as it was: the refresh token (RFC 6749
    /// section 6) and the scope (section 5.1).
    #[must_use]
    pub fn followed_by(self, next: Self) -> Self {
        Self { refresh: next.refresh.or(self.refresh), scope: next.scope.or(self.scope), ..next }
    }

    /// Whether any of them came with this receipt.
    #[must_use]
    pub fn needs(self, receipt: Receipt) -> bool {
        [Some(self.access), self.refresh, self.scope].contains(&Some(receipt))
    }
}
