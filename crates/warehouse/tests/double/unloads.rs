//! Redshift's UNLOAD statement, read as its documentation gives its grammar.

/// An UNLOAD statement.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Statement {
    pub(crate) query: String,
    pub(crate) prefix: String,
    pub(crate) iam_role: String,
    pub(crate) format: String,
    pub(crate) parallel: bool,
    pub(crate) region: Option<String>,
}

impl Statement {
    /// Reads `UNLOAD ('query') TO 's3://…' IAM_ROLE … FORMAT AS … MANIFEST VERBOSE PARALLEL … REGION AS …`.
    pub(crate) fn parse(sql: &str) -> Result<Self, String> {
        let mut words = Words(sql);
        let mut statement = Self { parallel: true, ..Self::default() };
        words.expect(&["UNLOAD", "("])?;
        statement.query = words.next()?;
        words.expect(&[")", "TO"])?;
        statement.prefix = words.next()?;
        let mut has_manifest = false;
        while let Ok(word) = words.next() {
            match word.as_str() {
                "IAM_ROLE" => statement.iam_role = words.next()?,
                "FORMAT" => {
                    words.expect(&["AS"])?;
                    statement.format = words.next()?;
                }
                "MANIFEST" => {
                    words.expect(&["VERBOSE"])?;
                    has_manifest = true;
                }
                "PARALLEL" => statement.parallel = words.next()? == "ON",
                "REGION" => {
                    words.expect(&["AS"])?;
                    statement.region = Some(words.next()?);
                }
                other => return Err(format!("syntax error at or near \"{other}\"")),
            }
        }
        if statement.iam_role.is_empty() || !has_manifest || !statement.prefix.starts_with("s3://") {
            return Err("the double wants an IAM_ROLE, a MANIFEST VERBOSE and a prefix on S3".to_owned());
        }
        Ok(statement)
    }
}

struct Words<'a>(&'a str);

impl Words<'_> {
    fn expect(&mut self, words: &[&str]) -> Result<(), String> {
        words.iter().try_for_each(|word| match self.next()? {
            found if found == *word => Ok(()),
            found => Err(format!("syntax error at or near \"{found}\"")),
        })
    }

    /// The next word, sign, or the content of a text.
    fn next(&mut self) -> Result<String, String> {
        self.0 = self.0.trim_start();
        let escapes = self.0.starts_with("E'");
        if let Some(rest) = self.0.strip_prefix('\'').or_else(|| self.0.strip_prefix("E'")) {
            return self.text(rest.chars().collect(), escapes);
        }
        let end = match self.0.chars().next() {
            None => return Err("syntax error at end of input".to_owned()),
            Some('(' | ')') => 1,
            Some(_) => self
                .0
                .find(|character: char| character.is_whitespace() || "()".contains(character))
                .unwrap_or(self.0.len()),
        };
        let (word, rest) = self.0.split_at(end);
        self.0 = rest;
        Ok(word.to_owned())
    }

    fn text(&mut self, rest: Vec<char>, escapes: bool) -> Result<String, String> {
        let mut content = String::new();
        let mut at = 0;
        loop {
            match (rest.get(at), rest.get(at + 1)) {
                (None, _) => return Err("unterminated quoted string".to_owned()),
                (Some('\''), Some('\'')) => {
                    content.push('\'');
                    at += 2;
                }
                (Some('\''), _) => break,
                (Some('\\'), Some(escaped)) if escapes => {
                    content.push(*escaped);
                    at += 2;
                }
                (Some(character), _) => {
                    content.push(*character);
                    at += 1;
                }
            }
        }
        let left: usize = rest[at + 1..].iter().map(|character| character.len_utf8()).sum();
        self.0 = &self.0[self.0.len() - left..];
        Ok(content)
    }
}
