//! A terminal in memory that breaks its lines anew when it is made narrower or wider, as most terminals do.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use indicatif::TermLike;

#[derive(Clone, Debug)]
pub(crate) struct Reflowing(Arc<Mutex<Grid>>);

#[derive(Debug)]
struct Grid {
    width: usize,
    rows: Vec<Row>,
    /// Row and column; behind the last column, once that is filled.
    cursor: (usize, usize),
}

#[derive(Clone, Debug, Default)]
struct Row {
    cells: Vec<char>,
    /// Whether its text goes on in the next row.
    goes_on: bool,
}

impl Grid {
    fn row(&mut self) -> &mut Row {
        let number = self.cursor.0;
        if self.rows.len() <= number {
            self.rows.resize(number + 1, Row::default());
        }
        &mut self.rows[number]
    }

    fn put(&mut self, character: char) {
        if self.cursor.1 == self.width {
            self.row().goes_on = true;
            self.cursor = (self.cursor.0 + 1, 0);
        }
        let column = self.cursor.1;
        let row = self.row();
        if row.cells.len() <= column {
            row.cells.resize(column + 1, ' ');
        }
        row.cells[column] = character;
        self.cursor.1 += 1;
    }

    /// Erases from the cursor to the end of the screen.
    fn erase_below(&mut self) {
        let column = self.cursor.1;
        let row = self.row();
        row.cells.truncate(column);
        row.goes_on = false;
        self.rows.truncate(self.cursor.0 + 1);
    }

    fn write(&mut self, text: &str) {
        let mut rest = text.chars();
        while let Some(character) = rest.next() {
            match character {
                '\r' => self.cursor.1 = 0,
                '\n' => self.cursor = (self.cursor.0 + 1, 0),
                '\x1b' => match sequence(&mut rest) {
                    (_, 'J') => self.erase_below(),
                    (rows, 'A') => self.up(rows.parse().expect("a number of rows")),
                    other => panic!("this terminal does not know {other:?}"),
                },
                other => self.put(other),
            }
        }
    }

    fn up(&mut self, rows: usize) {
        self.cursor.0 = self.cursor.0.saturating_sub(rows);
    }

    /// Breaks every line anew; the cursor stays at its character.
    fn resize(&mut self, width: usize) {
        let old = std::mem::take(&mut self.rows);
        let (mut line, mut cursor) = (Vec::new(), None);
        for (number, Row { cells, goes_on }) in old.into_iter().enumerate() {
            if number == self.cursor.0 {
                cursor = Some(line.len() + self.cursor.1);
            }
            line.extend(cells);
            if goes_on {
                continue;
            }
            let first = self.rows.len();
            if let Some(at) = cursor.take() {
                self.cursor = (first + at / width, at % width);
            }
            let pieces = line.chunks(width).map(|cells| Row { cells: cells.to_vec(), goes_on: true });
            self.rows.extend(pieces);
            if line.is_empty() {
                self.rows.push(Row::default());
            }
            self.rows.last_mut().expect("a row at least").goes_on = false;
            line.clear();
        }
        self.width = width;
    }
}

/// Takes a control sequence, such as `[2A`, off a text: its number and its letter.
fn sequence(rest: &mut impl Iterator<Item = char>) -> (String, char) {
    let mut number = String::new();
    for character in rest.skip(1) {
        if character.is_ascii_alphabetic() {
            return (number, character);
        }
        number.push(character);
    }
    panic!("a sequence without an end: {number:?}");
}

impl Reflowing {
    pub(crate) fn new(width: usize) -> Self {
        Self(Arc::new(Mutex::new(Grid { width, rows: vec![Row::default()], cursor: (0, 0) })))
    }

    fn grid(&self) -> MutexGuard<'_, Grid> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn resize(&self, width: usize) {
        self.grid().resize(width);
    }

    /// Returns how many columns it has.
    pub(crate) fn columns(&self) -> u16 {
        u16::try_from(self.grid().width).expect("a width")
    }

    /// Returns what is seen, without blanks at the ends.
    pub(crate) fn contents(&self) -> String {
        let rows: Vec<String> =
            self.grid().rows.iter().map(|row| row.cells.iter().collect::<String>().trim_end().to_owned()).collect();
        rows.join("\n").trim_end().to_owned()
    }
}

impl TermLike for Reflowing {
    fn width(&self) -> u16 {
        self.columns()
    }

    fn move_cursor_up(&self, n: usize) -> io::Result<()> {
        self.grid().up(n);
        Ok(())
    }

    fn move_cursor_down(&self, n: usize) -> io::Result<()> {
        self.grid().cursor.0 += n;
        Ok(())
    }

    fn move_cursor_right(&self, n: usize) -> io::Result<()> {
        self.grid().cursor.1 += n;
        Ok(())
    }

    fn move_cursor_left(&self, n: usize) -> io::Result<()> {
        let mut grid = self.grid();
        grid.cursor.1 = grid.cursor.1.saturating_sub(n);
        Ok(())
    }

    fn write_line(&self, text: &str) -> io::Result<()> {
        self.grid().write(&format!("{text}\n"));
        Ok(())
    }

    fn write_str(&self, text: &str) -> io::Result<()> {
        self.grid().write(text);
        Ok(())
    }

    fn clear_line(&self) -> io::Result<()> {
        let mut grid = self.grid();
        *grid.row() = Row::default();
        grid.cursor.1 = 0;
        Ok(())
    }

    fn flush(&self) -> io::Result<()> {
        Ok(())
    }
}

impl Write for Reflowing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.grid().write(&String::from_utf8_lossy(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
