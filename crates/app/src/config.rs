//! Configuration: flags, then environment, then a TOML file, then defaults.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use afsa_accounts::oauth::{ClientKind, RedirectAddress};
use afsa_mail::Carrier;
use afsa_manage::SignUp;
use clap::{Args, ValueEnum};
use serde::Deserialize;

/// Megabyte, as memory is told.
const MEGABYTE: usize = 1 << 20;

/// What can be said on the command line or in the environment. Anything left out comes from the
/// file, then from [`Config::default`].
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Settings")]
pub struct ConfigFlags {
    /// TOML file with any of these settings, by the same names with underscores.
    #[arg(long, global = true, env = "AFSA_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Folder that holds everything that is stored.
    #[arg(long, global = true, env = "AFSA_DATA_DIR", value_name = "FOLDER")]
    pub data_dir: Option<PathBuf>,
    /// Address and port to listen on; port 0 takes a free one.
    #[arg(long, global = true, env = "AFSA_LISTEN", value_name = "ADDRESS:PORT")]
    pub listen: Option<SocketAddr>,
    /// Address by which browsers and clients reach this server, if it isn't the one listened on.
    #[arg(long, global = true, env = "AFSA_PUBLIC_URL", value_name = "URL")]
    pub public_url: Option<String>,
    /// Proxies (addresses or networks) whose X-Forwarded-For is believed; may be given repeatedly.
    #[arg(
        long,
        env = "AFSA_TRUSTED_PROXIES",
        value_name = "NETWORK",
        value_delimiter = ','
    )]
    pub trusted_proxies: Option<Vec<String>>,
    /// A city database (mmdb) in place of the country database that comes with the program.
    #[arg(long, global = true, env = "AFSA_PLACE_DATABASE", value_name = "FILE")]
    pub place_database: Option<PathBuf>,
    /// Megabytes of memory that stored columns may take while questions are answered.
    #[arg(
        long,
        global = true,
        env = "AFSA_MEMORY_MEGABYTES",
        value_name = "MEGABYTES"
    )]
    pub memory_megabytes: Option<usize>,
    /// Requests that one credential may make within a minute.
    #[arg(
        long,
        global = true,
        env = "AFSA_REQUESTS_PER_MINUTE",
        value_name = "REQUESTS"
    )]
    pub requests_per_minute: Option<u32>,
    /// Requests that may come from one address (of IPv6, one network of 64 bits) within a minute;
    /// five times those of a credential if left out.
    #[arg(
        long,
        global = true,
        env = "AFSA_REQUESTS_PER_MINUTE_OF_ADDRESS",
        value_name = "REQUESTS"
    )]
    pub requests_per_minute_of_address: Option<u32>,
    /// Requests that all credentials of one account may make within a minute; ten times those of
    /// a credential if left out.
    #[arg(
        long,
        global = true,
        env = "AFSA_REQUESTS_PER_MINUTE_OF_ACCOUNT",
        value_name = "REQUESTS"
    )]
    pub requests_per_minute_of_account: Option<u32>,
    /// Requests without a valid credential that may come from one address within a minute.
    #[arg(
        long,
        global = true,
        env = "AFSA_FAILURES_PER_MINUTE",
        value_name = "REQUESTS"
    )]
    pub failures_per_minute: Option<u32>,
    /// Largest import that is taken over HTTP, in megabytes as sent.
    #[arg(
        long,
        global = true,
        env = "AFSA_IMPORT_MEGABYTES",
        value_name = "MEGABYTES"
    )]
    pub import_megabytes: Option<u64>,
    /// Connections that may be open at a time.
    #[arg(
        long,
        global = true,
        env = "AFSA_CONNECTIONS",
        value_name = "CONNECTIONS"
    )]
    pub connections: Option<usize>,
    /// Seconds that a client may take to send the head of a request or its body, or take nothing of
    /// an answer, before its connection is closed.
    #[arg(
        long,
        global = true,
        env = "AFSA_PATIENCE_SECONDS",
        value_name = "SECONDS"
    )]
    pub patience_seconds: Option<u64>,
    /// Number of the account that everybody may look at with the demonstration's token.
    #[arg(long, global = true, env = "AFSA_DEMO_ACCOUNT", value_name = "NUMBER")]
    pub demo_account: Option<u32>,
    /// What shop plug-ins show as key or access token for the demonstration. `afsa demo` needs no
    /// number beside it.
    #[arg(long, global = true, env = "AFSA_DEMO_TOKEN", value_name = "TEXT")]
    pub demo_token: Option<String>,
    /// What plug-ins call the demonstration in place of its number.
    #[arg(
        long,
        global = true,
        env = "AFSA_DEMO_WORDS",
        value_name = "WORDS",
        value_delimiter = ','
    )]
    pub demo_words: Option<Vec<String>>,
    /// Who may make himself a person of this installation: open, invitation or off.
    #[arg(long, global = true, env = "AFSA_SIGN_UP", value_name = "RULE")]
    pub sign_up: Option<String>,
    /// Mail server, as in smtps://user:password@mail.example.com; without one, letters are written
    /// into the folder `outbox` of the data folder.
    #[arg(
        long,
        global = true,
        env = "AFSA_SMTP_URL",
        value_name = "URL",
        hide_env_values = true
    )]
    pub smtp_url: Option<String>,
    /// Sender of letters, as in "Statistics <afsa@example.com>".
    #[arg(long, global = true, env = "AFSA_MAIL_FROM", value_name = "ADDRESS")]
    pub mail_from: Option<String>,
    /// How log lines are written.
    #[arg(long, global = true, env = "AFSA_LOG_FORMAT", value_name = "FORMAT")]
    pub log_format: Option<LogFormat>,
    /// Which log lines are written: error, warn, info, debug, or a filter such as `info,afsa=debug`.
    #[arg(long, global = true, env = "AFSA_LOG_LEVEL", value_name = "FILTER")]
    pub log_level: Option<String>,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    Text,
    Json,
}

/// The same, from a file.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct ConfigFile {
    data_dir: Option<PathBuf>,
    listen: Option<SocketAddr>,
    public_url: Option<String>,
    trusted_proxies: Option<Vec<String>>,
    place_database: Option<PathBuf>,
    memory_megabytes: Option<usize>,
    requests_per_minute: Option<u32>,
    requests_per_minute_of_address: Option<u32>,
    requests_per_minute_of_account: Option<u32>,
    failures_per_minute: Option<u32>,
    import_megabytes: Option<u64>,
    connections: Option<usize>,
    patience_seconds: Option<u64>,
    demo_account: Option<u32>,
    demo_token: Option<String>,
    demo_words: Option<Vec<String>>,
    sign_up: Option<String>,
    smtp_url: Option<String>,
    mail_from: Option<String>,
    log_format: Option<LogFormat>,
    log_level: Option<String>,
}

/// What is in force.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    pub data_dir: PathBuf,
    pub listen: SocketAddr,
    pub public_url: Option<String>,
    pub trusted_proxies: Vec<String>,
    pub place_database: Option<PathBuf>,
    pub memory_megabytes: usize,
    pub requests_per_minute: u32,
    pub requests_per_minute_of_address: u32,
    pub requests_per_minute_of_account: u32,
    pub failures_per_minute: u32,
    pub import_megabytes: u64,
    pub connections: usize,
    pub patience_seconds: u64,
    pub demo_account: Option<u32>,
    pub demo_token: Option<String>,
    pub demo_words: Vec<String>,
    /// One of [`SignUp`]'s words.
    pub sign_up: String,
    pub smtp_url: Option<String>,
    pub mail_from: Option<String>,
    pub log_format: LogFormat,
    pub log_level: String,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            data_dir: PathBuf::from("afsa-data"),
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            public_url: None,
            trusted_proxies: Vec::new(),
            place_database: None,
            memory_megabytes: 1_500,
            requests_per_minute: 1_200,
            requests_per_minute_of_address: 6_000,
            requests_per_minute_of_account: 12_000,
            failures_per_minute: 60,
            import_megabytes: 4_096,
            connections: 4_096,
            patience_seconds: 30,
            demo_account: None,
            demo_token: None,
            demo_words: vec!["WPDEMO".to_owned(), "PSHOPDEMO".to_owned()],
            sign_up: SignUp::default().name().to_owned(),
            smtp_url: None,
            mail_from: None,
            log_format: LogFormat::Text,
            log_level: "info".to_owned(),
        }
    }
}

/// A setting that can't be used, and what would do.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("the configuration file {path} can't be read: {error}")]
    Unreadable { path: String, error: std::io::Error },
    #[error("the configuration file {path} isn't right: {problem}")]
    Malformed { path: String, problem: String },
    #[error("{setting}: {problem}")]
    Value {
        setting: &'static str,
        problem: String,
    },
}

impl Config {
    /// Puts flags and environment (which clap has merged) over the file over the defaults.
    pub fn resolve(flags: &ConfigFlags) -> Result<Config, ConfigError> {
        let file = match &flags.config {
            Some(path) => read_file(path)?,
            None => ConfigFile::default(),
        };
        let default = Config::default();
        let flags = flags.clone();
        let requests_per_minute = flags
            .requests_per_minute
            .or(file.requests_per_minute)
            .unwrap_or(default.requests_per_minute);
        let config = Config {
            data_dir: flags.data_dir.or(file.data_dir).unwrap_or(default.data_dir),
            listen: flags.listen.or(file.listen).unwrap_or(default.listen),
            public_url: flags.public_url.or(file.public_url),
            trusted_proxies: flags
                .trusted_proxies
                .or(file.trusted_proxies)
                .unwrap_or(default.trusted_proxies),
            place_database: flags.place_database.or(file.place_database),
            memory_megabytes: flags
                .memory_megabytes
                .or(file.memory_megabytes)
                .unwrap_or(default.memory_megabytes),
            requests_per_minute,
            requests_per_minute_of_address: flags
                .requests_per_minute_of_address
                .or(file.requests_per_minute_of_address)
                .unwrap_or(requests_per_minute.saturating_mul(5)),
            requests_per_minute_of_account: flags
                .requests_per_minute_of_account
                .or(file.requests_per_minute_of_account)
                .unwrap_or(requests_per_minute.saturating_mul(10)),
            failures_per_minute: flags
                .failures_per_minute
                .or(file.failures_per_minute)
                .unwrap_or(default.failures_per_minute),
            import_megabytes: flags
                .import_megabytes
                .or(file.import_megabytes)
                .unwrap_or(default.import_megabytes),
            connections: flags
                .connections
                .or(file.connections)
                .unwrap_or(default.connections),
            patience_seconds: flags
                .patience_seconds
                .or(file.patience_seconds)
                .unwrap_or(default.patience_seconds),
            demo_account: flags.demo_account.or(file.demo_account),
            demo_token: flags.demo_token.or(file.demo_token),
            demo_words: flags
                .demo_words
                .or(file.demo_words)
                .unwrap_or(default.demo_words),
            sign_up: flags.sign_up.or(file.sign_up).unwrap_or(default.sign_up),
            smtp_url: flags.smtp_url.or(file.smtp_url),
            mail_from: flags.mail_from.or(file.mail_from),
            log_format: flags
                .log_format
                .or(file.log_format)
                .unwrap_or(default.log_format),
            log_level: flags
                .log_level
                .or(file.log_level)
                .unwrap_or(default.log_level),
        };
        config.check()?;
        Ok(config)
    }

    /// The bound on memory in bytes.
    pub fn memory_bytes(&self) -> usize {
        self.memory_megabytes.saturating_mul(MEGABYTE)
    }

    /// How long a client may be silent.
    pub fn patience(&self) -> Duration {
        Duration::from_secs(self.patience_seconds)
    }

    /// What may be asked for within a minute.
    fn rates(&self) -> [(&'static str, u32); 4] {
        [
            ("requests_per_minute", self.requests_per_minute),
            (
                "requests_per_minute_of_address",
                self.requests_per_minute_of_address,
            ),
            (
                "requests_per_minute_of_account",
                self.requests_per_minute_of_account,
            ),
            ("failures_per_minute", self.failures_per_minute),
        ]
    }

    /// The account that everybody may look at, where there shall be one.
    pub fn demo(&self) -> Option<afsa_http::Demo> {
        let account = self.demo_account.map(afsa_model::AccountId)?;
        Some(afsa_http::Demo {
            account,
            words: self.demo_words.clone(),
            token: self.demo_token.clone()?,
        })
    }

    fn check_demo(&self) -> Result<(), ConfigError> {
        let refuse = |setting, problem: &str| {
            let problem = problem.to_owned();
            Err(ConfigError::Value { setting, problem })
        };
        if self.demo_account.is_some() && self.demo_token.is_none() {
            return refuse("demo_token", "is needed where there is a demo_account");
        }
        if self.demo_account == Some(0) {
            return refuse("demo_account", "numbers of accounts begin at 1");
        }
        let is_plain = |text: &String| text.bytes().all(|byte| byte.is_ascii_graphic());
        if let Some(token) = &self.demo_token
            && !((8..=200).contains(&token.len()) && is_plain(token))
        {
            return refuse("demo_token", "must be 8 to 200 letters, digits and signs");
        }
        // What could be a number would hide an account.
        let is_word =
            |word: &String| is_plain(word) && word.bytes().any(|byte| byte.is_ascii_alphabetic());
        if !self.demo_words.iter().all(is_word) {
            return refuse(
                "demo_words",
                "must be words with a letter in them, such as WPDEMO",
            );
        }
        Ok(())
    }

    /// Who may sign up.
    pub fn sign_up(&self) -> SignUp {
        self.sign_up.parse().unwrap_or_default()
    }

    /// What carries letters: the mail server, or the folder where there is none.
    pub fn carrier(&self) -> Result<Carrier, ConfigError> {
        let Some(url) = &self.smtp_url else {
            return Ok(Carrier::folder(self.data_dir.join("outbox")));
        };
        Carrier::server(url).map_err(|error| ConfigError::Value {
            setting: "smtp_url",
            problem: error.to_string(),
        })
    }

    /// Who letters are from.
    pub fn mail_from(&self) -> &str {
        self.mail_from.as_deref().unwrap_or("afsa <afsa@localhost>")
    }

    /// Where browsers and clients reach the server that listens there, as browsers write an origin:
    /// what they send is compared with it. Who listens on every address is reached on this machine
    /// by its own.
    pub fn address(&self, listened: SocketAddr) -> String {
        if let Some(url) = &self.public_url {
            let address = RedirectAddress::parse(url, ClientKind::Plugin);
            return address.map_or_else(|_| url.clone(), |address| address.origin());
        }
        let ip = match listened.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
            IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
            ip => ip,
        };
        format!("http://{}", SocketAddr::new(ip, listened.port()))
    }

    fn check(&self) -> Result<(), ConfigError> {
        let refuse = |setting, problem: String| Err(ConfigError::Value { setting, problem });
        if self.data_dir.as_os_str().is_empty() {
            return refuse("data_dir", "a folder must be named".to_owned());
        }
        if self.data_dir.exists() && !self.data_dir.is_dir() {
            return refuse(
                "data_dir",
                format!("{} is no folder", self.data_dir.display()),
            );
        }
        if let Some(url) = &self.public_url
            && !is_root_of_host(url)
        {
            return refuse(
                "public_url",
                format!(
                    "{url:?} must be http:// or https://, a host and a port if any, as in \
                     https://stats.example.com: pages need a host of their own, not a path of another"
                ),
            );
        }
        if let Some(path) = &self.place_database
            && !path.is_file()
        {
            return refuse("place_database", format!("{} is no file", path.display()));
        }
        if !(64..=1_048_576).contains(&self.memory_megabytes) {
            return refuse(
                "memory_megabytes",
                format!("{} is outside of 64 to 1048576", self.memory_megabytes),
            );
        }
        for (setting, requests) in self.rates() {
            if requests == 0 {
                return refuse(setting, "must be at least 1".to_owned());
            }
        }
        if self.import_megabytes == 0 {
            return refuse("import_megabytes", "must be at least 1".to_owned());
        }
        if self.connections == 0 {
            return refuse("connections", "must be at least 1".to_owned());
        }
        if !(1..=3_600).contains(&self.patience_seconds) {
            return refuse(
                "patience_seconds",
                format!("{} is outside of 1 to 3600", self.patience_seconds),
            );
        }
        self.check_demo()?;
        if self.sign_up.parse::<SignUp>().is_err() {
            let known = SignUp::ALL.map(SignUp::name).join(", ");
            return refuse("sign_up", format!("{:?} is none of {known}", self.sign_up));
        }
        self.carrier()?;
        if !afsa_mail::is_sender(self.mail_from()) {
            return refuse(
                "mail_from",
                format!(
                    "{:?} is no sender, such as \"Statistics <afsa@example.com>\"",
                    self.mail_from()
                ),
            );
        }
        if self.smtp_url.is_some() && self.mail_from.is_none() {
            return refuse(
                "mail_from",
                "a sender must be named where there is a mail server".to_owned(),
            );
        }
        for network in &self.trusted_proxies {
            if !is_network(network) {
                return refuse(
                    "trusted_proxies",
                    format!(
                        "{network:?} is no address or network, such as 127.0.0.1 or 10.0.0.0/8"
                    ),
                );
            }
        }
        // A word that is no level would be taken for the name of a module that logs nothing.
        let is_level = ["off", "error", "warn", "info", "debug", "trace"]
            .iter()
            .any(|level| self.log_level.eq_ignore_ascii_case(level));
        if !is_level && !self.log_level.contains('=') {
            return refuse(
                "log_level",
                format!(
                    "{:?} is none of off, error, warn, info, debug, trace, nor a filter such as \
                     info,afsa_http=debug",
                    self.log_level
                ),
            );
        }
        if let Err(error) = tracing_subscriber::EnvFilter::try_new(&self.log_level) {
            return refuse("log_level", format!("{:?}: {error}", self.log_level));
        }
        Ok(())
    }
}

/// The address of a mail server without the password, and whether it has one.
fn without_password(url: &str) -> (String, bool) {
    let found = url.split_once("://").and_then(|(scheme, rest)| {
        let (login, host) = rest.rsplit_once('@')?;
        let (user, _) = login.split_once(':')?;
        Some(format!("{scheme}://{user}:…@{host}"))
    });
    let has_password = found.is_some();
    (found.unwrap_or_else(|| url.to_owned()), has_password)
}

/// Whether an address is of a host, and of nothing within or behind it.
fn is_root_of_host(url: &str) -> bool {
    // Shops are reached by both schemes, too.
    let address = RedirectAddress::parse(url, ClientKind::Plugin);
    let is_root = |address: RedirectAddress| address.place() == format!("{}/", address.origin());
    (url.starts_with("http://") || url.starts_with("https://"))
        && !url.contains('?')
        && address.is_ok_and(is_root)
}

fn is_network(text: &str) -> bool {
    let (address, length) = match text.split_once('/') {
        Some((address, length)) => (address, Some(length)),
        None => (text, None),
    };
    let Ok(address) = address.parse::<std::net::IpAddr>() else {
        return false;
    };
    let longest = if address.is_ipv4() { 32 } else { 128 };
    length.is_none_or(|length| length.parse::<u8>().is_ok_and(|length| length <= longest))
}

fn read_file(path: &Path) -> Result<ConfigFile, ConfigError> {
    let shown = path.display().to_string();
    let text = std::fs::read_to_string(path).map_err(|error| ConfigError::Unreadable {
        path: shown.clone(),
        error,
    })?;
    toml::from_str(&text).map_err(|error| ConfigError::Malformed {
        path: shown,
        problem: error.to_string().trim_end().to_owned(),
    })
}

impl fmt::Display for Config {
    /// As a TOML file that says the same.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let quoted = |text: &str| toml::Value::String(text.to_owned()).to_string();
        let path = |path: &Path| quoted(&path.to_string_lossy());
        writeln!(formatter, "data_dir = {}", path(&self.data_dir))?;
        writeln!(formatter, "listen = {}", quoted(&self.listen.to_string()))?;
        match &self.public_url {
            Some(url) => writeln!(formatter, "public_url = {}", quoted(url))?,
            None => writeln!(formatter, "# public_url = \"https://stats.example.com\"")?,
        }
        let proxies: Vec<String> = self
            .trusted_proxies
            .iter()
            .map(|text| quoted(text))
            .collect();
        writeln!(formatter, "trusted_proxies = [{}]", proxies.join(", "))?;
        match &self.place_database {
            Some(file) => writeln!(formatter, "place_database = {}", path(file))?,
            None => writeln!(formatter, "# place_database = \"city.mmdb\"")?,
        }
        writeln!(formatter, "memory_megabytes = {}", self.memory_megabytes)?;
        for (setting, requests) in self.rates() {
            writeln!(formatter, "{setting} = {requests}")?;
        }
        writeln!(formatter, "import_megabytes = {}", self.import_megabytes)?;
        writeln!(formatter, "connections = {}", self.connections)?;
        writeln!(formatter, "patience_seconds = {}", self.patience_seconds)?;
        match self.demo_account {
            Some(number) => writeln!(formatter, "demo_account = {number}")?,
            None => writeln!(formatter, "# demo_account = 1")?,
        }
        match &self.demo_token {
            Some(token) => writeln!(formatter, "demo_token = {}", quoted(token))?,
            None => writeln!(formatter, "# demo_token = \"a text that is no secret\"")?,
        }
        let words: Vec<String> = self.demo_words.iter().map(|word| quoted(word)).collect();
        writeln!(formatter, "demo_words = [{}]", words.join(", "))?;
        writeln!(formatter, "sign_up = {}", quoted(&self.sign_up))?;
        match self.smtp_url.as_deref().map(without_password) {
            Some((url, false)) => writeln!(formatter, "smtp_url = {}", quoted(&url))?,
            // What is printed is read by more people than the configuration is.
            Some((url, true)) => writeln!(
                formatter,
                "# smtp_url = {}, with a password that isn't shown",
                quoted(&url)
            )?,
            None => writeln!(
                formatter,
                "# smtp_url = \"smtps://user:password@mail.example.com\""
            )?,
        }
        match &self.mail_from {
            Some(sender) => writeln!(formatter, "mail_from = {}", quoted(sender))?,
            None => writeln!(formatter, "# mail_from = \"Statistics <afsa@example.com>\"")?,
        }
        let log_format = match self.log_format {
            LogFormat::Text => "text",
            LogFormat::Json => "json",
        };
        writeln!(formatter, "log_format = {}", quoted(log_format))?;
        writeln!(formatter, "log_level = {}", quoted(&self.log_level))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_reads_back_the_same() {
        let config = Config {
            public_url: Some("https://stats.example.com".to_owned()),
            trusted_proxies: vec!["127.0.0.1".to_owned(), "10.0.0.0/8".to_owned()],
            demo_account: Some(3),
            demo_token: Some("shown \"to\" all".replace(' ', "-")),
            sign_up: "open".to_owned(),
            smtp_url: Some("smtps://mail.example.com".to_owned()),
            mail_from: Some("Statistics <afsa@example.com>".to_owned()),
            log_format: LogFormat::Json,
            ..Config::default()
        };
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("afsa.toml");
        std::fs::write(&path, config.to_string()).unwrap();
        let flags = ConfigFlags {
            config: Some(path.clone()),
            ..ConfigFlags::default()
        };
        assert_eq!(Config::resolve(&flags).unwrap(), config);
        let over = ConfigFlags {
            memory_megabytes: Some(99),
            ..flags
        };
        assert_eq!(
            Config::resolve(&over).unwrap().memory_megabytes,
            99,
            "flags go first"
        );
    }

    #[test]
    fn wrong_values_are_named() {
        let check = |text: &str, expect: &str| {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("afsa.toml");
            std::fs::write(&path, text).unwrap();
            let flags = ConfigFlags {
                config: Some(path),
                ..ConfigFlags::default()
            };
            let message = Config::resolve(&flags).unwrap_err().to_string();
            assert!(message.contains(expect), "{text}: {message}");
        };
        check("listen = 'here'", "listen");
        check("lisen = '127.0.0.1:1'", "lisen");
        check("memory_megabytes = 3", "outside of 64");
        check("trusted_proxies = ['10.0.0.0/64']", "no address or network");
        for wrong in [
            "stats.example.com",
            "HTTPS://stats.example.com",
            "https://",
            "https://example.com/stats",
            "https://example.com//",
            "https://example.com?x",
            "https://example.com#x",
            "https://ann@example.com",
            "https://example.com:0",
            "https://exämple.com",
            "https://[::1",
            "https://a b",
        ] {
            check(&format!("public_url = '{wrong}'"), "a host of their own");
        }
        check("log_level = 'a=b=c'", "log_level");
        check("log_level = 'zz'", "none of off, error");
        check("requests_per_minute = 0", "at least 1");
        check("failures_per_minute = 0", "failures_per_minute: must be");
        check("connections = 0", "at least 1");
        check("patience_seconds = 0", "outside of 1");
        check("place_database = 'missing.mmdb'", "no file");
        check("log_format = 'xml'", "log_format");
        check("demo_account = 1", "demo_token: is needed");
        check(
            "demo_account = 0\ndemo_token = 'shown-to-all'",
            "begin at 1",
        );
        check("demo_token = 'short'", "8 to 200");
        check("demo_token = 'two words here'", "8 to 200");
        check("demo_words = ['7']", "a letter in them");
        check("sign_up = 'sometimes'", "open, invitation, off");
        check("mail_from = 'nobody'", "no sender");
        check("smtp_url = 'smtp://mail.example.com'", "mail_from");
        check("smtp_url = 'mail.example.com'", "smtps://");
    }

    #[test]
    fn where_the_server_is_reached() {
        let check = |public_url: Option<&str>, listened: &str, expect: &str| {
            let config = Config {
                public_url: public_url.map(str::to_owned),
                ..Config::default()
            };
            config.check().unwrap();
            assert_eq!(config.address(listened.parse().unwrap()), expect);
        };
        check(None, "127.0.0.1:8080", "http://127.0.0.1:8080");
        check(None, "[2001:db8::1]:80", "http://[2001:db8::1]:80");
        check(None, "0.0.0.0:8080", "http://127.0.0.1:8080");
        check(None, "[::]:8080", "http://[::1]:8080");
        for public in [
            "https://stats.example.com",
            "https://stats.example.com/",
            "https://Stats.Example.com:443",
        ] {
            check(Some(public), "0.0.0.0:8080", "https://stats.example.com");
        }
        check(Some("http://[::1]:81"), "[::]:80", "http://[::1]:81");
    }

    #[test]
    fn a_password_is_not_printed() {
        let config = Config {
            smtp_url: Some("smtps://ann:p%40ss@mail.example.com:465".to_owned()),
            ..Config::default()
        };
        let printed = config.to_string();
        assert!(printed.contains("ann:…@mail.example.com:465"), "{printed}");
        assert!(!printed.contains("p%40ss"), "{printed}");
    }
}
