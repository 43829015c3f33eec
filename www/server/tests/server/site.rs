//! The page, its headers, and which other origins may call.

use crate::client::Server;

#[test]
fn the_site_and_the_package_are_served() {
    let directory = std::env::temp_dir().join(format!("demo-server-site-{}", std::process::id()));
    let pkg = directory.join("pkg");
    std::fs::create_dir_all(&pkg).unwrap();
    for file in ["index.html", "style.css", "app.js", "logo.svg", "pkg/core.wasm", "pkg/index.js"] {
        std::fs::write(directory.join(file), file).unwrap();
    }
    let site = directory.to_str().unwrap();
    let server = Server::start(&["--site", site, "--pkg", pkg.to_str().unwrap()]);
    for (path, kind, body) in [
        ("/", "text/html", "index.html"),
        ("/style.css", "text/css", "style.css"),
        ("/app.js", "text/javascript", "app.js"),
        ("/logo.svg", "image/svg+xml", "logo.svg"),
        ("/pkg/core.wasm", "application/wasm", "pkg/core.wasm"),
        ("/pkg/index.js", "text/javascript", "pkg/index.js"),
    ] {
        let reply = server.get(path);
        assert_eq!((reply.status, reply.body.as_str()), (200, body));
        assert_eq!(reply.header("content-type"), kind);
        assert_eq!(reply.header("cache-control"), "no-cache");
        assert_eq!(reply.header("x-content-type-options"), "nosniff");
        let policy = reply.header("content-security-policy");
        assert!(policy.contains("script-src 'self' 'wasm-unsafe-eval'; style-src 'self'"));
        assert!(!policy.contains("unsafe-inline"));
    }
    for path in ["/missing.html", "/..%2f..%2fetc/passwd", "/%00", "/pkg/missing.js"] {
        assert_eq!(server.get(path).status, 404, "{path}");
    }
    std::fs::remove_dir_all(directory).unwrap();
}

#[test]
fn only_listed_origins_may_call() {
    let server = Server::start(&[
        "--allow-origin",
        "http://one.example:3000/",
        "--allow-origin",
        "https://two.example",
    ]);
    let preflight = |origin| {
        let headers = [
            ("Origin", origin),
            ("Access-Control-Request-Method", "POST"),
            ("Access-Control-Request-Headers", "authorization,content-type,x-csrf"),
        ];
        server.call("OPTIONS", "/auth/login", &headers, None)
    };
    for origin in ["http://one.example:3000", "https://two.example"] {
        let reply = preflight(origin);
        assert_eq!(reply.status, 200);
        assert_eq!(reply.header("access-control-allow-origin"), origin);
        assert_eq!(reply.header("access-control-allow-credentials"), "true");
        assert_eq!(
            reply.header("access-control-allow-headers"),
            "authorization,content-type,x-csrf"
        );
        let reply = server.call("GET", "/api/orders", &[("Origin", origin)], None);
        assert_eq!(reply.status, 401);
        assert_eq!(reply.header("access-control-allow-origin"), origin);
        assert_eq!(
            reply.header("access-control-expose-headers"),
            "www-authenticate,retry-after,date"
        );
        assert_ne!(reply.header("date"), "");
    }
    for origin in ["http://one.example", "https://two.example.foe", "null"] {
        assert_eq!(preflight(origin).header("access-control-allow-origin"), "");
    }
}
