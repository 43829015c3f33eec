//! What an authorization server answered: parsed by the platform, judged by the core.

use std::sync::Arc;

use js_sys::{Date, JSON};
use wasm_bindgen::prelude::*;

use super::js;
use super::options::{Fields, ServerOptions, Speech};
use crate::core::error::{Code, Error};
use crate::core::expiry::{self, Claims};
use crate::core::fields::{CONTAINERS, Field};
use crate::core::io::Outcome;
use crate::core::jwt;
use crate::core::session::{Grant, Refresh};
use crate::core::time::{Millis, Now};
use crate::core::token::{AccessToken, RefreshToken};
use crate::core::verdict::{self, Call, Protocol, Verdict};

/// An answer as it came.
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) content_type: Option<String>,
    pub(super) retry_after: Option<String>,
    pub(super) date: Option<String>,
    pub(super) text: String,
}

/// What it means.
pub(super) fn outcome(options: &ServerOptions, call: Call, reply: &Reply, now: Now) -> Outcome {
    let body = JSON::parse(&reply.text).ok();
    let error = body.as_ref().and_then(|body| js::get(body, "error").as_string());
    let html = reply.content_type.as_ref().is_some_and(|kind| kind.contains("text/html"));
    let seen = verdict::Reply { status: reply.status, error: error.as_deref(), html };
    let fail = |code| Error {
        code,
        status: Some(reply.status),
        words: (!reply.text.is_empty() && code != Code::BadResponse)
            .then(|| Arc::from(reply.text.as_str())),
    };
    match seen.verdict(options.protocol(), call) {
        Verdict::Success => match grant(options, call, body.as_ref(), reply, now) {
            Some(grant) => Outcome::Granted(grant),
            None => Outcome::Failed { error: fail(Code::BadResponse), retry_after: None },
        },
        Verdict::Refused => Outcome::Refused(fail(match call {
            Call::Login => Code::LoginRejected,
            Call::Refresh => Code::SessionEnded,
        })),
        Verdict::Failed => Outcome::Failed {
            error: fail(Code::Server),
            retry_after: reply.retry_after.as_deref().and_then(|text| retry_after(text, now)),
        },
    }
}

/// RFC 9110 section 10.2.3: seconds, or a date.
fn retry_after(text: &str, now: Now) -> Option<Millis> {
    match text.trim().parse() {
        Ok(seconds) => Some(Millis::seconds(seconds)),
        Err(_) => date(text).map(|at| at.since(now.wall)),
    }
}

fn date(text: &str) -> Option<Millis> {
    let at = Date::parse(text);
    at.is_finite().then(|| js::millis(at))
}

fn grant(
    options: &ServerOptions,
    call: Call,
    body: Option<&JsValue>,
    reply: &Reply,
    now: Now,
) -> Option<Grant> {
    let unmapped = Fields::default();
    let (protocol, fields) = match &options.speech {
        Speech::Json { fields, .. } => (Protocol::Json, fields),
        Speech::OAuth { .. } => (Protocol::OAuth, &unmapped),
    };
    let read = Reading { body, fields };
    let (access, claims) = match protocol {
        // RFC 6749 section 7.1: a token of a type one does not know must not be used. And what is
        // inside is between the servers (RFC 9068 section 6).
        Protocol::OAuth => {
            let kind = js::get(body?, "token_type").as_string();
            if !kind.is_none_or(|kind| kind.eq_ignore_ascii_case("bearer")) {
                return None;
            }
            (js::get(body?, "access_token").as_string()?, Claims::default())
        }
        Protocol::Json => {
            let access = read.text(Field::AccessToken).map(|(_, token)| token);
            let access = access.or_else(|| bare_token(body, &reply.text))?;
            let claims = times(&access);
            (access, claims)
        }
    };
    let refresh = read.text(Field::RefreshToken);
    let server_clock = reply.date.as_deref().and_then(date);
    let refresh_lifetime = read.seconds(Field::RefreshExpiresIn).or_else(|| {
        let (_, token) = refresh.as_ref().filter(|_| protocol == Protocol::Json)?;
        expiry::lifetime(None, times(token), server_clock)
    });
    let asked_for = match &options.speech {
        Speech::OAuth { scope, .. } if call == Call::Login => scope.clone(),
        _ => None,
    };
    Some(Grant {
        lifetime: expiry::lifetime(read.seconds(Field::ExpiresIn), claims, server_clock),
        refresh: match refresh.filter(|_| !options.uses_cookie()) {
            Some((name, token)) => {
                Some(Refresh { token: RefreshToken::parse(&token)?, name: Arc::from(name) })
            }
            None => None,
        },
        refresh_lifetime,
        scope: read.scope().or(asked_for).map(Arc::from),
        skew: server_clock.or(claims.issued).map(|server| skew(server, now.wall)),
        access: AccessToken::parse(&access)?,
    })
}

/// An answer's body, and where things are in it.
struct Reading<'a> {
    body: Option<&'a JsValue>,
    fields: &'a Fields,
}

impl Reading<'_> {
    /// A text and the name it stands under.
    fn text(&self, field: Field) -> Option<(String, String)> {
        self.find(field, |value| value.as_string().filter(|text| !text.is_empty()))
    }

    /// Seconds as a number, or as the text of one.
    fn seconds(&self, field: Field) -> Option<Millis> {
        let (_, seconds) = self.find(field, |value| {
            let seconds = match value.as_string() {
                Some(text) if text.trim().is_empty() => return None,
                Some(_) => js::to_number(value),
                None => value.as_f64()?,
            };
            (seconds.is_finite() && seconds >= 0.0).then_some(seconds)
        })?;
        Some(js::millis(seconds * 1000.0))
    }

    fn scope(&self) -> Option<String> {
        let body = self.body?;
        CONTAINERS.iter().find_map(|name| js::get(&inside(body, name), "scope").as_string())
    }

    /// Where the caller said it is, or the first of the usual places that holds one.
    fn find<T>(&self, field: Field, read: impl Fn(&JsValue) -> Option<T>) -> Option<(String, T)> {
        let body = self.body?;
        if let Some(pointer) = self.fields.pointer(field) {
            let mut at = body.clone();
            for segment in pointer.segments() {
                at = js::get(&at, segment);
            }
            return Some((pointer.name().into(), read(&at)?));
        }
        CONTAINERS.iter().find_map(|container| {
            let at = inside(body, container);
            field
                .usual_names()
                .iter()
                .find_map(|name| Some(((*name).into(), read(&js::get(&at, name))?)))
        })
    }
}

fn inside(body: &JsValue, container: &str) -> JsValue {
    if container.is_empty() { body.clone() } else { js::get(body, container) }
}

/// An answer that is nothing but the token: as a JSON string, or as it is.
fn bare_token(body: Option<&JsValue>, text: &str) -> Option<String> {
    match body {
        Some(body) => body.as_string(),
        None => Some(text.trim()).filter(|text| jwt::payload(text).is_ok()).map(Into::into),
    }
}

/// A token's own times; none where it is opaque.
fn times(token: &str) -> Claims {
    let claims = jwt::payload(token).ok().and_then(|payload| JSON::parse(&payload).ok());
    let time = |name| {
        let seconds = js::get(claims.as_ref()?, name).as_f64()?;
        (seconds.is_finite() && seconds >= 0.0).then(|| js::millis(seconds * 1000.0))
    };
    Claims { issued: time("iat"), expires: time("exp") }
}

/// The server's clock less the device's.
fn skew(server: Millis, device: Millis) -> i64 {
    let signed = |millis: Millis| i64::try_from(millis.0).unwrap_or(i64::MAX);
    signed(server).saturating_sub(signed(device))
}
