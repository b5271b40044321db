//! What a rule is about, as people look for it.

use crate::diff::ChangeKind;

use super::catalogue::Rule;

/// What a rule is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Topic {
    /// Operations, webhooks and callbacks, and what is told of them.
    Operations,
    /// Servers and links.
    Servers,
    /// What a request must prove.
    Security,
    /// Parameters and headers.
    Parameters,
    /// Bodies, their media types and parts.
    Bodies,
    /// Responses and status codes.
    Responses,
    /// Properties of objects.
    Properties,
    /// Types, formats and listed values.
    Values,
    /// Lengths, ranges and patterns.
    Limits,
    /// Alternatives, conditions and discriminators.
    Alternatives,
    /// What is noted beside a schema: defaults, directions, deprecation.
    Notes,
}

impl Topic {
    /// Every topic, from the outside of a description inwards.
    pub const ALL: [Self; 11] = [
        Self::Operations,
        Self::Servers,
        Self::Security,
        Self::Parameters,
        Self::Bodies,
        Self::Responses,
        Self::Properties,
        Self::Values,
        Self::Limits,
        Self::Alternatives,
        Self::Notes,
    ];

    /// The heading.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Operations => "Operations, webhooks and callbacks",
            Self::Servers => "Servers and links",
            Self::Security => "Logging in",
            Self::Parameters => "Parameters and headers",
            Self::Bodies => "Bodies and media types",
            Self::Responses => "Responses and status codes",
            Self::Properties => "Properties of objects",
            Self::Values => "Types, formats and listed values",
            Self::Limits => "Lengths, ranges and patterns",
            Self::Alternatives => "Alternatives and conditions",
            Self::Notes => "Defaults, directions and deprecation",
        }
    }

    /// What changes of a kind are about.
    const fn of(kind: ChangeKind) -> Self {
        use ChangeKind as K;
        match kind {
            K::OperationRemoved
            | K::OperationAdded
            | K::ComponentRemoved
            | K::ComponentAdded
            | K::OperationMoved
            | K::PathRespelled
            | K::WebhookRemoved
            | K::WebhookAdded
            | K::WebhookMoved
            | K::CallbackRemoved
            | K::CallbackAdded
            | K::OperationDeprecated
            | K::OperationReactivated
            | K::OperationIdChanged
            | K::TagsChanged
            | K::StabilityLowered
            | K::StabilityRaised => Self::Operations,
            K::ServerRemoved
            | K::ServersNoLongerNamed
            | K::ServersNamed
            | K::ServerAdded
            | K::ServerReplaced
            | K::ServerVariableValueRemoved
            | K::ServerVariableChanged
            | K::ServerVariableWidened
            | K::LinkRemoved
            | K::LinkAdded
            | K::LinkChanged => Self::Servers,
            K::SecurityAdded
            | K::SecurityRemoved
            | K::SecurityAlternativeRemoved
            | K::SecurityAlternativeAdded
            | K::SecurityScopeAdded
            | K::SecurityScopeRemoved
            | K::SecuritySchemeChanged => Self::Security,
            K::RequiredParameterAdded
            | K::OptionalParameterAdded
            | K::ParameterRemoved
            | K::ParameterMoved
            | K::ParameterRenamed
            | K::ParameterBecameRequired
            | K::ParameterBecameOptional
            | K::ParameterSerializationChanged
            | K::ParameterDeprecated
            | K::ParameterReactivated => Self::Parameters,
            K::RequiredBodyAdded
            | K::OptionalBodyAdded
            | K::BodyRemoved
            | K::BodyBecameRequired
            | K::BodyBecameOptional
            | K::MediaTypeRemoved
            | K::MediaTypeAdded
            | K::EncodingChanged
            | K::EncodingNarrowed
            | K::EncodingWidened
            | K::ContentEncodingAdded
            | K::ContentEncodingRemoved
            | K::ContentEncodingChanged
            | K::ContentMediaTypeAdded
            | K::ContentMediaTypeRemoved
            | K::ContentMediaTypeChanged
            | K::XmlChanged => Self::Bodies,
            K::ResponsesNoLongerDescribed
            | K::ResponsesDescribed
            | K::SuccessStatusRemoved
            | K::SuccessStatusAdded
            | K::SuccessStatusChanged
            | K::ErrorStatusRemoved
            | K::ErrorStatusAdded => Self::Responses,
            K::PropertyRemoved
            | K::PropertyRenamed
            | K::RequiredPropertyAdded
            | K::OptionalPropertyAdded
            | K::PropertyBecameRequired
            | K::PropertyBecameOptional
            | K::MinPropertiesTightened
            | K::MinPropertiesLoosened
            | K::MaxPropertiesTightened
            | K::MaxPropertiesLoosened
            | K::AdditionalPropertiesNarrowed
            | K::AdditionalPropertiesWidened => Self::Properties,
            K::TypesNarrowed
            | K::TypesWidened
            | K::TypeChanged
            | K::BecameList
            | K::BecameNullable
            | K::BecameNotNullable
            | K::FormatAdded
            | K::FormatRemoved
            | K::FormatChanged
            | K::FormatNarrowed
            | K::FormatWidened
            | K::EnumValueRemoved
            | K::EnumValueAdded
            | K::EnumReplaced
            | K::BecameEnum
            | K::NoLongerEnum
            | K::EnumBecameExtensible
            | K::EnumNoLongerExtensible => Self::Values,
            K::PatternAdded
            | K::PatternRemoved
            | K::PatternChanged
            | K::PatternTightened
            | K::PatternLoosened
            | K::MinimumTightened
            | K::MinimumLoosened
            | K::MaximumTightened
            | K::MaximumLoosened
            | K::MinLengthTightened
            | K::MinLengthLoosened
            | K::MaxLengthTightened
            | K::MaxLengthLoosened
            | K::MinItemsTightened
            | K::MinItemsLoosened
            | K::MaxItemsTightened
            | K::MaxItemsLoosened
            | K::MultipleOfTightened
            | K::MultipleOfLoosened
            | K::MultipleOfChanged
            | K::UniqueItemsAdded
            | K::UniqueItemsRemoved => Self::Limits,
            K::VariantRemoved
            | K::VariantAdded
            | K::CompositionAdded
            | K::CompositionRemoved
            | K::OneOfBecameAnyOf
            | K::AnyOfBecameOneOf
            | K::ConstraintAdded
            | K::ConstraintRemoved
            | K::ConstraintChanged
            | K::DiscriminatorAdded
            | K::DiscriminatorRemoved
            | K::DiscriminatorPropertyChanged
            | K::DiscriminatorMappingRemoved
            | K::DiscriminatorMappingAdded
            | K::DiscriminatorMappingRenamed
            | K::DiscriminatorMappingChanged => Self::Alternatives,
            K::DefaultChanged
            | K::SchemaDeprecated
            | K::SchemaReactivated
            | K::SchemaStabilityLowered
            | K::SchemaStabilityRaised
            | K::ReadOnlyAdded
            | K::ReadOnlyRemoved
            | K::WriteOnlyAdded
            | K::WriteOnlyRemoved => Self::Notes,
        }
    }
}

impl Rule {
    /// What it is about.
    pub const fn topic(&self) -> Topic {
        Topic::of(self.on)
    }
}
