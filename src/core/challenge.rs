//! What a resource says when it refuses a token: `WWW-Authenticate` (RFC 9110 section 11.6.1).

/// Reads the Bearer challenges of a `WWW-Authenticate` value; other schemes' are skipped.
///
/// The value may hold several challenges, and several fields joined by commas. The first Bearer
/// challenge whose error is known counts; without one, a Bearer challenge that names no error says
/// that the token sent was refused (RFC 9110 section 15.5.2). Whatever does not follow the grammar
/// is skipped: no text is an error.
///
/// ```
/// use tokenkeeper::core::challenge::{bearer, Challenge};
///
/// let value = r#"Basic realm="x", Bearer error="insufficient_scope", scope="mail:send""#;
/// assert_eq!(bearer(value), Challenge::InsufficientScope { scope: Some("mail:send") });
/// ```
#[must_use]
pub fn bearer(header: &str) -> Challenge<'_> {
    let mut reader = Reader { rest: header };
    let mut is_bearer = false;
    let mut params = Params::default();
    let mut unexplained = false;
    loop {
        reader.take(|byte| is_space(byte) || byte == b',');
        let ended = reader.rest.is_empty();
        let word = reader.take(is_token);
        reader.take(is_space);
        if word.is_empty() && !ended {
            reader.skip_element();
        } else if reader.eat(b'=') {
            match reader.value() {
                Some(value) if is_bearer => params.add(word, value),
                Some(_) => {}
                None => reader.skip_element(),
            }
        } else {
            // A scheme, or the end. A token68 passes for a scheme, or for a parameter without a
            // value, and ends at its comma all the same.
            match params.challenge() {
                Challenge::Other => unexplained |= is_bearer && params.error.is_none(),
                known => return known,
            }
            if ended {
                return if unexplained { Challenge::InvalidToken } else { Challenge::Other };
            }
            is_bearer = word.eq_ignore_ascii_case("Bearer");
            params = Params::default();
        }
    }
}

/// Why a resource refused the token. Texts are as they were sent: see [`unescaped`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Challenge<'a> {
    /// The token does not reach that far, and a refreshed one will not either (RFC 6750 section
    /// 3.1).
    InsufficientScope {
        /// The scope that is needed.
        scope: Option<&'a str>,
    },
    /// The token is expired, revoked or malformed (RFC 6750 section 3.1), or refused for no reason.
    InvalidToken,
    /// Nothing that we know.
    Other,
    /// The user must log in again, more strongly or more recently (RFC 9470 section 3).
    StepUp {
        /// The authentication context classes, one of which is needed, separated by spaces.
        acr_values: Option<&'a str>,
        /// The seconds that may have passed since the user logged in.
        max_age: Option<u32>,
        /// The scope that is needed.
        scope: Option<&'a str>,
    },
}

/// The text that a quoted one stands for: a backslash says that the next character is meant (RFC
/// 9110 section 5.6.4). For Rust front ends: the shell does it in `pkg/face.js`.
#[must_use]
pub fn unescaped(quoted: &str) -> String {
    let mut chars = quoted.chars();
    std::iter::from_fn(|| match chars.next()? {
        '\\' => chars.next(),
        char => Some(char),
    })
    .collect()
}

/// The parameters of one challenge, as far as we know them. Each may occur once; of several the
/// first counts.
#[derive(Default)]
struct Params<'a> {
    error: Option<&'a str>,
    scope: Option<&'a str>,
    acr_values: Option<&'a str>,
    max_age: Option<&'a str>,
}

impl<'a> Params<'a> {
    fn add(&mut self, name: &str, value: &'a str) {
        for (known, param) in [
            ("error", &mut self.error),
            ("scope", &mut self.scope),
            ("acr_values", &mut self.acr_values),
            ("max_age", &mut self.max_age),
        ] {
            if name.eq_ignore_ascii_case(known) {
                param.get_or_insert(value);
            }
        }
    }

    fn challenge(&self) -> Challenge<'a> {
        let is = |code: &str| self.error.is_some_and(|error| plain(error).eq(code.bytes()));
        let scope = self.scope.filter(|scope| !scope.is_empty());
        if is("invalid_token") {
            Challenge::InvalidToken
        } else if is("insufficient_scope") {
            Challenge::InsufficientScope { scope }
        } else if is("insufficient_user_authentication") {
            let acr_values = self.acr_values.filter(|values| !values.is_empty());
            Challenge::StepUp { acr_values, max_age: self.max_age.and_then(seconds), scope }
        } else {
            Challenge::Other
        }
    }
}

/// The bytes that a quoted text stands for.
fn plain(quoted: &str) -> impl Iterator<Item = u8> {
    let mut bytes = quoted.bytes();
    std::iter::from_fn(move || match bytes.next()? {
        b'\\' => bytes.next(),
        byte => Some(byte),
    })
}

fn seconds(quoted: &str) -> Option<u32> {
    let mut seconds = None;
    for byte in plain(quoted) {
        let digit = u32::from(byte).checked_sub(u32::from(b'0')).filter(|digit| *digit < 10)?;
        seconds = Some(seconds.unwrap_or(0_u32).checked_mul(10)?.checked_add(digit)?);
    }
    seconds
}

/// All that the grammar knows is ASCII, so texts end between characters.
struct Reader<'a> {
    rest: &'a str,
}

impl<'a> Reader<'a> {
    fn value(&mut self) -> Option<&'a str> {
        self.take(is_space);
        if self.eat(b'"') {
            self.quoted()
        } else {
            Some(self.take(is_token)).filter(|word| !word.is_empty())
        }
    }

    /// The rest of a quoted string; none when its end is missing.
    fn quoted(&mut self) -> Option<&'a str> {
        let mut escaped = false;
        let inside = |byte: &u8| {
            let ends = *byte == b'"' && !escaped;
            escaped = *byte == b'\\' && !escaped;
            !ends
        };
        let end = self.rest.bytes().take_while(inside).count();
        let text = self.split(end);
        self.eat(b'"').then_some(text)
    }

    /// Goes on to the next comma outside quotes.
    fn skip_element(&mut self) {
        loop {
            self.take(|byte| byte != b',' && byte != b'"');
            if !self.eat(b'"') {
                return;
            }
            self.quoted();
        }
    }

    fn take(&mut self, belongs: fn(u8) -> bool) -> &'a str {
        let end = self.rest.bytes().take_while(|&byte| belongs(byte)).count();
        self.split(end)
    }

    fn eat(&mut self, byte: u8) -> bool {
        let found = self.rest.bytes().next() == Some(byte);
        if found {
            self.split(1);
        }
        found
    }

    fn split(&mut self, at: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at_checked(at).unwrap_or_default();
        self.rest = rest;
        taken
    }
}

const fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

/// RFC 9110 section 5.6.2.
const fn is_token(byte: u8) -> bool {
    byte.is_ascii_graphic()
        && !matches!(byte, b'"' | b'(' | b')' | b',' | b'/' | b':'..=b'@' | b'['..=b']' | b'{' | b'}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_known_error_is_found() {
        for value in [
            // After RFC 6750 section 3.
            r#"Bearer realm="example", error="invalid_token", error_description="It expired""#,
            r#"bearer error="invalid_token""#,
            r#"BEARER ERROR="invalid_token""#,
            "Bearer error=invalid_token",
            r#"Bearer error = "invalid_token""#,
            "Bearer\terror\t=\tinvalid_token",
            r#"Bearer error="invalid\_token""#,
            r#"  , ,Bearer , ,error="invalid_token", ,"#,
            r#"Bearer realm="a, b=\"c\", Basic", error="invalid_token""#,
            r#"Bearer realm="\\", error="invalid_token""#,
            r#"Bearer realm="x" error="invalid_token""#,
            r#"Bearer realm=, error="invalid_token""#,
            r#"Bearer realm="größer", error="invalid_token""#,
            // Of one parameter the first counts.
            r#"Bearer error="invalid_token", error="insufficient_scope""#,
            // Among other challenges.
            r#"Basic realm="x", Bearer error="invalid_token""#,
            r#"Bearer error="invalid_token", Basic realm="x", error="insufficient_scope""#,
            r#"Bearer error="invalid_token" Basic realm="x""#,
            r#"Basic, Bearer error="invalid_token""#,
            r#"Negotiate, NTLM, Bearer error="invalid_token""#,
            r#"Negotiate YII+/abc==, Bearer error="invalid_token""#,
            r#"Negotiate Bearer , Bearer error="invalid_token""#,
            r#"Negotiate abc=, Bearer error="invalid_token""#,
            r#"Digest qop="auth, auth-int", nonce="a=", Bearer error="invalid_token""#,
            r#"DPoP error="insufficient_scope", algs="ES256", Bearer error="invalid_token""#,
            r#"Bearer realm="one", Bearer realm="two", error="invalid_token""#,
            r#"Bearer error="unheard_of", Bearer error="invalid_token""#,
            r#"Bearer error="invalid_token", Bearer error="insufficient_scope""#,
            // Among garbage.
            r#"?? "x, y" é, Bearer error="invalid_token""#,
            r#"=, ==, "=", Bearer error="invalid_token""#,
            r#"Bearer error="invalid_token", ((("#,
            r#"Bearer error="invalid_token", realm="never ends"#,
        ] {
            assert_eq!(bearer(value), Challenge::InvalidToken, "{value}");
        }
    }

    #[test]
    fn everything_else_is_other() {
        for value in [
            "",
            " ",
            ",,,",
            "Basic",
            r#"Bearer error="invalid_request""#,
            r#"Bearer error="Invalid_Token""#,
            r#"Basic realm="Bearer error=\"invalid_token\"""#,
            r#"Basic error="invalid_token""#,
            r#"DPoP error="invalid_token""#,
            r#"Bearerx error="invalid_token""#,
            r#"XBearer error="invalid_token""#,
            r#"error="invalid_token""#,
            r#""Bearer error=invalid_token""#,
            r#"?"x, Bearer error=invalid_token, ""#,
        ] {
            assert_eq!(bearer(value), Challenge::Other, "{value}");
        }
    }

    #[test]
    fn a_bearer_challenge_that_names_no_error_refuses_the_token() {
        for value in [
            "Bearer",
            "bearer ",
            "Bearer, ",
            r#"Bearer realm="example""#,
            r#"Basic realm="x", Bearer"#,
            "Bearer, Basic",
            r#"Bearer realm="x", DPoP error="unheard_of""#,
            r#"Bearer, Bearer error="unheard_of""#,
            r#"Bearer xerror="unheard_of""#,
            r#"Bearer error_description="unheard_of""#,
            r#"Bearer realm="error=unheard_of""#,
            r#"Bearer realm="\", error=unheard_of""#,
            // Errors that do not follow the grammar.
            "Bearer error",
            "Bearer error=",
            "Bearer error==unheard_of",
            r#"Bearer error="unheard_of "#,
            r#"Bearer error="unheard_of\"#,
            r#"Bearer error="unheard_of\""#,
        ] {
            assert_eq!(bearer(value), Challenge::InvalidToken, "{value}");
        }
    }

    #[test]
    fn a_missing_scope_is_named() {
        let cases = [
            (
                r#"Bearer error="insufficient_scope", scope="a:read b:write""#,
                Some("a:read b:write"),
            ),
            (r#"Bearer SCOPE=a, error="insufficient_scope""#, Some("a")),
            (r#"Bearer scope="", error="insufficient_scope""#, None),
            (r#"Bearer error="insufficient_scope""#, None),
            (r#"Bearer error = "insufficient_scope""#, None),
            ("Bearer\terror=\t\"insufficient_scope\"", None),
            (r#"Bearer error="insufficient_scope", DPoP scope="a""#, None),
            (r#"Bearer scope="a", Bearer error="insufficient_scope""#, None),
            (r#"Bearer error="insufficient_scope", Bearer scope="a""#, None),
        ];
        for (value, scope) in cases {
            assert_eq!(bearer(value), Challenge::InsufficientScope { scope }, "{value}");
        }
    }

    #[test]
    fn a_step_up_says_what_it_takes() {
        let step_up = |acr_values, max_age, scope| Challenge::StepUp { acr_values, max_age, scope };
        let cases = [
            // RFC 9470 section 3.
            (
                r#"error_description="A different level is required", acr_values="myACR""#,
                step_up(Some("myACR"), None, None),
            ),
            (
                r#"error_description="More recent authentication is required", max_age="5""#,
                step_up(None, Some(5), None),
            ),
            (
                r#"scope="a b", max_age=0, acr_values="x y""#,
                step_up(Some("x y"), Some(0), Some("a b")),
            ),
            (r#"max_age="4294967295""#, step_up(None, Some(u32::MAX), None)),
            (r#"max_age="4294967296""#, step_up(None, None, None)),
            (r#"max_age="-1""#, step_up(None, None, None)),
            (r#"max_age="1.5""#, step_up(None, None, None)),
            (r#"max_age="", acr_values="""#, step_up(None, None, None)),
            (r#"max_age="\6\0""#, step_up(None, Some(60), None)),
        ];
        for (params, expected) in cases {
            let value = format!(r#"Bearer error="insufficient_user_authentication", {params}"#);
            assert_eq!(bearer(&value), expected, "{value}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_answered(value in any::<String>()) {
            let _ = bearer(&value);
        }

        #[test]
        fn any_near_miss_is_answered(
            value in r#"(Bearer|DPoP|error|scope|invalid_token|[ \t,="\\aé/]){0,24}"#,
        ) {
            let _ = bearer(&value);
        }

        #[test]
        fn a_challenge_is_found_among_others(
            before in prop::collection::vec(OTHER, 0..4),
            scope in r"[ -~é]{1,20}",
            after in prop::collection::vec(OTHER, 0..4),
        ) {
            let quoted = scope.replace('\\', r"\\").replace('"', "\\\"");
            let ours = format!(r#"Bearer scope="{quoted}", error="insufficient_scope""#);
            let value = [before, vec![ours], after].concat().join(", ");
            prop_assert_eq!(unescaped(&quoted), scope);
            let scope = Some(quoted.as_str());
            prop_assert_eq!(bearer(&value), Challenge::InsufficientScope { scope }, "{}", value);
        }
    }

    const OTHER: &str = concat!(
        r#"(Basic|DPoP|Negotiate|Bearer)( ([a-z0-9+/]{1,8}={0,2}|"#,
        r#"realm="([a-zé ,=]|\\["\\,]){0,9}"(, ?title=[a-z0-9]{1,4})?))?"#
    );
}
