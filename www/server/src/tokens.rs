//! Access tokens: signed here for the authorization server, verified here for the resource server.

use std::{
    error::Error as StdError,
    sync::atomic::{AtomicU64, Ordering},
};

use jsonwebtoken::{
    Algorithm, DecodingKey, EncodingKey, Header, Validation, errors,
    jwk::{Jwk, JwkSet, ThumbprintHash},
};
use p256::pkcs8::EncodePrivateKey;
use rsa::{RsaPrivateKey, pkcs1::EncodeRsaPrivateKey, rand_core::OsRng};
use rusqlite::{OptionalExtension, params};
use serde::{Deserialize, Serialize};

use crate::{clock, options::Alg, store::Store, users::User};

const ISSUER: &str = "demo-auth";
const AUDIENCE: &str = "demo-api";
const RSA_BITS: usize = 2048;

#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Claims {
    iss: String,
    pub(crate) sub: String,
    aud: String,
    iat: u64,
    exp: u64,
    jti: String,
    pub(crate) name: String,
    pub(crate) roles: Vec<String>,
    pub(crate) scope: String,
    /// The family of the login that this token goes back to.
    pub(crate) sid: String,
}

impl Claims {
    /// The token's serial number: whole seconds cannot tell a token from its successor.
    pub(crate) fn serial(&self) -> u64 {
        self.jti.parse().unwrap_or_default()
    }
}

pub(crate) struct Keys {
    header: Header,
    signing: EncodingKey,
    verifying: DecodingKey,
    public: JwkSet,
    last_serial: AtomicU64,
}

impl Keys {
    /// The key of this algorithm from the database, made on the first start.
    pub(crate) fn load(store: &Store, alg: Alg) -> Result<Self, Box<dyn StdError>> {
        let algorithm = Algorithm::from(alg);
        let name = format!("{algorithm:?}");
        let stored: Option<Vec<u8>> = store.transact(|db| {
            let query = "SELECT key FROM signing_keys WHERE alg = ?1";
            db.query_row(query, [&name], |row| row.get(0)).optional()
        })?;
        let key = match stored {
            Some(key) => key,
            None => generate(alg)?,
        };
        store.transact(|db| {
            let insert =
                "INSERT INTO signing_keys (alg, key) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
            db.execute(insert, params![name, key])
        })?;

        let mut header = Header::new(algorithm);
        let (signing, verifying, public) = match alg {
            Alg::Hs256 => {
                (EncodingKey::from_secret(&key), DecodingKey::from_secret(&key), Vec::new())
            }
            Alg::Es256 | Alg::Rs256 => {
                let signing = match alg {
                    Alg::Rs256 => EncodingKey::from_rsa_der(&key),
                    _ => EncodingKey::from_ec_der(&key),
                };
                let mut jwk = Jwk::from_encoding_key(&signing, algorithm)?;
                jwk.common.key_id = Some(jwk.thumbprint(ThumbprintHash::SHA256)?);
                header.kid.clone_from(&jwk.common.key_id);
                (signing, DecodingKey::from_jwk(&jwk)?, vec![jwk])
            }
        };
        let public = JwkSet { keys: public };
        let last_serial = AtomicU64::new(clock::micros());
        Ok(Self { header, signing, verifying, public, last_serial })
    }

    /// The keys that verify; a shared secret is none of them.
    pub(crate) fn public(&self) -> &JwkSet {
        &self.public
    }

    pub(crate) fn sign(
        &self,
        user: &User,
        scope: &str,
        family: &str,
        ttl: u32,
    ) -> errors::Result<String> {
        let iat = clock::seconds();
        let claims = Claims {
            iss: ISSUER.to_owned(),
            sub: user.username.clone(),
            aud: AUDIENCE.to_owned(),
            iat,
            exp: iat + u64::from(ttl),
            jti: self.next_serial().to_string(),
            name: user.name.clone(),
            roles: user.roles.split(' ').map(str::to_owned).collect(),
            scope: scope.to_owned(),
            sid: family.to_owned(),
        };
        jsonwebtoken::encode(&self.header, &claims, &self.signing)
    }

    /// What a resource server asks of a token: signature, issuer, audience, and life.
    pub(crate) fn verify(&self, token: &str) -> errors::Result<Claims> {
        self.check(token, &self.validation())
    }

    /// For a logout, which may well come with a token that has just expired.
    pub(crate) fn verify_even_expired(&self, token: &str) -> errors::Result<Claims> {
        let mut validation = self.validation();
        validation.validate_exp = false;
        self.check(token, &validation)
    }

    /// The serial number of the newest token; later tokens have higher ones.
    pub(crate) fn last_serial(&self) -> u64 {
        self.last_serial.load(Ordering::SeqCst)
    }

    /// Counts on from the clock, so that a restart does not begin again below what it gave out.
    fn next_serial(&self) -> u64 {
        let now = clock::micros();
        let after = |last: u64| now.max(last + 1);
        let update = |last| Some(after(last));
        let last = self.last_serial.fetch_update(Ordering::SeqCst, Ordering::SeqCst, update);
        last.map_or_else(after, after)
    }

    fn check(&self, token: &str, validation: &Validation) -> errors::Result<Claims> {
        Ok(jsonwebtoken::decode(token, &self.verifying, validation)?.claims)
    }

    fn validation(&self) -> Validation {
        let mut validation = Validation::new(self.header.alg);
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[AUDIENCE]);
        validation.leeway = 0;
        // RFC 7519 refuses a token on its `exp`, not only after it as the library does.
        validation.reject_tokens_expiring_in_less_than = 1;
        validation
    }
}

fn generate(alg: Alg) -> Result<Vec<u8>, Box<dyn StdError>> {
    Ok(match alg {
        Alg::Hs256 => {
            let mut secret = vec![0; 32];
            getrandom::fill(&mut secret)?;
            secret
        }
        Alg::Es256 => p256::SecretKey::random(&mut OsRng).to_pkcs8_der()?.as_bytes().to_vec(),
        Alg::Rs256 => RsaPrivateKey::new(&mut OsRng, RSA_BITS)?.to_pkcs1_der()?.as_bytes().to_vec(),
    })
}
