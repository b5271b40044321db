//! What a change says to a tired engineer, in one sentence.

use serde_json::Value;

use crate::diff::{Change, ChangeKind};
use crate::model::Direction;

/// The sentence of a change. `place` is where it stands, in words.
pub(super) fn sentence(change: &Change, place: &str) -> String {
    let name = if change.subject.is_empty() { "it" } else { &change.subject };
    let mut text = String::new();
    let template = template(change);
    // An order to the provider reads wrongly where the consumer only receives.
    let told = if change.direction == Direction::FromProvider {
        template
            .replace("must now be", "is now")
            .replace("must now match", "now matches")
            .replace("must now hold", "now holds")
            .replace("must now have", "now has")
    } else {
        template.to_owned()
    };
    let (before, after) = shown(&value(change.before.as_ref()), &value(change.after.as_ref()));
    let mut rest: &str = &told.replace("the items of {place} is now", "the items of {place} are now");
    while let Some((head, tail)) = rest.split_once('{') {
        text.push_str(head);
        let Some((field, tail)) = tail.split_once('}') else { break };
        match field {
            "name" => text.push_str(&quoted(name)),
            "place" => text.push_str(place),
            "before" => text.push_str(&before),
            "after" => text.push_str(&after),
            _ => {}
        }
        rest = tail;
    }
    text.push_str(rest);
    capitalised(&text)
}

/// The value that the sentence of a change ends in: what came to a list beside others, or went from it.
pub(super) fn value_at_end(change: &Change) -> Option<String> {
    use ChangeKind as K;
    let is_listed = matches!(change.kind, K::EnumValueAdded | K::EnumValueRemoved | K::VariantAdded | K::VariantRemoved);
    is_listed.then(|| quoted(&change.subject))
}

fn quoted(name: &str) -> String {
    format!("`{}`", name.replace('`', "'"))
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// Longest value in a sentence, characters.
const LONGEST: usize = 80;

/// Characters that stand before the first difference of two values which are cut.
const LEAD: usize = 20;

/// A value as a reader would write it.
fn value(value: Option<&Value>) -> String {
    match value {
        None => "none".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(list)) => {
            list.iter().map(|item| item.as_str().map_or_else(|| item.to_string(), str::to_owned)).collect::<Vec<_>>().join(", ")
        }
        Some(other) => other.to_string(),
    }
}

/// Two values, of which long ones are cut; where they would then look alike, they begin shortly before they differ.
fn shown(before: &str, after: &str) -> (String, String) {
    let common = before.chars().zip(after.chars()).take_while(|(one, other)| one == other).count();
    let start = if common + 1 < LONGEST || before == after { 0 } else { common.saturating_sub(LEAD) };
    (cut(before, start), cut(after, start))
}

/// A text from a character on, with a sign where something is left out.
fn cut(text: &str, start: usize) -> String {
    let mut rest = text.chars().skip(start);
    let mut shown: String = if start > 0 { "…".to_owned() } else { String::new() };
    shown.extend(rest.by_ref().take(LONGEST));
    if rest.next().is_some() {
        shown.push('…');
    }
    shown
}

const fn template(change: &Change) -> &'static str {
    use ChangeKind as K;
    let had = change.before.is_some();
    let has = change.after.is_some();
    match change.kind {
        K::OperationRemoved if has => "{name} is gone, and its address now reaches {after}",
        K::OperationRemoved | K::ComponentRemoved => "{name} is gone",
        K::OperationAdded | K::ComponentAdded => "{name} is new",
        K::OperationMoved => "{name} is now `{after}`",
        K::PathRespelled => "the path of {name} is now written `{after}`",
        K::WebhookMoved => "the webhook {name} is now called `{after}`",
        K::TagsChanged => "the tags of {name} changed from {before} to {after}",
        K::StabilityLowered | K::StabilityRaised => "{name} is now {after}; it was {before}",
        K::ServerReplaced => "the server {name} is now `{after}`",
        K::ServerVariableValueRemoved => "the variable {name} of the server takes fewer values: {before} became {after}",
        K::ServerVariableChanged => "the variable {name} of the server changed from {before} to {after}",
        K::ServerVariableWidened => "the variable {name} of the server takes more values: {before} became {after}",
        K::LinkRemoved => "the link {name} is gone from {place}",
        K::LinkAdded => "the link {name} is new in {place}",
        K::LinkChanged => "the link {name} of {place} changed from {before} to {after}",
        K::WebhookRemoved => "the webhook {name} is no longer sent",
        K::WebhookAdded => "the webhook {name} is new",
        K::CallbackRemoved => "the callback {name} is no longer made",
        K::CallbackAdded => "the callback {name} is new",
        K::OperationDeprecated => "{name} is now deprecated",
        K::OperationReactivated => "{name} is no longer deprecated",
        K::OperationIdChanged => "the operationId changed from {before} to {after}",
        K::ServerRemoved => "the server {name} is gone",
        K::ServersNoLongerNamed if has => "the server {name} is now written `{after}`, which may be another place",
        K::ServersNoLongerNamed => "the description no longer says where the API is served; it was {name}",
        K::ServersNamed => "the description says now where the API is served, which it did not before: {name}",
        K::ServerAdded => "the server {name} is new",
        K::SecurityAdded => "authentication is now required: {name}",
        K::SecurityRemoved => "authentication is no longer required; it was {name}",
        K::SecurityAlternativeRemoved if has => "authenticating by {name} alone is no longer possible; it takes {after}",
        K::SecurityAlternativeRemoved => "authenticating by {name} is no longer possible",
        K::SecurityAlternativeAdded => "authenticating by {name} is now possible",
        K::SecurityScopeAdded => "the scope {name} is now required",
        K::SecurityScopeRemoved => "the scope {name} is no longer required",
        K::SecuritySchemeChanged => "the security scheme {name} changed from {before} to {after}",
        K::RequiredParameterAdded => "the {after} {name} is new and required",
        K::OptionalParameterAdded => "the {after} {name} is new and optional",
        K::ParameterRemoved => "the {before} {name} is gone",
        K::ParameterMoved => "the {before} {name} is now a {after}",
        K::ParameterRenamed => "{place} is now called `{after}`",
        K::ParameterBecameRequired => "{place} is now required",
        K::ParameterBecameOptional => "{place} is now optional",
        K::ParameterSerializationChanged => "{place} is now written differently: {before} became {after}",
        K::ParameterDeprecated => "{place} is now deprecated",
        K::ParameterReactivated => "{place} is no longer deprecated",
        K::RequiredBodyAdded => "a body is now required ({after})",
        K::OptionalBodyAdded => "a body may now be sent ({after})",
        K::BodyRemoved => "the body is gone (it was {before})",
        K::BodyBecameRequired => "the body is now required",
        K::BodyBecameOptional => "the body is now optional",
        K::MediaTypeRemoved => "the media type {name} is gone",
        K::MediaTypeAdded => "the media type {name} is new",
        K::EncodingChanged => "the part {name} of {place} is now written differently: {before} became {after}",
        K::EncodingNarrowed => "the part {name} of {place} may have fewer media types: {before} became {after}",
        K::EncodingWidened => "the part {name} of {place} may have more media types: {before} became {after}",
        K::ResponsesNoLongerDescribed => "the responses of {name} are no longer described",
        K::ResponsesDescribed => "the responses of {name} are now described",
        K::SuccessStatusRemoved => "the success status {name} is gone",
        K::SuccessStatusAdded if had => "a success may now come with any status that {name} stands for; it was {before}",
        K::SuccessStatusAdded => "the success status {name} is new",
        K::SuccessStatusChanged => "the success status changed from {before} to {after}",
        K::ErrorStatusRemoved => "the status {name} is no longer declared",
        K::ErrorStatusAdded => "the status {name} is now declared",
        K::PropertyRemoved => "the property {name} is gone from {place}",
        K::PropertyRenamed => "the property {name} of {place} is now called `{after}`",
        K::RequiredPropertyAdded => "the property {name} is new and required in {place}",
        K::OptionalPropertyAdded => "the property {name} is new and optional in {place}",
        K::PropertyBecameRequired => "the property {name} of {place} is now required",
        K::PropertyBecameOptional => "the property {name} of {place} is now optional",
        K::TypesNarrowed => "the type of {place} narrowed from {before} to {after}",
        K::TypesWidened => "the type of {place} widened from {before} to {after}",
        K::TypeChanged => "the type of {place} changed from {before} to {after}",
        K::BecameList => "{place} is now a list; it was one {before}",
        K::BecameNullable => "{place} may now be null",
        K::BecameNotNullable => "{place} can no longer be null",
        K::FormatAdded => "{place} now has the format {after}",
        K::FormatRemoved => "{place} no longer has the format {before}",
        K::FormatChanged => "the format of {place} changed from {before} to {after}",
        K::FormatNarrowed => "the format of {place} narrowed from {before} to {after}",
        K::FormatWidened => "the format of {place} widened from {before} to {after}",
        K::EnumValueRemoved => "{place} no longer takes the value {name}",
        K::EnumValueAdded => "{place} may now take the value {name}",
        K::EnumReplaced => "{place} now takes {after} instead of {before}",
        K::BecameEnum => "{place} is now limited to {after}",
        K::NoLongerEnum => "{place} is no longer limited to {before}",
        K::EnumBecameExtensible => "{place} may take further values without notice",
        K::EnumNoLongerExtensible => "{place} no longer takes further values without notice",
        K::PatternAdded => "{place} must now match the pattern {after}",
        K::PatternRemoved => "{place} no longer has to match the pattern {before}",
        K::PatternTightened => "the pattern of {place} narrowed from {before} to {after}",
        K::PatternLoosened => "the pattern of {place} widened from {before} to {after}",
        K::PatternChanged => "the pattern of {place} changed from {before} to {after}",
        K::MinimumTightened if had => "the minimum of {place} rose from {before} to {after}",
        K::MinimumTightened => "{place} now has the minimum {after}",
        K::MinimumLoosened if has => "the minimum of {place} fell from {before} to {after}",
        K::MinimumLoosened => "{place} no longer has the minimum {before}",
        K::MaximumTightened if had => "the maximum of {place} fell from {before} to {after}",
        K::MaximumTightened => "{place} now has the maximum {after}",
        K::MaximumLoosened if has => "the maximum of {place} rose from {before} to {after}",
        K::MaximumLoosened => "{place} no longer has the maximum {before}",
        K::MinLengthTightened if had => "the minimum length of {place} rose from {before} to {after}",
        K::MinLengthTightened => "{place} must now be at least {after} characters long",
        K::MinLengthLoosened if has => "the minimum length of {place} fell from {before} to {after}",
        K::MinLengthLoosened => "{place} no longer has the minimum length {before}",
        K::MaxLengthTightened if had => "the maximum length of {place} fell from {before} to {after}",
        K::MaxLengthTightened => "{place} must now be at most {after} characters long",
        K::MaxLengthLoosened if has => "the maximum length of {place} rose from {before} to {after}",
        K::MaxLengthLoosened => "{place} no longer has the maximum length {before}",
        K::MinItemsTightened if had => "the minimum number of items of {place} rose from {before} to {after}",
        K::MinItemsTightened => "{place} must now hold at least {after} items",
        K::MinItemsLoosened if has => "the minimum number of items of {place} fell from {before} to {after}",
        K::MinItemsLoosened => "{place} may now hold fewer than {before} items",
        K::MaxItemsTightened if had => "the maximum number of items of {place} fell from {before} to {after}",
        K::MaxItemsTightened => "{place} must now hold at most {after} items",
        K::MaxItemsLoosened if has => "the maximum number of items of {place} rose from {before} to {after}",
        K::MaxItemsLoosened => "{place} may now hold more than {before} items",
        K::MinPropertiesTightened if had => "the minimum number of properties of {place} rose from {before} to {after}",
        K::MinPropertiesTightened => "{place} must now have at least {after} properties",
        K::MinPropertiesLoosened if has => "the minimum number of properties of {place} fell from {before} to {after}",
        K::MinPropertiesLoosened => "{place} may now have fewer than {before} properties",
        K::MaxPropertiesTightened if had => "the maximum number of properties of {place} fell from {before} to {after}",
        K::MaxPropertiesTightened => "{place} must now have at most {after} properties",
        K::MaxPropertiesLoosened if has => "the maximum number of properties of {place} rose from {before} to {after}",
        K::MaxPropertiesLoosened => "{place} may now have more than {before} properties",
        K::MultipleOfTightened | K::MultipleOfChanged if had => "{place} must now be a multiple of {after} instead of {before}",
        K::MultipleOfTightened | K::MultipleOfChanged => "{place} must now be a multiple of {after}",
        K::MultipleOfLoosened if has => "{place} may now be any multiple of {after}, not only of {before}",
        K::MultipleOfLoosened => "{place} no longer has to be a multiple of {before}",
        K::UniqueItemsAdded => "the items of {place} must now be unique",
        K::UniqueItemsRemoved => "the items of {place} may now repeat",
        K::AdditionalPropertiesNarrowed => "{place} allows fewer undeclared properties: {before} became {after}",
        K::AdditionalPropertiesWidened => "{place} may carry more undeclared properties: {before} became {after}",
        K::VariantRemoved => "{place} can no longer be {name}",
        K::VariantAdded => "{place} can now also be {name}",
        K::CompositionAdded => "{place} must now match one of {after} alternatives",
        K::CompositionRemoved => "{place} no longer has to match one of {before} alternatives",
        K::OneOfBecameAnyOf => "{place} may now match several alternatives at once",
        K::AnyOfBecameOneOf => "{place} must now match exactly one alternative",
        K::ConstraintAdded => "{place} must now match the condition {name}",
        K::ConstraintRemoved => "{place} no longer has to match the condition {name}",
        K::ConstraintChanged => "the constraint {name} of {place} changed",
        K::ContentEncodingAdded => "{place} is now packed as {after}",
        K::ContentEncodingRemoved => "{place} is no longer packed as {before}",
        K::ContentEncodingChanged => "the packing of {place} changed from {before} to {after}",
        K::ContentMediaTypeAdded => "{place} is now said to hold {after}",
        K::ContentMediaTypeRemoved => "{place} is no longer said to hold {before}",
        K::ContentMediaTypeChanged => "{place} now holds {after}; it was {before}",
        K::XmlChanged => "{place} is written differently in XML: {before} became {after}",
        K::DiscriminatorAdded => "{place} is now told apart by the property {name}",
        K::DiscriminatorRemoved => "{place} is no longer told apart by the property {name}",
        K::DiscriminatorPropertyChanged => "{place} is now told apart by {after} instead of {before}",
        K::DiscriminatorMappingRemoved => "{place} no longer has the discriminator value {name}",
        K::DiscriminatorMappingAdded => "{place} may now have the discriminator value {name}",
        K::DiscriminatorMappingRenamed => "the discriminator value {name} of {place} is now `{after}`",
        K::DiscriminatorMappingChanged => "the discriminator value {name} of {place} now stands for {after} instead of {before}",
        K::DefaultChanged => "the default of {place} changed from {before} to {after}",
        K::SchemaDeprecated => "{place} is now deprecated",
        K::SchemaReactivated => "{place} is no longer deprecated",
        K::SchemaStabilityLowered | K::SchemaStabilityRaised => "{place} is now {after}; it was {before}",
        K::ReadOnlyAdded => "the property {name} of {place} is now read-only",
        K::ReadOnlyRemoved if change.evidence.is_required => {
            "the property {name} of {place} is no longer read-only and must now be sent"
        }
        K::ReadOnlyRemoved => "the property {name} of {place} is no longer read-only",
        K::WriteOnlyAdded => "the property {name} of {place} is now write-only and vanishes from what you receive",
        K::WriteOnlyRemoved => "the property {name} of {place} is no longer write-only",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_values_show_where_they_differ() {
        let long = |end: &str| format!("{}{end}", "a".repeat(120));
        let (before, after) = shown(&long("bc"), &long("d"));
        assert_eq!((before.as_str(), after.as_str()), ("…aaaaaaaaaaaaaaaaaaaabc", "…aaaaaaaaaaaaaaaaaaaad"));
        assert_eq!(shown(&long("b"), "x").0.chars().count(), LONGEST + 1);
        assert_eq!(shown("red", "blue"), ("red".to_owned(), "blue".to_owned()));
        let (before, after) = shown(&("a".repeat(79) + "b"), &("a".repeat(79) + "c" + &"d".repeat(90)));
        assert_ne!(before, after, "the last character that is shown is where they differ");
        let (before, after) = shown(&"a".repeat(80), &"a".repeat(90));
        assert_ne!(before, after, "one is the beginning of the other");
    }
}
