//! A window while the codes are typed at the keypad of the reader.

use daemon_wire::window::{FrameHeader, FrameKind, OutcomeBody, Tone};
use texts::{PromptTexts, WindowTexts};
use tokio::runtime::Handle;

use super::process::{Reply, WindowProcess};
use super::{AnsweredWindow, Last, WindowHolder, take, unavailable};
use crate::PromptError;

impl WindowHolder {
    /// Leaves the window with what it shows of the reader until `closed`, or the holder's no. Dropping
    /// the future tells the holder in it that nobody waits for the code any more.
    pub(crate) async fn show_keypad(
        &mut self,
        answered: &AnsweredWindow,
        closed: impl Future<Output = ()>,
    ) -> Result<(), PromptError> {
        let mut entry = Entry {
            window: take(&answered.0),
            holder: self,
        };
        let shown = entry.show(closed).await;
        if let Some(window) = entry.window.take() {
            answered.put(window);
        }
        shown
    }
}

/// An entry that the window shows. Where it is dropped before its end, its caller has left.
struct Entry<'a> {
    window: Option<WindowProcess>,
    holder: &'a mut WindowHolder,
}

impl Entry<'_> {
    async fn show(&mut self, closed: impl Future<Output = ()>) -> Result<(), PromptError> {
        let Some(window) = &mut self.window else {
            closed.await;
            return Ok(());
        };
        tokio::select! {
            biased;
            () = closed => {}
            // A window writes each frame at once, so that none is left half read here.
            reply = window.reply() => return Err(match reply {
                Ok(Reply::Refusal(_) | Reply::GoneBeforeItWasShown | Reply::GoneAfterItWasShown) => {
                    PromptError::CancelledAtKeypad
                }
                Ok(Reply::Answer(_)) => {
                    unavailable(std::io::Error::other("the window answered twice"))
                }
                Err(error) => unavailable(error),
            }),
        }
        // A holder who has closed the window sees nothing of what comes now.
        let entered = FrameHeader::alone(FrameKind::Entered).to_bytes();
        let _ = window.send(&entered).await;
        Ok(())
    }
}

impl Drop for Entry<'_> {
    fn drop(&mut self) {
        let (Some(mut window), Ok(runtime)) = (self.window.take(), Handle::try_current()) else {
            return;
        };
        let program = &self.holder.program;
        let withdrawn = OutcomeBody {
            look: program.look(),
            tone: Tone::Failed,
            title: WindowTexts::new(program.language).withdrawn(),
            detail: PromptTexts::new(program.language).keypad_cancel_key(),
        };
        let Ok(frame) = withdrawn.to_frame() else {
            return;
        };
        self.holder.last = Some(Last::Farewell(runtime.spawn(async move {
            if window.send(&frame).await.is_ok() {
                window.ended().await;
            }
        })));
    }
}
