//! `[agreement]`: what was promised, and the calendars it is counted by.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{NaiveDate, NaiveTime, Weekday};
use chrono_tz::Tz;

use crate::model::{After, Agreement, BREAKING, Calendar, EscalationTarget, Freeze, Period, Role, Step, Wait, YearDay};

use super::reader::{Invalid, Problems, Table, did_you_mean};
use super::values::time_zone;

/// Days before a date on which it is told again, where nobody says otherwise.
const REMINDERS: [u32; 4] = [30, 14, 7, 1];

/// How a period is written.
const PERIOD: &str = "write \"90 days\" or \"6 months\"";

/// How a wait is written.
const WAIT: &str = "write \"3 days\" or \"2 business days\"";

pub(super) fn agreement(root: &mut Table<'_, '_>, problems: &mut Problems<'_>) -> Agreement {
    let mut agreement = Agreement {
        reminders: REMINDERS.to_vec(),
        digest: Some(Weekday::Mon),
        ..Agreement::promising(BTreeMap::new(), Wait::Days(0))
    };
    let Some(mut table) = root.table("agreement", problems) else {
        let help = "write down what was promised: [agreement] with `notice` and `acknowledge_within`";
        root.missing("agreement", help, problems);
        return agreement;
    };
    agreement.notice = notice(&mut table, problems);
    if let Some(at) = table.parsed("acknowledge_within", problems, wait) {
        agreement.acknowledge_within = at.value;
    }
    table.missing("acknowledge_within", &format!("how soon each side answers: {WAIT}"), problems);
    agreement.ladder = ladder(&mut table, problems);
    agreement.only_on = year_days(&mut table, problems);
    agreement.confirm_every = table.parsed("confirm_every", problems, period).map(|at| at.value);
    agreement.overlap = table.parsed("overlap", problems, period).map(|at| at.value);
    agreement.freezes = table.list("freeze", problems).into_iter().filter_map(|entry| freeze(entry, problems)).collect();
    agreement.exempt = table.texts("exempt", problems).unwrap_or_default().into_iter().map(|at| at.value).collect();
    agreement.after = table
        .parsed("after", problems, |text| {
            let words = After::ALL.iter().map(|after| after.name());
            let found = After::ALL.into_iter().find(|after| after.name() == text);
            found.ok_or_else(|| Invalid::new(format!("{text:?} is not what happens after a date"), did_you_mean(text, words)))
        })
        .map(|at| at.value);
    if let Some(at) = table.text("digest", problems) {
        agreement.digest = match (at.value.as_str(), at.value.parse::<Weekday>()) {
            ("never", _) => None,
            (_, Ok(day)) => Some(day),
            (text, Err(_)) => {
                let message = format!("{text:?} is not a day of the week");
                at.wrong(message, "write \"mon\", or \"never\"", problems);
                None
            }
        };
    }
    agreement.may_probe = table.flag("may_probe", problems).is_some_and(|at| at.value);
    agreement.cohort = table.text("cohort", problems).map(|at| at.value);
    if let Some(days) = table.integers("reminders", problems) {
        let read = days.into_iter().filter_map(|at| match u32::try_from(at.value) {
            Ok(days @ 1..=3650) => Some(days),
            _ => {
                at.wrong(format!("{} is not a number of days before", at.value), "write [30, 14, 7, 1]", problems);
                None
            }
        });
        agreement.reminders = read.collect::<BTreeSet<_>>().into_iter().rev().collect();
    }
    table.finish(problems);
    agreement
}

fn notice(table: &mut Table<'_, '_>, problems: &mut Problems<'_>) -> BTreeMap<String, Period> {
    let help = "how long before a change takes effect: notice = { breaking = \"90 days\" }";
    let Some(classes) = table.table("notice", problems) else {
        table.missing("notice", help, problems);
        return BTreeMap::new();
    };
    classes.missing(BREAKING, help, problems);
    classes.entries(problems, period).into_iter().collect()
}

fn ladder(table: &mut Table<'_, '_>, problems: &mut Problems<'_>) -> Vec<Step> {
    let entries = table.list("escalate", problems);
    if entries.is_empty() {
        // Nobody is forgotten because nobody was named.
        let step = |target, days| Step { target, after: Wait::BusinessDays(days) };
        return vec![
            step(EscalationTarget::Deputy, 0),
            step(EscalationTarget::Role(Role::OnCall), 1),
            step(EscalationTarget::Role(Role::PartnerManager), 2),
        ];
    }
    let mut ladder = Vec::new();
    for mut entry in entries {
        let target = entry.parsed("role", problems, |text| {
            let words = ["deputy"].into_iter().chain(Role::ALL.iter().map(|role| role.name()));
            EscalationTarget::named(text)
                .ok_or_else(|| Invalid::new(format!("{text:?} is not a role"), did_you_mean(text, words)))
        });
        let after = entry.parsed("after", problems, wait);
        entry.missing("role", "who is asked: \"deputy\" or a role such as \"partner-manager\"", problems);
        entry.missing("after", &format!("how long after the step before: {WAIT}"), problems);
        entry.finish(problems);
        if let (Some(target), Some(after)) = (target, after) {
            if ladder.iter().any(|step: &Step| step.target == target.value) {
                target.wrong("is on the ladder already".to_owned(), "ask each once", problems);
            }
            ladder.push(Step { target: target.value, after: after.value });
        }
    }
    ladder
}

fn year_days(table: &mut Table<'_, '_>, problems: &mut Problems<'_>) -> Vec<YearDay> {
    let written = table.texts("only_on", problems).unwrap_or_default();
    let days = written.into_iter().filter_map(|at| {
        let day = YearDay::parse(&at.value);
        if day.is_none() {
            at.wrong(format!("{:?} is not a day of the year", at.value), "write \"04-01\"", problems);
        }
        day
    });
    days.collect()
}

fn freeze(mut entry: Table<'_, '_>, problems: &mut Problems<'_>) -> Option<Freeze> {
    let [from, to] = ["from", "to"].map(|name| {
        let read = entry.parsed(name, problems, |text| {
            YearDay::parse(text).ok_or_else(|| Invalid::new(format!("{text:?} is not a day of the year"), "write \"11-15\""))
        });
        entry.missing(name, "a day of every year: write \"11-15\"", problems);
        read.map(|at| at.value)
    });
    let party = entry.text("party", problems).map(|at| at.value);
    entry.finish(problems);
    Some(Freeze { party, from: from?, to: to? })
}

/// When a party works.
pub(super) fn calendar(table: &mut Table<'_, '_>, problems: &mut Problems<'_>) -> Calendar {
    let mut calendar = Calendar::default();
    let zone = table.parsed("time_zone", problems, time_zone);
    calendar.zone = zone.map_or(Tz::UTC, |at| at.value);
    if let Some(weekend) = table.texts("weekend", problems) {
        let days = weekend.into_iter().filter_map(|at| match at.value.parse::<Weekday>() {
            Ok(day) => Some(day),
            Err(_) => {
                at.wrong(format!("{:?} is not a day of the week", at.value), "write \"sat\"", problems);
                None
            }
        });
        calendar.weekend = days.collect();
    }
    for at in table.texts("holidays", problems).unwrap_or_default() {
        match at.value.parse::<NaiveDate>() {
            Ok(date) => _ = calendar.holidays.insert(date),
            Err(_) => at.wrong(format!("{:?} is not a date", at.value), "write \"2026-12-25\"", problems),
        }
    }
    calendar.quiet = table.parsed("quiet_hours", problems, quiet_hours).map(|at| at.value);
    calendar
}

fn quiet_hours(text: &str) -> Result<(NaiveTime, NaiveTime), Invalid> {
    let time = |text: &str| NaiveTime::parse_from_str(text.trim(), "%H:%M").ok();
    let hours = text.split_once('-').and_then(|(from, to)| time(from).zip(time(to))).filter(|(from, to)| from != to);
    hours.ok_or_else(|| Invalid::new(format!("{text:?} are no hours"), "write \"20:00-07:00\", by the party's clocks"))
}

fn period(text: &str) -> Result<Period, Invalid> {
    Period::parse(text).ok_or_else(|| Invalid::new(format!("{text:?} is not a length of notice"), PERIOD))
}

fn wait(text: &str) -> Result<Wait, Invalid> {
    Wait::parse(text).ok_or_else(|| Invalid::new(format!("{text:?} is not a length of time to answer in"), WAIT))
}
