//! Sessions over time, and between callers.

use super::*;
use daemon_types::{GrantId, Origin, Site};
use proptest::prelude::*;
use time::macros::datetime;

const CLOCK: OffsetDateTime = datetime!(2026-11-28 08:00 UTC);
const MINUTE: Duration = Duration::from_secs(60);

fn card(stay: u32) -> SessionCard<u32> {
    SessionCard {
        id: CardId("c".into()),
        stay,
    }
}

fn site(origin: &str) -> CallerKey {
    CallerKey::Site(Site {
        origin: Origin::parse(origin).unwrap(),
        top_origin: None,
    })
}

fn owner() -> CallerKey {
    site("https://service.example")
}

fn id(name: &str) -> SessionId {
    SessionId(name.into())
}

fn add(
    sessions: &mut Sessions<u32>,
    name: &str,
    owner: CallerKey,
    now: Instant,
) -> Result<(), OperationError> {
    sessions.begin(id(name), owner.clone(), card(1))?;
    sessions.open(&id(name), &owner, (now, CLOCK))
}

fn with_one(start: Instant) -> Sessions<u32> {
    let mut sessions = Sessions::new(SessionLimits::DEFAULT);
    add(&mut sessions, "a", owner(), start).unwrap();
    sessions
}

fn code_and_reason(error: &OperationError) -> (ErrorCode, Option<Reason>) {
    (error.code, error.reason)
}

#[test]
fn a_session_is_its_callers_alone() {
    let start = Instant::now();
    let mut sessions = with_one(start);
    assert!(sessions.get(&id("a"), &owner(), start).is_ok());
    for other in [
        site("https://other.example"),
        CallerKey::DemoToken,
        CallerKey::Program(GrantId("p".into())),
    ] {
        let got = sessions.get(&id("a"), &other, start).unwrap_err();
        assert_eq!(got.code, ErrorCode::NotFound);
        let used = sessions.begin_use(&id("a"), &other, None, start);
        assert_eq!(used.unwrap_err().code, ErrorCode::NotFound);
    }
}

#[test]
fn a_session_is_bound_to_one_stay_of_one_card() {
    let start = Instant::now();
    let mut sessions = with_one(start);
    let mut used =
        |card: &SessionCard<u32>| sessions.begin_use(&id("a"), &owner(), Some(card), start);
    assert!(used(&card(1)).is_ok());
    assert_eq!(used(&card(2)).unwrap_err().code, ErrorCode::NotFound);
}

#[test]
fn each_use_puts_inactivity_off_and_nothing_puts_age_off() {
    let start = Instant::now();
    let mut sessions = with_one(start);
    let mut now = start;
    let ended = loop {
        now += 14 * MINUTE;
        let closed = sessions.close_overdue(now);
        if let [closed] = &closed[..] {
            break closed.end;
        }
        sessions.begin_use(&id("a"), &owner(), None, now).unwrap();
        sessions.end_use(&id("a"), now);
    };
    assert_eq!(ended, SessionEnd::Age);
    assert!(now - start >= 4 * 60 * MINUTE && now - start < 4 * 60 * MINUTE + 14 * MINUTE);
}

#[test]
fn a_caller_may_have_its_session_end_sooner_until_the_next_use_and_never_later() {
    let start = Instant::now();
    let seconds = |seconds| start + Duration::from_secs(seconds);
    let ten_seconds = Some(Duration::from_secs(10));
    let mut sessions = with_one(start);
    let touched = sessions.touch(&id("a"), &owner(), ten_seconds, start);
    assert_eq!(touched.unwrap().idle_end, CLOCK + Duration::from_secs(10));
    assert_eq!(sessions.next_deadline(), Some(seconds(10)));
    let touched = sessions.touch(&id("a"), &owner(), None, seconds(9));
    assert!(touched.is_ok());
    assert_eq!(sessions.close_overdue(seconds(19)), []);
    let _ = sessions.touch(&id("a"), &owner(), ten_seconds, seconds(20));
    sessions
        .begin_use(&id("a"), &owner(), None, seconds(21))
        .unwrap();
    sessions.end_use(&id("a"), seconds(22));
    assert_eq!(sessions.close_overdue(seconds(40)), []);
    let _ = sessions.touch(&id("a"), &owner(), Some(60 * MINUTE), seconds(41));
    assert_eq!(sessions.next_deadline(), Some(seconds(41) + 15 * MINUTE));
    let _ = sessions.touch(&id("a"), &owner(), ten_seconds, seconds(50));
    let closed = sessions.close_overdue(seconds(60));
    assert_eq!(closed.first().unwrap().end, SessionEnd::Inactivity);
}

#[test]
fn nobody_is_inactive_while_the_holder_thinks() {
    let start = Instant::now();
    let mut sessions = with_one(start);
    sessions.begin_use(&id("a"), &owner(), None, start).unwrap();
    let later = start + 20 * MINUTE;
    assert!(sessions.close_overdue(later).is_empty());
    assert_eq!(sessions.next_deadline(), Some(start + 240 * MINUTE));
    sessions.end_use(&id("a"), later);
    assert!(sessions.close_overdue(later + 14 * MINUTE).is_empty());
    let closed = sessions.close_overdue(later + 15 * MINUTE);
    assert_eq!(closed[0].end, SessionEnd::Inactivity);
}

#[test]
fn who_comes_back_is_told_why_it_ended() {
    let start = Instant::now();
    for end in SessionEnd::ALL {
        let mut sessions = with_one(start);
        sessions.close(|_, _, _| Some(*end));
        let error = sessions.get(&id("a"), &owner(), start).unwrap_err();
        assert_eq!(
            code_and_reason(&error),
            code_and_reason(&session_closed(*end))
        );
        assert_eq!(error.code, ErrorCode::SessionClosed);
        let other = sessions.get(&id("a"), &site("https://other.example"), start);
        assert_eq!(other.unwrap_err().code, ErrorCode::NotFound);
    }
}

#[test]
fn what_is_not_open_yet_serves_nobody_and_ends_like_the_others() {
    let start = Instant::now();
    let mut sessions = Sessions::new(SessionLimits::DEFAULT);
    sessions.begin(id("a"), owner(), card(1)).unwrap();
    let got = sessions.get(&id("a"), &owner(), start).unwrap_err();
    assert_eq!(got.code, ErrorCode::NotFound);
    assert!(sessions.begin_use(&id("a"), &owner(), None, start).is_err());
    assert!(sessions.list(None, start).next().is_none());
    assert_eq!(sessions.next_deadline(), None);
    let closed = sessions.close(|_, _, _| Some(SessionEnd::GrantRevoked));
    assert!(!closed[0].was_open);
    let opened = sessions.open(&id("a"), &owner(), (start, CLOCK));
    assert_eq!(
        code_and_reason(&opened.unwrap_err()),
        (ErrorCode::SessionClosed, Some(Reason::SessionGrantRevoked))
    );
}

#[test]
fn one_that_nothing_came_of_leaves_its_place() {
    let mut sessions = Sessions::new(SessionLimits::DEFAULT);
    for _ in 0..100 {
        sessions.begin(id("a"), owner(), card(1)).unwrap();
        sessions.abandon(&id("a"));
    }
    let mut sessions = with_one(Instant::now());
    sessions.abandon(&id("a"));
    assert!(sessions.get(&id("a"), &owner(), Instant::now()).is_ok());
}

#[test]
fn after_the_end_of_all_none_is_begun() {
    let mut sessions = with_one(Instant::now());
    assert_eq!(sessions.shut(SessionEnd::AgentStopped).len(), 1);
    let begun = sessions.begin(id("b"), owner(), card(1));
    assert_eq!(
        code_and_reason(&begun.unwrap_err()),
        (ErrorCode::SessionClosed, Some(Reason::SessionAgentStopped))
    );
}

#[test]
fn one_that_is_overdue_is_over_before_anybody_closes_it() {
    let start = Instant::now();
    let mut sessions = with_one(start);
    let late = start + 15 * MINUTE;
    for told in [
        sessions.get(&id("a"), &owner(), late).map(drop),
        sessions.begin_use(&id("a"), &owner(), None, late),
    ] {
        assert_eq!(told.unwrap_err().reason, Some(Reason::SessionInactivity));
    }
    assert_eq!(sessions.close_overdue(late).len(), 1);
}

#[test]
fn no_caller_opens_sessions_without_end() {
    let start = Instant::now();
    let mut sessions = Sessions::new(SessionLimits::DEFAULT);
    let mut open = |name: String, owner: CallerKey| add(&mut sessions, &name, owner, start).is_ok();
    let of_one = (0..20).filter(|number| open(format!("a{number}"), owner()));
    assert_eq!(of_one.count(), Sessions::<u32>::MOST_OF_ONE);
    let of_many = (0..200).filter(|number| {
        let grant = GrantId(number.to_string());
        open(format!("b{number}"), CallerKey::Program(grant))
    });
    assert_eq!(
        of_many.count(),
        Sessions::<u32>::MOST - Sessions::<u32>::MOST_OF_ONE
    );
}

#[test]
fn the_times_that_a_caller_sees_are_those_that_hold() {
    let start = Instant::now();
    let mut sessions = with_one(start);
    let seen = sessions.get(&id("a"), &owner(), start).unwrap();
    assert_eq!(seen.idle_end, datetime!(2026-11-28 08:15 UTC));
    assert_eq!(seen.end, datetime!(2026-11-28 12:00 UTC));
    let mut late = start;
    while late < start + 230 * MINUTE {
        late += 10 * MINUTE;
        sessions.begin_use(&id("a"), &owner(), None, late).unwrap();
        sessions.end_use(&id("a"), late);
    }
    let seen = sessions.get(&id("a"), &owner(), late).unwrap();
    assert_eq!(
        seen.idle_end, seen.end,
        "no idle time reaches beyond the end"
    );
}

proptest! {
    /// Whatever happens in whatever order, no session outlives its limits, and the deadline is
    /// never later than the first moment at which one is overdue.
    #[test]
    fn no_session_outlives_its_limits(
        steps in proptest::collection::vec((0_u64..20, 0_u8..4), 1..80),
    ) {
        let start = Instant::now();
        let mut sessions = Sessions::new(SessionLimits::DEFAULT);
        let (mut now, mut opened, mut under_way) = (start, 0_u32, 0_u32);
        for (minutes, step) in steps {
            now += Duration::from_secs(60 * minutes);
            let deadline = sessions.next_deadline();
            let closed = sessions.close_overdue(now);
            prop_assert_eq!(closed.is_empty(), deadline.is_none_or(|deadline| now < deadline));
            prop_assert!(sessions.next_deadline().is_none_or(|deadline| now < deadline));
            let name = id(&opened.to_string());
            match step {
                0 => {
                    opened += 1;
                    let _ = add(&mut sessions, &opened.to_string(), owner(), now);
                    under_way = 0;
                }
                1 => under_way += u32::from(
                    sessions.begin_use(&name, &owner(), None, now).is_ok(),
                ),
                2 if under_way > 0 => {
                    under_way -= 1;
                    sessions.end_use(&name, now);
                }
                _ => {}
            }
        }
        sessions.close_overdue(now + SessionLimits::DEFAULT.age);
        prop_assert!(sessions.list(None, now).next().is_none());
    }
}
