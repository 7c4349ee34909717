//! How often the threads of a process woke, as the kernel counts it.

use std::collections::BTreeMap;
use std::fs;

/// The switches of each thread so far.
pub(crate) struct WakeUps(BTreeMap<u32, Thread>);

struct Thread {
    name: String,
    /// Each time that it fell asleep again by itself, plus each time that it was interrupted (proc(5)).
    switches: u64,
}

/// Something that an idle agent wakes for, and why.
pub(crate) struct Named {
    /// The thread's name.
    pub(crate) thread: &'static str,
    /// How often in a minute, at most.
    pub(crate) in_a_minute: u64,
    /// What for.
    pub(crate) why: &'static str,
}

impl WakeUps {
    pub(crate) fn of(pid: u32) -> Self {
        let tasks = fs::read_dir(format!("/proc/{pid}/task")).expect("the agent runs");
        let threads = tasks.map(|task| {
            let task = task.expect("a thread").path();
            let read = |name| fs::read_to_string(task.join(name)).unwrap_or_default();
            let status = read("status");
            let count = |name: &str| -> u64 {
                let line = status.lines().find_map(|line| line.strip_prefix(name));
                line.and_then(|count| count.trim().parse().ok())
                    .expect("a count of switches")
            };
            let switches = count("voluntary_ctxt_switches:") + count("nonvoluntary_ctxt_switches:");
            let id = task.file_name().and_then(|id| id.to_str()?.parse().ok());
            let name = read("comm").trim().to_owned();
            (id.expect("its id"), Thread { name, switches })
        });
        Self(threads.collect())
    }

    /// Prints what woke until `after`, and says whether all of it is named.
    pub(crate) fn judge(&self, after: &Self, minutes: u32, named: &[Named]) -> bool {
        let mut is_well = true;
        let mut total = 0;
        for (id, thread) in &after.0 {
            // A thread that is new was made by one that woke.
            let before = self.0.get(id).map_or(0, |before| before.switches);
            let woke = thread.switches - before;
            total += woke;
            let named = named.iter().find(|named| named.thread == thread.name);
            let allowed = named.map_or(0, |named| named.in_a_minute * u64::from(minutes));
            if woke > 0 {
                let why = named.map_or("NOT NAMED", |named| named.why);
                println!("  thread {} ({id}) woke {woke} times: {why}", thread.name);
            }
            is_well &= woke <= allowed;
        }
        for (id, thread) in &self.0 {
            if !after.0.contains_key(id) {
                println!("  thread {} ({id}) ended", thread.name);
                is_well = false;
            }
        }
        println!("  {total} wake-ups in {minutes} min");
        is_well
    }
}
