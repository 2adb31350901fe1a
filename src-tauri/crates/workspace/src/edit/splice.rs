//! Changes carried out on the bytes of a text: what is not changed stays as it is, byte for byte.
//!
//! Nothing here is trusted: the caller reads the result again and compares it with what the change means. So a layout
//! that is not foreseen is refused, never damaged.

use super::change::{Change, Step};
use super::write;
use crate::scalar::Style;
use crate::tree::{Entry, Kind, Node};
use crate::value::Value;
use std::ops::Range;

/// How a text is changed: these bytes, by this text.
type Splice = (Range<usize>, String);

/// Returns the text after a change, or `None` for a layout that cannot be edited.
pub(super) fn splice(text: &str, root: Option<&Node>, change: &Change) -> Option<String> {
    let editor = Editor { text, newline: if text.contains("\r\n") { "\r\n" } else { "\n" } };
    let mut splices = match (root.filter(|root| !root.is_null()), change) {
        (None, Change::Insert { path, key, value }) if path.is_empty() => {
            editor.add_lines(text.len(), "", &block_entry(key, value))
        }
        (None, Change::Append { path, values }) => match path.as_slice() {
            [Step::Key(key)] => editor.add_lines(text.len(), "", &block_entry(key, &Value::List(values.clone()))),
            _ => return None,
        },
        (None, _) => return None,
        (Some(root), Change::Replace { path, value }) => editor.replace(root, path, value)?,
        (Some(root), Change::Insert { path, key, value }) => editor.insert(root, path, key, value)?,
        (Some(root), Change::Append { path, values }) => editor.append(root, path, values)?,
        (Some(root), Change::Remove { path }) => editor.remove(root, path)?,
    };
    // From the end, so that earlier places stay where they are.
    splices.sort_by_key(|(range, _)| std::cmp::Reverse(range.start));
    let mut out = text.to_owned();
    for (range, replacement) in splices {
        out.get(range.clone())?;
        out.replace_range(range, &replacement);
    }
    Some(out)
}

/// Where a value stands: behind a key, behind a dash, or as the document itself.
enum Slot<'doc> {
    Document,
    Value(&'doc Entry),
    Item,
}

struct Editor<'text> {
    text: &'text str,
    newline: &'static str,
}

fn find<'doc>(root: &'doc Node, path: &[Step]) -> Option<(&'doc Node, Slot<'doc>)> {
    path.iter().try_fold((root, Slot::Document), |(node, _), step| {
        // What an alias refers to stands elsewhere, and belongs to others, too.
        if node.alias {
            return None;
        }
        match step {
            Step::Key(key) => {
                let entry = node.entries()?.iter().find(|entry| entry.name() == key)?;
                Some((&entry.value, Slot::Value(entry)))
            }
            Step::Item(index) => Some((node.items()?.get(*index)?, Slot::Item)),
        }
    })
}

/// Writes an entry on lines: a map or list of maps below its key, everything else beside it.
fn block_entry(key: &str, value: &Value) -> Vec<String> {
    match value {
        Value::List(items) if items.iter().any(Value::is_collection) => {
            let mut lines = vec![format!("{}:", write::inline(&Value::from(key), Style::Plain))];
            lines.extend(items.iter().flat_map(block_item).map(|line| format!("  {line}")));
            lines
        }
        _ => vec![write::entry(key, value)],
    }
}

/// Writes an item of a list on lines, the first behind a dash.
fn block_item(value: &Value) -> Vec<String> {
    let mark = |(index, line): (usize, String)| if index == 0 { format!("- {line}") } else { format!("  {line}") };
    write::lines(value).into_iter().enumerate().map(mark).collect()
}

impl Editor<'_> {
    fn line_start(&self, at: usize) -> usize {
        self.text[..at].rfind('\n').map_or(0, |newline| newline + 1)
    }

    /// Returns the end of the line, behind its line break.
    fn line_end(&self, at: usize) -> usize {
        self.text[at..].find('\n').map_or(self.text.len(), |newline| at + newline + 1)
    }

    /// Returns the end of what is written of a node, without trailing blank lines.
    fn content_end(&self, node: &Node) -> usize {
        if node.alias {
            return node.range.end;
        }
        match &node.kind {
            Kind::Scalar { style, .. } if style.is_block() => {
                node.range.start + self.text[node.range.clone()].trim_end().len()
            }
            Kind::Sequence { items, flow: false } => items.last().map_or(node.range.end, |item| self.content_end(item)),
            Kind::Mapping { entries, flow: false } => {
                entries.last().map_or(node.range.end, |entry| self.entry_end(entry))
            }
            _ => node.range.end,
        }
    }

    fn entry_end(&self, entry: &Entry) -> usize {
        self.content_end(&entry.value).max(self.colon(entry).unwrap_or(entry.key.range.end))
    }

    /// Returns the place behind the colon of an entry, if it has one.
    fn colon(&self, entry: &Entry) -> Option<usize> {
        let after = &self.text[entry.key.range.end..];
        let blanks = after.len() - after.trim_start_matches([' ', '\t']).len();
        after[blanks..].starts_with(':').then_some(entry.key.range.end + blanks + 1)
    }

    /// Returns the place of the dash before an item, which must be the first on its line.
    fn dash(&self, item: &Node) -> Option<usize> {
        let mut line = self.line_start(item.range.start);
        let mut before = &self.text[line..item.range.start];
        // A dash may stand alone on its line, above the item.
        while before.trim().is_empty() || before.trim_start().starts_with('#') {
            let start = self.line_start(line.checked_sub(1)?);
            before = self.text[start..line].trim_end();
            line = start;
        }
        let dash = before.find('-')?;
        let rest = before[dash + 1..].trim_start();
        (before[..dash].bytes().all(|byte| byte == b' ') && (rest.is_empty() || rest.starts_with('#')))
            .then_some(line + dash)
    }

    /// Adds lines at `at`, the beginning of a line or the end of the text.
    fn add_lines(&self, at: usize, indent: &str, lines: &[String]) -> Vec<Splice> {
        let mut added: String = lines.iter().map(|line| format!("{indent}{line}{}", self.newline)).collect();
        if at > 0 && !self.text[..at].ends_with('\n') {
            // The last line of the file has no line break: it keeps its bytes, and the added one has none instead.
            added = format!("{}{}", self.newline, added.trim_end_matches(['\r', '\n']));
        }
        vec![(at..at, added)]
    }

    fn replace(&self, root: &Node, path: &[Step], value: &Value) -> Option<Vec<Splice>> {
        let (node, slot) = find(root, path)?;
        let written = write::inline(value, node.style().unwrap_or(Style::Plain));
        let in_lines = matches!(&node.kind, Kind::Sequence { flow: false, .. } | Kind::Mapping { flow: false, .. });
        let block_scalar = node.style().is_some_and(Style::is_block);
        if node.alias || !in_lines && !block_scalar && !node.range.is_empty() {
            return Some(vec![(node.range.clone(), written)]);
        }
        match slot {
            Slot::Document => None,
            Slot::Value(entry) => {
                let Some(colon) = self.colon(entry) else {
                    return Some(vec![(entry.key.range.end..entry.key.range.end, format!(": {written}"))]);
                };
                if node.range.is_empty() && !in_lines {
                    return Some(vec![(colon..colon, format!(" {written}"))]);
                }
                if in_lines && self.line_start(node.range.start) > colon {
                    // Comments between the key and the first line below it stay.
                    let lines = self.line_start(node.range.start)..self.line_end(self.content_end(node));
                    return Some(vec![(colon..colon, format!(" {written}")), (lines, String::new())]);
                }
                let start = if block_scalar { self.header(colon, node)? } else { node.range.start };
                Some(vec![(start..self.content_end(node), written)])
            }
            Slot::Item if node.range.is_empty() => None,
            Slot::Item if block_scalar => {
                let start = self.header(self.line_start(node.range.start).saturating_sub(1), node)?;
                Some(vec![(start..self.content_end(node), written)])
            }
            Slot::Item => Some(vec![(node.range.start..self.content_end(node), written)]),
        }
    }

    /// Finds the `|` or `>` of a block scalar behind `after`.
    fn header(&self, after: usize, node: &Node) -> Option<usize> {
        if node.decorated {
            return None;
        }
        let line = self.line_start(after);
        self.text.get(line.max(after)..node.range.start)?.find(['|', '>']).map(|at| line.max(after) + at)
    }

    fn insert(&self, root: &Node, path: &[Step], key: &str, value: &Value) -> Option<Vec<Splice>> {
        let Some((node, slot)) = find(root, path) else {
            // The mapping is missing: it is made with its first key.
            let (Step::Key(name), parent) = path.split_last()? else { return None };
            let (parent, _) = find(root, parent)?;
            let lines = [
                vec![format!("{}:", write::inline(&Value::from(name.as_str()), Style::Plain))],
                indented(&block_entry(key, value)),
            ];
            return self.insert_lines(parent, &lines.concat());
        };
        if node.alias {
            return None;
        }
        match (&node.kind, slot) {
            (Kind::Mapping { entries, flow: true }, _) => {
                let written = write::entry(key, value);
                match entries.last() {
                    Some(last) => {
                        let end = self.entry_end(last);
                        Some(vec![(end..end, format!(", {written}"))])
                    }
                    None if matches!(self.empty_brackets(node), Some(range) if !range.is_empty()) => None,
                    None => self.below_or_inside(node, find(root, path)?.1, path, &block_entry(key, value), &written),
                }
            }
            (Kind::Mapping { .. }, _) => self.insert_lines(node, &block_entry_like(node, key, value, self)),
            (Kind::Scalar { .. }, Slot::Value(entry)) if node.is_null() => {
                self.below(node, entry, &indented(&block_entry(key, value)))
            }
            _ => None,
        }
    }

    /// Adds the first entry of an empty flow collection: on lines of its own where the key stands on a line of its own,
    /// else inside of the brackets.
    fn below_or_inside(
        &self,
        node: &Node,
        slot: Slot<'_>,
        path: &[Step],
        lines: &[String],
        inside: &str,
    ) -> Option<Vec<Splice>> {
        match slot {
            Slot::Value(entry) if path.len() == 1 && !node.decorated => self.below(node, entry, &indented(lines)),
            _ => {
                let middle = node.range.start + 1;
                let padded =
                    if matches!(node.kind, Kind::Mapping { .. }) { format!(" {inside} ") } else { inside.to_owned() };
                Some(vec![(middle..node.range.end.checked_sub(1)?, padded)])
            }
        }
    }

    /// Returns what is written between the brackets of an empty flow collection beside white space.
    fn empty_brackets(&self, node: &Node) -> Option<Range<usize>> {
        let inside = self.text.get(node.range.start + 1..node.range.end.checked_sub(1)?)?;
        let start = node.range.start + 1;
        let trimmed = inside.trim();
        Some(if trimmed.is_empty() { start..start } else { start..start + inside.len() })
    }

    /// Puts lines below a key whose value is nothing yet, in place of a written `null`, `{}` or `[]`.
    fn below(&self, node: &Node, entry: &Entry, lines: &[String]) -> Option<Vec<Splice>> {
        let colon = self.colon(entry)?;
        let start = self.line_start(entry.key.range.start);
        let before = &self.text[start..entry.key.range.start];
        if !before.chars().all(|letter| letter == ' ') || node.decorated {
            return None;
        }
        let end = if node.range.is_empty() { colon } else { node.range.end };
        let mut splices = self.add_lines(self.line_end(end), before, lines);
        if !node.range.is_empty() {
            splices.push((colon..node.range.end, String::new()));
        }
        Some(splices)
    }

    /// Adds lines behind the last entry of a mapping in block style.
    fn insert_lines(&self, node: &Node, lines: &[String]) -> Option<Vec<Splice>> {
        match &node.kind {
            Kind::Mapping { entries, flow: false } if !node.alias => {
                let (first, last) = (entries.first()?, entries.last()?);
                let indent = " ".repeat(first.key.position.column - 1);
                Some(self.add_lines(self.line_end(self.entry_end(last)), &indent, lines))
            }
            _ => None,
        }
    }

    fn append(&self, root: &Node, path: &[Step], values: &[Value]) -> Option<Vec<Splice>> {
        let Some((node, slot)) = find(root, path) else {
            let (Step::Key(name), parent) = path.split_last()? else { return None };
            let (parent, _) = find(root, parent)?;
            return self.insert_lines(parent, &block_entry(name, &Value::List(values.to_vec())));
        };
        if node.alias || values.is_empty() {
            return None;
        }
        let lines: Vec<_> = values.iter().flat_map(block_item).collect();
        match (&node.kind, slot) {
            (Kind::Sequence { items, flow: false }, _) => {
                let dash = self.dash(items.first()?)?;
                let indent = " ".repeat(dash - self.line_start(dash));
                Some(self.add_lines(self.line_end(self.content_end(items.last()?)), &indent, &lines))
            }
            (Kind::Sequence { items, flow: true }, slot) => {
                let written: Vec<_> = values.iter().map(|value| write::inline(value, Style::Plain)).collect();
                let written = written.join(", ");
                match items.last() {
                    Some(last) => {
                        let end = self.content_end(last);
                        Some(vec![(end..end, format!(", {written}"))])
                    }
                    None if matches!(self.empty_brackets(node), Some(range) if !range.is_empty()) => None,
                    None => self.below_or_inside(node, slot, path, &lines, &written),
                }
            }
            (Kind::Scalar { .. }, Slot::Value(entry)) if node.is_null() => self.below(node, entry, &indented(&lines)),
            _ => None,
        }
    }

    fn remove(&self, root: &Node, path: &[Step]) -> Option<Vec<Splice>> {
        let (last, parent_path) = path.split_last()?;
        let (parent, _) = find(root, parent_path)?;
        if parent.alias {
            return None;
        }
        let (flow, parts): (bool, Vec<Range<usize>>) = match &parent.kind {
            Kind::Mapping { entries, flow } => {
                (*flow, entries.iter().map(|entry| entry.key.range.start..self.entry_end(entry)).collect())
            }
            Kind::Sequence { items, flow } => {
                (*flow, items.iter().map(|item| item.range.start..self.content_end(item)).collect())
            }
            Kind::Scalar { .. } => return None,
        };
        let index = match last {
            Step::Key(key) => parent.entries()?.iter().position(|entry| entry.name() == key)?,
            Step::Item(index) => *index,
        };
        let part = parts.get(index)?.clone();
        if parts.len() == 1 {
            let empty = if matches!(parent.kind, Kind::Mapping { .. }) {
                Value::Map(Vec::new())
            } else {
                Value::List(Vec::new())
            };
            return self.replace(root, parent_path, &empty);
        }
        if flow {
            let range = match (parts.get(index + 1), index.checked_sub(1).and_then(|before| parts.get(before))) {
                (Some(next), _) => part.start..next.start,
                (None, Some(before)) => before.end..part.end,
                (None, None) => return None,
            };
            return Some(vec![(range, String::new())]);
        }
        if let Step::Item(index) = last {
            let line = self.line_start(self.dash(parent.items()?.get(*index)?)?);
            return Some(vec![(line..self.line_end(part.end), String::new())]);
        }
        let line = self.line_start(part.start);
        let lines = line..self.line_end(part.end);
        match self.text[line..part.start].trim() {
            "" => Some(vec![(lines, String::new())]),
            "-" => {
                // The first key behind a dash: the next key takes its place, and comments between them move above.
                let next = parts.get(index + 1)?.start;
                let comments = self.text.get(lines.end..self.line_start(next))?;
                Some(vec![(line..line, comments.to_owned()), (part.start..next, String::new())])
            }
            _ => None,
        }
    }
}

fn indented(lines: &[String]) -> Vec<String> {
    lines.iter().map(|line| format!("  {line}")).collect()
}

/// Writes an entry as its siblings are written: maps below their keys where the siblings have theirs there.
fn block_entry_like(node: &Node, key: &str, value: &Value, editor: &Editor<'_>) -> Vec<String> {
    let siblings = node.entries().unwrap_or_default();
    let below = siblings.iter().rev().find_map(|entry| match &entry.value.kind {
        Kind::Mapping { flow: false, entries } => {
            let inner = entries.first()?.key.position.column;
            Some(inner.saturating_sub(entry.key.position.column))
        }
        _ => None,
    });
    match (below, value) {
        (Some(step), Value::Map(entries)) if !entries.is_empty() => {
            debug_assert!(!editor.text.is_empty());
            let indent = " ".repeat(step);
            let mut lines = vec![format!("{}:", write::inline(&Value::from(key), Style::Plain))];
            lines.extend(write::lines(value).into_iter().map(|line| format!("{indent}{line}")));
            lines
        }
        _ => block_entry(key, value),
    }
}
