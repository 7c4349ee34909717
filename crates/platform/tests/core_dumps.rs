//! In a process of its own, because what is forbidden stays so.

use platform::core_dumps;
use rustix::process::{Resource, getrlimit};

#[test]
fn after_it_is_forbidden_no_core_is_dumped() {
    core_dumps::forbid().unwrap();
    let limit = getrlimit(Resource::Core);
    assert_eq!((limit.current, limit.maximum), (Some(0), Some(0)));
    #[cfg(target_os = "linux")]
    assert_eq!(
        rustix::process::dumpable_behavior().unwrap(),
        rustix::process::DumpableBehavior::NotDumpable
    );
}
