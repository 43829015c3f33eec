//! P14, P23, P26, P28: what platforms do to pages.

use tokenkeeper::core::io::{
    Attempt, Event, Evidence, Input, Means, Message, Outcome, Output, Reason, Sharing, Ticket,
    Warning,
};
use tokenkeeper::core::ledger::{Ledger, Stamp};
use tokenkeeper::core::session::{Grant, Holder, Session, Stored};
use tokenkeeper::core::time::Millis;
use tokenkeeper::core::timeline::Entry;
use tokenkeeper::core::words::Word;

use crate::page::{
    HOUR, NOON, Page, count, events, failed, grant, granted, refused, sent, session, stamp, stored,
    told,
};

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
        let mut page = Page::open(Means::Token, Stored::Nothing, Ledger::default());
        assert_eq!(told(&page.opens()), [""], "nobody, which is no error");
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
    let asked = page.renew();
    assert_eq!(told(&page.answer(&asked, granted(2))), ["access2"]);
    assert_eq!(page.ledger, Some(Ledger::settled(stamp(2))), "as among tabs");

    let ticket = page.ticket();
    page.feed(Input::LoggingIn(ticket));
    let outputs = page.feed(Input::LoggedIn(ticket, granted(3)));
    assert_eq!(told(&outputs), ["access3"]);
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

/// P23: nor does the end of a session that this tab alone has end what others have.
#[test]
fn p23_the_end_of_a_session_that_one_tab_alone_has_is_not_the_end_of_another_tabs() {
    for before in [stored(session(1, HOUR)), Stored::Nothing] {
        let mut page = Page::open(Means::Token, before, Ledger::default()).opened();
        page.feed(Input::StoreFailed);
        let ticket = page.ticket();
        page.feed(Input::LoggingIn(ticket));
        page.feed(Input::LoggedIn(ticket, granted(2)));
        let asked = page.renew();
        let outputs = page.answer(&asked, refused());
        assert_eq!(told(&outputs), ["session_ended"]);

        let mut other = Page::with_session(HOUR).opened();
        for output in outputs {
            if let Output::Tell(message) = output {
                other.feed(Input::Told(message));
            }
        }
        assert_eq!(sent(&other.renew()), ["refresh1"]);
    }
}

/// P23: and once it has given up what its store does not show, it does not wait for that either.
#[test]
fn p23_a_tab_whose_store_failed_asks_for_its_cookies_session_without_waiting_for_others() {
    let session = stored(session(1, HOUR));
    let mut page = Page::open(Means::Cookie, session, Ledger::settled(stamp(1))).opened();
    page.feed(Input::StoreFailed);
    page.ledger = Some(Ledger::settled(Stamp { family: 4096, generation: 1 }));
    for _ in 0..3 {
        page.renew();
        page.wait(5_000);
    }
    assert!(page.machine.session().is_none());
    assert_eq!(sent(&page.renew()), ["the cookie"]);
}

/// P23: where there is no `IndexedDB`, nobody tries to write to it around a refresh; the lock is held for a moment instead.
#[test]
fn p23_without_a_ledger_none_is_written_and_the_lock_is_held_for_a_moment() {
    let notes = |output: &Output| matches!(output, Output::Note(..));
    let unlocks = |output: &Output| matches!(output, Output::Unlock(_));
    let mut page = Page::with_session(HOUR).opened();
    page.ledger = None;
    let asked = page.renew();
    let outputs = page.answer(&asked, granted(2));
    assert_eq!([count(&asked, notes), count(&outputs, notes)], [0, 0]);
    assert_eq!(count(&outputs, unlocks), 0);
    assert_eq!(count(&page.wait(50), unlocks), 1);

    let asked = page.renew();
    page.ledger = Some(Ledger::default());
    page.answer(&asked, granted(3));
    page.wait(50);
    let asked = page.renew();
    page.ledger = None;
    assert_eq!(count(&page.answer(&asked, granted(4)), unlocks), 0, "one that broke meanwhile");
    assert_eq!(count(&page.wait(50), unlocks), 1);
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

    let mut page = Page::open(Means::Token, Stored::Unreadable, Ledger::default());
    let outputs = page.opens();
    assert_eq!(events(&outputs), [Event::Warning(Warning::StorageCorrupt)], "as the page opens");
    page.wait(HOUR);
    assert_eq!(page.stored, Stored::Unreadable, "where nobody is logged in it is left alone");

    let mut page = Page::with_session(HOUR).opened();
    page.stored = Stored::Unreadable;
    page.ledger = Some(Ledger::settled(Stamp { family: 2048, generation: 0 }));
    page.wait(2_000);
    assert_eq!(
        page.stored,
        Stored::Nothing,
        "and gives way to a logout that only the ledger tells of"
    );
}

/// P23: what cannot be read is not written over either, and a store that no other tab reads is looked at by nobody.
#[test]
fn p23_nothing_is_looked_up_or_stored_again_where_that_can_tell_nothing() {
    let mut page = Page::with_session(HOUR).opened();
    page.stored = Stored::Unknown;
    assert_eq!(count(&page.wait(5_000), |output| matches!(output, Output::Store(_))), 0);

    let (store, ledger) = (stored(session(1, HOUR)), Ledger::default());
    let mut page = Page::open_with(Sharing::Private, Means::Token, store, ledger).opened();
    assert!(page.machine.timeout().is_some_and(|at| at > page.now.mono.plus(Millis::seconds(60))));
    page.pass(5_000);
    assert_eq!(count(&page.want(), |output| matches!(output, Output::Look(_))), 0);
}

/// P26: what came too late is not given back while somebody logs in: the call would take the new cookie along.
#[test]
fn p26_a_cookie_is_not_logged_out_while_a_login_is_under_way() {
    let revoked = |outputs: &[Output]| count(outputs, |output| matches!(output, Output::Revoke(_)));
    for store in [Sharing::Private, Sharing::Shared] {
        let mut page = Page::open_with(store, Means::Cookie, Stored::Nothing, Ledger::default());
        let asked = page.opens();
        page.answer(&asked, granted(1));
        let asked = page.renew();
        page.logout();
        let first = page.ticket();
        page.feed(Input::LoggingIn(first));
        let mut unhurried = page.clone();
        assert_eq!(revoked(&page.answer(&asked, granted(2))), 0, "a late refresh, {store:?}");

        unhurried.logout();
        let second = unhurried.ticket();
        unhurried.feed(Input::LoggingIn(second));
        let outputs = unhurried.feed(Input::LoggedIn(first, granted(3)));
        assert_eq!(revoked(&outputs), 0, "a late login, {store:?}");
    }
}

/// P23: others do not wait for a session that only the tab whose store failed can have.
#[test]
fn p23_a_session_that_lives_in_one_tabs_memory_is_not_in_the_ledger() {
    let mut page = Page::open(Means::Cookie, Stored::Nothing, Ledger::default());
    let asked = page.opens();
    page.answer(&asked, granted(1));
    page.feed(Input::StoreFailed);
    let before = page.ledger;
    let asked = page.renew();
    let grant = Grant { holder: Holder::Another, ..grant(2, HOUR) };
    page.answer(&asked, Outcome::Granted(grant));
    let ticket = page.ticket();
    page.feed(Input::LoggingIn(ticket));
    page.feed(Input::LoggedIn(ticket, granted(3)));
    assert_eq!(page.ledger.map(|ledger| ledger.stamp), before.map(|ledger| ledger.stamp));
    page.logout();
    assert!(page.ledger.is_some_and(|ledger| ledger.stamp.ends_all()), "a logout is");
}

/// P26: nor does a logout before that login keep the page that comes next from asking.
#[test]
fn p26_a_cookie_brings_back_the_session_of_a_login_after_a_logout() {
    let mut page =
        Page::open_with(Sharing::Private, Means::Cookie, Stored::Nothing, Ledger::default());
    let asked = page.opens();
    page.answer(&asked, refused());
    for generation in [1, 2] {
        page.logout();
        let ticket = page.ticket();
        page.feed(Input::LoggingIn(ticket));
        page.feed(Input::LoggedIn(ticket, granted(generation)));
    }
    let ledger = page.ledger.unwrap();
    let mut next = Page::open_with(Sharing::Private, Means::Cookie, Stored::Nothing, ledger);
    assert_eq!(sent(&next.opens()), ["the cookie"]);
}

/// P26: whoever asked for the cookie's session has it when another tab is faster.
#[test]
fn p26_who_asks_for_a_cookies_session_is_answered_with_the_one_that_another_tab_brought() {
    let mut page = Page::open(Means::Cookie, Stored::Nothing, Ledger::default());
    let asked = page.opens();
    page.answer(&asked, refused());
    page.renew();
    page.stored = stored(session(1, HOUR));
    assert_eq!(told(&page.feed(Input::Seen(page.stored))), ["access1"]);
}

/// P26: and a page that opens is told so at once, whether that one's token is fresh or not.
#[test]
fn p26_a_page_opens_with_a_stale_session_that_another_tab_brought() {
    let mut page = Page::open(Means::Cookie, Stored::Nothing, Ledger::default());
    page.opens();
    page.stored =
        stored(Session { received: Millis::of(NOON.count() - HOUR), ..session(1, HOUR + 30_000) });
    assert_eq!(told(&page.feed(Input::Seen(page.stored))), ["access1"]);
}

/// P26: script's storage was purged; the cookie was not.
#[test]
fn p26_a_cookie_brings_the_session_back_unless_somebody_logged_out() {
    let mut page = Page::open(Means::Cookie, Stored::Nothing, Ledger::default());
    let asked = page.opens();
    assert_eq!(sent(&asked), ["the cookie"]);
    assert_eq!(told(&page.answer(&asked, granted(1))), ["access1"]);

    let logout = Ledger::settled(Stamp { family: 2048, generation: 0 });
    for store in [Sharing::Shared, Sharing::Private] {
        let mut page = Page::open_with(store, Means::Cookie, Stored::Nothing, logout);
        let outputs = page.opens();
        assert_eq!(sent(&outputs), [""; 0]);
        assert_eq!(told(&outputs), ["not_logged_in"]);
        assert_eq!(sent(&page.renew()), ["the cookie"], "or somebody asks for it");
    }

    let rejected = Ledger::settled(Stamp::end_of(1024));
    let mut page = Page::open(Means::Cookie, Stored::Nothing, rejected);
    assert_eq!(sent(&page.opens()), ["the cookie"], "one session's end is not the cookie's");
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
    let asked = page.renew();
    assert_eq!(sent(&asked).len(), 1, "whatever another tab got for the same cookie");
    assert_eq!(count(&asked, speaks), 0, "and no other tab waits for this one's");
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
    assert_eq!(events(&outputs), [], "and nobody hears of it");
    assert_eq!(told(&page.want()), ["access2"]);
}

/// P26: where another tab is known to have got it, its session is waited for; and once nobody waits, nothing is sent.
#[test]
fn p26_a_cookie_is_not_asked_for_where_another_tab_has_its_session() {
    let ledger = Ledger::settled(stamp(1));
    let mut page = Page::open(Means::Cookie, Stored::Nothing, ledger);
    assert_eq!(sent(&page.opens()), [""; 0]);
    let mut left = page.clone();
    page.stored = stored(session(1, HOUR));
    let outputs = page.wait(100);
    assert_eq!((events(&outputs), sent(&outputs)), (vec![Event::Login { remote: true }], vec![]));
    let looks = |output: &Output| matches!(output, Output::Look(_));
    assert_eq!(count(&outputs, looks), 1, "and the lock is given back at once");

    left.feed(Input::Left(Ticket(1)));
    assert_eq!(sent(&left.wait(5_000)), [""; 0]);
}

/// P26: nor does a refusal of that late answer's kind concern whoever has logged in and wants a newer token.
#[test]
fn p26_a_cookies_late_refusal_does_not_concern_whoever_has_logged_in() {
    let mut page = Page::open(Means::Cookie, Stored::Nothing, Ledger::default());
    let asked = page.opens();
    let ticket = page.ticket();
    page.feed(Input::LoggingIn(ticket));
    page.feed(Input::LoggedIn(ticket, granted(2)));
    page.renew();
    let outputs = page.answer(&asked, refused());
    assert_eq!((told(&outputs), sent(&outputs)), (vec![], vec!["refresh2".to_owned()]));
}

/// P26: another tab was faster, and its session is the one: in the store, as far as that is not behind.
#[test]
fn p26_a_cookies_answer_gives_way_to_the_session_that_another_tab_got() {
    let mut page = Page::open(Means::Cookie, Stored::Nothing, Ledger::default());
    let asked = page.opens();
    page.stored = stored(session(1, HOUR));
    let outputs = page.answer(&asked, granted(7));
    assert_eq!(events(&outputs), [Event::Login { remote: true }]);
    assert_eq!(told(&page.want()), ["access1"]);

    let mut page = Page::open(Means::Cookie, Stored::Nothing, Ledger::default());
    let asked = page.opens();
    page.stored = stored(session(1, HOUR));
    page.ledger = Some(Ledger::settled(Stamp { family: 2048, generation: 0 }));
    page.answer(&asked, granted(7));
    assert!(page.machine.session().is_none(), "what somebody logged out of meanwhile");

    let mut page = Page::open(Means::Cookie, Stored::Nothing, Ledger::default());
    page.feed(Input::Told(Message::Changed(stamp(1))));
    let mut asked = page.opens();
    asked.extend(page.wait(5_000));
    page.feed(Input::Seen(stored(session(1, HOUR))));
    assert_eq!(events(&page.answer(&asked, granted(7))), [], "what came from the store meanwhile");
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
                    inputs.push(page.looks(attempt));
                }
                _ => {}
            }
        }
    }
    assert_eq!(looks, 4);
}

/// P14: and a page that slept once asks once more.
#[test]
fn p14_an_answer_that_came_at_once_after_an_old_one_is_believed() {
    let mut page = Page::with_session(HOUR).opened();
    page.pass(HOUR);
    let mut slept = false;
    let asked = driven(&mut page, |page, output| {
        if let Output::Look(attempt) = output {
            if !std::mem::replace(&mut slept, true) {
                page.pass(3_000);
            }
            return vec![page.looks(*attempt)];
        }
        vec![]
    });
    assert_eq!(count(&asked, |output| matches!(output, Output::Look(_))), 2);
}

/// P14: a page that slept while its intent was written looks again before it sends: it may count as dead by now. And whoever
/// logged out meanwhile sends nothing.
#[test]
fn p14_what_happens_while_the_intent_is_written_is_minded() {
    let looks = |output: &Output| matches!(output, Output::Look(_));
    let mut page = Page::with_session(HOUR).opened();
    page.pass(HOUR);
    let mut slept = false;
    let asked = driven(&mut page, |page, output| match output {
        Output::Note(attempt, _) => {
            if !std::mem::replace(&mut slept, true) {
                page.pass(1_000);
            }
            vec![Input::Noted(*attempt, true)]
        }
        Output::Look(attempt) => vec![page.looks(*attempt)],
        _ => vec![],
    });
    assert_eq!((count(&asked, looks), sent(&asked)), (2, vec!["refresh1".to_owned()]));

    let mut page = Page::with_session(HOUR).opened();
    page.pass(HOUR);
    let asked = driven(&mut page, |page, output| match output {
        Output::Note(attempt, Ledger { intent: Some(_), .. }) => {
            vec![Input::Noted(*attempt, true), Input::Logout(page.ticket())]
        }
        Output::Look(attempt) => vec![page.looks(*attempt)],
        _ => vec![],
    });
    assert_eq!(sent(&asked), [""; 0]);
}

/// P8: a tab died that had stored its answer: of that, the ledger or a message may tell while its intent is cleared. Then
/// the token at hand is a used one.
#[test]
fn p08_what_a_dead_tab_stored_is_heard_of_while_its_intent_is_cleared() {
    for heard in [vec![], vec![Input::Told(Message::Changed(stamp(2)))]] {
        let mut page = left_behind();
        let asked = driven(&mut page, |page, output| match output {
            Output::Note(attempt, Ledger { intent: None, .. }) => {
                page.shows_successor();
                let mut inputs = vec![Input::Noted(*attempt, !heard.is_empty())];
                inputs.extend(heard.clone());
                inputs
            }
            Output::Note(attempt, _) => vec![Input::Noted(*attempt, true)],
            Output::Look(attempt) => vec![page.looks(*attempt)],
            _ => vec![],
        });
        assert_eq!(sent(&asked), [""; 0], "{heard:?}");
        assert_eq!(page.machine.session().map(|session| session.stamp), Some(stamp(2)));
    }
}

/// P8: the same while the own intent is written, where the ledger had nothing of the dead tab's.
#[test]
fn p08_what_a_dead_tab_stored_is_heard_of_while_the_intent_is_written() {
    let mut page = Page::with_session(HOUR).opened();
    page.pass(HOUR);
    let asked = driven(&mut page, |page, output| match output {
        Output::Note(attempt, Ledger { intent: Some(_), .. }) => {
            let heard = Input::Told(Message::Changed(stamp(2)));
            vec![Input::Noted(*attempt, true), heard]
        }
        Output::Look(attempt) => {
            let look = page.looks(*attempt);
            page.shows_successor(); // for the next
            vec![look]
        }
        _ => vec![],
    });
    assert_eq!(sent(&asked), [""; 0]);
    assert_eq!(page.machine.session().map(|session| session.stamp), Some(stamp(2)));
}

/// P8: an intent that cannot be cleared does not keep anybody for ever.
#[test]
fn p08_an_intent_that_cannot_be_cleared_is_left_standing() {
    let mut page = left_behind();
    let asked = driven(&mut page, |page, output| match output {
        Output::Note(attempt, _) => vec![Input::Noted(*attempt, false)],
        Output::Look(attempt) => vec![page.looks(*attempt)],
        _ => vec![],
    });
    assert_eq!(sent(&asked), ["refresh1"]);
}

/// A page whose session another tab was refreshing when it died.
fn left_behind() -> Page {
    let mut page = Page::with_session(HOUR).opened();
    page.pass(HOUR);
    let intent = Some(Millis::of(page.now.wall.count() - 2_000));
    page.ledger = Some(Ledger { stamp: stamp(1), intent });
    page
}

/// P14: nor is it the session's refresh any more when somebody who wants the cookie's token comes after that logout.
#[test]
fn p14_a_cookie_that_is_asked_for_after_a_logout_while_the_intent_was_written_brings_a_session() {
    let session = stored(session(1, HOUR));
    let mut page = Page::open(Means::Cookie, session, Ledger::settled(stamp(1))).opened();
    page.pass(HOUR);
    let asked = driven(&mut page, |page, output| match output {
        Output::Note(attempt, Ledger { intent: Some(_), .. }) => {
            let (renew, logout) = (page.ticket(), page.ticket());
            page.stored = Stored::Nothing;
            vec![Input::Noted(*attempt, true), Input::Renew(renew), Input::Logout(logout)]
        }
        Output::Look(attempt) => vec![page.looks(*attempt)],
        _ => vec![],
    });
    assert_eq!(sent(&asked), ["the cookie"]);
    assert_eq!(told(&page.answer(&asked, granted(2))), ["access2"]);
}

/// P23: a ledger that can be read and never takes anything counts as none.
#[test]
fn p23_a_ledger_that_takes_nothing_is_done_without() {
    let mut page = Page::with_session(HOUR).opened();
    page.pass(HOUR);
    let mut notes = 0;
    let asked = driven(&mut page, |page, output| match output {
        Output::Look(attempt) => vec![page.looks(*attempt)],
        Output::Note(attempt, _) if notes < 9 => {
            notes += 1;
            vec![Input::Noted(*attempt, false)]
        }
        _ => vec![],
    });
    assert_eq!(sent(&asked), ["refresh1"]);
}

/// P6: what comes of an earlier question, or of a note that nobody waits for, is not taken for the answer to this one.
#[test]
fn p06_answers_are_those_of_their_own_questions() {
    let mut page = Page::open(Means::Cookie, Stored::Nothing, Ledger::default());
    let asked = page.opens();
    page.answer(&asked, refused());
    let login = page.ticket();
    page.feed(Input::LoggingIn(login));
    page.machine.handle(page.now, Input::LoggedIn(login, granted(1)));
    let Some(Output::Look(earlier)) = page.machine.poll() else { panic!("no look") };
    page.logout();
    let evidence = Evidence { ledger: page.ledger, stored: page.stored };
    let asked = driven(&mut page, |page, output| match output {
        Output::Answer(..) => vec![Input::Renew(page.ticket())],
        Output::Look(_) => vec![Input::Looked(earlier, evidence)],
        _ => vec![],
    });
    assert_eq!(count(&asked, |output| matches!(output, Output::Look(_))), 1);
    assert_eq!(sent(&asked), [""; 0]);

    let mut page = Page::with_session(HOUR).opened();
    page.pass(HOUR);
    let asked = driven(&mut page, |page, output| match output {
        Output::Look(attempt) => vec![page.looks(*attempt)],
        Output::Note(..) => vec![Input::Noted(Attempt::default(), true)],
        _ => vec![],
    });
    assert_eq!(count(&asked, |output| matches!(output, Output::Note(..))), 1);
    assert_eq!(sent(&asked), [""; 0]);
}

/// Somebody wants a token; what comes of it is answered by the test, the last input first.
fn driven(page: &mut Page, answers: impl FnMut(&mut Page, &Output) -> Vec<Input>) -> Vec<Output> {
    let mut answers = answers;
    let mut inputs = vec![Input::Want(page.ticket())];
    let mut outputs = Vec::new();
    while let Some(input) = inputs.pop() {
        page.machine.handle(page.now, input);
        while let Some(output) = page.machine.poll() {
            if let Output::Lock(attempt) = output {
                inputs.push(Input::Locked(attempt, true));
            } else {
                inputs.extend(answers(page, &output));
            }
            outputs.push(output);
        }
    }
    outputs
}

/// P28: `StrictMode` mounts twice: the first manager was closed in the middle of its refresh.
#[test]
fn p28_a_closed_manager_finishes_its_refresh_and_answers_everyone() {
    let mut page = Page::with_session(HOUR).opened();
    let asked = page.renew();
    let outputs = page.feed(Input::Closed);
    assert_eq!(told(&outputs), ["closed"]);
    assert_eq!(count(&outputs, |output| matches!(output, Output::Lease(None))), 1);
    assert!(!page.machine.is_at_rest());
    let outputs = page.answer(&asked, granted(2));
    assert_eq!(count(&outputs, |output| matches!(output, Output::Store(_))), 1);
    assert_eq!(count(&outputs, |output| matches!(output, Output::Emit(_))), 0);
    assert!(page.machine.is_at_rest());
    assert_eq!(page.machine.timeout(), None);
}

/// P28: nor does one that was closed before it sent anything leave an intent behind, which other tabs would wait for.
#[test]
fn p28_a_manager_that_is_closed_while_its_intent_is_written_takes_it_back() {
    let mut page = Page::with_session(HOUR).opened();
    page.pass(HOUR);
    let mut notes = Vec::new();
    let asked = driven(&mut page, |page, output| match output {
        Output::Look(attempt) => vec![page.looks(*attempt)],
        Output::Note(attempt, ledger) => {
            notes.push(ledger.intent.is_some());
            vec![Input::Noted(*attempt, true), Input::Closed]
        }
        _ => vec![],
    });
    assert_eq!((notes, sent(&asked)), (vec![true, false], vec![]));
    assert!(page.machine.is_at_rest());
}

/// P28: nor does a login that is under way bring anybody in when its manager is closed.
#[test]
fn p28_a_login_whose_manager_is_closed_meanwhile_is_given_back() {
    let mut page = Page::open(Means::Token, Stored::Nothing, Ledger::default()).opened();
    let login = page.ticket();
    page.feed(Input::LoggingIn(login));
    assert_eq!(told(&page.feed(Input::Closed)), ["closed"]);
    let outputs = page.feed(Input::LoggedIn(login, granted(1)));
    assert_eq!(count(&outputs, |output| matches!(output, Output::Revoke(_))), 1);
    assert!(page.machine.session().is_none());
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

/// P10: nobody tells a page that opens during a logout where there is no ledger: the store does, later.
#[test]
fn p10_a_page_that_opens_during_a_logout_looks_again_when_the_erasure_has_arrived() {
    let mut page = Page::with_session(HOUR);
    page.ledger = None;
    let mut page = page.opened();
    assert_eq!(events(&page.wait(1)), []);
    page.stored = Stored::Nothing;
    let ended = Event::Logout { reason: Reason::User, remote: true };
    assert_eq!(events(&page.wait(2_000)), [ended]);
}
