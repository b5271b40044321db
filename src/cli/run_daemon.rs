//! `driftd run`.

use crate::daemon::{self, StartError};
use crate::lifecycle::Ended;

use super::configuration::ConfigArgs;
use super::exit;

pub(super) async fn run(args: &ConfigArgs) -> u8 {
    match daemon::start(&args.file).await {
        Ok(daemon) => code_of(daemon.run().await),
        Err(problem) => complain(&problem),
    }
}

/// By which systemd knows whether the daemon is to be started again.
pub(super) fn code_of(ended: Ended) -> u8 {
    match ended {
        Ended::Asked => 0,
        Ended::TaskDied => exit::INTERNAL,
    }
}

/// Says why the daemon did not start, with the whole chain of causes.
pub(super) fn complain(problem: &StartError) -> u8 {
    if let StartError::Config(problems) = problem {
        for problem in problems {
            eprintln!("{problem}");
        }
    }
    let mut text = format!("driftd: {problem}");
    let mut source = std::error::Error::source(problem);
    while let Some(cause) = source {
        text.push_str(&format!(": {cause}"));
        source = cause.source();
    }
    eprintln!("{text}");
    problem.exit_code()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_daemon_that_died_is_started_again_and_one_that_was_asked_to_stop_is_not() {
        let unit = include_str!("../../deploy/driftd.service");
        assert!(unit.lines().any(|line| line == "Restart=on-failure"));
        let stays_down = unit.lines().find_map(|line| line.strip_prefix("RestartPreventExitStatus=")).expect("codes");
        assert_eq!([Ended::Asked, Ended::TaskDied].map(code_of), [0, 70]);
        assert!(stays_down.split_whitespace().all(|code| code != "70"), "{stays_down}");
    }
}
