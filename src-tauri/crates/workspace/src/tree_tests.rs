#![allow(clippy::unwrap_used, reason = "tests")]

use super::*;
use proptest::prelude::*;

/// Lists every scalar with its key path and the text of the bytes that it stands on.
fn scalars(text: &str) -> Vec<(String, String)> {
    fn walk(node: &Node, path: &str, text: &str, out: &mut Vec<(String, String)>) {
        match &node.kind {
            Kind::Scalar { .. } => out.push((path.to_owned(), text[node.range.clone()].to_owned())),
            Kind::Sequence { items, .. } => {
                for (index, item) in items.iter().enumerate() {
                    walk(item, &format!("{path}[{index}]"), text, out);
                }
            }
            Kind::Mapping { entries, .. } => {
                for entry in entries {
                    walk(&entry.value, &format!("{path}.{}", entry.name()), text, out);
                }
            }
        }
    }
    let mut out = Vec::new();
    walk(&read(text).unwrap().unwrap(), "", text, &mut out);
    out
}

#[test]
fn scalars_know_their_bytes_in_block_and_flow_style_with_either_line_end() {
    let unix = "größe: é # c\nb: {x: 'it''s', y: [1, \"2\\\" #\" ], z: } # c\nq: 'x' # c'c\nc:\nd:\n- p: q  \n  r: multi\n    line   # c\ne: |\n  l1\n\n  l2\n\n# end\n";
    for text in [unix.to_owned(), unix.replace('\n', "\r\n"), format!("\u{feff}{unix}")] {
        let found = scalars(&text);
        let get = |path: &str| found.iter().find(|(at, _)| at == path).unwrap().1.replace("\r\n", "\n");
        for (path, expected) in [
            (".größe", "é"),
            (".b.x", "'it''s'"),
            (".q", "'x'"),
            (".b.y[0]", "1"),
            (".b.y[1]", "\"2\\\" #\""),
            (".b.z", ""),
            (".c", ""),
            (".d[0].p", "q"),
            (".d[0].r", "multi\n    line"),
            (".e", "l1\n\n  l2\n\n"),
        ] {
            assert_eq!(get(path), expected, "{path}");
        }
    }
}

#[test]
fn collections_end_where_their_last_value_ends() {
    let text = "a:\n  - 1\n  - {x: 1 } # c\n\nb: [1,\n  2 ]\n";
    let root = read(text).unwrap().unwrap();
    let bytes = |key: &str| &text[root.get(key).unwrap().range.clone()];
    assert_eq!(bytes("a"), "- 1\n  - {x: 1 }");
    assert_eq!(bytes("b"), "[1,\n  2 ]");
}

#[test]
fn aliases_are_followed_and_bombs_are_refused() {
    let root = read("a: &x {k: 1}\nb: *x\n").unwrap().unwrap();
    assert!(root.get("b").unwrap().get("k").is_some());
    assert!(root.get("b").unwrap().alias);

    let mut bomb = String::from("a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1]\n");
    for level in 1..12 {
        let inner = vec![format!("*a{}", level - 1); 9].join(", ");
        bomb.push_str(&format!("a{level}: &a{level} [{inner}]\n"));
    }
    assert!(read(&bomb).unwrap_err().message.contains("too large"));
    assert!(read("a: &x [*x]\n").unwrap_err().message.contains("inside"));
}

#[test]
fn deep_nesting_second_documents_tags_and_odd_keys_are_refused_with_their_place() {
    let deep = format!("{}1{}", "[".repeat(60), "]".repeat(60));
    for (text, line, word) in [
        (deep.as_str(), 1, "nested"),
        ("a: 1\n---\nb: 2\n", 2, "second"),
        ("a: !ruby/object 1\n", 1, "tag"),
        ("a: 1\n? [x]\n: 2\n", 2, "key"),
        ("a: 1\n  b: 2\n", 2, "YAML"),
        ("a: [1\nb: 2\n", 2, "YAML"),
        ("a: *nope\n", 1, "YAML"),
    ] {
        let error = read(text).unwrap_err();
        assert_eq!(error.position.line, line, "{text:?}: {error:?}");
        assert!(error.message.contains(word), "{text:?}: {error:?}");
    }
    assert!(read("").unwrap().is_none());
    assert!(read("# only a comment\n").unwrap().is_none());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_text_panics_and_every_range_is_sound(text in "([ -~\n\t\r\u{0}é]|- |: |\\{|\\[|\\}|\\]|\\||>|&a |\\*a|\"|'|#|\n  ){0,80}") {
        if let Ok(Some(root)) = read(&text) {
            fn walk(node: &Node, text: &str) {
                assert!(text.get(node.range.clone()).is_some(), "{:?} in {text:?}", node.range);
                node.items().into_iter().flatten().for_each(|item| walk(item, text));
                for entry in node.entries().into_iter().flatten() {
                    walk(&entry.key, text);
                    walk(&entry.value, text);
                }
            }
            walk(&root, &text);
        }
    }
}
