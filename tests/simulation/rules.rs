//! That the simulation can fail: with a rule switched off it finds what the rule prevents.
#![cfg(feature = "breakable-rules")]

use tokenkeeper::core::rules::{Rule, Rules};

use crate::figures::figure;
use crate::seeds::{AS_DRAWN, Change, search};

macro_rules! needed {
    ($($test:ident: $rule:ident;)+) => {$(
        #[test]
        #[cfg_attr(debug_assertions, ignore = "takes a release build")]
        fn $test() {
            without(Rule::$rule);
        }
    )+};
}

needed! {
    late_writes_are_set_right: CheckAfterChange;
    what_slept_is_asked_again: DoubtOldAnswers;
    an_answer_for_another_session_is_not_kept: CommitGuard;
    an_unreachable_server_ends_nothing: DeniedIsNotUnreachable;
    nobody_waits_in_vain: EveryoneAnswered;
    a_late_401_is_replayed: LateRefusal;
    the_ledger_knows_what_the_store_does_not_show: LedgerBesideStore;
    one_tab_refreshes_at_a_time: LockAcrossTabs;
    a_lost_answer_is_asked_for_again: LostAnswer;
    a_request_is_made_in_one_name: OneName;
    the_store_is_read_again_inside_the_lock: ReadAgainInLock;
    the_store_is_read_again_before_the_end: ReadAgainOnRefusal;
    an_orphan_is_given_back: RevokeOrphans;
    a_clock_that_was_set_ends_nothing: SkewProof;
    failures_are_followed_by_a_wait: WaitAfterFailure;
}

fn without(rule: Rule) {
    let findings = search(SEEDS, Rules::without(rule), 1, where_it_matters(rule));
    let Some((seed, complaint)) = findings.complaints.first() else {
        panic!("{SEEDS} seeds without {rule:?}, and nothing was noticed");
    };
    println!("SEED={seed}: {complaint}");
    figure(
        "rules",
        &format!("{rule:?} off"),
        &[("seeds until noticed", seed + 1)],
        &broken(complaint),
    );
}

/// Which rule a complaint names first.
pub fn broken(complaint: &str) -> String {
    format!("rule {} seen broken", complaint.split(':').next().unwrap_or_default())
}

/// What a rule is there for may be rare among the worlds that are drawn.
const fn where_it_matters(rule: Rule) -> Change {
    match rule {
        Rule::DoubtOldAnswers => |setting| (setting.freezes, setting.ledger) = (true, true),
        _ => AS_DRAWN,
    }
}

const SEEDS: u64 = 100_000;
