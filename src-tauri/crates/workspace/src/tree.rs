//! The YAML text as a tree of nodes that know their bytes.

use crate::problem::Position;
use crate::scalar::Style;
use saphyr_parser::{Event, Marker, Parser, ScalarStyle, ScanError, Span, Tag};
use std::collections::HashMap;
use std::ops::Range;

/// The deepest nesting a document may have: far beyond any sensible one, far below what recursion endures.
const MAX_DEPTH: usize = 40;
/// The most nodes a document may have once its aliases are followed.
const MAX_NODES: usize = 200_000;
/// The longest text that is read, in bytes.
const MAX_BYTES: usize = 16 * 1024 * 1024;

/// A value in the document.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) kind: Kind,
    /// The bytes of the value. Exact for scalars and flow collections; for block collections from the first byte of the
    /// first entry to the last byte of the last. Empty for a value that is not written at all.
    pub(crate) range: Range<usize>,
    pub(crate) position: Position,
    /// Whether an anchor or a tag is written before the value.
    pub(crate) decorated: bool,
    /// Whether the value is written elsewhere and only referred to here.
    pub(crate) alias: bool,
}

/// What a node holds.
#[derive(Clone, Debug)]
pub(crate) enum Kind {
    Scalar {
        text: String,
        style: Style,
        /// Whether a `!!str` tag makes text of it.
        text_by_tag: bool,
    },
    Sequence {
        items: Vec<Node>,
        flow: bool,
    },
    Mapping {
        entries: Vec<Entry>,
        flow: bool,
    },
}

/// A key with its value.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) key: Node,
    pub(crate) value: Node,
}

impl Entry {
    /// Returns the key's text; keys that are collections were refused on reading.
    pub(crate) fn name(&self) -> &str {
        match &self.key.kind {
            Kind::Scalar { text, .. } => text,
            Kind::Sequence { .. } | Kind::Mapping { .. } => "",
        }
    }
}

impl Node {
    pub(crate) fn entries(&self) -> Option<&[Entry]> {
        match &self.kind {
            Kind::Mapping { entries, .. } => Some(entries),
            _ => None,
        }
    }

    pub(crate) fn items(&self) -> Option<&[Node]> {
        match &self.kind {
            Kind::Sequence { items, .. } => Some(items),
            _ => None,
        }
    }

    /// Returns the value under `key`, the first one if the key is there twice.
    pub(crate) fn get(&self, key: &str) -> Option<&Node> {
        self.entries()?.iter().find(|entry| entry.name() == key).map(|entry| &entry.value)
    }

    fn size(&self) -> usize {
        1 + match &self.kind {
            Kind::Scalar { .. } => 0,
            Kind::Sequence { items, .. } => items.iter().map(Node::size).sum(),
            Kind::Mapping { entries, .. } => entries.iter().map(|entry| entry.key.size() + entry.value.size()).sum(),
        }
    }

    fn depth(&self) -> usize {
        1 + match &self.kind {
            Kind::Scalar { .. } => 0,
            Kind::Sequence { items, .. } => items.iter().map(Node::depth).max().unwrap_or(0),
            Kind::Mapping { entries, .. } => entries.iter().map(|entry| entry.value.depth()).max().unwrap_or(0),
        }
    }
}

/// A text that is not YAML this crate reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SyntaxError {
    pub(crate) position: Position,
    pub(crate) message: String,
}

/// Reads `text` as one YAML document; `None` when it holds no value at all.
pub(crate) fn read(text: &str) -> Result<Option<Node>, SyntaxError> {
    if text.len() > MAX_BYTES {
        return Err(SyntaxError {
            position: Position { line: 1, column: 1 },
            message: format!("the file is longer than {} MiB", MAX_BYTES / 1024 / 1024),
        });
    }
    let mut builder = Builder::new(text);
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| syntax_error(&error))?;
        builder.take(event, span)?;
    }
    Ok(builder.document)
}

fn syntax_error(error: &ScanError) -> SyntaxError {
    SyntaxError { position: position(error.marker()), message: format!("this is not valid YAML: {}", error.info()) }
}

fn position(marker: &Marker) -> Position {
    Position { line: marker.line().max(1), column: marker.col() + 1 }
}

/// A collection that is still open.
struct Open {
    node: Node,
    anchor: usize,
    /// The key that waits for its value, in a mapping.
    key: Option<Node>,
}

struct Builder<'text> {
    text: &'text str,
    /// The byte offset of every character, and of the end.
    offsets: Vec<usize>,
    open: Vec<Open>,
    anchors: HashMap<usize, Node>,
    nodes: usize,
    documents: usize,
    document: Option<Node>,
}

impl<'text> Builder<'text> {
    fn new(text: &'text str) -> Self {
        let mut offsets: Vec<usize> = text.char_indices().map(|(offset, _)| offset).collect();
        offsets.push(text.len());
        Self { text, offsets, open: Vec::new(), anchors: HashMap::new(), nodes: 0, documents: 0, document: None }
    }

    fn offset(&self, marker: &Marker) -> usize {
        self.offsets.get(marker.index()).copied().unwrap_or(self.text.len())
    }

    fn range(&self, span: Span) -> Range<usize> {
        let start = self.offset(&span.start);
        start..self.offset(&span.end).max(start)
    }

    fn take(&mut self, event: Event<'_>, span: Span) -> Result<(), SyntaxError> {
        let here = position(&span.start);
        let fail = |message: &str| Err(SyntaxError { position: here, message: message.to_owned() });
        match event {
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => {}
            Event::DocumentStart(_) => {
                self.documents += 1;
                self.anchors.clear();
                if self.documents > 1 {
                    return fail("a second YAML document begins here; a workspace is one document");
                }
            }
            Event::Alias(anchor) => {
                let Some(target) = self.anchors.get(&anchor) else {
                    return fail("this alias stands inside the value that it refers to");
                };
                let mut node = target.clone();
                self.nodes = self.nodes.saturating_add(node.size());
                if self.nodes > MAX_NODES || self.open.len() + node.depth() > MAX_DEPTH {
                    return fail("the aliases make the document too large");
                }
                node.range = self.range(span);
                node.position = here;
                node.alias = true;
                node.decorated = true;
                return self.place(node);
            }
            Event::Scalar(text, style, anchor, tag) => {
                let text_by_tag = self.check_tag(tag.as_deref(), "str", here)?;
                let decorated = anchor > 0 || tag.is_some();
                let empty = text.is_empty() && style == ScalarStyle::Plain && !decorated;
                let node = Node {
                    range: self.scalar_range(span, Style::from(style), empty),
                    position: here,
                    decorated,
                    alias: false,
                    kind: Kind::Scalar { text: text.into_owned(), style: Style::from(style), text_by_tag },
                };
                if anchor > 0 {
                    self.anchors.insert(anchor, node.clone());
                }
                self.nodes += 1;
                if self.nodes > MAX_NODES {
                    return fail("the document has too many values");
                }
                return self.place(node);
            }
            Event::SequenceStart(anchor, tag) => {
                self.check_tag(tag.as_deref(), "seq", here)?;
                let flow = self.opens_with('[', span);
                let kind = Kind::Sequence { items: Vec::new(), flow };
                return self.begin(kind, anchor, tag.is_some(), span);
            }
            Event::MappingStart(anchor, tag) => {
                self.check_tag(tag.as_deref(), "map", here)?;
                let flow = self.opens_with('{', span);
                let kind = Kind::Mapping { entries: Vec::new(), flow };
                return self.begin(kind, anchor, tag.is_some(), span);
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let Some(mut open) = self.open.pop() else {
                    return fail("a collection ends that was never begun");
                };
                open.node.range.end = self.collection_end(&open.node, span);
                if open.anchor > 0 {
                    self.anchors.insert(open.anchor, open.node.clone());
                }
                return self.place(open.node);
            }
        }
        Ok(())
    }

    fn begin(&mut self, kind: Kind, anchor: usize, tagged: bool, span: Span) -> Result<(), SyntaxError> {
        let here = position(&span.start);
        if self.open.len() >= MAX_DEPTH {
            return Err(SyntaxError {
                position: here,
                message: format!("values are nested more than {MAX_DEPTH} deep"),
            });
        }
        self.nodes += 1;
        self.open.push(Open {
            node: Node { kind, range: self.range(span), position: here, decorated: anchor > 0 || tagged, alias: false },
            anchor,
            key: None,
        });
        Ok(())
    }

    /// Puts a finished node where it belongs: as the document, an item, a key or a value.
    fn place(&mut self, node: Node) -> Result<(), SyntaxError> {
        let Some(open) = self.open.last_mut() else {
            self.document = Some(node);
            return Ok(());
        };
        match &mut open.node.kind {
            Kind::Sequence { items, .. } => items.push(node),
            Kind::Mapping { entries, .. } => match open.key.take() {
                Some(key) => entries.push(Entry { key, value: node }),
                None if matches!(node.kind, Kind::Scalar { .. }) => open.key = Some(node),
                None => {
                    return Err(SyntaxError {
                        position: node.position,
                        message: "a key must be a plain text, not a list or a mapping".to_owned(),
                    });
                }
            },
            Kind::Scalar { .. } => {}
        }
        Ok(())
    }

    /// Tells whether a tag is the expected one of YAML's own; other tags are refused.
    fn check_tag(&self, tag: Option<&Tag>, expected: &str, position: Position) -> Result<bool, SyntaxError> {
        match tag {
            None => Ok(false),
            Some(tag) if tag.is_yaml_core_schema() && tag.suffix == expected => Ok(true),
            Some(tag) => Err(SyntaxError {
                position,
                message: format!("the tag `{}{}` is not supported here", tag.handle, tag.suffix),
            }),
        }
    }

    /// Tells whether a collection begins with this bracket. Anchors and tags, which may stand before it, hold none; blanks
    /// and comments, which may follow it, are counted to it by the scanner.
    fn opens_with(&self, bracket: char, span: Span) -> bool {
        let written = self.text.get(self.range(span)).unwrap_or("");
        let decorated = written.starts_with(['&', '!']);
        written.starts_with(bracket) || decorated && written.contains(bracket)
    }

    /// Returns the bytes of a scalar without the white space that the scanner may count to it.
    fn scalar_range(&self, span: Span, style: Style, empty: bool) -> Range<usize> {
        let range = self.range(span);
        if style.is_block() {
            return range;
        }
        if empty {
            // The parser points at the next token, which is no part of a value that is not there.
            return range.start..range.start;
        }
        let quote = match style {
            Style::Single => '\'',
            Style::Double => '"',
            _ => {
                let written = self.text.get(range.clone()).unwrap_or("");
                return range.start..range.start + written.trim_end().len();
            }
        };
        // The scanner's own end runs on over blanks and a comment, so the closing quote is looked for.
        let end = quoted_end(self.text.get(range.clone()).unwrap_or(""), quote);
        range.start..end.map_or(range.end, |end| range.start + end)
    }

    fn collection_end(&self, node: &Node, span: Span) -> usize {
        let last = match &node.kind {
            Kind::Sequence { flow: true, .. } | Kind::Mapping { flow: true, .. } => {
                // The bracket is one byte; the scanner's own end runs on over a comment.
                return (self.offset(&span.start) + 1).min(self.text.len());
            }
            Kind::Sequence { items, .. } => items.last(),
            Kind::Mapping { entries, .. } => entries.last().map(|entry| &entry.value),
            Kind::Scalar { .. } => None,
        };
        last.map_or(node.range.end, |last| last.range.end).max(node.range.start)
    }
}

/// Returns the place behind the closing quote of a quoted scalar; an anchor or a tag may stand before it.
fn quoted_end(text: &str, quote: char) -> Option<usize> {
    let mut letters = text.char_indices().skip_while(|(_, letter)| *letter != quote).skip(1).peekable();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '\\' if quote == '"' => {
                letters.next();
            }
            letter if letter == quote => match letters.peek() {
                Some((_, '\'')) if quote == '\'' => {
                    letters.next();
                }
                _ => return Some(at + 1),
            },
            _ => {}
        }
    }
    None
}

#[cfg(test)]
#[path = "tree_tests.rs"]
mod tests;
