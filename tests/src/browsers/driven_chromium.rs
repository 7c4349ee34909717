//! A Chromium that is driven by its own protocol (`DevTools`), over two pipes: no port of it is open.

use std::fs::{self, File, OpenOptions};
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustix::fs::{CWD, FileType, Mode, mknodat};
use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::{Value, json};

use super::NAMES_OF_OTHERS;
use crate::person::Person;
use crate::room::enter;
use crate::waiting::until;

/// Answers of a server that a test gives in its place: for each path, status, media type and body.
pub type StandIn = dyn Fn(&str) -> Option<(u16, &'static str, String)> + Send + Sync;

/// One tab of a Chromium; it ends when this is dropped.
pub struct DrivenChromium {
    process: Child,
    wire: Arc<Wire>,
    messages: Receiver<Value>,
    /// What the page did that a test may want to know: requests, complaints.
    told: Vec<Value>,
    session: String,
    last_id: u64,
}

impl std::fmt::Debug for DrivenChromium {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DrivenChromium").finish_non_exhaustive()
    }
}

struct Wire {
    to_browser: Mutex<File>,
    stand_in: Mutex<Option<Box<StandIn>>>,
}

impl Wire {
    fn send(&self, message: &Value) {
        let mut pipe = self
            .to_browser
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let mut bytes = message.to_string().into_bytes();
        bytes.push(0);
        pipe.write_all(&bytes).expect("Chromium reads");
    }

    /// Answers a request of the page in place of its server, or lets it go there.
    fn answer(&self, paused: &Value) {
        let (id, url) = (
            &paused["params"]["requestId"],
            &paused["params"]["request"]["url"],
        );
        let url = url.as_str().unwrap_or_default();
        let path = url.splitn(4, '/').nth(3).unwrap_or_default();
        let stand_in = self.stand_in.lock().unwrap_or_else(PoisonError::into_inner);
        let answer = stand_in
            .as_ref()
            .and_then(|answer| answer(&format!("/{path}")));
        let (method, parameters) = match answer {
            Some((status, media_type, body)) => {
                let headers = json!([{ "name": "Content-Type", "value": media_type }]);
                let body = STANDARD.encode(body);
                let answer = json!({ "requestId": id, "responseCode": status, "responseHeaders": headers, "body": body });
                ("Fetch.fulfillRequest", answer)
            }
            None => ("Fetch.continueRequest", json!({ "requestId": id })),
        };
        drop(stand_in);
        // Nobody waits for the answer to this, which has an id of no call.
        let message = json!({ "id": 0, "sessionId": paused["sessionId"], "method": method, "params": parameters });
        self.send(&message);
    }
}

impl DrivenChromium {
    /// That of a person, at an empty page, with this language.
    #[must_use]
    pub fn start(person: &Person, language: &str) -> Self {
        Self::launch(person, person.starts("sh"), "", language)
    }

    /// The same on a machine whose administrator has set this policy.
    #[must_use]
    pub fn start_under(policy: &Value, person: &Person, language: &str) -> Self {
        let file = person.home().join("policy.json");
        fs::write(&file, policy.to_string()).expect("a file");
        let mut room = person.starts("unshare");
        enter(&mut room);
        room.arg("sh").env("POLICY", file);
        let set = "mount -t tmpfs tmpfs /etc/chromium && mkdir -p /etc/chromium/policies/managed && \
                   cp \"$POLICY\" /etc/chromium/policies/managed && ";
        Self::launch(person, room, set, language)
    }

    fn launch(person: &Person, mut shell: Command, before: &str, language: &str) -> Self {
        let [to, from] = ["to-chromium", "from-chromium"].map(|name| person.home().join(name));
        for pipe in [&to, &from] {
            let made = mknodat(CWD, pipe, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0);
            made.expect("a pipe");
        }
        let log = File::create(person.home().join("chromium.log")).expect("a log file");
        let rules = NAMES_OF_OTHERS.map(|name| format!("MAP {name} 127.0.0.1"));
        let script = format!("{before}exec chromium \"$@\" 3<\"$TO\" 4>\"$FROM\"");
        let process = shell
            .args(["-e", "-c", &script, "sh"])
            .args(["--headless=new", "--no-sandbox", "--disable-gpu"])
            .args(["--no-first-run", "--disable-background-networking"])
            .args(["--disable-component-update", "--disable-sync"])
            .args(["--remote-debugging-pipe", "--hide-scrollbars"])
            .arg(format!("--lang={language}"))
            .arg(format!("--accept-lang={language}"))
            .arg(format!("--host-resolver-rules={}", rules.join(",")))
            .arg(format!(
                "--user-data-dir={}",
                person.home().join(".config/chromium").display()
            ))
            .arg("about:blank")
            .env("TO", &to)
            .env("FROM", &from)
            .stdout(log.try_clone().expect("a log file"))
            .stderr(Stdio::from(log))
            .process_group(0)
            .spawn()
            .expect("sh starts");
        // The shell opens both in this order, and waits for the other end of each.
        let to_browser = OpenOptions::new().write(true).open(&to).expect("a pipe");
        let from_browser = File::open(&from).expect("a pipe");
        let wire = Arc::new(Wire {
            to_browser: Mutex::new(to_browser),
            stand_in: Mutex::new(None),
        });
        let messages = read(from_browser, Arc::clone(&wire));
        let mut chromium = Self {
            process,
            wire,
            messages,
            told: Vec::new(),
            session: String::new(),
            last_id: 0,
        };
        chromium.attach();
        chromium
    }

    fn attach(&mut self) {
        let target = self.call("Target.createTarget", json!({ "url": "about:blank" }));
        let wanted = json!({ "targetId": target["targetId"], "flatten": true });
        let attached = self.call("Target.attachToTarget", wanted);
        attached["sessionId"]
            .as_str()
            .expect("a session")
            .clone_into(&mut self.session);
        for domain in ["Page", "Runtime", "Log", "Network"] {
            self.call(&format!("{domain}.enable"), json!({}));
        }
        self.call(
            "Page.addScriptToEvaluateOnNewDocument",
            json!({ "source": WATCH }),
        );
    }

    /// Answers the page's requests in place of its server, where this has an answer.
    pub fn stand_in(
        &mut self,
        answers: impl Fn(&str) -> Option<(u16, &'static str, String)> + Send + Sync + 'static,
    ) {
        *self
            .wire
            .stand_in
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = Some(Box::new(answers));
        let patterns = json!({ "patterns": [{ "urlPattern": "*/v1/*" }] });
        self.call("Fetch.enable", patterns);
    }

    /// One call of the protocol, and its result.
    pub fn call(&mut self, method: &str, parameters: Value) -> Value {
        self.last_id += 1;
        let id = self.last_id;
        let mut message = json!({ "id": id, "method": method, "params": parameters });
        if !self.session.is_empty() {
            message["sessionId"] = json!(self.session);
        }
        self.wire.send(&message);
        loop {
            match self.messages.recv_timeout(PATIENCE) {
                Ok(message) if message["id"] == id => {
                    assert!(message["error"].is_null(), "{method}: {message}");
                    return message["result"].clone();
                }
                Ok(message) => self.told.push(message),
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                    panic!("Chromium does not answer {method}")
                }
            }
        }
    }

    /// Goes to an address.
    pub fn visit(&mut self, url: &str) {
        let came = self.call("Page.navigate", json!({ "url": url }));
        assert!(came["errorText"].is_null(), "{url}: {came}");
    }

    /// Goes to an address from which nothing comes; says how the browser names the reason.
    pub fn visit_in_vain(&mut self, url: &str) -> String {
        match self.tries(url) {
            Ok(()) => panic!("{url} came"),
            Err(reason) => reason,
        }
    }

    /// Goes to an address from which something may come or not.
    ///
    /// # Errors
    /// How the browser names the reason why nothing came.
    pub fn tries(&mut self, url: &str) -> Result<(), String> {
        let came = self.call("Page.navigate", json!({ "url": url }));
        match came["errorText"].as_str() {
            None | Some("") => Ok(()),
            Some(reason) => Err(reason.to_owned()),
        }
    }

    /// Loads the page again.
    pub fn reload(&mut self) {
        self.call("Page.reload", json!({}));
    }

    /// The value of an expression in the page, which may be a promise.
    pub fn value(&mut self, expression: &str) -> Value {
        let wanted = json!({ "expression": expression, "awaitPromise": true, "returnByValue": true, "userGesture": true });
        let found = self.call("Runtime.evaluate", wanted);
        assert!(found["exceptionDetails"].is_null(), "{expression}: {found}");
        found["result"]["value"].clone()
    }

    /// The words of the page, as they are shown.
    pub fn words(&mut self) -> String {
        let words = self.value("document.body?.innerText ?? ''");
        // No-break spaces are ordinary ones for a test.
        words.as_str().unwrap_or_default().replace('\u{a0}', " ")
    }

    /// Waits until the page shows all of these words.
    pub fn wait_for(&mut self, words: &[&str]) {
        let mut seen = String::new();
        let patience = std::time::Instant::now() + PATIENCE;
        while std::time::Instant::now() < patience {
            seen = self.words();
            if words.iter().all(|words| seen.contains(words)) {
                return;
            }
            thread::sleep(Duration::from_millis(50));
        }
        panic!("the page never showed all of {words:?}:\n{seen}");
    }

    /// Waits until an expression is true in the page.
    pub fn wait_until(&mut self, expression: &str) {
        until(expression, || {
            (self.value(expression) == true).then_some(())
        });
    }

    /// Clicks what this CSS selector finds first, once it is there and takes clicks.
    pub fn click(&mut self, selector: &str) {
        self.wait_until(&format!(
            "document.querySelector({selector:?})?.ariaDisabled === null"
        ));
        self.value(&format!(
            "void document.querySelector({selector:?}).click()"
        ));
    }

    /// Presses a key, as a person would.
    pub fn press(&mut self, key: &str, code: u32) {
        for kind in ["rawKeyDown", "keyUp"] {
            let event =
                json!({ "type": kind, "key": key, "code": key, "windowsVirtualKeyCode": code });
            self.call("Input.dispatchKeyEvent", event);
        }
    }

    /// Has the page believe in a screen of this width, and in this theme (`light` or `dark`).
    pub fn look(&mut self, width: u32, theme: &str) {
        let screen =
            json!({ "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500 });
        self.call("Emulation.setDeviceMetricsOverride", screen);
        let theme = json!({ "features": [{ "name": "prefers-color-scheme", "value": theme }] });
        self.call("Emulation.setEmulatedMedia", theme);
    }

    /// A picture of the whole page, PNG.
    pub fn picture(&mut self) -> Vec<u8> {
        let size = self.call("Page.getLayoutMetrics", json!({}))["cssContentSize"].clone();
        let clip =
            json!({ "x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1 });
        let wanted = json!({ "format": "png", "captureBeyondViewport": true, "clip": clip });
        let picture = self.call("Page.captureScreenshot", wanted);
        STANDARD
            .decode(picture["data"].as_str().unwrap_or_default())
            .expect("base64")
    }

    /// What the page broke of its policy, and its errors.
    pub fn complaints(&mut self) -> Vec<String> {
        let seen = self.value("globalThis.complaints ?? []");
        let seen = seen.as_array().into_iter().flatten().map(Value::to_string);
        let mut complaints: Vec<_> = seen.collect();
        let thrown = self
            .told
            .iter()
            .filter(|message| message["method"] == "Runtime.exceptionThrown");
        complaints.extend(thrown.map(Value::to_string));
        complaints
    }

    /// Every address that the browser asked for since it was started.
    #[must_use]
    pub fn requests(&self) -> Vec<String> {
        let sent = self
            .told
            .iter()
            .filter(|message| message["method"] == "Network.requestWillBeSent");
        let urls = sent.filter_map(|message| message["params"]["request"]["url"].as_str());
        urls.map(str::to_owned).collect()
    }

    /// What axe-core finds wrong with the page as it is now, each with where.
    pub fn axe(&mut self) -> Vec<String> {
        let axe = crate::programs::workspace_dir().join("browser/node_modules/axe-core/axe.min.js");
        let axe =
            fs::read_to_string(axe).expect("axe-core is installed (cargo xtask test installs it)");
        if self.value("typeof globalThis.axe") != "object" {
            self.value(&format!("{axe};void 0"));
        }
        let found = self.value(
            "axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) => violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html, any }) => html.slice(0, 200) + ' ' + (any[0]?.message ?? '')).join(' | ')}`))",
        );
        let found = found.as_array().into_iter().flatten();
        found
            .filter_map(|found| found.as_str().map(str::to_owned))
            .collect()
    }
}

/// Reads what Chromium says until its end; requests that wait for an answer get it here.
fn read(from_browser: File, wire: Arc<Wire>) -> Receiver<Value> {
    let (sender, messages) = mpsc::channel();
    thread::spawn(move || {
        let mut reader = BufReader::new(from_browser);
        let mut message = Vec::new();
        while reader
            .read_until(0, &mut message)
            .is_ok_and(|read| read > 0)
        {
            message.pop();
            let Ok(value) = serde_json::from_slice::<Value>(&message) else {
                return;
            };
            message.clear();
            if value["method"] == "Fetch.requestPaused" {
                wire.answer(&value);
            } else if sender.send(value).is_err() {
                return;
            }
        }
    });
    messages
}

impl Drop for DrivenChromium {
    fn drop(&mut self) {
        // Its children are in the group, too.
        if let Some(group) = i32::try_from(self.process.id())
            .ok()
            .and_then(Pid::from_raw)
        {
            let _ = kill_process_group(group, Signal::KILL);
        }
        let _ = self.process.wait();
    }
}

/// Runs before the page's own scripts.
const WATCH: &str = "
globalThis.complaints = [];
addEventListener('securitypolicyviolation', (event) => complaints.push(`${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}`));
addEventListener('error', (event) => complaints.push(String(event.message)));
addEventListener('unhandledrejection', (event) => complaints.push(String(event.reason)));
";

/// Long enough for a machine that is busy with all other tests.
const PATIENCE: Duration = Duration::from_secs(60);
