//! Takes a compact JWS apart (RFC 7515 section 7.1, RFC 7519 section 7.2) and verifies nothing.
//!
//! Strict about the encoding: exactly three parts, base64url without padding or foreign characters
//! (RFC 7515 section 2), no dangling length, zero spare bits, UTF-8. Header and payload must look
//! like JSON objects; whether they are is for the platform's `JSON.parse` to say, in the shell.

use std::error::Error;
use std::fmt;

use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use base64::{DecodeError, Engine};

/// Takes a token apart.
///
/// The header and the payload are returned as JSON text that starts with `{` and ends with `}`;
/// it is not parsed. The signature may be empty, as it is in an unsecured JWS (RFC 7519 section
/// 6.1): it is not looked at here, so an empty one proves as little as any other.
///
/// ```
/// use tokenkeeper::core::jwt::{self, Flaw};
///
/// let parts = jwt::decode("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbm4ifQ.c2ln")?;
/// assert_eq!(parts.header, r#"{"alg":"HS256"}"#);
/// assert_eq!(parts.payload, r#"{"sub":"ann"}"#);
/// assert_eq!(parts.signature, b"sig");
///
/// assert_eq!(jwt::decode("opaque").err(), Some(Flaw::NotThreeParts));
/// # Ok::<(), Flaw>(())
/// ```
///
/// # Errors
///
/// The first rule that the token breaks, read from left to right.
pub fn decode(token: &str) -> Result<Parts, Flaw> {
    let mut parts = token.as_bytes().split(|&byte| byte == b'.');
    let (Some(header), Some(payload), Some(signature)) = (parts.next(), parts.next(), parts.next())
    else {
        return Err(Flaw::NotThreeParts);
    };
    match parts.count() {
        0 => Ok(Parts {
            header: object(header).map_err(Flaw::Header)?,
            payload: object(payload).map_err(Flaw::Payload)?,
            signature: bytes(signature).map_err(Flaw::Signature)?,
        }),
        2 => Err(Flaw::Encrypted),
        _ => Err(Flaw::NotThreeParts),
    }
}

/// A compact JWS, taken apart. Together the parts are the token: `Debug` does not print them.
#[derive(Clone, PartialEq, Eq)]
pub struct Parts {
    /// The header's JSON text.
    pub header: String,
    /// The payload's JSON text: the claims.
    pub payload: String,
    /// The signature's bytes, unverified.
    pub signature: Vec<u8>,
}

impl fmt::Debug for Parts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Parts(..)")
    }
}

/// Why a text is no compact JWS. It holds nothing of the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// Five parts: a JWE.
    Encrypted,
    /// The header breaks a rule.
    Header(Rule),
    /// Neither three parts nor five.
    NotThreeParts,
    /// The payload breaks a rule.
    Payload(Rule),
    /// The signature breaks a rule.
    Signature(Rule),
}

impl Flaw {
    /// One sentence: which part, which rule.
    #[must_use]
    pub fn message(self) -> String {
        let (part, rule) = match self {
            Self::Encrypted => return "The token has five parts: it is encrypted (JWE).".into(),
            Self::NotThreeParts => {
                return "The token does not have three parts, separated by dots.".into();
            }
            Self::Header(rule) => ("header", rule),
            Self::Payload(rule) => ("payload", rule),
            Self::Signature(rule) => ("signature", rule),
        };
        let mut message = String::from("The token's ");
        message.push_str(part);
        message.push(' ');
        message.push_str(rule.broken());
        message.push('.');
        message
    }
}

impl Error for Flaw {}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message())
    }
}

/// Which rule a part breaks: of base64url (RFC 7515 section 2, RFC 4648 section 5), or of what it
/// has to hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// A character other than `A-Z a-z 0-9 - _`.
    Alphabet,
    /// One character is left over, and stands for six bits: less than a byte.
    DanglingLength,
    /// An equals sign, at the end or elsewhere.
    Padding,
    /// The last character's unused bits are not zero, so that two texts would mean one value.
    SpareBits,
    /// There is nothing, where only a signature may be.
    Empty,
    /// Text that does not look like a JSON object.
    NotObject,
    /// Bytes that are not UTF-8.
    NotUtf8,
}

impl Rule {
    /// All of them, by their numbers. The last three pkg/decode.js finds by itself, and takes from
    /// the end.
    pub const ALL: [Self; 7] = [
        Self::Alphabet,
        Self::DanglingLength,
        Self::Padding,
        Self::SpareBits,
        Self::Empty,
        Self::NotObject,
        Self::NotUtf8,
    ];

    /// What can be said of the part that breaks it.
    #[must_use]
    pub const fn broken(self) -> &'static str {
        match self {
            Self::Alphabet => "holds a character that is not base64url",
            Self::DanglingLength => "has a length that base64url cannot have",
            Self::Empty => "is empty",
            Self::NotObject => "is not a JSON object",
            Self::NotUtf8 => "is not UTF-8",
            Self::Padding => "is padded, which a JWS must not be",
            Self::SpareBits => "ends in spare bits that are not zero",
        }
    }
}

/// The text of a header or a payload.
fn object(part: &[u8]) -> Result<String, Rule> {
    let json = match bytes(part)? {
        empty if empty.is_empty() => return Err(Rule::Empty),
        json => String::from_utf8(json).map_err(|_| Rule::NotUtf8)?,
    };
    match json.as_bytes().trim_ascii() {
        [b'{', .., b'}'] => Ok(json),
        _ => Err(Rule::NotObject),
    }
}

/// The bytes that a part stands for.
///
/// # Errors
///
/// The first rule of base64url that the part breaks.
pub fn bytes(part: &[u8]) -> Result<Vec<u8>, Rule> {
    let mut bytes = Vec::new();
    // Four characters are three bytes. Taken so, the decoder's fast loops for long texts are not linked, a kilobyte; the
    // browsers of today decode by themselves (pkg/decode.js).
    for group in part.chunks(4) {
        let mut room = [0; 3];
        let decoded = URL_SAFE_NO_PAD.decode_slice_unchecked(group, &mut room);
        let count = decoded.map_err(|error| match error {
            DecodeError::InvalidByte(_, b'=') | DecodeError::InvalidPadding => Rule::Padding,
            DecodeError::InvalidByte(..) => Rule::Alphabet,
            DecodeError::InvalidLastSymbol(..) => Rule::SpareBits,
            DecodeError::InvalidLength(_) => Rule::DanglingLength,
        })?;
        bytes.extend(room.into_iter().take(count));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::panic, clippy::unwrap_used, reason = "a test may stop where it stands")]

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_standards_examples_decode() {
        let claims =
            "{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}";
        // Name, token, header, length of the signature.
        let cases = [
            ("RFC 7515 A.1, RFC 7519 3.1", A1, "{\"typ\":\"JWT\",\r\n \"alg\":\"HS256\"}", 32),
            ("RFC 7515 A.2", A2, "{\"alg\":\"RS256\"}", 256),
            ("RFC 7515 A.3", A3, "{\"alg\":\"ES256\"}", 64),
            ("RFC 7515 A.5, RFC 7519 6.1", A5, "{\"alg\":\"none\"}", 0),
        ];
        for (name, token, header, signature) in cases {
            let parts = decode(token).unwrap();
            assert_eq!(parts.header, header, "{name}");
            assert_eq!(parts.payload, claims, "{name}");
            assert_eq!(parts.signature.len(), signature, "{name}");
        }
        // RFC 7515 A.1.1 gives the signature's bytes.
        let signature = decode(A1).unwrap().signature;
        assert_eq!(signature.first_chunk(), Some(&[116, 24, 223, 180, 151, 153, 224, 37]));
    }

    #[test]
    fn the_usual_example_decodes() {
        let parts = decode(JOHN_DOE).unwrap();
        assert_eq!(parts.header, r#"{"alg":"HS256","typ":"JWT"}"#);
        assert_eq!(parts.payload, r#"{"sub":"1234567890","name":"John Doe","iat":1516239022}"#);
        assert_eq!(parts.signature.len(), 32);
    }

    #[test]
    fn text_beyond_ascii_survives() {
        for name in ["Zoë", "Łukasz", "李小龍", "🦀", "\u{7f}\u{80}\u{7ff}\u{800}\u{10ffff}"]
        {
            let claims = format!(r#"{{"name":"{name}"}}"#);
            assert_eq!(decode(&token("{}", &claims, b"")).unwrap().payload, claims);
        }
    }

    #[test]
    fn white_space_around_an_object_is_json() {
        let parts = decode(&token(" {}", "\t\r\n { } \n", b"")).unwrap();
        assert_eq!((&*parts.header, &*parts.payload), (" {}", "\t\r\n { } \n"));
    }

    #[test]
    fn a_malformed_token_is_refused_with_its_reason() {
        use Rule::{Alphabet, DanglingLength, Empty, NotObject, NotUtf8, Padding, SpareBits};

        let cases = [
            ("", Flaw::NotThreeParts),
            ("e30", Flaw::NotThreeParts),
            ("e30.e30", Flaw::NotThreeParts),
            ("e30.e30.c2ln.", Flaw::NotThreeParts),
            ("....", Flaw::Encrypted),
            ("e30..c2ln.c2ln.c2ln", Flaw::Encrypted),
            (".....", Flaw::NotThreeParts),
            ("..", Flaw::Header(Empty)),
            (".e30.c2ln", Flaw::Header(Empty)),
            ("e30..c2ln", Flaw::Payload(Empty)),
            // The header.
            (" e30.e30.c2ln", Flaw::Header(Alphabet)),
            ("e3 0.e30.c2ln", Flaw::Header(Alphabet)),
            ("e30\n.e30.c2ln", Flaw::Header(Alphabet)),
            ("Bearer e30.e30.c2ln", Flaw::Header(Alphabet)),
            ("e30é.e30.c2ln", Flaw::Header(Alphabet)),
            ("e30=.e30.c2ln", Flaw::Header(Padding)),
            ("e30wA.e30.c2ln", Flaw::Header(DanglingLength)),
            ("e31.e30.c2ln", Flaw::Header(SpareBits)),
            ("_3sifQ.e30.c2ln", Flaw::Header(NotUtf8)),
            ("W10.e30.c2ln", Flaw::Header(NotObject)), // []
            // The payload.
            ("e30.e+A.c2ln", Flaw::Payload(Alphabet)),
            ("e30.e/A.c2ln", Flaw::Payload(Alphabet)),
            ("e30.e3\t0.c2ln", Flaw::Payload(Alphabet)),
            ("e30.e3\r\n0.c2ln", Flaw::Payload(Alphabet)),
            ("e30.e30%3D.c2ln", Flaw::Payload(Alphabet)),
            ("e30.e30=.c2ln", Flaw::Payload(Padding)),
            ("e30.e=30.c2ln", Flaw::Payload(Padding)),
            ("e30.e30==.c2ln", Flaw::Payload(Padding)),
            ("e30.e.c2ln", Flaw::Payload(DanglingLength)),
            ("e30.e30wA.c2ln", Flaw::Payload(DanglingLength)),
            ("e30.e31.c2ln", Flaw::Payload(SpareBits)),
            ("e30.e33.c2ln", Flaw::Payload(SpareBits)),
            ("e30.eyJhIjoi4CJ9.c2ln", Flaw::Payload(NotUtf8)), // {"a":"\xe0"}
            ("e30.eyJhIjoi7aCAIn0.c2ln", Flaw::Payload(NotUtf8)), // a surrogate
            ("e30.eyJhIjoiwIAifQ.c2ln", Flaw::Payload(NotUtf8)), // an overlong NUL
            ("e30.W10.c2ln", Flaw::Payload(NotObject)),        // []
            ("e30.bnVsbA.c2ln", Flaw::Payload(NotObject)),     // null
            ("e30.MTI.c2ln", Flaw::Payload(NotObject)),        // 12
            ("e30.Int9Ig.c2ln", Flaw::Payload(NotObject)),     // "{}"
            ("e30.ew.c2ln", Flaw::Payload(NotObject)),         // {
            ("e30.77u_e30.c2ln", Flaw::Payload(NotObject)),    // a byte order mark
            // The signature.
            ("e30.e30.c2ln\n", Flaw::Signature(Alphabet)),
            ("e30.e30.c2+n", Flaw::Signature(Alphabet)),
            ("e30.e30.c2k=", Flaw::Signature(Padding)),
            ("e30.e30.=", Flaw::Signature(Padding)),
            ("e30.e30.c2lnA", Flaw::Signature(DanglingLength)),
            ("e30.e30.c2l", Flaw::Signature(SpareBits)),
        ];
        for (token, flaw) in cases {
            assert_eq!(decode(token), Err(flaw), "{token:?}");
        }
    }

    #[test]
    fn debug_shows_no_token() {
        assert_eq!(format!("{:?}", decode(JOHN_DOE)), "Ok(Parts(..))");
    }

    #[test]
    fn a_flaw_reads_as_a_sentence() {
        let flaw = decode("e30.e30=.").unwrap_err();
        assert_eq!(flaw.to_string(), "The token's payload is padded, which a JWS must not be.");
    }

    proptest! {
        #[test]
        fn what_is_encoded_decodes(
            header in r"[ \t\r\n]{0,2}\{\PC{0,40}\}[ \t\r\n]{0,2}",
            claims in r"\{\PC{0,200}\}",
            signature in prop::collection::vec(any::<u8>(), 0..80),
        ) {
            let token = token(&header, &claims, &signature);
            let parts = decode(&token).unwrap();
            prop_assert_eq!(&parts, &Parts { header, payload: claims, signature });
        }

        /// One token, one text: whatever decodes is exactly what encoding gives back.
        #[test]
        fn what_decodes_encodes_back(
            text in r"(e30|eyJ9|[\w\-=+/.]{1,6})\.(e30|e3[0-9])\.[\w\-=]{0,6}",
        ) {
            if let Ok(parts) = decode(&text) {
                prop_assert_eq!(token(&parts.header, &parts.payload, &parts.signature), text);
            }
        }

        #[test]
        fn a_foreign_character_anywhere_is_refused(
            claims in r"\{\PC{0,40}\}",
            at in any::<prop::sample::Index>(),
            foreign in any::<char>(),
            replace in any::<bool>(),
        ) {
            prop_assume!(!foreign.is_ascii_alphanumeric() && !['-', '_'].contains(&foreign));
            let mut token: Vec<char> = token("{}", &claims, b"signature").chars().collect();
            let at = at.index(token.len());
            if replace {
                token.splice(at..=at, [foreign]);
            } else {
                token.insert(at, foreign);
            }
            let token: String = token.into_iter().collect();
            prop_assume!(token.split('.').count() != 3 || foreign != '.');
            prop_assert!(decode(&token).is_err(), "{token:?}");
        }

        #[test]
        fn any_text_is_answered(text in any::<String>(), dotted in r"[\w.=\-é]{0,60}") {
            prop_assert!(decode(&text).is_err() || text.split('.').count() == 3);
            let _ = decode(&dotted);
        }
    }

    fn token(header: &str, payload: &str, signature: &[u8]) -> String {
        let [header, payload, signature] =
            [header.as_bytes(), payload.as_bytes(), signature].map(|it| URL_SAFE_NO_PAD.encode(it));
        format!("{header}.{payload}.{signature}")
    }

    const A1: &str = "\
        eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQo\
        gImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOE\
        jXk";
    const A2: &str = "\
        eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGx\
        lLmNvbS9pc19yb290Ijp0cnVlfQ.cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5R\
        Zmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrn\
        byTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHW\
        EsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0ig\
        cN_IoypGlUPQGe77Rw";
    const A3: &str = "\
        eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGx\
        lLmNvbS9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8I\
        SlSApmWQxfKTUJqPP3-Kg6NU1Q";
    const A5: &str = "\
        eyJhbGciOiJub25lIn0.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxl\
        LmNvbS9pc19yb290Ijp0cnVlfQ.";
    const JOHN_DOE: &str = "\
        eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lIiw\
        iaWF0IjoxNTE2MjM5MDIyfQ.SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c";
}
