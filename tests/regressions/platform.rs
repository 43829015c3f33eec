//! P14, P23, P26, P28: what platforms do to pages.

use tokenkeeper::core::io::{
    Event, Evidence, Input, Means, Message, Output, Reason, Sharing, Warning,
};
use tokenkeeper::core::ledger::{Ledger, Stamp};
use tokenkeeper::core::session::Stored;
use tokenkeeper::core::timeline::Entry;
use tokenkeeper::core::words::Word;

use crate::page::{HOUR, Page, count, events, failed, granted, sent, stamp, told};

/// Whether others hear of it.
fn speaks(output: &Output) -> bool {
    matches!(output, Output::Note(..) | Output::Tell(_))
}

/// P23: a store that throws.
#[test]
fn p23_a_store_that_cannot_be_read_says_nothing_about_anybody() {
    let mut page = Page::with_session(HOUR).opened();
    page.feed(Input::Seen(Stored::Unknown));
    assert!(page.machine.session().is_some());
    page.stored = Stored::Unknown;
    page.pass(HOUR);
    let asked = page.want();
    assert_eq!(told(&page.answer(&asked, granted(2))), ["access2"]);
}

/// P23: a store that takes nothing. Whoever logs in after that was known has a session that no other tab can have in hand,
/// and what those tell one another is no concern of it.
#[test]
fn p23_a_store_that_fails_before_a_login_makes_the_session_the_tabs_own() {
    for (fails, refreshed) in [(true, vec!["refresh2".to_owned()]), (false, vec![])] {
        let mut page = Page::open(Means::Token, Stored::Nothing, Ledger::default()).opened();
        if fails {
            let outputs = page.feed(Input::StoreFailed);
            assert_eq!(events(&outputs), [Event::Warning(Warning::StorageUnavailable)]);
        }
        let ticket = page.ticket();
        page.feed(Input::LoggingIn(ticket));
        let outputs = page.feed(Input::LoggedIn(ticket, granted(2)));
        assert_eq!(told(&outputs), ["access2"]);
        assert_eq!(count(&outputs, speaks), if fails { 0 } else { 2 }, "to the others");
        page.ledger = Some(Ledger::settled(Stamp { family: u64::MAX, generation: 1 }));
        page.pass(HOUR);
        assert_eq!(sent(&page.want()), refreshed);
    }
}

/// And with a session in hand, that one moves into memory.
#[test]
fn p23_a_store_that_fails_later_leaves_the_session_in_memory() {
    let mut page = Page::with_session(HOUR).opened();
    let outputs = page.feed(Input::StoreFailed);
    assert_eq!(count(&outputs, |output| matches!(output, Output::Store(_))), 1);
    assert!(page.machine.session().is_some());

    let ticket = page.ticket();
    page.feed(Input::LoggingIn(ticket));
    let outputs = page.feed(Input::LoggedIn(ticket, granted(2)));
    assert_eq!(told(&outputs), ["access2"]);
    assert_eq!(count(&outputs, speaks), 0, "the next login's is the tab's own");
}

/// Nor does this tab, which waits in vain for what its store does not show, end what others have.
#[test]
fn p23_a_tab_whose_store_failed_ends_no_other_tabs_session() {
    for newest in [stamp(2), Stamp { family: 4096, generation: 1 }] {
        let mut page = Page::with_session(HOUR).opened();
        page.feed(Input::StoreFailed);
        page.feed(Input::Told(Message::Changed(newest)));
        page.ledger = Some(Ledger::settled(newest));
        let mut outputs = Vec::new();
        for _ in 0..3 {
            page.renew();
            outputs = page.wait(5_000);
        }
        assert_eq!(told(&outputs), ["session_ended"]);
        let ended = Event::Logout { reason: Reason::RefreshRejected, remote: false };
        assert_eq!(events(&outputs), [ended]);
        assert_eq!(count(&outputs, speaks), 0, "{newest:?}");
        assert_eq!(page.stored, Stored::Nothing, "memory, that is");
        assert_eq!(told(&page.want()), ["not_logged_in"]);
    }
}

/// P23: a store that something else wrote to.
#[test]
fn p23_what_is_no_session_of_ours_is_told_of_and_gives_way_to_the_session_in_hand() {
    let mut page = Page::with_session(HOUR).opened();
    let ours = std::mem::replace(&mut page.stored, Stored::Unreadable);
    let outputs = page.feed(Input::Seen(Stored::Unreadable));
    assert_eq!(events(&outputs), [Event::Warning(Warning::StorageCorrupt)]);
    assert_eq!(page.stored, Stored::Unreadable, "not at once: another tab may be about to write");
    page.wait(2_000);
    assert_eq!(page.stored, ours);

    let mut page = Page::open(Means::Token, Stored::Unreadable, Ledger::default()).opened();
    page.wait(HOUR);
    assert_eq!(page.stored, Stored::Unreadable, "where nobody is logged in it is left alone");
}

/// P26: script's storage was purged; the cookie was not.
#[test]
fn p26_a_cookie_brings_the_session_back_unless_somebody_logged_out() {
    let mut page = Page::open(Means::Cookie, Stored::Nothing, Ledger::default());
    let asked = page.opens();
    assert_eq!(sent(&asked), ["the cookie"]);
    assert_eq!(told(&page.answer(&asked, granted(1))), ["access1"]);

    let logout = Ledger::settled(Stamp { family: 2048, generation: 0 });
    let mut page = Page::open(Means::Cookie, Stored::Nothing, logout);
    let outputs = page.opens();
    assert_eq!(sent(&outputs), [""; 0]);
    assert_eq!(told(&outputs), ["not_logged_in"]);
    assert_eq!(sent(&page.renew()), ["the cookie"], "or somebody asks for it");
}

/// And where no store could show another tab's session, it is not waited for: each reload would take seconds.
#[test]
fn p26_a_cookie_beside_memory_brings_the_session_back_at_once() {
    let (nothing, ledger) = (Stored::Nothing, Ledger::settled(stamp(1)));
    let mut page = Page::open_with(Sharing::Private, Means::Cookie, nothing, ledger);
    let asked = page.opens();
    assert_eq!(sent(&asked), ["the cookie"]);
    assert_eq!(told(&page.answer(&asked, granted(2))), ["access2"]);
    page.ledger = Some(Ledger::settled(Stamp { family: u64::MAX / 2, generation: 1 }));
    assert_eq!(sent(&page.renew()).len(), 1, "whatever another tab got for the same cookie");
}

/// And its late answer does not end the session of whoever logged in meanwhile: to give those tokens back would be to log out the cookie.
#[test]
fn p26_a_cookies_late_answer_is_dropped_where_somebody_has_logged_in() {
    let mut page = Page::open(Means::Cookie, Stored::Nothing, Ledger::default());
    let asked = page.opens();
    let ticket = page.ticket();
    page.feed(Input::LoggingIn(ticket));
    page.feed(Input::LoggedIn(ticket, granted(2)));
    let outputs = page.answer(&asked, granted(1));
    assert_eq!(count(&outputs, |output| matches!(output, Output::Revoke(_))), 0);
    assert_eq!(told(&page.want()), ["access2"]);
}

/// P14: a page that sleeps between each question and its answer, or a device that is as slow.
#[test]
fn p14_old_answers_of_ledger_and_store_are_doubted_but_not_for_ever() {
    let mut page = Page::with_session(HOUR).opened();
    page.pass(HOUR);
    let ticket = page.ticket();
    let mut inputs = vec![Input::Want(ticket)];
    let mut looks = 0;
    while let Some(input) = inputs.pop() {
        page.machine.handle(page.now, input);
        while let Some(output) = page.machine.poll() {
            match output {
                Output::Lock(attempt) => inputs.push(Input::Locked(attempt, true)),
                Output::Look(attempt) => {
                    looks += 1;
                    page.pass(3_000);
                    let evidence = Evidence { ledger: page.ledger, stored: page.stored };
                    inputs.push(Input::Looked(attempt, evidence));
                }
                _ => {}
            }
        }
    }
    assert_eq!(looks, 4);
}

/// P28: `StrictMode` mounts twice: the first manager was closed in the middle of its refresh.
#[test]
fn p28_a_closed_manager_finishes_its_refresh_and_answers_everyone() {
    let mut page = Page::with_session(HOUR).opened();
    let asked = page.renew();
    let outputs = page.feed(Input::Closed);
    assert_eq!(told(&outputs), ["closed"]);
    assert!(!page.machine.is_at_rest());
    let outputs = page.answer(&asked, granted(2));
    assert_eq!(count(&outputs, |output| matches!(output, Output::Store(_))), 1);
    assert_eq!(count(&outputs, |output| matches!(output, Output::Emit(_))), 0);
    assert!(page.machine.is_at_rest());
    assert_eq!(page.machine.timeout(), None);
}

/// P28: what it meets after that, the timeline tells, once and with its reason.
#[test]
fn p28_a_closed_manager_still_tells_the_timeline_why_its_refresh_failed() {
    let mut page = Page::with_session(HOUR).opened();
    let asked = page.renew();
    page.feed(Input::Closed);
    let outputs = page.answer(&asked, failed(503));
    let logged: Vec<_> = outputs
        .iter()
        .filter_map(|output| match output {
            Output::Log(Entry { what: Word::RefreshFailed, why, .. }) => Some(*why),
            _ => None,
        })
        .collect();
    assert_eq!(logged, [Some(Word::Server)]);
    assert_eq!(count(&outputs, |output| matches!(output, Output::Emit(_))), 0);
}

/// P28: and one that was closed while it asked for a cookie's session did not log that out.
#[test]
fn p28_a_manager_that_is_closed_while_it_asks_for_a_cookie_leaves_the_cookies_session_alone() {
    let mut page = Page::open(Means::Cookie, Stored::Nothing, Ledger::default());
    let asked = page.opens();
    page.answer(&asked, failed(503));
    let asked = page.wait(3_000);
    assert_eq!(sent(&asked), ["the cookie"]);
    page.feed(Input::Closed);
    let outputs = page.answer(&asked, granted(1));
    assert_eq!(count(&outputs, |output| matches!(output, Output::Revoke(_))), 0);
    assert_eq!(count(&outputs, |output| matches!(output, Output::Emit(_))), 0);
    assert!(page.machine.is_at_rest());
}
