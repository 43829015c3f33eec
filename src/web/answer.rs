//! What an authorization server answered: read by the platform, judged by the core.

use std::sync::Arc;

use gloo_net::http::Response;
use js_sys::{Array, Date};
use wasm_bindgen::prelude::*;

use super::js;
use crate::core::error::{Code, Error};
use crate::core::expiry::{self, Claims};
use crate::core::io::Outcome;
use crate::core::session::{Grant, Refresh};
use crate::core::time::{Millis, Now};
use crate::core::token::{AccessToken, RefreshToken};
use crate::core::verdict::{Call, Protocol, Reply, Verdict};

/// What an answer means: the response, its body as text, the member `error` of that body, and the
/// tokens in it as pkg/server.js found them.
pub(super) fn outcome(
    protocol: Protocol,
    call: Call,
    response: &Response,
    text: &str,
    error: Option<&str>,
    tokens: &JsValue,
    now: Now,
) -> Outcome {
    let header = |name| response.headers().get(name);
    let html = header("content-type").is_some_and(|kind| kind.starts_with("text/html"));
    let clock = |name| header(name).and_then(|text| date(&text));
    let status = response.status();
    let verdict = (Reply { status, error, html }).verdict(protocol, call);
    let code = match (verdict, call) {
        (Verdict::Success, _) => match grant(tokens, clock("date"), now) {
            Some(grant) => return Outcome::Granted(grant),
            None => Code::BadResponse,
        },
        (Verdict::Refused, Call::Login) => Code::LoginRejected,
        (Verdict::Refused, Call::Refresh) => Code::SessionEnded,
        (Verdict::Failed, _) => Code::Server,
    };
    let words = (!text.is_empty() && code != Code::BadResponse).then(|| Arc::from(text));
    let error = Error { code, status: Some(status), words };
    if verdict == Verdict::Refused {
        return Outcome::Refused(error);
    }
    // RFC 9110 section 10.2.3: seconds, or a date, which is by the server's own clock.
    let retry_after =
        header("retry-after").filter(|_| code == Code::Server).and_then(
            |text| match js::to_number(&text) {
                seconds if seconds >= 0.0 => Some(js::millis(seconds * 1000.0)),
                _ => date(&text).map(|at| at.since(clock("date").unwrap_or(now.wall))),
            },
        );
    Outcome::Failed { error, retry_after }
}

fn date(text: &str) -> Option<Millis> {
    let at = Date::parse(text);
    (at >= 0.0).then(|| js::millis(at))
}

/// The tokens as `tokensIn` in pkg/server.js lists them: 0 the access token, 1 the refresh token and
/// 2 its name, 3 and 4 their lifetimes, 5 the scope, 6 and 7 `iat` and `exp` of the access token,
/// 8 and 9 those of the refresh token; all times in seconds.
fn grant(tokens: &JsValue, server_clock: Option<Millis>, now: Now) -> Option<Grant> {
    let tokens = Array::is_array(tokens).then(|| tokens.unchecked_ref::<Array>())?;
    let text = |index| tokens.get(index).as_string();
    let time = |index| tokens.get(index).as_f64().map(|seconds| js::millis(seconds * 1000.0));
    let claims = Claims { issued: time(6), expires: time(7) };
    let refresh_claims = Claims { issued: time(8), expires: time(9) };
    Some(Grant {
        access: AccessToken::parse(&text(0)?)?,
        refresh: match text(1) {
            Some(token) => Some(Refresh {
                token: RefreshToken::parse(&token)?,
                name: text(2).unwrap_or_default().into(),
            }),
            None => None,
        },
        lifetime: expiry::lifetime(time(3), claims, server_clock),
        refresh_lifetime: expiry::lifetime(time(4), refresh_claims, server_clock),
        scope: text(5).map(Into::into),
        skew: server_clock.or(claims.issued).map(|clock| clock.less(now.wall)),
    })
}
