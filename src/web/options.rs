//! The caller's options: parsed once, each refusal naming the option by its path.

use js_sys::{Array, Function};
use wasm_bindgen::prelude::*;
use web_sys::{Headers, Url};

use super::error::bad_options;
use super::js;
use crate::core::fields::{Field, Pointer};
use crate::core::io::{Means, Policy, Sharing};
use crate::core::resources::{Resource, Resources, is_trustworthy};
use crate::core::time::Millis;
use crate::core::verdict::Protocol;

/// Everything that was chosen, in the shape it is used in.
pub(super) struct Options {
    pub(super) server: ServerOptions,
    pub(super) resources: Resources,
    pub(super) storage: StorageOption,
    pub(super) name: String,
    pub(super) policy: Policy,
    pub(super) request_timeout: Millis,
}

pub(super) struct ServerOptions {
    pub(super) speech: Speech,
    pub(super) refresh: Option<String>,
    pub(super) login: String,
    /// The logout of a JSON server, the revocation of an OAuth server.
    pub(super) logout: Option<String>,
    pub(super) headers: Headers,
}

/// What the server's messages look like.
pub(super) enum Speech {
    Json { via: Via, fields: Fields },
    OAuth { client_id: Option<String>, scope: Option<String>, password_grant: bool },
}

/// How the refresh token travels.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Via {
    Bearer,
    Body,
    Cookie,
}

/// Where the answers keep things, as far as the caller said so.
#[derive(Default)]
pub(super) struct Fields {
    access_token: Option<Pointer>,
    expires_in: Option<Pointer>,
    refresh_expires_in: Option<Pointer>,
    refresh_token: Option<Pointer>,
}

impl Fields {
    pub(super) const fn pointer(&self, field: Field) -> Option<&Pointer> {
        match field {
            Field::AccessToken => self.access_token.as_ref(),
            Field::ExpiresIn => self.expires_in.as_ref(),
            Field::RefreshExpiresIn => self.refresh_expires_in.as_ref(),
            Field::RefreshToken => self.refresh_token.as_ref(),
        }
    }
}

pub(super) enum StorageOption {
    Custom(CustomStore),
    Local,
    Memory,
    Session,
}

/// A store of the caller's own.
#[derive(Clone)]
pub(super) struct CustomStore {
    pub(super) object: JsValue,
    pub(super) get: Function,
    pub(super) set: Function,
    pub(super) remove: Function,
}

impl ServerOptions {
    pub(super) const fn protocol(&self) -> Protocol {
        match self.speech {
            Speech::Json { .. } => Protocol::Json,
            Speech::OAuth { .. } => Protocol::OAuth,
        }
    }

    pub(super) const fn uses_cookie(&self) -> bool {
        matches!(self.speech, Speech::Json { via: Via::Cookie, .. })
    }

    const fn means(&self) -> Means {
        match (&self.refresh, self.uses_cookie()) {
            (None, _) => Means::None,
            (Some(_), true) => Means::Cookie,
            (Some(_), false) => Means::Token,
        }
    }
}

impl Options {
    pub(super) fn parse(options: &JsValue) -> Result<Self, JsValue> {
        let options = At::root(options);
        options.object("options")?;
        let server = server(&options.at("server"))?;
        let storage = storage(&options.at("storage"))?;
        let margin = options.at("refreshMargin").seconds()?;
        let policy = Policy {
            margin: margin.unwrap_or(MARGIN),
            auto_refresh: options.at("autoRefresh").flag()?.unwrap_or(true),
            means: server.means(),
            store: match storage {
                StorageOption::Local | StorageOption::Custom(_) => Sharing::Shared,
                StorageOption::Session | StorageOption::Memory => Sharing::Private,
            },
        };
        let timeout = options.at("requestTimeout");
        Ok(Self {
            resources: resources(&options.at("resources"))?,
            name: match options.at("name").text()? {
                Some(name) if name.is_empty() => {
                    return Err(options.at("name").refuse("must not be empty"));
                }
                name => name.unwrap_or_else(|| "tokenkeeper".into()),
            },
            request_timeout: match timeout.seconds()? {
                Some(Millis::ZERO) => return Err(timeout.refuse("must be more than 0 seconds")),
                span => span.unwrap_or(REQUEST_TIMEOUT),
            },
            policy,
            storage,
            server,
        })
    }
}

fn server(at: &At) -> Result<ServerOptions, JsValue> {
    let at = at.object("server")?;
    let headers = Headers::new_with_headers(&at.at("headers").headers()?)?;
    match at.at("kind").text()?.as_deref() {
        Some("json") => {
            let via = match at.at("refreshVia").text()?.as_deref() {
                None | Some("body") => Via::Body,
                Some("bearer") => Via::Bearer,
                Some("cookie") => Via::Cookie,
                Some(_) => {
                    return Err(at
                        .at("refreshVia")
                        .refuse("must be \"body\", \"bearer\" or \"cookie\""));
                }
            };
            let refresh = at.at("refresh").url()?;
            if refresh.is_none() && via == Via::Cookie {
                return Err(at.at("refresh").refuse("is needed with refreshVia: \"cookie\""));
            }
            Ok(ServerOptions {
                login: at.at("login").needed_url()?,
                refresh,
                logout: at.at("logout").url()?,
                speech: Speech::Json { via, fields: fields(&at.at("fields"))? },
                headers,
            })
        }
        Some("oauth") => {
            let token = at.at("token").needed_url()?;
            Ok(ServerOptions {
                refresh: Some(token.clone()),
                login: token,
                logout: at.at("revocation").url()?,
                speech: Speech::OAuth {
                    client_id: at.at("clientId").text()?,
                    scope: at.at("scope").text()?,
                    password_grant: at.at("legacyPasswordGrant").flag()?.unwrap_or(false),
                },
                headers,
            })
        }
        _ => Err(at.at("kind").refuse("must be \"json\" or \"oauth\"")),
    }
}

fn fields(at: &At) -> Result<Fields, JsValue> {
    if at.value().is_none() {
        return Ok(Fields::default());
    }
    let at = at.object("fields")?;
    Ok(Fields {
        access_token: at.at("accessToken").pointer()?,
        expires_in: at.at("expiresIn").pointer()?,
        refresh_expires_in: at.at("refreshExpiresIn").pointer()?,
        refresh_token: at.at("refreshToken").pointer()?,
    })
}

fn storage(at: &At) -> Result<StorageOption, JsValue> {
    let Some(value) = at.value() else { return Ok(StorageOption::Local) };
    match value.as_string().as_deref() {
        Some("local") => return Ok(StorageOption::Local),
        Some("session") => return Ok(StorageOption::Session),
        Some("memory") => return Ok(StorageOption::Memory),
        _ => {}
    }
    let methods = (js::method(value, "get"), js::method(value, "set"), js::method(value, "remove"));
    if let (true, (Some(get), Some(set), Some(remove))) = (value.is_object(), methods) {
        return Ok(StorageOption::Custom(CustomStore { object: value.clone(), get, set, remove }));
    }
    Err(at.refuse(
        "must be \"local\", \"session\", \"memory\", or an object with get, set and remove",
    ))
}

fn resources(at: &At) -> Result<Resources, JsValue> {
    let Some(value) = at.value() else {
        // The page's own origin, as far as there is a page.
        let origin = js::get(&js::get(&js_sys::global(), "location"), "origin").as_string();
        return match origin.filter(|origin| is_trustworthy(origin)) {
            Some(origin) => parse_resource(at, &origin, "/").map(|own| Resources::new(vec![own])),
            None => Ok(Resources::new(Vec::new())),
        };
    };
    if !Array::is_array(value) {
        return Err(at.refuse("must be an array of origins or origins with a path"));
    }
    let list: &Array = value.unchecked_ref();
    (0..list.length())
        .map(|index| {
            let at = at.entry(index, list.get(index));
            let url = at.parse_url()?.ok_or_else(|| at.refuse("must be a URL"))?;
            if [url.search(), url.hash(), url.username(), url.password()].concat().is_empty() {
                parse_resource(&at, &url.origin(), &url.pathname())
            } else {
                Err(at.refuse("must be an origin or an origin with a path, nothing more"))
            }
        })
        .collect::<Result<_, _>>()
        .map(Resources::new)
}

fn parse_resource(at: &At, origin: &str, path: &str) -> Result<Resource, JsValue> {
    Resource::new(origin, path).map_err(|rule| at.refuse(rule))
}

/// A place among the options.
struct At {
    path: String,
    value: Option<JsValue>,
}

impl At {
    fn root(value: &JsValue) -> Self {
        Self { path: String::new(), value: js::some(value.clone()) }
    }

    /// The place as one that has members.
    fn object(&self, name: &str) -> Result<&Self, JsValue> {
        if self.value.as_ref().is_some_and(JsValue::is_object) {
            return Ok(self);
        }
        let path = if self.path.is_empty() { name } else { &self.path };
        Err(bad_options(path, "must be an object"))
    }

    fn at(&self, name: &str) -> Self {
        let dot = if self.path.is_empty() { "" } else { "." };
        let value = self.value.as_ref().and_then(|value| js::some(js::get(value, name)));
        Self { path: [&self.path, dot, name].concat(), value }
    }

    fn entry(&self, index: u32, value: JsValue) -> Self {
        Self { path: [&self.path, "[", &index.to_string(), "]"].concat(), value: js::some(value) }
    }

    const fn value(&self) -> Option<&JsValue> {
        self.value.as_ref()
    }

    fn refuse(&self, rule: &str) -> JsValue {
        bad_options(&self.path, rule)
    }

    fn text(&self) -> Result<Option<String>, JsValue> {
        self.read("must be a string", JsValue::as_string)
    }

    fn flag(&self) -> Result<Option<bool>, JsValue> {
        self.read("must be true or false", JsValue::as_bool)
    }

    fn seconds(&self) -> Result<Option<Millis>, JsValue> {
        self.read("must be a number of seconds, 0 or more", |value| {
            let seconds = value.as_f64().filter(|seconds| seconds.is_finite() && *seconds >= 0.0);
            seconds.map(|seconds| js::millis(seconds * 1000.0))
        })
    }

    fn read<T>(
        &self,
        rule: &str,
        as_type: impl Fn(&JsValue) -> Option<T>,
    ) -> Result<Option<T>, JsValue> {
        let Some(value) = &self.value else { return Ok(None) };
        as_type(value).map(Some).ok_or_else(|| self.refuse(rule))
    }

    fn pointer(&self) -> Result<Option<Pointer>, JsValue> {
        let Some(text) = self.text()? else { return Ok(None) };
        Pointer::parse(&text).map(Some).map_err(|rule| self.refuse(rule))
    }

    /// Headers that the platform takes: names and values are checked here, once.
    fn headers(&self) -> Result<Headers, JsValue> {
        let Some(value) = &self.value else { return Headers::new() };
        match js::construct("Headers", &Array::of1(value)) {
            Ok(headers) if value.is_object() => Ok(headers.unchecked_into()),
            _ => Err(self.refuse("must be an object of valid header names and values")),
        }
    }

    fn needed_url(&self) -> Result<String, JsValue> {
        self.url()?.ok_or_else(|| self.refuse("is needed: the URL of the endpoint"))
    }

    /// An address that credentials and tokens may be sent to.
    fn url(&self) -> Result<Option<String>, JsValue> {
        let Some(url) = self.parse_url()? else { return Ok(None) };
        if !is_trustworthy(&url.origin()) {
            return Err(self.refuse("must be https, or http on this machine (localhost)"));
        }
        Ok(Some(url.href()))
    }

    fn parse_url(&self) -> Result<Option<Url>, JsValue> {
        let Some(text) = self.text()? else { return Ok(None) };
        let parsed = match base_url() {
            Some(base) => Url::new_with_base(&text, &base),
            None => Url::new(&text),
        };
        parsed.map(Some).map_err(|_| {
            self.refuse("is no valid URL; without a page around it, it must be an absolute one")
        })
    }
}

/// What a relative address is relative to: what `fetch` takes it to be.
pub(super) fn base_url() -> Option<String> {
    let document = js::get(&js_sys::global(), "document");
    let base = js::get(&document, "baseURI").as_string();
    base.or_else(|| js::get(&js::get(&js_sys::global(), "location"), "href").as_string())
}

const MARGIN: Millis = Millis::seconds(60);
const REQUEST_TIMEOUT: Millis = Millis::seconds(15);
