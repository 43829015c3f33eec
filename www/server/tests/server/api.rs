//! The resource server: who may what, and how it says no.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::client::{Reply, Server, Tokens, claims, eventually};

fn post(server: &Server, tokens: &Tokens, path: &str, body: &Value) -> Reply {
    let bearer = format!("Bearer {}", tokens.access);
    server.post_with(path, &[("Authorization", &bearer)], body)
}

#[test]
fn roles_and_permissions_decide() {
    let server = Server::start(&[]);
    let (alice, bob) = (server.login("alice"), server.login("bob"));
    let order = json!({ "item": "Tea 🫖", "quantity": 3 });

    let reply = post(&server, &alice, "/api/orders", &order);
    assert_eq!((reply.status, &reply.json()["orderedBy"]), (201, &json!("alice")));
    let listed = server.get_as(&bob.access, "/api/orders");
    assert_eq!(listed.json()["orders"][0]["item"], "Tea 🫖");
    assert_eq!(server.get_as(&alice.access, "/api/admin/report").json()["orders"], 3);

    let refused = post(&server, &bob, "/api/orders", &order);
    refused.is(403, "insufficient_scope");
    assert_eq!(
        refused.header("www-authenticate"),
        r#"Bearer realm="demo", error="insufficient_scope", scope="orders:write""#
    );
    let refused = server.get_as(&bob.access, "/api/admin/report");
    refused.is(403, "insufficient_scope");
    assert!(refused.header("www-authenticate").contains(r#"error="insufficient_scope""#));

    assert_eq!(server.get_as(&bob.access, "/api/me").json(), claims(&bob.access));
    assert_eq!(server.stat("apiAccepted"), 4);
    assert_eq!(server.stat("apiRefused403"), 2);
}

#[test]
fn bad_orders_are_refused() {
    let server = Server::start(&[]);
    let alice = server.login("alice");
    for order in [
        json!({ "item": "", "quantity": 1 }),
        json!({ "item": " ", "quantity": 1 }),
        json!({ "item": "x".repeat(201), "quantity": 1 }),
        json!({ "item": "x", "quantity": 0 }),
        json!({ "item": "x", "quantity": 1_000_001 }),
        json!({ "item": "x", "quantity": -1 }),
        json!({ "item": "x", "quantity": 1.5 }),
        json!({ "item": "x" }),
        json!([]),
        json!(null),
    ] {
        let reply = post(&server, &alice, "/api/orders", &order);
        assert!((400..500).contains(&reply.status), "{order} {}", reply.body);
        assert_eq!(reply.json()["error"], "invalid_request");
    }
}

#[test]
fn without_a_good_token_it_challenges() {
    let server = Server::start(&["--access-ttl", "3600"]);
    let reply = server.get("/api/orders");
    reply.is(401, "unauthorized");
    assert_eq!(reply.header("www-authenticate"), r#"Bearer realm="demo""#);

    let good = server.login("alice").access;
    let parts: Vec<_> = good.split('.').collect();
    let foreign = jsonwebtoken::encode(
        &jsonwebtoken::Header::default(),
        &claims(&good),
        &jsonwebtoken::EncodingKey::from_secret(b"another"),
    );
    for bad in [
        String::new(),
        "x".into(),
        "..".into(),
        format!("{}.{}.", parts[0], parts[1]),
        // alg none
        format!("eyJhbGciOiJub25lIn0.{}.", parts[1]),
        foreign.unwrap(),
    ] {
        let reply = server.get_as(&bad, "/api/orders");
        assert_eq!(reply.status, 401, "{bad}");
        if !bad.is_empty() {
            reply.is(401, "invalid_token");
            assert!(reply.header("www-authenticate").contains(r#"error="invalid_token""#));
        }
    }
    let basic = [("Authorization", "Basic YTpi")];
    server.call("GET", "/api/orders", &basic, None).is(401, "unauthorized");
    let lower = format!("bearer {good}");
    let reply = server.call("GET", "/api/orders", &[("Authorization", lower.as_str())], None);
    assert_eq!(reply.status, 200);
}

#[test]
fn access_tokens_expire() {
    let server = Server::start(&["--access-ttl", "2"]);
    let token = server.login("alice").access;
    assert_eq!(server.get_as(&token, "/api/me").status, 200);
    let mut last = None;
    eventually("the access token to expire", || {
        let reply = server.get_as(&token, "/api/me");
        let expired = reply.status == 401;
        last = Some(reply);
        expired
    });
    assert_eq!(
        last.unwrap().header("www-authenticate"),
        r#"Bearer realm="demo", error="invalid_token", error_description="The access token expired""#
    );
}

#[test]
fn the_echo_tells_what_arrived() {
    let server = Server::start(&[]);
    let bearer = format!("Bearer {}", server.login("bob").access);
    let big = vec![b'x'; 4 * 1024 * 1024];
    for (method, body) in
        [("POST", "Straße".as_bytes()), ("PUT", &[0xff, 0x00]), ("POST", b""), ("PUT", &big)]
    {
        let headers = [("Authorization", bearer.as_str()), ("Content-Type", "text/x-any")];
        let echo = server.call(method, "/api/echo", &headers, Some(body)).json();
        assert_eq!(echo["method"], method);
        assert_eq!(echo["contentType"], "text/x-any");
        assert_eq!(echo["length"], body.len());
        assert_eq!(echo["body"].as_str(), str::from_utf8(body).ok());
        let sha256 = format!("{:x}", Sha256::digest(body));
        assert_eq!(echo["sha256"], sha256);
    }
    // Even a large upload hears why it is refused.
    server.call("POST", "/api/echo", &[], Some(&big)).is(401, "unauthorized");
    let too_big = vec![b'x'; 4 * 1024 * 1024 + 1];
    let headers = [("Authorization", bearer.as_str())];
    server.call("POST", "/api/echo", &headers, Some(&too_big)).is(413, "invalid_request");
}

#[test]
fn step_up_and_public_time() {
    let server = Server::start(&[]);
    let token = server.login("alice").access;
    let reply = server.get_as(&token, "/api/step-up");
    reply.is(401, "insufficient_user_authentication");
    assert_eq!(
        reply.header("www-authenticate"),
        r#"Bearer error="insufficient_user_authentication", acr_values="gold", max_age=60"#
    );
    assert_eq!(server.get("/public/time").json(), json!({ "authorization": false }));
    assert_eq!(server.get_as("x", "/public/time").json(), json!({ "authorization": true }));
}
