//! The binary: parse arguments, install tracing, call the library, map to an exit code.

use std::process::ExitCode;

use clap::Parser;
use driftd::cli::{self, Cli};

/// A description is a hundred thousand small values that come and go together: the system's allocator is slow at
/// them, and a daemon that runs for months must give their room back.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    let cli = Cli::parse();
    cli::install_tracing(&cli);
    // One TLS provider for the whole process; a second installation would be a mistake in this file.
    if rustls::crypto::ring::default_provider().install_default().is_err() {
        eprintln!("driftd: the TLS provider was installed twice");
        return ExitCode::from(70);
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(problem) => {
            eprintln!("driftd: no runtime: {problem}");
            return ExitCode::from(71);
        }
    };
    let code = runtime.block_on(cli::run(cli));
    // A fetch or a look-up in flight must not delay the end.
    runtime.shutdown_background();
    ExitCode::from(code)
}
