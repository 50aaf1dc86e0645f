//! Letters carried into folders and to a mail server of the test's own.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use afsa_mail::{Carrier, Error, Letter, Mailer};

fn letter(to: &str) -> Letter {
    Letter {
        to: to.into(),
        subject: "Réinitialiser — votre mot de passe".into(),
        text: "Bonjour,\n\nhttps://stats.example.com/manage/reset/confirm?token=abc_-=\n.\nfin\n"
            .into(),
        date: UNIX_EPOCH + Duration::from_secs(1_793_613_600),
        id: [0xab; 16],
    }
}

fn mailer(carrier: Carrier) -> Mailer {
    Mailer::new(
        carrier,
        "afsa <afsa@example.com>",
        Arc::new(|| Duration::ZERO),
    )
    .unwrap()
}

fn files(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

#[test]
fn a_folder_holds_whole_letters_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let outbox = folder.path().join("a/outbox");
    let mailer = mailer(Carrier::folder(&outbox));
    assert_eq!(mailer.outbox(), Some(outbox.as_path()));
    mailer.send(letter("ann@example.com")).unwrap();
    mailer.close();
    assert_eq!(mailer.trouble(), None);
    let name = format!("1793613600000-{}.eml", "ab".repeat(16));
    assert_eq!(files(&outbox), [name.as_str()]);
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&outbox), 0o700);
    assert_eq!(mode(&outbox.join(&name)), 0o600);
    let text = std::fs::read_to_string(outbox.join(&name)).unwrap();
    for line in [
        "From: afsa <afsa@example.com>",
        "To: ann@example.com",
        "Date: Mon, 02 Nov 2026 10:00:00 +0000",
        &format!("Message-ID: <{}@example.com>", "ab".repeat(16)),
        "Content-Type: text/plain; charset=utf-8",
    ] {
        assert!(text.contains(line), "{line} in {text}");
    }
    assert!(matches!(
        mailer.send(letter("ann@example.com")),
        Err(Error::Closed)
    ));
}

#[test]
fn who_is_no_address_gets_no_letter() {
    let folder = tempfile::tempdir().unwrap();
    let mailer = mailer(Carrier::folder(folder.path()));
    for to in [
        "",
        "ann",
        "ann@",
        "ann@example.com\r\nBcc: all@example.com",
        "@example.com",
    ] {
        let outcome = mailer.send(letter(to));
        assert!(
            matches!(outcome, Err(Error::Address { .. })),
            "{to:?}: {outcome:?}"
        );
        assert!(!afsa_mail::is_address(to), "{to:?}");
    }
    assert!(afsa_mail::is_address("ann.o+shop@exämple.com"));
}

#[test]
fn what_cannot_be_written_is_told_until_a_letter_was_carried() {
    let folder = tempfile::tempdir().unwrap();
    let outbox = folder.path().join("outbox");
    std::fs::write(&outbox, "in the way").unwrap();
    let mailer = mailer(Carrier::folder(&outbox));
    mailer.send(letter("ann@example.com")).unwrap();
    mailer.close();
    let trouble = mailer.trouble().unwrap();
    assert_eq!(trouble.date, letter("").date);
    assert!(trouble.what.contains("outbox"), "{}", trouble.what);
}

#[test]
fn addresses_of_servers() {
    let check = |address: &str, fits: bool| {
        let outcome = Carrier::server(address).map(|_| ());
        assert_eq!(outcome.is_ok(), fits, "{address}: {outcome:?}");
        if let Err(error) = outcome {
            assert!(!error.to_string().contains("secret"), "{error}");
        }
    };
    check("smtps://ann:secret@mail.example.com", true);
    check("smtp://ann:s%40cret@mail.example.com:2525", true);
    check("smtp://127.0.0.1:1025", true);
    check("smtp://[::1]:1025", true);
    check("smtp://mail.example.com?tls=none", true);
    check("smtp://mail.example.com?tls=perhaps", false);
    check("smtps://mail.example.com?tls=none", false);
    check("https://secret@mail.example.com", false);
    check("mail.example.com", false);
    check("smtp://mail.example.com/secret", false);
    check("smtp:secret", false);
}

/// A mail server that takes one letter, or refuses its recipient, and hands over what it was told.
fn server(refusal: Option<&'static str>) -> (String, std::thread::JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("smtp://{}", listener.local_addr().unwrap());
    let talk = move || {
        let (mut stream, _) = listener.accept().unwrap();
        let lines = BufReader::new(stream.try_clone().unwrap()).lines();
        let mut told = Vec::new();
        let mut in_data = false;
        stream.write_all(b"220 here\r\n").unwrap();
        for line in lines {
            let Ok(line) = line else { break };
            told.push(line.clone());
            let reply = match line.split(' ').next().unwrap() {
                "." if in_data => {
                    in_data = false;
                    "250 taken"
                }
                _ if in_data => continue,
                "EHLO" => "250 here",
                "RCPT" => refusal.unwrap_or("250 fine"),
                "DATA" => {
                    in_data = true;
                    "354 go on"
                }
                "QUIT" => break,
                _ => "250 fine",
            };
            stream.write_all(format!("{reply}\r\n").as_bytes()).unwrap();
        }
        told
    };
    (address, std::thread::spawn(talk))
}

#[test]
fn a_server_is_told_whom_from_and_what() {
    let (address, talk) = server(None);
    let mailer = mailer(Carrier::server(&address).unwrap());
    assert_eq!(mailer.outbox(), None);
    mailer.send(letter("ann@example.com")).unwrap();
    mailer.close();
    assert_eq!(mailer.trouble(), None);
    let told = talk.join().unwrap().join("\n");
    assert!(told.contains("MAIL FROM:<afsa@example.com>"), "{told}");
    assert!(told.contains("RCPT TO:<ann@example.com>"), "{told}");
    // A dot alone on a line doesn't end the letter.
    assert!(told.contains("fin"), "{told}");
}

#[test]
fn a_refusal_is_told_without_naming_anybody() {
    let (address, talk) = server(Some("550 5.1.1 <ann@example.com> is nobody"));
    let mailer = mailer(Carrier::server(&address).unwrap());
    mailer.send(letter("ann@example.com")).unwrap();
    mailer.close();
    let trouble = mailer.trouble().unwrap().what;
    assert!(trouble.contains("is nobody"), "{trouble}");
    assert!(!trouble.contains("ann@"), "{trouble}");
    talk.join().unwrap();
}
