//! How a value outside a body is written on the wire.

use std::fmt;

/// How a named value outside the body is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Serialization {
    /// By `style` and `explode` (OpenAPI 3.1 section 4.8.12.3), or by `collectionFormat` in Swagger 2.0.
    Styled(WireStyle),
    /// As a document of a media type, by `content`.
    Document {
        /// Its name.
        media: String,
        /// The style by which the same letters would be written without it, where there is one.
        plain: Option<WireStyle>,
    },
}

/// How texts, lists and objects are written without a media type.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct WireStyle {
    /// The word of the specification: `form`, `simple`, `spaceDelimited`, …
    pub name: String,
    /// `explode`; none where it makes no difference to what may be written.
    pub exploded: Option<bool>,
    /// Characters that are otherwise escaped are written as they are: `allowReserved`, where that means something.
    pub reserved: bool,
    /// The value may be left empty: `allowEmptyValue`, where that means something.
    pub empty: bool,
}

impl WireStyle {
    /// A single text, number or flag: `explode` says nothing of it (OpenAPI 3.1 section 4.8.12.4).
    pub fn scalar(name: &str) -> Self {
        Self { name: name.to_owned(), exploded: None, reserved: false, empty: false }
    }

    /// As a form writes lists and objects where nothing is said.
    pub fn form() -> Self {
        Self { exploded: Some(true), ..Self::scalar("form") }
    }

    /// Whether both write a value in the same way. Where one side writes a single value, how the other separates several
    /// is said of the types.
    fn is_alike(&self, other: &Self) -> bool {
        if self.is_single() || other.is_single() {
            return ![self, other].iter().any(|style| matches!(style.name.as_str(), "label" | "matrix"));
        }
        let explodes = self.exploded.zip(other.exploded);
        self.name == other.name && explodes.is_none_or(|(one, other)| one == other)
    }

    /// Whether it writes a single value as it is, with nothing around it.
    fn is_single(&self) -> bool {
        self.exploded.is_none() && matches!(self.name.as_str(), "form" | "simple")
    }
}

impl Serialization {
    /// Whether both write a value in the same way, marks that allow more aside.
    pub fn is_alike(&self, other: &Self) -> bool {
        if let (Self::Document { media: one, .. }, Self::Document { media: other, .. }) = (self, other) {
            return one == other;
        }
        self.style().zip(other.style()).is_some_and(|(one, other)| one.is_alike(other))
    }

    /// Whether both write a list of at most one entry in the same way: nothing separates it from another.
    pub fn is_alike_for_one(&self, other: &Self) -> bool {
        let is_bare = |style: &WireStyle| !matches!(style.name.as_str(), "label" | "matrix" | "deepObject");
        let (Self::Styled(one), Self::Styled(other)) = (self, other) else { return false };
        one.name == other.name || (is_bare(one) && is_bare(other))
    }

    /// Whether `other` takes everything that this allows to be written beside the plain value.
    pub fn allows_no_more_than(&self, other: &Self) -> bool {
        let within = |(one, other): (&WireStyle, &WireStyle)| (!one.reserved || other.reserved) && (!one.empty || other.empty);
        self.style().zip(other.style()).is_none_or(within)
    }

    /// The style of what is written without a media type, or might as well be.
    pub const fn style(&self) -> Option<&WireStyle> {
        match self {
            Self::Styled(style) => Some(style),
            Self::Document { plain, .. } => plain.as_ref(),
        }
    }
}

impl fmt::Display for Serialization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Document { media, .. } => f.write_str(media),
            Self::Styled(WireStyle { name, exploded, reserved, empty }) => {
                let exploded = if *exploded == Some(true) { ", exploded" } else { "" };
                let allowed = match (reserved, empty) {
                    (true, true) => ", reserved characters and no value allowed",
                    (true, false) => ", reserved characters allowed",
                    (false, true) => ", no value allowed",
                    (false, false) => "",
                };
                write!(f, "{name}{exploded}{allowed}")
            }
        }
    }
}
