//! Before a run that writes begins at a terminal: its scope is shown, and somebody has to say yes.

use std::io::{self, BufRead as _, Read as _};

use tokio::sync::oneshot;

use super::StartError;
use crate::events::{Event, Events};
use crate::plan::consent;
use crate::settings::RunSettings;

/// An answer that is longer is none.
const LONGEST_ANSWER: u64 = 1024;

/// Asks whether to go on, if this run asks; the reporter writes the question, which is the last it has to tell until then.
///
/// # Errors
///
/// When the answer is not yes, or there is none.
pub(super) async fn whether_to_go_on(
    run: &RunSettings,
    events: &Events,
    shown: impl FnOnce() -> Vec<(&'static str, String)>,
) -> Result<(), StartError> {
    if !run.asks() {
        return Ok(());
    }
    events.say(Event::Asking { settings: shown() }).await;
    if consent::agrees(&answer().await) { Ok(()) } else { Err(StartError::Declined) }
}

/// Returns the next line of stdin, or nothing at its end.
///
/// It is read on a thread that nobody waits for: reading a terminal cannot be given up, and a run that is stopped must end at once.
async fn answer() -> String {
    let (sender, answered) = oneshot::channel();
    let reading = std::thread::Builder::new().spawn(move || {
        let mut line = String::new();
        let read = io::stdin().lock().take(LONGEST_ANSWER).read_line(&mut line);
        // Whoever asked may be gone.
        let _ = sender.send(read.map(|_| line).unwrap_or_default());
    });
    // Without a thread the sender is gone, and there is no answer.
    drop(reading);
    answered.await.unwrap_or_default()
}
