//! The database: one connection, short transactions, off the async threads.

use std::{
    error::Error as StdError,
    fs,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use rusqlite::{Connection, Transaction, TransactionBehavior};

use crate::{clock, error::Result};

const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS users (
        username TEXT PRIMARY KEY,
        name TEXT NOT NULL,
        roles TEXT NOT NULL, -- separated by spaces, as scope is
        scope TEXT NOT NULL,
        password_hash TEXT NOT NULL
    ) STRICT;
    -- A family is one login and every refresh token descended from it.
    CREATE TABLE IF NOT EXISTS families (
        id TEXT PRIMARY KEY,
        username TEXT NOT NULL REFERENCES users,
        scope TEXT NOT NULL,
        client TEXT,
        begun_at INTEGER NOT NULL,
        ended INTEGER NOT NULL DEFAULT 0
    ) STRICT;
    CREATE TABLE IF NOT EXISTS refresh_tokens (
        hash BLOB PRIMARY KEY,
        family TEXT NOT NULL REFERENCES families ON DELETE CASCADE,
        expires_at INTEGER NOT NULL,
        rotated_at INTEGER
    ) STRICT;
    CREATE INDEX IF NOT EXISTS refresh_tokens_family ON refresh_tokens (family);
    CREATE TABLE IF NOT EXISTS signing_keys (alg TEXT PRIMARY KEY, key BLOB NOT NULL) STRICT;
    CREATE TABLE IF NOT EXISTS orders (
        id INTEGER PRIMARY KEY,
        item TEXT NOT NULL,
        quantity INTEGER NOT NULL,
        ordered_by TEXT NOT NULL
    ) STRICT;
    INSERT INTO orders (item, quantity, ordered_by)
        SELECT * FROM (VALUES ('Looking glass', 1, 'alice'), ('Pocket watch', 2, 'alice'))
        WHERE NOT EXISTS (SELECT 1 FROM orders);
";

/// How long a dead family is remembered; afterwards its tokens are unknown rather than reused.
const DEAD_FAMILY_DAYS: i64 = 1;

#[derive(Clone)]
pub(crate) struct Store(Arc<Mutex<Connection>>);

impl Store {
    pub(crate) fn open(path: &Path) -> std::result::Result<Self, Box<dyn StdError>> {
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        let connection = Connection::open(path)?;
        connection.busy_timeout(Duration::from_secs(5))?;
        // Answers with the mode it has taken, which for ":memory:" is another one, and rightly so.
        connection.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))?;
        connection.pragma_update(None, "foreign_keys", true)?;
        connection.execute_batch(SCHEMA)?;
        let now = clock::millis();
        connection.execute(
            "DELETE FROM families WHERE begun_at < ?1 AND NOT EXISTS
                (SELECT 1 FROM refresh_tokens WHERE family = families.id AND expires_at > ?2)",
            [now - DEAD_FAMILY_DAYS * 24 * 60 * 60 * 1000, now],
        )?;
        Ok(Self(Arc::new(Mutex::new(connection))))
    }

    /// One transaction that writes: no other connection's falls in between, and an error undoes it.
    pub(crate) fn transact<T>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
    ) -> rusqlite::Result<T> {
        let mut connection = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let result = work(&transaction)?;
        transaction.commit()?;
        Ok(result)
    }

    /// The same from async code. Once begun it ends, even when the caller hangs up meanwhile.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T> {
        let store = self.clone();
        Ok(tokio::task::spawn_blocking(move || store.transact(work)).await??)
    }
}
