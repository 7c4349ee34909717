//! Who calls the agent: a program of the user, and a page that has a session.

use daemon_operations::Operations;
use daemon_types::{
    AuthenticateRequest, Caller, CardId, HashAlgorithm, OperationError, Origin, Page, Right,
    Rights, SessionId, SignatureAlgorithm, Site, SocketProgram,
};
use tokio::time::Instant;

/// Opens a session of a page, which is asked for nothing in it, uses it twice and ends it.
pub(crate) async fn use_session(
    operations: &Operations,
    card: &CardId,
    deadline: Instant,
) -> Result<(), OperationError> {
    let caller = page();
    let session = operations.open_session(&caller, card, deadline).await?.id;
    let mut used = Ok(());
    for _ in 0..2 {
        let request = request(Some(session.clone()));
        let token = operations.authenticate(&caller, card, request, deadline);
        used = used.and(token.await.map(drop));
    }
    let _ = operations.end_session(&caller, &session).await;
    used
}

pub(crate) fn request(session: Option<SessionId>) -> AuthenticateRequest {
    AuthenticateRequest {
        nonce: "Wlpa".repeat(11),
        origin: Origin::parse("https://service.example").unwrap(),
        algorithm: SignatureAlgorithm::RsaPkcs1(HashAlgorithm::Sha256),
        session,
    }
}

pub(crate) fn caller() -> Caller {
    Caller::SocketProgram(SocketProgram {
        pid: None,
        executable: None,
    })
}

fn page() -> Caller {
    Caller::Page(Page {
        site: Site {
            origin: Origin::parse("https://service.example").unwrap(),
            top_origin: None,
        },
        rights: Rights::from_iter([Right::Authenticate]),
    })
}
