//! What the agent and its window send each other.

use daemon_wire::window::{
    FrameHeader, FrameKind, OutcomeBody, Refusal, WindowAnswer, WindowQuestion,
};

/// A frame: its header, and a content that is taken for what the header says.
pub(crate) fn message(bytes: &[u8]) {
    let Some((header, content)) = bytes.split_first_chunk() else {
        return;
    };
    let Ok(parsed) = FrameHeader::parse(*header) else {
        return;
    };
    assert_eq!(parsed.to_bytes(), *header);
    assert!(parsed.len <= parsed.kind.longest());
    match parsed.kind {
        FrameKind::Question => {
            if let Ok(question) = WindowQuestion::parse(content) {
                let again = question.to_frame();
                let again = again
                    .as_deref()
                    .map(|frame| frame.split_at(FrameHeader::LEN).1);
                assert_eq!(again.map(WindowQuestion::parse), Ok(Ok(question)));
            }
        }
        FrameKind::Outcome => {
            let _ = OutcomeBody::parse(content);
        }
        FrameKind::Answer => {
            if let Ok(answer) = WindowAnswer::parse(content) {
                let frame = answer.to_frame();
                assert_eq!(frame.expose().split_at(FrameHeader::LEN).1, content);
            }
        }
        FrameKind::Refusal => {
            let _ = Refusal::parse(content);
        }
        FrameKind::Entered | FrameKind::Shown => {}
    }
}
