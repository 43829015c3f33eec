//! The command line.

use std::path::PathBuf;

use axum::http::Uri;
use clap::{Parser, ValueEnum};
use jsonwebtoken::Algorithm;

use crate::lab::Settings;

/// The demo's authorization server and resource server. For trying and testing, not for production.
#[derive(Parser)]
#[command(version)]
pub(crate) struct Options {
    /// Address to listen on.
    #[arg(long, default_value = "127.0.0.1")]
    pub(crate) host: String,

    /// Port to listen on; 0 takes any free one.
    #[arg(long, default_value_t = 8080)]
    pub(crate) port: u16,

    /// `SQLite` file of users, sessions, keys and orders; ":memory:" forgets them at the end.
    #[arg(long, default_value = ".demo/demo.sqlite")]
    pub(crate) db: PathBuf,

    /// Seconds an access token lives.
    #[arg(long, default_value_t = 20, value_name = "SECONDS")]
    access_ttl: u32,

    /// Seconds a refresh token lives; each rotation starts anew.
    #[arg(long, default_value_t = 300, value_name = "SECONDS")]
    refresh_ttl: u32,

    /// Seconds in which a refresh token that was just rotated is answered with a further successor.
    #[arg(long, default_value_t = 0, value_name = "SECONDS")]
    grace: u32,

    /// How access tokens are signed.
    #[arg(long, value_enum, default_value = "hs256")]
    pub(crate) alg: Alg,

    /// Another origin whose pages may call, with credentials; may be repeated.
    #[arg(long, value_name = "URL", value_parser = origin)]
    pub(crate) allow_origin: Vec<String>,

    /// Directory served at /.
    #[arg(long, default_value = "www/site", value_name = "DIR")]
    pub(crate) site: PathBuf,

    /// Directory served at /pkg/.
    #[arg(long, default_value = "pkg", value_name = "DIR")]
    pub(crate) pkg: PathBuf,

    /// Turns on /lab, with which anybody can expire and revoke tokens and make the server fail.
    #[arg(long)]
    pub(crate) lab: bool,

    /// Password of alice, who is admin.
    #[arg(long, default_value = "wonderland", value_name = "PASSWORD")]
    pub(crate) password_alice: String,

    /// Password of bob, who may only read.
    #[arg(long, default_value = "builder", value_name = "PASSWORD")]
    pub(crate) password_bob: String,
}

impl Options {
    pub(crate) fn settings(&self) -> Settings {
        Settings {
            access_ttl: self.access_ttl,
            refresh_ttl: self.refresh_ttl,
            grace: self.grace,
            api_delay_ms: 0,
        }
    }
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Alg {
    Hs256,
    Es256,
    Rs256,
}

impl From<Alg> for Algorithm {
    fn from(alg: Alg) -> Self {
        match alg {
            Alg::Hs256 => Self::HS256,
            Alg::Es256 => Self::ES256,
            Alg::Rs256 => Self::RS256,
        }
    }
}

/// The origin as a browser writes it in its Origin header: lower case, no path, no default port.
fn origin(text: &str) -> Result<String, String> {
    let uri: Uri = text.parse().map_err(|error| format!("{error}"))?;
    let (Some(scheme), Some(host)) = (uri.scheme_str(), uri.host()) else {
        return Err("an origin is scheme://host or scheme://host:port".into());
    };
    let default_port = match scheme {
        "http" => 80,
        "https" => 443,
        _ => return Err("the scheme of an origin is http or https".into()),
    };
    if uri.path() != "/" || uri.query().is_some() {
        return Err("an origin has no path".into());
    }
    let host = host.to_ascii_lowercase();
    Ok(match uri.port_u16().filter(|port| *port != default_port) {
        Some(port) => format!("{scheme}://{host}:{port}"),
        None => format!("{scheme}://{host}"),
    })
}
