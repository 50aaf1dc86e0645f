//! `afsa serve`.

use std::collections::HashMap;
use std::io::Write;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use afsa_http::{ConnectionLimits, Limits, RatePolicy, Services};
use afsa_ingest::Collector;
use afsa_mail::Mailer;
use afsa_manage::Pages;
use afsa_model::{AccountId, AccountSettings, DAY, Timestamp};
use afsa_store::Store;

use super::CommandError;
use crate::collector::IngestCollector;
use crate::config::Config;
use crate::instance::Instance;

/// How often it is looked whether another process has changed settings.
const FOLLOWING: Duration = Duration::from_millis(500);
/// How often what is in memory is looked at, to be written to segments.
const MAINTENANCE: Duration = Duration::from_secs(5);
/// File descriptors that are kept for the store: segments that are read, the log, SQLite.
const DESCRIPTORS_OF_STORE: usize = 256;
/// How long requests under way may take to end after the signal to stop.
const DRAINING: Duration = Duration::from_secs(8);

pub fn run(config: &Config, out: &mut dyn Write) -> Result<(), CommandError> {
    let instance = Instance::open(config)?;
    serve(instance, config, out, |_, _| Ok(()))
}

/// Serves until SIGTERM or SIGINT. `greet` is told the address once it is listened on.
pub fn serve(
    instance: Instance,
    config: &Config,
    out: &mut dyn Write,
    greet: impl FnOnce(&str, &mut dyn Write) -> std::io::Result<()>,
) -> Result<(), CommandError> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let instance = Arc::new(instance);
    let collector = collector(&instance);
    let mailer = Arc::new(mailer(&instance, config)?);
    let connections = connection_limits(config);
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind(config.listen)
            .await
            .map_err(|error| CommandError::File {
                what: format!("can't listen on {}", config.listen),
                error,
            })?;
        let listened = listener.local_addr()?;
        let address = config.address(listened);
        if listened.ip().is_unspecified() && config.public_url.is_none() {
            tracing::warn!(
                address,
                "links in letters lead to this machine: say with public_url where others reach it"
            );
        }
        let router = afsa_http::router(Services {
            pages: pages(&instance, &mailer, &address, config),
            ..services(&instance, &collector, config, &address)
        });
        // Nobody is there yet: whoever reads what is printed may become the owner.
        let setup = super::people::setup_link(&instance.accounts, &address)?;
        // Whoever reads the address may ask for the end at once.
        let asked_to_stop = stop_signal()?;
        // From here on nobody has to be reading: a server whose printed lines go nowhere serves.
        let told = writeln!(
            out,
            "afsa {} listens on {address}",
            env!("CARGO_PKG_VERSION")
        )
        .and_then(|()| match &setup {
            Some(link) => writeln!(
                out,
                "\nNobody can sign in yet. Open this within a day to become the owner:\n\n    {link}\n"
            ),
            None => Ok(()),
        })
        .and_then(|()| greet(&address, out))
        .and_then(|()| out.flush());
        if let Err(error) = told {
            tracing::warn!(%error, "the greeting could not be printed");
        }
        let maintenance = tokio::spawn(maintain(instance.clone()));
        let following = tokio::spawn(follow_settings(instance.clone()));
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let server = afsa_http::serve(listener, router, connections, async move {
            asked_to_stop.await;
            tracing::info!("stopping: requests under way are answered first");
            let _ = stop.send(());
        });
        let drained = async {
            // Connections that stay open without a request don't hold up the end for ever.
            let _ = stopped.await;
            tokio::time::sleep(DRAINING).await;
        };
        tokio::select! {
            () = server => {}
            () = drained => tracing::warn!("some connections were still open"),
        }
        collector.is_open.store(false, Ordering::Relaxed);
        maintenance.abort();
        following.abort();
        Ok::<(), CommandError>(())
    })?;
    // Blocking work that nobody waits for any more must not hold up the end.
    runtime.shutdown_timeout(Duration::from_secs(1));
    mailer.close();
    instance.close()?;
    tracing::info!("stopped");
    Ok(())
}

/// Whoever takes hits for the routes.
pub fn collector(instance: &Instance) -> Arc<IngestCollector> {
    Arc::new(IngestCollector {
        accounts: instance.directory.clone(),
        live: Collector::new(
            instance.pipeline.clone(),
            instance.store.clone(),
            instance.clock.clone(),
        ),
        imports: instance.imports.clone(),
        note_hits: instance.note_hits.clone(),
        is_open: AtomicBool::new(true),
    })
}

/// What the routes stand on.
pub fn services(
    instance: &Arc<Instance>,
    collector: &Arc<IngestCollector>,
    config: &Config,
    public_url: &str,
) -> Services {
    let proxies: Vec<String> = config.trusted_proxies.clone();
    let (rules, _) = afsa_enrich::AccountRules::new(&afsa_model::AccountSettings {
        excluded_addresses: proxies
            .iter()
            .map(|network| network.as_str().into())
            .collect(),
        ..afsa_model::AccountSettings::default()
    });
    Services {
        accounts: instance.accounts.clone(),
        store: instance.store.clone(),
        collector: collector.clone(),
        clock: instance.outside.clock.clone(),
        randomness: instance.outside.randomness.clone(),
        is_trusted_proxy: Arc::new(move |address: IpAddr| rules.is_own(Some(address), None)),
        limits: Limits {
            requests: Some(RatePolicy::a_minute(config.requests_per_minute)),
            addresses: Some(RatePolicy::a_minute(config.requests_per_minute_of_address)),
            accounts: Some(RatePolicy::a_minute(config.requests_per_minute_of_account)),
            failures: Some(RatePolicy::a_minute(config.failures_per_minute)),
            body_time: config.patience(),
            import_bytes: config.import_megabytes.saturating_mul(1 << 20),
            ..Limits::default()
        },
        pages: axum::Router::new(),
        demo: config.demo(),
        public_url: public_url.to_owned(),
    }
}

fn mailer(instance: &Instance, config: &Config) -> Result<Mailer, CommandError> {
    let clock = instance.outside.clock.clone();
    let elapsed = Arc::new(move || clock.elapsed());
    Mailer::new(config.carrier()?, config.mail_from(), elapsed)
        .map_err(|error| CommandError::Other(format!("letters can't be sent: {error}")))
}

fn pages(
    instance: &Instance,
    mailer: &Arc<Mailer>,
    address: &str,
    config: &Config,
) -> axum::Router {
    afsa_manage::router(Pages {
        accounts: instance.accounts.clone(),
        mailer: mailer.clone(),
        clock: instance.outside.clock.clone(),
        randomness: instance.outside.randomness.clone(),
        address: address.to_owned(),
        sign_up: config.sign_up(),
    })
}

/// As many connections as are configured, or as many as the system has file descriptors for beside
/// the store's.
fn connection_limits(config: &Config) -> ConnectionLimits {
    let room = descriptors().saturating_sub(DESCRIPTORS_OF_STORE).max(16);
    if room < config.connections {
        tracing::warn!(
            room,
            asked = config.connections,
            "fewer connections than configured: the limit of open files (ulimit -n) is too low"
        );
    }
    ConnectionLimits {
        most: config.connections.min(room),
        patience: config.patience(),
    }
}

/// File descriptors that the process may have, after asking for all that it may ask for.
fn descriptors() -> usize {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        maximum: limit.maximum,
    };
    let current = match setrlimit(Resource::Nofile, raised) {
        Ok(()) => limit.maximum,
        Err(_) => limit.current,
    };
    current.map_or(usize::MAX, |count| {
        usize::try_from(count).unwrap_or(usize::MAX)
    })
}

/// Resolves at SIGTERM or SIGINT, from the moment that this returns on.
fn stop_signal() -> std::io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// Tells the store what another process has changed of the settings and of the rates that they are
/// read with. Everything else of an account
/// is read from its file whenever it is needed.
async fn follow_settings(instance: Arc<Instance>) {
    let mut known = Known::default();
    loop {
        tokio::time::sleep(FOLLOWING).await;
        let instance = instance.clone();
        let work = tokio::task::spawn_blocking(move || {
            let outcome = known.follow(&instance);
            (known, outcome)
        });
        match work.await {
            Ok((next, outcome)) => {
                known = next;
                if let Err(error) = outcome {
                    tracing::error!(%error, "settings could not be read");
                }
            }
            Err(error) => {
                tracing::error!(%error, "following settings ended unexpectedly");
                return;
            }
        }
    }
}

/// The settings that the store was told last.
#[derive(Default)]
struct Known {
    version: Option<i64>,
    settings: HashMap<AccountId, AccountSettings>,
}

impl Known {
    fn follow(&mut self, instance: &Instance) -> Result<(), CommandError> {
        // Asked before reading: what changes meanwhile is seen the next time.
        let version = instance.accounts.version()?;
        if instance.rates.tell(&instance.accounts)? {
            self.version = None;
        }
        if self.version == Some(version) {
            return Ok(());
        }
        for account in instance.accounts.accounts()? {
            if self.settings.get(&account.id) != Some(&account.settings) {
                instance.store.configure(account.id, &account.settings);
                self.settings.insert(account.id, account.settings);
            }
        }
        self.version = Some(version);
        Ok(())
    }
}

/// What has to be done now and then, for as long as the server runs.
async fn maintain(instance: Arc<Instance>) {
    let mut retention_day = None;
    loop {
        tokio::time::sleep(MAINTENANCE).await;
        let today = instance.clock.now().0.div_euclid(DAY);
        let is_new_day = retention_day.replace(today) != Some(today);
        let instance = instance.clone();
        let work = tokio::task::spawn_blocking(move || maintain_once(&instance, is_new_day));
        if let Err(error) = work.await {
            tracing::error!(%error, "maintenance ended unexpectedly");
        }
    }
}

fn maintain_once(instance: &Instance, is_new_day: bool) {
    let report = |what: &str, outcome: Result<(), CommandError>| {
        if let Err(error) = outcome {
            tracing::error!(%error, "{what}");
        }
    };
    report(
        "segments could not be written",
        instance.store.maintain().map_err(Into::into),
    );
    report(
        "uses of keys and hits taken could not be written",
        instance
            .accounts
            .write_notes(instance.clock.now())
            .map_err(Into::into),
    );
    if is_new_day {
        report(
            "old keys could not be destroyed",
            instance.keyring.destroy_old().map_err(Into::into),
        );
        report(
            "ended grants of apps could not be forgotten",
            instance
                .accounts
                .forget_ended_grants(instance.clock.now())
                .map_err(Into::into),
        );
        report("old hits could not be removed", remove_old(instance));
    }
}

/// Removes what is older than each account keeps.
fn remove_old(instance: &Instance) -> Result<(), CommandError> {
    let now = instance.clock.now();
    for account in instance.accounts.accounts()? {
        if let Some(months) = account.settings.retention_months {
            remove_older_than(instance, account.id, months, now)?;
        }
    }
    Ok(())
}

fn remove_older_than(
    instance: &Instance,
    account: AccountId,
    months: u32,
    now: Timestamp,
) -> Result<(), CommandError> {
    // Months of 30.4375 days: a retention is an upper bound of what is kept, told in months.
    let milliseconds = (f64::from(months) * 30.4375 * DAY as f64) as i64;
    instance
        .store
        .remove_before(account, now.plus(-milliseconds))?;
    Ok(())
}
