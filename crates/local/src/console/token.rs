//! The secret that a form of this page carries: known to pages that this process made, and gone with it.

use subtle::ConstantTimeEq as _;
use uuid::Uuid;

/// 244 random bits of the operating system.
pub(super) struct Token(String);

impl Token {
    pub(super) fn new() -> Self {
        Self(format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple()))
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// Takes the same time for every wrong one of its length.
    pub(super) fn is(&self, given: &str) -> bool {
        self.0.as_bytes().ct_eq(given.as_bytes()).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_itself_only() {
        let token = Token::new();
        assert!(token.is(token.as_str()));
        let (mut other, shorter) = (token.as_str().to_owned(), &token.as_str()[1..]);
        other.replace_range(..1, if other.starts_with('0') { "1" } else { "0" });
        assert!(!token.is(&other) && !token.is(shorter) && !token.is("") && !token.is(Token::new().as_str()));
    }
}
