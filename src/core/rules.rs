//! What keeps a session right under tabs, faults and clocks. Comments in the machine, and what the
//! simulation finds wrong, name these rules by their numbers:
//!
//! 1. **Fresh, stale, expired.** A token is used until its margin. Its age is counted from its
//!    receipt; a wall clock alone decides nothing.
//! 2. **One refresh** at a time: in a tab, and across tabs under one lock, with a ledger beside the
//!    store. No refresh token is sent twice unless its answer was lost.
//! 3. **Commit guard.** An answer is kept only for the session that asked for it. Tokens that came
//!    too late are given back.
//! 4. **Late 401.** A 401 to a token that has been replaced needs no refresh. No request is sent
//!    more than twice, or in two names.
//! 5. **Denied is not unreachable.** Only an explicit refusal of the refresh token ends a session;
//!    any other failure is followed by a wait.
//! 6. **A lost answer** is asked for again, with the same refresh token.
//! 7. **Everyone is answered**, exactly once and in time.
//! 8. **Logout is at once**, in every tab, and nothing in flight brings the session back.
//! 9. **Tokens go only to resources**, to the authorization server and to the store; no text that
//!    can be printed has one in it.
//!
//! Where the machine relies on a part of them it asks `rules.hold(Rule::…)`. In a normal build the
//! answer is always yes and the question costs nothing. With the feature `breakable-rules`, which
//! only the simulation asks for, one part can be switched off, to see that the simulation then
//! finds what it is there to prevent.

/// Those parts of the rules that can be switched off; each begins with its rule's number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// 3. Two seconds after a change ledger and store are looked at once more.
    CheckAfterChange,
    /// 3. A refresh answer is stored only for the session that asked for it.
    CommitGuard,
    /// 5. A refused refresh token ends the session; an unreachable server does not.
    DeniedIsNotUnreachable,
    /// 2. What the ledger said before the page slept is not what it says now.
    DoubtOldAnswers,
    /// 7. Everyone is answered exactly once: a caller gets what came while waiting.
    EveryoneAnswered,
    /// 4. A 401 for a token that is no longer ours needs no refresh.
    LateRefusal,
    /// 2. Inside the lock the ledger is asked: the store of this tab may be behind.
    LedgerBesideStore,
    /// 2. One refresh across tabs, under one lock.
    LockAcrossTabs,
    /// 6. A refresh whose answer was lost is tried again at once.
    LostAnswer,
    /// 4. A token that a cookie brought for somebody else serves no request made before.
    OneName,
    /// 2. Inside the lock the store is read again and a newer session adopted.
    ReadAgainInLock,
    /// 5. Before a refusal ends the session, the store is read once more.
    ReadAgainOnRefusal,
    /// 3. A fresh token nobody may keep is revoked.
    RevokeOrphans,
    /// 1. Time is never measured by a wall clock alone.
    SkewProof,
    /// 5. Failures are followed by a wait.
    WaitAfterFailure,
}

/// Which rules hold: all of them, in every build that ships.
#[derive(Clone, Copy, Debug, Default)]
pub struct Rules {
    #[cfg(feature = "breakable-rules")]
    broken: Option<Rule>,
}

impl Rules {
    /// All rules but one.
    #[cfg(feature = "breakable-rules")]
    #[must_use]
    pub const fn without(rule: Rule) -> Self {
        Self { broken: Some(rule) }
    }

    #[cfg(feature = "breakable-rules")]
    pub(crate) fn hold(self, rule: Rule) -> bool {
        self.broken != Some(rule)
    }

    #[cfg(not(feature = "breakable-rules"))]
    #[expect(clippy::unused_self, reason = "the same question in both builds")]
    pub(crate) const fn hold(self, _: Rule) -> bool {
        true
    }
}
