//! Starts a server of its own for each test, and calls it.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use ureq::{
    Agent,
    http::{HeaderMap, Request},
};

pub(crate) struct Server {
    process: Child,
    pub(crate) address: String,
    agent: Agent,
}

pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

pub(crate) struct Tokens {
    pub(crate) access: String,
    pub(crate) refresh: String,
}

pub(crate) type Headers<'a> = &'a [(&'a str, &'a str)];

impl Server {
    /// In memory and with the lab.
    pub(crate) fn start(flags: &[&str]) -> Self {
        Self::start_exactly(&[&["--db", ":memory:", "--lab"], flags].concat())
    }

    pub(crate) fn start_exactly(flags: &[&str]) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_demo-server"))
            .args(["--port", "0"])
            .args(flags)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        // Only the first line is read, and the pipe closed: the server has to bear that.
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim_end().strip_prefix("listening on http://").unwrap().to_owned();
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            .max_idle_connections(0)
            .timeout_global(Some(Duration::from_secs(30)))
            .build()
            .new_agent();
        Self { process, address, agent }
    }

    pub(crate) fn try_call(
        &self,
        method: &str,
        path: &str,
        headers: Headers<'_>,
        body: Option<&[u8]>,
    ) -> Result<Reply, ureq::Error> {
        let uri = format!("http://{}{path}", self.address);
        let mut request = Request::builder().method(method).uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut response = match body {
            Some(body) => self.agent.run(request.body(body).unwrap())?,
            None => self.agent.run(request.body(()).unwrap())?,
        };
        Ok(Reply {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            body: response.body_mut().read_to_string()?,
        })
    }

    pub(crate) fn call(
        &self,
        method: &str,
        path: &str,
        headers: Headers<'_>,
        body: Option<&[u8]>,
    ) -> Reply {
        self.try_call(method, path, headers, body).unwrap()
    }

    pub(crate) fn get(&self, path: &str) -> Reply {
        self.call("GET", path, &[], None)
    }

    pub(crate) fn get_as(&self, token: &str, path: &str) -> Reply {
        self.call("GET", path, &[("Authorization", &format!("Bearer {token}"))], None)
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Reply {
        self.post_with(path, &[], body)
    }

    pub(crate) fn post_with(&self, path: &str, headers: Headers<'_>, body: &Value) -> Reply {
        let headers = [&[("Content-Type", "application/json")], headers].concat();
        self.call("POST", path, &headers, Some(body.to_string().as_bytes()))
    }

    pub(crate) fn form(&self, path: &str, form: &str) -> Reply {
        let headers = [("Content-Type", "application/x-www-form-urlencoded")];
        self.call("POST", path, &headers, Some(form.as_bytes()))
    }

    pub(crate) fn login(&self, username: &str) -> Tokens {
        let reply = self.post("/auth/login", &credentials(username));
        assert_eq!(reply.status, 200, "{}", reply.body);
        reply.tokens()
    }

    pub(crate) fn refresh(&self, refresh_token: &str) -> Reply {
        self.post("/auth/refresh", &json!({ "refresh_token": refresh_token }))
    }

    /// One counter of the lab.
    pub(crate) fn stat(&self, name: &str) -> u64 {
        self.get("/lab/stats").json()[name].as_u64().unwrap()
    }

    pub(crate) fn lab(&self, what: &str, body: &Value) {
        let reply = self.post(&format!("/lab/{what}"), body);
        assert!((200..300).contains(&reply.status), "{}", reply.body);
    }

    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    pub(crate) fn wait_for_end(&mut self) -> std::process::ExitStatus {
        let mut status = None;
        eventually("the server to stop", || {
            status = self.process.try_wait().unwrap();
            status.is_some()
        });
        status.unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn tokens(&self) -> Tokens {
        let json = self.json();
        let text = |name: &str| json[name].as_str().unwrap_or_default().to_owned();
        Tokens { access: text("access_token"), refresh: text("refresh_token") }
    }

    #[track_caller]
    pub(crate) fn is(&self, status: u16, error: &str) {
        assert_eq!((self.status, self.json()["error"].as_str()), (status, Some(error)));
    }
}

pub(crate) fn credentials(username: &str) -> Value {
    let password = if username == "alice" { "wonderland" } else { "builder" };
    json!({ "username": username, "password": password })
}

pub(crate) fn claims(token: &str) -> Value {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    let payload = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}

/// Waits for what takes its time, and not longer.
pub(crate) fn eventually(what: &str, mut done: impl FnMut() -> bool) {
    let start = Instant::now();
    while !done() {
        assert!(start.elapsed() < Duration::from_secs(20), "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}
