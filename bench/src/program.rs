//! The program under measurement, as processes of its own.

use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::Arguments;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

pub struct Program(PathBuf);

impl Program {
    pub fn find(arguments: &Arguments) -> Result<Program> {
        let path = match &arguments.program {
            Some(path) => path.clone(),
            None => std::env::current_exe()?.with_file_name("afsa"),
        };
        if !path.is_file() {
            return Err(format!(
                "{} is not built: cargo build --release -p afsa",
                path.display()
            )
            .into());
        }
        Ok(Program(path))
    }

    /// Makes account 1 and gives a key for it.
    pub fn create_account(&self, data: &Path) -> Result<String> {
        self.run(
            data,
            &[
                "accounts",
                "create",
                "--name",
                "Bench",
                "--url",
                "https://shop.example.com/",
                "--timezone",
                "Europe/Paris",
            ],
        )?;
        let printed = self.run(
            data,
            &["keys", "create", "--account", "1", "--name", "bench"],
        )?;
        let key = printed
            .split_whitespace()
            .find(|word| word.starts_with("1-"));
        Ok(key.ok_or("no key was printed")?.to_owned())
    }

    pub fn import(&self, data: &Path, file: &Path) -> Result<()> {
        let file = file.to_string_lossy();
        self.run(data, &["import", "--account", "1", &file])?;
        Ok(())
    }

    pub fn serve(&self, data: &Path) -> Result<Server> {
        let mut child = Command::new(&self.0)
            .args([
                "serve",
                "--listen",
                "127.0.0.1:0",
                "--requests-per-minute",
                "1000000",
                "--data-dir",
            ])
            .arg(data)
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()?;
        let stdout = child.stdout.take().ok_or("no output")?;
        let mut server = Server {
            child,
            address: String::new(),
        };
        for line in BufReader::new(stdout).lines() {
            let line = line?;
            if let Some(at) = line.find("http://") {
                server.address = line[at..]
                    .split_whitespace()
                    .next()
                    .unwrap_or("")
                    .to_owned();
                return Ok(server);
            }
        }
        Err("the server ended without telling its address".into())
    }

    fn run(&self, data: &Path, arguments: &[&str]) -> Result<String> {
        let output = Command::new(&self.0)
            .args(arguments)
            .arg("--data-dir")
            .arg(data)
            .stderr(Stdio::inherit())
            .output()?;
        if !output.status.success() {
            return Err(format!("afsa {} failed", arguments.join(" ")).into());
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }
}

/// A running server; ends with this value.
pub struct Server {
    child: Child,
    pub address: String,
}

impl Server {
    pub fn resident_megabytes(&self) -> io::Result<f64> {
        self.status("VmRSS:")
    }

    pub fn peak_megabytes(&self) -> io::Result<f64> {
        self.status("VmHWM:")
    }

    fn status(&self, field: &str) -> io::Result<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let kilobytes = status
            .lines()
            .find_map(|line| line.strip_prefix(field))
            .and_then(|rest| rest.split_whitespace().next())
            .and_then(|number| number.parse::<f64>().ok());
        Ok(kilobytes.unwrap_or(f64::NAN) / 1_024.0)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Bytes of all files below a folder.
pub fn folder_bytes(folder: &Path) -> io::Result<u64> {
    let mut bytes = 0;
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let metadata = entry.metadata()?;
        bytes += if metadata.is_dir() {
            folder_bytes(&entry.path())?
        } else {
            metadata.len()
        };
    }
    Ok(bytes)
}
