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
    clocks: Clocks,
}

impl WakeUps {
    pub(crate) fn new() -> io::Result<Self> {
        let flags = TimerfdFlags::CLOEXEC;
        let wake_ups = Self {
            timer: timerfd_create(TimerfdClockId::Realtime, flags)?,
            clocks: Clocks::now(),
        };
        wake_ups.arm()?;
        Ok(wake_ups)
    }

    /// Waits until the machine is awake again. A clock that was only set a little is passed over.
    pub(crate) fn next(&mut self) -> io::Result<()> {
        loop {
            self.wait_for_a_jump()?;
            let before = std::mem::replace(&mut self.clocks, Clocks::now());
            if self.clocks.tell_of_a_sleep_since(&before) {
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

/// What the clocks of the kernel say (clock_gettime(2)).
#[derive(Clone, Copy, Debug)]
struct Clocks {
    /// CLOCK_MONOTONIC, which stands still while the machine sleeps.
    awake: Duration,
    /// CLOCK_BOOTTIME, which does not.
    all: Duration,
    /// CLOCK_REALTIME, which is set after a sleep, also that of a virtual machine which the other two
    /// slept through.
    wall: Duration,
}

impl Clocks {
    fn now() -> Self {
        let [awake, all, wall] =
            [ClockId::Monotonic, ClockId::Boottime, ClockId::Realtime].map(|clock| {
                let time = clock_gettime(clock);
                let seconds = u64::try_from(time.tv_sec).unwrap_or_default();
                let nanoseconds = u64::try_from(time.tv_nsec).unwrap_or_default();
                Duration::from_secs(seconds) + Duration::from_nanos(nanoseconds)
            });
        Self { awake, all, wall }
    }

    /// Whether more time went by since `before` than the machine was awake for.
    fn tell_of_a_sleep_since(&self, before: &Self) -> bool {
        let awake = self.awake.saturating_sub(before.awake);
        let all = self.all.saturating_sub(before.all);
        let wall = self.wall.saturating_sub(before.wall);
        all.saturating_sub(awake) >= SHORTEST_SLEEP || wall.saturating_sub(awake) >= LONGEST_SETTING
    }
}

/// The clocks are read one after the other, so they differ a little without any sleep.
const SHORTEST_SLEEP: Duration = Duration::from_millis(500);
/// Further than that nobody sets a clock forward but after a sleep, or for the first time.
const LONGEST_SETTING: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use super::*;

    fn after(awake: u64, all: u64, wall: u64) -> Clocks {
        let start = 1_000_000;
        let [awake, all, wall] =
            [awake, all, wall].map(|millis| Duration::from_millis(start + millis));
        Clocks { awake, all, wall }
    }

    #[test]
    fn time_that_the_machine_was_not_awake_for_is_a_sleep() {
        let before = after(0, 0, 0);
        for (now, is_sleep) in [
            (after(5_000, 5_000, 5_000), false),
            (after(5_000, 5_001, 5_000), false),
            (after(5_000, 65_000, 65_000), true),
            (after(100, 700, 100), true),
            // A virtual machine that its host paused.
            (after(100, 100, 3_600_000), true),
            // Clocks that were set.
            (after(5_000, 5_000, 35_000), false),
            (after(5_000, 5_000, 0), false),
        ] {
            assert_eq!(now.tell_of_a_sleep_since(&before), is_sleep, "{now:?}");
        }
    }

    #[test]
    fn a_machine_that_is_awake_does_not_sleep() {
        let before = Clocks::now();
        assert!(!Clocks::now().tell_of_a_sleep_since(&before));
    }
}
