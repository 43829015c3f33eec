//! The calls to the authorization server: login, refresh, logout, revocation. Each ends within the
//! request timeout, and none is aborted for a caller's sake.

use gloo_net::http::{Headers as GlooHeaders, Request, Response};
use js_sys::{JSON, Object};
use wasm_bindgen::prelude::*;
use web_sys::{AbortController, Headers, RequestCredentials};

use super::answer::{self, Reply};
use super::error::bad_options;
use super::js::{self, Form};
use super::options::{ServerOptions, Speech, Via};
use super::timer::within;
use crate::core::error::{Code, Error};
use crate::core::io::Outcome;
use crate::core::session::{Grant, Refresh};
use crate::core::time::Millis;
use crate::core::token::AccessToken;
use crate::core::verdict::Call;

/// The authorization server, as it was described.
pub(super) struct Server {
    pub(super) options: ServerOptions,
    pub(super) timeout: Millis,
}

/// What a call carries.
enum Body {
    Form(Form),
    Json(String),
    Nothing,
}

impl Server {
    /// Whether these credentials can be sent at all.
    pub(super) fn check_credentials(&self, credentials: &JsValue) -> Result<(), JsValue> {
        if !credentials.is_object() {
            return Err(bad_options("credentials", "must be an object"));
        }
        match &self.options.speech {
            Speech::OAuth { password_grant: false, .. } if grant_type(credentials).is_none() => {
                Err(bad_options(
                    "server.legacyPasswordGrant",
                    "login() with a password needs this to be true: RFC 9700 forbids the password \
                     grant for new systems. For another grant name its grant_type, as in \
                     { grant_type: \"authorization_code\", code, code_verifier, redirect_uri }",
                ))
            }
            Speech::Json { .. } if JSON::stringify(credentials).is_err() => {
                Err(bad_options("credentials", "must be an object that JSON can hold"))
            }
            _ => Ok(()),
        }
    }

    /// Asks for a session. In OAuth terms this is any grant: the password grant unless the
    /// credentials name another.
    pub(super) async fn login(&self, credentials: &JsValue) -> Outcome {
        let body = match &self.options.speech {
            Speech::Json { .. } => {
                let text = JSON::stringify(credentials).ok().and_then(|text| text.as_string());
                Body::Json(text.unwrap_or_default())
            }
            Speech::OAuth { scope, .. } => {
                let form = self.form(grant_type(credentials).as_deref().unwrap_or("password"));
                if let Some(scope) = scope {
                    form.set("scope", scope);
                }
                for entry in Object::entries(credentials.unchecked_ref()).iter() {
                    let entry: js_sys::Array = entry.unchecked_into();
                    if let (Some(name), Some(value)) =
                        (entry.get(0).as_string(), text(&entry.get(1)))
                    {
                        form.set(&name, &value);
                    }
                }
                Body::Form(form)
            }
        };
        self.ask(Call::Login, &self.options.login, body, None).await
    }

    /// Asks for the next access token.
    pub(super) async fn refresh(&self, refresh: Option<&Refresh>) -> Outcome {
        let url = self.options.refresh.as_deref().unwrap_or(&self.options.login);
        let token = refresh.map_or("", |refresh| refresh.token.reveal());
        let mut bearer = None;
        let body = match &self.options.speech {
            Speech::Json { via: Via::Body, .. } => {
                Body::Json(json_of(refresh.map_or("", |refresh| &refresh.name), token))
            }
            Speech::Json { via: Via::Bearer, .. } => {
                bearer = Some(token);
                Body::Nothing
            }
            Speech::Json { via: Via::Cookie, .. } => Body::Nothing,
            Speech::OAuth { .. } => {
                let form = self.form("refresh_token");
                form.set("refresh_token", token);
                Body::Form(form)
            }
        };
        self.ask(Call::Refresh, url, body, bearer).await
    }

    /// Tells the server that this session is over, best effort. `keepalive` lets the message
    /// outlive the page.
    pub(super) async fn logout(&self, access: Option<&AccessToken>, refresh: Option<&Refresh>) {
        let Some(url) = &self.options.logout else { return };
        let body = match (&self.options.speech, refresh) {
            (Speech::Json { via: Via::Body, .. }, Some(refresh)) => {
                Body::Json(json_of(&refresh.name, refresh.token.reveal()))
            }
            (Speech::Json { .. }, _) => Body::Nothing,
            // RFC 7009 section 2.1. The refresh token stands for all that was granted with it.
            (Speech::OAuth { client_id, .. }, refresh) => {
                let form = Form::new();
                let (token, hint) = match (refresh, access) {
                    (Some(refresh), _) => (refresh.token.reveal(), "refresh_token"),
                    (None, Some(access)) => (access.reveal(), "access_token"),
                    (None, None) => return,
                };
                form.set("token", token);
                form.set("token_type_hint", hint);
                if let Some(client_id) = client_id {
                    form.set("client_id", client_id);
                }
                Body::Form(form)
            }
        };
        let bearer = match self.options.speech {
            Speech::Json { .. } => access.map(AccessToken::reveal),
            Speech::OAuth { .. } => None,
        };
        let init = Object::new();
        js::set(&init, "keepalive", &true.into());
        // The session is over here whatever the server says.
        let _ = self.send(url, body, bearer, &init).await;
    }

    /// Gives back tokens that came too late.
    pub(super) async fn revoke(&self, grant: &Grant) {
        self.logout(Some(&grant.access), grant.refresh.as_ref()).await;
    }

    fn form(&self, grant_type: &str) -> Form {
        let form = Form::new();
        form.set("grant_type", grant_type);
        if let Speech::OAuth { client_id: Some(client_id), .. } = &self.options.speech {
            form.set("client_id", client_id);
        }
        form
    }

    async fn ask(&self, call: Call, url: &str, body: Body, bearer: Option<&str>) -> Outcome {
        let reply = match self.send(url, body, bearer, &JsValue::UNDEFINED).await {
            Ok(reply) => reply,
            Err(code) => return Outcome::Failed { error: Error::new(code), retry_after: None },
        };
        answer::outcome(&self.options, call, &reply, js::now())
    }

    async fn send(
        &self,
        url: &str,
        body: Body,
        bearer: Option<&str>,
        init: &JsValue,
    ) -> Result<Reply, Code> {
        let controller = AbortController::new().map_err(|_| Code::Network)?;
        let work = async {
            let request = self.request(url, body, bearer, &controller)?;
            let promise = js::fetch(&request, init)?;
            read(js::settled(&promise).await?).await
        };
        if let Ok(reply) = within(self.timeout, work).await {
            return reply.map_err(|_: JsValue| Code::Network);
        }
        controller.abort();
        Err(Code::Timeout)
    }

    fn request(
        &self,
        url: &str,
        body: Body,
        bearer: Option<&str>,
        controller: &AbortController,
    ) -> Result<JsValue, JsValue> {
        let headers = Headers::new_with_headers(&self.options.headers)?;
        headers.set("accept", "application/json")?;
        if let Some(token) = bearer {
            headers.set("authorization", &["Bearer ", token].concat())?;
        }
        if matches!(body, Body::Json(_)) {
            headers.set("content-type", "application/json")?;
        }
        let credentials = if self.options.uses_cookie() {
            RequestCredentials::Include
        } else {
            RequestCredentials::SameOrigin
        };
        let request = Request::post(url)
            .headers(GlooHeaders::from_raw(headers))
            .credentials(credentials)
            .abort_signal(Some(&controller.signal()));
        let request = match body {
            Body::Form(form) => request.body(form),
            Body::Json(text) => request.body(text),
            Body::Nothing => request.build(),
        };
        let request = request.map_err(|_| JsValue::UNDEFINED)?;
        Ok(web_sys::Request::from(request).into())
    }
}

async fn read(response: JsValue) -> Result<Reply, JsValue> {
    let header = |name| js::header(&response, name);
    let (content_type, retry_after, date) =
        (header("content-type"), header("retry-after"), header("date"));
    let response = Response::from(response.unchecked_into::<web_sys::Response>());
    let status = response.status();
    let text = response.text().await.map_err(|_| JsValue::UNDEFINED)?;
    Ok(Reply { status, content_type, retry_after, date, text })
}

fn grant_type(credentials: &JsValue) -> Option<String> {
    js::get(credentials, "grant_type").as_string().filter(|name| name != "password")
}

/// A form's value: what is text, number or flag; nested things have no place in a form.
fn text(value: &JsValue) -> Option<String> {
    (value.as_string().is_some() || value.as_f64().is_some() || value.as_bool().is_some())
        .then(|| js::to_text(value).ok())
        .flatten()
}

fn json_of(name: &str, token: &str) -> String {
    let body = Object::new();
    js::set(&body, name, &token.into());
    JSON::stringify(&body).ok().and_then(|text| text.as_string()).unwrap_or_default()
}
