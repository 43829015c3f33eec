//! The rules by name. Each stands, as `rules.hold(Rule::…)`, where it is relied upon.
//!
//! In a normal build every rule holds and the question costs nothing. With the feature
//! `breakable-rules`, which only the simulation asks for, one of them can be switched off, to see
//! that the simulation then finds what the rule is there to prevent.

/// What keeps a session right under tabs, faults and clocks; numbered as in DESIGN.md.
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
    /// 2. Inside the lock the store is read again and a newer session adopted.
    ReadAgainInLock,
    /// 5. Before a refusal ends the session, the store is read once more.
    ReadAgainOnRefusal,
    /// 9/3. A fresh token nobody may keep is revoked.
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
