//! One alarm clock: a timerfd on Linux, tokio's timer elsewhere.
#[cfg(target_os = "linux")]
pub use linux::Alarm;
#[cfg(not(target_os = "linux"))]
pub use portable::Alarm;

use loadpath_core::time::Time;

impl Alarm {
    /// Waits until `deadline`; not at all when it has passed. For one task: two would set each other's alarm.
    pub async fn until(&self, deadline: Time) {
        while self.clock().now() < deadline {
            self.set(deadline);
            self.rung().await;
        }
    }
}

#[cfg(target_os = "linux")]
mod linux {
    use crate::clock::Clock;
    use loadpath_core::time::Time;
    use rustix::time::{
        ClockId, Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, clock_gettime,
        timerfd_create, timerfd_settime,
    };
    use std::io;
    use std::os::fd::OwnedFd;
    use tokio::io::unix::AsyncFd;

    /// Rings once at the instant that was set last.
    #[derive(Debug)]
    pub struct Alarm {
        clock: Clock,
        /// What the system's clock read when ours read zero, in nanoseconds.
        zero: u64,
        file: AsyncFd<OwnedFd>,
    }

    impl Alarm {
        /// An alarm for the instants of `clock`. Must be called in a tokio runtime.
        ///
        /// # Errors
        /// When the system has no more file descriptors.
        #[allow(
            deprecated,
            reason = "`register` asks for unsafe code; an OwnedFd is what it asks to be sure of"
        )]
        pub fn new(clock: Clock) -> io::Result<Self> {
            let flags = TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC;
            let file = AsyncFd::new(timerfd_create(TimerfdClockId::Monotonic, flags)?)?;
            let system = clock_gettime(ClockId::Monotonic);
            let system_ns = system.tv_sec as u64 * 1_000_000_000 + system.tv_nsec as u64;
            Ok(Self { clock, zero: system_ns.saturating_sub(clock.now().0), file })
        }

        pub(super) const fn clock(&self) -> Clock {
            self.clock
        }

        /// Sets it to ring at `at`, and no longer at what was set before.
        pub fn set(&self, at: Time) {
            let nanos = self.zero.saturating_add(at.0).min(i64::MAX as u64);
            let value =
                Timespec { tv_sec: (nanos / 1_000_000_000) as i64, tv_nsec: (nanos % 1_000_000_000) as i64 };
            let once = Itimerspec { it_interval: Timespec { tv_sec: 0, tv_nsec: 0 }, it_value: value };
            timerfd_settime(self.file.get_ref(), TimerfdTimerFlags::ABSTIME, &once)
                .expect("the file is a timer and the time is in range");
        }

        /// Waits until it rings.
        pub async fn rung(&self) {
            let mut count = [0; 8];
            loop {
                let mut ready = self.file.readable().await.expect("the runtime runs its own tasks");
                // Reading takes the ring away; there is none when the alarm was set anew in between.
                let read = ready.try_io(|file| Ok(rustix::io::read(file.get_ref(), &mut count)?));
                if matches!(read, Ok(Ok(_))) {
                    return;
                }
            }
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod portable {
    use crate::clock::Clock;
    use loadpath_core::time::Time;
    use std::io;
    use tokio::sync::watch;

    /// Rings once at the instant that was set last, to the millisecond.
    #[derive(Debug)]
    pub struct Alarm {
        clock: Clock,
        at: watch::Sender<Time>,
    }

    impl Alarm {
        /// An alarm for the instants of `clock`.
        ///
        /// # Errors
        /// None here.
        pub fn new(clock: Clock) -> io::Result<Self> {
            Ok(Self { clock, at: watch::Sender::new(Time::NEVER) })
        }

        pub(super) const fn clock(&self) -> Clock {
            self.clock
        }

        /// Sets it to ring at `at`, and no longer at what was set before.
        pub fn set(&self, at: Time) {
            self.at.send_replace(at);
        }

        /// Waits until it rings.
        pub async fn rung(&self) {
            let mut changes = self.at.subscribe();
            loop {
                let at = *changes.borrow_and_update();
                tokio::select! {
                    () = tokio::time::sleep_until(self.clock.instant(at)) => {
                        self.at.send_if_modified(|set| *set == at && { *set = Time::NEVER; false });
                        return;
                    }
                    _ = changes.changed() => {}
                }
            }
        }
    }
}
