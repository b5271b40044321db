//! A real Postfix of our own: its configuration, queue and data in a temporary folder, a port of its own on loopback.
//! What it takes goes on to the SMTP double, so that a test sees which letters left.

use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::wait_for;

/// Services that a relay needs, none of them in a chroot.
const SERVICES: &str = "pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
";

pub struct Postfix {
    folder: tempfile::TempDir,
    /// Where letters are handed in.
    pub port: u16,
    /// Where it hands them on.
    sink: u16,
}

impl Postfix {
    /// Starts it. It takes letters to the recipients it knows at harbor.example, and to every other domain from `mynetworks`.
    pub fn start(sink: u16, settings: &[(&str, &str)]) -> Self {
        assert!(
            Path::new("/usr/sbin/postfix").exists(),
            "Postfix is missing, and this test speaks to a real one: apt-get install postfix (tests/run-all.sh does)"
        );
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
        let port = listener.local_addr().expect("an address").port();
        drop(listener);
        let folder = tempfile::tempdir().expect("a folder");
        // Its processes run as `postfix` and must get through.
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).expect("permissions");
        let postfix = Self { folder, port, sink };
        for name in ["config", "queue", "data"] {
            std::fs::create_dir(postfix.path(name)).expect("a folder");
        }
        let owned = Command::new("chown").arg("postfix").arg(postfix.path("data")).status().expect("chown");
        assert!(owned.success(), "a relay of our own needs root: {owned}");
        std::fs::write(postfix.path("config/master.cf"), format!("127.0.0.1:{port} inet n - n - - smtpd\n{SERVICES}"))
            .expect("a file");
        postfix.know(&["priya", "fulfilment", "ops", "driftd"]);
        postfix.write(settings);
        postfix.run("start");
        wait_for("Postfix listens", || TcpStream::connect(("127.0.0.1", port)).ok().map(|_| ()));
        postfix
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The users at harbor.example, from the next reload on.
    pub fn know(&self, users: &[&str]) {
        let text: String = users.iter().map(|user| format!("{user}@harbor.example x\n")).collect();
        std::fs::write(self.path("config/recipients"), text).expect("a file");
    }

    fn write(&self, settings: &[(&str, &str)]) {
        let place = self.folder.path().display();
        let sink = self.sink;
        let mut text = format!(
            "compatibility_level = 3.6
queue_directory = {place}/queue
data_directory = {place}/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
maillog_file = {place}/data/mail.log
maillog_file_prefixes = {place}
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = relay.test
mydestination = harbor.example
local_recipient_maps = texthash:{place}/config/recipients
alias_maps =
alias_database =
local_transport = smtp:[127.0.0.1]:{sink}
default_transport = smtp:[127.0.0.1]:{sink}
relay_transport = smtp:[127.0.0.1]:{sink}
smtp_bind_address = 127.0.0.1
smtputf8_enable = no
notify_classes =
"
        );
        for (name, value) in settings {
            text.push_str(&format!("{name} = {value}\n"));
        }
        std::fs::write(self.path("config/main.cf"), text).expect("a file");
    }

    /// Works with other settings from now on.
    pub fn reload(&self, settings: &[(&str, &str)]) {
        self.write(settings);
        self.run("reload");
    }

    fn run(&self, command: &str) {
        let output = Command::new("/usr/sbin/postfix").arg("-c").arg(self.path("config")).arg(command).output().expect("postfix");
        assert!(output.status.success(), "postfix {command}: {output:?}\n{}", self.log());
    }

    pub fn log(&self) -> String {
        std::fs::read_to_string(self.path("data/mail.log")).unwrap_or_default()
    }
}

impl Drop for Postfix {
    fn drop(&mut self) {
        let _ = Command::new("/usr/sbin/postfix").arg("-c").arg(self.path("config")).arg("stop").output();
        if std::thread::panicking() {
            eprintln!("--- log of Postfix ---\n{}", self.log());
        }
    }
}
