//! Who calls the agent: a program of the user, and a program that has a session.

use daemon_operations::Operations;
use daemon_types::{
    AllowedOrigins, AuthenticateRequest, Caller, CardId, HashAlgorithm, OperationError, Origin,
    PairedProgram, Right, Rights, SessionId, SignatureAlgorithm, SocketProgram,
};
use tokio::time::Instant;

/// Opens a session of a program, which asks for nothing in it, uses it twice and ends it.
pub(crate) async fn use_session(
    operations: &Operations,
    card: &CardId,
    deadline: Instant,
) -> Result<(), OperationError> {
    let caller = program();
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

/// A program that showed the demo's token, which nothing can be taken back from.
fn program() -> Caller {
    Caller::PairedProgram(PairedProgram {
        name: "Logiciel".into(),
        rights: Rights::from_iter([Right::Authenticate]),
        origins: AllowedOrigins::Any,
        grant: None,
    })
}
