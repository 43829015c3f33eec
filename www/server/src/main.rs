//! The demo's authorization server and resource server in one binary.
//!
//! For trying and testing, not for production: the users and their passwords are known to all.
//!
//! `auth`, `oauth` and `cookie` are three dialects of one authorization server (`issuer`, on top of
//! `users`, `grants` and `tokens`); `api` is the resource server; `lab` makes both misbehave on request.

use std::{
    error::Error as StdError,
    io::{Write, stderr, stdout},
    process::ExitCode,
    sync::Arc,
};

use clap::Parser;
use tokio::net::TcpListener;

use crate::{lab::Lab, options::Options, store::Store, tokens::Keys, users::Password};

mod api;
mod auth;
mod clock;
mod cookie;
mod error;
mod grants;
mod issuer;
mod json;
mod lab;
mod oauth;
mod options;
mod routes;
mod serve;
mod store;
mod tokens;
mod users;

/// What every handler can reach.
struct App {
    store: Store,
    keys: Keys,
    lab: Lab,
    allowed_origins: Vec<String>,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Options::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // A closed stderr is no reason to panic, which eprintln! would.
            let _ = writeln!(stderr(), "demo-server: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(options: Options) -> Result<(), Box<dyn StdError>> {
    let store = Store::open(&options.db)
        .map_err(|error| format!("cannot open {}: {error}", options.db.display()))?;
    let passwords = [
        Password { username: "alice", password: &options.password_alice },
        Password { username: "bob", password: &options.password_bob },
    ];
    users::provide(&store, &passwords)?;
    let app = Arc::new(App {
        keys: Keys::load(&store, options.alg)?,
        lab: Lab::new(options.settings()),
        allowed_origins: options.allow_origin.clone(),
        store,
    });

    let address = (options.host.as_str(), options.port);
    let listener = TcpListener::bind(address)
        .await
        .map_err(|error| format!("cannot listen on {}:{}: {error}", address.0, address.1))?;
    let stop = serve::stop_signal()?;
    announce(&listener, &passwords)?;
    serve::until(stop, listener, routes::all(app, &options), !options.lab).await;
    Ok(())
}

/// Whoever started us may read the first line and close the pipe, so a failed write is not a failure.
fn announce(listener: &TcpListener, passwords: &[Password<'_>]) -> std::io::Result<()> {
    let mut out = stdout().lock();
    let _ = writeln!(out, "listening on http://{}", listener.local_addr()?);
    let _ = out.flush();
    for Password { username, password } in passwords {
        let _ = writeln!(out, "user {username}, password {password}");
    }
    let _ = out.flush();
    Ok(())
}
