//! What an authorization server answered: read by the platform, judged by the core.

use gloo_net::http::Response;

use crate::core::error::{Code, Error};
use crate::core::expiry::{self, Claims};
use crate::core::io::Outcome;
use crate::core::receipt::{Receipt, Tokens};
use crate::core::record::time;
use crate::core::session::{Grant, Holder};
use crate::core::time::Now;
use crate::core::verdict::{Call, Protocol, Reply, Verdict};

/// An answer, as pkg/server.js has read it: times in milliseconds, and what is not told `NaN`.
pub(super) struct Answer {
    pub(super) response: Response,
    pub(super) html: bool,
    pub(super) invalid_grant: bool,
    pub(super) receipt: Option<Receipt>,
    pub(super) tokens: Option<Tokens>,
    /// The tokens' lifetimes, and the times of either token's own claims.
    pub(super) expires_in: f64,
    pub(super) refresh_expires_in: f64,
    pub(super) issued: f64,
    pub(super) expires: f64,
    pub(super) refresh_issued: f64,
    pub(super) refresh_expires: f64,
    /// Whether the token is somebody else's than the one before.
    pub(super) another: bool,
    /// What the server's clock said.
    pub(super) date: f64,
    /// How long it asked to be left alone.
    pub(super) retry_after: f64,
}

impl Answer {
    pub(super) fn outcome(self, protocol: Protocol, call: Call, now: Now) -> Outcome {
        let Self { html, invalid_grant, .. } = self;
        let status = self.response.status();
        let verdict = Reply { status, invalid_grant, html }.verdict(protocol, call);
        let code = match (verdict, call) {
            (Verdict::Success, _) => match self.grant(now) {
                Some(grant) => return Outcome::Granted(grant),
                None => Code::BadResponse,
            },
            (Verdict::Refused, Call::Login) => Code::LoginRejected,
            (Verdict::Refused, Call::Refresh) => Code::SessionEnded,
            (Verdict::Failed, _) => Code::Server,
        };
        let words = self.receipt.filter(|_| code != Code::BadResponse);
        let error = Error { code, status: Some(status), words };
        if verdict == Verdict::Refused {
            return Outcome::Refused(error);
        }
        let retry_after = time(self.retry_after).filter(|_| code == Code::Server);
        Outcome::Failed { error, retry_after }
    }

    fn grant(&self, now: Now) -> Option<Grant> {
        let date = time(self.date);
        let claims = claims_of(self.issued, self.expires);
        let refresh_claims = claims_of(self.refresh_issued, self.refresh_expires);
        Some(Grant {
            tokens: self.tokens?,
            lifetime: expiry::lifetime(time(self.expires_in), claims, date),
            refresh_lifetime: expiry::lifetime(time(self.refresh_expires_in), refresh_claims, date),
            skew: date.or(claims.issued).map(|clock| clock.less(now.wall)),
            holder: if self.another { Holder::Another } else { Holder::Same },
        })
    }
}

fn claims_of(issued: f64, expires: f64) -> Claims {
    Claims { issued: time(issued), expires: time(expires) }
}
