//! The binary as a process of its own, with a folder that goes when it does.

use std::io::{BufRead, BufReader, Lines, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

/// An empty data folder and what can be done with it.
pub struct Program {
    folder: tempfile::TempDir,
}

impl Program {
    pub fn new() -> Program {
        Program {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub fn data(&self) -> PathBuf {
        self.folder().join("data")
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_afsa"));
        command
            .args(arguments)
            .env("AFSA_DATA_DIR", self.data())
            .env_remove("AFSA_CONFIG");
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Runs what must succeed and gives what it printed.
    pub fn say(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(
            output.status.success(),
            "afsa {}: {}{}",
            arguments.join(" "),
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).unwrap()
    }

    /// Makes the next account and a key with every scope for it.
    pub fn account(&self, more: &[&str]) -> (String, String) {
        let mut arguments = vec![
            "accounts",
            "create",
            "--name",
            "Shop",
            "--url",
            "https://shop.example.com/",
        ];
        arguments.extend(more);
        let number = self.say(&arguments).trim().to_owned();
        let key = self.say(&["keys", "create", "--account", &number, "--name", "test"]);
        (number, key.trim().to_owned())
    }

    pub fn serve(&self) -> Server {
        self.serve_with(&[])
    }

    /// With more flags.
    pub fn serve_with(&self, flags: &[&str]) -> Server {
        let mut arguments = vec!["serve", "--requests-per-minute", "1000000"];
        arguments.extend(flags);
        self.start(&arguments).0
    }

    /// A server with a small demonstration, and its key.
    pub fn demo(&self) -> (Server, String) {
        let (server, lines) = self.start(&["demo", "--visits", "500"]);
        let key = lines.map_while(Result::ok).find_map(|line| {
            let text = line.trim();
            text.starts_with("1-").then(|| text.to_owned())
        });
        (server, key.unwrap())
    }

    /// A server where nobody is yet, and the link by which its owner comes.
    pub fn first_run(&self) -> (Server, String) {
        let (server, mut lines) = self.start(&["serve"]);
        let link = lines.find_map(|line| {
            let line = line.unwrap();
            let at = line.find("http://")?;
            Some(line[at..].split_whitespace().next()?.to_owned())
        });
        (server, link.expect("the server told no link"))
    }

    /// What it prints after its address is left to the caller.
    fn start(&self, arguments: &[&str]) -> (Server, Lines<BufReader<ChildStdout>>) {
        let mut child = self
            .command(arguments)
            .args(["--listen", "127.0.0.1:0"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let address = loop {
            let line = lines
                .next()
                .expect("the server ended without telling its address")
                .unwrap();
            if let Some(at) = line.find("http://") {
                break line[at..].split_whitespace().next().unwrap().to_owned();
            }
        };
        (Server { child, address }, lines)
    }
}

/// A running server; killed with this value unless it was stopped before.
pub struct Server {
    pub child: Child,
    pub address: String,
}

impl Server {
    /// Ends it without any chance to tidy up.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Asks it to end, as a service manager does, and waits.
    pub fn stop(self) -> std::process::ExitStatus {
        self.ask_to_stop();
        self.wait()
    }

    pub fn ask_to_stop(&self) {
        let stopped = Command::new("kill")
            .arg(self.child.id().to_string())
            .status()
            .unwrap();
        assert!(stopped.success());
    }

    /// Waits until it has ended by itself.
    pub fn wait(mut self) -> std::process::ExitStatus {
        let started = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(
                started.elapsed() < Duration::from_secs(20),
                "it doesn't stop"
            );
            std::thread::park_timeout(Duration::from_millis(5));
        }
    }

    pub fn get(&self, key: &str, path: &str) -> Value {
        let (status, body) = self.request(key, "GET", path, None);
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    /// Status and JSON body.
    pub fn request(
        &self,
        key: &str,
        method: &str,
        path: &str,
        body: Option<&Value>,
    ) -> (u16, Value) {
        self.try_request(key, method, path, body).unwrap()
    }

    pub fn try_request(
        &self,
        key: &str,
        method: &str,
        path: &str,
        body: Option<&Value>,
    ) -> Result<(u16, Value), ureq::Error> {
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(60)))
            .build()
            .into();
        let url = format!("{}{path}", self.address);
        let authorization = format!("Bearer {key}");
        let mut response = match (method, body) {
            ("POST", Some(body)) => agent
                .post(&url)
                .header("Authorization", &authorization)
                .send_json(body)?,
            ("PUT", Some(body)) => agent
                .put(&url)
                .header("Authorization", &authorization)
                .send_json(body)?,
            ("PATCH", Some(body)) => agent
                .patch(&url)
                .header("Authorization", &authorization)
                .send_json(body)?,
            ("DELETE", _) => agent
                .delete(&url)
                .header("Authorization", &authorization)
                .call()?,
            _ => agent
                .get(&url)
                .header("Authorization", &authorization)
                .call()?,
        };
        let text = response
            .body_mut()
            .with_config()
            .limit(256 << 20)
            .read_to_string()?;
        let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        Ok((response.status().as_u16(), body))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Says aloud that something could not be tested.
pub fn skip(why: &str) {
    let _ = writeln!(std::io::stderr(), "SKIPPED: {why}");
}
