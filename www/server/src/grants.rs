//! Refresh tokens: random, stored hashed, rotated at each use; a family is all that descends from one login.
//!
//! Everything here runs inside one transaction of the caller's, so that of several who come with the same
//! token at once only one is the first.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use rusqlite::{OptionalExtension, Row, Transaction, params};
use sha2::{Digest, Sha256};

use crate::{
    clock,
    lab::Settings,
    users::{self, User},
};

/// What a login began or a refresh went on with.
pub(crate) struct Grant {
    pub(crate) user: User,
    pub(crate) family: String,
    /// Of this access token; the family keeps what the login gave (RFC 6749 section 6).
    pub(crate) scope: String,
    pub(crate) refresh_token: Option<String>,
}

pub(crate) enum Rotation {
    Renewed(Grant),
    /// Somebody was faster with this token, just now; both stay.
    InGrace(Grant),
    Refused(Reason),
}

pub(crate) enum Reason {
    Unknown,
    Expired,
    Reused,
    Ended,
    Scope,
}

impl Reason {
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::Scope => "invalid_scope",
            _ => "invalid_grant",
        }
    }

    pub(crate) fn message(&self) -> &'static str {
        match self {
            Self::Unknown => "The refresh token is unknown",
            Self::Expired => "The refresh token expired",
            Self::Reused => "The refresh token was used before, so its session was ended",
            Self::Ended => "The session was ended",
            Self::Scope => "The scope exceeds what was granted",
        }
    }
}

/// A new family, with a first refresh token if it is to live longer than its access token.
pub(crate) fn begin(
    db: &Transaction<'_>,
    user: User,
    scope: String,
    client: Option<&str>,
    refresh_ttl: Option<u32>,
) -> rusqlite::Result<Grant> {
    let family = random()?;
    db.execute(
        "INSERT INTO families (id, username, scope, client, begun_at) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![family, user.username, scope, client, clock::millis()],
    )?;
    let refresh_token = refresh_ttl.map(|ttl| add_token(db, &family, ttl)).transpose()?;
    Ok(Grant { user, family, scope, refresh_token })
}

/// Trades a refresh token for its successor, or finds out that it is being used twice and ends its family.
pub(crate) fn rotate(
    db: &Transaction<'_>,
    token: &str,
    client: Option<&str>,
    scope: Option<&str>,
    settings: Settings,
) -> rusqlite::Result<Rotation> {
    let now = clock::millis();
    let Some(found) = find(db, token)?.filter(|found| found.client.as_deref() == client) else {
        return Ok(Rotation::Refused(Reason::Unknown));
    };
    if found.ended {
        return Ok(Rotation::Refused(Reason::Ended));
    }
    let grace = i64::from(settings.grace) * 1000;
    if found.rotated_at.is_some_and(|rotated_at| now - rotated_at >= grace) {
        end(db, &found.family)?;
        return Ok(Rotation::Refused(Reason::Reused));
    }
    if found.expires_at <= now {
        return Ok(Rotation::Refused(Reason::Expired));
    }
    let Some(scope) = narrowed(&found.scope, scope) else {
        return Ok(Rotation::Refused(Reason::Scope));
    };
    let successor = add_token(db, &found.family, settings.refresh_ttl)?;
    let grant =
        Grant { user: found.user, family: found.family, scope, refresh_token: Some(successor) };
    if found.rotated_at.is_some() {
        return Ok(Rotation::InGrace(grant));
    }
    let mark = "UPDATE refresh_tokens SET rotated_at = ?2 WHERE hash = ?1";
    db.execute(mark, params![hash(token), now])?;
    Ok(Rotation::Renewed(grant))
}

/// What was asked for, if all of it was granted; everything when nothing was asked for.
pub(crate) fn narrowed(granted: &str, asked: Option<&str>) -> Option<String> {
    let has = |scope: &str| granted.split(' ').any(|granted| granted == scope);
    let scope = asked.unwrap_or(granted);
    scope.split(' ').all(has).then(|| scope.to_owned())
}

/// The family a refresh token belongs to, whatever has become of either.
pub(crate) fn family_of(db: &Transaction<'_>, token: &str) -> rusqlite::Result<Option<String>> {
    let query = "SELECT family FROM refresh_tokens WHERE hash = ?1";
    db.query_row(query, [hash(token)], |row| row.get(0)).optional()
}

/// True if the family was alive.
pub(crate) fn end(db: &Transaction<'_>, family: &str) -> rusqlite::Result<bool> {
    let ended =
        db.execute("UPDATE families SET ended = 1 WHERE id = ?1 AND ended = 0", [family])?;
    Ok(ended > 0)
}

/// Ends the families of a user, or of all, and names them.
pub(crate) fn end_all(
    db: &Transaction<'_>,
    username: Option<&str>,
) -> rusqlite::Result<Vec<String>> {
    let update = "UPDATE families SET ended = 1
        WHERE ended = 0 AND username = coalesce(?1, username) RETURNING id";
    db.prepare(update)?.query_map([username], |row| row.get(0))?.collect()
}

/// Lets the refresh tokens of a user, or of all, expire now.
pub(crate) fn expire_all(db: &Transaction<'_>, username: Option<&str>) -> rusqlite::Result<()> {
    db.execute(
        "UPDATE refresh_tokens SET expires_at = ?2 WHERE expires_at > ?2 AND family IN
            (SELECT id FROM families WHERE username = coalesce(?1, username))",
        params![username, clock::millis()],
    )?;
    Ok(())
}

struct Found {
    user: User,
    family: String,
    scope: String,
    client: Option<String>,
    ended: bool,
    expires_at: i64,
    rotated_at: Option<i64>,
}

fn find(db: &Transaction<'_>, token: &str) -> rusqlite::Result<Option<Found>> {
    let from_row = |row: &Row<'_>| {
        Ok(Found {
            user: users::from_row(row)?,
            family: row.get("family")?,
            scope: row.get("granted")?,
            client: row.get("client")?,
            ended: row.get("ended")?,
            expires_at: row.get("expires_at")?,
            rotated_at: row.get("rotated_at")?,
        })
    };
    db.query_row(
        "SELECT users.*, family, families.scope AS granted, client, ended, expires_at, rotated_at
         FROM refresh_tokens JOIN families ON families.id = family JOIN users USING (username)
         WHERE hash = ?1",
        [hash(token)],
        from_row,
    )
    .optional()
}

fn add_token(db: &Transaction<'_>, family: &str, ttl: u32) -> rusqlite::Result<String> {
    let token = random()?;
    db.execute(
        "INSERT INTO refresh_tokens (hash, family, expires_at) VALUES (?1, ?2, ?3)",
        params![hash(&token), family, clock::millis() + i64::from(ttl) * 1000],
    )?;
    Ok(token)
}

/// Who reads the database learns no token. A plain hash will do: 256 random bits cannot be guessed.
fn hash(token: &str) -> [u8; 32] {
    Sha256::digest(token).into()
}

fn random() -> rusqlite::Result<String> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}
