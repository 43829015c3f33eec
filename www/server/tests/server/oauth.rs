//! The OAuth dialect: token endpoint and revocation.

use crate::client::{Reply, Server, claims};

const LOGIN: &str = "grant_type=password&username=alice&password=wonderland&client_id=app";

fn token(server: &Server, form: &str) -> Reply {
    server.form("/oauth/token", form)
}

fn refresh(server: &Server, token: &str, rest: &str) -> Reply {
    server.form("/oauth/token", &format!("grant_type=refresh_token&refresh_token={token}{rest}"))
}

#[test]
fn the_password_grant_and_refresh() {
    let server = Server::start(&[]);
    let reply = token(&server, LOGIN);
    assert_eq!(reply.status, 200);
    assert_eq!(reply.header("cache-control"), "no-store");
    assert_eq!(reply.json()["token_type"], "Bearer");
    assert_eq!(reply.json()["expires_in"], 20);
    assert_eq!(reply.json()["scope"], "orders:read orders:write report:read");
    assert_eq!(server.get_as(&reply.tokens().access, "/api/orders").status, 200);

    let first = reply.tokens().refresh;
    let second = refresh(&server, &first, "&client_id=app").tokens().refresh;
    refresh(&server, &first, "&client_id=app").is(400, "invalid_grant");
    refresh(&server, &second, "&client_id=app").is(400, "invalid_grant");
}

#[test]
fn a_refresh_token_belongs_to_its_client() {
    let server = Server::start(&[]);
    let first = token(&server, LOGIN).tokens().refresh;
    refresh(&server, &first, "&client_id=other").is(400, "invalid_grant");
    refresh(&server, &first, "").is(400, "invalid_grant");
    assert_eq!(refresh(&server, &first, "&client_id=app").status, 200);
}

#[test]
fn a_scope_narrows_and_never_widens() {
    let server = Server::start(&[]);
    let reply = token(&server, &format!("{LOGIN}&scope=orders:read+report:read"));
    assert_eq!(reply.json()["scope"], "orders:read report:read");
    let first = reply.tokens().refresh;
    let reply = refresh(&server, &first, "&client_id=app&scope=orders:read");
    assert_eq!(claims(&reply.tokens().access)["scope"], "orders:read");
    let reply = refresh(&server, &reply.tokens().refresh, "&client_id=app&scope=");
    assert_eq!(reply.json()["scope"], "orders:read report:read");
    refresh(&server, &reply.tokens().refresh, "&client_id=app&scope=orders:write")
        .is(400, "invalid_scope");
    // A refused scope leaves the token as it was.
    assert_eq!(refresh(&server, &reply.tokens().refresh, "&client_id=app").status, 200);
    token(&server, &format!("{LOGIN}&scope=root")).is(400, "invalid_scope");
}

#[test]
fn errors_are_those_of_the_rfc() {
    let server = Server::start(&[]);
    for (form, error) in [
        ("", "invalid_request"),
        ("grant_type=", "invalid_request"),
        ("grant_type=password", "invalid_request"),
        ("grant_type=password&username=alice", "invalid_request"),
        ("grant_type=password&username=alice&password=", "invalid_request"),
        ("grant_type=password&username=alice&username=bob&password=x", "invalid_request"),
        ("grant_type=password&username=alice&password=wrong", "invalid_grant"),
        ("grant_type=refresh_token", "invalid_request"),
        ("grant_type=refresh_token&refresh_token=x", "invalid_grant"),
        ("grant_type=client_credentials", "unsupported_grant_type"),
    ] {
        let reply = token(&server, form);
        reply.is(400, error);
        assert!(reply.json()["error_description"].is_string(), "{form}");
        assert_eq!(reply.header("cache-control"), "no-store");
    }
    let body = Some(b"{\"grant_type\":\"password\"}".as_slice());
    let json = [("Content-Type", "application/json")];
    server.call("POST", "/oauth/token", &json, body).is(400, "invalid_request");
}

#[test]
fn revocation_ends_the_family_by_either_token() {
    let server = Server::start(&[]);
    for by_access in [false, true] {
        let tokens = token(&server, LOGIN).tokens();
        let revoked = if by_access { &tokens.access } else { &tokens.refresh };
        let form = format!("token={revoked}&token_type_hint=refresh_token");
        assert_eq!(server.form("/oauth/revoke", &form).status, 200);
        refresh(&server, &tokens.refresh, "&client_id=app").is(400, "invalid_grant");
    }
    assert_eq!(server.form("/oauth/revoke", "token=unknown").status, 200);
    assert_eq!(server.stat("revocations"), 3);
    server.form("/oauth/revoke", "nothing=1").is(400, "invalid_request");
}
