//! `integrations/*.toml`: who is joined to whom, what was promised, what is watched.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use secrecy::{ExposeSecret, SecretSlice, SecretString};

use crate::model::{
    Api, Auth, Channel, ChannelKind, Consumer, Contact, DateKeys, Integration, OperationPattern, Party, Person, Probe, Role,
    Schedule, Source,
};

use super::agreement::{agreement, calendar};
use super::environment::LoadContext;
use super::reader::{At, Invalid, Problems, Table, did_you_mean};
use super::values::{check_address, duration, operations, time_zone, web_url};
use super::{overrides, secret, tls};

/// Reads the file of one integration; none where there is a mistake in it.
pub(super) fn read(mut root: Table<'_, '_>, context: &LoadContext<'_>, problems: &mut Problems<'_>) -> Option<Integration> {
    let before = problems.found.len();
    let stem = problems.file.file_stem().and_then(|stem| stem.to_str()).unwrap_or("integration").to_owned();
    let id = root.text("id", problems).map_or(stem, |at| at.value);
    let name =
        root.required_text("name", "say what joins the parties, for example name = \"Acme payments in the web shop\"", problems);
    let agreement = agreement(&mut root, problems);
    let parties: BTreeMap<String, Party> = root
        .tables("parties", problems)
        .into_iter()
        .map(|(key, table)| (key.clone(), party(key, table, context, problems)))
        .collect();
    if parties.len() < 2 {
        root.missing(
            "parties",
            "an integration joins at least two: [parties.<key>] with `name` and [[parties.<key>.contacts]]",
            problems,
        );
    }
    let mut apis: Vec<Api> = Vec::new();
    let tables = root.list("apis", problems);
    if tables.is_empty() {
        root.missing("apis", "add [[apis]] with `id`, `provider`, `live` and [[apis.consumers]]", problems);
    }
    let mut ids = BTreeSet::new();
    for table in tables {
        let offset = table.offset;
        if let Some(api) = api(table, &parties, context, problems) {
            if !ids.insert(api.id.clone()) {
                problems.add(offset, "apis", format!("two APIs have the id {:?}", api.id), "give each its own `id`");
            }
            apis.push(api);
        }
    }
    let used: BTreeSet<&str> =
        apis.iter().flat_map(|api| api.consumers.iter().map(|c| c.party.as_str()).chain([api.provider.as_str()])).collect();
    for key in parties.keys().filter(|key| !used.contains(key.as_str())) {
        if problems.found.len() == before {
            root.wrong(
                format!("the party {key:?} neither provides nor consumes any API"),
                "name it in [[apis]], or remove it",
                problems,
            );
        }
    }
    if !agreement.may_probe && apis.iter().any(|api| !api.probes.is_empty()) {
        let help = "read the provider's terms of use, then write may_probe = true in [agreement]";
        root.wrong("has `probes`, and the agreement does not allow them", help, problems);
    }
    for party in agreement.freezes.iter().filter_map(|freeze| freeze.party.as_ref()) {
        if !parties.contains_key(party) {
            let help = did_you_mean(party, parties.keys().map(String::as_str));
            root.wrong(format!("agreement.freeze: there is no party {party:?}"), help, problems);
        }
    }
    let overrides = overrides::read(root.list("overrides", problems), context.now.date_naive(), problems);
    root.finish(problems);
    if problems.found.len() > before {
        return None;
    }
    Some(Integration { id, name: name?.value, agreement, parties, apis, overrides })
}

fn party(id: String, mut table: Table<'_, '_>, context: &LoadContext<'_>, problems: &mut Problems<'_>) -> Party {
    let name = table.required_text("name", "the organisation's name", problems).map_or_else(|| id.clone(), |at| at.value);
    let mut contacts = BTreeMap::new();
    for mut entry in table.list("contacts", problems) {
        let offset = entry.offset;
        let role = entry.parsed("role", problems, |text| {
            Role::ALL.into_iter().find(|role| role.name() == text).ok_or_else(|| {
                Invalid::new(format!("{text:?} is not a role"), did_you_mean(text, Role::ALL.iter().map(|role| role.name())))
            })
        });
        if role.is_none() {
            entry.missing("role", "one of api-owner, engineering, on-call, product, support, partner-manager", problems);
        }
        let person = person(&mut entry, problems);
        let deputy = entry.table("deputy", problems).and_then(|mut table| {
            let deputy = self::person(&mut table, problems);
            table.finish(problems);
            deputy
        });
        let confirmed = entry.parsed("confirmed", problems, |text| {
            text.parse::<NaiveDate>().map_err(|_| Invalid::new(format!("{text:?} is not a date"), "write \"2026-10-01\""))
        });
        let confirmed = confirmed.map(|at| at.value);
        let informed = entry.flag("informed", problems).is_some_and(|at| at.value);
        entry.finish(problems);
        if let (Some(role), Some(person)) = (role, person) {
            if deputy.is_none() && matches!(role.value, Role::ApiOwner | Role::Engineering) {
                let message =
                    format!("{} ({}) has no deputy: nobody is asked when that address dies", person.name, role.value.name());
                let help = "add deputy = { name = \"…\", email = \"…\" }";
                problems.warn(offset, format!("parties.{id}"), message, help);
            }
            if contacts.insert(role.value, Contact { person, deputy, confirmed, informed }).is_some() {
                let message = format!("{} has two contacts with the role {}", name, role.value.name());
                problems.add(offset, role.key, message, "keep one, and make the other its deputy");
            }
        }
    }
    let calendar = calendar(&mut table, problems);
    let channels = table.list("channels", problems).into_iter().filter_map(|entry| channel(entry, context, problems)).collect();
    table.finish(problems);
    Party { id, name, contacts, calendar, channels }
}

/// `[[parties.KEY.channels]]`: a program that is told beside the letters.
fn channel(mut entry: Table<'_, '_>, context: &LoadContext<'_>, problems: &mut Problems<'_>) -> Option<Channel> {
    let kind = entry.parsed("kind", problems, |text| match text {
        "webhook" => Ok(ChannelKind::Webhook),
        "slack" => Ok(ChannelKind::Slack),
        other => Err(Invalid::new(format!("{other:?} is no kind of channel"), "write \"webhook\" or \"slack\"")),
    });
    entry.missing("kind", "write \"webhook\" (signed CloudEvents) or \"slack\" (chat messages)", problems);
    let name = entry.required_text("name", "a short name, for example \"ci\"", problems);
    if let Some(name) = &name
        && name.value.contains('/')
    {
        name.wrong("holds a slash", "use letters, digits and '-'", problems);
    }
    // An address that is a secret stands elsewhere, as every secret does.
    let written = entry.value("url").is_some_and(|url| url.value.is_str());
    let url = if written {
        entry.parsed("url", problems, web_url).map(|at| SecretString::from(at.value.to_string()))
    } else {
        secret::read(&mut entry, "url", context, problems)
    };
    entry.missing("url", "write \"https://…\", or { file = \"…\" } where the address is a secret", problems);
    let offset = entry.value("secret").map_or(entry.offset, |secret| secret.offset);
    let key = secret::read(&mut entry, "secret", context, problems).and_then(|secret| signing_key(&secret, offset, problems));
    if kind.as_ref().is_some_and(|kind| kind.value == ChannelKind::Webhook) {
        entry.missing("secret", "notices are signed: write secret = { file = \"…\" }", problems);
    }
    entry.finish(problems);
    Some(Channel { name: name?.value, kind: kind?.value, url: url?, key })
}

/// Base64 as it is copied from anywhere: with padding or without.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The key that a secret stands for: base64 after `whsec_` as in the Standard Webhooks specification, in either alphabet,
/// any other text as it is.
fn signing_key(secret: &SecretString, offset: usize, problems: &mut Problems<'_>) -> Option<SecretSlice<u8>> {
    let decode = |encoded: &str| LENIENT.decode(encoded.replace('-', "+").replace('_', "/"));
    match secret.expose_secret().strip_prefix("whsec_").map(decode) {
        None => Some(secret.expose_secret().as_bytes().to_vec().into()),
        Some(Ok(key)) if !key.is_empty() => Some(key.into()),
        Some(_) => {
            let help = "copy it whole, or leave the prefix away to have the text itself be the key";
            problems.add(offset, "secret", "begins with whsec_, and what follows is no key in base64", help);
            None
        }
    }
}

fn person(table: &mut Table<'_, '_>, problems: &mut Problems<'_>) -> Option<Person> {
    let name = table.required_text("name", "a person, or the name of a list", problems);
    let email = table.required_text("email", "a mail address", problems);
    if let Some(email) = &email {
        check_address(email, problems);
    }
    let phone = table.text("phone", problems).map(|at| at.value);
    Some(Person { name: name?.value, email: email?.value, phone })
}

fn api(
    mut table: Table<'_, '_>,
    parties: &BTreeMap<String, Party>,
    context: &LoadContext<'_>,
    problems: &mut Problems<'_>,
) -> Option<Api> {
    let id = table.required_text("id", "a short name, for example id = \"payments\"", problems);
    if let Some(id) = &id
        && !id.value.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
    {
        id.wrong(format!("{:?} cannot be used in addresses", id.value), "use letters, digits, '-', '_' and '.'", problems);
    }
    let name = table.text("name", problems).map(|at| at.value);
    let provider = table.required_text("provider", "the key of the party that publishes it", problems);
    if let Some(provider) = &provider {
        let known = known_party(provider, parties, problems);
        if known.is_some_and(|party| party.as_provider().is_none()) {
            let help = format!("add [[parties.{}.contacts]] with role = \"api-owner\"", provider.value);
            provider.wrong(format!("{} has nobody who owns the API", provider.value), help, problems);
        }
    }
    let consumers = consumers(&mut table, provider.as_ref(), parties, problems);
    let live = table.required_text("live", "where the description is published: a URL or file:…", problems);
    let live = live.and_then(|at| source(&at, context.folder, problems));
    let upcoming = table.text("upcoming", problems).and_then(|at| source(&at, context.folder, problems));
    if live.is_some() && live == upcoming {
        table.wrong("`live` and `upcoming` are the same source", "leave `upcoming` out until there is a second one", problems);
    }
    let schedule = schedule(&mut table, context.now, problems);
    let auth = auth(&mut table, context, problems);
    let tell_operator_after = table.parsed("tell_operator_after", problems, duration).map(|at| at.value);
    let tls = tls::read(&mut table, context, problems);
    let date_keys = date_keys(&mut table, problems);
    let probes = table.list("probes", problems).into_iter().filter_map(|entry| probe(entry, problems)).collect();
    table.finish(problems);
    let id = id?.value;
    Some(Api {
        name: name.unwrap_or_else(|| id.clone()),
        id,
        provider: provider?.value,
        consumers,
        live: live?,
        upcoming,
        schedule: schedule?,
        auth,
        tell_operator_after,
        tls,
        date_keys,
        probes,
    })
}

/// `[[apis.probes]]`: an operation whose headers are asked for.
fn probe(mut entry: Table<'_, '_>, problems: &mut Problems<'_>) -> Option<Probe> {
    let operation = entry.parsed("operation", problems, |text| {
        let pattern = OperationPattern::parse(text).filter(|pattern| pattern.method == "GET");
        let label = pattern.map(|pattern| pattern.label());
        label.ok_or_else(|| Invalid::new(format!("{text:?} is no operation that only reads"), "write \"GET /v1/doors\""))
    });
    entry.missing("operation", "the operation as the description has it: write \"GET /v1/doors\"", problems);
    let url = entry.parsed("url", problems, web_url);
    entry.missing("url", "an address that it answers at: write \"https://…\"", problems);
    entry.finish(problems);
    Some(Probe { operation: operation?.value, url: url?.value })
}

fn date_keys(table: &mut Table<'_, '_>, problems: &mut Problems<'_>) -> DateKeys {
    let Some(mut keys) = table.table("date_keys", problems) else { return DateKeys::default() };
    let mut list = |name: &'static str| -> Vec<String> {
        keys.texts(name, problems).unwrap_or_default().into_iter().map(|at| at.value).collect()
    };
    let read = DateKeys {
        sunset: list("sunset"),
        deprecation: list("deprecation"),
        deprecated: list("deprecated"),
        message: list("message"),
    };
    keys.finish(problems);
    read
}

fn known_party<'p>(key: &At<String>, parties: &'p BTreeMap<String, Party>, problems: &mut Problems<'_>) -> Option<&'p Party> {
    let found = parties.get(&key.value);
    if found.is_none() {
        let help = did_you_mean(&key.value, parties.keys().map(String::as_str));
        key.wrong(format!("there is no party {:?}", key.value), help, problems);
    }
    found
}

fn consumers(
    table: &mut Table<'_, '_>,
    provider: Option<&At<String>>,
    parties: &BTreeMap<String, Party>,
    problems: &mut Problems<'_>,
) -> Vec<Consumer> {
    let mut consumers: Vec<Consumer> = Vec::new();
    let entries = table.list("consumers", problems);
    if entries.is_empty() {
        table.missing("consumers", "add [[apis.consumers]] with `party`: a change nobody meets needs no watching", problems);
    }
    for mut entry in entries {
        let party = entry.required_text("party", "the key of a party that calls the API", problems);
        if let Some(party) = &party {
            if let Some(known) = known_party(party, parties, problems)
                && known.as_consumer().is_none()
            {
                let help = format!("add [[parties.{}.contacts]] with role = \"engineering\"", party.value);
                party.wrong(format!("{} has nobody who builds against the API", party.value), help, problems);
            }
            if provider.is_some_and(|provider| provider.value == party.value) {
                party.wrong(format!("{} is the provider of this API", party.value), "a consumer is another party", problems);
            }
            if consumers.iter().any(|known| known.party == party.value) {
                party.wrong(format!("{} is named twice", party.value), "keep one entry", problems);
            }
        }
        let operations = operations(&mut entry, problems);
        entry.finish(problems);
        consumers.extend(party.map(|party| Consumer { party: party.value, operations }));
    }
    consumers
}

fn source(text: &At<String>, folder: &Path, problems: &mut Problems<'_>) -> Option<Source> {
    if let Some(path) = text.value.strip_prefix("file:") {
        let path = path.strip_prefix("//").unwrap_or(path);
        return Some(Source::File(folder.join(path)));
    }
    match web_url(&text.value) {
        Ok(url) if !url.username().is_empty() || url.password().is_some() => {
            let help = "take them out and use auth = { basic = { username = \"…\", password = { file = \"…\" } } }";
            text.wrong("holds a user name or password", help, problems);
            None
        }
        Ok(url) => Some(Source::Web(url)),
        Err(Invalid { message, help }) => {
            text.wrong(message, format!("{help} or \"file:…\""), problems);
            None
        }
    }
}

fn schedule(table: &mut Table<'_, '_>, now: DateTime<Utc>, problems: &mut Problems<'_>) -> Option<Schedule> {
    let zone = table.parsed("time_zone", problems, time_zone);
    let every = table.parsed("every", problems, duration);
    let zone_value = zone.as_ref().map_or(Tz::UTC, |at| at.value);
    let cron = table.parsed("schedule", problems, |text| {
        Schedule::cron(text, zone_value, now)
            .map_err(|error| Invalid::new(error.to_string(), "write a crontab line such as \"*/15 * * * *\", or every = \"15m\""))
    });
    match (cron, every) {
        (Some(cron), None) => Some(cron.value),
        (None, Some(every)) => {
            if let Some(zone) = zone {
                zone.wrong("has no effect with `every`", "remove it, or use `schedule`", problems);
            }
            Some(Schedule::Every(every.value))
        }
        (Some(cron), Some(_)) => {
            cron.wrong("contradicts `every`", "keep one of the two", problems);
            None
        }
        // A schedule that could not be read has been told of already.
        (None, None) => Some(Schedule::Every(Duration::from_secs(900))),
    }
}

fn auth(table: &mut Table<'_, '_>, context: &LoadContext<'_>, problems: &mut Problems<'_>) -> Auth {
    let Some(mut auth) = table.table("auth", problems) else { return Auth::None };
    let bearer = secret::read(&mut auth, "bearer", context, problems);
    let api_key = auth.table("api_key", problems).and_then(|mut table| {
        let header = table.required_text("header", "the header's name, for example \"X-API-Key\"", problems);
        if let Some(header) = &header
            && reqwest::header::HeaderName::from_bytes(header.value.as_bytes()).is_err()
        {
            header.wrong(format!("{:?} is not a header name", header.value), "write \"X-API-Key\"", problems);
        }
        let key = secret::read(&mut table, "key", context, problems);
        if key.is_none() {
            table.missing("key", "write key = { file = \"…\" }", problems);
        }
        table.finish(problems);
        Some(Auth::ApiKey { header: header?.value, key: key? })
    });
    let basic = auth.table("basic", problems).and_then(|mut table| {
        let username = table.required_text("username", "", problems);
        let password = secret::read(&mut table, "password", context, problems);
        if password.is_none() {
            table.missing("password", "write password = { file = \"…\" }", problems);
        }
        table.finish(problems);
        Some(Auth::Basic { username: username?.value, password: password? })
    });
    let mut chosen: Vec<Auth> = [bearer.map(Auth::Bearer), api_key, basic].into_iter().flatten().collect();
    if chosen.len() > 1 {
        auth.wrong("names more than one way to authenticate", "keep one of bearer, api_key, basic", problems);
    }
    auth.finish(problems);
    chosen.pop().unwrap_or(Auth::None)
}
