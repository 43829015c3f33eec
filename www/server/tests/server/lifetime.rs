//! Keys, restarts and the end.

use std::{path::PathBuf, process::Command};

use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header, jwk::JwkSet};
use serde_json::{Value, json};

use crate::client::Server;

fn verify_with_jwks(flag: &str, algorithm: Algorithm) {
    let server = Server::start(&["--alg", flag]);
    let token = server.login("bob").access;
    assert_eq!(server.get_as(&token, "/api/me").status, 200);

    let keys: JwkSet = serde_json::from_str(&server.get("/.well-known/jwks.json").body).unwrap();
    let header = decode_header(&token).unwrap();
    assert_eq!(header.alg, algorithm);
    let key = DecodingKey::from_jwk(keys.find(&header.kid.unwrap()).unwrap()).unwrap();
    let mut validation = Validation::new(algorithm);
    validation.set_audience(&["demo-api"]);
    let token = decode::<Value>(&token, &key, &validation).unwrap();
    assert_eq!(token.claims["name"], "Bob Straße");
    assert!(!server.get("/.well-known/jwks.json").body.contains("\"d\""));
}

#[test]
fn es256_verifies_with_the_published_key() {
    verify_with_jwks("es256", Algorithm::ES256);
}

#[test]
fn rs256_verifies_with_the_published_key() {
    verify_with_jwks("rs256", Algorithm::RS256);
}

#[test]
fn a_shared_secret_is_not_published() {
    let server = Server::start(&[]);
    assert_eq!(server.get("/.well-known/jwks.json").json(), json!({ "keys": [] }));
    assert_eq!(decode_header(server.login("bob").access).unwrap().alg, Algorithm::HS256);
}

#[test]
fn users_sessions_and_keys_survive_a_restart() {
    let file = Scratch::new("restart");
    let flags =
        ["--db", file.0.to_str().unwrap(), "--lab", "--access-ttl", "600", "--alg", "es256"];
    let server = Server::start_exactly(&flags);
    let tokens = server.login("alice");
    let rotated = server.refresh(&tokens.refresh).tokens();
    let keys = server.get("/.well-known/jwks.json").body;
    drop(server);

    let server = Server::start_exactly(&flags);
    assert_eq!(server.get("/.well-known/jwks.json").body, keys);
    assert_eq!(server.get_as(&rotated.access, "/api/me").status, 200);
    let renewed = server.refresh(&rotated.refresh).tokens();
    server.lab("expire-access", &json!({}));
    assert_eq!(server.get_as(&rotated.access, "/api/me").status, 401);
    // What was used before the restart is still used.
    server.refresh(&tokens.refresh).is(401, "invalid_grant");
    server.refresh(&renewed.refresh).is(401, "invalid_grant");
    drop(server);

    // The passwords printed last are the ones that work.
    let flags = [&flags as &[_], &["--password-alice", "changed"]].concat();
    let server = Server::start_exactly(&flags);
    let login = |password| {
        server.post("/auth/login", &json!({ "username": "alice", "password": password })).status
    };
    assert_eq!((login("wonderland"), login("changed")), (401, 200));
}

#[test]
#[cfg(unix)]
fn it_stops_when_told_to() {
    for signal in ["-TERM", "-INT"] {
        let mut server = Server::start(&[]);
        let kill = Command::new("kill").args([signal, &server.id().to_string()]).status();
        assert!(kill.unwrap().success());
        assert!(server.wait_for_end().success());
    }
}

#[test]
fn what_cannot_work_is_said_and_ends_it() {
    let run = |flags: &[&str]| {
        let program = env!("CARGO_BIN_EXE_demo-server");
        let output = Command::new(program).args(flags).output().unwrap();
        assert!(!output.status.success());
        assert!(output.stdout.is_empty());
        String::from_utf8(output.stderr).unwrap()
    };
    let server = Server::start(&[]);
    let port = server.address.rsplit(':').next().unwrap();
    assert!(run(&["--db", ":memory:", "--port", port]).contains("cannot listen on 127.0.0.1"));
    assert!(run(&["--db", "/dev/null/x"]).contains("cannot open /dev/null/x"));
    for origin in ["*", "friend.example", "ftp://friend.example", "https://friend.example/path"] {
        assert!(run(&["--allow-origin", origin]).contains("--allow-origin"), "{origin}");
    }
    assert!(run(&["--alg", "none"]).contains("--alg"));
}

/// A database file in a directory that does not exist yet; gone afterwards.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let directory = format!("demo-server-{name}-{}", std::process::id());
        Self(std::env::temp_dir().join(directory).join("demo.sqlite"))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(self.0.parent().unwrap());
    }
}
