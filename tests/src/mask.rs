//! What differs from run to run, masked in texts: moments, durations, ids.
//!
//! A pattern is a text in which `9` stands for a digit and `x` for a hexadecimal digit; everything else stands for itself.

/// Patterns with their masks, the longest first where one begins like another.
const PATTERNS: [(&str, &str); 3] = [
    ("xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx", "<ID>"),
    ("9999-99-99T99:99:99", "<MOMENT>"),
    ("9999-99-99 99:99:99", "<MOMENT>"),
];

/// Masks ids, moments of this year or later, and durations; blanks inside a line, which align columns, become two.
///
/// Moments of earlier years are data that a scenario has put there, and stay.
#[must_use]
pub fn moments(text: &str) -> String {
    text.lines().map(|line| format!("{}\n", line_masked(line))).collect()
}

fn line_masked(line: &str) -> String {
    let mut out = String::new();
    let mut rest = line;
    'next: while let Some(first) = rest.chars().next() {
        for (pattern, mask) in PATTERNS {
            if let Some(length) = matched(rest, pattern)
                && !(mask == "<MOMENT>" && &rest[..4] < "2026")
            {
                out.push_str(mask);
                rest = &rest[length..];
                if mask == "<MOMENT>" {
                    rest = without_fraction_and_zone(rest);
                }
                continue 'next;
            }
        }
        if !out.ends_with(|c: char| c.is_ascii_digit())
            && let Some(length) = duration(rest)
        {
            out.push_str("<TIME>");
            rest = &rest[length..];
            continue;
        }
        out.push(first);
        rest = &rest[first.len_utf8()..];
    }
    aligned(&out)
}

/// Returns how many bytes of the text the pattern covers.
fn matched(text: &str, pattern: &str) -> Option<usize> {
    let found = text.as_bytes().get(..pattern.len())?;
    let fits = |(byte, kind): (&u8, u8)| match kind {
        b'9' => byte.is_ascii_digit(),
        b'x' => byte.is_ascii_hexdigit(),
        other => *byte == other,
    };
    found.iter().zip(pattern.bytes()).all(fits).then_some(pattern.len())
}

fn without_fraction_and_zone(text: &str) -> &str {
    let text = match text.strip_prefix('.') {
        Some(fraction) => fraction.trim_start_matches(|c: char| c.is_ascii_digit()),
        None => text,
    };
    text.strip_prefix('Z').or_else(|| text.strip_prefix("+00")).unwrap_or(text)
}

/// Matches `0.42 s`, `12.3 s`, `30 s`, `7 ms` and the like.
fn duration(text: &str) -> Option<usize> {
    let digits = |text: &str| text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let whole = digits(text);
    let rest = text.get(whole..).filter(|_| whole > 0)?;
    let after = match rest.strip_prefix('.') {
        Some(fraction) => fraction.get(digits(fraction)..)?.strip_prefix(" s")?,
        None => rest.strip_prefix(" ms").or_else(|| rest.strip_prefix(" s"))?,
    };
    let ends = !after.starts_with(|c: char| c.is_alphanumeric());
    ends.then(|| text.len() - after.len())
}

/// Makes blanks inside a line two where there are more: the widths of what is masked differ.
fn aligned(line: &str) -> String {
    let indent = line.len() - line.trim_start_matches(' ').len();
    let words: Vec<&str> = line[indent..].split("  ").map(str::trim).filter(|word| !word.is_empty()).collect();
    format!("{}{}", &line[..indent], words.join("  "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_is_masked_and_data_stays() {
        let before = "orders  idle     0  2026-11-21 06:12:45.784492+00  0.08 s\n    in 7 ms\nheld since 2027-01-02T03:04:05Z\n\
                      2020-01-01 00:00:00+00 stays, 0f8fad5b-d9cb-469f-a165-70867728950e\n";
        let after = "orders  idle  0  <MOMENT>  <TIME>\n    in <TIME>\nheld since <MOMENT>\n\
                     2020-01-01 00:00:00+00 stays, <ID>\n";
        assert_eq!(moments(before), after);
    }
}
