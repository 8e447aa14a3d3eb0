//! Parameters written into a query as literals, for a server that binds none.

use postgres_protocol::escape::escape_literal;

use crate::{Parameter, WarehouseError};

/// A text as a literal. It is in the escape syntax where it holds a backslash, so it means the same whatever the server's
/// `standard_conforming_strings`.
pub(crate) fn quoted(text: &str) -> String {
    escape_literal(text).trim_start().to_owned()
}

/// Writes parameters in the place of `$1`, `$2`, …; what looks like one within a text, a quoted name or a comment is left.
///
/// Each is a quoted literal, which the server reads as whatever type the place asks for, as it does with a bound text. It
/// stands in parentheses: a literal alone would continue one that ends on the line before.
///
/// `backslashes` says that the server takes a backslash in any text for an escape.
pub(crate) fn write_in(sql: &str, parameters: &[Parameter], backslashes: bool) -> Result<String, WarehouseError> {
    let literals: Vec<_> =
        parameters.iter().map(|parameter| format!("({})", quoted(&parameter.to_server_text()))).collect();
    let mut written = String::with_capacity(sql.len());
    let mut used = vec![false; literals.len()];
    let mut beyond = 0;
    for token in (Tokens { rest: sql, backslashes }) {
        let number = token.strip_prefix('$').and_then(|number| number.parse::<usize>().ok());
        match number.and_then(|number| number.checked_sub(1)) {
            Some(index) if index < literals.len() => {
                used[index] = true;
                written.push_str(&literals[index]);
            }
            Some(index) => beyond = beyond.max(index + 1),
            None => written.push_str(token),
        }
    }
    if beyond > 0 || used.contains(&false) {
        let mut numbers: Vec<_> =
            used.iter().enumerate().filter(|(_, used)| **used).map(|(index, _)| format!("${}", index + 1)).collect();
        numbers.extend((beyond > 0).then(|| format!("${beyond}")));
        return Err(WarehouseError::Parameters {
            used: if numbers.is_empty() { "none".to_owned() } else { numbers.join(", ") },
            bound: parameters.len(),
        });
    }
    Ok(written)
}

/// The pieces of a query, by PostgreSQL's rules (scan.l): parameters, names, texts, comments, and whatever is between.
struct Tokens<'a> {
    rest: &'a str,
    backslashes: bool,
}

impl<'a> Iterator for Tokens<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let first = self.rest.chars().next()?;
        let (token, rest) = self.rest.split_at(length(self.rest, first, self.backslashes));
        self.rest = rest;
        Some(token)
    }
}

/// How long the piece is that the text begins with. One that has no end takes the rest: the server refuses it.
fn length(text: &str, first: char, backslashes: bool) -> usize {
    let end = |found: Option<usize>| found.unwrap_or(text.len());
    match first {
        '\'' => quoted_length(text, '\'', backslashes),
        '"' => quoted_length(text, '"', false),
        'e' | 'E' if text[1..].starts_with('\'') => 1 + quoted_length(&text[1..], '\'', true),
        '-' if text.starts_with("--") => end(text.find('\n')),
        '/' if text.starts_with("/*") => comment_length(text),
        '$' => dollar_length(text),
        first if is_name_start(first) => end(text.find(|character| !is_in_name(character) && character != '$')),
        first => first.len_utf8(),
    }
}

fn is_name_start(character: char) -> bool {
    character == '_' || character.is_ascii_alphabetic() || !character.is_ascii()
}

fn is_in_name(character: char) -> bool {
    is_name_start(character) || character.is_ascii_digit()
}

/// A doubled quote stands for itself and so is two texts side by side, which changes nothing here; a backslash escapes in the
/// escape syntax only.
fn quoted_length(text: &str, quote: char, escapes: bool) -> usize {
    let mut escaped = false;
    for (index, character) in text.char_indices().skip(1) {
        match character {
            _ if escaped => escaped = false,
            '\\' if escapes => escaped = true,
            character if character == quote => {
                if escapes && text[index + 1..].starts_with(quote) {
                    escaped = true;
                    continue;
                }
                return index + 1;
            }
            _ => (),
        }
    }
    text.len()
}

/// Comments nest.
fn comment_length(text: &str) -> usize {
    let mut depth = 0;
    let mut at = 0;
    while let Some(found) = text[at..].find(['/', '*']) {
        at += found;
        let step = match &text[at..] {
            rest if rest.starts_with("/*") => 1,
            rest if rest.starts_with("*/") => -1,
            _ => 0,
        };
        depth += step;
        at += if step == 0 { 1 } else { 2 };
        if depth == 0 {
            return at;
        }
    }
    text.len()
}

/// A parameter `$1`, or a text between two of the same `$tag$`.
fn dollar_length(text: &str) -> usize {
    let digits = text[1..].bytes().take_while(u8::is_ascii_digit).count();
    if digits > 0 {
        return 1 + digits;
    }
    let end = text[1..].find(|character| !is_in_name(character)).map(|end| end + 1);
    let Some(tag) = end.filter(|end| text[*end..].starts_with('$')).map(|end| &text[..=end]) else {
        return 1;
    };
    text[tag.len()..].find(tag).map_or(text.len(), |end| end + 2 * tag.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(sql: &str) -> String {
        write_in(sql, &["x".into(), "y".into()], false).unwrap()
    }

    #[test]
    fn only_parameters_are_replaced() {
        let kept = "'$1' || \"$1\" || E'\\'$1' || e'it''s \\\\' || $$ $1 $$ || $a$ $1 $b$ $1 $a$ || a$1 /* $1 /* $1 */ $1 */ -- $1\n";
        assert_eq!(written(&format!("SELECT {kept}, $1, $2")), format!("SELECT {kept}, ('x'), ('y')"));
        assert_eq!(written("$1$2"), "('x')('y')");
        assert_eq!(written("ä$1 $2 $1"), "ä$1 ('y') ('x')");
    }

    /// `'a'` and `'b'` with a line's end between are one literal to the server, and `E` before one begins another.
    #[test]
    fn a_literal_joins_nothing_beside_it() {
        assert_eq!(written("'a'\n$1 $2"), "'a'\n('x') ('y')");
        assert_eq!(written("1-$1-$2"), "1-('x')-('y')");
    }

    #[test]
    fn quotes_and_backslashes_are_escaped() {
        let sql = write_in("$1", &["it's \\ $$ \" \n".into()], false).unwrap();
        assert_eq!(sql, "(E'it''s \\\\ $$ \" \n')");
        assert_eq!(write_in("$1", &[(-5).into()], false).unwrap(), "('-5')");
    }

    #[test]
    fn a_backslash_escapes_where_the_server_says_so() {
        let sql = "'\\' $1 ' || $1";
        let escaped = write_in(sql, &["x".into()], true).unwrap();
        assert_eq!(escaped, "'\\' $1 ' || ('x')");
        assert_eq!(write_in("'\\' || $1", &["x".into()], false).unwrap(), "'\\' || ('x')");
    }

    #[test]
    fn parameters_must_match() {
        for (sql, expected) in [("1", "none"), ("$1", "$1"), ("$1 $3", "$1, $3"), ("$1 $2 $99", "$1, $2, $99")] {
            match write_in(sql, &["x".into(), "y".into()], false) {
                Err(WarehouseError::Parameters { used, bound }) => assert_eq!((used.as_str(), bound), (expected, 2)),
                other => panic!("{sql}: {other:?}"),
            }
        }
    }

    /// There is no parameter of that number, and the server says so.
    #[test]
    fn zero_is_left_to_the_server() {
        assert_eq!(written("$0 $1 $2"), "$0 ('x') ('y')");
    }

    #[test]
    fn what_has_no_end_takes_the_rest() {
        for sql in ["'a $1", "\"a $1", "/* $1", "$$ $1", "E'\\", "$", "$a"] {
            assert_eq!(Tokens { rest: sql, backslashes: false }.collect::<String>(), sql);
            assert!(matches!(write_in(sql, &["x".into()], false), Err(WarehouseError::Parameters { .. })), "{sql}");
        }
    }
}
