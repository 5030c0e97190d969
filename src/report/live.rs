//! The view of a run at a terminal: a few lines that stay below everything else that is written there, and are gone at the end.
//!
//! Lines of the report wait for the next drawing, at which the view is taken away, they are written, and it is put back below them: so it
//! is seen all the time, and many lines cost no more drawing than few. Whoever else writes to the terminal writes through [`Above`].

use std::collections::VecDeque;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use console::Term;
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Between two drawings.
pub(super) const EVERY: Duration = Duration::from_millis(100);

/// What indicatif may draw in a second at most: more than we do, so that it leaves nothing out.
const MOST_A_SECOND: u8 = 100;

/// So many bytes wait for the next drawing at most.
const MOST_WAITING: usize = 64 * 1024;

/// The terminal that a view is drawn on. What is written to it stands above the view.
#[derive(Clone)]
pub struct Screen(Arc<Mutex<Drawn>>);

struct Drawn {
    /// Takes the view away without drawing it anew.
    bars: MultiProgress,
    view: ProgressBar,
    /// Its rows and columns.
    size: Box<dyn Fn() -> (u16, u16) + Send>,
    out: Box<dyn Write + Send>,
    /// What is to be written above the view.
    waiting: Vec<u8>,
    is_shown: bool,
    /// Of how many rows the view is, but the first: the cursor is there.
    rows_below: usize,
}

impl Screen {
    /// Returns the terminal that stdout is; none, if it is no terminal, or one that cannot take lines back (`TERM=dumb`).
    pub fn of_stdout() -> Option<Self> {
        let target = ProgressDrawTarget::stdout_with_hz(MOST_A_SECOND);
        let terminal = Term::stdout();
        (!target.is_hidden()).then(|| Self::on(target, move || terminal.size(), io::stdout()))
    }

    /// Returns a terminal of so many rows and columns, which is written to by `out`.
    pub fn on(
        target: ProgressDrawTarget,
        size: impl Fn() -> (u16, u16) + Send + 'static,
        out: impl Write + Send + 'static,
    ) -> Self {
        let bars = MultiProgress::with_draw_target(target);
        // A template that is nothing but its message can be read.
        let style = ProgressStyle::with_template("{msg}").unwrap_or_else(|_| ProgressStyle::default_spinner());
        let view = bars.add(ProgressBar::no_length().with_style(style));
        let (size, out) = (Box::new(size), Box::new(out));
        Self(Arc::new(Mutex::new(Drawn { bars, view, size, out, waiting: Vec::new(), is_shown: false, rows_below: 0 })))
    }

    fn drawn(&self) -> MutexGuard<'_, Drawn> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Draws the view, below whatever was written since the last time. Its lines are told how wide they may be: one that fills the
    /// terminal would move the cursor to the next.
    ///
    /// # Errors
    ///
    /// When what was written before cannot be written.
    pub fn show(&self, lines: impl FnOnce(usize) -> Vec<String>) -> io::Result<()> {
        let mut drawn = self.drawn();
        if !drawn.waiting.is_empty() {
            drawn.hide()?;
        }
        let width = usize::from((drawn.size)().1).saturating_sub(1).max(1);
        let text = lines(width).join("\n");
        if !drawn.is_shown || drawn.view.message() != text {
            drawn.erase()?;
            drawn.view.set_message(text);
            drawn.drawn()?;
        }
        Ok(())
    }

    /// Takes the view away, and writes what waits for it.
    ///
    /// # Errors
    ///
    /// When that cannot be written.
    pub fn hide(&self) -> io::Result<()> {
        self.drawn().hide()
    }
}

impl Drawn {
    /// The view is drawn, and the cursor behind it: it goes to where the view begins. A terminal that is made narrower or wider breaks
    /// lines anew and leaves the cursor at its character, so that the view is what comes from there on, however many rows it has by then.
    /// Nor does the `^C` that a terminal shows of somebody who stops the run begin a line of its own.
    fn drawn(&mut self) -> io::Result<()> {
        self.is_shown = true;
        // No line is wider than the terminal, and what has no room below is not drawn.
        let lines = self.view.message().lines().count().min(usize::from((self.size)().0));
        self.rows_below = lines.saturating_sub(1);
        let up = if self.rows_below == 0 { String::new() } else { format!("\x1b[{}A", self.rows_below) };
        self.out.write_all(format!("\r{up}").as_bytes())?;
        self.out.flush()
    }

    /// Erases the view, if it is there, and moves the cursor to where it was when the view was drawn: it is counted on to be there.
    fn erase(&mut self) -> io::Result<()> {
        if self.is_shown {
            self.out.write_all(format!("\x1b[J{}", "\n".repeat(self.rows_below)).as_bytes())?;
            self.out.flush()?;
        }
        Ok(())
    }

    fn hide(&mut self) -> io::Result<()> {
        self.erase()?;
        if std::mem::take(&mut self.is_shown) {
            // A terminal that is gone needs nothing taken away.
            let _ = self.bars.clear();
        }
        self.out.write_all(&std::mem::take(&mut self.waiting))?;
        self.out.flush()
    }
}

impl Write for Screen {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut drawn = self.drawn();
        if !drawn.is_shown {
            return drawn.out.write(bytes);
        }
        drawn.waiting.extend_from_slice(bytes);
        if drawn.waiting.len() > MOST_WAITING {
            drawn.hide()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.hide()
    }
}

/// Writes to the same terminal by another way, above the view if there is one.
pub struct Above<W> {
    pub screen: Option<Screen>,
    pub writer: W,
}

impl<W: Write> Write for Above<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let Some(screen) = &self.screen else { return self.writer.write(bytes) };
        let mut drawn = screen.drawn();
        let was_shown = drawn.is_shown;
        // Whoever tells the run will hear of it.
        let _ = drawn.hide();
        let written = self.writer.write(bytes);
        if was_shown {
            drawn.view.force_draw();
            let _ = drawn.drawn();
        }
        written
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

/// How many calls are made in a second, by those of the last few seconds.
#[derive(Debug, Default)]
pub struct Rate(VecDeque<(Instant, u64)>);

impl Rate {
    /// The shorter, the more it jumps.
    const SPAN: Duration = Duration::from_secs(3);

    /// Notes how many calls there have been by now, and returns how many are made in a second.
    pub fn at(&mut self, now: Instant, calls: u64) -> u64 {
        self.0.push_back((now, calls));
        // One that is older stays: what was before it is not known any more.
        while self.0.get(1).is_some_and(|(then, _)| now.saturating_duration_since(*then) >= Self::SPAN) {
            self.0.pop_front();
        }
        let Some((then, before)) = self.0.front() else { return 0 };
        let seconds = now.saturating_duration_since(*then).as_secs_f64();
        if seconds > 0.0 { ((calls - before) as f64 / seconds).round() as u64 } else { 0 }
    }
}
