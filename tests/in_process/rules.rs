//! The catalogue keeps its promises: one table-driven harness over every rule page.
//!
//! A failure names the page. `DRIFTD_BLESS=1 cargo test --test in_process rules::` rewrites what is derived
//! (the list of pages, the printed findings, the cross-talk table); read the change before committing it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use driftd::diff::{Budget, ChangeKind};
use driftd::model::Direction;
use driftd::model::{Consequence, Severity};
use driftd::openapi::{Limits, read};
use driftd::rules::{Catalogue, Example, JsonReport, Rule, Verdict, compare, law, oasdiff_ids};
use serde_json::{Value, json};

fn catalogue() -> Catalogue {
    Catalogue::load().unwrap_or_else(|error| panic!("{error:?}"))
}

fn blessing() -> bool {
    std::env::var_os("DRIFTD_BLESS").is_some()
}

/// Puts a snippet into the minimal document its frame stands for.
fn framed(rule: &Rule, snippet: &str) -> Value {
    // Snippets are YAML; reading them as the document's own YAML keeps one parser in play.
    let wrapped = format!("openapi: 3.1.0\npaths: {{/x: {{}}}}\nx-snippet:\n{}", indent(snippet));
    let document = read(wrapped.as_bytes(), &Limits::default()).unwrap_or_else(|error| panic!("{}: {error}\n{snippet}", rule.id));
    let snippet = document.root["x-snippet"].to_json();
    let ok = json!({"200": {"description": "ok"}});
    let mut root = json!({"openapi": "3.1.0", "info": {"title": "frame", "version": "1"}});
    let body = |schema: Value| json!({"application/json": {"schema": {"type": "object", "properties": {"value": schema}}}});
    match (rule.frame.as_str(), rule.direction) {
        ("schema", Direction::FromProvider) => {
            root["paths"] = json!({"/items": {"get": {"responses": {"200": {"description": "ok", "content": body(snippet)}}}}});
        }
        ("schema", _) => {
            root["paths"] = json!({"/items": {"post": {"requestBody": {"content": body(snippet)}, "responses": ok}}});
        }
        ("parameters", _) => root["paths"] = json!({"/items": {"get": {"parameters": snippet, "responses": ok}}}),
        ("headers", _) => {
            root["paths"] = json!({"/items": {"get": {"responses": {"200": {"description": "ok", "headers": snippet}}}}});
        }
        ("operation", _) => root["paths"] = json!({"/items": {"post": snippet}}),
        ("webhook", _) => root["webhooks"] = json!({"item.changed": {"post": snippet}}),
        ("document", _) => {
            for (name, value) in snippet.as_object().into_iter().flatten() {
                root[name] = value.clone();
            }
        }
        (other, _) => panic!("{}: unknown frame {other:?}", rule.id),
    }
    root
}

fn indent(text: &str) -> String {
    text.lines().map(|line| format!("  {line}\n")).collect()
}

fn verdict(rule: &Rule, before: &str, after: &str, catalogue: &Catalogue) -> Verdict {
    let parse = |snippet: &str| {
        let text = framed(rule, snippet).to_string();
        read(text.as_bytes(), &Limits::default()).unwrap_or_else(|error| panic!("{}: {error}", rule.id))
    };
    let (verdict, oddities) = compare(&parse(before), &parse(after), catalogue, Budget::default());
    // A library of schemas is odd by itself.
    let is_library = matches!(rule.on, ChangeKind::ComponentAdded | ChangeKind::ComponentRemoved);
    assert!(is_library || oddities.is_empty(), "{}: the example is odd: {oddities:?}", rule.id);
    assert_eq!(verdict.undecided, None, "{}", rule.id);
    verdict
}

fn printed(verdict: &Verdict) -> String {
    let lines = verdict.findings.iter().map(|finding| {
        let used = finding.change.used_by.first().map_or_else(|| "everywhere".to_owned(), |usage| usage.label().to_string());
        format!("{} {} {used}: {}", finding.severity.name(), finding.rule, finding.message)
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn pages_folder() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src/rules/pages"))
}

#[test]
fn every_page_is_listed_and_named_in_kebab_case() {
    let mut list = String::from(
        "// Written by `tests/in_process/rules.rs`; do not edit.\n#[rustfmt::skip]\npub(super) const PAGES: &[(&str, &str)] = &[\n",
    );
    let mut names: Vec<String> = std::fs::read_dir(pages_folder())
        .expect("the folder of rule pages")
        .filter_map(|entry| entry.ok()?.path().file_stem()?.to_str().map(str::to_owned))
        .collect();
    names.sort();
    for name in &names {
        assert!(name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'), "{name} is not kebab case");
        writeln!(list, "    (\"{name}\", include_str!(\"pages/{name}.md\")),").expect("a string");
    }
    list.push_str("];\n");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/rules/files.rs");
    if std::fs::read_to_string(&path).is_ok_and(|known| known != list) {
        std::fs::write(&path, &list).expect("src/rules/files.rs can be written");
        panic!("src/rules/files.rs was stale and has been rewritten: look at it and commit it");
    }
    let catalogue = catalogue();
    assert_eq!(catalogue.rules().map(|rule| rule.id).collect::<Vec<_>>(), names);
    assert!(names.len() >= 80, "only {} rules", names.len());
}

#[test]
fn every_cell_has_exactly_one_rule_without_a_guard() {
    let catalogue = catalogue();
    let mut cells: BTreeMap<(ChangeKind, &str), Vec<&str>> = BTreeMap::new();
    for rule in catalogue.rules() {
        assert!(rule.on.directions().contains(&rule.direction), "{}: {:?} cannot occur {:?}", rule.id, rule.on, rule.direction);
        if rule.when.is_none() {
            cells.entry((rule.on, rule.direction.name())).or_default().push(rule.id);
        }
    }
    let mut problems = Vec::new();
    for kind in ChangeKind::ALL {
        for direction in kind.directions() {
            match cells.get(&(*kind, direction.name())).map(Vec::as_slice) {
                Some([_]) => {}
                None => problems.push(format!("{} {}: no rule", kind.name(), direction.name())),
                Some(many) => problems.push(format!("{} {}: {many:?}", kind.name(), direction.name())),
            }
        }
    }
    assert!(problems.is_empty(), "{problems:#?}");
}

#[test]
fn a_severity_obeys_the_law_or_says_why_not() {
    let mut problems = Vec::new();
    for rule in catalogue().rules() {
        let lawful = rule.severity == law(rule.on.effect(), rule.direction);
        match (lawful, &rule.because) {
            (true, Some(_)) => problems.push(format!("{}: `because` excuses a severity that obeys the law", rule.id)),
            (false, None) => problems.push(format!("{}: departs from the law without `because`", rule.id)),
            _ => {}
        }
    }
    assert!(problems.is_empty(), "{problems:#?}");
}

#[test]
fn every_example_fires_its_rule_and_no_other() {
    let catalogue = catalogue();
    let mut problems = Vec::new();
    for rule in catalogue.rules() {
        let Example { before, after, finding } = rule.page.example;
        let verdict = verdict(rule, before, after, &catalogue);
        let ids: Vec<&str> = verdict.findings.iter().map(|finding| finding.rule).collect();
        if ids != [rule.id] {
            problems.push(format!("{}: fired {ids:?}", rule.id));
        } else if printed(&verdict) != finding {
            if blessing() {
                bless_page(rule, finding, &printed(&verdict));
            } else {
                problems.push(format!("{}: prints\n  {}\nnot\n  {finding}", rule.id, printed(&verdict)));
            }
        }
        for (side, snippet) in [("before", before), ("after", after)] {
            let silent = self::verdict(rule, snippet, snippet, &catalogue);
            if !silent.findings.is_empty() {
                problems.push(format!("{}: {side} against itself prints {}", rule.id, printed(&silent)));
            }
        }
    }
    assert!(problems.is_empty(), "{} pages:\n{}", problems.len(), problems.join("\n"));
}

fn bless_page(rule: &Rule, old: &str, new: &str) {
    let path = pages_folder().join(format!("{}.md", rule.id));
    let text = std::fs::read_to_string(&path).expect("a page");
    let fence = |finding: &str| {
        if finding.is_empty() { "```text finding\n```".to_owned() } else { format!("```text finding\n{finding}\n```") }
    };
    std::fs::write(&path, text.replacen(&fence(old), &fence(new), 1)).expect("a page can be written");
}

#[test]
fn every_near_miss_stays_silent() {
    let catalogue = catalogue();
    let mut problems = Vec::new();
    for rule in catalogue.rules() {
        let Example { before, after, .. } = rule.page.near_miss;
        if before == after {
            problems.push(format!("{}: the near miss changes nothing", rule.id));
        }
        let verdict = verdict(rule, before, after, &catalogue);
        if verdict.findings.iter().any(|finding| finding.rule == rule.id) {
            problems.push(format!("{}: the near miss fired: {}", rule.id, printed(&verdict)));
        }
    }
    assert!(problems.is_empty(), "{} pages:\n{}", problems.len(), problems.join("\n"));
}

/// Kinds that undo each other. Everything else must be undone by a kind of its own name.
fn inverses(kind: ChangeKind) -> Vec<&'static str> {
    let name = kind.name();
    if name == "PropertyRemoved" {
        return vec!["OptionalPropertyAdded", "RequiredPropertyAdded"];
    }
    if matches!(name, "OptionalPropertyAdded" | "RequiredPropertyAdded") {
        return vec!["PropertyRemoved"];
    }
    if name == "ParameterRemoved" {
        return vec!["OptionalParameterAdded", "RequiredParameterAdded"];
    }
    if matches!(name, "OptionalParameterAdded" | "RequiredParameterAdded") {
        return vec!["ParameterRemoved"];
    }
    if name == "BodyRemoved" {
        return vec!["OptionalBodyAdded", "RequiredBodyAdded"];
    }
    if matches!(name, "OptionalBodyAdded" | "RequiredBodyAdded") {
        return vec!["BodyRemoved"];
    }
    if name == "ServersNoLongerNamed" {
        return vec!["ServersNamed"];
    }
    if name == "ServersNamed" {
        return vec!["ServersNoLongerNamed"];
    }
    if name == "BecameEnum" {
        return vec!["NoLongerEnum"];
    }
    if name == "NoLongerEnum" {
        return vec!["BecameEnum"];
    }
    if name == "BecameList" {
        return vec!["TypeChanged"];
    }
    if name == "ServerVariableWidened" {
        return vec!["ServerVariableValueRemoved"];
    }
    if name == "ServerVariableValueRemoved" {
        return vec!["ServerVariableWidened"];
    }
    let swaps = [
        ("Removed", "Added"),
        ("Tightened", "Loosened"),
        ("BecameRequired", "BecameOptional"),
        ("Narrowed", "Widened"),
        ("Deprecated", "Reactivated"),
        ("BecameNullable", "BecameNotNullable"),
        ("Lowered", "Raised"),
        ("OneOfBecameAnyOf", "AnyOfBecameOneOf"),
        ("EnumBecameExtensible", "EnumNoLongerExtensible"),
        ("ResponsesDescribed", "ResponsesNoLongerDescribed"),
    ];
    let swapped: Vec<String> = swaps
        .iter()
        .flat_map(|(one, other)| {
            [
                name.strip_suffix(one).map(|stem| format!("{stem}{other}")),
                name.strip_suffix(other).map(|stem| format!("{stem}{one}")),
            ]
        })
        .flatten()
        .collect();
    let found: Vec<&'static str> =
        ChangeKind::ALL.iter().map(|kind| kind.name()).filter(|known| swapped.iter().any(|s| s == known)).collect();
    if found.is_empty() { vec![name] } else { found }
}

#[test]
fn every_example_read_backwards_is_the_inverse_fact() {
    let catalogue = catalogue();
    let mut problems = Vec::new();
    for rule in catalogue.rules() {
        let verdict = verdict(rule, rule.page.example.after, rule.page.example.before, &catalogue);
        let kinds: Vec<&str> = verdict.findings.iter().map(|finding| finding.change.kind.name()).collect();
        let expected = inverses(rule.on);
        let is_inverse = if expected.is_empty() { kinds.is_empty() } else { kinds.iter().any(|kind| expected.contains(kind)) };
        if !is_inverse {
            problems.push(format!("{}: backwards gives {kinds:?}, expected one of {expected:?}", rule.id));
        }
    }
    assert!(problems.is_empty(), "{} pages:\n{}", problems.len(), problems.join("\n"));
}

#[test]
fn what_every_rule_says_about_every_near_miss() {
    let catalogue = catalogue();
    let mut table = String::new();
    for rule in catalogue.rules() {
        let verdict = verdict(rule, rule.page.near_miss.before, rule.page.near_miss.after, &catalogue);
        let ids: BTreeSet<&str> = verdict.findings.iter().map(|finding| finding.rule).collect();
        writeln!(table, "{}: {}", rule.id, ids.into_iter().collect::<Vec<_>>().join(" ")).expect("a string");
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots/near-misses.txt");
    if blessing() {
        std::fs::write(&path, &table).expect("the snapshot can be written");
    }
    let known = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(known, table, "tests/snapshots/near-misses.txt is stale");
}

#[test]
fn every_id_of_oasdiff_is_answered() {
    let catalogue = catalogue();
    let ids = oasdiff_ids();
    assert_eq!(ids.len(), 509);
    let mut problems = Vec::new();
    let mut seen = BTreeSet::new();
    for id in &ids {
        if !seen.insert(id.id) {
            problems.push(format!("{} stands twice", id.id));
        }
        if id.rules.is_empty() && id.note.is_empty() {
            problems.push(format!("{}: neither a rule nor a reason", id.id));
        }
        problems.extend(
            id.rules.iter().filter(|rule| catalogue.get(rule).is_none()).map(|rule| format!("{}: no rule {rule}", id.id)),
        );
        // An id that oasdiff uses must mean the same here.
        if catalogue.get(id.id).is_some() && !id.rules.contains(&id.id) {
            problems.push(format!("{} is a rule here and answers to something else", id.id));
        }
    }
    assert!(problems.is_empty(), "{problems:#?}");
}

/// A document with most of what can be said, in OpenAPI 3.0.
fn specimen() -> Value {
    json!({
        "openapi": "3.0.3", "info": {"title": "Doors", "version": "1"},
        "paths": {
            "/doors/{id}": {
                "parameters": [{"name": "id", "in": "path", "required": true, "schema": {"type": "string"}}],
                "put": {
                    "parameters": [{"name": "X-Trace", "in": "header", "schema": {"type": "string", "maxLength": 9}}],
                    "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Door"}}}},
                    "responses": {
                        "200": {"description": "ok", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Door"}}}},
                        "404": {"description": "no", "content": {"application/json": {"schema": {"type": "object", "properties": {"code": {"type": "integer", "minimum": 1, "exclusiveMinimum": true}}}}}}
                    }
                }
            }
        },
        "components": {"schemas": {
            "Door": {"type": "object", "required": ["id", "state"], "properties": {
                "id": {"type": "string", "readOnly": true},
                "state": {"type": "string", "enum": ["open", "shut"]},
                "note": {"type": "string", "nullable": true},
                "owner": {"$ref": "#/components/schemas/Owner"},
                "next": {"$ref": "#/components/schemas/Door"}
            }},
            "Owner": {"type": "object", "properties": {"name": {"type": "string"}, "age": {"type": "integer"}}, "required": ["name"]}
        }}
    })
}

/// Respellings that mean the same thing.
fn respellings() -> Vec<(&'static str, Value)> {
    let original = specimen();
    let door = || original["components"]["schemas"]["Door"].clone();
    let mut list = Vec::new();

    let mut reversed = original.clone();
    reverse_keys(&mut reversed);
    list.push(("keys in reverse order", reversed));

    let mut inlined = original.clone();
    inlined["components"]["schemas"]["Door"]["properties"]["owner"] = original["components"]["schemas"]["Owner"].clone();
    list.push(("a reference inlined", inlined));

    let mut hoisted = original.clone();
    hoisted["components"]["schemas"]["State"] = door()["properties"]["state"].clone();
    hoisted["components"]["schemas"]["Door"]["properties"]["state"] = json!({"$ref": "#/components/schemas/State"});
    list.push(("an inline schema hoisted", hoisted));

    let mut renamed = original.clone();
    let text = renamed.to_string().replace("#/components/schemas/Owner", "#/components/schemas/Holder");
    renamed = serde_json::from_str(&text).expect("JSON");
    renamed["components"]["schemas"]["Holder"] = original["components"]["schemas"]["Owner"].clone();
    list.push(("a component renamed", renamed));

    let mut wrapped = original.clone();
    wrapped["components"]["schemas"]["Door"]["properties"]["owner"] =
        json!({"allOf": [{"$ref": "#/components/schemas/Owner"}], "description": "who"});
    list.push(("a reference wrapped in allOf", wrapped));

    let mut split = original.clone();
    split["components"]["schemas"]["Owner"] = json!({"allOf": [
        {"type": "object", "properties": {"name": {"type": "string"}}},
        {"type": "object", "properties": {"age": {"type": "integer"}}, "required": ["name"]}
    ]});
    list.push(("an object split into allOf halves", split));

    let mut variable = original.clone();
    let item = variable["paths"].as_object_mut().expect("paths").remove("/doors/{id}").expect("a path");
    variable["paths"]["/doors/{door}"] = item;
    variable["paths"]["/doors/{door}"]["parameters"][0]["name"] = json!("door");
    list.push(("a path variable renamed", variable));

    let mut moved = original.clone();
    let shared = moved["paths"]["/doors/{id}"].as_object_mut().expect("a path item").remove("parameters").expect("parameters");
    moved["paths"]["/doors/{id}"]["put"]["parameters"].as_array_mut().expect("a list").push(shared[0].clone());
    list.push(("a shared parameter moved to its operation", moved));

    let mut modern = original.clone();
    modern["openapi"] = json!("3.1.0");
    modern["components"]["schemas"]["Door"]["properties"]["note"] = json!({"anyOf": [{"type": "string"}, {"type": "null"}]});
    modern["paths"]["/doors/{id}"]["put"]["responses"]["404"]["content"]["application/json"]["schema"]["properties"]["code"] =
        json!({"type": ["integer"], "exclusiveMinimum": 1});
    modern["components"]["schemas"]["Door"]["properties"]["state"] = json!({"oneOf": [{"const": "shut"}, {"const": "open"}]});
    list.push(("the same in OpenAPI 3.1", modern));

    let mut prose = original.clone();
    prose["components"]["schemas"]["Door"]["description"] = json!("A door.");
    prose["paths"]["/doors/{id}"]["put"]["summary"] = json!("Change a door");
    prose["components"]["schemas"]["Unused"] = json!({"type": "string"});
    prose["paths"]["/doors/{id}"]["put"]["parameters"][0]["name"] = json!("x-trace");
    list.push(("prose, an unused component, a header in lower case", prose));
    list
}

fn reverse_keys(value: &mut Value) {
    match value {
        Value::Object(map) => {
            let mut entries: Vec<(String, Value)> = std::mem::take(map).into_iter().collect();
            entries.reverse();
            for (name, mut inner) in entries {
                reverse_keys(&mut inner);
                map.insert(name, inner);
            }
        }
        Value::Array(list) => list.iter_mut().for_each(reverse_keys),
        _ => {}
    }
}

fn compare_values(before: &Value, after: &Value) -> (Verdict, JsonReport) {
    let parse = |value: &Value| read(value.to_string().as_bytes(), &Limits::default()).expect("a description");
    let (verdict, oddities) = compare(&parse(before), &parse(after), &catalogue(), Budget::default());
    let report = JsonReport::new(&verdict, oddities);
    (verdict, report)
}

#[test]
fn respellings_are_silent_both_ways() {
    let mut problems = Vec::new();
    for (what, respelt) in respellings() {
        for (before, after) in [(specimen(), respelt.clone()), (respelt, specimen())] {
            let (verdict, _) = compare_values(&before, &after);
            if !verdict.findings.is_empty() {
                problems.push(format!("{what}: {}", printed(&verdict)));
            }
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn one_edit_to_a_shared_component_is_one_finding_for_each_direction() {
    let before = specimen();
    let mut after = before.clone();
    after["components"]["schemas"]["Owner"]["properties"]["age"]["type"] = json!("number");
    after["paths"]["/owners"] = json!({"get": {"responses": {"200": {"description": "", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Owner"}}}}}}});
    let mut before_too = before.clone();
    before_too["paths"]["/owners"] = after["paths"]["/owners"].clone();
    let (verdict, report) = compare_values(&before_too, &after);
    assert_eq!(
        printed(&verdict),
        "breaking response-type-generalized GET /owners: The type of `Owner.age` widened from integer to number\n\
         info request-type-generalized PUT /doors/{id}: The type of `Owner.age` widened from integer to number"
    );
    let used_by: Vec<&str> = report.findings[0].used_by.iter().map(driftd::model::OperationLabel::as_str).collect();
    assert_eq!(used_by, ["GET /owners", "PUT /doors/{id}"]);
    assert_eq!(report.findings[0].pointer.before, "/components/schemas/Owner/properties/age/type");
    assert_eq!((report.summary.breaking, report.summary.warning, report.summary.info), (1, 0, 1));
}

#[test]
fn identity_stays_while_a_value_moves_and_content_does_not() {
    let limited = |max: u64| {
        let mut document = specimen();
        document["components"]["schemas"]["Owner"]["properties"]["name"]["maxLength"] = json!(max);
        document
    };
    let finding = |max: u64| {
        let (verdict, _) = compare_values(&limited(10), &limited(max));
        verdict.findings.into_iter().find(|finding| finding.severity.name() == "breaking").expect("a finding")
    };
    let (five, three) = (finding(5), finding(3));
    assert_eq!(five.identity, three.identity);
    assert_ne!(five.content, three.content);
}

#[test]
fn webhooks_flow_the_other_way() {
    let webhook = |required: Value| {
        json!({"openapi": "3.1.0", "webhooks": {"door.opened": {"post": {
            "requestBody": {"content": {"application/json": {"schema": {"type": "object", "required": required, "properties": {"id": {"type": "string"}}}}}},
            "responses": {"200": {"description": "ok"}}}}}})
    };
    let (verdict, _) = compare_values(&webhook(json!(["id"])), &webhook(json!([])));
    assert_eq!(
        printed(&verdict),
        "breaking response-property-became-optional webhook POST door.opened: The property `id` of the request body is now optional"
    );
    let (verdict, _) = compare_values(&webhook(json!([])), &webhook(json!(["id"])));
    assert!(verdict.findings.iter().all(|finding| finding.severity.name() == "info"));
}

/// The list of all rules for readers, generated from the pages.
fn index(catalogue: &Catalogue) -> String {
    let mut text = String::from(
        "# Rules\n\nEvery rule is one page: who is hurt, what to do, an example that fires it and a near miss that does not. \
         `driftd rules ID` and `/rules/ID` of a running daemon show the same page.\n\n\
         Severity: **breaking** (a client that was right yesterday is wrong tomorrow), **warning** (it may be; the document cannot \
         tell), **info** (nobody has to act). Consequence: ",
    );
    let meanings: Vec<String> =
        [Consequence::Refused, Consequence::Unreadable, Consequence::Silent, Consequence::GeneratedCode, Consequence::None]
            .iter()
            .map(|consequence| format!("**{}** ({})", consequence.name(), consequence.meaning()))
            .collect();
    text.push_str(&meanings.join(", "));
    text.push_str(".\n\n<!-- Written by `tests/in_process/rules.rs`; do not edit. -->\n\n| rule | severity | consequence | what it says |\n|---|---|---|---|\n");
    for rule in catalogue.rules() {
        let (id, title) = (rule.id, rule.page.title.replace('|', "\\|"));
        writeln!(
            text,
            "| [{id}](../src/rules/pages/{id}.md) | {} | {} | {title} |",
            rule.severity.name(),
            rule.consequence.name()
        )
        .expect("a string");
    }
    text
}

#[test]
fn the_index_of_rules_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/rules.md");
    let expected = index(&catalogue());
    if blessing() {
        std::fs::write(&path, &expected).expect("docs/rules.md can be written");
    }
    let known = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(known == expected, "docs/rules.md is stale: DRIFTD_BLESS=1 cargo test --test in_process rules::");
}

#[test]
fn a_consequence_fits_its_severity() {
    let mut problems = Vec::new();
    for rule in catalogue().rules() {
        let harmless = matches!(rule.consequence, Consequence::None | Consequence::GeneratedCode);
        if rule.severity == Severity::Breaking && harmless {
            problems.push(format!("{} breaks and hurts nobody", rule.id));
        }
        if rule.severity == Severity::Info && matches!(rule.consequence, Consequence::Refused | Consequence::Unreadable) {
            problems.push(format!("{} is info, yet {}", rule.id, rule.consequence.name()));
        }
    }
    assert!(problems.is_empty(), "{problems:#?}");
}
