//! `driftd check DESCRIPTION`.

use clap::Args;

use crate::openapi::{conformance, lower};
use crate::render::{clean, without_commands};

use super::description::{SizeArgs, bytes, document};
use super::exit;

/// Which description to read.
#[derive(Debug, Args)]
pub(super) struct CheckArgs {
    /// The description.
    description: String,
    #[command(flatten)]
    size: SizeArgs,
}

pub(super) async fn run(args: &CheckArgs) -> u8 {
    let (place, limits) = (&args.description, args.size.limits());
    let read = bytes(place, &limits).await.and_then(|bytes| document(place, &bytes, &limits));
    let document = match read {
        Ok(document) => document,
        Err(error) => return error.report(),
    };
    let contract = lower(&document);
    let mut oddities = contract.oddities.clone();
    oddities.extend(conformance(&document));
    oddities.sort();
    let (operations, schemas) = (contract.called().count(), contract.schemas.len());
    sayln!("{place}: {}, {operations} operations, {schemas} schemas, {} odd", contract.dialect.name(), oddities.len());
    for oddity in &oddities {
        sayln!("  {}: {}", clean(&oddity.pointer, 300), without_commands(&clean(&oddity.message, 400)));
    }
    if contract.exhausted {
        sayln!("  the description is larger than can be held; what is missing is not judged");
    }
    if oddities.is_empty() && !contract.exhausted { 0 } else { exit::BAD_DATA }
}
