//! P12 to P19: failures that were taken for the end, storms, and callers left waiting.

use tokenkeeper::core::error::{Code, Error};
use tokenkeeper::core::io::{Event, Input, Means, Outcome, Output, Reason, Sharing, Warning};
use tokenkeeper::core::ledger::Ledger;
use tokenkeeper::core::receipt::{Receipt, Tokens};
use tokenkeeper::core::session::{Grant, Session, Stored};
use tokenkeeper::core::time::Millis;
use tokenkeeper::core::timeline::Entry;
use tokenkeeper::core::words::Word;

use crate::page::{
    DAY, HOUR, NOON, Page, events, failed, granted, refused, sent, session, stamp, stored, told,
    unavailable, unreachable,
};

/// P12: offline, 5xx and 429 logged people out.
#[test]
fn p12_a_server_that_fails_ends_nothing() {
    for outcome in [failed(500), failed(429), unreachable()] {
        let mut page = Page::with_session(HOUR).opened();
        page.pass(HOUR - 30_000);
        let asked = page.want();
        let outputs = page.answer(&asked, outcome);
        assert!(matches!(events(&outputs)[..], [Event::Warning(Warning::RefreshFailed { .. })]));
        assert_eq!(told(&outputs), ["access1"], "it still lives");
        assert!(page.machine.session().is_some());
    }
}

/// P12: a server that was out of order when the page opened, and a cookie that nobody asked for again.
#[test]
fn p12_a_cookie_whose_server_fails_at_the_start_is_asked_for_again() {
    for outcome in [failed(503), unreachable()] {
        let mut page = Page::open(Means::Cookie, Stored::Nothing, Ledger::default());
        let asked = page.opens();
        let outputs = page.answer(&asked, outcome);
        assert_eq!(told(&outputs).len(), 1, "the page opens, with nobody in it yet");
        let asked = page.wait(3_000);
        assert_eq!(sent(&asked), ["the cookie"]);
        page.answer(&asked, outcome);
        let mut asked = page.feed(Input::Woken(Stored::Nothing));
        asked.extend(page.wait(1_000));
        assert_eq!(sent(&asked), ["the cookie"], "whoever wakes the page wakes that, too");
        let outputs = page.answer(&asked, granted(1));
        assert_eq!(events(&outputs), [Event::Login { remote: false }]);
    }
}

/// And its end: a refusal, or a logout.
#[test]
fn p12_a_cookie_is_not_asked_for_again_once_it_is_known_that_there_is_none() {
    let mut page = Page::open(Means::Cookie, Stored::Nothing, Ledger::default());
    let asked = page.opens();
    page.answer(&asked, failed(503));
    let mut refusing = page.clone();
    let asked = refusing.wait(3_000);
    refusing.answer(&asked, refused());
    page.logout();
    for mut page in [refusing, page] {
        assert_eq!(sent(&page.wait(HOUR)), [""; 0]);
        assert_eq!(page.machine.timeout(), None, "nothing rings any more");
        let outputs = page.want();
        assert_eq!((told(&outputs), sent(&outputs)), (vec!["not_logged_in".to_owned()], vec![]));
    }
}

/// Nor once somebody has logged in, whatever becomes of that session.
#[test]
fn p12_a_cookie_is_not_asked_for_again_after_a_login() {
    let mut page = Page::open(Means::Cookie, Stored::Nothing, Ledger::default());
    let asked = page.opens();
    page.answer(&asked, failed(503));
    let ticket = page.ticket();
    page.feed(Input::LoggingIn(ticket));
    page.feed(Input::LoggedIn(ticket, granted(1)));
    let asked = page.renew();
    assert_eq!(told(&page.answer(&asked, refused())), ["session_ended"]);
    assert_eq!(sent(&page.wait(HOUR)), [""; 0]);
}

/// Nor where the call itself is wrong, and would be the next time.
#[test]
fn p12_a_cookie_is_not_asked_for_again_at_an_address_that_is_wrong() {
    let mut page = Page::open(Means::Cookie, Stored::Nothing, Ledger::default());
    let asked = page.opens();
    page.answer(&asked, failed(404));
    assert_eq!(sent(&page.wait(HOUR)), [""; 0]);
}

/// P12: `Retry-After`.
#[test]
fn p12_the_server_is_left_alone_for_as_long_as_it_asks() {
    let mut page = Page::with_session(HOUR).opened();
    page.pass(HOUR);
    let asked = page.want();
    let error = Error { status: Some(429), ..Error::new(Code::Server) };
    let retry_after = Some(Millis::seconds(90));
    page.answer(&asked, Outcome::Failed { error, retry_after });
    assert_eq!(sent(&page.wait(89_000)), [""; 0]);
    assert_eq!(told(&page.want()), ["server"]);
    assert_eq!(sent(&page.wait(30_000)), ["refresh1"]);
}

/// P12: while the server is left alone, the token at hand is good enough while it lives; not for whoever wants a newer one.
#[test]
fn p12_a_living_token_is_given_while_the_server_is_left_alone() {
    let mut page = Page::with_session(HOUR).opened();
    let asked = page.renew();
    assert_eq!(told(&page.answer(&asked, failed(503))), ["server"]);
    page.pass(HOUR - 30_000);
    let asked = page.want();
    page.answer(&asked, unavailable(Millis::seconds(90)));
    let outputs = page.want();
    assert_eq!((told(&outputs), sent(&outputs)), (vec!["access1".to_owned()], vec![]));
}

/// P12: nor does a session pay for what became of the refresh token before.
#[test]
fn p12_the_wait_after_failures_is_over_with_another_tabs_refresh() {
    let mut page = Page::with_session(HOUR).opened();
    for _ in 0..3 {
        let asked = page.renew();
        page.answer(&asked, failed(503));
        page.pass(1_000);
    }
    let asked = page.renew();
    page.answer(&asked, unavailable(Millis::of(HOUR)));
    assert_eq!(told(&page.renew()), ["server"]);
    page.shows_successor();
    page.ledger = Some(Ledger::settled(stamp(2)));
    let stored = page.stored;
    page.feed(Input::Seen(stored));
    assert_eq!(sent(&page.clone().renew()), ["refresh2"]);
    assert_eq!(sent(&page.wait(HOUR - 60_000)), ["refresh2"], "by itself, when it is stale");
}

/// P12: nor does whoever asks for the cookie's session after a logout.
#[test]
fn p12_the_wait_after_failures_is_over_with_a_logout() {
    let session = stored(session(1, HOUR));
    let mut page = Page::open(Means::Cookie, session, Ledger::settled(stamp(1))).opened();
    let asked = page.renew();
    page.answer(&asked, unavailable(Millis::seconds(90)));
    assert_eq!(told(&page.renew()), ["server"]);
    page.logout();
    assert_eq!(sent(&page.renew()).len(), 1);
}

/// P12: whoever asks for a cookie's session while its server is left alone is told why there is none yet.
#[test]
fn p12_a_cookies_server_is_left_alone_for_as_long_as_it_asks() {
    let mut page = Page::open(Means::Cookie, Stored::Nothing, Ledger::default());
    let asked = page.opens();
    page.answer(&asked, unavailable(Millis::seconds(90)));
    let outputs = page.renew();
    assert_eq!((told(&outputs), sent(&outputs)), (vec!["server".to_owned()], vec![]));
}

/// Where nobody is logged in, and no cookie can know better, there is nothing to look up.
#[test]
fn who_wants_a_new_token_of_nobody_is_told_so_at_once() {
    let mut page = Page::open(Means::Token, Stored::Nothing, Ledger::default()).opened();
    let outputs = page.renew();
    assert_eq!(told(&outputs), ["not_logged_in"]);
    assert!(!outputs.iter().any(|output| matches!(output, Output::Lock(_) | Output::Look(_))));
}

/// P12: `explain()` tells what failed, and why.
#[test]
fn p12_what_failed_is_told_with_its_code_and_status() {
    let told = |outputs: &[Output]| {
        outputs.iter().find_map(|output| match output {
            Output::Log(Entry { what, why, status }) => Some((*what, *why, *status)),
            _ => None,
        })
    };
    let mut page = Page::with_session(HOUR);
    assert_eq!(told(&page.opens()), Some((Word::Restored, None, None)));
    let asked = page.renew();
    let failure = Some((Word::RefreshFailed, Some(Word::Server), Some(503)));
    assert_eq!(told(&page.answer(&asked, failed(503))), failure);
    let login = page.ticket();
    page.feed(Input::LoggingIn(login));
    let outputs = page.feed(Input::LoggedIn(login, failed(500)));
    assert_eq!(told(&outputs), Some((Word::LoginFailed, Some(Word::Server), Some(500))));
    let asked = page.wait(HOUR);
    page.logout();
    let outputs = page.answer(&asked, granted(2));
    assert_eq!(told(&outputs), Some((Word::Revoked, Some(Word::CameTooLate), None)));
}

/// What the last answer left out is still needed from the one before.
#[test]
fn what_a_refresh_leaves_out_is_needed_from_the_answer_before() {
    let [login, refresh] = [7, 8].map(|number| Receipt::new(number).unwrap());
    let tokens = Tokens { access: login, refresh: Some(login), scope: Some(login) };
    let session = Session { tokens, ..session(1, HOUR) };
    let mut page = Page::open(Means::Token, stored(session), Ledger::settled(stamp(1))).opened();
    let asked = page.renew();
    let tokens = Tokens { access: refresh, refresh: Some(refresh), scope: None };
    let grant = Grant { tokens, ..crate::page::grant(2, HOUR) };
    page.answer(&asked, Outcome::Granted(grant));
    assert!(page.machine.needs(login), "the scope");
}

/// P12: the server's own words are kept for whoever is told of the failure, and no longer.
#[test]
fn p12_the_words_of_a_failure_are_needed_until_the_next_success() {
    let words = Receipt::new(77).unwrap();
    let mut page = Page::with_session(HOUR).opened();
    let asked = page.renew();
    let error = Error { status: Some(503), words: Some(words), ..Error::new(Code::Server) };
    page.answer(&asked, Outcome::Failed { error, retry_after: None });
    assert!(page.machine.needs(words), "whoever comes before the next attempt is told them, too");
    let asked = page.wait(HOUR);
    page.answer(&asked, granted(2));
    assert!(!page.machine.needs(words));
}

/// P13: after a laptop's sleep the renewal died and was never tried again.
#[test]
fn p13_whoever_wakes_a_page_wakes_its_refresh() {
    let mut page = Page::with_session(HOUR).opened();
    page.pass(HOUR);
    for _ in 0..2 {
        let asked = page.wait(10_000);
        page.answer(&asked, unreachable());
    }
    page.now.wall = page.now.wall.plus(Millis::of(8 * HOUR));
    let stored = page.stored;
    let mut asked = page.feed(Input::Woken(stored));
    asked.extend(page.wait(1_000));
    assert_eq!(sent(&asked), ["refresh1"]);
    page.answer(&asked, granted(2));
    assert_eq!(told(&page.want()), ["access2"]);
}

/// P14: timers in the background are late, or never ring.
#[test]
fn p14_a_timer_is_a_hint_and_a_token_is_looked_at_when_it_is_used() {
    let mut page = Page::with_session(HOUR);
    let lease = page.opens().into_iter().find_map(|output| match output {
        Output::Lease(lease) => lease,
        _ => None,
    });
    let stale = NOON.plus(Millis::of(HOUR - 60_000));
    assert_eq!(lease.map(|lease| lease.until), Some(stale), "no longer than it is fresh");
    page.pass(HOUR - 1_000);
    assert_eq!(sent(&page.want()), ["refresh1"]);
}

/// P15: tens of thousands of refreshes an hour.
#[test]
fn p15_a_failing_server_is_asked_at_most_ten_times_in_a_minute() {
    let mut page = Page::with_session(HOUR).opened();
    page.pass(HOUR);
    let mut attempts = 0;
    for _ in 0..600 {
        let stored = page.stored;
        let mut outputs = page.feed(Input::Woken(stored));
        outputs.extend(page.want());
        outputs.extend(page.renew());
        attempts += sent(&outputs).len();
        if !sent(&outputs).is_empty() {
            page.answer(&outputs, failed(503));
        }
        page.pass(100);
    }
    assert!((2..=10).contains(&attempts), "{attempts}");
}

/// P16: tokens that live for longer than a timer can count were refreshed in a loop.
#[test]
fn p16_a_timer_that_was_cut_short_changes_nothing() {
    let mut page = Page::with_session(60 * DAY).opened();
    assert_eq!(sent(&page.wait(30 * DAY)), [""; 0]);
    page.feed(Input::Tick);
    assert!(page.machine.timeout().unwrap() > page.now.mono.plus(Millis::of(20 * DAY)));
}

/// P17: tokens that live for less than the margin were refreshed in a loop.
#[test]
fn p17_very_short_tokens_are_refreshed_every_two_seconds_at_most() {
    let mut page = Page::with_session(1_000).opened();
    let mut attempts = 0;
    for _ in 0..600 {
        let outputs = page.wait(100);
        attempts += sent(&outputs).len();
        if !sent(&outputs).is_empty() {
            let grant = crate::page::grant(2, 1_000);
            page.answer(&outputs, Outcome::Granted(grant));
        }
    }
    assert!((25..=31).contains(&attempts), "{attempts}");
}

/// P19: callers waited for ever when the refresh failed.
#[test]
fn p19_everyone_who_waits_gets_the_same_answer() {
    for (outcome, code) in [(refused(), "session_ended"), (unreachable(), "network")] {
        let mut page = Page::with_session(HOUR).opened();
        page.pass(HOUR);
        let mut asked = page.want();
        asked.extend(page.renew());
        asked.extend(page.want());
        assert_eq!(told(&page.answer(&asked, outcome)), [code; 3]);
    }
}

/// P19: nor for long, while the token at hand still lives.
#[test]
fn p19_a_refresh_that_hangs_keeps_nobody_from_a_living_token_for_more_than_three_seconds() {
    let mut page = Page::with_session(HOUR).opened();
    page.pass(HOUR - 30_000);
    assert_eq!(sent(&page.want()), ["refresh1"]);
    assert_eq!(told(&page.wait(2_999)), [""; 0]);
    assert_eq!(told(&page.wait(1)), ["access1"]);
    assert_eq!(told(&page.want()), ["access1"], "nor does the next one wait three seconds more");
    page.renew();
    assert_eq!(told(&page.wait(30_000)), [""; 0], "who wants a new one is not told the old one");
}

/// P19: nor longer than three seconds after the refresh began, for whoever comes in the middle of it.
#[test]
fn p19_who_comes_while_a_refresh_hangs_waits_for_the_rest_of_those_three_seconds() {
    let mut page = Page::with_session(HOUR).opened();
    assert_eq!(sent(&page.wait(HOUR - 60_000)), ["refresh1"]);
    page.wait(1_000);
    page.want();
    assert_eq!(told(&page.wait(1_999)), [""; 0]);
    assert_eq!(told(&page.wait(1)), ["access1"]);
}

/// P19: which a tab that asks for no lock gives its refresh, too.
#[test]
fn p19_a_refresh_without_other_tabs_is_waited_for_as_long() {
    let (store, ledger) = (stored(session(1, HOUR)), Ledger::default());
    let mut page = Page::open_with(Sharing::Private, Means::Token, store, ledger).opened();
    page.pass(HOUR - 30_000);
    let asked = page.want();
    assert_eq!((sent(&asked), told(&asked)), (vec!["refresh1".to_owned()], vec![]));
    assert_eq!(told(&page.answer(&asked, granted(2))), ["access2"]);
}

/// P19: nor for three seconds more once the lock has come.
#[test]
fn p19_a_wait_for_the_lock_is_a_part_of_those_three_seconds() {
    let mut page = Page::with_session(HOUR).opened();
    page.pass(HOUR - 30_000);
    let ticket = page.ticket();
    page.machine.handle(page.now, Input::Want(ticket));
    let Some(Output::Lock(attempt)) = page.machine.poll() else { panic!("no lock") };
    assert!(page.machine.poll().is_none());
    page.pass(2_500);
    assert_eq!(sent(&page.feed(Input::Locked(attempt, true))), ["refresh1"]);
    assert_eq!(told(&page.wait(499)), [""; 0]);
    assert_eq!(told(&page.wait(1)), ["access1"]);
}

/// P12: and an explicit refusal does end it.
#[test]
fn p12_only_an_explicit_refusal_is_the_end() {
    let mut page = Page::with_session(HOUR).opened();
    page.pass(HOUR);
    let asked = page.want();
    let outputs = page.answer(&asked, refused());
    let ended = Event::Logout { reason: Reason::RefreshRejected, remote: false };
    assert_eq!(events(&outputs), [ended]);
    let told =
        |output: &Output| matches!(output, Output::Answer(_, Err(it)) if it.status == Some(401));
    assert!(outputs.iter().any(told), "callers hear what the server answered");
}

/// And where the refresh token's own time was over, that is told as the reason.
#[test]
fn p12_a_refusal_of_a_refresh_token_that_had_expired_is_told_as_its_expiry() {
    let session =
        Session { refresh_expires: Some(NOON.plus(Millis::of(1_000))), ..session(1, HOUR) };
    let mut page = Page::open(Means::Token, stored(session), Ledger::settled(stamp(1))).opened();
    page.pass(1_000);
    let asked = page.renew();
    let ended = Event::Logout { reason: Reason::Expired, remote: false };
    assert_eq!(events(&page.answer(&asked, refused())), [ended]);
}
