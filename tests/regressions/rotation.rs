//! P5 to P11: rotation, tabs, lost answers.

use tokenkeeper::core::io::{
    Event, Input, Means, Message, Outcome, Output, Reason, Refusal, Sharing,
};
use tokenkeeper::core::ledger::{Ledger, Stamp};
use tokenkeeper::core::receipt::Tokens;
use tokenkeeper::core::session::{Grant, Holder, Session, Stored};
use tokenkeeper::core::time::Millis;
use tokenkeeper::core::words::Word;

use crate::page::{
    HOUR, NOON, Page, count, events, failed, grant, granted, refused, sent, session, stamp, stored,
    told, unreachable,
};

/// A refresh under way that nobody waits for any more.
fn renewed_for_nobody(page: &mut Page) -> Vec<Output> {
    let ticket = page.ticket();
    let asked = page.feed(Input::Renew(ticket));
    page.feed(Input::Left(ticket));
    asked
}

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
    let stamp = page.machine.session().unwrap().stamp;
    assert_eq!(page.ledger, Some(Ledger::settled(stamp)), "where other tabs find it");
}

/// P7: and where a session cannot be renewed, only a 401 that speaks of the token ends it.
#[test]
fn p07_a_401_ends_a_session_without_a_refresh_token_only_where_it_names_the_token() {
    let session = session(1, HOUR);
    let session = Session { tokens: Tokens { refresh: None, ..session.tokens }, ..session };
    for invalid_token in [true, false] {
        let mut page =
            Page::open(Means::Token, stored(session), Ledger::settled(stamp(1))).opened();
        let ticket = page.ticket();
        let refusal = Refusal { stamp: stamp(1), invalid_token };
        let outputs = page.feed(Input::Refused(ticket, refusal));
        assert_eq!((told(&outputs), sent(&outputs)), (vec!["session_ended".to_owned()], vec![]));
        assert_eq!(page.machine.session().is_none(), invalid_token);
    }
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

/// P8: one that this tab wrote itself keeps it from nothing, with a lock or without.
#[test]
fn p08_an_intent_of_this_tab_is_not_waited_for() {
    for lock in [true, false] {
        let mut page = Page::with_session(HOUR).opened();
        page.lock = lock;
        let asked = page.renew();
        page.answer(&asked, unreachable());
        page.pass(100);
        assert_eq!(sent(&page.renew()), ["refresh1"], "with the lock: {lock}");
        assert_eq!(page.ledger.unwrap().intent, Some(page.now.wall), "written anew");
    }
}

/// P8: nor is one that is a moment old a dead tab's: what it stored may be on its way.
#[test]
fn p08_the_write_of_a_tab_that_has_just_given_the_lock_back_is_waited_for() {
    let mut page = Page::with_session(HOUR).opened();
    page.pass(HOUR);
    page.ledger = Some(Ledger { stamp: stamp(1), intent: Some(page.now.wall) });
    page.pass(500);
    assert_eq!(sent(&page.want()), [""; 0]);
    page.shows_successor();
    assert_eq!(told(&page.wait(100)), ["access2"]);
}

/// P8: nor for one to refresh what this session has replaced.
#[test]
fn p08_an_intent_for_an_earlier_session_is_waited_for_by_nobody() {
    let mut page = Page::with_session(HOUR).opened();
    page.lock = false;
    let earlier = Stamp { family: 512, generation: 1 };
    page.ledger = Some(Ledger { stamp: earlier, intent: Some(page.now.wall) });
    assert_eq!(sent(&page.renew()), ["refresh1"]);
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

/// P9: the same for a login, whether its answer is still to come or only its place among the others.
#[test]
fn p09_a_login_that_a_logout_overtook_is_given_back() {
    let revoked = |output: &Output| matches!(output, Output::Revoke(_));
    let mut page = Page::open(Means::Token, Stored::Nothing, Ledger::default()).opened();
    let login = page.ticket();
    page.feed(Input::LoggingIn(login));
    assert_eq!(told(&page.logout()), ["session_ended"]);
    let outputs = page.feed(Input::LoggedIn(login, granted(1)));
    assert_eq!(count(&outputs, revoked), 1);
    assert!(page.machine.session().is_none());

    let login = page.ticket();
    page.feed(Input::LoggingIn(login));
    page.machine.handle(page.now, Input::LoggedIn(login, granted(2)));
    let looks = std::iter::from_fn(|| page.machine.poll()).collect::<Vec<_>>();
    assert!(matches!(looks[..], [Output::Look(_)]));
    let outputs = page.logout();
    assert_eq!((told(&outputs), count(&outputs, revoked)), (vec!["session_ended".to_owned()], 1));
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

/// P9: an answer to a session that ended elsewhere, as only the store can tell: it ends here, too.
#[test]
fn p09_an_answer_for_a_session_that_is_gone_from_the_store_ends_it_and_is_given_back() {
    for means in [Means::Token, Means::Cookie] {
        let session = stored(session(1, HOUR));
        let mut page = Page::open(means, session, Ledger::settled(stamp(1))).opened();
        let asked = renewed_for_nobody(&mut page);
        page.stored = Stored::Nothing;
        let outputs = page.answer(&asked, granted(2));
        assert_eq!(count(&outputs, |output| matches!(output, Output::Revoke(_))), 1, "{means:?}");
        assert_eq!(events(&outputs), [Event::Logout { reason: Reason::User, remote: true }]);
    }
}

/// P9: or a session that another tab's login has replaced, which the store may not show yet.
#[test]
fn p09_an_answer_that_comes_after_another_tabs_login_is_given_back() {
    let theirs = Stamp { family: 4096, generation: 1 };
    for shown in [true, false] {
        let mut page = Page::with_session(HOUR).opened();
        let asked = page.renew();
        page.ledger = Some(Ledger::settled(theirs));
        if shown {
            page.stored = stored(Session { stamp: theirs, ..session(5, HOUR) });
        }
        let outputs = page.answer(&asked, granted(2));
        assert_eq!(count(&outputs, |output| matches!(output, Output::Revoke(_))), 1);
        assert_eq!(count(&outputs, |output| matches!(output, Output::Store(_))), 0);
    }
}

/// P5: without a lock two tabs may refresh at once, and a tolerant server answers both. Neither answer is given back: that
/// would end the session of both.
#[test]
fn p05_an_answer_beside_another_tabs_is_never_given_back() {
    for (shown, token, generation) in [(true, "access2", 2), (false, "access7", 3)] {
        let mut page = Page::with_session(HOUR).opened();
        page.lock = false;
        let asked = page.renew();
        page.ledger = Some(Ledger::settled(stamp(2)));
        if shown {
            page.shows_successor();
        }
        let outputs = page.answer(&asked, granted(7));
        assert_eq!(told(&outputs), [token]);
        assert_eq!(page.machine.session().unwrap().stamp, stamp(generation), "the newest");
        assert_eq!(count(&outputs, |output| matches!(output, Output::Revoke(_))), 0);
    }
}

/// P5: and a refusal is doubted for a second then, however long the refresh had to wait before.
#[test]
fn p05_without_a_lock_a_refusal_is_doubted_for_a_second() {
    let mut page = Page::with_session(HOUR).opened();
    page.lock = false;
    page.pass(HOUR);
    page.ledger = Some(Ledger { stamp: stamp(1), intent: Some(page.now.wall) });
    page.want();
    let asked = page.wait(19_999);
    assert_eq!(sent(&asked), [""; 0]);
    let asked = page.wait(500);
    assert_eq!(sent(&asked), ["refresh1"], "whoever was at it is not any more");
    page.answer(&asked, refused());
    assert_eq!(told(&page.wait(800)), [""; 0]);
    page.shows_successor();
    assert_eq!(told(&page.wait(200)), ["access2"]);
}

/// P5: nor is a lock enough where the ledger does not know of the session: some tab goes without it.
#[test]
fn p05_a_refusal_is_doubted_where_the_ledger_does_not_know_of_the_session() {
    let (store, ledger) = (stored(session(1, HOUR)), Ledger::default());
    let mut page = Page::open(Means::Token, store, ledger).opened();
    let asked = page.renew();
    assert_eq!(told(&page.answer(&asked, refused())), [""; 0]);
    page.shows_successor();
    assert_eq!(told(&page.wait(200)), ["access2"]);
}

/// P5: a tab that nobody shares its session with has nobody to wait for.
#[test]
fn p05_a_refusal_of_a_session_that_no_other_tab_has_is_not_doubted() {
    let (store, ledger) = (stored(session(1, HOUR)), Ledger::default());
    let mut page = Page::open_with(Sharing::Private, Means::Token, store, ledger).opened();
    let asked = page.renew();
    assert_eq!(told(&page.answer(&asked, refused())), ["session_ended"]);
    assert_eq!(page.stored, Stored::Nothing);
}

/// P5: and where the order of sessions says that it has ended already, that is told at once, and as what it was.
#[test]
fn p05_a_refusal_of_a_session_that_has_ended_is_no_news() {
    let mut page = Page::with_session(HOUR).opened();
    let asked = renewed_for_nobody(&mut page);
    page.ledger = Some(Ledger::settled(Stamp { family: 2048, generation: 0 }));
    let outputs = page.answer(&asked, refused());
    assert_eq!(events(&outputs), [Event::Logout { reason: Reason::User, remote: true }]);
}

/// P5: nor does it concern whoever has logged in here meanwhile.
#[test]
fn p05_a_refusal_that_comes_after_a_login_says_nothing_of_that_session() {
    let mut page = Page::with_session(HOUR).opened();
    let asked = page.renew();
    let ticket = page.ticket();
    page.feed(Input::LoggingIn(ticket));
    page.feed(Input::LoggedIn(ticket, granted(2)));
    page.feed(Input::Told(Message::Changed(Stamp { family: u64::MAX / 2, generation: 1 })));
    let mut outputs = page.answer(&asked, refused());
    outputs.extend(page.wait(5_000));
    assert_eq!((events(&outputs), sent(&outputs)), (vec![], vec![]));
}

/// P6: a new token is as new as can be, however short it lives.
#[test]
fn p06_a_token_that_is_over_at_once_answers_those_who_waited_for_it() {
    let moment = || Outcome::Granted(grant(2, 0));
    let mut page = Page::with_session(HOUR).opened();
    let asked = page.renew();
    let outputs = page.answer(&asked, moment());
    assert_eq!((told(&outputs), sent(&outputs)), (vec!["access2".to_owned()], vec![]));

    let mut page = Page::open(Means::Cookie, Stored::Nothing, Ledger::default());
    let mut asked = page.opens();
    asked.extend(page.renew());
    let outputs = page.answer(&asked, moment());
    assert_eq!((told(&outputs), sent(&outputs)), (vec!["access2".to_owned(); 2], vec![]));
}

/// P9: the same where each tab keeps its tokens to itself.
#[test]
fn p09_a_logout_in_another_tab_comes_before_a_cookies_answer_where_no_store_is_shared() {
    let (nothing, ledger) = (Stored::Nothing, Ledger::default());
    let mut page = Page::open_with(Sharing::Private, Means::Cookie, nothing, ledger);
    let asked = page.opens();
    let logout = Stamp { family: 2048, generation: 0 };
    page.feed(Input::Told(Message::Ended(logout, Reason::User)));
    page.answer(&asked, granted(1));
    assert!(page.machine.session().is_none());
}

/// P10: and learns why, since it is told before the store is empty.
#[test]
fn p10_a_logout_is_told_before_the_store_is_emptied() {
    let outputs = Page::with_session(HOUR).opened().logout();
    let at = |which: fn(&Output) -> bool| outputs.iter().position(which).unwrap();
    assert!(
        at(|output| matches!(output, Output::Tell(_))) < at(|it| matches!(it, Output::Erase(_)))
    );
}

/// P10: nor is it put back into the store by a write that was on its way.
#[test]
fn p10_a_late_write_of_what_another_tab_ended_is_erased() {
    let mut page = Page::with_session(HOUR).opened();
    page.wait(5_000);
    let late = std::mem::replace(&mut page.stored, Stored::Nothing);
    let logout = Stamp { family: 2048, generation: 0 };
    page.feed(Input::Told(Message::Ended(logout, Reason::User)));
    page.stored = late;
    page.wait(2_000);
    assert_eq!(page.stored, Stored::Nothing);
}

/// P10: the order of sessions tells how one that cannot be renewed has ended.
#[test]
fn p10_an_end_that_only_the_ledger_tells_of_has_its_reason() {
    for (means, reason) in [(Means::None, Reason::Expired), (Means::Token, Reason::RefreshRejected)]
    {
        let ledger = Ledger::settled(Stamp::end_of(1024));
        let mut page = Page::open(means, stored(session(1, HOUR)), ledger).opened();
        assert_eq!(events(&page.wait(1)), [Event::Logout { reason, remote: true }]);
    }
}

/// P10: a session that ends here after another has begun elsewhere is nobody's news.
#[test]
fn p10_an_end_that_comes_after_another_tabs_login_is_told_to_nobody() {
    let mut page = Page::open(Means::None, Stored::Nothing, Ledger::default()).opened();
    let ticket = page.ticket();
    page.feed(Input::LoggingIn(ticket));
    page.feed(Input::LoggedIn(ticket, granted(1)));
    let next = Stamp { family: u64::MAX / 2, generation: 1 };
    page.feed(Input::Told(Message::Changed(next)));
    page.ledger = Some(Ledger::settled(next));
    let outputs = page.wait(HOUR);
    assert_eq!(events(&outputs), [Event::Logout { reason: Reason::Expired, remote: false }]);
    assert_eq!(count(&outputs, |output| matches!(output, Output::Tell(_) | Output::Note(..))), 0);
}

/// P10: what ended before this session began does not end it, and what has ended does not come back from a late store.
#[test]
fn p10_an_end_concerns_what_came_before_it() {
    let mut page = Page::with_session(HOUR).opened();
    let earlier = Stamp { family: 512, generation: 0 };
    assert_eq!(events(&page.feed(Input::Told(Message::Ended(earlier, Reason::User)))), []);

    let mut page = Page::open(Means::Token, Stored::Nothing, Ledger::default()).opened();
    let ended = Message::Ended(Stamp::end_of(1024), Reason::RefreshRejected);
    page.feed(Input::Told(ended));
    assert_eq!(events(&page.feed(Input::Seen(stored(session(1, HOUR))))), []);
}

/// P10: between tabs with stores of their own only a logout counts: each goes on with its own session otherwise.
#[test]
fn p10_what_becomes_of_other_tabs_own_sessions_is_no_concern_of_this_one() {
    let theirs = Stamp { family: 4096, generation: 1 };
    let expired = Message::Ended(Stamp::end_of(theirs.family), Reason::RefreshRejected);
    for message in [Message::Changed(theirs), expired] {
        let (store, ledger) = (stored(session(1, HOUR)), Ledger::default());
        let mut page = Page::open_with(Sharing::Private, Means::Token, store, ledger).opened();
        page.feed(Input::Told(message));
        page.pass(HOUR);
        let asked = page.want();
        assert_eq!(sent(&asked), ["refresh1"], "{message:?}");
        let outputs = page.answer(&asked, granted(2));
        let speaks = |output: &Output| matches!(output, Output::Note(..) | Output::Tell(_));
        assert_eq!(count(&outputs, speaks), 0, "nor is this one theirs");
    }
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

/// P11: nor is it sent while somebody is refreshing the successor, which lives.
#[test]
fn p11_the_token_that_is_left_is_kept_while_its_successor_is_being_refreshed() {
    let mut page = behind_twice(false);
    let mut other = page.clone();
    page.want();
    assert_eq!(sent(&page.wait(2_200)), ["refresh1"]);
    other.ledger = page.ledger;
    other.want();
    assert_eq!(sent(&other.wait(2_200)), [""; 0], "one of two tabs without a lock");

    other.ledger = Some(Ledger { stamp: stamp(2), intent: Some(other.now.wall) });
    other.want();
    assert_eq!(sent(&other.wait(10_000)), [""; 0], "a tab that has the successor");
    other.ledger = Some(Ledger::settled(stamp(2)));
    other.want();
    assert_eq!(sent(&other.wait(10_000)), ["refresh1"], "once that is over");
}

/// P11: refreshes of the successor that end without its showing are none that waited for it in vain.
#[test]
fn p11_a_successor_that_was_being_refreshed_is_waited_for_three_times_after_that() {
    let mut page = Page::with_session(HOUR).opened();
    page.lock = false;
    page.pass(HOUR);
    let rounds = [true, true, true, false, false];
    for theirs in rounds {
        page.ledger =
            Some(Ledger { stamp: stamp(2), intent: Some(page.now.wall).filter(|_| theirs) });
        page.want();
        assert_eq!(sent(&page.wait(5_000)), [""; 0]);
    }
    page.want();
    assert_eq!(sent(&page.wait(5_000)), ["refresh1"]);
}

/// P11: who has the lock knows that nobody is refreshing the successor any more, and who has none knows it in time.
#[test]
fn p11_an_intent_that_a_dead_tab_left_for_the_successor_keeps_nobody() {
    for (lock, age) in [(true, 0), (false, 20_000)] {
        let mut page = Page::with_session(HOUR).opened();
        page.lock = lock;
        page.pass(HOUR);
        let intent = Some(Millis::of(page.now.wall.count() - age));
        page.ledger = Some(Ledger { stamp: stamp(2), intent });
        for _ in 0..2 {
            page.want();
            assert_eq!(sent(&page.wait(2_500)), [""; 0]);
        }
        page.want();
        page.wait(1_999);
        assert_eq!(sent(&page.wait(1)), ["refresh1"], "with the lock: {lock}");
        assert_eq!(page.ledger.unwrap().intent, Some(page.now.wall), "the intent is ours now");
    }
}

/// P11: one that this tab wrote keeps it from nothing; another's that comes later does.
#[test]
fn p11_the_token_that_is_left_is_sent_again_until_its_successor_is_being_refreshed() {
    let mut page = behind_twice(false);
    page.want();
    let asked = page.wait(5_000);
    page.answer(&asked, unreachable());
    let mut other = page.clone();
    page.want();
    assert_eq!(sent(&page.wait(10_000)), ["refresh1"]);

    other.ledger =
        Some(Ledger { stamp: stamp(2), intent: Some(other.now.wall.plus(Millis::of(1))) });
    other.want();
    assert_eq!(sent(&other.wait(10_000)), [""; 0]);
}

/// P11: a refusal of the token that is left ends nothing where the successor turns out to live.
#[test]
fn p11_a_refusal_is_not_the_end_where_the_lost_successor_has_been_refreshed_meanwhile() {
    let (mut page, asked) = behind_for_good();
    page.ledger = Some(Ledger::settled(stamp(3)));
    assert_eq!(told(&page.answer(&asked, refused())), [""; 0]);
    page.stored = stored(Session { received: page.now.wall, ..session(3, HOUR) });
    assert_eq!(told(&page.wait(100)), ["access3"]);
}

/// P11: each session that does not show is waited for as long.
#[test]
fn p11_a_login_that_does_not_show_is_waited_for_three_times_whatever_was_waited_for_before() {
    let (mut page, asked) = behind_for_good();
    page.answer(&asked, unreachable());
    page.pass(10_000);
    page.ledger = Some(Ledger::settled(Stamp { family: 2048, generation: 1 }));
    for _ in 0..2 {
        page.want();
        page.wait(5_000);
        assert!(page.machine.session().is_some());
    }
    page.want();
    page.wait(5_000);
    assert!(page.machine.session().is_none());
}

/// P11: where somebody else had logged in, the token in hand is not theirs.
#[test]
fn p11_a_login_that_never_shows_is_the_end_of_the_session_before_it() {
    let mut page = Page::with_session(HOUR).opened();
    page.pass(HOUR);
    page.ledger = Some(Ledger::settled(Stamp { family: 2048, generation: 1 }));
    let mut outputs = Vec::new();
    for _ in 0..3 {
        page.want();
        outputs = page.wait(5_000);
        assert_eq!(sent(&outputs), [""; 0]);
        let waits =
            |output: &Output| matches!(output, Output::Log(entry) if entry.what == Word::Waiting);
        assert_eq!(count(&outputs, waits), 1, "explain() says so");
    }
    let ended = Event::Logout { reason: Reason::RefreshRejected, remote: false };
    assert_eq!(events(&outputs), [ended]);
}

/// A page whose ledger knows of a successor that the store does not show, in its third refresh.
fn behind_for_good() -> (Page, Vec<Output>) {
    let mut page = behind_twice(true);
    page.want();
    let asked = page.wait(5_000);
    (page, asked)
}

/// A page, with or without the lock, that waited twice in vain for another tab's session.
fn behind_twice(lock: bool) -> Page {
    let mut page = Page::with_session(HOUR).opened();
    page.lock = lock;
    page.pass(HOUR);
    page.ledger = Some(Ledger::settled(stamp(2)));
    for _ in 0..2 {
        page.want();
        let outputs = page.wait(5_000);
        assert_eq!((sent(&outputs), told(&outputs)), (vec![], vec!["timeout".to_owned()]));
    }
    page
}

/// P11: where there is no ledger, the other tab's own word is as good.
#[test]
fn p11_a_store_behind_what_another_tab_told_is_waited_for() {
    let mut page = Page::with_session(HOUR).opened();
    page.pass(HOUR);
    page.ledger = None;
    page.feed(Input::Told(Message::Changed(stamp(2))));
    assert_eq!(sent(&page.want()), [""; 0]);
    page.shows_successor();
    assert_eq!(told(&page.wait(100)), ["access2"]);
}

/// P11: and a write that arrives after this tab's own, though it came before, is set right.
#[test]
fn p11_a_late_write_of_what_is_over_is_overwritten() {
    let mut page = Page::with_session(HOUR).opened();
    page.wait(5_000);
    let late = page.stored;
    let asked = page.renew();
    page.answer(&asked, granted(2));
    let ours = std::mem::replace(&mut page.stored, late);
    page.wait(2_000);
    assert_eq!(page.stored, ours);
}

/// P11: the wait for it begins when the lock is had, however long that took.
#[test]
fn p11_a_store_is_waited_for_as_long_after_a_long_wait_for_the_lock() {
    let mut page = Page::with_session(HOUR).opened();
    page.pass(HOUR);
    page.ledger = Some(Ledger::settled(stamp(2)));
    let ticket = page.ticket();
    page.machine.handle(page.now, Input::Want(ticket));
    let Some(Output::Lock(attempt)) = page.machine.poll() else { panic!("no lock") };
    assert!(page.machine.poll().is_none());
    page.pass(10_000);
    page.feed(Input::Locked(attempt, true));
    assert_eq!(told(&page.wait(500)), [""; 0]);
    page.shows_successor();
    assert_eq!(told(&page.wait(100)), ["access2"]);
}

/// P11: successors that were lost count only for the session whose they were.
#[test]
fn p11_a_successor_that_comes_after_all_has_the_next_one_waited_for_as_long() {
    let mut page = Page::with_session(HOUR).opened();
    page.pass(HOUR);
    page.ledger = Some(Ledger::settled(stamp(2)));
    page.want();
    assert_eq!(told(&page.wait(2_100)), ["timeout"], "after two seconds");
    page.wait(2_900);
    page.want();
    page.wait(5_000);
    page.shows_successor();
    let stored = page.stored;
    page.feed(Input::Seen(stored));
    assert_eq!(told(&page.want()), ["access2"]);
    page.pass(HOUR);
    page.ledger = Some(Ledger::settled(stamp(3)));
    let mut outputs = page.want();
    outputs.extend(page.wait(5_000));
    assert_eq!(told(&outputs), ["timeout"]);
}
