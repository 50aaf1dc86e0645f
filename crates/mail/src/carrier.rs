//! Where letters go: a mail server or a folder.

use std::fs::OpenOptions;
use std::io::Write;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::{Message, SmtpTransport, Transport};
use percent_encoding::percent_decode_str;
use url::Url;

use crate::Error;

/// How long a mail server may be silent.
const PATIENCE: Duration = Duration::from_secs(20);

const FORM: &str = "must look like smtps://user:password@mail.example.com or \
    smtp://user:password@mail.example.com:587; reserved characters of the password as %40 and the like";

/// Carries letters.
pub struct Carrier(Way);

enum Way {
    Server(Box<SmtpTransport>),
    Folder(PathBuf),
}

impl Carrier {
    /// A mail server: `smtps://` speaks TLS from the first byte (port 465), `smtp://` begins in clear
    /// and has to change to TLS (port 587) unless the server is this machine or the address ends
    /// with `?tls=none`.
    pub fn server(address: &str) -> Result<Carrier, Error> {
        let refuse = |why: &str| Error::ServerAddress(why.to_owned());
        let url = Url::parse(address).map_err(|_| refuse(FORM))?;
        let host = url.host_str().ok_or_else(|| refuse(FORM))?;
        let name = host.trim_matches(['[', ']']);
        let wants_clear = match url.query() {
            None | Some("tls=required") => false,
            Some("tls=none") => true,
            Some(_) => return Err(refuse("after the ? only tls=required or tls=none is known")),
        };
        if !matches!(url.path(), "" | "/") || url.fragment().is_some() {
            return Err(refuse(FORM));
        }
        let parameters = || TlsParameters::new(name.to_owned());
        let (tls, port) = match url.scheme() {
            "smtps" if wants_clear => return Err(refuse("smtps:// goes with no ?tls=none")),
            "smtps" => (Tls::Wrapper(parameters()?), 465),
            "smtp" if wants_clear || is_this_machine(name) => (Tls::None, 25),
            "smtp" => (Tls::Required(parameters()?), 587),
            _ => return Err(refuse(FORM)),
        };
        let mut server = SmtpTransport::builder_dangerous(name)
            .tls(tls)
            .port(url.port().unwrap_or(port))
            .timeout(Some(PATIENCE));
        if !url.username().is_empty() {
            let decoded = |text: &str| {
                let text = percent_decode_str(text).decode_utf8();
                text.map(String::from).map_err(|_| refuse(FORM))
            };
            let password = decoded(url.password().unwrap_or_default())?;
            server = server.credentials(Credentials::new(decoded(url.username())?, password));
        }
        Ok(Carrier(Way::Server(Box::new(server.build()))))
    }

    /// A folder, made when the first letter comes, that only its owner may read: letters hold links
    /// that open accounts.
    pub fn folder(folder: impl Into<PathBuf>) -> Carrier {
        Carrier(Way::Folder(folder.into()))
    }

    /// The folder that letters are written to, if that is what happens.
    pub(crate) fn outbox(&self) -> Option<&Path> {
        match &self.0 {
            Way::Server(_) => None,
            Way::Folder(folder) => Some(folder),
        }
    }

    /// Carries one letter; `name` is that of its file.
    pub(crate) fn carry(&self, message: &Message, name: &str) -> Result<(), Error> {
        match &self.0 {
            Way::Server(server) => {
                server.send(message)?;
                Ok(())
            }
            Way::Folder(folder) => {
                write(folder, name, &message.formatted()).map_err(|error| Error::Folder {
                    folder: folder.clone(),
                    error,
                })
            }
        }
    }
}

fn is_this_machine(host: &str) -> bool {
    let address = host.parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

/// Under another name first: whoever watches the folder finds whole letters only.
fn write(folder: &Path, name: &str, bytes: &[u8]) -> std::io::Result<()> {
    use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)?;
    let unfinished = folder.join(format!(".{name}.part"));
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&unfinished)?;
    file.write_all(bytes)?;
    std::fs::rename(&unfinished, folder.join(format!("{name}.eml")))
}
