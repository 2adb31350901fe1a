//! Files of variables, as `--env-file` takes them.

/// A line of an environment file that cannot be read. The line itself is not repeated: it may hold a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {message}")]
pub struct EnvFileError {
    /// The file's name, as the caller gave it.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// What is wrong and what to write.
    pub message: &'static str,
}

/// Reads the text of an environment file: `KEY=VALUE` a line, with `export`, comments and quotes as a shell has them.
///
/// Single quotes keep everything; double quotes know `\n`, `\t`, `\"`, `\\`, `\$`; both may span lines. Without quotes the
/// value ends at ` #` or the line's end. Nothing is substituted: `$HOME` is five letters.
///
/// # Errors
/// Fails at the first line that is none of these.
pub fn parse_env_file(text: &str, file: &str) -> Result<Vec<(String, String)>, EnvFileError> {
    let mut reader = Reader { rest: text.trim_start_matches('\u{feff}'), line: 1, file };
    let mut variables = Vec::new();
    while let Some(variable) = reader.next_variable()? {
        variables.push(variable);
    }
    Ok(variables)
}

struct Reader<'text> {
    rest: &'text str,
    line: usize,
    file: &'text str,
}

impl<'text> Reader<'text> {
    fn fail<T>(&self, message: &'static str) -> Result<T, EnvFileError> {
        Err(EnvFileError { file: self.file.to_owned(), line: self.line, message })
    }

    /// Moves past `bytes` bytes and returns them.
    fn advance(&mut self, bytes: usize) -> &'text str {
        let (taken, rest) = self.rest.split_at(bytes);
        self.line += taken.matches('\n').count();
        self.rest = rest;
        taken
    }

    fn line_length(&self) -> usize {
        self.rest.find('\n').unwrap_or(self.rest.len())
    }

    fn next_variable(&mut self) -> Result<Option<(String, String)>, EnvFileError> {
        loop {
            let blank = self.rest.len() - self.rest.trim_start().len();
            self.advance(blank);
            if self.rest.is_empty() {
                return Ok(None);
            }
            if !self.rest.starts_with('#') {
                break;
            }
            self.advance(self.line_length());
        }
        let line = &self.rest[..self.line_length()];
        let Some(equals) = line.find('=') else {
            return self.fail("there is no `=` here; write KEY=VALUE");
        };
        let key = line[..equals].trim();
        let key = key.strip_prefix("export").filter(|rest| rest.starts_with([' ', '\t'])).unwrap_or(key).trim();
        let starts_well = key.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_');
        if !starts_well || !key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
            return self.fail("what stands before the `=` is not a variable's name; use letters, digits and `_`");
        }
        let key = key.to_owned();
        self.advance(equals + 1);
        let spaces = self.rest.len() - self.rest.trim_start_matches([' ', '\t']).len();
        self.advance(spaces);
        let value = match self.rest.chars().next() {
            Some(quote @ ('"' | '\'')) => self.quoted(quote)?,
            _ => self.bare(),
        };
        Ok(Some((key, value)))
    }

    fn bare(&mut self) -> String {
        let line = self.advance(self.line_length());
        let comment =
            line.char_indices().find(|(at, letter)| *letter == '#' && (*at == 0 || line[..*at].ends_with([' ', '\t'])));
        line[..comment.map_or(line.len(), |(at, _)| at)].trim().to_owned()
    }

    fn quoted(&mut self, quote: char) -> Result<String, EnvFileError> {
        let mut value = String::new();
        let mut letters = self.rest.char_indices().skip(1);
        let end = loop {
            match letters.next() {
                None => return self.fail("a quote is opened here and never closed"),
                Some((at, letter)) if letter == quote => break at + 1,
                Some((_, '\\')) if quote == '"' => match letters.next() {
                    Some((_, 'n')) => value.push('\n'),
                    Some((_, 't')) => value.push('\t'),
                    Some((_, letter @ ('"' | '\\' | '$'))) => value.push(letter),
                    Some((_, letter)) => value.extend(['\\', letter]),
                    None => return self.fail("a quote is opened here and never closed"),
                },
                Some((_, letter)) => value.push(letter),
            }
        };
        self.advance(end);
        let after = &self.rest[..self.line_length()];
        if !after.trim().is_empty() && !after.trim_start().starts_with('#') {
            return self.fail("something follows the closing quote; put the whole value in quotes");
        }
        self.advance(self.line_length());
        Ok(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn values_quotes_comments_and_exports_are_read_as_a_shell_would() {
        let text = "\u{feff}# c\nA=1\r\nexport B = two words # c\n\nC='it $HOME #1'\nD=\"x\\n\\\"y\\\" \\d\" # c\nE=\nF=a#b\nKEY=\"-----BEGIN\nline\n-----END\"\nexportG=7\n";
        let read = parse_env_file(text, ".env").unwrap();
        let expected = [
            ("A", "1"),
            ("B", "two words"),
            ("C", "it $HOME #1"),
            ("D", "x\n\"y\" \\d"),
            ("E", ""),
            ("F", "a#b"),
            ("KEY", "-----BEGIN\nline\n-----END"),
            ("exportG", "7"),
        ];
        assert_eq!(read, expected.map(|(key, value)| (key.to_owned(), value.to_owned())));
    }

    #[test]
    fn a_bad_line_is_named_by_number_and_not_repeated() {
        for (text, line) in
            [("A=1\nhunter2\n", 2), ("A='x\ny'\nB=\"hunter2\n", 3), ("hunter 2=x", 1), ("A='hunter2' x", 1)]
        {
            let error = parse_env_file(text, ".env").unwrap_err();
            assert_eq!(error.line, line, "{text:?}");
            assert!(!error.to_string().contains("hunter"), "{error}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "[ -~\n\r\"'\\\\#=é]*") {
            let _outcome = parse_env_file(&text, ".env");
        }
    }
}
