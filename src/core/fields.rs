//! Where a JSON answer keeps the tokens and their lifetimes.

/// A thing that an answer keeps, by the names it usually has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// The access token.
    AccessToken,
    /// The access token's lifetime, in seconds.
    ExpiresIn,
    /// The refresh token's lifetime, in seconds.
    RefreshExpiresIn,
    /// The refresh token.
    RefreshToken,
}

impl Field {
    /// The names to look for, the first one first.
    #[must_use]
    pub const fn usual_names(self) -> &'static [&'static str] {
        match self {
            Self::AccessToken => {
                &["access_token", "accessToken", "access", "token", "jwt", "id_token"]
            }
            Self::ExpiresIn => &["expires_in", "expiresIn"],
            Self::RefreshExpiresIn => &["refresh_expires_in", "refreshExpiresIn"],
            Self::RefreshToken => &["refresh_token", "refreshToken", "refresh"],
        }
    }
}

/// The objects to look in, the first one first. The empty name stands for the answer itself.
pub const CONTAINERS: [&str; 4] = ["", "data", "result", "tokens"];

/// Where an answer keeps something: a name at its top, or an RFC 6901 pointer into it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pointer(Vec<String>);

impl Pointer {
    /// Reads a name or a pointer: what starts with a slash is a pointer.
    ///
    /// ```
    /// use tokenkeeper::core::fields::Pointer;
    ///
    /// assert_eq!(Pointer::parse("/data/token")?.segments(), ["data", "token"]);
    /// assert_eq!(Pointer::parse("/a~1b/c~0d")?.segments(), ["a/b", "c~d"]);
    /// assert_eq!(Pointer::parse("token")?.segments(), ["token"]);
    /// # Ok::<(), &'static str>(())
    /// ```
    ///
    /// # Errors
    ///
    /// What is wrong with the text: a phrase that follows the option's name.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        if text.is_empty() {
            return Err("is empty; give a name or a JSON pointer such as /data/token");
        }
        let Some(pointer) = text.strip_prefix('/') else {
            return Ok(Self(vec![text.to_owned()]));
        };
        pointer.split('/').map(unescape).collect::<Option<_>>().map(Self).ok_or(
            "has a ~ that is neither ~0 nor ~1; in a JSON pointer ~0 stands for ~ and ~1 for /",
        )
    }

    /// The way from the answer to the thing, one name after the other; at least one.
    #[must_use]
    pub fn segments(&self) -> &[String] {
        &self.0
    }

    /// The name under which it stands there: the last segment.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.last().map_or("", String::as_str)
    }
}

fn unescape(segment: &str) -> Option<String> {
    let mut name = String::with_capacity(segment.len());
    let mut chars = segment.chars();
    while let Some(char) = chars.next() {
        name.push(match char {
            '~' => match chars.next()? {
                '0' => '~',
                '1' => '/',
                _ => return None,
            },
            _ => char,
        });
    }
    Some(name)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop where it stands")]

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_pointer_names_its_segments() {
        let cases: [(&str, &[&str]); 16] = [
            ("token", &["token"]),
            ("data.token", &["data.token"]),
            ("data/token", &["data/token"]),
            ("a~1b", &["a~1b"]),
            ("a~", &["a~"]),
            ("/token", &["token"]),
            ("/data/token", &["data", "token"]),
            ("/data/", &["data", ""]),
            // RFC 6901 section 5.
            ("/foo/0", &["foo", "0"]),
            ("/", &[""]),
            ("/a~1b", &["a/b"]),
            ("/c%d", &["c%d"]),
            ("/ ", &[" "]),
            ("/m~0n", &["m~n"]),
            // Section 4: never a slash.
            ("/~01", &["~1"]),
            ("/~1~0/é", &["/~", "é"]),
        ];
        for (text, segments) in cases {
            let pointer = Pointer::parse(text).unwrap();
            assert_eq!(pointer.segments(), segments, "{text}");
            assert_eq!(Some(&pointer.name()), segments.last(), "{text}");
        }
    }

    #[test]
    fn what_is_no_pointer_is_refused() {
        assert!(Pointer::parse("").unwrap_err().contains("empty"));
        for text in ["/~", "/~2", "/a~b", "/~/a", "/a/b~", "/~~0"] {
            assert!(Pointer::parse(text).unwrap_err().contains('~'), "{text}");
        }
    }

    #[test]
    fn the_usual_names_are_the_contracts() {
        let names = [
            (Field::AccessToken, "access_token accessToken access token jwt id_token"),
            (Field::RefreshToken, "refresh_token refreshToken refresh"),
            (Field::ExpiresIn, "expires_in expiresIn"),
            (Field::RefreshExpiresIn, "refresh_expires_in refreshExpiresIn"),
        ];
        for (field, expected) in names {
            assert_eq!(field.usual_names().join(" "), expected);
        }
        assert_eq!(CONTAINERS, ["", "data", "result", "tokens"]);
    }

    proptest! {
        #[test]
        fn what_is_escaped_parses(names in prop::collection::vec("[a~/01é]{0,6}", 1..5)) {
            let escape = |name: &String| name.replace('~', "~0").replace('/', "~1");
            let text = "/".to_owned() + &names.iter().map(escape).collect::<Vec<_>>().join("/");
            let pointer = Pointer::parse(&text).unwrap();
            prop_assert_eq!(pointer.segments(), names);
        }

        #[test]
        fn any_text_is_answered(text in any::<String>(), near in "[/~01a]{0,12}") {
            let _ = (Pointer::parse(&text), Pointer::parse(&near));
        }
    }
}
