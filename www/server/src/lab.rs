//! The lab: makes both servers misbehave on request, and counts what they did. In memory, and off unless asked for.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use axum::{
    Router,
    extract::State,
    http::{HeaderValue, StatusCode, header::RETRY_AFTER},
    response::{Html, IntoResponse, Response},
    routing::{get, post},
};
use serde::{Deserialize, Serialize};
use tokio::time::sleep;

use crate::{
    App,
    error::{Error, Result},
    grants,
    json::{Json, OptionalJson},
    serve::HangUp,
    tokens::Claims,
    users,
};

pub(crate) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/expire-access", post(expire_access))
        .route("/expire-refresh", post(expire_refresh))
        .route("/revoke", post(revoke))
        .route("/login-faults", post(login_faults))
        .route("/refresh-faults", post(refresh_faults))
        .route("/settings", post(settings))
        .route("/stats", get(stats))
        .route("/reset", post(reset))
}

pub(crate) struct Lab {
    flags: Settings,
    state: Mutex<LabState>,
}

struct LabState {
    settings: Settings,
    stats: Stats,
    login_faults: VecDeque<Fault>,
    refresh_faults: VecDeque<Fault>,
    /// Per user, the serial number up to which access tokens count as expired.
    expired: HashMap<String, u64>,
    revoked_families: HashSet<String>,
}

#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Settings {
    pub(crate) access_ttl: u32,
    pub(crate) refresh_ttl: u32,
    pub(crate) grace: u32,
    pub(crate) api_delay_ms: u32,
}

#[derive(Clone, Copy, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Stats {
    pub(crate) logins: u64,
    pub(crate) refreshes: u64,
    pub(crate) refreshes_refused: u64,
    pub(crate) reuse_detected: u64,
    pub(crate) grace_answers: u64,
    pub(crate) families_revoked: u64,
    pub(crate) logouts: u64,
    pub(crate) revocations: u64,
    pub(crate) api_accepted: u64,
    #[serde(rename = "apiRefused401")]
    pub(crate) api_refused_401: u64,
    #[serde(rename = "apiRefused403")]
    pub(crate) api_refused_403: u64,
}

#[derive(Clone, Copy)]
pub(crate) enum Queue {
    Login,
    Refresh,
}

#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Fault {
    #[serde(flatten)]
    kind: FaultKind,
    #[serde(default)]
    delay_ms: u32,
}

#[derive(Clone, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", rename_all_fields = "camelCase")]
enum FaultKind {
    /// Neither acts nor answers.
    DropBefore,
    /// Acts, and never answers.
    DropAfter,
    /// Answers without acting.
    Status {
        #[serde(default)]
        status: FaultStatus,
        retry_after: Option<RetryAfter>,
        #[serde(default)]
        html: bool,
    },
    /// Acts on arrival and answers late.
    Delay,
}

/// A final status: an informational one would leave the client waiting.
#[derive(Clone, Copy, Deserialize)]
#[serde(try_from = "u16")]
struct FaultStatus(StatusCode);

impl Default for FaultStatus {
    fn default() -> Self {
        Self(StatusCode::SERVICE_UNAVAILABLE)
    }
}

impl TryFrom<u16> for FaultStatus {
    type Error = &'static str;

    fn try_from(status: u16) -> Result<Self, Self::Error> {
        let status = StatusCode::from_u16(status).ok();
        let status = status.filter(|status| (200..600).contains(&status.as_u16()));
        status.map(Self).ok_or("a status is a number from 200 to 599")
    }
}

#[derive(Clone, Deserialize)]
#[serde(untagged)]
enum RetryAfter {
    Seconds(u32),
    Date(String),
}

impl Lab {
    pub(crate) fn new(flags: Settings) -> Self {
        let state = LabState {
            settings: flags,
            stats: Stats::default(),
            login_faults: VecDeque::new(),
            refresh_faults: VecDeque::new(),
            expired: HashMap::new(),
            revoked_families: HashSet::new(),
        };
        Self { flags, state: Mutex::new(state) }
    }

    pub(crate) fn settings(&self) -> Settings {
        self.state().settings
    }

    pub(crate) fn count(&self, count: impl FnOnce(&mut Stats)) {
        count(&mut self.state().stats);
    }

    pub(crate) fn has_expired(&self, claims: &Claims) -> bool {
        self.state().expired.get(&claims.sub).is_some_and(|last| claims.serial() <= *last)
    }

    pub(crate) fn has_revoked(&self, claims: &Claims) -> bool {
        self.state().revoked_families.contains(&claims.sid)
    }

    fn next_fault(&self, queue: Queue) -> Option<Fault> {
        let mut state = self.state();
        match queue {
            Queue::Login => state.login_faults.pop_front(),
            Queue::Refresh => state.refresh_faults.pop_front(),
        }
    }

    fn state(&self) -> MutexGuard<'_, LabState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Acts as always, unless a fault is waiting. Whatever is done is done on arrival; a delay is the answer's.
pub(crate) async fn with_fault(
    app: &App,
    queue: Queue,
    act: impl Future<Output = Response>,
) -> Response {
    let Some(Fault { kind, delay_ms }) = app.lab.next_fault(queue) else { return act.await };
    let answer = match kind {
        FaultKind::DropBefore => HangUp.into_response(),
        FaultKind::DropAfter => {
            act.await;
            HangUp.into_response()
        }
        FaultKind::Status { status, retry_after, html } => fault_page(status, retry_after, html),
        FaultKind::Delay => act.await,
    };
    sleep(Duration::from_millis(delay_ms.into())).await;
    answer
}

fn fault_page(status: FaultStatus, retry_after: Option<RetryAfter>, html: bool) -> Response {
    const PAGE: &str =
        "<!doctype html><title>Welcome</title><p>Please accept the terms of this network.";
    let mut response = if html {
        (status.0, Html(PAGE)).into_response()
    } else {
        Error::new(status.0, "lab_fault", "The lab was asked to answer so").into_response()
    };
    let retry_after = retry_after.and_then(|value| match value {
        RetryAfter::Seconds(seconds) => Some(seconds.into()),
        RetryAfter::Date(date) => HeaderValue::from_str(&date).ok(),
    });
    if let Some(value) = retry_after {
        response.headers_mut().insert(RETRY_AFTER, value);
    }
    response
}

/// Whose tokens are meant; everybody's when nobody is named.
#[derive(Default, Deserialize)]
struct Whose {
    username: Option<String>,
}

impl Whose {
    fn users(&self) -> Result<Vec<&'static str>> {
        let meant = |user: &&str| self.username.as_deref().is_none_or(|named| named == *user);
        let users: Vec<_> = users::usernames().filter(meant).collect();
        if users.is_empty() {
            Err(Error::invalid_request("There is no such user"))
        } else {
            Ok(users)
        }
    }
}

async fn expire_access(
    State(app): State<Arc<App>>,
    OptionalJson(whose): OptionalJson<Whose>,
) -> Result<StatusCode> {
    let last = app.keys.last_serial();
    let expired = whose.users()?.into_iter().map(|user| (user.to_owned(), last));
    app.lab.state().expired.extend(expired);
    Ok(StatusCode::NO_CONTENT)
}

async fn expire_refresh(
    State(app): State<Arc<App>>,
    OptionalJson(whose): OptionalJson<Whose>,
) -> Result<StatusCode> {
    whose.users()?;
    app.store.run(move |db| grants::expire_all(db, whose.username.as_deref())).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn revoke(
    State(app): State<Arc<App>>,
    OptionalJson(whose): OptionalJson<Whose>,
) -> Result<StatusCode> {
    whose.users()?;
    let ended = end_grants(&app, whose.username).await?;
    app.lab.count(|stats| stats.families_revoked += ended);
    Ok(StatusCode::NO_CONTENT)
}

/// Ends families and has the resource server refuse the access tokens that are still out.
async fn end_grants(app: &App, username: Option<String>) -> Result<u64> {
    let ended = app.store.run(move |db| grants::end_all(db, username.as_deref())).await?;
    let count = ended.len().try_into().unwrap_or(u64::MAX);
    app.lab.state().revoked_families.extend(ended);
    Ok(count)
}

#[derive(Deserialize)]
struct Faults {
    faults: Vec<Fault>,
}

async fn login_faults(State(app): State<Arc<App>>, Json(body): Json<Faults>) -> StatusCode {
    app.lab.state().login_faults.extend(body.faults);
    StatusCode::NO_CONTENT
}

async fn refresh_faults(State(app): State<Arc<App>>, Json(body): Json<Faults>) -> StatusCode {
    app.lab.state().refresh_faults.extend(body.faults);
    StatusCode::NO_CONTENT
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Changes {
    access_ttl: Option<u32>,
    refresh_ttl: Option<u32>,
    grace: Option<u32>,
    api_delay_ms: Option<u32>,
}

async fn settings(State(app): State<Arc<App>>, Json(changes): Json<Changes>) -> Json<Settings> {
    let settings = &mut app.lab.state().settings;
    *settings = Settings {
        access_ttl: changes.access_ttl.unwrap_or(settings.access_ttl),
        refresh_ttl: changes.refresh_ttl.unwrap_or(settings.refresh_ttl),
        grace: changes.grace.unwrap_or(settings.grace),
        api_delay_ms: changes.api_delay_ms.unwrap_or(settings.api_delay_ms),
    };
    Json(*settings)
}

async fn stats(State(app): State<Arc<App>>) -> Json<Stats> {
    Json(app.lab.state().stats)
}

async fn reset(State(app): State<Arc<App>>) -> Result<StatusCode> {
    end_grants(&app, None).await?;
    let mut state = app.lab.state();
    state.settings = app.lab.flags;
    state.stats = Stats::default();
    state.login_faults.clear();
    state.refresh_faults.clear();
    Ok(StatusCode::NO_CONTENT)
}
