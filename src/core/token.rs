//! Tokens as values that cannot be printed (rule 9).

use std::fmt;

macro_rules! token {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq)]
        pub struct $name(Box<str>);

        impl $name {
            /// Takes what a server sent or a store held. `None` for what could not travel in an
            /// HTTP header: nothing at all, spaces, control characters, anything beyond ASCII.
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                let sound = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
                sound.then(|| Self(text.into()))
            }

            /// The token itself, for the header, the request body or the store it belongs in.
            #[must_use]
            pub fn reveal(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(..)"))
            }
        }
    };
}

token! {
    /// What a resource server accepts as proof (RFC 6750).
    AccessToken
}

token! {
    /// What the authorization server exchanges for the next pair (RFC 6749 section 1.5).
    RefreshToken
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_hides_the_token() {
        let token = AccessToken::parse("secret").map(|token| format!("{token:?}"));
        assert_eq!(token.as_deref(), Some("AccessToken(..)"));
    }

    #[test]
    fn what_no_header_can_carry_is_no_token() {
        for text in ["", " ", "a b", "a\r\nX-Evil: 1", "tokén", "\u{0}"] {
            assert_eq!(AccessToken::parse(text), None, "{text:?}");
        }
        assert!(RefreshToken::parse("a-._~+/=|").is_some());
    }
}
