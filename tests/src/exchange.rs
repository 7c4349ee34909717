//! One HTTP exchange with everything that came back, headers included.

use std::process::Command;

use serde_json::Value;

use crate::agent::Agent;

/// An answer of the agent with its headers.
#[derive(Debug)]
pub struct Exchange {
    /// HTTP status; 0 when there was no answer.
    pub status: u16,
    /// Headers in the order in which they came, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
    /// Exit code of curl, which tells a refused connection from a refused request.
    pub curl_exit: Option<i32>,
}

impl Exchange {
    /// Plain `curl` to any URL, with the agent's CA and these arguments.
    #[must_use]
    pub fn at(agent: &Agent, url: &str, arguments: &[&str]) -> Self {
        let mut curl = curl();
        curl.arg("--cacert").arg(agent.state_dir().join("ca.pem"));
        Self::by(curl.args(arguments).arg(url))
    }

    /// What a [`curl`] with all its arguments brings back.
    #[must_use]
    pub fn by(curl: &mut Command) -> Self {
        let output = curl
            .output()
            .expect("curl is installed (cargo xtask test installs it)");
        let answer = Self::parse(&String::from_utf8_lossy(&output.stdout));
        Self {
            curl_exit: output.status.code(),
            ..answer
        }
    }

    /// An answer as it stands on the wire of HTTP/1.1, or as curl prints it.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let mut rest = text;
        // An interim answer comes before the one that counts.
        while rest.starts_with("HTTP/1.1 100") {
            rest = rest.split_once("\r\n\r\n").map_or("", |(_, rest)| rest);
        }
        let (head, body) = rest.split_once("\r\n\r\n").unwrap_or((rest, ""));
        let mut lines = head.lines();
        let status = lines
            .next()
            .and_then(|line| line.strip_prefix("HTTP/"))
            .and_then(|line| line.split(' ').nth(1)?.parse().ok());
        let headers = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
            .collect();
        Self {
            status: status.unwrap_or(0),
            headers,
            body: body.to_owned(),
            curl_exit: None,
        }
    }

    /// The value of a header, if the answer has it.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The body as JSON; null when it is none.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or(Value::Null)
    }

    /// The stable error code of a problem+json body.
    #[must_use]
    pub fn code(&self) -> String {
        self.json()["code"].as_str().unwrap_or_default().to_owned()
    }
}

/// A `curl` that prints headers and gives up in the end.
#[must_use]
pub fn curl() -> Command {
    curl_of(Command::new("curl"))
}

/// The same by a `curl` of another name.
#[must_use]
pub fn curl_of(mut curl: Command) -> Command {
    curl.args(["--silent", "--include", "--max-time", "60"]);
    curl
}

impl Agent {
    /// Plain `curl` over TLS, with all headers of the answer.
    #[must_use]
    pub fn exchange(&self, path: &str, arguments: &[&str]) -> Exchange {
        Exchange::at(self, &format!("{}{path}", self.url()), arguments)
    }

    /// The names of all events so far, over TLS.
    #[must_use]
    pub fn events_so_far(&self) -> Vec<String> {
        // What was comes at once; then the stream waits for more, and curl gives up.
        let from_the_start = ["-H", "Last-Event-ID: 0", "--max-time", "5"];
        let token = self.authorization();
        let stream = self.exchange(
            "/v1/events",
            &[&from_the_start[..], &["-H", &token]].concat(),
        );
        assert_eq!(stream.status, 200, "{}", stream.body);
        assert_eq!(stream.header("content-type"), Some("text/event-stream"));
        let lines = stream.body.lines();
        lines
            .filter_map(|line| line.strip_prefix("event: "))
            .map(str::to_owned)
            .collect()
    }

    /// The header that carries the demo's token.
    #[must_use]
    pub fn authorization(&self) -> String {
        format!("Authorization: Bearer {}", self.token())
    }
}
