//! P20: clocks that are wrong, and clocks that are set.

use tokenkeeper::core::io::{
    Event, Input, Means, Message, Outcome, Output, Reason, Sharing, Warning,
};
use tokenkeeper::core::ledger::{Ledger, Stamp};
use tokenkeeper::core::receipt::Tokens;
use tokenkeeper::core::session::{Grant, Session, Stored};
use tokenkeeper::core::time::Millis;

use crate::page::{
    DAY, HOUR, NOON, Page, count, events, grant, granted, sent, stamp, stored, told,
};

/// P20: a clock set forward logged people out.
#[test]
fn p20_a_clock_set_forward_does_not_end_a_session_that_cannot_be_renewed() {
    let session = crate::page::session(1, HOUR);
    let session = Session { tokens: Tokens { refresh: None, ..session.tokens }, ..session };
    let mut page = Page::open(Means::None, stored(session), Ledger::settled(stamp(1))).opened();
    page.now.wall = page.now.wall.plus(Millis::of(3 * DAY));
    let outputs = page.want();
    assert_eq!((told(&outputs), events(&outputs)), (vec!["access1".to_owned()], vec![]));
    let outputs = page.wait(HOUR);
    assert_eq!(events(&outputs), [Event::Logout { reason: Reason::Expired, remote: false }]);
}

/// P20: a page that counted the token's whole life tells the others that it is over; one that has only the clock's word for
/// a part of it does not.
#[test]
fn p20_only_who_counted_a_tokens_life_from_its_receipt_tells_others_that_it_is_over() {
    let ends = |output: &Output| matches!(output, Output::Tell(Message::Ended(..)));
    let mut page = Page::open(Means::None, Stored::Nothing, Ledger::default()).opened();
    let ticket = page.ticket();
    page.feed(Input::LoggingIn(ticket));
    page.feed(Input::LoggedIn(ticket, granted(1)));
    assert_eq!(count(&page.wait(HOUR), ends), 1);

    let mut page =
        Page::open(Means::None, stored(crate::page::session(1, HOUR)), Ledger::default());
    page.pass(HOUR / 2);
    page.opens();
    let outputs = page.wait(HOUR / 2);
    assert_eq!(events(&outputs), [Event::Logout { reason: Reason::Expired, remote: false }]);
    assert_eq!(count(&outputs, ends), 0);
}

/// P20: and one set back made tokens live for too long.
#[test]
fn p20_a_clock_set_back_makes_no_token_younger_and_is_worth_a_word() {
    let mut page = Page::with_session(HOUR).opened();
    page.pass(HOUR - 30_000);
    page.now.wall = Millis::of(page.now.wall.count() - DAY);
    let outputs = page.feed(Input::Tick);
    let warned = Event::Warning(Warning::ClockSkew { skew: -i64::try_from(DAY).unwrap() });
    assert_eq!(events(&outputs), [warned]);
    assert_eq!(sent(&outputs), ["refresh1"]);
}

/// P20: nor does it make any older than it is, once or twice.
#[test]
fn p20_a_clock_that_is_set_back_and_forth_makes_no_token_older() {
    let mut page = Page::with_session(HOUR).opened();
    page.pass(HOUR / 3);
    page.now.wall = Millis::of(page.now.wall.count() - DAY);
    page.feed(Input::Tick);
    page.pass(HOUR / 3);
    assert_eq!(told(&page.want()), ["access1"]);

    let session = crate::page::session(1, HOUR);
    let session = Session { tokens: Tokens { refresh: None, ..session.tokens }, ..session };
    let mut page = Page::open(Means::None, stored(session), Ledger::settled(stamp(1))).opened();
    page.now.wall = page.now.wall.plus(Millis::of(3 * DAY));
    page.feed(Input::Tick);
    page.now.wall = Millis::of(page.now.wall.count() - DAY);
    page.feed(Input::Tick);
    assert_eq!(told(&page.want()), ["access1"]);
}

/// P20: a refresh's answer tells of a clock that differs, as a login's does.
#[test]
fn p20_a_server_whose_clock_differs_is_worth_a_word_at_a_refresh_too() {
    let skew = Some(i64::try_from(DAY).unwrap());
    let mut page = Page::with_session(HOUR).opened();
    let asked = page.renew();
    let grant = Grant { skew, ..grant(2, HOUR) };
    let outputs = page.answer(&asked, Outcome::Granted(grant));
    let warned = Event::Warning(Warning::ClockSkew { skew: -i64::try_from(DAY).unwrap() });
    assert_eq!(events(&outputs), [warned, Event::Refresh { remote: false }]);
}

/// P20: a login on a device whose clock was set back was older than the last logout.
#[test]
fn p20_a_login_comes_after_what_happened_before_it_whatever_the_clock_says() {
    let mut page = Page::with_session(HOUR).opened();
    page.logout();
    let (stored, ledger) = (page.stored, page.ledger.unwrap());
    let mut page = Page::open(Means::Token, stored, ledger);
    page.now.wall = Millis::of(NOON.count() - 3 * DAY);
    page.opens();
    let ticket = page.ticket();
    page.feed(Input::LoggingIn(ticket));
    page.feed(Input::LoggedIn(ticket, granted(1)));
    page.pass(HOUR);
    assert_eq!(sent(&page.want()), ["refresh1"]);
}

/// P20: the same where the ledger alone tells of it, since each tab keeps its tokens to itself.
#[test]
fn p20_a_logout_is_remembered_though_another_tab_logged_in_before_the_clock_was_set_back() {
    let later = NOON.plus(Millis::of(3 * DAY));
    let ledger = Ledger::settled(Stamp { family: Stamp::first_family(later), generation: 1 });
    let mut page = Page::open_with(Sharing::Private, Means::Cookie, Stored::Nothing, ledger);
    let asked = page.opens();
    page.answer(&asked, granted(1));
    page.logout();
    assert!(page.ledger.unwrap().stamp.ends_all());
}

/// P20: and where there is no ledger, whoever logged in could not know of a logout that lies in the future.
#[test]
fn p20_a_login_after_the_clock_was_set_back_is_not_ended_by_a_logout_before_that() {
    for (ahead, alive) in [(3 * DAY, true), (3_000, false)] {
        let later = NOON.plus(Millis::of(ahead));
        let logout = Stamp { family: Stamp::first_family(later), generation: 0 };
        for by_ledger in [false, true] {
            let mut page = Page::open(Means::Token, Stored::Nothing, Ledger::default()).opened();
            if by_ledger {
                page.ledger = Some(Ledger::settled(logout));
                page.wait(5_000);
                page.now.wall = NOON;
            } else {
                page.feed(Input::Told(Message::Ended(logout, Reason::User)));
            }
            page.ledger = None;
            page.stored = stored(crate::page::session(1, HOUR));
            page.feed(Input::Seen(page.stored));
            page.wait(2_000);
            assert_eq!(
                page.machine.session().is_some(),
                alive,
                "a clock that was {ahead} ms ahead"
            );
        }
    }
}

/// P20: with a ledger, they could: what the store shows is from before it then.
#[test]
fn p20_a_logout_in_the_future_that_the_ledger_knows_of_holds() {
    let later = NOON.plus(Millis::of(3 * DAY));
    let logout = Ledger::settled(Stamp { family: Stamp::first_family(later), generation: 0 });
    let mut page = Page::open(Means::Cookie, Stored::Nothing, logout).opened();
    page.stored = stored(crate::page::session(1, HOUR));
    assert_eq!(sent(&page.renew()), ["the cookie"]);
}
