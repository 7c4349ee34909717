//! The ends of suspensions, as the kernel's clocks tell them.

use std::io;
use std::os::fd::OwnedFd;
use std::time::Duration;

use rustix::io::Errno;
use rustix::time::{
    ClockId, Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, clock_gettime,
    timerfd_create, timerfd_settime,
};

/// A timer that the kernel cancels when its wall clock jumps, which a suspension makes it do
/// (timerfd_create(2), TFD_TIMER_CANCEL_ON_SET).
pub(crate) struct WakeUps {
    timer: OwnedFd,
    slept: Duration,
}

impl WakeUps {
    pub(crate) fn new() -> io::Result<Self> {
        let flags = TimerfdFlags::CLOEXEC;
        let wake_ups = Self {
            timer: timerfd_create(TimerfdClockId::Realtime, flags)?,
            slept: time_slept(),
        };
        wake_ups.arm()?;
        Ok(wake_ups)
    }

    /// Waits until the machine is awake again. A clock that was only set is passed over.
    pub(crate) fn next(&mut self) -> io::Result<()> {
        loop {
            self.wait_for_a_jump()?;
            let slept = time_slept();
            let since = slept.saturating_sub(self.slept);
            self.slept = slept;
            if since >= SHORTEST_SLEEP {
                return Ok(());
            }
        }
    }

    fn wait_for_a_jump(&self) -> io::Result<()> {
        let mut expirations = [0; 8];
        match rustix::io::read(&self.timer, &mut expirations) {
            Err(Errno::CANCELED) => self.arm(),
            Ok(_) => self.arm(),
            Err(Errno::INTR) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// It is to end in a time that no machine sees.
    fn arm(&self) -> io::Result<()> {
        let flags = TimerfdTimerFlags::ABSTIME | TimerfdTimerFlags::CANCEL_ON_SET;
        let never = Itimerspec {
            it_interval: Timespec::default(),
            it_value: Timespec {
                tv_sec: i64::from(u32::MAX) * 2,
                tv_nsec: 0,
            },
        };
        match timerfd_settime(&self.timer, flags, &never) {
            // The clock jumped while nobody waited: the next read says so.
            Ok(_) | Err(Errno::CANCELED) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

/// How long the machine slept since it was started: one clock goes on then, the other does not
/// (clock_gettime(2), CLOCK_BOOTTIME and CLOCK_MONOTONIC).
fn time_slept() -> Duration {
    let [awake, all] = [ClockId::Monotonic, ClockId::Boottime].map(|clock| {
        let time = clock_gettime(clock);
        let seconds = u64::try_from(time.tv_sec).unwrap_or_default();
        let nanoseconds = u64::try_from(time.tv_nsec).unwrap_or_default();
        Duration::from_secs(seconds) + Duration::from_nanos(nanoseconds)
    });
    all.saturating_sub(awake)
}

/// The two clocks are read one after the other, so they differ a little without any sleep.
const SHORTEST_SLEEP: Duration = Duration::from_millis(500);
