//! Parties, their people, what they promised each other, and the APIs between them.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use chrono::{DateTime, NaiveDate, Utc};
use secrecy::{SecretSlice, SecretString};
use serde::{Deserialize, Serialize};
use url::Url;

use super::{Agreement, ApiTls, Calendar, EscalationTarget, OperationLabel, OperationPattern, Override, Role, Schedule, Side};

/// Somebody who can be reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// A name, or the name of a list.
    pub name: String,
    /// A mail address.
    pub email: String,
    /// Where to call, if anywhere.
    pub phone: Option<String>,
}

/// A person in a role, and who stands in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contact {
    /// Who.
    pub person: Person,
    /// Who instead, when the first cannot be reached.
    pub deputy: Option<Person>,
    /// When somebody last made sure that this is the one to write to.
    pub confirmed: Option<NaiveDate>,
    /// Whether a copy of each letter to the party goes here, without the link that answers.
    pub informed: bool,
}

/// Another way than mail to tell a party: an address of a program.
#[derive(Debug, Clone)]
pub struct Channel {
    /// Its name within the party.
    pub name: String,
    /// What the program understands.
    pub kind: ChannelKind,
    /// Where it is. It may hold a secret.
    pub url: SecretString,
    /// The key that notices are signed with.
    pub key: Option<SecretSlice<u8>>,
}

/// What a program understands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChannelKind {
    /// CloudEvents, signed.
    Webhook,
    /// The messages of Slack's incoming webhooks.
    Slack,
}

/// An organisation on one end of an integration.
#[derive(Debug, Clone)]
pub struct Party {
    /// Its key in configuration.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its people by role.
    pub contacts: BTreeMap<Role, Contact>,
    /// When it works.
    pub calendar: Calendar,
    /// Other ways than mail to tell it.
    pub channels: Vec<Channel>,
}

impl Party {
    /// Who answers for this party as the provider of an API.
    pub fn as_provider(&self) -> Option<(Role, &Contact)> {
        self.first_of(&[Role::ApiOwner, Role::Engineering])
    }

    /// Who answers for this party as a consumer of an API.
    pub fn as_consumer(&self) -> Option<(Role, &Contact)> {
        self.first_of(&[Role::Engineering, Role::ApiOwner])
    }

    /// Who answers for this party on a side.
    pub fn owner(&self, side: Side) -> Option<(Role, &Contact)> {
        match side {
            Side::Consumer => self.as_consumer(),
            Side::Provider => self.as_provider(),
        }
    }

    /// Who of this party is asked on a side.
    pub fn on(&self, side: Side, target: EscalationTarget) -> Option<&Person> {
        match target {
            EscalationTarget::Role(role) => self.contacts.get(&role).map(|contact| &contact.person),
            EscalationTarget::Deputy => self.owner(side).and_then(|(_, contact)| contact.deputy.as_ref()),
        }
    }

    /// Who speaks for this party with the other one: its partner-manager, or whoever owns its end.
    pub fn manager(&self, side: Side) -> Option<&Person> {
        let owner = || self.owner(side).map(|(_, contact)| &contact.person);
        self.on(side, EscalationTarget::Role(Role::PartnerManager)).or_else(owner)
    }

    fn first_of(&self, roles: &[Role]) -> Option<(Role, &Contact)> {
        roles.iter().find_map(|role| self.contacts.get(role).map(|contact| (*role, contact)))
    }
}

/// Where a description is published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// Over HTTP or HTTPS.
    Web(Url),
    /// A file on this machine, for what is pushed here.
    File(PathBuf),
}

impl std::fmt::Display for Source {
    /// The address without user information and query, which may hold secrets.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Web(url) => {
                let mut shown = url.clone();
                // Only URLs that cannot have a user name refuse this, and they need none removed.
                let _ = shown.set_username("");
                let _ = shown.set_password(None);
                shown.set_query(None);
                shown.set_fragment(None);
                write!(formatter, "{shown}")
            }
            Self::File(path) => write!(formatter, "{}", path.display()),
        }
    }
}

/// How a fetch proves who asks. Debug output shows no secret.
#[derive(Debug, Clone)]
pub enum Auth {
    /// It does not.
    None,
    /// `Authorization: Bearer …` (RFC 6750).
    Bearer(SecretString),
    /// A header of the provider's choice.
    ApiKey {
        /// Its name.
        header: String,
        /// Its value.
        key: SecretString,
    },
    /// HTTP basic (RFC 7617).
    Basic {
        /// User name.
        username: String,
        /// Password.
        password: SecretString,
    },
}

/// A party that calls an API.
#[derive(Debug, Clone)]
pub struct Consumer {
    /// Key of the party.
    pub party: String,
    /// What it uses; none means that nobody said, and every operation counts.
    pub operations: Option<Vec<OperationPattern>>,
}

/// One published description of one provider within an integration.
#[derive(Debug, Clone)]
pub struct Api {
    /// Unique within its integration.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// Key of the party that publishes it.
    pub provider: String,
    /// The parties that call it.
    pub consumers: Vec<Consumer>,
    /// Where it is published.
    pub live: Source,
    /// Where its next version is published, if anywhere.
    pub upcoming: Option<Source>,
    /// When it is checked.
    pub schedule: Schedule,
    /// How the fetch proves who asks.
    pub auth: Auth,
    /// How long it may be impossible to judge before people are told; none for what holds for all.
    pub tell_operator_after: Option<Duration>,
    /// Certificates of its own, where it needs some.
    pub tls: Option<ApiTls>,
    /// Keys by which the provider tells of dates in its description, beside those that are known.
    pub date_keys: DateKeys,
    /// Where headers of operations are looked at.
    pub probes: Vec<Probe>,
}

impl Api {
    /// Whether a party calls it.
    pub fn is_called_by(&self, party: &str) -> bool {
        self.consumers.iter().any(|consumer| consumer.party == party)
    }

    /// Whether a party is on a side of it.
    pub fn has(&self, side: Side, party: &str) -> bool {
        match side {
            Side::Provider => self.provider == party,
            Side::Consumer => self.is_called_by(party),
        }
    }

    /// Which side of it a party is on; who publishes it is its provider, whoever else it is.
    pub fn side_of(&self, party: &str) -> Option<Side> {
        match () {
            () if self.provider == party => Some(Side::Provider),
            () if self.is_called_by(party) => Some(Side::Consumer),
            () => None,
        }
    }
}

/// Where the headers of an operation are looked at: by HEAD, once a day, and only where the agreement allows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probe {
    /// The operation.
    pub operation: OperationLabel,
    /// An address that it answers at.
    pub url: Url,
}

/// Keys of a description that tell of dates; dots lead into objects.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DateKeys {
    /// When something ends.
    pub sunset: Vec<String>,
    /// Since when it is deprecated.
    pub deprecation: Vec<String>,
    /// That it is deprecated: `key` for any value, `key=VALUE` for one.
    pub deprecated: Vec<String>,
    /// What to use instead, or why.
    pub message: Vec<String>,
}

/// The product that joins parties.
#[derive(Debug, Clone)]
pub struct Integration {
    /// The stem of its file.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What was promised.
    pub agreement: Agreement,
    /// Who is joined, by key.
    pub parties: BTreeMap<String, Party>,
    /// What is watched.
    pub apis: Vec<Api>,
    /// Exceptions from the verdict, the first that covers a finding counts.
    pub overrides: Vec<Override>,
}

impl Integration {
    /// The party with this key. Configuration guarantees that every key an API names exists.
    pub fn party(&self, key: &str) -> Option<&Party> {
        self.parties.get(key)
    }

    /// What people call a party; its key where it is in the configuration no more.
    pub fn name_of<'n>(&'n self, key: &'n str) -> &'n str {
        self.party(key).map_or(key, |party| party.name.as_str())
    }

    /// By when a party that was asked at a time should have answered, by its own calendar.
    pub fn answer_due(&self, party: &str, asked_at: DateTime<Utc>) -> DateTime<Utc> {
        let calendar = self.party(party).map(|party| party.calendar.clone()).unwrap_or_default();
        calendar.after(asked_at, self.agreement.acknowledge_within)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_show_no_secret() {
        let source = Source::Web("https://user:pw@api.example.com/spec.json?token=abc".parse().expect("a URL"));
        assert_eq!(source.to_string(), "https://api.example.com/spec.json");
    }
}
