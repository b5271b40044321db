//! What a value outside a document may be read as: there a number is written as a text is, and whoever reads it decides.

use serde_json::{Map, Value as Json};

/// Readings of one value that are gone through.
const MOST_READINGS: usize = 256;

/// Every way to read a value whose parts are written as texts, itself among them; none where there are too many.
pub(super) fn readings(value: &Json) -> Option<Vec<Json>> {
    let read = match value {
        Json::Null => vec![Json::Null],
        Json::Bool(_) | Json::Number(_) => vec![value.clone(), Json::String(value.to_string())],
        Json::String(text) => std::iter::once(value.clone()).chain(read_as_scalar(text)).collect(),
        Json::Array(list) => {
            let mut lists = vec![Vec::new()];
            for item in list {
                lists = combined(&lists, &readings(item)?, |list, item| list.push(item.clone()))?;
            }
            lists.into_iter().map(Json::Array).collect()
        }
        Json::Object(map) => {
            let mut maps = vec![Map::new()];
            for (name, member) in map {
                maps = combined(&maps, &readings(member)?, |map, member| {
                    map.insert(name.clone(), member.clone());
                })?;
            }
            maps.into_iter().map(Json::Object).collect()
        }
    };
    Some(read)
}

/// The number or truth value that a text is read as, where it is one.
pub(super) fn read_as_scalar(text: &str) -> Option<Json> {
    serde_json::from_str(text).ok().filter(|read: &Json| read.is_number() || read.is_boolean())
}

/// Each of what is there already with each of what may be added to it.
fn combined<T: Clone>(begun: &[T], added: &[Json], add: impl Fn(&mut T, &Json)) -> Option<Vec<T>> {
    if begun.len().saturating_mul(added.len()) > MOST_READINGS {
        return None;
    }
    let with = |one: &T, part: &Json| {
        let mut longer = one.clone();
        add(&mut longer, part);
        longer
    };
    Some(begun.iter().flat_map(|one| added.iter().map(move |part| with(one, part))).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_text_is_read_as_what_it_may_mean() {
        for (value, expected) in [
            (json!("red"), vec![json!("red")]),
            (json!("1"), vec![json!("1"), json!(1)]),
            (json!(true), vec![json!(true), json!("true")]),
            (json!("null"), vec![json!("null")]),
            (json!("[1]"), vec![json!("[1]")]),
            (json!(["a", 1]), vec![json!(["a", 1]), json!(["a", "1"])]),
            (json!({"a": 1, "b": null}), vec![json!({"a": 1, "b": null}), json!({"a": "1", "b": null})]),
        ] {
            assert_eq!(readings(&value), Some(expected), "{value}");
        }
        assert_eq!(readings(&json!(vec![1; 9])), None, "too many");
    }
}
