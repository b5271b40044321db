//! A TOML file read key by key: every mistake is collected with its line, none stops the reading.

use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::model::meant;

/// One mistake in the configuration.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// The file it stands in.
    pub file: PathBuf,
    /// Line, counted from 1; 0 when it concerns the whole file.
    pub line: usize,
    /// The key, as a dotted path.
    pub key: String,
    /// What is wrong.
    pub message: String,
    /// What to write instead.
    pub help: String,
}

impl std::fmt::Display for Problem {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}", self.file.display())?;
        if self.line > 0 {
            write!(formatter, ":{}", self.line)?;
        }
        if !self.key.is_empty() {
            write!(formatter, ": {}", self.key)?;
        }
        write!(formatter, ": {}", self.message)?;
        if self.help.is_empty() { Ok(()) } else { write!(formatter, "\n    {}", self.help) }
    }
}

/// Collects the mistakes of one file.
#[derive(Debug)]
pub(super) struct Problems<'t> {
    pub(super) file: &'t Path,
    text: &'t str,
    pub(super) found: Vec<Problem>,
    /// What is allowed but unwise, or could not be checked here.
    pub(super) warnings: Vec<Problem>,
}

impl<'t> Problems<'t> {
    pub(super) const fn new(file: &'t Path, text: &'t str) -> Self {
        Self { file, text, found: Vec::new(), warnings: Vec::new() }
    }

    /// The file as a table; syntax errors are collected, what can be read is.
    pub(super) fn parse(&mut self) -> Spanned<DeTable<'t>> {
        let (table, errors) = DeTable::parse_recoverable(self.text);
        for error in errors {
            let offset = error.span().map_or(0, |span| span.start);
            self.add(offset, String::new(), error.message().to_owned(), "see https://toml.io for the syntax");
        }
        table
    }

    /// Collects a mistake at an offset of the file, in bytes.
    pub(super) fn add(&mut self, offset: usize, key: impl Into<String>, message: impl Into<String>, help: impl Into<String>) {
        let problem = self.problem(offset, key, message, help);
        self.found.push(problem);
    }

    /// Collects what is allowed but unwise, or could not be checked here.
    pub(super) fn warn(&mut self, offset: usize, key: impl Into<String>, message: impl Into<String>, help: impl Into<String>) {
        let warning = self.problem(offset, key, message, help);
        self.warnings.push(warning);
    }

    /// A problem with its line, not collected.
    fn problem(&self, offset: usize, key: impl Into<String>, message: impl Into<String>, help: impl Into<String>) -> Problem {
        let line = self.text.get(..offset.min(self.text.len())).map_or(0, |head| head.matches('\n').count() + 1);
        Problem { file: self.file.to_owned(), line, key: key.into(), message: message.into(), help: help.into() }
    }
}

/// What is wrong with a value, and what to write instead.
#[derive(Debug)]
pub(super) struct Invalid {
    pub(super) message: String,
    pub(super) help: String,
}

impl Invalid {
    pub(super) fn new(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { message: message.into(), help: help.into() }
    }
}

/// A table being read. Whatever has not been asked for by [`Table::finish`] is an unknown key.
pub(super) struct Table<'a, 't> {
    members: &'a DeTable<'t>,
    pub(super) offset: usize,
    path: String,
    asked: Vec<&'static str>,
}

/// A value and where it stands.
#[derive(Debug, Clone)]
pub(super) struct At<T> {
    pub(super) value: T,
    pub(super) offset: usize,
    pub(super) key: String,
}

impl<T> At<T> {
    /// What is made of the value, at the same place.
    pub(super) fn with<U>(&self, value: U) -> At<U> {
        At { value, offset: self.offset, key: self.key.clone() }
    }

    /// Says that the value is wrong.
    pub(super) fn wrong(&self, message: impl Into<String>, help: impl Into<String>, problems: &mut Problems<'_>) {
        problems.add(self.offset, &self.key, message, help);
    }

    /// Says that the value is allowed but unwise, or could not be checked here.
    pub(super) fn unwise(&self, message: impl Into<String>, help: impl Into<String>, problems: &mut Problems<'_>) {
        problems.warn(self.offset, &self.key, message, help);
    }
}

impl<'a, 't> Table<'a, 't> {
    pub(super) fn root(table: &'a Spanned<DeTable<'t>>) -> Self {
        Self { members: table.get_ref(), offset: table.span().start, path: String::new(), asked: Vec::new() }
    }

    fn key(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }

    /// A value of any type, as it is written.
    pub(super) fn value(&mut self, name: &'static str) -> Option<At<&'a DeValue<'t>>> {
        self.asked.push(name);
        let value = self.members.get(name)?;
        Some(At { value: value.get_ref(), offset: value.span().start, key: self.key(name) })
    }

    fn typed<T>(
        &mut self,
        name: &'static str,
        expected: &str,
        problems: &mut Problems<'_>,
        read: impl Fn(&'a DeValue<'t>) -> Option<T>,
    ) -> Option<At<T>> {
        let found = self.value(name)?;
        let value = read(found.value);
        if value.is_none() {
            found.wrong(format!("expected {expected}, found {}", found.value.type_str()), "", problems);
        }
        Some(found.with(value?))
    }

    pub(super) fn text(&mut self, name: &'static str, problems: &mut Problems<'_>) -> Option<At<String>> {
        let found = self.typed(name, "a text", problems, |value| value.as_str().map(str::to_owned))?;
        if found.value.trim().is_empty() {
            found.wrong("must not be empty", "", problems);
            return None;
        }
        Some(found)
    }

    pub(super) fn required_text(&mut self, name: &'static str, help: &str, problems: &mut Problems<'_>) -> Option<At<String>> {
        if self.members.get(name).is_none() {
            self.asked.push(name);
            problems.add(self.offset, self.key(name), "is missing", help);
            return None;
        }
        self.text(name, problems)
    }

    pub(super) fn flag(&mut self, name: &'static str, problems: &mut Problems<'_>) -> Option<At<bool>> {
        self.typed(name, "true or false", problems, DeValue::as_bool)
    }

    pub(super) fn integer(&mut self, name: &'static str, problems: &mut Problems<'_>) -> Option<At<i64>> {
        self.typed(name, "a whole number", problems, |value| {
            value.as_integer().and_then(|number| i64::from_str_radix(&number.as_str().replace('_', ""), number.radix()).ok())
        })
    }

    /// A text that stands for something else; `parse` says what is wrong with it.
    pub(super) fn parsed<T>(
        &mut self,
        name: &'static str,
        problems: &mut Problems<'_>,
        parse: impl Fn(&str) -> Result<T, Invalid>,
    ) -> Option<At<T>> {
        let text = self.text(name, problems)?;
        match parse(&text.value) {
            Ok(value) => Some(text.with(value)),
            Err(Invalid { message, help }) => {
                text.wrong(message, help, problems);
                None
            }
        }
    }

    pub(super) fn texts(&mut self, name: &'static str, problems: &mut Problems<'_>) -> Option<Vec<At<String>>> {
        let list = self.typed(name, "a list of texts", problems, |value| value.as_array())?;
        let mut texts = Vec::new();
        for (index, item) in list.value.iter().enumerate() {
            let key = format!("{}[{index}]", list.key);
            match item.get_ref().as_str() {
                Some(text) => texts.push(At { value: text.to_owned(), offset: item.span().start, key }),
                None => problems.add(item.span().start, key, format!("expected a text, found {}", item.get_ref().type_str()), ""),
            }
        }
        Some(texts)
    }

    pub(super) fn integers(&mut self, name: &'static str, problems: &mut Problems<'_>) -> Option<Vec<At<i64>>> {
        let list = self.typed(name, "a list of whole numbers", problems, |value| value.as_array())?;
        let mut numbers = Vec::new();
        for (index, item) in list.value.iter().enumerate() {
            let (key, offset) = (format!("{}[{index}]", list.key), item.span().start);
            let read = item.get_ref().as_integer().and_then(|number| number.as_str().replace('_', "").parse::<i64>().ok());
            match read {
                Some(value) => numbers.push(At { value, offset, key }),
                None => {
                    problems.add(offset, key, format!("expected a whole number, found {}", item.get_ref().type_str()), "");
                }
            }
        }
        Some(numbers)
    }

    /// Every member, whatever its name, as a text that stands for something else.
    pub(super) fn entries<T>(self, problems: &mut Problems<'_>, parse: impl Fn(&str) -> Result<T, Invalid>) -> Vec<(String, T)> {
        let mut entries = Vec::new();
        for (name, value) in self.members {
            let (key, offset) = (self.key(name.get_ref()), value.span().start);
            match value.get_ref().as_str().map(&parse) {
                Some(Ok(value)) => entries.push((name.get_ref().to_string(), value)),
                Some(Err(Invalid { message, help })) => problems.add(offset, key, message, help),
                None => problems.add(offset, key, format!("expected a text, found {}", value.get_ref().type_str()), ""),
            }
        }
        entries
    }

    pub(super) fn table(&mut self, name: &'static str, problems: &mut Problems<'_>) -> Option<Self> {
        let found = self.typed(name, "a table", problems, |value| value.as_table())?;
        Some(Self { members: found.value, offset: found.offset, path: found.key, asked: Vec::new() })
    }

    /// Every member of a table of tables, by its own name.
    pub(super) fn tables(&mut self, name: &'static str, problems: &mut Problems<'_>) -> Vec<(String, Self)> {
        let Some(found) = self.typed(name, "a table", problems, |value| value.as_table()) else { return Vec::new() };
        let mut tables = Vec::new();
        for (name, value) in found.value {
            let key = format!("{}.{}", found.key, name.get_ref());
            match value.get_ref().as_table() {
                Some(table) => {
                    let table = Self { members: table, offset: name.span().start, path: key, asked: Vec::new() };
                    tables.push((name.get_ref().to_string(), table));
                }
                None => {
                    problems.add(value.span().start, key, format!("expected a table, found {}", value.get_ref().type_str()), "");
                }
            }
        }
        tables
    }

    /// Every member of a list of tables.
    pub(super) fn list(&mut self, name: &'static str, problems: &mut Problems<'_>) -> Vec<Self> {
        let Some(found) = self.typed(name, "a list of tables", problems, |value| value.as_array()) else { return Vec::new() };
        let mut tables = Vec::new();
        for (index, value) in found.value.iter().enumerate() {
            let path = format!("{}[{index}]", found.key);
            match value.get_ref().as_table() {
                Some(table) => tables.push(Self { members: table, offset: value.span().start, path, asked: Vec::new() }),
                None => {
                    problems.add(value.span().start, path, format!("expected a table, found {}", value.get_ref().type_str()), "");
                }
            }
        }
        tables
    }

    /// Says that something the table must have is not there. What is there and cannot be read was told of already.
    pub(super) fn missing(&self, name: &str, help: &str, problems: &mut Problems<'_>) {
        if self.members.get(name).is_some() {
            return;
        }
        problems.add(self.offset, self.key(name), "is missing", help);
    }

    /// Says that something about the table as a whole is wrong.
    pub(super) fn wrong(&self, message: impl Into<String>, help: impl Into<String>, problems: &mut Problems<'_>) {
        problems.add(self.offset, self.path.clone(), message, help);
    }

    /// Whatever nobody asked for is a mistake, most often a misspelt key.
    pub(super) fn finish(self, problems: &mut Problems<'_>) {
        for (name, _) in self.members {
            let written = name.get_ref();
            if !self.asked.iter().any(|known| *known == written.as_ref()) {
                let help = did_you_mean(written, self.asked.iter().copied());
                problems.add(name.span().start, self.key(written), "is not a known key", help);
            }
        }
    }
}

/// `did you mean "…"?`, or what there is to choose from.
pub(super) fn did_you_mean<'k>(written: &str, known: impl Iterator<Item = &'k str> + Clone) -> String {
    match meant(written, known.clone()) {
        Some(name) => format!("did you mean {name:?}?"),
        None => {
            let names: Vec<&str> = known.collect();
            format!("known here: {}", names.join(", "))
        }
    }
}
