//! P1 to P3: locks and hangs.

use tokenkeeper::core::io::{Attempt, Input, Output};
use tokenkeeper::core::words::Word;

use crate::page::{HOUR, Page, count, failed, sent, told};

/// P1: everything hung for ever on a lock that nobody gave back.
#[test]
fn p01_without_the_lock_a_refresh_goes_on_and_a_good_token_never_asks_for_it() {
    let mut page = Page::with_session(HOUR).opened();
    let outputs = page.want();
    assert_eq!(told(&outputs), ["access1"]);
    assert_eq!(count(&outputs, |output| matches!(output, Output::Lock(_))), 0);

    page.lock = false;
    page.pass(HOUR);
    let asked = page.want();
    assert_eq!(sent(&asked), ["refresh1"]);
    let unlocked =
        |output: &Output| matches!(output, Output::Log(entry) if entry.what == Word::Unlocked);
    assert_eq!(count(&asked, unlocked), 1, "explain() says so");
}

/// P2: a background tab kept the lock.
#[test]
fn p02_the_lock_is_given_back_on_every_path_and_when_it_comes_too_late() {
    let unlocks = |outputs: &[Output]| count(outputs, |one| matches!(one, Output::Unlock(_)));
    let mut page = Page::with_session(HOUR).opened();
    page.pass(HOUR);
    let asked = page.want();
    assert_eq!(unlocks(&asked), 0);
    assert_eq!(unlocks(&page.answer(&asked, failed(503))), 1);
    assert_eq!(unlocks(&page.feed(Input::Locked(Attempt(99), true))), 1);
}

/// P3: waiting for the lock by asking again and again.
#[test]
fn p03_nothing_polls_while_the_lock_is_awaited() {
    let mut page = Page::with_session(HOUR).opened();
    page.pass(HOUR);
    let ticket = page.ticket();
    page.machine.handle(page.now, Input::Want(ticket));
    while page.machine.poll().is_some() {}
    assert_eq!(page.machine.timeout(), None);
}
