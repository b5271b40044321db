//! `driftd check DESCRIPTION`.

use crate::openapi::{conformance, lower};
use crate::render::{clean, without_commands};

use super::description::{bytes, document};
use super::exit;

pub(super) async fn run(place: &str) -> u8 {
    let read = bytes(place).await.and_then(|bytes| document(place, &bytes));
    let document = match read {
        Ok(document) => document,
        Err(error) => return error.report(),
    };
    let contract = lower(&document);
    let mut oddities = contract.oddities.clone();
    oddities.extend(conformance(&document));
    oddities.sort();
    let (operations, schemas) = (contract.operations.len(), contract.schemas.len());
    sayln!("{place}: {}, {operations} operations, {schemas} schemas, {} odd", contract.dialect.name(), oddities.len());
    for oddity in &oddities {
        sayln!("  {}: {}", clean(&oddity.pointer, 300), without_commands(&clean(&oddity.message, 400)));
    }
    if contract.exhausted {
        sayln!("  the description is larger than can be held; what is missing is not judged");
    }
    if oddities.is_empty() && !contract.exhausted { 0 } else { exit::BAD_DATA }
}
