//! P5 to P11: rotation, tabs, lost answers.

use tokenkeeper::core::io::{Event, Input, Means, Message, Outcome, Output, Reason, Refusal};
use tokenkeeper::core::ledger::{Ledger, Stamp};
use tokenkeeper::core::session::{Grant, Holder, Stored};
use tokenkeeper::core::time::Millis;
use tokenkeeper::core::words::Word;

use crate::page::{
    HOUR, NOON, Page, count, events, failed, grant, granted, refused, sent, session, stamp, stored,
    told, unreachable,
};

/// P5: random logouts with several tabs, since two of them sent the same token.
#[test]
fn p05_inside_the_lock_the_store_is_read_again_and_a_newer_session_adopted() {
    let mut page = Page::with_session(HOUR).opened();
    page.pass(HOUR);
    page.shows_successor();
    let outputs = page.want();
    assert_eq!(sent(&outputs), [""; 0]);
    assert_eq!(told(&outputs), ["access2"]);
}

/// P5: `invalid_grant` because another tab was faster.
#[test]
fn p05_before_a_refusal_ends_the_session_the_store_is_read_once_more() {
    let mut page = Page::with_session(HOUR).opened();
    page.pass(HOUR);
    let asked = page.want();
    page.shows_successor();
    let outputs = page.answer(&asked, refused());
    assert_eq!(told(&outputs), ["access2"]);
    assert_eq!(events(&outputs), [Event::Refresh { remote: true }]);
}

/// P6: refreshes side by side for one refresh token.
#[test]
fn p06_everyone_who_waits_shares_one_refresh() {
    let mut page = Page::with_session(HOUR).opened();
    page.pass(HOUR);
    let mut asked = page.want();
    asked.extend(page.renew());
    asked.extend(page.want());
    assert_eq!(sent(&asked), ["refresh1"]);
    assert_eq!(told(&page.answer(&asked, granted(2))), ["access2"; 3]);
}

/// P7: a late 401 caused a second refresh.
#[test]
fn p07_a_401_for_a_token_that_is_no_longer_ours_needs_no_refresh() {
    let mut page = Page::with_session(HOUR).opened();
    let asked = page.renew();
    page.answer(&asked, granted(2));
    let ticket = page.ticket();
    let refusal = Refusal { stamp: stamp(1), invalid_token: true };
    let outputs = page.feed(Input::Refused(ticket, refusal));
    assert_eq!(sent(&outputs), [""; 0]);
    assert_eq!(told(&outputs), ["access2"]);
}

/// And one for another login's token is not answered with the next one's: nobody's request is sent in another's name.
#[test]
fn p07_a_401_of_an_earlier_login_is_not_repeated_in_the_name_of_the_next() {
    let mut page = Page::with_session(HOUR).opened();
    let ticket = page.ticket();
    page.feed(Input::LoggingIn(ticket));
    page.feed(Input::LoggedIn(ticket, granted(2)));
    let ticket = page.ticket();
    let refusal = Refusal { stamp: stamp(1), invalid_token: true };
    assert_eq!(told(&page.feed(Input::Refused(ticket, refusal))), ["session_ended"]);
    assert_eq!(told(&page.want()), ["access2"]);
}

/// Nor where a cookie was the browser's all along, and somebody else has logged in, in another tab or another app.
#[test]
fn p07_a_cookie_that_somebody_else_has_by_now_serves_no_request_made_before() {
    let mut page = Page::open(Means::Cookie, Stored::Nothing, Ledger::default());
    let asked = page.opens();
    page.answer(&asked, granted(1));
    let refusal = Refusal { stamp: page.machine.session().unwrap().stamp, invalid_token: true };
    let ticket = page.ticket();
    let asked = page.feed(Input::Refused(ticket, refusal));
    assert_eq!(sent(&asked).len(), 1);
    let grant = Grant { holder: Holder::Another, ..grant(2, HOUR) };
    let outputs = page.answer(&asked, Outcome::Granted(grant));
    assert_eq!(told(&outputs), ["session_ended"]);
    assert_eq!(events(&outputs), [Event::Login { remote: false }]);
    assert_eq!(told(&page.want()), ["access2"]);
}

/// P8: the page was reloaded between sending and storing.
#[test]
fn p08_an_intent_that_is_open_at_the_start_is_tried_again_at_once() {
    let intent = Some(Millis::of(NOON.count() - 5_000));
    let ledger = Ledger { stamp: stamp(1), intent };
    let mut page = Page::open(Means::Token, stored(session(1, HOUR)), ledger);
    assert_eq!(sent(&page.opens()), [""; 0], "after those who await the opening have gone on");
    assert_eq!(sent(&page.wait(1)), ["refresh1"]);
    assert_eq!(page.ledger.unwrap().intent, Some(page.now.wall), "the intent is ours now");
}

/// P8: what was answered, if only with an error, was not lost.
#[test]
fn p08_a_server_that_answered_with_an_error_is_not_asked_again_while_the_token_is_good() {
    let mut page = Page::with_session(HOUR).opened();
    let asked = page.renew();
    page.answer(&asked, failed(503));
    assert_eq!(page.ledger.unwrap().intent, None);
    assert_eq!(sent(&page.wait(HOUR / 2)), [""; 0]);
}

/// P8: but without a lock, whoever wrote it may still be at it.
#[test]
fn p08_an_intent_of_another_tab_is_waited_for_where_there_is_no_lock() {
    let mut page = Page::with_session(HOUR).opened();
    page.lock = false;
    page.pass(HOUR);
    page.ledger = Some(Ledger { stamp: stamp(1), intent: Some(page.now.wall) });
    let mut outputs = page.want();
    outputs.extend(page.wait(5_000));
    assert_eq!((sent(&outputs), told(&outputs)), (vec![], vec![]));
    let waits =
        |output: &Output| matches!(output, Output::Log(entry) if entry.what == Word::Waiting);
    assert_eq!(count(&outputs, waits), 1, "explain() says so once");

    page.ledger = Some(Ledger::settled(stamp(2)));
    page.shows_successor();
    assert_eq!(told(&page.wait(300)), ["access2"]);
}

/// P8: the answer was lost on its way, and the token at hand is still good for long.
#[test]
fn p08_a_lost_answer_is_asked_for_again_inside_the_servers_grace() {
    let mut page = Page::with_session(HOUR).opened();
    let asked = page.renew();
    page.answer(&asked, unreachable());
    assert_eq!(sent(&page.wait(5_000)), ["refresh1"]);
}

/// P9: a logout was undone by a refresh in flight.
#[test]
fn p09_an_answer_that_comes_after_the_logout_is_given_back() {
    let mut page = Page::with_session(HOUR).opened();
    let asked = page.renew();
    page.logout();
    let outputs = page.answer(&asked, granted(2));
    assert_eq!(count(&outputs, |output| matches!(output, Output::Revoke(_))), 1);
    assert_eq!(count(&outputs, |output| matches!(output, Output::Store(_))), 0);
    assert!(page.machine.session().is_none());
    assert_eq!(page.stored, Stored::Nothing);
}

/// P9: the same for the session of a cookie that was being asked for.
#[test]
fn p09_a_cookies_answer_that_comes_after_another_tabs_logout_is_given_back() {
    let mut page = Page::open(Means::Cookie, Stored::Nothing, Ledger::default());
    let asked = page.opens();
    let logout = Stamp { family: 2048, generation: 0 };
    page.feed(Input::Told(Message::Ended(logout, Reason::User)));
    let outputs = page.answer(&asked, granted(1));
    assert_eq!(count(&outputs, |output| matches!(output, Output::Revoke(_))), 1);
    assert!(page.machine.session().is_none());
}

/// P10: logging out in one tab left the other logged in.
#[test]
fn p10_another_tabs_logout_is_ours_at_once() {
    let mut page = Page::with_session(HOUR).opened();
    let stamp = Stamp { family: 2048, generation: 0 };
    let ended = Message::Ended(stamp, Reason::User);
    let outputs = page.feed(Input::Told(ended));
    assert_eq!(events(&outputs), [Event::Logout { reason: Reason::User, remote: true }]);
    assert_eq!(count(&outputs, |output| matches!(output, Output::Lease(None))), 1);

    let mut page = Page::with_session(HOUR).opened();
    page.feed(Input::Seen(Stored::Nothing));
    assert!(page.machine.session().is_none(), "the store alone tells it too");
}

/// P11: a store that shows another tab's write late.
#[test]
fn p11_a_store_behind_the_ledger_is_waited_for_and_its_token_never_sent() {
    let mut page = Page::with_session(HOUR).opened();
    page.pass(HOUR);
    page.ledger = Some(Ledger::settled(stamp(2)));
    assert_eq!(sent(&page.want()), [""; 0]);
    assert_eq!(sent(&page.wait(500)), [""; 0]);
    page.shows_successor();
    assert_eq!(told(&page.wait(100)), ["access2"]);
}

/// P11: nor is it given up because the page slept: the other tab's write comes after the clock.
#[test]
fn p11_a_page_that_slept_while_it_waited_for_the_store_looks_again() {
    let mut page = Page::with_session(HOUR).opened();
    page.pass(HOUR);
    page.ledger = Some(Ledger::settled(stamp(2)));
    page.want();
    page.pass(8 * HOUR);
    assert_eq!(told(&page.feed(Input::Tick)), [""; 0]);
    page.shows_successor();
    assert_eq!(told(&page.wait(100)), ["access2"]);
}

/// P11: and one that never comes, since its tab died before its write left it, is not waited for without end. The token in
/// hand may have been used, but servers that do not rotate, or not at once, take it again.
#[test]
fn p11_a_successor_that_never_comes_is_asked_for_with_the_token_that_is_left() {
    let (mut page, asked) = behind_for_good();
    assert_eq!((sent(&asked), told(&asked)), (vec!["refresh1".to_owned()], vec![]));
    let mut offline = page.clone();
    let outputs = page.answer(&asked, granted(7));
    assert_eq!(told(&outputs), ["access7"]);
    assert_eq!(page.ledger, Some(Ledger::settled(stamp(3))), "after what the ledger knew of");

    offline.answer(&asked, unreachable());
    offline.want();
    let asked = offline.wait(10_000);
    assert_eq!(sent(&asked), ["refresh1"], "and again");
}

/// P11: only what the server then says is the end, and it is not asked twice.
#[test]
fn p11_a_successor_that_never_comes_is_the_end_when_the_server_refuses_the_token_that_is_left() {
    let (mut page, asked) = behind_for_good();
    let outputs = page.answer(&asked, refused());
    assert_eq!((sent(&outputs), told(&outputs)), (vec![], vec!["session_ended".to_owned()]));
    let ended = Event::Logout { reason: Reason::RefreshRejected, remote: false };
    assert_eq!(events(&outputs), [ended]);
}

/// P11: where somebody else had logged in, the token in hand is not theirs.
#[test]
fn p11_a_login_that_never_shows_is_the_end_of_the_session_before_it() {
    let mut page = Page::with_session(HOUR).opened();
    page.pass(HOUR);
    page.ledger = Some(Ledger::settled(Stamp { family: 2048, generation: 1 }));
    for _ in 0..3 {
        page.want();
        assert_eq!(sent(&page.wait(5_000)), [""; 0]);
    }
    assert!(page.machine.session().is_none());
}

/// A page whose ledger knows of a successor that the store does not show, in its third refresh.
fn behind_for_good() -> (Page, Vec<Output>) {
    let mut page = Page::with_session(HOUR).opened();
    page.pass(HOUR);
    page.ledger = Some(Ledger::settled(stamp(2)));
    for _ in 0..2 {
        page.want();
        let outputs = page.wait(5_000);
        assert_eq!((sent(&outputs), told(&outputs)), (vec![], vec!["timeout".to_owned()]));
    }
    page.want();
    let asked = page.wait(5_000);
    (page, asked)
}
