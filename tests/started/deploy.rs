//! What operations people install is what we say it is.

use std::process::Command;

fn deployed(name: &str) -> String {
    let path = format!("{}/deploy/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// `systemd-analyze` belongs to the package systemd, which the test command installs.
#[test]
fn the_unit_is_hardened_as_promised() {
    let folder = tempfile::tempdir().expect("a folder");
    let unit = folder.path().join("driftd.service");
    std::fs::write(&unit, deployed("driftd.service")).expect("a unit");
    let output = Command::new("systemd-analyze")
        .args(["security", "--offline=true", "--no-pager"])
        .arg(&unit)
        .output()
        .expect("systemd-analyze (Debian package systemd)");
    let text = String::from_utf8_lossy(&output.stdout);
    let line = text.lines().find(|line| line.contains("Overall exposure level")).unwrap_or_else(|| panic!("{text}"));
    let score: f64 = line.split_whitespace().find_map(|word| word.parse().ok()).unwrap_or_else(|| panic!("{line}"));
    assert!(score <= 1.5, "{line}");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!said.contains("ignoring") && !said.contains("Unknown"), "{said}");
}

#[test]
fn the_unit_says_what_the_daemon_does() {
    let unit = deployed("driftd.service");
    for line in [
        "Type=notify",
        "WatchdogSec=60s",
        "ExecReload=/bin/kill -HUP $MAINPID",
        "StateDirectory=driftd",
        "RestartPreventExitStatus=78 77 75",
    ] {
        assert!(unit.lines().any(|known| known == line), "{line} is missing");
    }
    // Every credential of the annotated configuration is loaded, and the other way round.
    let config = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/config/driftd.toml")).expect("config")
        + &std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/config/integrations/quayside.toml")).expect("config");
    let named: std::collections::BTreeSet<&str> = config
        .lines()
        .filter(|line| !line.trim_start().starts_with('#'))
        .filter_map(|line| line.split("credential = \"").nth(1)?.split('"').next())
        .collect();
    let loaded: std::collections::BTreeSet<&str> =
        unit.lines().filter_map(|line| line.strip_prefix("LoadCredential=")?.split(':').next()).collect();
    assert_eq!(named, loaded);
}

/// Alert rules ask for metrics that exist.
#[test]
fn alert_rules_ask_for_metrics_that_exist() {
    let metrics = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/src/http/metrics.rs")).expect("a source");
    let rules = deployed("alerts.yml");
    let mut asked = 0;
    for word in rules.split(|c: char| !(c.is_alphanumeric() || c == '_')).filter(|word| word.starts_with("driftd_")) {
        let name = word.trim_start_matches("driftd_").trim_end_matches("_total");
        assert!(metrics.contains(&format!("\"{name}\"")), "{word} is no metric of driftd");
        asked += 1;
    }
    assert!(asked >= 6, "{asked}");
    // What is slower than daily is on time as well: only the daemon knows when each check was due.
    assert!(rules.contains("driftd_api_overdue == 1") && !rules.contains("last_success_timestamp"), "{rules}");
}

/// `READY=1`, `STOPPING=1` and the watchdog, as systemd hears them.
#[test]
fn systemd_is_told_when_it_is_ready_and_when_it_stops() {
    let folder = tempfile::tempdir().expect("a folder");
    let socket_path = folder.path().join("notify");
    let socket = std::os::unix::net::UnixDatagram::bind(&socket_path).expect("a socket");
    socket.set_read_timeout(Some(std::time::Duration::from_secs(60))).expect("a timeout");
    std::fs::create_dir_all(folder.path().join("integrations")).expect("a folder");
    std::fs::write(
        folder.path().join("driftd.toml"),
        "state_dir = \"state\"\n[http]\nlisten = \"127.0.0.1:0\"\n[mail]\nfrom = \"d@x.example\"\noperator = \"o@x.example\"\n[mail.smtp]\nhost = \"127.0.0.1\"\ntls = \"none\"\n",
    )
    .expect("a file");
    std::fs::write(
        folder.path().join("integrations/i.toml"),
        "name = \"i\"\nagreement = { notice = { breaking = \"1 day\" }, acknowledge_within = \"1 day\" }\n[parties.a]\nname = \"A\"\ncontacts = [{ role = \"api-owner\", name = \"A\", email = \"a@x.example\" }]\n[parties.b]\nname = \"B\"\ncontacts = [{ role = \"engineering\", name = \"B\", email = \"b@x.example\" }]\n[[apis]]\nid = \"x\"\nprovider = \"a\"\nlive = \"file:nothing.yaml\"\nevery = \"1h\"\nconsumers = [{ party = \"b\" }]\n",
    )
    .expect("a file");
    let mut child = Command::new(env!("CARGO_BIN_EXE_driftd"))
        .args(["run", "--config"])
        .arg(folder.path().join("driftd.toml"))
        .env("NOTIFY_SOCKET", &socket_path)
        .env("WATCHDOG_USEC", "3000000")
        .stderr(std::process::Stdio::null())
        .spawn()
        .expect("the binary");
    let hear = |wanted: &str| loop {
        let mut buffer = [0_u8; 4096];
        let length = socket.recv(&mut buffer).unwrap_or_else(|error| panic!("{wanted} was not heard: {error}"));
        if String::from_utf8_lossy(&buffer[..length]).lines().any(|line| line.starts_with(wanted)) {
            break;
        }
    };
    hear("READY=1");
    hear("WATCHDOG=1");
    let kill = |name: &str| Command::new("kill").args(["-s", name, &child.id().to_string()]).status().expect("kill");
    kill("HUP");
    hear("RELOADING=1");
    hear("READY=1");
    kill("TERM");
    hear("STOPPING=1");
    assert!(child.wait().expect("a process").success());
}
