//! The tokens of a world, which its pages keep and its machines know by their receipts.

use std::cell::RefCell;
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use tokenkeeper::core::receipt::Receipt;

use crate::server::Key;

/// A token, and when it was issued.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Token {
    Access(Key, u64),
    Refresh(Key),
}

thread_local! {
    static KEPT: RefCell<HashMap<u32, Token>> = RefCell::default();
}

/// A new world begins in this thread.
pub fn forget() {
    KEPT.with_borrow_mut(HashMap::clear);
}

/// The same for the same token, in whatever order things happen: small worlds are compared by it.
pub fn receipt(token: Token) -> Receipt {
    let mut hasher = DefaultHasher::new();
    token.hash(&mut hasher);
    let mut number = hasher.finish() as u32;
    KEPT.with_borrow_mut(|kept| {
        while number == 0 || *kept.entry(number).or_insert(token) != token {
            number = number.wrapping_add(1);
        }
    });
    Receipt::new(number).unwrap()
}

pub fn key_of(receipt: Receipt) -> Key {
    match token(receipt) {
        Token::Access(key, _) | Token::Refresh(key) => key,
    }
}

pub fn issued(receipt: Receipt) -> u64 {
    match token(receipt) {
        Token::Access(_, issued) => issued,
        Token::Refresh(_) => 0,
    }
}

fn token(receipt: Receipt) -> Token {
    KEPT.with_borrow(|kept| kept[&receipt.number()])
}
