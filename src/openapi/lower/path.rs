//! The shape of a path: what two versions of it are matched by.

use std::borrow::Cow;

use super::super::escapes::push_written;

/// Between an operation, the name of a callback, and its expression.
pub(super) const BENEATH: &str = " › ";

/// The path with its variables blanked, and their names: `/doors/{id}` is matched as `/doors/{}`.
///
/// A callback is known by the operation that asks for it and by its runtime expression, which is no template;
/// the name between them is not on the wire (OpenAPI 3.0.3 section 4.7.18).
pub(super) fn shape<'d>(path: &Cow<'d, str>) -> (String, Vec<&'d str>) {
    if let Cow::Owned(path) = path {
        let mut parts = path.split(BENEATH);
        let parent = parts.next().unwrap_or_default();
        let (method, address) = parent.split_once(' ').unwrap_or(("", parent));
        let mut shape = format!("{method} {}", shape(&Cow::Borrowed(address)).0);
        for expression in parts.skip(1).step_by(2) {
            shape.push_str(BENEATH);
            shape.push_str(expression);
        }
        return (shape, Vec::new());
    }
    let mut shape = String::with_capacity(path.len());
    let mut variables = Vec::new();
    let mut rest: &str = path.as_ref();
    let mut offset = 0;
    while let Some(open) = rest.find('{') {
        let Some(length) = rest.get(open..).and_then(|tail| tail.find('}')) else { break };
        push_written(&mut shape, rest.get(..open).unwrap_or_default());
        shape.push_str("{}");
        if let Cow::Borrowed(whole) = path
            && let Some(name) = whole.get(offset + open + 1..offset + open + length)
        {
            variables.push(name);
        }
        offset += open + length + 1;
        rest = rest.get(open + length + 1..).unwrap_or_default();
    }
    push_written(&mut shape, rest);
    (shape, variables)
}
