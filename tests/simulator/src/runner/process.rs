//! A program under way: one task owns the child process, watches the clock, and is the only one to send it signals.
//!
//! Whoever holds [`Running`] talks to that task. So a signal never goes to a process id that belongs to somebody else by now: the
//! owner knows whether the child has been reaped.

use std::os::unix::process::ExitStatusExt as _;
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, ChildStdin, Command};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use super::{Finished, Input, Places};

/// A child of the child that outlives it may hold the pipes open; its output is not waited for longer than this.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// A program that was started. Dropped, it is killed.
#[derive(Debug)]
pub struct Running {
    signals: mpsc::UnboundedSender<(Signal, oneshot::Sender<()>)>,
    owner: JoinHandle<Finished>,
    output: Output,
    id: Option<u32>,
}

#[derive(Clone, Copy, Debug)]
enum Signal {
    Terminate,
    Interrupt,
    Kill,
}

/// What the program has written so far.
#[derive(Clone, Debug, Default)]
struct Output {
    stdout: Arc<Mutex<Vec<u8>>>,
    stderr: Arc<Mutex<Vec<u8>>>,
    /// How many bytes at the end of either are kept at least.
    kept: usize,
}

impl Drop for Running {
    fn drop(&mut self) {
        // The owner drops the child, which is killed then.
        self.owner.abort();
    }
}

impl Running {
    pub(super) fn start(mut command: Command, input: Input, places: Arc<Places>, watchdog: Duration, kept: usize) -> Self {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let child = command.spawn();
        let child = child.unwrap_or_else(|error| panic!("could not start {:?}: {error}", command.as_std().get_program()));
        let id = child.id();
        let output = Output { kept, ..Output::default() };
        let (signals, requests) = mpsc::unbounded_channel();
        let owner = tokio::spawn(own(child, input, requests, output.clone(), watchdog, places));
        Self { signals, owner, output, id }
    }

    /// Returns the id of the process, which may be over by now: to look at, not to send signals to.
    pub fn id(&self) -> Option<u32> {
        self.id
    }

    /// Sends SIGTERM, and returns once it is sent. One that comes too late does nothing.
    pub async fn terminate(&self) {
        self.send(Signal::Terminate).await;
    }

    /// Sends SIGINT, as Ctrl-C does, and returns once it is sent. One that comes too late does nothing.
    pub async fn interrupt(&self) {
        self.send(Signal::Interrupt).await;
    }

    /// Sends SIGKILL, and returns once the program is gone.
    pub async fn kill(&mut self) {
        self.send(Signal::Kill).await;
    }

    /// Waits for the end.
    ///
    /// # Panics
    ///
    /// When the runner itself failed.
    pub async fn wait(mut self) -> Finished {
        (&mut self.owner).await.expect("the task that owns the program does not panic")
    }

    /// Returns what it has written to standard output so far.
    pub fn stdout_so_far(&self) -> String {
        text(&self.output.stdout)
    }

    /// Returns what it has written to standard error so far.
    pub fn stderr_so_far(&self) -> String {
        text(&self.output.stderr)
    }

    async fn send(&self, signal: Signal) {
        let (done, sent) = oneshot::channel();
        // Both fail only when the program has ended, and then there is nobody to signal.
        if self.signals.send((signal, done)).is_ok() {
            let _ = sent.await;
        }
    }
}

async fn own(
    mut child: Child,
    input: Input,
    mut requests: mpsc::UnboundedReceiver<(Signal, oneshot::Sender<()>)>,
    output: Output,
    watchdog: Duration,
    places: Arc<Places>,
) -> Finished {
    let started = tokio::time::Instant::now();
    let readers = [
        child.stdout.take().map(|pipe| tokio::spawn(collect(pipe, Arc::clone(&output.stdout), output.kept))),
        child.stderr.take().map(|pipe| tokio::spawn(collect(pipe, Arc::clone(&output.stderr), output.kept))),
    ];
    // Taken out of the child, which closes it as soon as somebody waits for the end.
    let typing = child.stdin.take().map(|pipe| tokio::spawn(give(pipe, input)));
    let mut timed_out = false;
    let status = loop {
        tokio::select! {
            status = child.wait() => break status.ok(),
            () = tokio::time::sleep_until(started + watchdog) => {
                timed_out = true;
                break kill(&mut child).await;
            }
            Some((signal, done)) = requests.recv() => {
                let ended = match signal {
                    Signal::Kill => kill(&mut child).await,
                    Signal::Terminate => send(&child, "TERM").await,
                    Signal::Interrupt => send(&child, "INT").await,
                };
                // Nobody waiting for it any more is no reason to stop.
                let _ = done.send(());
                if ended.is_some() {
                    break ended;
                }
            }
        }
    };
    let took = started.elapsed();
    if let Some(typing) = typing {
        typing.abort();
    }
    let all_read = async {
        for reader in readers.into_iter().flatten() {
            // A reader that panicked has still kept what it read.
            let _ = reader.await;
        }
    };
    let _ = tokio::time::timeout(LAST_WORDS, all_read).await;
    let mut stderr = text(&output.stderr);
    if timed_out {
        let seconds = watchdog.as_secs();
        stderr = format!("{stderr}\n[killed by the watchdog of the simulator's runner after {seconds} s]\n");
    }
    Finished {
        exit_code: status.and_then(|status| status.code()),
        signal: status.and_then(|status| status.signal()),
        stdout: text(&output.stdout),
        stderr,
        timed_out,
        took,
        places,
    }
}

/// Sends SIGKILL and reaps.
async fn kill(child: &mut Child) -> Option<ExitStatus> {
    // Fails only for a child that has ended, and then waiting returns at once.
    let _ = child.start_kill();
    child.wait().await.ok()
}

/// Sends a signal by its name with the shell's own `kill`: there is no safe call for it in the standard library.
async fn send(child: &Child, signal: &str) -> Option<ExitStatus> {
    if let Some(id) = child.id() {
        let mut shell = Command::new("sh");
        shell.args(["-c", r#"kill -"$0" "$1""#, signal, &id.to_string()]).stdin(Stdio::null()).stderr(Stdio::null());
        // It fails only when the program has ended by itself.
        let _ = shell.status().await;
    }
    None
}

/// Gives the program its input; the end of this is the end of the input.
async fn give(mut pipe: ChildStdin, input: Input) {
    match input {
        // A program that reads none of it has closed the pipe, or will.
        Input::Text(text) => drop(pipe.write_all(&text).await),
        Input::Silence => std::future::pending().await,
    }
}

async fn collect(mut pipe: impl AsyncRead + Unpin, into: Arc<Mutex<Vec<u8>>>, kept: usize) {
    let mut buffer = vec![0; 16 * 1024];
    while let Ok(read @ 1..) = pipe.read(&mut buffer).await {
        let mut into = into.lock().unwrap_or_else(PoisonError::into_inner);
        into.extend_from_slice(&buffer[..read]);
        // Now and then, because what is kept has to be moved for it.
        if into.len() / 2 > kept {
            let over = into.len() - kept;
            into.drain(..over);
        }
    }
}

fn text(bytes: &Mutex<Vec<u8>>) -> String {
    String::from_utf8_lossy(&bytes.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
}
