//! How the values of two schemas are written on the wire: a number in a query is the text it is written as.

use crate::openapi::{Contract, Media, SchemaId, Serialization, TypeSet, WireStyle};

use super::before_after::BeforeAfter;
use super::folded::Folded;

/// How the values of a pair of schemas are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Writing {
    /// As JSON or the like: a number is no text.
    Typed,
    /// As a form, whose members are texts where they are single values or lists of them.
    Form(ListWriting),
    /// As text: a number is the text it is written as.
    Text(ListWriting),
}

/// How the side after writes a list among texts; the side before, where the one after writes a single value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ListWriting {
    /// Each entry by itself: one value is a list of one.
    Repeated,
    /// With this between the entries: a value that holds it is taken for several.
    Joined(char),
    /// Nobody says.
    Unknown,
}

impl ListWriting {
    /// By `style` and `explode` (OpenAPI 3.1 section 4.8.12.4).
    fn of(style: &WireStyle) -> Self {
        match (style.name.as_str(), style.exploded) {
            ("form" | "matrix", Some(true)) => Self::Repeated,
            ("form" | "matrix" | "label", Some(false)) | ("simple", _) => Self::Joined(','),
            ("label", Some(true)) => Self::Joined('.'),
            ("spaceDelimited", Some(false)) => Self::Joined(' '),
            ("pipeDelimited", Some(false)) => Self::Joined('|'),
            ("tabDelimited", _) => Self::Joined('\t'),
            _ => Self::Unknown,
        }
    }
}

impl Writing {
    /// Of a named value outside a body.
    pub(super) fn of_parameter(before: &Serialization, after: &Serialization) -> Self {
        match (before.style(), after.style()) {
            (Some(old), Some(new)) => Self::Text(match ListWriting::of(new) {
                ListWriting::Unknown => ListWriting::of(old),
                writing => writing,
            }),
            _ => Self::Typed,
        }
    }

    /// Of a body.
    pub(super) fn of_body(before: &Media<'_>, after: &Media<'_>) -> Self {
        let (old, new) = (essence(&before.name), essence(&after.name));
        let is_text = |name: &str| {
            let kind = name.strip_prefix("text/");
            kind.is_some_and(|kind| !["xml", "json", "yaml", "x-yaml", "event-stream"].contains(&kind) && !kind.contains('+'))
        };
        if is_text(old) && is_text(new) {
            return Self::Text(ListWriting::Unknown);
        }
        let is_form = |name: &str| name == "application/x-www-form-urlencoded" || name == "multipart/form-data";
        let parts = || before.encoding.iter().chain(&after.encoding);
        // What is sent as a document of its own keeps its types.
        if !is_form(old) || !is_form(new) || parts().any(|part| part.media_types.iter().any(|name| !name.starts_with("text/"))) {
            return Self::Typed;
        }
        let is_default = parts().all(|part| (part.style.name.as_str(), part.style.exploded) == ("form", Some(true)));
        Self::Form(if is_default { ListWriting::Repeated } else { ListWriting::Unknown })
    }

    /// Of what stands within such values.
    pub(super) fn within(self, contracts: BeforeAfter<&Contract<'_>>, schemas: BeforeAfter<SchemaId>) -> Self {
        match self {
            Self::Form(list) => {
                let is_text =
                    is_single_or_list(contracts.before, schemas.before) && is_single_or_list(contracts.after, schemas.after);
                if is_text { Self::Text(list) } else { Self::Typed }
            }
            writing => writing,
        }
    }

    /// Whether every single value is the text it is written as.
    pub const fn is_text(self) -> bool {
        matches!(self, Self::Text(_))
    }
}

/// Type and subtype of a media type, without its parameters.
fn essence(name: &str) -> &str {
    name.split(';').next().unwrap_or(name)
}

/// Single values outside documents: each is written as a text.
pub(super) const SINGLE: TypeSet = TypeSet::NUMBER.union(TypeSet::BOOLEAN).union(TypeSet::STRING);

/// Whether only single values are meant, or lists of them.
fn is_single_or_list(contract: &Contract<'_>, id: SchemaId) -> bool {
    let types = |id| {
        let folded = Folded::of(contract, id);
        (folded.types.intersection(folded.union_types).without(TypeSet::NULL), folded.items)
    };
    let (own, items) = types(id);
    let is_list = own.contains(TypeSet::ARRAY);
    let is_single = |types: TypeSet| !types.is_empty() && SINGLE.contains(types);
    (is_single(own.without(TypeSet::ARRAY)) || own == TypeSet::ARRAY)
        && (!is_list || (!items.is_empty() && items.iter().all(|item| is_single(types(*item).0))))
}
