//! P20: clocks that are wrong, and clocks that are set.

use tokenkeeper::core::io::{Event, Input, Means, Message, Reason, Sharing, Warning};
use tokenkeeper::core::ledger::{Ledger, Stamp};
use tokenkeeper::core::receipt::Tokens;
use tokenkeeper::core::session::{Session, Stored};
use tokenkeeper::core::time::Millis;

use crate::page::{DAY, HOUR, NOON, Page, events, granted, sent, stamp, stored, told};

/// P20: a clock set forward logged people out.
#[test]
fn p20_a_clock_set_forward_does_not_end_a_session_that_cannot_be_renewed() {
    let session = crate::page::session(1, HOUR);
    let session = Session { tokens: Tokens { refresh: None, ..session.tokens }, ..session };
    let mut page = Page::open(Means::None, stored(session), Ledger::settled(stamp(1))).opened();
    page.now.wall = page.now.wall.plus(Millis::of(3 * DAY));
    assert_eq!(told(&page.want()), ["access1"]);
    let outputs = page.wait(HOUR);
    assert_eq!(events(&outputs), [Event::Logout { reason: Reason::Expired, remote: false }]);
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
    let mut page = Page::open(Means::Token, Stored::Nothing, Ledger::default()).opened();
    page.ledger = None;
    let later = NOON.plus(Millis::of(3 * DAY));
    let logout = Stamp { family: Stamp::first_family(later), generation: 0 };
    page.feed(Input::Told(Message::Ended(logout, Reason::User)));
    page.stored = stored(crate::page::session(1, HOUR));
    page.feed(Input::Seen(page.stored));
    page.wait(2_000);
    assert_eq!(told(&page.want()), ["access1"]);
}
