//! Reports of large fleets: their memory does not grow with services.
//!
//! A child of this very program writes each, since the most memory that a process ever had is all that the system tells of it.

use std::process::Command;
use std::time::Instant;

use crate::run::{fleet, write};

/// All that tell of services one by one.
const NAMES: [&str; 5] = ["report.json", "report.csv", "report.html", "report.xml", "report.md"];

/// How many services the child writes of.
const SERVICES: &str = "FARGATE_UPDATER_TESTS_SERVICES";

const FEW: u64 = 1_000;
const MANY: u64 = 100_000;

/// As many in both fleets: memory may grow with them.
const ACCOUNTS: u64 = 1_000;

/// Memory of the large fleet over that of the small one. It has three more Regions in each account; its rows alone would take
/// many times what the whole child has.
const MOST_GROWTH: f64 = 1.6;

#[test]
#[expect(clippy::print_stdout, reason = "the cost is there to be read")]
fn a_hundred_thousand_services_take_little_more_memory_than_a_thousand() {
    let (few, many) = (child(FEW), child(MANY));
    let growth = many.peak_kib as f64 / few.peak_kib as f64;
    let each = many.micros as f64 / MANY as f64;
    println!(
        "{FEW} services: {} KiB at most; {MANY} services: {} KiB at most ({growth:.2} times), {each:.1} us and {} bytes a \
         service in five formats",
        few.peak_kib,
        many.peak_kib,
        many.bytes / MANY
    );
    assert!(growth < MOST_GROWTH, "the memory of {MANY} services is {growth:.2} times that of {FEW}");
}

struct Cost {
    peak_kib: u64,
    micros: u64,
    bytes: u64,
}

fn child(services: u64) -> Cost {
    let program = std::env::current_exe().expect("this program has a path");
    let arguments = ["--exact", "many::one_fleet_is_written", "--ignored", "--nocapture"];
    let run = Command::new(program).args(arguments).env(SERVICES, services.to_string()).output().expect("the child runs");
    let told = String::from_utf8_lossy(&run.stdout);
    assert!(run.status.success(), "{told}{}", String::from_utf8_lossy(&run.stderr));
    let line = told
        .lines()
        .find_map(|line| line.split_once("cost ").map(|(_, rest)| rest.to_owned()))
        .expect("the child tells its cost");
    let mut numbers = line.split(' ').map(|number| number.parse().expect("a number"));
    let mut next = || numbers.next().expect("three numbers");
    Cost { peak_kib: next(), micros: next(), bytes: next() }
}

#[test]
#[ignore = "it is run by the test above, which says how large the fleet is"]
#[expect(clippy::print_stdout, reason = "the parent reads it")]
fn one_fleet_is_written() {
    let Some(services) = std::env::var(SERVICES).ok().and_then(|services| services.parse().ok()) else { return };
    let began = Instant::now();
    let written = write(&NAMES, fleet(services, ACCOUNTS));
    let micros = began.elapsed().as_micros();
    let bytes: u64 = NAMES.iter().map(|name| std::fs::metadata(written.path(name)).expect("the report is there").len()).sum();
    println!("\ncost {} {micros} {bytes}", peak_kib());
}

/// Source: proc(5), `/proc/pid/status`, `VmHWM`.
fn peak_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux tells of a process");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("the peak is told");
    line.split_whitespace().next().and_then(|number| number.parse().ok()).expect("a number")
}

/// The page that .ci/run opens in Chromium; tests/page/check.py knows what is on it.
#[test]
fn a_page_of_five_thousand_services_is_written_for_chromium() {
    let written = write(&["page.html"], fleet(5_000, 60));
    let directory = std::path::Path::new(env!("CARGO_TARGET_TMPDIR"));
    std::fs::copy(written.path("page.html"), directory.join("page.html")).expect("the page can be kept");
    let all = written.totals.all();
    assert_eq!((all.in_scope(), all.protected(), all.other, all.none), (4_900, 4_700, 100, 200));
}
