//! `cpxd service`: what the service manager of Windows runs. It starts one agent in the session of each
//! user, keeps it running, and ends it with the session. It holds no card and listens on nothing.

mod supervisor;

use std::ffi::OsString;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use anyhow::Context as _;
use platform::event_log::{EventLevel, write};
use windows_service::service::{
    PowerEventParam, ServiceControl, ServiceControlAccept, ServiceExitCode, ServiceState,
    ServiceStatus, ServiceType, SessionChangeReason,
};
use windows_service::service_control_handler::{
    ServiceControlHandlerResult, ServiceStatusHandle, register,
};
use windows_service::{define_windows_service, service_dispatcher};

use supervisor::{News, Supervisor};

/// Its name, for the service manager.
const NAME: &str = "cpxd";

/// `cpxd service`.
pub(crate) fn run() -> anyhow::Result<()> {
    service_dispatcher::start(NAME, ffi_service_main)
        .context("the service manager of Windows starts this; people start cpxd run")
}

define_windows_service!(ffi_service_main, service_main);

fn service_main(_arguments: Vec<OsString>) {
    if let Err(error) = serve() {
        write(EventLevel::Error, FAILED, &format!("{error:#}"));
    }
}

fn serve() -> anyhow::Result<()> {
    let (teller, news) = channel();
    let (handler, manager) = (teller.clone(), Arc::new(OnceLock::new()));
    let its_manager = Arc::clone(&manager);
    let status = register(NAME, move |control| {
        told(&handler, its_manager.get().copied(), control)
    })?;
    // Nobody else sets it.
    let _ = manager.set(status);
    tell(status, ServiceState::StartPending, STARTING)?;
    let supervisor = Supervisor::new(teller)?;
    tell(status, ServiceState::Running, Duration::ZERO)?;
    write(EventLevel::Information, STARTED, "The service has started.");
    supervisor.run(&news);
    write(EventLevel::Information, STOPPED, "The service has stopped.");
    tell(status, ServiceState::Stopped, Duration::ZERO)
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "Windows has many more controls and changes of a session than matter here"
)]
fn told(
    teller: &Sender<News>,
    manager: Option<ServiceStatusHandle>,
    control: ServiceControl,
) -> ServiceControlHandlerResult {
    let news = match control {
        ServiceControl::Interrogate => return ServiceControlHandlerResult::NoError,
        ServiceControl::Stop | ServiceControl::Shutdown | ServiceControl::Preshutdown => {
            // Before the answer to the control: an installer that reads "running" after it does not wait, and finds
            // the programs in use.
            let _ = manager.map(|manager| tell(manager, ServiceState::StopPending, STOPPING));
            News::Stop
        }
        ServiceControl::SessionChange(change) => {
            let session = change.notification.session_id;
            match change.reason {
                SessionChangeReason::SessionLogoff => News::LoggedOff(session),
                _ => News::Look,
            }
        }
        ServiceControl::PowerEvent(PowerEventParam::ResumeAutomatic) => News::Look,
        ServiceControl::PowerEvent(_) => return ServiceControlHandlerResult::NoError,
        _ => return ServiceControlHandlerResult::NotImplemented,
    };
    // A service that has ended is told nothing more.
    let _ = teller.send(news);
    ServiceControlHandlerResult::NoError
}

fn tell(status: ServiceStatusHandle, state: ServiceState, wait: Duration) -> anyhow::Result<()> {
    let controls_accepted = if state == ServiceState::Running {
        ServiceControlAccept::STOP
            | ServiceControlAccept::SHUTDOWN
            | ServiceControlAccept::SESSION_CHANGE
            | ServiceControlAccept::POWER_EVENT
    } else {
        ServiceControlAccept::empty()
    };
    let told = status.set_service_status(ServiceStatus {
        service_type: ServiceType::OWN_PROCESS,
        current_state: state,
        controls_accepted,
        exit_code: ServiceExitCode::Win32(0),
        checkpoint: 0,
        wait_hint: wait,
        process_id: None,
    });
    told.context("telling the service manager")
}

const STARTING: Duration = Duration::from_secs(10);
/// Longer than an agent has to end.
const STOPPING: Duration = Duration::from_secs(20);

/// Numbers of events, which administrators filter by.
const STARTED: u32 = 1;
const STOPPED: u32 = 2;
const AGENT_STARTED: u32 = 10;
const AGENT_ENDED: u32 = 11;
const AGENT_NOT_STARTED: u32 = 12;
/// The agent itself says this, and the supervisor waits for somebody to mend it.
pub(crate) const CONFIGURATION_UNUSABLE: u32 = 20;
const FAILED: u32 = 90;
