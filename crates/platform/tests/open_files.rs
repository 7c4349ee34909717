//! In a process of its own, because the limit is all of it.
#![cfg(unix)]

use platform::open_files;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

#[test]
fn the_soft_limit_is_raised_as_far_as_needed_and_possible_and_never_lowered() {
    let hard = getrlimit(Resource::Nofile).maximum;
    let highest = hard.unwrap_or(u64::MAX);
    let set = |current, maximum| {
        let current = Some(current);
        setrlimit(Resource::Nofile, Rlimit { current, maximum }).unwrap();
    };
    let raised = || {
        open_files::allow_enough().unwrap();
        getrlimit(Resource::Nofile).current.unwrap()
    };
    set(256, hard);
    assert_eq!(raised(), highest.min(4096));
    set(highest.min(5000), hard);
    assert_eq!(raised(), highest.min(5000));
    set(256, Some(1000));
    assert_eq!(raised(), 1000);
}
