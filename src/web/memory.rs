//! The module's memory: an allocator of 1 kB, where Rust's own has 7.
//!
//! It keeps one list of what is free, sorted by address and joined where it touches, so memory stays
//! flat however many calls there are. The list is searched from its start, which is cheap because it
//! is short: what lives long here (the session, waiting callers, resources) is little, and strings
//! are freed in the call that brought them. The lock is there for the type alone, since there is one
//! thread. Talc would be faster with long lists, and can't be set up without `unsafe`.

use lol_alloc::{FreeListAllocator, LockedAllocator};

#[global_allocator]
static ALLOCATOR: LockedAllocator<FreeListAllocator> =
    LockedAllocator::new(FreeListAllocator::new());
