//! Whatever comes in, it is answered with a reason or cut off, and the server goes on.

use std::{
    io::{Read, Write},
    net::TcpStream,
    thread,
    time::Duration,
};

use serde_json::json;

use crate::client::Server;

#[test]
fn bad_bodies_get_a_reason() {
    let server = Server::start(&[]);
    let json = [("Content-Type", "application/json")];
    let deep = "[".repeat(60_000);
    let long = format!("{{\"username\":\"{}\"}}", "x".repeat(70_000));
    for body in [
        "",
        "{",
        "null",
        "[]",
        "\"alice\"",
        "{}",
        "{\"username\":\"alice\"}",
        "{\"username\":1,\"password\":[]}",
        "{\"username\":\"a\",\"password\":\"b\",\"refresh\":\"no\"}",
        "{\"username\":\"a\",\"username\":\"b\",\"password\":\"c\"}",
        "\u{0}",
        "\u{feff}{}",
        &deep,
        &long,
    ] {
        for path in ["/auth/login", "/cookie/login"] {
            let headers = [&json as &[_], &[("X-CSRF", "1")]].concat();
            let reply = server.call("POST", path, &headers, Some(body.as_bytes()));
            assert!((400..500).contains(&reply.status), "{body}");
            assert_eq!(reply.json()["error"], "invalid_request");
            assert!(reply.json()["message"].is_string());
        }
    }
    for body in ["{", "[]", "{\"refresh_token\":7}", &deep, &long] {
        for path in ["/auth/refresh", "/auth/logout"] {
            let reply = server.call("POST", path, &json, Some(body.as_bytes()));
            assert!((400..500).contains(&reply.status), "{path} {body}");
        }
    }
    let not_utf8 = b"{\"username\":\"\xff\",\"password\":\"\"}";
    server.call("POST", "/auth/login", &json, Some(not_utf8)).is(400, "invalid_request");
    for kind in ["text/plain", "application/x-www-form-urlencoded", "/", "application/jso"] {
        let headers = [("Content-Type", kind)];
        let reply = server.call("POST", "/auth/login", &headers, Some(b"{}"));
        reply.is(415, "invalid_request");
    }
    assert_eq!(server.login("alice").refresh.len(), 43);
}

#[test]
fn odd_values_are_just_wrong() {
    let server = Server::start(&[]);
    for name in ["' OR 1=1 --", "alice\u{0}", "ALICE", "alice ", "🫖", &"x".repeat(30_000)] {
        server
            .post("/auth/login", &json!({ "username": name, "password": name }))
            .is(401, "invalid_credentials");
        server.refresh(name).is(401, "invalid_grant");
    }
    for header in ["Bearer", "Bearer ", "Bearer a b", "bearer\ta", "Bearer ....", "Digest x"] {
        let headers = [("Authorization", header)];
        assert_eq!(server.call("GET", "/api/me", &headers, None).status, 401, "{header}");
    }
    for cookie in ["refresh", "refresh=", "=;;=", "refresh=%ff", "refresh=\"x"] {
        let headers = [("X-CSRF", "1"), ("Cookie", cookie)];
        server.call("POST", "/cookie/refresh", &headers, Some(b"")).is(401, "invalid_grant");
    }
}

#[test]
fn unknown_paths_and_methods_are_answered_in_json() {
    let server = Server::start(&[]);
    for prefix in ["auth", "oauth", "cookie", "api", "lab", "public"] {
        server.get(&format!("/{prefix}")).is(404, "not_found");
        server.get(&format!("/{prefix}/nothing/here")).is(404, "not_found");
    }
    for (method, path) in [
        ("GET", "/auth/login"),
        ("DELETE", "/api/orders"),
        ("GET", "/oauth/token"),
        ("GET", "/cookie/login"),
        ("GET", "/lab/reset"),
        ("PATCH", "/api/me"),
    ] {
        let body = (method == "PATCH").then_some(b"".as_slice());
        let reply = server.call(method, path, &[], body);
        reply.is(405, "method_not_allowed");
        assert_ne!(reply.header("allow"), "");
    }
}

#[test]
fn no_bytes_stop_it() {
    let server = Server::start(&[]);
    let send = |bytes: &[u8]| {
        let mut stream = TcpStream::connect(&server.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        // The server may close before everything is written or read.
        let _ = stream.write_all(bytes);
        let _ = stream.shutdown(std::net::Shutdown::Write);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        String::from_utf8_lossy(&answer).into_owned()
    };
    let long_path = format!("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", "x".repeat(1 << 20));
    let many_headers = format!("GET / HTTP/1.1\r\n{}\r\n", "A: b\r\n".repeat(10_000));
    for bytes in [
        b"".as_slice(),
        b"\r\n\r\n\r\n",
        b"\0\x01\x02\xff\xfe",
        b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03",
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET http://[::1 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"POST /auth/login HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n",
        b"POST /auth/login HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcde",
        b"POST /auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{",
        b"POST /api/echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"POST /cookie/refresh HTTP/1.1\r\nX-CSRF: 1\r\nOrigin: \xff\r\nContent-Length: 0\r\n\r\n",
        b"GET /api/me HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \xff\r\n\r\n",
        long_path.as_bytes(),
        many_headers.as_bytes(),
    ] {
        let answer = send(bytes);
        assert!(!answer.starts_with("HTTP/1.1 2") && !answer.starts_with("HTTP/1.1 5"), "{answer}");
    }
    // Connections that say nothing keep nobody out.
    let idle: Vec<_> = (0..200).map(|_| TcpStream::connect(&server.address).unwrap()).collect();
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| server.login("alice"));
        }
    });
    drop(idle);
    assert_eq!(server.stat("logins"), 8);
}
