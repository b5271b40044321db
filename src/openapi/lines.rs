//! On which line of a text a JSON Pointer leads to something.
//!
//! Asked only for what is shown: the text is gone through once more, and everything no pointer leads to is
//! passed over without being read.

use std::collections::{BTreeMap, HashMap};

use granit_parser::{Event, Parser};

use super::bundle::{Bundle, ROOT, file_of};
use super::pointer::unescape;

/// A place in a text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SourceLine {
    /// The file of a description of several; empty for the description itself.
    pub file: String,
    /// Counted from 1.
    pub line: usize,
}

/// The lines that pointers into a document lead to; a pointer that leads nowhere gets the line of the last
/// thing on its way.
pub fn lines_of(bytes: &[u8], pointers: &[&str]) -> HashMap<String, SourceLine> {
    let mut by_file: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
    for pointer in pointers {
        let (file, inner) = file_of(pointer);
        by_file.entry(file).or_default().push(((*pointer).to_owned(), inner));
    }
    let bundle = Bundle::from_bytes(bytes);
    let mut lines = HashMap::new();
    for (file, wanted) in by_file {
        let text = match &bundle {
            Some(bundle) => bundle.files.get(&file).map(String::as_str),
            None if file == ROOT => std::str::from_utf8(bytes).ok(),
            None => None,
        };
        let Some(text) = text else { continue };
        let mut tree = PointerTree::default();
        for (_, inner) in &wanted {
            tree.want(inner);
        }
        if text.trim_start().starts_with(['{', '[']) {
            json(text, &mut tree);
        } else {
            yaml(text, &mut tree);
        }
        for (pointer, inner) in wanted {
            if let Some(line) = tree.line(&inner) {
                lines.insert(pointer, SourceLine { file: file.clone(), line });
            }
        }
    }
    lines
}

/// The wanted pointers as a tree of tokens.
struct PointerTree {
    nodes: Vec<PointerNode>,
}

#[derive(Default)]
struct PointerNode {
    children: HashMap<String, usize>,
    line: Option<usize>,
}

impl Default for PointerTree {
    fn default() -> Self {
        Self { nodes: vec![PointerNode { line: Some(1), ..PointerNode::default() }] }
    }
}

impl PointerTree {
    fn want(&mut self, pointer: &str) {
        let mut at = 0;
        for token in tokens(pointer) {
            at = match self.child(at, &token) {
                Some(known) => known,
                None => {
                    let new = self.nodes.len();
                    self.nodes.push(PointerNode::default());
                    if let Some(node) = self.nodes.get_mut(at) {
                        node.children.insert(token, new);
                    }
                    new
                }
            };
        }
    }

    fn child(&self, at: usize, token: &str) -> Option<usize> {
        self.nodes.get(at)?.children.get(token).copied()
    }

    fn set(&mut self, at: usize, line: usize) {
        if let Some(node) = self.nodes.get_mut(at) {
            node.line = Some(line);
        }
    }

    fn line(&self, pointer: &str) -> Option<usize> {
        let mut at = 0;
        let mut line = self.nodes.first()?.line;
        for token in tokens(pointer) {
            let Some(next) = self.child(at, &token) else { break };
            at = next;
            line = self.nodes.get(at).and_then(|node| node.line).or(line);
        }
        line
    }
}

fn tokens(pointer: &str) -> impl Iterator<Item = String> + '_ {
    pointer.split('/').skip(1).map(|token| unescape(token).into_owned())
}

/// Goes through JSON that has been parsed before. Depth follows the pointers, not the document.
fn json(text: &str, tree: &mut PointerTree) {
    let mut scan = Scan { bytes: text.as_bytes(), at: 0, line: 1 };
    scan.value(Some(0), tree);
}

struct Scan<'t> {
    bytes: &'t [u8],
    at: usize,
    line: usize,
}

impl Scan<'_> {
    fn peek(&mut self) -> Option<u8> {
        while let Some(byte) = self.bytes.get(self.at) {
            match byte {
                b'\n' => self.line += 1,
                b' ' | b'\t' | b'\r' | b',' | b':' | 0xEF | 0xBB | 0xBF => {}
                other => return Some(*other),
            }
            self.at += 1;
        }
        None
    }

    /// Passes one value, reading it where `node` wants something in it.
    fn value(&mut self, node: Option<usize>, tree: &mut PointerTree) {
        let wanted = node.filter(|node| tree.nodes.get(*node).is_some_and(|node| !node.children.is_empty()));
        match (self.peek(), wanted) {
            (Some(b'{'), Some(node)) => {
                self.at += 1;
                while let Some(byte) = self.peek() {
                    if byte == b'}' {
                        self.at += 1;
                        return;
                    }
                    let line = self.line;
                    let Some(key) = self.key() else { return };
                    let child = tree.child(node, &key);
                    if let Some(child) = child {
                        tree.set(child, line);
                    }
                    self.value(child, tree);
                }
            }
            (Some(b'['), Some(node)) => {
                self.at += 1;
                let mut index = 0_usize;
                while let Some(byte) = self.peek() {
                    if byte == b']' {
                        self.at += 1;
                        return;
                    }
                    let child = tree.child(node, &index.to_string());
                    if let Some(child) = child {
                        tree.set(child, self.line);
                    }
                    self.value(child, tree);
                    index += 1;
                }
            }
            (Some(_), _) => self.pass(),
            (None, _) => {}
        }
    }

    fn key(&mut self) -> Option<String> {
        let start = self.at;
        self.string();
        serde_json::from_slice(self.bytes.get(start..self.at)?).ok()
    }

    fn string(&mut self) {
        self.at += 1;
        while let Some(byte) = self.bytes.get(self.at) {
            match byte {
                b'\\' => self.at += 1,
                b'"' => {
                    self.at += 1;
                    return;
                }
                b'\n' => self.line += 1,
                _ => {}
            }
            self.at += 1;
        }
    }

    /// Passes over one value without looking into it.
    fn pass(&mut self) {
        let mut depth = 0_usize;
        while let Some(byte) = self.peek() {
            match byte {
                b'{' | b'[' => {
                    depth += 1;
                    self.at += 1;
                }
                b'}' | b']' => {
                    // The end of what this value stands in.
                    if depth == 0 {
                        return;
                    }
                    depth -= 1;
                    self.at += 1;
                }
                b'"' => self.string(),
                _ => {
                    while self
                        .bytes
                        .get(self.at)
                        .is_some_and(|byte| !matches!(byte, b',' | b'}' | b']' | b'\n' | b' ' | b'\r' | b'\t'))
                    {
                        self.at += 1;
                    }
                }
            }
            if depth == 0 {
                return;
            }
        }
    }
}

/// A collection of the YAML text that is open.
struct YamlCollection {
    node: Option<usize>,
    is_map: bool,
    index: usize,
    key: MappingState,
}

/// Where a mapping stands between a key and its value.
#[derive(Clone, Copy, PartialEq, Eq)]
enum MappingState {
    /// A key comes next.
    AwaitsKey,
    /// The value comes next, and this node wants something in it, if any does.
    AwaitsValue(Option<usize>),
}

/// Goes through YAML event by event. What an alias repeats has the line of the alias.
fn yaml(text: &str, tree: &mut PointerTree) {
    let mut stack: Vec<YamlCollection> = Vec::new();
    for next in Parser::new_from_str(text) {
        let Ok((event, span)) = next else { return };
        let line = span.start.line();
        match event {
            Event::Scalar(text, ..) => {
                let is_key =
                    stack.last().is_some_and(|collection| collection.is_map && collection.key == MappingState::AwaitsKey);
                if is_key {
                    let child = stack.last().and_then(|collection| collection.node).and_then(|node| tree.child(node, &text));
                    if let Some(child) = child {
                        tree.set(child, line);
                    }
                    if let Some(collection) = stack.last_mut() {
                        collection.key = MappingState::AwaitsValue(child);
                    }
                } else {
                    step(&mut stack, tree, line);
                }
            }
            Event::Alias(_) => {
                step(&mut stack, tree, line);
            }
            Event::SequenceStart(..) => {
                let node = step(&mut stack, tree, line);
                stack.push(YamlCollection { node, is_map: false, index: 0, key: MappingState::AwaitsKey });
            }
            Event::MappingStart(..) => {
                let node = step(&mut stack, tree, line);
                stack.push(YamlCollection { node, is_map: true, index: 0, key: MappingState::AwaitsKey });
            }
            Event::SequenceEnd | Event::MappingEnd => {
                stack.pop();
            }
            _ => {}
        }
    }
}

/// A value begins: the node that wants something in it.
fn step(stack: &mut [YamlCollection], tree: &mut PointerTree, line: usize) -> Option<usize> {
    let Some(collection) = stack.last_mut() else { return Some(0) };
    if collection.is_map {
        // A collection as a key is nobody's name.
        return match std::mem::replace(&mut collection.key, MappingState::AwaitsKey) {
            MappingState::AwaitsValue(node) => node,
            MappingState::AwaitsKey => None,
        };
    }
    let child = collection.node.and_then(|node| tree.child(node, &collection.index.to_string()));
    collection.index += 1;
    if let Some(child) = child {
        tree.set(child, line);
    }
    child
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_formats_know_their_lines() {
        let json = "{\n  \"a\": {\"x\": [1,\n    {\"y/z\": true}]},\n  \"b\": \"}\\\"\",\n  \"c\":\n 3}";
        let yaml = "a:\n  x:\n    - 1\n    - y/z: true\nb: \"}\"\nc:\n  3\n";
        let pointers = ["/a/x/1/y~1z", "/b", "/c", "/a/x/0", "/a/nothing", ""];
        let lines =
            |text: &str| pointers.map(|pointer| lines_of(text.as_bytes(), &pointers).get(pointer).map_or(0, |line| line.line));
        assert_eq!(lines(json), [3, 4, 5, 2, 2, 1]);
        assert_eq!(lines(yaml), [4, 5, 6, 3, 1, 1]);
    }

    #[test]
    fn broken_and_deep_texts_end() {
        for text in ["{\"a\": [", "{\"a\"", "[[[[", &"[".repeat(100_000), "a: {b: [", "{\"a\": \"\\"] {
            let _ = lines_of(text.as_bytes(), &["/a/b/c", "/0/0/0"]);
        }
    }
}
