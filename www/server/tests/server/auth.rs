//! The JSON dialect: login, refresh, rotation, reuse, grace, logout.

use std::{thread, time::Duration};

use serde_json::json;

use crate::client::{Server, claims, credentials};

#[test]
fn a_login_answers_with_both_tokens() {
    let server = Server::start(&[]);
    let reply = server.post("/auth/login", &credentials("bob"));
    assert_eq!(reply.status, 200);
    assert_eq!(reply.header("cache-control"), "no-store");
    let answer = reply.json();
    assert_eq!(answer["token_type"], "Bearer");
    assert_eq!(answer["expires_in"], 20);
    assert_eq!(answer["refresh_expires_in"], 300);
    assert_eq!(answer["scope"], "orders:read");
    assert_eq!(answer["refresh_token"].as_str().unwrap().len(), 43);

    let claims = claims(answer["access_token"].as_str().unwrap());
    assert_eq!(claims["sub"], "bob");
    assert_eq!(claims["name"], "Bob Straße");
    assert_eq!(claims["aud"], "demo-api");
    assert_eq!(claims["roles"], json!(["reader"]));
    assert_eq!(claims["scope"], "orders:read");
    assert_eq!(claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap(), 20);
    assert!(claims["iss"].is_string() && claims["jti"].is_string() && claims["sid"].is_string());
}

#[test]
fn a_login_without_refresh_has_no_refresh_members() {
    let server = Server::start(&[]);
    let mut body = credentials("alice");
    body["refresh"] = false.into();
    let answer = server.post("/auth/login", &body).json();
    assert!(answer.get("refresh_token").is_none() && answer.get("refresh_expires_in").is_none());
    assert_eq!(server.get_as(answer["access_token"].as_str().unwrap(), "/api/me").status, 200);
}

#[test]
fn wrong_credentials_are_refused() {
    let server = Server::start(&["--password-alice", "Pass wörd"]);
    let login = |username: &str, password: &str| {
        server.post("/auth/login", &json!({ "username": username, "password": password }))
    };
    login("alice", "wonderland").is(401, "invalid_credentials");
    login("nobody", "wonderland").is(401, "invalid_credentials");
    login("bob", "").is(401, "invalid_credentials");
    assert_eq!(login("alice", "Pass wörd").status, 200);
    assert_eq!(server.stat("logins"), 1);
}

#[test]
fn refresh_tokens_rotate_and_reuse_ends_the_family() {
    let server = Server::start(&[]);
    let first = server.login("alice");
    let other = server.login("alice");
    let second = server.refresh(&first.refresh).tokens();
    assert_ne!(second.refresh, first.refresh);
    assert_eq!(claims(&second.access)["sid"], claims(&first.access)["sid"]);
    assert_eq!(server.get_as(&second.access, "/api/me").status, 200);

    server.refresh(&first.refresh).is(401, "invalid_grant");
    server.refresh(&second.refresh).is(401, "invalid_grant");
    assert_eq!(server.refresh(&other.refresh).status, 200);
    server.refresh("unknown").is(401, "invalid_grant");
    assert_eq!(server.stat("refreshes"), 2);
    assert_eq!(server.stat("refreshesRefused"), 3);
    assert_eq!(server.stat("reuseDetected"), 1);
    assert_eq!(server.stat("familiesRevoked"), 1);
}

#[test]
fn within_the_grace_a_rotated_token_has_further_successors() {
    let server = Server::start(&["--grace", "60"]);
    let first = server.login("bob");
    let second = server.refresh(&first.refresh).tokens();
    let third = server.refresh(&first.refresh).tokens();
    assert_eq!(server.stat("graceAnswers"), 1);
    assert_eq!(server.refresh(&second.refresh).status, 200);
    assert_eq!(server.refresh(&third.refresh).status, 200);
    assert_eq!(server.stat("reuseDetected"), 0);

    server.lab("settings", &json!({ "grace": 0 }));
    server.refresh(&first.refresh).is(401, "invalid_grant");
    assert_eq!(server.stat("reuseDetected"), 1);
}

#[test]
fn of_twenty_at_once_with_one_token_exactly_one_is_the_first() {
    let server = Server::start(&[]);
    let token = server.login("alice").refresh;
    let accepted = thread::scope(|scope| {
        let calls: Vec<_> =
            (0..20).map(|_| scope.spawn(|| server.refresh(&token).status)).collect();
        calls.into_iter().map(|call| call.join().unwrap()).collect::<Vec<_>>()
    });
    assert_eq!(accepted.iter().filter(|status| **status == 200).count(), 1, "{accepted:?}");
    assert_eq!(accepted.iter().filter(|status| **status == 401).count(), 19, "{accepted:?}");
    assert_eq!(server.stat("reuseDetected"), 1);
}

#[test]
fn of_twenty_at_once_within_the_grace_all_are_answered() {
    let server = Server::start(&["--grace", "60"]);
    let token = server.login("alice").refresh;
    thread::scope(|scope| {
        for _ in 0..20 {
            scope.spawn(|| assert_eq!(server.refresh(&token).status, 200));
        }
    });
    assert_eq!(server.stat("graceAnswers"), 19);
}

#[test]
fn a_refresh_token_may_come_as_bearer() {
    let server = Server::start(&[]);
    let bearer = format!("Bearer {}", server.login("bob").refresh);
    for headers in [
        &[("Authorization", bearer.as_str())] as &[_],
        &[("Authorization", bearer.as_str()), ("Content-Type", "application/json")],
    ] {
        let reply = server.call("POST", "/auth/refresh", headers, Some(b""));
        assert_eq!(reply.status, if headers.len() == 1 { 200 } else { 401 }, "{}", reply.body);
    }
    server.call("POST", "/auth/refresh", &[], Some(b"")).is(400, "invalid_request");
    server.post("/auth/refresh", &json!({})).is(400, "invalid_request");
}

#[test]
fn refresh_tokens_expire() {
    let server = Server::start(&["--refresh-ttl", "0"]);
    server.refresh(&server.login("bob").refresh).is(401, "invalid_grant");
    server.lab("settings", &json!({ "refreshTtl": 1 }));
    let token = server.login("bob").refresh;
    let token = server.refresh(&token).tokens().refresh;
    server.lab("settings", &json!({ "refreshTtl": 300 }));
    let alive = server.login("bob").refresh;
    // Asking whether it is good would rotate it, so its second is waited out.
    thread::sleep(Duration::from_secs(1));
    server.refresh(&token).is(401, "invalid_grant");
    assert_eq!(server.refresh(&alive).status, 200);
}

#[test]
fn a_logout_ends_the_family() {
    let server = Server::start(&["--access-ttl", "0"]);
    let logout = |headers: &[(&str, &str)], body: &str| {
        let headers = [&[("Content-Type", "application/json")], headers].concat();
        server.call("POST", "/auth/logout", &headers, Some(body.as_bytes()))
    };
    // By an access token, which here is born expired.
    let tokens = server.login("alice");
    server.get_as(&tokens.access, "/api/me").is(401, "invalid_token");
    let bearer = format!("Bearer {}", tokens.access);
    assert_eq!(logout(&[("Authorization", &bearer)], "").status, 204);
    server.refresh(&tokens.refresh).is(401, "invalid_grant");
    // By a refresh token.
    let tokens = server.login("alice");
    let body = json!({ "refresh_token": tokens.refresh }).to_string();
    assert_eq!(logout(&[], &body).status, 204);
    assert_eq!(logout(&[], &body).status, 204);
    server.refresh(&tokens.refresh).is(401, "invalid_grant");
    // A forged token ends nothing.
    let tokens = server.login("alice");
    let (unsigned, _) = tokens.access.rsplit_once('.').unwrap();
    let forged = format!("Bearer {unsigned}.{}", "A".repeat(43));
    assert_eq!(logout(&[("Authorization", &forged)], "").status, 204);
    assert_eq!(server.refresh(&tokens.refresh).status, 200);

    logout(&[], "").is(400, "invalid_request");
    logout(&[], "{").is(400, "invalid_request");
    assert_eq!(server.stat("logouts"), 4);
}
