//! Users of this machine, made for a test and taken away with it, and an agent for each.

use std::ffi::OsStr;
use std::fs::{self, File, Permissions};
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::Mutex;

use serde_json::Value;
use tempfile::TempDir;

use crate::agent::{CLIENT, JSON};
use crate::exchange::{Exchange, curl};
use crate::native_host::copy_program;
use crate::programs::program;
use crate::waiting::until;

/// A user whom `useradd` made, with a home and a session's folder; `userdel` takes him away when this is dropped.
#[derive(Debug)]
pub struct SystemUser {
    name: String,
    uid: u32,
    gid: u32,
    root: TempDir,
    programs: PathBuf,
}

impl SystemUser {
    /// Makes one whose name ends with this test's process id.
    ///
    /// # Panics
    /// When this is not root, or the machine makes no users.
    #[must_use]
    pub fn make(name: &str) -> Self {
        let name = format!("{name}{}", std::process::id());
        let root = tempfile::tempdir().expect("a temporary folder");
        let made = change_users("useradd", |useradd| {
            useradd
                .args(["--no-create-home", "--user-group"])
                .args(["--shell", "/bin/sh", "--home-dir"])
                .arg(root.path().join("home"))
                .args(["--", &name])
        });
        assert!(
            made.status.success(),
            "this test must run as root on a machine where useradd makes users (Debian: the package passwd): {}",
            String::from_utf8_lossy(&made.stderr)
        );
        // From here on he is taken away, whatever fails.
        let mut user = Self {
            programs: root.path().join("programs"),
            name,
            uid: 0,
            gid: 0,
            root,
        };
        (user.uid, user.gid) = (user.id("--user"), user.id("--group"));
        user.make_folders();
        user
    }

    fn id(&self, which: &str) -> u32 {
        let id = Command::new("id").args([which, "--", &self.name]).output();
        let id = id.expect("id starts").stdout;
        let id: u32 = String::from_utf8_lossy(&id).trim().parse().expect("an id");
        assert_ne!(id, 0, "{} is root", self.name);
        id
    }

    /// Home and session as a login makes them, and the agent where every user may start it.
    fn make_folders(&self) {
        open(self.root.path(), 0o755);
        let usual = self.home().join(".local");
        // Many systems let every user look into a home; what is the agent's alone, the agent has to close.
        for (folder, mode) in [
            (self.home(), 0o755),
            (usual.clone(), 0o755),
            (usual.join("state"), 0o755),
            (self.session(), 0o700),
        ] {
            fs::create_dir(&folder).expect("a folder");
            open(&folder, mode);
            chown(&folder, Some(self.uid), Some(self.gid)).expect("chown");
        }
        fs::create_dir(&self.programs).expect("a folder");
        open(&self.programs, 0o755);
        let (built, own) = (program("cpxd"), self.programs.join("cpxd"));
        if fs::hard_link(&built, &own).is_err() {
            copy_program(&built, &own);
        }
    }

    /// His name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// His user id.
    #[must_use]
    pub fn uid(&self) -> u32 {
        self.uid
    }

    /// His home, which others may look into.
    #[must_use]
    pub fn home(&self) -> PathBuf {
        self.root.path().join("home")
    }

    /// His `XDG_RUNTIME_DIR`, 0700.
    #[must_use]
    pub fn session(&self) -> PathBuf {
        self.root.path().join("session")
    }

    /// The state folder of his agent.
    #[must_use]
    pub fn state(&self) -> PathBuf {
        self.home().join(".local/state/cpxd")
    }

    /// A program that runs as him, with nothing of the test's own environment.
    #[must_use]
    pub fn program(&self, program: impl AsRef<OsStr>) -> Command {
        self.as_him(Command::new(program))
    }

    /// A command as he gives it.
    fn as_him(&self, mut command: Command) -> Command {
        command
            .env_clear()
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .env("LC_ALL", "en_US.UTF-8")
            .env("USER", &self.name)
            .env("HOME", self.home())
            .env("XDG_RUNTIME_DIR", self.session())
            .env("DBUS_SYSTEM_BUS_ADDRESS", "disabled:")
            .env("DBUS_SESSION_BUS_ADDRESS", "disabled:")
            .current_dir("/")
            .stdin(Stdio::null())
            .uid(self.uid)
            .gid(self.gid);
        command
    }

    /// `cpxd` as he starts it.
    #[must_use]
    pub fn cpxd(&self, arguments: &[&str]) -> Command {
        let mut cpxd = self.program(self.programs.join("cpxd"));
        cpxd.args(arguments);
        cpxd
    }

    /// What `cpxd` prints for him as JSON, provided that it succeeds.
    #[must_use]
    pub fn told(&self, arguments: &[&str]) -> Value {
        let output = self.cpxd(arguments).arg("--json").output();
        let output = output.expect("cpxd starts");
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        serde_json::from_slice(&output.stdout).expect("JSON")
    }

    /// What his `curl` brings back, whatever certificate it meets.
    #[must_use]
    pub fn curl(&self, arguments: &[&str]) -> Exchange {
        let mut curl = self.as_him(curl());
        Exchange::by(curl.arg("--insecure").args(arguments))
    }

    /// Whether he gets at the names in a folder, or at the bytes of a file.
    #[must_use]
    pub fn reads(&self, path: &Path) -> bool {
        let shown = |program| {
            let output = self.program(program).arg(path).output();
            let output = output.expect("a program of coreutils");
            output.status.success() && !output.stdout.is_empty()
        };
        shown("cat") || (path.is_dir() && shown("ls"))
    }
}

impl Drop for SystemUser {
    fn drop(&mut self) {
        // The home goes with the temporary folder.
        let name = self.name.clone();
        let gone = change_users("userdel", |userdel| userdel.args(["--", &name]));
        if !gone.status.success() && !std::thread::panicking() {
            let said = String::from_utf8_lossy(&gone.stderr).into_owned();
            panic!("the user {name} is still there: {said}");
        }
    }
}

/// One at a time: the programs that change users lock their files and do not wait for each other.
fn change_users(program: &str, with: impl FnOnce(&mut Command) -> &mut Command) -> Output {
    static ONE: Mutex<()> = Mutex::new(());
    let _one = ONE
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    let sbin = Path::new("/usr/sbin").join(program);
    let output = with(&mut Command::new(sbin)).output();
    output.unwrap_or_else(|error| panic!("{program} (Debian: the package passwd): {error}"))
}

/// Sets the mode of a file or folder.
pub fn open(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).expect("a mode");
}

/// An agent that runs as a user of the machine, with a virtual card and his usual folders; it is killed when this is
/// dropped, and its user goes.
#[derive(Debug)]
pub struct UserAgent {
    process: Child,
    log: PathBuf,
    /// Whose it is.
    pub user: SystemUser,
}

impl UserAgent {
    /// Starts one with a card of this kind.
    #[must_use]
    pub fn start(user: SystemUser, card: &str) -> Self {
        let log = user.root.path().join("log");
        let file = File::create(&log).expect("a log file");
        let state = user.state();
        let process = user
            .cpxd(&["demo", "--headless", "--card", card, "--state-dir"])
            .arg(&state)
            .stdout(file.try_clone().expect("a log file"))
            .stderr(file)
            .spawn()
            .expect("cpxd starts");
        let mut agent = Self { process, log, user };
        until("the agent is ready", || {
            let ended = agent.process.try_wait().expect("its state");
            assert!(ended.is_none(), "the agent ended: {}", agent.log());
            agent.state_file("endpoint.json").exists().then_some(())
        });
        agent
    }

    /// A file of its state folder.
    #[must_use]
    pub fn state_file(&self, name: &str) -> PathBuf {
        self.user.state().join(name)
    }

    /// Its process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.process.id()
    }

    /// What it logged so far.
    #[must_use]
    pub fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    fn endpoint(&self, member: &str) -> String {
        let endpoint = fs::read(self.state_file("endpoint.json")).expect("endpoint.json");
        let endpoint: Value = serde_json::from_slice(&endpoint).expect("JSON");
        endpoint[member].as_str().expect("a text").to_owned()
    }

    /// Its address, such as `https://127.0.0.1:27900`.
    #[must_use]
    pub fn url(&self) -> String {
        self.endpoint("url")
    }

    /// Its user's socket.
    #[must_use]
    pub fn socket(&self) -> PathBuf {
        self.endpoint("socket").into()
    }

    /// The header that carries its token with all rights.
    #[must_use]
    pub fn authorization(&self) -> String {
        let token = fs::read_to_string(self.state_file("demo-token")).expect("the token");
        format!("Authorization: Bearer {token}")
    }

    /// What its own user's `curl` is answered at its socket, in JSON.
    #[must_use]
    pub fn read(&self, path: &str) -> Value {
        self.at_socket(&self.user, path, &[]).json()
    }

    /// POST of JSON at its socket by its own user.
    #[must_use]
    pub fn call(&self, path: &str, body: &Value) -> Exchange {
        let body = body.to_string();
        let arguments = ["-H", CLIENT, "-H", JSON, "-d", &body];
        self.at_socket(&self.user, path, &arguments)
    }

    /// POST of JSON at its address by its own user, with the token.
    #[must_use]
    pub fn call_with_token(&self, path: &str, body: &Value) -> Exchange {
        let (body, token) = (body.to_string(), self.authorization());
        let arguments = ["-H", &token, "-H", CLIENT, "-H", JSON, "-d", &body];
        self.at_port(&self.user, path, &arguments)
    }

    /// What a user's `curl` brings back from its socket.
    #[must_use]
    pub fn at_socket(&self, user: &SystemUser, path: &str, arguments: &[&str]) -> Exchange {
        let (socket, url) = (self.socket(), format!("http://localhost{path}"));
        let socket = socket.to_str().expect("a path in UTF-8");
        user.curl(&[&["--unix-socket", socket, &url], arguments].concat())
    }

    /// What a user's `curl` brings back from its address.
    #[must_use]
    pub fn at_port(&self, user: &SystemUser, path: &str, arguments: &[&str]) -> Exchange {
        let url = format!("{}{path}", self.url());
        user.curl(&[&[url.as_str()], arguments].concat())
    }
}

impl Drop for UserAgent {
    fn drop(&mut self) {
        // Before its user goes, for whom there must be no process left.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
