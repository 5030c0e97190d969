//! What is seen of a run while it goes on: the view at a terminal, at every width, and the line in a log.

use std::io::Write;
use std::time::{Duration, Instant};

use fargate_updater::progress::{Progress, Queue, WaitingFor};
use fargate_updater::report::live::{Above, Rate, Screen};
use fargate_updater::report::standing::Standing;
use indicatif::{InMemoryTerm, ProgressDrawTarget, TermLike};

use crate::reflowing::Reflowing;

/// A run in the middle of a large organization.
fn standing() -> Standing {
    Standing {
        elapsed: Duration::from_secs(72),
        stopping: false,
        accounts: (212, 1000),
        regions: (3604, 3740),
        task_definitions: (1180, 2904),
        services: (3310, 12_345),
        changed: 42,
        failed: 3,
        calls: 48_112,
        throttled: 12,
        waiting_for: Some(WaitingFor::Queue(queue(Duration::from_millis(40_200)))),
    }
}

fn queue(wait: Duration) -> Queue {
    Queue {
        what: "register",
        account: Some("111122223333".parse().expect("an account")),
        region: "eu-west-1".parse().expect("a Region"),
        wait,
        a_second: 0.8,
    }
}

/// The view as it is in a terminal of this width, each line with a bar at the edge of the terminal.
fn seen(standing: &Standing, width: u16) -> String {
    let terminal = InMemoryTerm::new(24, width);
    let target = ProgressDrawTarget::term_like(Box::new(terminal.clone()));
    let screen = Screen::on(target, move || (24, width), Direct(terminal.clone()));
    screen.show(|width| standing.view(61, width, false)).expect("a terminal in memory takes all");
    let edged = |line: &str| format!("{line:width$}|", width = usize::from(width));
    terminal.contents().lines().map(edged).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_view_fits_into_terminals_of_any_width() {
    insta::assert_snapshot!(seen(&standing(), 200), @"
    running 1:12  accounts 212/1,000  Regions 3,604/3,740  task definitions 1,180/2,904  services 3,310/12,345  changed 42  failed 3  61 calls/s  throttled 12                                              |
    waiting for the register queue of 111122223333/eu-west-1: 41 s at 0.8/s                                                                                                                                 |
    ");
    insta::assert_snapshot!(seen(&standing(), 80), @"
    running 1:12  accounts 212/1,000  Regions 3,604/3,740                           |
    task definitions 1,180/2,904  services 3,310/12,345  changed 42  failed 3       |
    61 calls/s  throttled 12                                                        |
    waiting for the register queue of 111122223333/eu-west-1: 41 s at 0.8/s         |
    ");
    insta::assert_snapshot!(seen(&standing(), 40), @"
    running 1:12  accounts 212/1,000        |
    Regions 3,604/3,740                     |
    task definitions 1,180/2,904            |
    services 3,310/12,345  changed 42       |
    failed 3  61 calls/s  throttled 12      |
    waiting for the register queue of       |
      111122223333/eu-west-1: 41 s at 0.8/s |
    ");
    for width in 1..300 {
        for line in standing().view(61, width, false) {
            assert!(line.chars().count() <= width, "at {width}: {line:?}");
        }
    }
}

#[test]
fn the_view_says_what_is_wrong_in_colour_and_does_without() {
    let plain = standing().view(61, 199, false).join("\n");
    assert!(!plain.contains('\x1b'), "{plain:?}");
    let coloured = standing().view(61, 199, true).join("\n");
    assert!(coloured.contains("\x1b[31mfailed 3\x1b[0m") && coloured.contains("\x1b[33mthrottled 12\x1b[0m"), "{coloured:?}");
    let well = Standing { failed: 0, throttled: 0, stopping: true, waiting_for: None, ..standing() };
    let coloured = well.view(61, 199, true).join("\n");
    assert!(coloured.starts_with("\x1b[33mstopping 1:12\x1b[0m  accounts"), "{coloured:?}");
    assert!(coloured.ends_with("  failed 0  61 calls/s  throttled 0"), "{coloured:?}");
}

#[test]
fn what_a_log_is_told_is_one_line() {
    insta::assert_snapshot!(standing().line(), @"running 1:12, accounts 212/1,000, Regions 3,604/3,740, task definitions 1,180/2,904, services 3,310/12,345, changed 42, failed 3, 48,112 calls, throttled 12, waiting for the register queue of 111122223333/eu-west-1: 41 s at 0.8/s");
    let hours = Standing { elapsed: Duration::from_secs(7383), waiting_for: None, ..standing() };
    assert!(hours.line().starts_with("running 2:03:03, accounts 212/1,000, "), "{}", hours.line());
}

#[test]
fn a_run_waits_for_one_thing_at_a_time() {
    let progress = Progress::default();
    let told = |progress: &Progress| progress.waiting_for().map(|it| it.to_string()).unwrap_or_default();
    assert_eq!(told(&progress), "");
    let call = progress.unanswered.during();
    assert_eq!(told(&progress), "an answer of AWS");
    let more = progress.unanswered.during();
    assert_eq!(told(&progress), "2 answers of AWS");
    drop((call, more));
    let request = progress.unanswered_by_console.during();
    assert_eq!(told(&progress), "an answer of the Console");
    let roll_outs = [progress.roll_outs.during(), progress.roll_outs.during()];
    assert_eq!(told(&progress), "2 roll-outs");
    progress.ask_for_queues(|| Some(queue(Duration::from_millis(1500))));
    assert_eq!(told(&progress), "register queue of 111122223333/eu-west-1: 2 s at 0.8/s");
    drop((request, roll_outs));

    let short = Progress::default();
    short.ask_for_queues(|| Some(queue(Duration::from_millis(999))));
    assert_eq!(told(&short), "", "what is over in a moment is not waited for");
}

/// Writes to a terminal in memory as whoever knows nothing of the view.
struct Direct(InMemoryTerm);

impl Write for Direct {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        TermLike::write_str(&self.0, &String::from_utf8_lossy(bytes).replace('\n', "\r\n"))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn lines_scroll_above_the_view_and_it_is_gone_at_the_end() {
    let terminal = InMemoryTerm::new(10, 40);
    let target = ProgressDrawTarget::term_like(Box::new(terminal.clone()));
    let mut screen = Screen::on(target, || (10, 40), Direct(terminal.clone()));
    let show = |number: u64| {
        let shown = screen.clone().show(|_| vec![format!("view {number}"), "its second line".to_owned()]);
        shown.expect("a terminal in memory takes all");
    };
    let mut errors = Above { screen: Some(screen.clone()), writer: Direct(terminal.clone()) };
    let write = |out: &mut dyn Write, text: &str| out.write_all(text.as_bytes()).expect("a terminal in memory takes all");

    write(&mut screen.clone(), "one\n");
    assert_eq!(terminal.contents(), "one", "without a view nothing waits");
    show(1);
    assert_eq!(terminal.contents(), "one\nview 1\nits second line");
    write(&mut screen.clone(), "two\n");
    write(&mut screen.clone(), "three\n");
    assert_eq!(terminal.contents(), "one\nview 1\nits second line", "lines wait for the next drawing");
    show(2);
    assert_eq!(terminal.contents(), "one\ntwo\nthree\nview 2\nits second line");
    write(&mut screen.clone(), "four\n");
    write(&mut errors, "a warning\n");
    assert_eq!(
        terminal.contents(),
        "one\ntwo\nthree\nfour\na warning\nview 2\nits second line",
        "what is said beside is seen at once"
    );
    // What the terminal itself shows of somebody who types it.
    TermLike::write_str(&terminal, "^C").expect("a terminal in memory takes all");
    assert!(terminal.contents().ends_with("a warning\n^Cew 2\nits second line"), "{}", terminal.contents());
    screen.hide().expect("a terminal in memory takes all");
    write(&mut screen, "the end\n");
    write(&mut errors, "an error\n");
    assert_eq!(terminal.contents(), "one\ntwo\nthree\nfour\na warning\nthe end\nan error");
}

#[test]
fn nothing_of_the_view_is_left_when_the_terminal_is_made_narrower_or_wider() {
    for widths in [[200, 80, 40], [120, 119, 60], [90, 30, 29], [40, 80, 200], [80, 33, 150]] {
        let terminal = Reflowing::new(widths[0]);
        let columns = terminal.clone();
        let target = ProgressDrawTarget::term_like(Box::new(terminal.clone()));
        let mut screen = Screen::on(target, move || (24, columns.columns()), terminal.clone());
        let mut told = Vec::new();
        for (number, width) in widths.into_iter().enumerate() {
            terminal.resize(width);
            let line = format!("line {number}");
            writeln!(screen, "{line}").expect("a terminal in memory takes all");
            told.push(line);
            for calls in [61, 62] {
                let mut view = Vec::new();
                let shown = screen.show(|width| {
                    view = standing().view(calls, width, false);
                    view.clone()
                });
                shown.expect("a terminal in memory takes all");
                assert_eq!(terminal.contents(), [&told[..], &view[..]].concat().join("\n"), "at {width} of {widths:?}");
            }
        }
        screen.hide().expect("a terminal in memory takes all");
        assert_eq!(terminal.contents(), told.join("\n"), "at the end of {widths:?}");
    }
}

#[test]
fn a_view_that_is_higher_than_the_terminal_moves_nothing() {
    let terminal = InMemoryTerm::new(3, 40);
    let target = ProgressDrawTarget::term_like(Box::new(terminal.clone()));
    let screen = Screen::on(target, || (3, 40), Direct(terminal.clone()));
    for number in 0..5 {
        let lines = |_| (0..6).map(|line| format!("{number}: line {line}")).collect();
        screen.show(lines).expect("a terminal in memory takes all");
        assert_eq!(terminal.contents(), format!("{number}: line 0\n{number}: line 1\n{number}: line 2"));
    }
}

#[test]
fn many_lines_do_not_wait_for_the_next_drawing() {
    let terminal = InMemoryTerm::new(10, 40);
    let target = ProgressDrawTarget::term_like(Box::new(terminal.clone()));
    let mut screen = Screen::on(target, || (10, 40), Direct(terminal.clone()));
    screen.show(|_| vec!["view".to_owned()]).expect("a terminal in memory takes all");
    let mut lines = 0;
    while !terminal.contents().contains("a line") {
        writeln!(screen, "a line").expect("a terminal in memory takes all");
        lines += 1;
        assert!(lines < 20_000, "the screen keeps whatever it is given");
    }
    assert!(!terminal.contents().contains("view"), "{}", terminal.contents());
}

#[test]
fn the_rate_is_that_of_the_last_seconds() {
    let start = Instant::now();
    let mut rate = Rate::default();
    let mut at = |tenths: u64, calls: u64| rate.at(start + Duration::from_millis(tenths * 100), calls);
    assert_eq!(at(0, 0), 0);
    assert_eq!(at(1, 10), 100);
    assert_eq!(at(10, 50), 50);
    assert_eq!(at(30, 90), 30);
    assert_eq!(at(40, 90), 13, "the first second is forgotten");
    assert_eq!(at(100, 90), 0);
}
