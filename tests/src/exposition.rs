//! A strict reader of Prometheus' text format 0.0.4: what it takes, every scraper takes.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, bail, ensure};

/// Samples by their name and labels as written, such as `sync_success_count{table="public.orders"}`.
pub type Samples = BTreeMap<String, f64>;

/// Reads a whole exposition.
///
/// Each metric has one HELP and one TYPE before its samples and all its samples together; no sample comes twice;
/// counters do not fall below zero; buckets of a histogram grow, end with `+Inf` and agree with its count.
pub fn read(text: &str) -> Result<Samples> {
    ensure!(text.ends_with('\n'), "the last line has no end");
    let mut samples = Samples::new();
    let mut types: BTreeMap<String, String> = BTreeMap::new();
    let mut helped = BTreeSet::new();
    let mut closed = BTreeSet::new();
    let mut current = String::new();
    for line in text.lines() {
        ensure!(!line.is_empty() && line.trim() == line, "a blank line or blanks around one: {line:?}");
        if let Some(comment) = line.strip_prefix("# ") {
            let (word, rest) = comment.split_once(' ').context("a comment of one word")?;
            let (name, value) = rest.split_once(' ').with_context(|| line.to_owned())?;
            ensure!(is_name(name, true), "not a name: {name}");
            match word {
                "HELP" => ensure!(helped.insert(name.to_owned()), "two HELP of {name}"),
                "TYPE" => {
                    ensure!(["counter", "gauge", "histogram"].contains(&value), "not a type: {value}");
                    ensure!(types.insert(name.to_owned(), value.to_owned()).is_none(), "two TYPE of {name}");
                    ensure!(closed.insert(std::mem::replace(&mut current, name.to_owned())), "{current} comes twice");
                }
                _ => bail!("a comment that is neither HELP nor TYPE: {line}"),
            }
            continue;
        }
        let (name, labels, value) = sample(line).with_context(|| line.to_owned())?;
        let kind = types.get(&current).with_context(|| format!("a sample before its TYPE: {line}"))?;
        let parts = ["_bucket", "_sum", "_count"];
        let of_current = match kind.as_str() {
            "histogram" => parts.iter().any(|part| name.strip_suffix(part) == Some(current.as_str())),
            _ => name == current,
        };
        ensure!(of_current, "{name} stands among the samples of {current}");
        ensure!(kind != "counter" || value >= 0.0, "a counter below zero: {line}");
        let has_bound = labels.iter().any(|(label, _)| label == "le");
        ensure!(has_bound == name.ends_with("_bucket"), "a bound where none belongs, or none where one does: {line}");
        let id = line.rsplit_once(' ').map_or(line, |(id, _)| id).to_owned();
        ensure!(samples.insert(id, value).is_none(), "twice: {line}");
    }
    for name in types.keys() {
        ensure!(helped.contains(name), "no HELP of {name}");
    }
    for (name, kind) in &types {
        if kind == "histogram" {
            buckets(name, text)?;
        }
    }
    Ok(samples)
}

/// Checks the buckets of a histogram, table by table in the order they are written.
fn buckets(name: &str, text: &str) -> Result<()> {
    let mut last: Option<(f64, f64)> = None;
    for line in text.lines().filter(|line| line.starts_with(name)) {
        let (part, labels, value) = sample(line)?;
        if part.ends_with("_bucket") {
            let bound = labels.iter().find(|(label, _)| label == "le").map(|(_, bound)| bound.as_str());
            let bound = number(bound.context("a bucket without a bound")?)?;
            if let Some((before, count)) = last {
                ensure!(bound > before && value >= count, "buckets fall at {line}");
            }
            last = Some((bound, value));
        } else if part.ends_with("_count") {
            let (bound, count) = last.take().with_context(|| format!("no buckets before {line}"))?;
            ensure!(bound == f64::INFINITY && count == value, "the last bucket is not the count: {line}");
        }
    }
    Ok(())
}

fn is_name(name: &str, colon: bool) -> bool {
    let first = |c: char| c.is_ascii_alphabetic() || c == '_' || (colon && c == ':');
    name.starts_with(first) && name.chars().all(|c| first(c) || c.is_ascii_digit())
}

fn number(text: &str) -> Result<f64> {
    match text {
        "+Inf" => Ok(f64::INFINITY),
        "-Inf" => Ok(f64::NEG_INFINITY),
        "NaN" => Ok(f64::NAN),
        text => text.parse().with_context(|| format!("not a number: {text}")),
    }
}

/// Name, labels and value.
type Sample = (String, Vec<(String, String)>, f64);

/// Reads `name{label="value",…} number`.
fn sample(line: &str) -> Result<Sample> {
    let at = line.find(['{', ' ']).context("no value")?;
    let (name, mut rest) = line.split_at(at);
    ensure!(is_name(name, true), "not a name: {name}");
    let mut labels = Vec::new();
    if let Some(inner) = rest.strip_prefix('{') {
        rest = inner;
        loop {
            let (label, after) = rest.split_once("=\"").context("a label without a value")?;
            ensure!(is_name(label, false), "not a label: {label}");
            let (value, after) = quoted(after)?;
            ensure!(labels.iter().all(|(other, _)| other != label), "{label} twice");
            labels.push((label.to_owned(), value));
            match after.split_at_checked(1).context("labels without an end")? {
                (",", more) => rest = more,
                ("}", more) => {
                    rest = more;
                    break;
                }
                _ => bail!("neither a comma nor an end after a label"),
            }
        }
    }
    let value = rest.strip_prefix(' ').context("no blank before the value")?;
    ensure!(!value.contains(' '), "more than a value");
    Ok((name.to_owned(), labels, number(value)?))
}

/// Reads up to the closing quote; only backslash, quote and line end may be escaped, and have to be.
fn quoted(text: &str) -> Result<(String, &str)> {
    let mut value = String::new();
    let mut letters = text.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return Ok((value, &text[at + 1..])),
            '\\' => value.push(match letters.next().map(|(_, letter)| letter) {
                Some('n') => '\n',
                Some(letter @ ('\\' | '"')) => letter,
                other => bail!("an escape that does not exist: {other:?}"),
            }),
            '\n' => bail!("a line end in a label"),
            letter => value.push(letter),
        }
    }
    bail!("a label value without an end")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_format_allows_is_read() {
        let good = "# HELP a b\n# TYPE a counter\na{x=\"q\\\"\\\\\\n\"} 1\na 2\n";
        assert_eq!(read(good).unwrap().len(), 2);
        let histogram =
            "# HELP h b\n# TYPE h histogram\nh_bucket{le=\"1\"} 1\nh_bucket{le=\"+Inf\"} 2\nh_sum 3\nh_count 2\n";
        assert_eq!(read(histogram).unwrap()["h_sum"], 3.0);
        for bad in [
            "# HELP a b\n# TYPE a counter\na 1",
            "a 1\n",
            "# TYPE a counter\na 1\n",
            "# HELP a b\n# TYPE a counter\na 1\na 1\n",
            "# HELP a b\n# TYPE a counter\na -1\n",
            "# HELP a b\n# TYPE a counter\nb 1\n",
            "# HELP a b\n# TYPE a counter\na{x=\"\\t\"} 1\n",
            "# HELP a b\n# TYPE a counter\na{x=\"1\",x=\"2\"} 1\n",
            "# HELP a b\n# TYPE a counter\na{1x=\"1\"} 1\n",
            "# HELP h b\n# TYPE h histogram\nh_bucket{le=\"1\"} 3\nh_bucket{le=\"+Inf\"} 2\nh_sum 3\nh_count 2\n",
            "# HELP h b\n# TYPE h histogram\nh_bucket{le=\"1\"} 1\nh_sum 3\nh_count 1\n",
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
