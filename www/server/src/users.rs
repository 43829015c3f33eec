//! Who may log in: alice and bob, with argon2id passwords.

use std::error::Error as StdError;

use argon2::{
    Argon2, PasswordHash, PasswordHasher, PasswordVerifier,
    password_hash::{self, SaltString},
};
use rusqlite::{OptionalExtension, Row, Transaction, named_params};
use tokio::sync::Semaphore;

use crate::{
    error::{Error, Result},
    store::Store,
};

#[derive(Clone)]
pub(crate) struct User {
    pub(crate) username: String,
    pub(crate) name: String,
    /// Separated by spaces, as `scope` is.
    pub(crate) roles: String,
    pub(crate) scope: String,
}

/// Both display names matter: Bob's is not ASCII, so that decoders are put to the test.
const USERS: [(&str, &str, &str, &str); 2] = [
    ("alice", "Alice Liddell", "admin user", "orders:read orders:write report:read"),
    ("bob", "Bob Straße", "reader", "orders:read"),
];

pub(crate) fn usernames() -> impl Iterator<Item = &'static str> {
    USERS.iter().map(|(username, ..)| *username)
}

pub(crate) struct Password<'a> {
    pub(crate) username: &'a str,
    pub(crate) password: &'a str,
}

/// Sees to it that the users exist with the passwords that are about to be printed.
pub(crate) fn provide(
    store: &Store,
    passwords: &[Password<'_>],
) -> std::result::Result<(), Box<dyn StdError>> {
    for (username, name, roles, scope) in USERS {
        let password = passwords.iter().find(|known| known.username == username);
        let password = password.map(|known| known.password).unwrap_or_default();
        let stored = store.transact(|db| stored_hash(db, username))?;
        let hash = match stored.filter(|hash| verifies(hash, password)) {
            Some(hash) => hash,
            None => hash(password).map_err(|error| error.to_string())?,
        };
        store.transact(|db| {
            db.execute(
                "INSERT INTO users (username, name, roles, scope, password_hash)
                     VALUES (:username, :name, :roles, :scope, :hash)
                 ON CONFLICT DO UPDATE SET name = :name, roles = :roles, scope = :scope,
                     password_hash = :hash",
                named_params! { ":username": username, ":name": name, ":roles": roles,
                ":scope": scope, ":hash": hash },
            )
        })?;
    }
    Ok(())
}

/// The user, if the password is right. Takes as long for a name that nobody has.
pub(crate) async fn authenticate(
    store: &Store,
    username: String,
    password: String,
) -> Result<Option<User>> {
    // What an unknown user's password is compared with: the same costs, and nothing hashes to it.
    const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5J3Mgc2FsdC4uLg\
        $AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    // A hash takes 19 MiB and a core: however many log in at once, they take turns.
    static TURNS: Semaphore = Semaphore::const_new(4);

    let found =
        store.run(move |db| Ok(stored_hash(db, &username)?.zip(find(db, &username)?))).await?;
    let (hash, user) = found.unzip();
    let hash = hash.unwrap_or_else(|| NOBODY.to_owned());
    let _turn = TURNS.acquire().await.map_err(Error::internal)?;
    let right = tokio::task::spawn_blocking(move || verifies(&hash, &password)).await?;
    Ok(user.filter(|_| right))
}

pub(crate) fn from_row(row: &Row<'_>) -> rusqlite::Result<User> {
    Ok(User {
        username: row.get("username")?,
        name: row.get("name")?,
        roles: row.get("roles")?,
        scope: row.get("scope")?,
    })
}

fn find(db: &Transaction<'_>, username: &str) -> rusqlite::Result<Option<User>> {
    db.query_row("SELECT * FROM users WHERE username = ?1", [username], from_row).optional()
}

fn stored_hash(db: &Transaction<'_>, username: &str) -> rusqlite::Result<Option<String>> {
    let query = "SELECT password_hash FROM users WHERE username = ?1";
    db.query_row(query, [username], |row| row.get(0)).optional()
}

fn hash(password: &str) -> Result<String, password_hash::Error> {
    let mut salt = [0; 16];
    getrandom::fill(&mut salt).map_err(|_| password_hash::Error::Crypto)?;
    let salt = SaltString::encode_b64(&salt)?;
    Ok(Argon2::default().hash_password(password.as_bytes(), &salt)?.to_string())
}

fn verifies(hash: &str, password: &str) -> bool {
    PasswordHash::new(hash)
        .is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
}
