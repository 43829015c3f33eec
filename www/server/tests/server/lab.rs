//! The lab: what it does to tokens and answers, and that it is off unless asked for.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::client::{Server, credentials};

#[test]
fn it_is_off_unless_asked_for() {
    let server = Server::start_exactly(&["--db", ":memory:"]);
    server.get("/lab/stats").is(404, "not_found");
    server.post("/lab/reset", &json!({})).is(404, "not_found");
    // And then connections are kept alive.
    assert_ne!(server.get("/public/time").header("connection"), "close");
}

#[test]
fn access_tokens_so_far_expire_and_later_ones_do_not() {
    let server = Server::start(&[]);
    let (alice, bob) = (server.login("alice"), server.login("bob"));
    server.lab("expire-access", &json!({ "username": "alice" }));
    // Within the same second, too.
    let renewed = server.refresh(&alice.refresh).tokens();
    let refused = server.get_as(&alice.access, "/api/me");
    refused.is(401, "invalid_token");
    assert!(refused.header("www-authenticate").contains("The access token expired"));
    assert_eq!(server.get_as(&renewed.access, "/api/me").status, 200);
    assert_eq!(server.get_as(&bob.access, "/api/me").status, 200);
    assert_eq!(server.call("POST", "/lab/expire-access", &[], Some(b"")).status, 204);
    assert_eq!(server.get_as(&renewed.access, "/api/me").status, 401);
    assert_eq!(server.get_as(&bob.access, "/api/me").status, 401);
    server.post("/lab/expire-access", &json!({ "username": "eve" })).is(400, "invalid_request");
}

#[test]
fn refresh_tokens_so_far_expire_and_later_ones_do_not() {
    let server = Server::start(&[]);
    let (alice, bob) = (server.login("alice"), server.login("bob"));
    server.lab("expire-refresh", &json!({ "username": "alice" }));
    server.refresh(&alice.refresh).is(401, "invalid_grant");
    assert_eq!(server.refresh(&bob.refresh).status, 200);
    assert_eq!(server.refresh(&server.login("alice").refresh).status, 200);
    assert_eq!(server.stat("reuseDetected"), 0);
}

#[test]
fn revoked_families_are_refused_everywhere() {
    let server = Server::start(&[]);
    let (alice, bob) = (server.login("alice"), server.login("bob"));
    server.lab("revoke", &json!({ "username": "alice" }));
    server.refresh(&alice.refresh).is(401, "invalid_grant");
    server.get_as(&alice.access, "/api/me").is(401, "invalid_token");
    assert_eq!(server.get_as(&bob.access, "/api/me").status, 200);
    assert_eq!(server.get_as(&server.login("alice").access, "/api/me").status, 200);
    assert_eq!(server.stat("familiesRevoked"), 1);
}

#[test]
fn faults_come_one_per_call_and_in_order() {
    let server = Server::start(&["--grace", "60"]);
    let token = server.login("alice").refresh;
    server.lab(
        "refresh-faults",
        &json!({ "faults": [
            { "kind": "drop-before" },
            { "kind": "status", "status": 429, "retryAfter": 7 },
            { "kind": "status" },
            { "kind": "status", "status": 200, "html": true, "retryAfter": "Fri, 31 Dec 1999 23:59:59 GMT" },
        ] }),
    );
    server.lab("refresh-faults", &json!({ "faults": [{ "kind": "drop-after" }] }));
    let body = json!({ "refresh_token": token }).to_string();
    let refresh = || {
        let json = [("Content-Type", "application/json")];
        server.try_call("POST", "/auth/refresh", &json, Some(body.as_bytes()))
    };
    assert!(refresh().is_err());
    let limited = refresh().unwrap();
    limited.is(429, "lab_fault");
    assert_eq!(limited.header("retry-after"), "7");
    refresh().unwrap().is(503, "lab_fault");
    let portal = refresh().unwrap();
    assert_eq!((portal.status, portal.header("content-type")), (200, "text/html; charset=utf-8"));
    assert_eq!(portal.header("retry-after"), "Fri, 31 Dec 1999 23:59:59 GMT");
    assert_eq!(server.stat("refreshes"), 0);

    assert!(refresh().is_err());
    assert_eq!(server.stat("refreshes"), 1);
    assert_eq!(refresh().unwrap().status, 200);
    assert_eq!(server.stat("graceAnswers"), 1);
}

#[test]
fn a_delayed_answer_was_decided_on_arrival() {
    let server = Server::start(&[]);
    let token = server.login("alice").refresh;
    server.lab("refresh-faults", &json!({ "faults": [{ "kind": "delay", "delayMs": 1500 }] }));
    std::thread::scope(|scope| {
        let start = Instant::now();
        let late = scope.spawn(|| server.refresh(&token).status);
        crate::client::eventually("the refresh to be decided", || server.stat("refreshes") == 1);
        assert!(!late.is_finished());
        assert_eq!(late.join().unwrap(), 200);
        assert!(start.elapsed() >= Duration::from_millis(1500));
    });
}

#[test]
fn all_three_dialects_meet_the_faults() {
    let server = Server::start(&[]);
    let csrf = [("X-CSRF", "1")];
    let unavailable =
        json!({ "faults": [{ "kind": "status" }, { "kind": "status" }, { "kind": "status" }] });
    server.lab("login-faults", &unavailable);
    server.lab("refresh-faults", &unavailable);
    server.post("/auth/login", &credentials("bob")).is(503, "lab_fault");
    server.post_with("/cookie/login", &csrf, &credentials("bob")).is(503, "lab_fault");
    let password = "grant_type=password&username=bob&password=builder";
    server.form("/oauth/token", password).is(503, "lab_fault");
    server.refresh("x").is(503, "lab_fault");
    server.call("POST", "/cookie/refresh", &csrf, Some(b"")).is(503, "lab_fault");
    let refresh = "grant_type=refresh_token&refresh_token=x";
    server.form("/oauth/token", refresh).is(503, "lab_fault");

    assert_eq!(server.form("/oauth/token", password).status, 200);
    server.form("/oauth/token", refresh).is(400, "invalid_grant");
}

#[test]
fn settings_change_and_reset_brings_everything_back() {
    let server = Server::start(&["--grace", "3"]);
    let tokens = server.login("alice");
    let reply = server.post("/lab/settings", &json!({ "accessTtl": 7, "apiDelayMs": 300 }));
    let changed = json!({ "accessTtl": 7, "refreshTtl": 300, "grace": 3, "apiDelayMs": 300 });
    assert_eq!(reply.json(), changed);
    assert_eq!(server.refresh(&tokens.refresh).json()["expires_in"], 7);
    let start = Instant::now();
    assert_eq!(server.get_as(&tokens.access, "/api/me").status, 200);
    assert!(start.elapsed() >= Duration::from_millis(300));

    server.lab("login-faults", &json!({ "faults": [{ "kind": "status" }] }));
    assert_eq!(server.call("POST", "/lab/reset", &[], Some(b"")).status, 204);
    let stats = server.get("/lab/stats").json();
    assert!(stats.as_object().unwrap().values().all(|count| count == 0), "{stats}");
    assert_eq!(stats.as_object().unwrap().len(), 11);
    server.refresh(&tokens.refresh).is(401, "invalid_grant");
    server.get_as(&tokens.access, "/api/me").is(401, "invalid_token");
    let answer = server.post("/auth/login", &credentials("alice")).json();
    assert_eq!(answer["expires_in"], 20);
}

#[test]
fn it_refuses_nonsense() {
    let server = Server::start(&[]);
    for (path, body) in [
        ("settings", json!({ "accessTTL": 1 })),
        ("settings", json!({ "accessTtl": -1 })),
        ("settings", json!({ "accessTtl": 5_000_000_000_u64 })),
        ("refresh-faults", json!({})),
        ("refresh-faults", json!({ "faults": [{}] })),
        ("refresh-faults", json!({ "faults": [{ "kind": "explode" }] })),
        ("login-faults", json!({ "faults": [{ "kind": "status", "status": 100 }] })),
        ("login-faults", json!({ "faults": [{ "kind": "status", "status": 99999 }] })),
        ("revoke", json!({ "username": 1 })),
    ] {
        let reply = server.post(&format!("/lab/{path}"), &body);
        assert!((400..500).contains(&reply.status), "{path} {body} {}", reply.body);
    }
    // A Retry-After that no header can hold is left out.
    let fault = json!({ "kind": "status", "retryAfter": "a\nb" });
    server.lab("refresh-faults", &json!({ "faults": [fault] }));
    let reply = server.refresh("x");
    assert_eq!((reply.status, reply.header("retry-after")), (503, ""));
}
