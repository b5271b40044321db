//! Integrations where nobody can be written to, and exceptions that match nothing.

use std::collections::BTreeSet;

use crate::model::{Api, Contact, Integration, OperationLabel, OperationPattern, Party, Pattern, Role, Side, meant, nearest};
use crate::rules::Catalogue;

use super::advice::date_rules;

/// Rules about operations that are not there any more.
const REMOVALS: [&str; 4] =
    ["api-moved", "api-removed-but-still-routed", "api-removed-with-deprecation", "api-removed-without-deprecation"];

/// An end of an integration that lacks somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    /// Integration id.
    pub integration: String,
    /// The party's name.
    pub party: String,
    /// What is missing, in one sentence.
    pub what: String,
    /// Whether a notice would reach nobody there but the operator.
    pub is_orphan: bool,
}

/// Every end of an integration where a notice would be lost or could not be talked about. `dead` are addresses whose
/// last letter came back, `unconfirmed` those of people who were asked whether they are there and did not answer.
pub fn gaps(integration: &Integration, dead: &BTreeSet<String>, unconfirmed: &BTreeSet<String>) -> Vec<Gap> {
    let mut gaps = Vec::new();
    for party in integration.parties.values() {
        let provides = integration.apis.iter().any(|api| api.provider == party.id);
        let consumes = integration.apis.iter().any(|api| api.is_called_by(&party.id));
        for (side, plays) in [(Side::Provider, provides), (Side::Consumer, consumes)] {
            if plays {
                gaps.extend(owner_gap(integration, party, side, dead));
            }
        }
        for (role, contact) in &party.contacts {
            if unconfirmed.contains(&contact.person.email.to_ascii_lowercase()) {
                let what = format!(
                    "{} ({}) was asked whether that is still right, and has not answered",
                    contact.person.name,
                    role.name()
                );
                gaps.push(gap(integration, party, &what, false));
            }
        }
        if (provides || consumes) && !party.contacts.contains_key(&Role::PartnerManager) {
            gaps.push(gap(integration, party, "has no partner-manager: nobody to ask when engineers do not answer", false));
        }
    }
    gaps
}

fn owner_gap(integration: &Integration, party: &Party, side: Side, dead: &BTreeSet<String>) -> Option<Gap> {
    let Some((role, contact)) = party.owner(side) else {
        let what = format!("has nobody who answers for it as a {}", side.name());
        return Some(gap(integration, party, &what, true));
    };
    let is_dead = |email: &str| dead.contains(&email.to_ascii_lowercase());
    let Contact { person, deputy, .. } = contact;
    let (name, role) = (&person.name, role.name());
    let what = match deputy {
        _ if !is_dead(&person.email) && deputy.is_some() => return None,
        None if is_dead(&person.email) => format!("{name} ({role}) cannot be written to, and has no deputy"),
        None => format!("{name} ({role}) has no deputy"),
        Some(deputy) if is_dead(&deputy.email) => {
            format!("neither {name} ({role}) nor {} (deputy) can be written to", deputy.name)
        }
        Some(deputy) => format!("{name} ({role}) cannot be written to; {} (deputy) gets the letters", deputy.name),
    };
    let is_orphan = is_dead(&person.email) && deputy.as_ref().is_none_or(|deputy| is_dead(&deputy.email));
    Some(gap(integration, party, &what, is_orphan))
}

fn gap(integration: &Integration, party: &Party, what: &str, is_orphan: bool) -> Gap {
    Gap { integration: integration.id.clone(), party: party.name.clone(), what: what.to_owned(), is_orphan }
}

/// What a person holds in an integration, in one line each, and whether an end would be empty without it.
pub fn held_by(integration: &Integration, email: &str) -> Vec<(String, bool)> {
    let mut held = Vec::new();
    for party in integration.parties.values() {
        for (role, contact) in &party.contacts {
            let is_owner = [party.as_provider(), party.as_consumer()].into_iter().flatten().any(|(owning, _)| owning == *role);
            let (role, name) = (role.name(), &party.name);
            if contact.person.email.eq_ignore_ascii_case(email) {
                let left = match &contact.deputy {
                    Some(deputy) => format!("{} (deputy) would be left", deputy.name),
                    None => "nobody would be left".to_owned(),
                };
                held.push((format!("{role} of {name}; {left}"), is_owner && contact.deputy.is_none()));
            }
            if contact.deputy.as_ref().is_some_and(|deputy| deputy.email.eq_ignore_ascii_case(email)) {
                held.push((format!("deputy of {} ({role} of {name})", contact.person.name), false));
            }
        }
    }
    held
}

/// Exceptions of an integration that name a rule which does not exist: they cover nothing. In words, with the rule that is
/// meant perhaps.
pub fn unknown_rules(integration: &Integration, catalogue: &Catalogue) -> Vec<String> {
    let known = || catalogue.rules().map(|rule| rule.id).chain(date_rules());
    let rules = integration.overrides.iter().filter_map(|one| Some((one, one.rule.as_ref()?)));
    let unknown = rules.filter(|(_, rule)| !known().any(|id| rule.matches(id)));
    unknown
        .map(|(one, rule)| {
            let best = nearest(rule.text(), known()).unwrap_or_default();
            format!(
                "{}: the exception of {} names the rule {:?}, which does not exist, and covers nothing; did you mean {best:?}? `driftd rules` lists all",
                integration.id,
                one.owner,
                rule.text()
            )
        })
        .collect()
}

/// Uses that a description does not have, in words. `operations` are its `METHOD path`; where there are none, nothing is
/// known of it.
pub fn unmatched_uses(operations: &[OperationLabel], integration: &Integration, api: &Api) -> Vec<String> {
    let mut found = Vec::new();
    if operations.is_empty() {
        return found;
    }
    for consumer in &api.consumers {
        let name = integration.party(&consumer.party).map_or(consumer.party.as_str(), |party| party.name.as_str());
        for pattern in consumer.operations.iter().flatten().filter(|pattern| !has_one(pattern, operations)) {
            found.push(format!(
                "{name} declares the use of {} {}, which this description does not have{}",
                pattern.method,
                pattern.path,
                suggestion(pattern, operations)
            ));
        }
    }
    found
}

/// Exceptions of an integration whose operations none of its descriptions has, in words. One from a rule about what is
/// removed names what is not there any more.
pub fn unmatched_overrides(operations: &[OperationLabel], integration: &Integration) -> Vec<String> {
    let is_of_removals = |rule: &Pattern| REMOVALS.iter().any(|id| rule.matches(id));
    let mut found = Vec::new();
    for one in integration.overrides.iter().filter(|one| !one.rule.as_ref().is_some_and(is_of_removals)) {
        for pattern in one.operations.iter().flatten().filter(|pattern| !has_one(pattern, operations)) {
            found.push(format!(
                "{}: the exception of {} names {} {}, which none of its descriptions has, and covers nothing there{}",
                integration.id,
                one.owner,
                pattern.method,
                pattern.path,
                suggestion(pattern, operations)
            ));
        }
    }
    found
}

/// The operation that is meant perhaps, as the end of a sentence.
fn suggestion(pattern: &OperationPattern, operations: &[OperationLabel]) -> String {
    let written = format!("{} {}", pattern.method, pattern.path);
    let best = meant(&written, operations.iter().map(OperationLabel::as_str));
    best.map(|best| format!("; did you mean {best}?")).unwrap_or_default()
}

fn has_one(pattern: &OperationPattern, operations: &[OperationLabel]) -> bool {
    operations.iter().any(|label| pattern.matches_label(label))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::time::Duration;

    use super::*;
    use crate::model::{Agreement, Api, Auth, BREAKING, Calendar, Consumer, DateKeys, Period, Person, Schedule, Source, Wait};

    fn person(name: &str) -> Person {
        Person { name: name.to_owned(), email: format!("{}@x.example", name.to_ascii_lowercase()), phone: None }
    }

    fn integration() -> Integration {
        let party = |id: &str, contacts: Vec<(Role, Contact)>| {
            let contacts: BTreeMap<Role, Contact> = contacts.into_iter().collect();
            let party = Party {
                id: id.to_owned(),
                name: id.to_uppercase(),
                contacts,
                calendar: Calendar::default(),
                channels: Vec::new(),
            };
            (id.to_owned(), party)
        };
        let with = |name: &str, deputy: Option<&str>| Contact {
            person: person(name),
            deputy: deputy.map(person),
            confirmed: None,
            informed: false,
        };
        let agreement = Agreement::promising(BTreeMap::from([(BREAKING.to_owned(), Period::Days(90))]), Wait::Days(3));
        let api = Api {
            id: "a".to_owned(),
            name: "A".to_owned(),
            provider: "p".to_owned(),
            consumers: vec![Consumer { party: "c".to_owned(), operations: None }],
            live: Source::File("a.yaml".into()),
            upcoming: None,
            schedule: Schedule::Every(Duration::from_secs(60)),
            auth: Auth::None,
            tell_operator_after: None,
            tls: None,
            date_keys: DateKeys::default(),
            probes: Vec::new(),
        };
        let parties = BTreeMap::from([
            party("p", vec![(Role::ApiOwner, with("Ann", Some("Bo"))), (Role::PartnerManager, with("Pam", None))]),
            party("c", vec![(Role::Engineering, with("Cy", None))]),
        ]);
        let (id, name) = ("i".to_owned(), "I".to_owned());
        Integration { id, name, agreement, parties, apis: vec![api], overrides: Vec::new() }
    }

    #[test]
    fn every_end_needs_somebody_who_can_be_reached() {
        let found = |dead: &[&str]| {
            let dead = dead.iter().map(|name| format!("{name}@x.example")).collect();
            let lines = gaps(&integration(), &dead, &BTreeSet::new()).into_iter();
            lines.map(|gap| format!("{}{}: {}", if gap.is_orphan { "! " } else { "" }, gap.party, gap.what)).collect::<Vec<_>>()
        };
        let manager = "C: has no partner-manager: nobody to ask when engineers do not answer";
        assert_eq!(found(&[]), ["C: Cy (engineering) has no deputy", manager]);
        assert_eq!(
            found(&["ann", "cy"]),
            [
                "! C: Cy (engineering) cannot be written to, and has no deputy",
                manager,
                "P: Ann (api-owner) cannot be written to; Bo (deputy) gets the letters"
            ]
        );
        assert_eq!(
            found(&["ann", "bo"]).last().map(String::as_str),
            Some("! P: neither Ann (api-owner) nor Bo (deputy) can be written to")
        );
    }

    #[test]
    fn what_a_person_holds() {
        let held = |name: &str| held_by(&integration(), &format!("{name}@X.example"));
        assert_eq!(held("Ann"), [("api-owner of P; Bo (deputy) would be left".to_owned(), false)]);
        assert_eq!(held("Bo"), [("deputy of Ann (api-owner of P)".to_owned(), false)]);
        assert_eq!(held("Cy"), [("engineering of C; nobody would be left".to_owned(), true)]);
        assert_eq!(held("Zed"), []);
    }
}
