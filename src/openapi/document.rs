//! A parsed description, and the specification it follows.

use super::oddity::Oddity;
use super::value::Value;

/// The specification a document declares to follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Dialect {
    /// `swagger: "2.0"`.
    Swagger20,
    /// `openapi: 3.0.x`.
    OpenApi30,
    /// `openapi: 3.1.x`.
    OpenApi31,
    /// `openapi: 3.2.x`.
    OpenApi32,
}

impl Dialect {
    /// The name people use for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Swagger20 => "Swagger 2.0",
            Self::OpenApi30 => "OpenAPI 3.0",
            Self::OpenApi31 => "OpenAPI 3.1",
            Self::OpenApi32 => "OpenAPI 3.2",
        }
    }

    /// Whether its schemas are JSON Schema 2020-12 (type lists, `const`, `$ref` siblings).
    pub const fn is_json_schema(self) -> bool {
        matches!(self, Self::OpenApi31 | Self::OpenApi32)
    }
}

/// A parsed description that has not been given meaning yet.
#[derive(Debug)]
pub struct Document {
    /// The whole document.
    pub root: Value,
    /// The specification it declares.
    pub dialect: Dialect,
    /// What was odd about its text.
    pub oddities: Vec<Oddity>,
    /// Bytes that it was read from, with all its files.
    pub bytes: usize,
}

impl Document {
    /// Whether nobody can call anything that it describes: a blank published by accident, or a library of
    /// components for others to refer to (OpenAPI 3.1 section 4.8.1).
    pub fn is_blank(&self) -> bool {
        // Extensions beside them describe nothing that can be called.
        let lacks = |name: &&str| {
            let known = self.root.get(name).and_then(Value::as_object);
            known.is_none_or(|known| known.keys().all(|key| key.starts_with("x-")))
        };
        ["paths", "webhooks", "x-webhooks"].iter().all(lacks)
    }
}
