//! The closed list of facts, each with its effect on the set of valid messages.

use std::sync::Arc;

use serde::Serialize;
use serde_json::Value;

use crate::model::{Direction, OperationLabel, Stability};
use crate::openapi::{OperationKind, SchemaId};

use super::before_after::BeforeAfter;
use super::kinds::Kinds;
use super::writing::Writing;

/// What a change does to the set of valid messages. The law turns it into a severity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub enum Effect {
    /// More messages are valid than before.
    Widens,
    /// Fewer messages are valid than before.
    Narrows,
    /// Other messages are valid than before.
    Replaces,
    /// The document cannot tell.
    Opaque,
    /// The same messages are valid.
    Annotates,
}

const NEITHER: &[Direction] = &[Direction::Neither];
const REQUEST: &[Direction] = &[Direction::ToProvider];
const RESPONSE: &[Direction] = &[Direction::FromProvider];
const BOTH: &[Direction] = &[Direction::ToProvider, Direction::FromProvider];

macro_rules! kinds {
    ($($kind:ident: $effect:ident, $directions:ident;)*) => {
        /// What kind of thing changed. Request and response twins are one kind seen in two directions.
        #[expect(missing_docs, reason = "the name is the fact; the rule pages explain each at length")]
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
        pub enum ChangeKind { $($kind,)* }

        impl ChangeKind {
            /// Every kind, in the order findings of one place are listed.
            pub const ALL: &[Self] = &[$(Self::$kind,)*];

            /// The name rule pages use.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$kind => stringify!($kind),)* }
            }

            /// What it does to the set of valid messages.
            pub const fn effect(self) -> Effect {
                match self { $(Self::$kind => Effect::$effect,)* }
            }

            /// The directions it can occur in.
            pub const fn directions(self) -> &'static [Direction] {
                match self { $(Self::$kind => $directions,)* }
            }
        }
    };
}

kinds! {
    OperationRemoved: Replaces, NEITHER;
    OperationAdded: Annotates, NEITHER;
    ComponentRemoved: Replaces, NEITHER;
    ComponentAdded: Annotates, NEITHER;
    OperationMoved: Replaces, NEITHER;
    PathRespelled: Opaque, NEITHER;
    WebhookRemoved: Replaces, NEITHER;
    WebhookAdded: Annotates, NEITHER;
    WebhookMoved: Replaces, NEITHER;
    CallbackRemoved: Replaces, NEITHER;
    CallbackAdded: Annotates, NEITHER;
    OperationDeprecated: Annotates, NEITHER;
    OperationReactivated: Annotates, NEITHER;
    OperationIdChanged: Annotates, NEITHER;
    TagsChanged: Annotates, NEITHER;
    StabilityLowered: Opaque, NEITHER;
    StabilityRaised: Annotates, NEITHER;
    ServerRemoved: Replaces, NEITHER;
    ServersNoLongerNamed: Opaque, NEITHER;
    ServersNamed: Opaque, NEITHER;
    ServerAdded: Annotates, NEITHER;
    ServerReplaced: Replaces, NEITHER;
    ServerVariableValueRemoved: Replaces, NEITHER;
    ServerVariableChanged: Opaque, NEITHER;
    ServerVariableWidened: Annotates, NEITHER;
    LinkRemoved: Opaque, NEITHER;
    LinkAdded: Annotates, NEITHER;
    LinkChanged: Opaque, NEITHER;
    SecurityAdded: Narrows, REQUEST;
    SecurityRemoved: Widens, REQUEST;
    SecurityAlternativeRemoved: Narrows, REQUEST;
    SecurityAlternativeAdded: Widens, REQUEST;
    SecurityScopeAdded: Narrows, REQUEST;
    SecurityScopeRemoved: Widens, REQUEST;
    SecuritySchemeChanged: Replaces, REQUEST;
    RequiredParameterAdded: Narrows, BOTH;
    OptionalParameterAdded: Annotates, BOTH;
    ParameterRemoved: Opaque, BOTH;
    ParameterMoved: Opaque, BOTH;
    ParameterRenamed: Replaces, BOTH;
    ParameterBecameRequired: Narrows, BOTH;
    ParameterBecameOptional: Widens, BOTH;
    ParameterSerializationChanged: Replaces, BOTH;
    ParameterDeprecated: Annotates, BOTH;
    ParameterReactivated: Annotates, BOTH;
    RequiredBodyAdded: Narrows, BOTH;
    OptionalBodyAdded: Annotates, BOTH;
    BodyRemoved: Opaque, BOTH;
    BodyBecameRequired: Narrows, BOTH;
    BodyBecameOptional: Widens, BOTH;
    MediaTypeRemoved: Narrows, BOTH;
    MediaTypeAdded: Widens, BOTH;
    EncodingChanged: Replaces, BOTH;
    EncodingNarrowed: Narrows, BOTH;
    EncodingWidened: Widens, BOTH;
    ResponsesNoLongerDescribed: Opaque, NEITHER;
    ResponsesDescribed: Annotates, NEITHER;
    SuccessStatusRemoved: Replaces, BOTH;
    SuccessStatusAdded: Opaque, BOTH;
    SuccessStatusChanged: Replaces, BOTH;
    ErrorStatusRemoved: Annotates, BOTH;
    ErrorStatusAdded: Annotates, BOTH;
    PropertyRemoved: Widens, BOTH;
    PropertyRenamed: Replaces, BOTH;
    RequiredPropertyAdded: Narrows, BOTH;
    OptionalPropertyAdded: Annotates, BOTH;
    PropertyBecameRequired: Narrows, BOTH;
    PropertyBecameOptional: Widens, BOTH;
    TypesNarrowed: Narrows, BOTH;
    TypesWidened: Widens, BOTH;
    TypeChanged: Replaces, BOTH;
    BecameList: Opaque, REQUEST;
    BecameNullable: Widens, BOTH;
    BecameNotNullable: Narrows, BOTH;
    FormatAdded: Narrows, BOTH;
    FormatRemoved: Widens, BOTH;
    FormatChanged: Replaces, BOTH;
    FormatNarrowed: Narrows, BOTH;
    FormatWidened: Widens, BOTH;
    EnumValueRemoved: Narrows, BOTH;
    EnumValueAdded: Widens, BOTH;
    EnumReplaced: Replaces, BOTH;
    BecameEnum: Narrows, BOTH;
    NoLongerEnum: Widens, BOTH;
    EnumBecameExtensible: Opaque, RESPONSE;
    EnumNoLongerExtensible: Annotates, RESPONSE;
    PatternAdded: Narrows, BOTH;
    PatternRemoved: Widens, BOTH;
    PatternChanged: Opaque, BOTH;
    PatternTightened: Narrows, BOTH;
    PatternLoosened: Widens, BOTH;
    MinimumTightened: Narrows, BOTH;
    MinimumLoosened: Widens, BOTH;
    MaximumTightened: Narrows, BOTH;
    MaximumLoosened: Widens, BOTH;
    MinLengthTightened: Narrows, BOTH;
    MinLengthLoosened: Widens, BOTH;
    MaxLengthTightened: Narrows, BOTH;
    MaxLengthLoosened: Widens, BOTH;
    MinItemsTightened: Narrows, BOTH;
    MinItemsLoosened: Widens, BOTH;
    MaxItemsTightened: Narrows, BOTH;
    MaxItemsLoosened: Widens, BOTH;
    MinPropertiesTightened: Narrows, BOTH;
    MinPropertiesLoosened: Widens, BOTH;
    MaxPropertiesTightened: Narrows, BOTH;
    MaxPropertiesLoosened: Widens, BOTH;
    MultipleOfTightened: Narrows, BOTH;
    MultipleOfLoosened: Widens, BOTH;
    MultipleOfChanged: Replaces, BOTH;
    UniqueItemsAdded: Narrows, BOTH;
    UniqueItemsRemoved: Widens, BOTH;
    AdditionalPropertiesNarrowed: Narrows, BOTH;
    AdditionalPropertiesWidened: Widens, BOTH;
    VariantRemoved: Narrows, BOTH;
    VariantAdded: Widens, BOTH;
    CompositionAdded: Opaque, BOTH;
    CompositionRemoved: Opaque, BOTH;
    OneOfBecameAnyOf: Widens, BOTH;
    AnyOfBecameOneOf: Narrows, BOTH;
    ConstraintAdded: Narrows, BOTH;
    ConstraintRemoved: Widens, BOTH;
    ConstraintChanged: Opaque, BOTH;
    ContentEncodingAdded: Opaque, BOTH;
    ContentEncodingRemoved: Opaque, BOTH;
    ContentEncodingChanged: Replaces, BOTH;
    ContentMediaTypeAdded: Opaque, BOTH;
    ContentMediaTypeRemoved: Opaque, BOTH;
    ContentMediaTypeChanged: Replaces, BOTH;
    XmlChanged: Replaces, BOTH;
    DiscriminatorAdded: Opaque, BOTH;
    DiscriminatorRemoved: Opaque, BOTH;
    DiscriminatorPropertyChanged: Replaces, BOTH;
    DiscriminatorMappingRemoved: Narrows, BOTH;
    DiscriminatorMappingAdded: Widens, BOTH;
    DiscriminatorMappingRenamed: Replaces, BOTH;
    DiscriminatorMappingChanged: Replaces, BOTH;
    DefaultChanged: Opaque, BOTH;
    SchemaDeprecated: Annotates, BOTH;
    SchemaReactivated: Annotates, BOTH;
    SchemaStabilityLowered: Opaque, BOTH;
    SchemaStabilityRaised: Annotates, BOTH;
    ReadOnlyAdded: Opaque, REQUEST;
    ReadOnlyRemoved: Annotates, REQUEST;
    WriteOnlyAdded: Widens, RESPONSE;
    WriteOnlyRemoved: Annotates, RESPONSE;
}

impl ChangeKind {
    /// Whether it is about what requests must prove, which each operation may say for itself.
    pub const fn is_demand(self) -> bool {
        use ChangeKind as K;
        matches!(
            self,
            K::SecurityAdded
                | K::SecurityRemoved
                | K::SecurityAlternativeRemoved
                | K::SecurityAlternativeAdded
                | K::SecurityScopeAdded
                | K::SecurityScopeRemoved
        )
    }

    /// Whether one edit is told once with all operations it reaches, though it stands in no schema that they share.
    pub const fn is_gathered(self) -> bool {
        use ChangeKind as K;
        self.is_demand()
            || matches!(
                self,
                K::ServerRemoved
                    | K::ServersNoLongerNamed
                    | K::ServersNamed
                    | K::ServerAdded
                    | K::ServerReplaced
                    | K::ServerVariableValueRemoved
                    | K::ServerVariableChanged
                    | K::ServerVariableWidened
            )
    }
}

/// Circumstances of a change that a guarded rule may ask about.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
#[expect(clippy::struct_excessive_bools, reason = "independent observations, each read by exactly one guard")]
pub struct Evidence {
    /// It was required before.
    pub was_required: bool,
    /// It is required now.
    pub is_required: bool,
    /// The object it belongs to refused undeclared names before.
    pub was_closed: bool,
    /// The object it belongs to refuses undeclared names now.
    pub is_closed: bool,
    /// It was marked deprecated before.
    pub was_deprecated: bool,
    /// A discriminator tells the branches apart on both sides.
    pub discriminated: bool,
    /// What is gone is still routed: a template matches its address.
    pub shadowed: bool,
    /// Undeclared names had values of one schema: the names are data, and a reader goes through them all.
    pub was_map: bool,
    /// The message is pushed to the consumer, who cannot choose its form.
    pub pushed: bool,
    /// The formats are among those that clients act on: sizes of numbers, dates, UUIDs, addresses of mail and networks.
    pub known_format: bool,
}

/// Where a change stands, in both documents.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Site {
    /// JSON Pointer in the document before; for something new, the place it was put into.
    pub before: String,
    /// JSON Pointer in the document after; for something gone, the place it was taken from.
    pub after: String,
}

impl Site {
    /// Bytes of both pointers.
    pub(super) fn size(&self) -> usize {
        self.before.len() + self.after.len()
    }

    /// The pointer in whichever document has the thing itself: what is gone stands only in the old one.
    pub fn pointer(&self) -> &str {
        if self.before.len() > self.after.len() { &self.before } else { &self.after }
    }
}

/// The smallest objects that show the change, for a text diff.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Fragment {
    /// JSON Pointer in the document before; none where there was nothing.
    pub before: Option<String>,
    /// JSON Pointer in the document after; none where there is nothing.
    pub after: Option<String>,
}

/// An operation that a change reaches.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Use {
    /// Upper case.
    pub method: String,
    /// Path template, or name of a webhook.
    pub path: String,
    /// `operationId` before the change, else after it.
    pub operation_id: Option<String>,
    /// Paths, webhooks or callbacks.
    #[serde(skip)]
    pub operation_kind: OperationKind,
    /// How stable it says it is, after the change, else before it.
    #[serde(skip)]
    pub stability: Stability,
}

impl Use {
    /// `GET /doors`; webhooks and callbacks say what they are.
    pub fn label(&self) -> OperationLabel {
        self.operation_kind.label(&self.method, &self.path)
    }
}

/// Bytes that a value takes beside its text, about.
const VALUE: usize = 4;

/// Bytes that a value takes when it is written, about.
pub(super) fn size_of_value(value: &Value) -> usize {
    match value {
        Value::String(text) => VALUE + text.len(),
        Value::Array(list) => VALUE + list.iter().map(size_of_value).sum::<usize>(),
        Value::Object(map) => VALUE + map.iter().map(|(name, value)| name.len() + size_of_value(value)).sum::<usize>(),
        Value::Null | Value::Bool(_) | Value::Number(_) => VALUE,
    }
}

impl Change {
    /// Bytes that it takes when it is written, about: with each operation that it reaches.
    pub fn size(&self) -> usize {
        let values: usize = [&self.before, &self.after].into_iter().flatten().map(size_of_value).sum();
        let operations: usize = self.used_by.iter().map(|usage| VALUE + usage.method.len() + usage.path.len()).sum();
        self.site.size() + self.subject.len() + values + operations
    }

    /// The stability level that every operation it reaches has, where that is below stable.
    pub fn stability(&self) -> Option<Stability> {
        let level = self.used_by.first()?.stability;
        (level < Stability::Stable && self.used_by.iter().all(|usage| usage.stability == level)).then_some(level)
    }
}

/// The schemas that a fact was found between.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ComparedSchemas {
    /// The pair of the walk, an index into [`super::Delta::pairs`].
    pub pair: usize,
    /// The schemas that hold the keyword, which may stand in a branch of `allOf`.
    pub holders: BeforeAfter<SchemaId>,
    /// The alternative that came or went.
    pub branch: Option<SchemaId>,
}

/// A pair of schemas that was compared, and the pairs it was reached from.
#[derive(Debug, Clone)]
pub struct ComparedPair {
    /// The two schemas.
    pub schemas: BeforeAfter<SchemaId>,
    /// Indices of the pairs above.
    pub parents: Vec<usize>,
    /// The operations that name it directly.
    pub operations: Vec<Arc<Use>>,
    /// How its values are written.
    pub writing: Writing,
    /// Whether the two take in bases that do not list them: what they refuse is not to be seen in any schema above.
    pub is_heir: bool,
    /// Of which kinds the values are, where the two hold other kinds too.
    pub kinds: Option<Kinds>,
    /// The property whose values say which form of one side became which of the other.
    pub divided_by: Option<Arc<str>>,
}

impl ComparedPair {
    /// Whether an operation names it directly.
    pub fn is_root(&self) -> bool {
        !self.operations.is_empty()
    }
}

/// A fact: what differs, where, and which way data flows.
#[derive(Debug, Clone)]
pub struct Change {
    /// What changed.
    pub kind: ChangeKind,
    /// Which way the data flows.
    pub direction: Direction,
    /// The name it is about: a property, parameter, status, value, scheme.
    pub subject: String,
    /// What stood there before, where it is small.
    pub before: Option<Value>,
    /// What stands there now, where it is small.
    pub after: Option<Value>,
    /// Circumstances.
    pub evidence: Evidence,
    /// Where.
    pub site: Site,
    /// What to show.
    pub fragment: Fragment,
    /// Operations it reaches, sorted; empty when it concerns the whole document.
    pub used_by: Vec<Arc<Use>>,
    /// The schemas it was found between, where it is about schemas.
    pub compared: Vec<ComparedSchemas>,
}
