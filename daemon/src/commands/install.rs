//! `cpxd install`: puts in place, for this user, what makes the agent work with other programs.
//!
//! That is trust in the installation's own certification authority, the browsers' knowledge of the native host, and
//! on Linux what starts the agent with a session; each is opt-in.

use anyhow::Context as _;
use daemon_api::{TlsIdentity, TrustedAuthority};
use platform::instance::{InstanceError, InstanceLock};
use platform::paths::AgentPaths;
use platform::trust_stores::{TrustAnchor, TrustStore, TrustStoreError};
use serde::Serialize;
use serde_json::json;
use texts::InstallTexts;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

#[cfg(target_os = "linux")]
use super::autostart::{self, StartReport};
use super::language;
#[cfg(target_os = "linux")]
use super::module_places::{self, ModuleReport};
use super::native_messaging::{self, HostManifests, HostReport};
use super::store_report::{
    StoreReport, StoreState, chosen_stores, incomplete, missing_stores, remind_of_open_browsers,
};
use crate::command_line::{Common, InstallOptions, StoreName};
use crate::refusal::Refusal;
use crate::{screen, state_format, trust_record};

pub(crate) fn run(options: &InstallOptions, common: &Common) -> anyhow::Result<()> {
    let stores = chosen_stores(&options.store);
    #[cfg(target_os = "linux")]
    if options.autostart {
        return start_with_the_session(common);
    }
    #[cfg(target_os = "linux")]
    if options.pkcs11 {
        return tell_of_the_module(common);
    }
    if options.native_messaging {
        tell_browsers(common)
    } else if options.trust {
        trust(&stores, &options.store, common)
    } else {
        show(&stores, &options.store, common)
    }
}

/// Tells each browser of the native host.
fn tell_browsers(common: &Common) -> anyhow::Result<()> {
    let host = HostManifests::of_this_installation()?;
    let reports = host.tell();
    if !common.json {
        let texts = InstallTexts::new(language());
        native_messaging::print(&texts.where_hosts_go(), &reports)?;
    }
    if reports.iter().any(HostReport::is_failed) {
        let refusal = Refusal::own("install-incomplete", |_| {
            InstallTexts::new(language()).hosts_incomplete()
        });
        return Err(refusal.into());
    }
    if common.json {
        screen::json(&json!({ "nativeMessaging": reports }))
    } else {
        screen::line(&InstallTexts::new(language()).restart_browsers())
    }
}

/// Has the sessions of this user start the agent.
#[cfg(target_os = "linux")]
fn start_with_the_session(common: &Common) -> anyhow::Result<()> {
    let texts = InstallTexts::new(language());
    let reports = autostart::add()?;
    if !common.json {
        autostart::print(&texts.where_start_goes(), &reports)?;
    }
    if reports.iter().any(StartReport::is_failed) {
        let refusal = Refusal::own("install-incomplete", |_| texts.start_incomplete());
        return Err(refusal.with_field("autostart", json!(reports)).into());
    }
    if common.json {
        return screen::json(&json!({ "autostart": reports }));
    }
    if reports.iter().any(StartReport::is_new) {
        screen::line(&texts.start_at_next_session())?;
    }
    Ok(())
}

/// Tells browsers and p11-kit of the PKCS#11 module, and people how others are told.
#[cfg(target_os = "linux")]
fn tell_of_the_module(common: &Common) -> anyhow::Result<()> {
    let texts = InstallTexts::new(language());
    let module = module_places::module()?;
    let reports = module_places::tell(&module);
    let module = module.display().to_string();
    if !common.json {
        module_places::print(&texts.where_modules_go(), &reports)?;
        if reports
            .iter()
            .any(ModuleReport::is_of_a_browser_that_was_told)
        {
            screen::line(&texts.restart_browsers())?;
        }
        screen::line(&texts.module_for_others(&module))?;
    }
    if reports.iter().any(ModuleReport::is_failed) {
        let refusal = Refusal::own("install-incomplete", |_| texts.modules_incomplete());
        let refusal = refusal.with_field("pkcs11", json!(reports));
        return Err(refusal.with_field("module", json!(module)).into());
    }
    if common.json {
        return screen::json(&json!({ "pkcs11": reports, "module": module }));
    }
    Ok(())
}

/// What `--json` prints.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Installed {
    /// Whether trust was asked for; nothing was changed where it was not.
    trust: bool,
    authority: Option<AuthorityBody>,
    stores: Vec<StoreReport>,
    /// What each browser knows of the native host.
    native_messaging: Vec<HostReport>,
    /// What starts the agent with a session.
    #[cfg(target_os = "linux")]
    autostart: Vec<StartReport>,
    /// What programs know of the PKCS#11 module.
    #[cfg(target_os = "linux")]
    pkcs11: Vec<ModuleReport>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct AuthorityBody {
    ca_file: String,
    sha256: String,
    not_after: String,
}

/// The authority with what stores and people need of it.
struct Authority {
    anchor: TrustAnchor,
    body: AuthorityBody,
}

impl Authority {
    fn of(authority: &TrustedAuthority, paths: &AgentPaths) -> anyhow::Result<Self> {
        let anchor = TrustAnchor::from_pem(&authority.pem).context("reading the authority")?;
        let body = AuthorityBody {
            ca_file: paths.ca_file().display().to_string(),
            sha256: anchor.fingerprint(),
            not_after: authority.ends.format(&Rfc3339)?,
        };
        Ok(Self { anchor, body })
    }
}

/// Says what would be put where, and changes nothing.
fn show(stores: &[TrustStore], names: &[StoreName], common: &Common) -> anyhow::Result<()> {
    let paths = AgentPaths::find(common.state_dir.as_deref())?;
    let authority = TrustedAuthority::read(&paths)?;
    let authority = authority
        .map(|authority| Authority::of(&authority, &paths))
        .transpose()?;
    let anchors: Vec<TrustAnchor> = authority.iter().map(|found| found.anchor.clone()).collect();
    let reports = states(stores, &anchors, &paths);
    let body = authority.map(|authority| authority.body);
    let hosts = native_messaging::states();
    if common.json {
        return screen::json(&Installed {
            trust: false,
            authority: body,
            stores: reports,
            native_messaging: hosts,
            #[cfg(target_os = "linux")]
            autostart: autostart::states()?,
            #[cfg(target_os = "linux")]
            pkcs11: module_places::states(),
        });
    }
    let texts = InstallTexts::new(language());
    print_authority(body.as_ref(), &paths, texts)?;
    print_stores(&texts.where_it_would_go(), &reports)?;
    missing_stores(names, stores)
        .iter()
        .try_for_each(|sentence| screen::line(sentence))?;
    native_messaging::print(&texts.where_hosts_would_go(), &hosts)?;
    #[cfg(target_os = "linux")]
    autostart::print(&texts.where_start_would_go(), &autostart::states()?)?;
    #[cfg(target_os = "linux")]
    module_places::print(&texts.where_modules_would_go(), &module_places::states())?;
    screen::line(&texts.trust_is_opt_in(&paths.ca_file().display().to_string()))
}

/// Puts the authority into each store, and takes former ones of this installation out.
fn trust(stores: &[TrustStore], names: &[StoreName], common: &Common) -> anyhow::Result<()> {
    // Nothing is made for stores that are not there.
    state_format::check(&AgentPaths::find(common.state_dir.as_deref())?)?;
    let missing = missing_stores(names, stores);
    if stores.is_empty() {
        let refusal = Refusal::own("store-missing", |_| missing.join(" "));
        return Err(refusal.into());
    }
    let paths = AgentPaths::resolve(common.state_dir.as_deref())?;
    let authority = Authority::of(&authority_of(&paths)?, &paths)?;
    let texts = InstallTexts::new(language());
    let anchors = [authority.anchor.clone()];
    if !common.json {
        print_authority(Some(&authority.body), &paths, texts)?;
        let before = states(stores, &anchors, &paths);
        print_stores(&texts.where_it_goes(), &before)?;
        missing
            .iter()
            .try_for_each(|sentence| screen::line(sentence))?;
    }
    let reports = put(&authority.anchor, stores, names.is_empty(), &paths)?;
    if !common.json {
        screen::line("")?;
        for report in &reports {
            report.print()?;
        }
    }
    // An administrator's part is no failure, unless it was all that was asked for.
    let is_any_done = reports.iter().any(is_done);
    let is_short = |state| {
        state == StoreState::Failed || (state == StoreState::NeedsAdministrator && !is_any_done)
    };
    if let Some(refusal) = incomplete(&reports, is_short)? {
        return Err(refusal.into());
    }
    if common.json {
        return screen::json(&Installed {
            trust: true,
            authority: Some(authority.body),
            stores: reports,
            native_messaging: native_messaging::states(),
            #[cfg(target_os = "linux")]
            autostart: autostart::states()?,
            #[cfg(target_os = "linux")]
            pkcs11: module_places::states(),
        });
    }
    remind_of_open_browsers(&reports)
}

/// What came of [`trust_once`].
pub(crate) enum Trust {
    /// This authority was put into stores before, or somebody said no to it then.
    AsBefore,
    /// Every store trusts it.
    Everywhere,
    /// These stores do not.
    Short(String),
}

/// Puts the authority into each store of this user's own, if that was never tried: whoever says no when the
/// system asks is not asked at each start.
pub(crate) fn trust_once(paths: &AgentPaths) -> anyhow::Result<Trust> {
    let authority = TrustedAuthority::read(paths)?;
    let authority = authority.context("there is no authority yet")?;
    let anchor = TrustAnchor::from_pem(&authority.pem).context("reading the authority")?;
    if trust_record::read(paths)?.contains(&anchor) {
        return Ok(Trust::AsBefore);
    }
    let mut stores = chosen_stores(&[]);
    stores.retain(TrustStore::is_of_one_user);
    let reports = put(&anchor, &stores, false, paths)?;
    let short: Vec<_> = reports.iter().filter(|report| !is_done(report)).collect();
    if short.is_empty() {
        return Ok(Trust::Everywhere);
    }
    Ok(Trust::Short(serde_json::to_string(&short)?))
}

/// The list is written before a store is changed, and again without former authorities once no store
/// can have one.
fn put(
    current: &TrustAnchor,
    stores: &[TrustStore],
    are_all: bool,
    paths: &AgentPaths,
) -> anyhow::Result<Vec<StoreReport>> {
    let mut former = trust_record::read(paths)?;
    former.retain(|anchor| anchor != current);
    let current_alone = std::slice::from_ref(current);
    trust_record::write(paths, &[current_alone, &former].concat())?;
    let reports: Vec<StoreReport> = stores
        .iter()
        .map(|store| {
            let outcome = replace(store, &former, current);
            StoreReport::of(store, outcome, &paths.ca_file(), added)
        })
        .collect();
    if are_all && reports.iter().all(is_done) {
        trust_record::write(paths, current_alone)?;
    }
    Ok(reports)
}

fn is_done(report: &StoreReport) -> bool {
    !matches!(
        report.state(),
        StoreState::Failed | StoreState::NeedsAdministrator
    )
}

fn added(is_new: bool) -> StoreState {
    if is_new {
        StoreState::Added
    } else {
        StoreState::Kept
    }
}

/// The new one first, so that nobody is without both.
fn replace(
    store: &TrustStore,
    former: &[TrustAnchor],
    current: &TrustAnchor,
) -> Result<bool, TrustStoreError> {
    let is_new = store.add(current)?;
    for anchor in former {
        store.remove(anchor)?;
    }
    Ok(is_new)
}

/// The authority of this installation, made where there is none or it is about to end. The agent
/// that runs has made it already.
fn authority_of(paths: &AgentPaths) -> anyhow::Result<TrustedAuthority> {
    match InstanceLock::acquire(&paths.lock_file()) {
        Ok(_lock) => {
            TlsIdentity::load_or_make(paths, OffsetDateTime::now_utc())?;
        }
        Err(InstanceError::AlreadyRunning { .. }) => {}
        Err(error) => return Err(error.into()),
    }
    TrustedAuthority::read(paths)?.context("the agent is just starting: try again in a moment")
}

fn states(stores: &[TrustStore], anchors: &[TrustAnchor], paths: &AgentPaths) -> Vec<StoreReport> {
    let before = |store| StoreReport::before(store, anchors, &paths.ca_file());
    stores.iter().map(before).collect()
}

fn print_authority(
    authority: Option<&AuthorityBody>,
    paths: &AgentPaths,
    texts: InstallTexts,
) -> anyhow::Result<()> {
    screen::line(&texts.authority(&paths.ca_file().display().to_string()))?;
    match authority {
        Some(authority) => {
            let (day, _) = authority.not_after.split_once('T').unwrap_or_default();
            screen::line(&format!("  {}", texts.fingerprint(&authority.sha256)))?;
            screen::line(&format!("  {}", texts.until(day)))?;
        }
        None => screen::line(&format!("  {}", texts.authority_to_come()))?,
    }
    screen::line(&format!("  {}", texts.loopback_only()))
}

fn print_stores(heading: &str, reports: &[StoreReport]) -> anyhow::Result<()> {
    if reports.is_empty() {
        return Ok(());
    }
    screen::line(heading)?;
    reports.iter().try_for_each(StoreReport::print)
}
