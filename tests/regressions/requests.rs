//! P18: 401s that are not about the token.

use tokenkeeper::core::io::{Event, Input, Refusal, Warning};

use crate::page::{HOUR, Page, events, granted, sent, stamp, told};

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
