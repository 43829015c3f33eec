//! The cookie dialect: the refresh token only in the cookie, and no stranger's page gets through.

use serde_json::{Value, json};

use crate::client::{Headers, Reply, Server, credentials};

const CSRF: (&str, &str) = ("X-CSRF", "1");

fn login(server: &Server) -> (String, Value) {
    let reply = server.post_with("/cookie/login", &[CSRF], &credentials("alice"));
    assert_eq!(reply.status, 200, "{}", reply.body);
    (cookie(&reply), reply.json())
}

fn cookie(reply: &Reply) -> String {
    reply.header("set-cookie").split(';').next().unwrap().to_owned()
}

fn post(server: &Server, path: &str, headers: Headers<'_>) -> Reply {
    server.call("POST", path, headers, Some(b""))
}

#[test]
fn the_refresh_token_travels_in_the_cookie_alone() {
    let server = Server::start(&[]);
    let reply = server.post_with("/cookie/login", &[CSRF], &credentials("alice"));
    let attributes: Vec<_> = reply.header("set-cookie").split("; ").skip(1).collect();
    assert_eq!(attributes, ["HttpOnly", "SameSite=Strict", "Path=/cookie", "Max-Age=300"]);
    assert!(reply.json().get("refresh_token").is_none());
    assert_eq!(reply.json()["refresh_expires_in"], 300);
    assert_eq!(reply.json()["expires_in"], 20);

    let first = cookie(&reply);
    let both = format!("theme=dark; {first}");
    let reply = post(&server, "/cookie/refresh", &[CSRF, ("Cookie", &both)]);
    assert_eq!(reply.status, 200);
    let second = cookie(&reply);
    assert_ne!(first, second);
    assert!(reply.json().get("refresh_token").is_none());

    post(&server, "/cookie/refresh", &[CSRF, ("Cookie", &first)]).is(401, "invalid_grant");
    post(&server, "/cookie/refresh", &[CSRF, ("Cookie", &second)]).is(401, "invalid_grant");
    post(&server, "/cookie/refresh", &[CSRF]).is(401, "invalid_grant");
    assert_eq!(server.stat("reuseDetected"), 1);
}

#[test]
fn a_logout_ends_the_family_and_clears_the_cookie() {
    let server = Server::start(&[]);
    let (cookie, _) = login(&server);
    let reply = post(&server, "/cookie/logout", &[CSRF, ("Cookie", &cookie)]);
    assert_eq!(reply.status, 204);
    assert!(reply.header("set-cookie").starts_with("refresh=;"));
    assert!(reply.header("set-cookie").contains("Max-Age=0"));
    post(&server, "/cookie/refresh", &[CSRF, ("Cookie", &cookie)]).is(401, "invalid_grant");

    let (cookie, answer) = login(&server);
    let bearer = format!("Bearer {}", answer["access_token"].as_str().unwrap());
    let reply = post(&server, "/cookie/logout", &[CSRF, ("Authorization", &bearer)]);
    assert_eq!(reply.status, 204);
    post(&server, "/cookie/refresh", &[CSRF, ("Cookie", &cookie)]).is(401, "invalid_grant");
}

#[test]
fn without_refresh_there_is_no_cookie() {
    let server = Server::start(&[]);
    let mut body = credentials("bob");
    body["refresh"] = false.into();
    let reply = server.post_with("/cookie/login", &[CSRF], &body);
    assert_eq!((reply.status, reply.header("set-cookie")), (200, ""));
    assert!(reply.json().get("refresh_expires_in").is_none());
    let wrong = json!({ "username": "bob", "password": "x" });
    server.post_with("/cookie/login", &[CSRF], &wrong).is(401, "invalid_credentials");
}

#[test]
fn strangers_are_refused() {
    let server = Server::start(&["--allow-origin", "https://Friend.example:443"]);
    let (cookie, _) = login(&server);
    let cookie = ("Cookie", cookie.as_str());
    let own = format!("http://{}", server.address);
    let own_over_tls = format!("https://{}", server.address);
    for path in ["/cookie/login", "/cookie/refresh", "/cookie/logout"] {
        post(&server, path, &[cookie]).is(403, "csrf");
        post(&server, path, &[cookie, ("X-CSRF", "0")]).is(403, "csrf");
        post(&server, path, &[cookie, ("Origin", &own)]).is(403, "csrf");
        for origin in ["null", "https://foe.example", "https://friend.example.foe", &own_over_tls] {
            post(&server, path, &[cookie, CSRF, ("Origin", origin)]).is(403, "csrf");
        }
    }
    let with = |origin| post(&server, "/cookie/logout", &[CSRF, ("Origin", origin)]).status;
    assert_eq!(with(&own), 204);
    assert_eq!(with("https://friend.example"), 204);
}
