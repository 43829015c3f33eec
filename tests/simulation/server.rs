//! The authorization server and the resources behind it.

use tokenkeeper::core::receipt::{Receipt, Tokens};
use tokenkeeper::core::session::{Grant, Holder};
use tokenkeeper::core::time::Millis;

use crate::event::Page;
use crate::network::CallId;
use crate::setting::Rotation;
use crate::tokens::{Token, issued, key_of, receipt};

/// Which tokens: those of a login, after so many refreshes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    pub family: usize,
    pub generation: u32,
}

impl Key {
    /// Who logged in: two people take turns.
    pub const fn subject(self) -> usize {
        self.family % 2
    }
}

#[derive(Clone, Debug)]
pub struct Server {
    pub families: Vec<Family>,
    rotation: Rotation,
    lifetime: u64,
}

/// All that came of one login.
#[derive(Clone, Debug)]
pub struct Family {
    pub begun: u64,
    pub over: Option<Over>,
    /// What became of the answer that carried each generation.
    pub fates: Vec<Fate>,
    rotated: u64,
}

/// Why the server takes nothing of a family any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Over {
    /// An administrator revoked it, or its time was over.
    Decreed,
    /// The client asked for it.
    LoggedOut,
    /// A refresh token came twice.
    Reused,
}

/// What became of a pair of tokens that the server handed out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Under way to a page.
    Coming(CallId, Page),
    /// In a page's hands, but not yet kept.
    Delivered(Page),
    /// Some page stored it.
    Kept { at: u64 },
    /// Nobody has it, or only somebody who cannot move.
    Lost,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The family is over.
    Known,
    /// It ends now: this refresh token was used before, and this became of its successor.
    Reuse(Fate),
}

impl Server {
    pub fn new(rotation: Rotation, lifetime: u64) -> Self {
        Self { families: Vec::new(), rotation, lifetime }
    }

    pub fn login(&mut self, now: u64, coming: Fate) -> Key {
        self.families.push(Family { begun: now, over: None, fates: vec![coming], rotated: now });
        Key { family: self.families.len() - 1, generation: 0 }
    }

    pub fn refresh(&mut self, now: u64, key: Key, coming: Fate) -> Result<Key, Refusal> {
        let rotation = self.rotation;
        let family = &mut self.families[key.family];
        if family.over.is_some() {
            return Err(Refusal::Known);
        }
        let current = family.fates.len() as u32 - 1;
        let grace = match rotation {
            Rotation::Never => {
                family.fates.push(coming);
                return Ok(Key { generation: current + 1, ..key });
            }
            Rotation::Once => 0,
            Rotation::Strict { grace } => grace,
        };
        if key.generation == current {
            family.fates.push(coming);
            family.rotated = now;
            return Ok(Key { generation: current + 1, ..key });
        }
        if key.generation + 1 == current && grace > 0 && now - family.rotated <= grace {
            let fate = &mut family.fates[current as usize];
            if !matches!(fate, Fate::Kept { .. }) {
                *fate = coming;
            }
            return Ok(Key { generation: current, ..key });
        }
        if rotation == Rotation::Once {
            return Err(Refusal::Known);
        }
        family.over = Some(Over::Reused);
        Err(Refusal::Reuse(family.fates[key.generation as usize + 1]))
    }

    pub fn revoke(&mut self, family: usize, why: Over) {
        let over = &mut self.families[family].over;
        *over = over.or(Some(why));
    }

    /// Whether a resource takes this access token now.
    pub fn takes(&self, now: u64, access: Receipt) -> bool {
        self.families[key_of(access).family].over.is_none() && now < self.expiry(access)
    }

    /// When the access token expires, by true time.
    pub fn expiry(&self, access: Receipt) -> u64 {
        issued(access) + self.lifetime
    }

    pub fn fate(&mut self, key: Key) -> &mut Fate {
        &mut self.families[key.family].fates[key.generation as usize]
    }

    pub fn is_lost(&self, key: Key) -> bool {
        self.families[key.family].fates.get(key.generation as usize) == Some(&Fate::Lost)
    }

    /// A page died or stands still: what was on its way to it is lost, for now or for good.
    pub fn lose(&mut self, page: Page) {
        for fate in self.families.iter_mut().flat_map(|family| &mut family.fates) {
            if matches!(*fate, Fate::Coming(_, to) | Fate::Delivered(to) if to == page) {
                *fate = Fate::Lost;
            }
        }
    }

    /// An answer was lost.
    pub fn lose_call(&mut self, call: CallId) {
        for fate in self.families.iter_mut().flat_map(|family| &mut family.fates) {
            if matches!(*fate, Fate::Coming(lost, _) if lost == call) {
                *fate = Fate::Lost;
            }
        }
    }
}

/// The tokens as the answer carries them.
pub fn grant(key: Key, now: u64, refresh: Option<u32>, lifetime: Option<u64>, skew: i64) -> Grant {
    let access = receipt(Token::Access(key, now));
    let refresh = refresh.map(|generation| receipt(Token::Refresh(Key { generation, ..key })));
    Grant {
        tokens: Tokens { access, refresh, scope: None },
        lifetime: lifetime.map(Millis::of),
        refresh_lifetime: None,
        skew: Some(skew),
        holder: Holder::Same,
    }
}
