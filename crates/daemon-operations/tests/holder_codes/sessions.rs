//! How often the holder of a session is asked, for what, and when it is over under them.

use std::time::Duration;

use card_apdu::StatusWord;
use daemon_cards::AfterUse;
use daemon_core::{Grants, SITE_LIFETIME};
use daemon_journal::{Entry, Query, newest};
use daemon_operations::{GrantBook, GrantStore, Policy};
use daemon_types::{
    AllowedOrigins, AuthenticateRequest, Caller, CardId, DigestToSign, Environment, ErrorCode,
    GrantId, Happening, HashAlgorithm, OperationError, Origin, Page, PairedProgram, Reason, Right,
    Rights, SessionEnd, SessionId, SignRequest, SignatureAlgorithm, SignatureCode, Site,
};
use futures_util::FutureExt as _;
use time::OffsetDateTime;
use tokio::time::Instant;

use super::{CHANGE, Desk, NONE, PIN, READER, VERIFY, caller, said};

const CODE: &str = r#"{ pin = "1234" }"#;
const YES: &str = "{ consent = true }";
const NO: &str = "{ consent = false }";

fn origin() -> Origin {
    Origin::parse("https://service.example").unwrap()
}

/// A program that showed the demo's token, which nothing can be taken back from.
pub(crate) fn program() -> Caller {
    Caller::PairedProgram(PairedProgram {
        name: "Logiciel".into(),
        rights: Rights::from_iter([Right::Identify, Right::Authenticate, Right::Sign]),
        origins: AllowedOrigins::Any,
        grant: None,
    })
}

const RS256: SignatureAlgorithm = SignatureAlgorithm::RsaPkcs1(HashAlgorithm::Sha256);

impl Desk {
    async fn open_session(&self, caller: &Caller) -> Result<SessionId, OperationError> {
        let card = self.card().await;
        let opened = self.operations.open_session(caller, &card, in_a_minute());
        Ok(opened.await?.id)
    }

    async fn authenticate(
        &self,
        caller: &Caller,
        session: &SessionId,
    ) -> Result<(), OperationError> {
        let card = self.card().await;
        self.authenticate_with(caller, session, &card).await
    }

    async fn authenticate_with(
        &self,
        caller: &Caller,
        session: &SessionId,
        card: &CardId,
    ) -> Result<(), OperationError> {
        let request = AuthenticateRequest {
            nonce: "qXUhQ6YBOxv1iJHSd3gEWc8yNmFzT2pLkR5eZ7wA0bMC".into(),
            origin: origin(),
            algorithm: RS256,
            session: Some(session.clone()),
        };
        let operations = &self.operations;
        let token = operations.authenticate(caller, card, request, in_a_minute());
        token.await.map(drop)
    }

    async fn sign(&self, caller: &Caller, session: &SessionId) -> Result<(), OperationError> {
        let card = self.card().await;
        let request = SignRequest {
            algorithm: RS256,
            digests: vec![DigestToSign {
                value: vec![7; 32],
                description: "Ordonnance".into(),
            }],
            session: Some(session.clone()),
        };
        let operations = &self.operations;
        let signed = operations.sign(caller, &card, request, in_a_minute());
        signed.await.map(drop)
    }
}

fn in_a_minute() -> Instant {
    Instant::now() + Duration::from_secs(60)
}

fn closed(reason: Reason) -> Option<(ErrorCode, Option<Reason>)> {
    Some((ErrorCode::SessionClosed, Some(reason)))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paired_program_is_asked_nothing_in_its_session_and_a_program_that_nobody_paired_has_none()
 {
    let desk = Desk::new(AfterUse::Reset, &[CODE]);
    let session = desk.open_session(&program()).await.unwrap();
    assert_eq!(desk.codes_seen(), [VERIFY]);
    for _ in 0..2 {
        assert_eq!(said(desk.authenticate(&program(), &session).await), None);
    }
    assert_eq!(desk.codes_seen(), NONE);
    let refused = desk.open_session(&caller()).await;
    assert_eq!(said(refused), Some((ErrorCode::RightMissing, None)));
    let foreign = desk.authenticate(&caller(), &session).await;
    assert_eq!(said(foreign), Some((ErrorCode::NotFound, None)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_may_content_itself_with_a_yes_for_each_signature() {
    let policy = Policy {
        signature_code: SignatureCode::Session,
        ..Policy::of(Environment::Test)
    };
    let desk = Desk::under(policy, AfterUse::Reset, &[CODE, YES, NO, YES, CODE]);
    let session = desk.open_session(&program()).await.unwrap();
    assert_eq!(desk.codes_seen(), [VERIFY]);
    assert_eq!(said(desk.sign(&program(), &session).await), None);
    let refused = desk.sign(&program(), &session).await;
    assert_eq!(said(refused), Some((ErrorCode::Cancelled, None)));
    assert_eq!(desk.codes_seen(), NONE);
    // A wrong code of another program drops the code: after the yes, the holder types it again.
    desk.wrong_code_of_another_program();
    desk.codes_seen();
    assert_eq!(said(desk.sign(&program(), &session).await), None);
    assert_eq!(desk.codes_seen(), [VERIFY]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_ends_takes_its_question_along() {
    let endless = r#"{ pin = "1234", delay_ms = 600000 }"#;
    let desk = Desk::new(AfterUse::Reset, &[CODE, endless]);
    let session = desk.open_session(&program()).await.unwrap();
    let mut events = desk.operations.events(&caller(), None).unwrap();
    let ending = async {
        while !matches!(
            events.next().await.unwrap().happening,
            Happening::PromptOpened { .. }
        ) {}
        desk.operations
            .end_session(&program(), &session)
            .await
            .unwrap();
    };
    let program = program();
    let (signed, ()) = tokio::join!(desk.sign(&program, &session), ending);
    assert_eq!(said(signed), closed(Reason::SessionEnded));
    assert_eq!(desk.codes_seen(), [VERIFY], "the one that opened it");
    assert_eq!(desk.state_for_others(PIN), StatusWord(0x63C3));
}

/// No machine here can be suspended: this is what the agent does when its system says that it was.
#[tokio::test(flavor = "multi_thread")]
async fn a_machine_that_slept_ends_all_sessions_and_drops_the_code() {
    let desk = Desk::new(AfterUse::Reset, &[CODE, CODE]);
    let sessions = [
        desk.open_session(&program()).await.unwrap(),
        desk.open_session(&program()).await.unwrap(),
    ];
    assert_eq!(desk.state_for_others(PIN), StatusWord::SUCCESS);
    desk.operations.end_all_sessions(SessionEnd::Sleep).await;
    assert_eq!(desk.state_for_others(PIN), StatusWord(0x63C3));
    for session in &sessions {
        let refused = desk.authenticate(&program(), session).await;
        assert_eq!(said(refused), closed(Reason::SessionSleep));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_that_was_out_ends_the_session_also_where_nobody_watches() {
    let desk = Desk::new(AfterUse::Reset, &[CODE]);
    let card = desk.card().await;
    let session = desk.open_session(&program()).await.unwrap();
    desk.codes_seen();
    assert!(desk.readers.remove(READER).is_ok());
    desk.insert_card();
    let program = program();
    loop {
        let refused = said(desk.authenticate_with(&program, &session, &card).await);
        // It is out, and then back for another stay.
        if refused == closed(Reason::SessionCardRemoved) {
            break;
        }
        assert_eq!(refused, Some((ErrorCode::CardRemoved, None)));
    }
    assert_eq!(desk.codes_seen(), NONE);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_that_leaves_while_the_code_is_typed_opens_no_session() {
    let slow = r#"{ pin = "1234", delay_ms = 3000 }"#;
    let desk = Desk::new(AfterUse::Reset, &[slow]);
    let mut events = desk.operations.events(&caller(), None).unwrap();
    let pulling = async {
        while !matches!(
            events.next().await.unwrap().happening,
            Happening::PromptOpened { .. }
        ) {}
        assert!(desk.readers.remove(READER).is_ok());
    };
    let program = program();
    let (opened, ()) = tokio::join!(desk.open_session(&program), pulling);
    assert_eq!(said(opened), Some((ErrorCode::CardRemoved, None)));
    assert!(desk.operations.open_sessions(&caller()).unwrap().is_empty());
    assert_eq!(desk.codes_seen(), NONE);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_that_leaves_while_its_session_is_opened_leaves_no_code_behind() {
    for after in 0..40 {
        let desk = Desk::new(AfterUse::Reset, &[CODE]);
        desk.card().await;
        let program = program();
        let patience = Duration::from_millis(after);
        let left = tokio::time::timeout(patience, desk.open_session(&program)).await;
        if left.is_ok() {
            continue;
        }
        // Whatever was begun is over when the card answers this, and then it knows of no code.
        let _ = desk.operations.card(&program, &desk.card().await).await;
        assert_eq!(desk.state_for_others(PIN), StatusWord(0x63C3));
        assert!(desk.operations.open_sessions(&caller()).unwrap().is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_the_code_leaves_the_session_with_a_card_that_knows_the_new_one() {
    let change = r#"{ pin = "1234", new_pin = "4321" }"#;
    let desk = Desk::new(AfterUse::Reset, &[CODE, change]);
    let session = desk.open_session(&program()).await.unwrap();
    desk.codes_seen();
    assert!(desk.change().await.is_ok());
    assert_eq!(desk.codes_seen(), [CHANGE]);
    // The card still knows of the code: nobody is asked again.
    assert_eq!(said(desk.authenticate(&program(), &session).await), None);
    assert_eq!(desk.codes_seen(), NONE);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_session_is_opened_that_the_journal_cannot_tell() {
    // Typed when the folder is long gone: whoever writes into it meanwhile would keep it from going.
    let slow = r#"{ pin = "1234", delay_ms = 3000 }"#;
    let desk = Desk::new(AfterUse::Reset, &[slow]);
    desk.card().await;
    let program = program();
    let folder = desk.folder.path().join("journal");
    let mut events = desk.operations.events(&caller(), None).unwrap();
    let breaking = async {
        while !matches!(
            events.next().await.unwrap().happening,
            Happening::PromptOpened { .. }
        ) {}
        // The intent is written; what comes after it finds no folder.
        std::fs::remove_dir_all(&folder).unwrap();
        std::fs::write(&folder, "no folder").unwrap();
    };
    let (opened, ()) = tokio::join!(desk.open_session(&program), breaking);
    let unavailable = Some((ErrorCode::Internal, Some(Reason::JournalUnavailable)));
    assert_eq!(said(opened), unavailable);
    assert!(desk.operations.open_sessions(&caller()).unwrap().is_empty());
    let _ = desk.operations.card(&program, &desk.card().await).await;
    assert_eq!(desk.state_for_others(PIN), StatusWord(0x63C3));
}

/// What ends sessions also ends those whose holder is still asked: neither does their code stay.
#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_ends_before_it_began_takes_its_question_along() {
    let endless = r#"{ pin = "1234", delay_ms = 600000 }"#;
    let desk = Desk::new(AfterUse::Reset, &[endless]);
    let mut events = desk.operations.events(&caller(), None).unwrap();
    let sleeping = async {
        while !matches!(
            events.next().await.unwrap().happening,
            Happening::PromptOpened { .. }
        ) {}
        desk.operations.end_all_sessions(SessionEnd::Sleep).await;
    };
    let program = program();
    let (opened, ()) = tokio::join!(desk.open_session(&program), sleeping);
    assert_eq!(said(opened), closed(Reason::SessionSleep));
    assert_eq!(desk.codes_seen(), NONE);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_session_is_opened_by_an_agent_that_stops_and_no_code_stays() {
    let desk = Desk::new(AfterUse::Reset, &[CODE, CODE]);
    let session = desk.open_session(&program()).await.unwrap();
    assert_eq!(desk.state_for_others(PIN), StatusWord::SUCCESS);
    desk.operations.shut_sessions().await;
    assert_eq!(desk.state_for_others(PIN), StatusWord(0x63C3));
    let refused = desk.authenticate(&program(), &session).await;
    assert_eq!(said(refused), closed(Reason::SessionAgentStopped));
    let opened = desk.open_session(&program()).await;
    assert_eq!(said(opened), closed(Reason::SessionAgentStopped));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_that_stops_has_told_the_journal_of_each_end() {
    let desk = Desk::new(AfterUse::Reset, &[CODE]);
    desk.open_session(&program()).await.unwrap();
    // Whoever ended it does not wait.
    let ending = desk.operations.end_all_sessions(SessionEnd::Sleep);
    assert!(ending.now_or_never().is_none());
    desk.operations.shut_sessions().await;
    let query = Query {
        before: None,
        limit: 1,
        keep: |entry: &Entry| matches!(entry, Entry::SessionClosed { .. }),
    };
    let told = newest(&desk.folder.path().join("journal"), &query).unwrap();
    assert_eq!(told.len(), 1);
}

/// Keeps nothing.
struct Nowhere;

impl GrantStore for Nowhere {
    fn keep(&self, _: &[u8]) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_ends_when_the_grant_of_its_caller_is_over() {
    let site = Site {
        origin: origin(),
        top_origin: None,
    };
    let rights = Rights::from_iter([Right::Identify, Right::Authenticate]);
    let given = OffsetDateTime::now_utc() - SITE_LIFETIME + time::Duration::seconds(8);
    let mut grants = Grants::default();
    grants.add_site(GrantId("site".into()), site.clone(), &rights, given);
    let desk = Desk::with_grants(
        GrantBook::new(grants, Box::new(Nowhere), Vec::new()),
        Policy::of(Environment::Test),
        AfterUse::Reset,
        &[CODE],
    );
    desk.insert_card();
    let page = Caller::Page(Page { site, rights });
    let session = desk.open_session(&page).await.unwrap();
    assert_eq!(desk.state_for_others(PIN), StatusWord::SUCCESS);
    while desk.state_for_others(PIN) == StatusWord::SUCCESS {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let refused = desk.authenticate(&page, &session).await;
    assert_eq!(said(refused), closed(Reason::SessionGrantRevoked));
}
