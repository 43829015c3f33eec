//! P18: 401s that are not about the token.

use tokenkeeper::core::io::{Event, Input, Outcome, Output, Refusal, Warning};
use tokenkeeper::core::ledger::Stamp;

use crate::page::{HOUR, Page, events, grant, granted, sent, stamp, told};

/// P18: a 401 that is not about the token led to refreshes without end.
#[test]
fn p18_a_new_token_refused_too_is_no_matter_of_tokens() {
    let mut page = Page::with_session(HOUR).opened();
    let refuse = |page: &mut Page, generation| {
        let ticket = page.ticket();
        let refusal = Refusal { stamp: stamp(generation), invalid_token: false };
        page.feed(Input::Refused(ticket, refusal))
    };
    let asked = refuse(&mut page, 1);
    assert_eq!(sent(&asked), ["refresh1"]);
    page.answer(&asked, granted(2));
    let outputs = page.feed(Input::Replayed(stamp(2), false));
    assert_eq!(events(&outputs), [Event::Warning(Warning::TokenRejected)]);

    for _ in 0..100 {
        let outputs = refuse(&mut page, 2);
        assert_eq!((sent(&outputs).len(), told(&outputs)), (0, vec!["server".to_owned()]));
    }

    page.feed(Input::Replayed(stamp(2), true));
    assert_eq!(sent(&refuse(&mut page, 2)), ["refresh2"], "a resource has taken one since");
}

/// A resource answers 401 to the token of the session in hand.
fn refuse(page: &mut Page) -> Vec<Output> {
    let ticket = page.ticket();
    let stamp = page.machine.session().unwrap().stamp;
    page.feed(Input::Refused(ticket, Refusal { stamp, invalid_token: false }))
}

/// A page whose token of so long a life was refused as soon as it had come.
fn distrusting(lifetime: u64) -> Page {
    let mut page = Page::with_session(HOUR).opened();
    let asked = refuse(&mut page);
    page.answer(&asked, Outcome::Granted(grant(2, lifetime)));
    page.feed(Input::Replayed(stamp(2), false));
    assert_eq!(told(&refuse(&mut page)), ["server"]);
    page
}

/// P18: which is believed for a minute, of a token that is fresh, and of this login's alone.
#[test]
fn p18_a_401_counts_again_after_a_minute_and_for_a_stale_token_and_for_the_next_login() {
    let mut later = distrusting(HOUR);
    later.pass(60_000);

    let mut stale = distrusting(40_000);
    stale.pass(35_000);

    let mut next = distrusting(HOUR);
    let ticket = next.ticket();
    next.feed(Input::LoggingIn(ticket));
    next.feed(Input::LoggedIn(ticket, granted(2)));

    for mut page in [later, stale, next] {
        let outputs = refuse(&mut page);
        assert_eq!((sent(&outputs), told(&outputs)), (vec!["refresh2".to_owned()], vec![]));
    }
}

/// P18: and what a resource says of an earlier login's token, or of an earlier token, says nothing of this one.
#[test]
fn p18_how_a_resource_took_an_earlier_token_says_nothing_of_this_one() {
    let mut page = distrusting(HOUR);
    page.feed(Input::Replayed(Stamp { family: 512, generation: 1 }, true));
    assert_eq!(told(&refuse(&mut page)), ["server"]);

    let mut page = Page::with_session(HOUR).opened();
    let asked = refuse(&mut page);
    page.answer(&asked, granted(2));
    assert_eq!(events(&page.feed(Input::Replayed(stamp(1), false))), []);
    assert_eq!(sent(&refuse(&mut page)), ["refresh2"]);
}
