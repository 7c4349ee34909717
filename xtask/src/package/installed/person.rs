//! Somebody who has an account on the machine, and in whose session the unit's socket is kept.

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Child, Command, Output};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::clean_root::{CleanRoot, told};
use super::until;

/// Somebody, and the agent of their session.
#[derive(Debug)]
pub(super) struct Person<'a> {
    root: &'a CleanRoot,
    name: &'a str,
    home: &'a str,
    /// What systemd calls `%t`.
    runtime: String,
    agent: Option<Child>,
}

/// What somebody has in cpxd.
#[derive(Debug)]
pub(super) struct Kept {
    grants: Value,
    journal: Vec<Value>,
}

/// 32 bytes.
const NONCE: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const ORIGIN: &str = "https://service.example";
/// What a version of years to come would write.
const FUTURE: &str = r#"{"format":99,"writtenBy":"9.0.0"}"#;

impl<'a> Person<'a> {
    /// Makes the session's folder, keeps the socket, and asks for the status: so the agent starts.
    pub(super) fn arrive(root: &'a CleanRoot, name: &'a str, home: &'a str) -> Result<Self> {
        let runtime = format!("/run/user/{}", root.told(&["id", "-u", name])?);
        root.told(&["install", "-d", "/run/user"])?;
        for folder in [runtime.clone(), format!("{runtime}/cpxd")] {
            root.told(&["install", "-d", "-m", "700", "-o", name, &folder])?;
        }
        // The holder is a file: nobody sits here.
        fs::write(
            root.place(&format!("{home}/holder.toml")),
            "pin = \"1234\"\n",
        )?;
        let mut person = Self {
            root,
            name,
            home,
            runtime,
            agent: None,
        };
        person.start_agent()?;
        let status = person.done(&["status"])?;
        ensure!(status.contains("DUPONT"), "{name} sees no card");
        Ok(person)
    }

    /// As the units say: the socket of the one, and who connects has the program of the other started.
    pub(super) fn start_agent(&mut self) -> Result<()> {
        let socket = self.socket()?;
        let program = self.of_unit("cpxd.service", "ExecStart")?;
        let log = File::create(self.root.place(&format!("/tmp/{}.log", self.name)))?;
        let (home, runtime) = (
            format!("HOME={}", self.home),
            format!("XDG_RUNTIME_DIR={}", self.runtime),
        );
        let holder = format!("{}/holder.toml", self.home);
        let mut manager = vec!["systemd-socket-activate", "-E", &home, "-E", &runtime];
        manager.extend(["--listen", &socket]);
        manager.extend(program.split_whitespace());
        manager.extend(["--scripted-holder", &holder]);
        let started = self
            .command(&manager)
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn();
        self.agent = Some(started.context("chroot did not start")?);
        let kept = self.root.place(&socket);
        until("the user's socket", || kept.exists())?;
        // As the unit's SocketMode says.
        fs::set_permissions(&kept, fs::Permissions::from_mode(0o600))?;
        until("a card", || {
            let cards = self.cpxd(&["cards", "--json"]);
            cards.is_ok_and(|cards| String::from_utf8_lossy(&cards.stdout).contains("DUPONT"))
        })
    }

    /// As systemd does, which also takes the socket away (RemoveOnStop); the agent ends by itself, and well.
    pub(super) fn stop_agent(&mut self) -> Result<()> {
        let mut agent = self.agent.take().context("no agent runs")?;
        let process = self.read(".local/state/cpxd/lock")?;
        told(Command::new("kill").arg(process.trim()))?;
        let ended = agent.wait()?;
        ensure!(
            ended.success(),
            "the agent of {} ended with {ended}",
            self.name
        );
        fs::remove_file(self.root.place(&self.socket()?))?;
        Ok(())
    }

    /// What cpxd tells this person; it is printed as at their terminal.
    pub(super) fn done(&self, arguments: &[&str]) -> Result<String> {
        let output = self.cpxd(arguments)?;
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let complaints = String::from_utf8_lossy(&output.stderr);
        self.print(arguments, &said);
        ensure!(
            output.status.success(),
            "{}: {arguments:?}: {complaints}",
            self.name
        );
        Ok(said)
    }

    /// Pairs a program, logs in, and says what is kept of both.
    pub(super) fn use_card(&self) -> Result<Kept> {
        let token_file = format!("{}/token", self.home);
        self.done(&[
            "pair",
            "--name",
            "Logiciel",
            "--right",
            "identify",
            "--right",
            "authenticate",
            "--origin",
            ORIGIN,
            "--token-file",
            &token_file,
        ])?;
        let token = self.cpxd(&["authenticate", "--origin", ORIGIN, "--nonce", NONCE])?;
        let token = String::from_utf8_lossy(&token.stdout);
        ensure!(token.contains("web-eid:1.0"), "no token: {token}");
        println!(
            "    {}$ cpxd authenticate …: a token of the format web-eid:1.0",
            self.name
        );
        self.ensure_program_is_let_in()?;
        self.kept()
    }

    /// The same grants, the same program let in, and a journal that goes on where it was.
    pub(super) fn ensure_keeps(&self, before: &Kept) -> Result<()> {
        self.done(&["grants"])?;
        self.done(&["journal", "verify"])?;
        let now = self.kept()?;
        ensure!(
            now.grants == before.grants,
            "grants were {}, are {}",
            before.grants,
            now.grants
        );
        ensure!(
            !before.journal.is_empty() && now.journal.starts_with(&before.journal),
            "the journal lost something"
        );
        println!(
            "    {}: {} entries of the journal were kept, {} came",
            self.name,
            before.journal.len(),
            now.journal.len() - before.journal.len()
        );
        self.ensure_program_is_let_in()
    }

    /// An agent on the folder of a newer version says so and ends; the folder is as it was.
    pub(super) fn refuses_the_future(&mut self) -> Result<()> {
        self.stop_agent()?;
        let mark = self
            .root
            .place(&format!("{}/.local/state/cpxd/format.json", self.home));
        let ours = fs::read(&mark)?;
        fs::write(&mark, FUTURE)?;
        let refused = self.cpxd(&["run"])?;
        let complaint = String::from_utf8_lossy(&refused.stderr);
        self.print(&["run"], &complaint);
        ensure!(
            refused.status.code() == Some(1) && complaint.contains("9.0.0"),
            "it is not refused"
        );
        ensure!(fs::read_to_string(&mark)? == FUTURE, "the mark was changed");
        fs::write(&mark, ours)?;
        self.start_agent()?;
        self.done(&["journal", "verify"]).map(drop)
    }

    /// The home folder, as a place in the root.
    pub(super) fn home(&self) -> &str {
        self.home
    }

    /// Whether what was kept is still there, without any program.
    pub(super) fn ensure_has_files(&self) -> Result<()> {
        for file in ["grants-test.json", "journal", "tls", "format.json"] {
            let file = format!("{}/.local/state/cpxd/{file}", self.home);
            ensure!(self.root.place(&file).exists(), "{file} is gone");
        }
        Ok(())
    }

    /// By a program that knows nothing but the token, the address and the authority.
    fn ensure_program_is_let_in(&self) -> Result<()> {
        let endpoint: Value = serde_json::from_str(&self.read(".local/state/cpxd/endpoint.json")?)?;
        let url = endpoint
            .get("url")
            .and_then(Value::as_str)
            .context("no address")?;
        let token = self.read("token")?;
        let answer = told(&mut self.command(&[
            "curl",
            "--silent",
            "--output",
            "/dev/null",
            "--write-out",
            "%{http_code}",
            "--cacert",
            &format!("{}/.local/state/cpxd/ca.pem", self.home),
            "--header",
            &format!("Authorization: Bearer {}", token.trim()),
            &format!("{url}/v1/cards"),
        ]))?;
        println!(
            "    {}$ curl {url}/v1/cards, with the token: {answer}",
            self.name
        );
        ensure!(answer == "200", "the paired program is answered {answer}");
        Ok(())
    }

    fn kept(&self) -> Result<Kept> {
        let json = |arguments: &[&str]| -> Result<Value> {
            Ok(serde_json::from_slice(&self.cpxd(arguments)?.stdout)?)
        };
        let journal = json(&["journal", "--last", "1000", "--json"])?;
        let newest_first = journal.get("entries").and_then(Value::as_array);
        let mut grants = json(&["grants", "--json"])?;
        let listed = grants.get_mut("grants").and_then(Value::as_array_mut);
        for grant in listed.context("no list of grants")? {
            // They go on with every day that the program calls.
            let members = grant.as_object_mut().context("a grant is an object")?;
            members.retain(|member, _| member != "lastUse" && member != "end");
        }
        ensure!(
            grants.to_string().contains("Logiciel"),
            "the paired program is not listed: {grants}"
        );
        Ok(Kept {
            grants,
            journal: newest_first.into_iter().flatten().rev().cloned().collect(),
        })
    }

    fn cpxd(&self, arguments: &[&str]) -> Result<Output> {
        let mut command = self.command(&["cpxd"]);
        command
            .args(arguments)
            .output()
            .context("chroot did not start")
    }

    /// A program of this person's session.
    fn command(&self, program: &[&str]) -> Command {
        let (home, runtime) = (
            format!("HOME={}", self.home),
            format!("XDG_RUNTIME_DIR={}", self.runtime),
        );
        let mut as_person = vec![
            "runuser", "-u", self.name, "--", "env", "-i", &home, &runtime,
        ];
        as_person.extend(["LANG=en_US.UTF-8", "PATH=/usr/bin:/bin"]);
        as_person.extend(program);
        self.root.command(&as_person)
    }

    /// A file below the home, read inside: links lead to places in the root.
    fn read(&self, file: &str) -> Result<String> {
        self.root.told(&["cat", &format!("{}/{file}", self.home)])
    }

    fn socket(&self) -> Result<String> {
        let place = self.of_unit("cpxd.socket", "ListenStream")?;
        Ok(place.replace("%t", &self.runtime))
    }

    fn of_unit(&self, unit: &str, setting: &str) -> Result<String> {
        let text = fs::read_to_string(self.root.place(&format!("/usr/lib/systemd/user/{unit}")))?;
        let value = text
            .lines()
            .find_map(|line| line.strip_prefix(setting)?.strip_prefix('='));
        value
            .map(str::to_owned)
            .with_context(|| format!("{unit} has no {setting}"))
    }

    fn print(&self, arguments: &[&str], said: &str) {
        println!("    {}$ cpxd {}", self.name, arguments.join(" "));
        for line in said.lines() {
            println!("      {line}");
        }
    }
}
