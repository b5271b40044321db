//! Notices for programs: a CloudEvent (CloudEvents 1.0, JSON format), or a message for a chat.

use serde_json::{Value, json};

use crate::model::WatchKey;
use crate::notice::LetterView;

use super::clean::clean;

/// Findings that a chat message names.
const NAMED: usize = 5;

/// The notice as one CloudEvent in structured mode. `id` and `time` are fixed when it is written, so that a re-send is the
/// same event.
pub fn cloud_event(view: &LetterView, key: &WatchKey, source: &str, id: &str, time: &str) -> Value {
    let findings: Vec<Value> = view
        .findings
        .iter()
        .map(|card| {
            json!({
                "severity": card.severity,
                "rule": card.rule,
                "message": clean(&card.message, 500),
                "operations": card.uses.iter().map(|label| clean(label.as_str(), 200)).collect::<Vec<_>>(),
                "pointer": clean(&card.pointer, 500),
            })
        })
        .collect();
    let days: Vec<Value> =
        view.days.iter().map(|(day, _)| json!({ "on": day.on, "what": clean(&day.title, 200), "id": day.id })).collect();
    json!({
        "specversion": "1.0",
        "id": id,
        "source": source,
        "type": format!("driftd.notice.{}", view.kind.name()),
        "subject": format!("{}/{}", key.integration, key.api),
        "time": time,
        "datacontenttype": "application/json",
        "data": {
            "notice": view.notice,
            "surface": key.surface.name(),
            "side": view.audience,
            "verdict": view.verdict,
            "integration": view.integration,
            "api": view.api,
            "breaking": view.breaking,
            "warnings": view.warnings,
            "findings": findings,
            "more": view.more.len() + view.unlisted,
            "days": days,
            "notice_given": view.given,
            "answer_by": view.answer_by,
        },
    })
}

/// The notice as a message that Slack's incoming webhooks and those like them understand.
pub fn chat_message(view: &LetterView, subject: &str) -> Value {
    let escaped = |text: &str| clean(text, 300).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let mut lines = vec![format!("*{}*", escaped(subject)), escaped(&view.integration)];
    for card in view.findings.iter().take(NAMED) {
        lines.push(format!("• {}: {}", escaped(&card.label.to_uppercase()), escaped(&card.message)));
    }
    let left = view.findings.len().saturating_sub(NAMED) + view.more.len() + view.unlisted;
    if left > 0 {
        lines.push(format!("and {left} more"));
    }
    if let Some(by) = view.answer_by {
        lines.push(format!("To be answered by {by}; the letter has the link."));
    }
    json!({ "text": lines.join("\n") })
}
