//! Prefixes, however many: those that a text starts with are found in one go over the text.

use std::mem::replace;

/// A tree of bytes, in a list so that no length of a prefix makes it recurse. The first node is the
/// root; the children of a node are its `child` and that one's `sibling`s; 0 is none, since the
/// root is nobody's child.
#[derive(Clone, Debug)]
pub(super) struct Prefixes(Vec<Node>);

#[derive(Clone, Debug, Default)]
struct Node {
    byte: u8,
    ends_one: bool,
    child: usize,
    sibling: usize,
}

impl Default for Prefixes {
    fn default() -> Self {
        Self(vec![Node::default()])
    }
}

impl Prefixes {
    pub(super) fn insert(&mut self, prefix: &[u8]) {
        let mut at = 0;
        for &byte in prefix {
            at = self.child(at, byte).unwrap_or_else(|| self.add(at, byte));
        }
        if let Some(node) = self.0.get_mut(at) {
            node.ends_one = true;
        }
    }

    /// Whether a text starts with a prefix that will do, judged by its last byte and by what the
    /// text goes on with.
    pub(super) fn any(&self, mut text: &[u8], will_do: impl Fn(u8, &[u8]) -> bool) -> bool {
        let mut at = 0;
        while let [byte, rest @ ..] = text
            && let Some(next) = self.child(at, *byte)
        {
            if self.0.get(next).is_some_and(|node| node.ends_one) && will_do(*byte, rest) {
                return true;
            }
            (at, text) = (next, rest);
        }
        false
    }

    fn child(&self, parent: usize, byte: u8) -> Option<usize> {
        let mut at = self.0.get(parent)?.child;
        while at > 0 {
            let node = self.0.get(at)?;
            if node.byte == byte {
                return Some(at);
            }
            at = node.sibling;
        }
        None
    }

    fn add(&mut self, parent: usize, byte: u8) -> usize {
        let added = self.0.len();
        if let Some(parent) = self.0.get_mut(parent) {
            let sibling = replace(&mut parent.child, added);
            self.0.push(Node { byte, sibling, ..Node::default() });
        }
        added
    }
}
