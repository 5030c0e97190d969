//! Points in time as AWS's protocols write them.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Number, Value};

const SECONDS_PER_DAY: u64 = 86_400;

/// Returns seconds since 1970 with milliseconds, as the JSON protocols write times.
/// Source: Smithy, AWS JSON 1.1 protocol, timestamps are `epoch-seconds` by default.
pub(super) fn epoch_seconds(time: SystemTime) -> Value {
    let milliseconds = since_epoch(time).as_millis();
    Number::from_f64(milliseconds as f64 / 1000.0).map_or(Value::Null, Value::Number)
}

/// Returns `2026-11-21T12:33:47Z`, as the query protocols write times.
pub(super) fn iso8601(time: SystemTime) -> String {
    let seconds = since_epoch(time).as_secs();
    let (year, month, day) = civil(seconds / SECONDS_PER_DAY);
    let second = seconds % SECONDS_PER_DAY;
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z", second / 3600, second / 60 % 60, second % 60)
}

/// Reads `20261121T123347Z`, the time of a signature.
pub(super) fn signing_time(text: &str) -> Option<SystemTime> {
    let digits = text.strip_suffix('Z')?;
    let (date, time) = digits.split_once('T')?;
    if date.len() != 8 || time.len() != 6 {
        return None;
    }
    let part = |text: &str, from: usize, to: usize| text.get(from..to)?.parse::<u64>().ok();
    let days = days(part(date, 0, 4)?, part(date, 4, 6)?, part(date, 6, 8)?)?;
    let seconds = part(time, 0, 2)? * 3600 + part(time, 2, 4)? * 60 + part(time, 4, 6)?;
    Some(UNIX_EPOCH + Duration::from_secs(days * SECONDS_PER_DAY + seconds))
}

fn since_epoch(time: SystemTime) -> Duration {
    time.duration_since(UNIX_EPOCH).unwrap_or_default()
}

fn is_leap(year: u64) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

fn days_in(year: u64, month: u64) -> u64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Counts the days from 1970-01-01; years are walked one by one, as there are few of them.
fn days(year: u64, month: u64, day: u64) -> Option<u64> {
    if !(1970..=9999).contains(&year) || !(1..=12).contains(&month) || day == 0 || day > days_in(year, month) {
        return None;
    }
    let years: u64 = (1970..year).map(|year| if is_leap(year) { 366 } else { 365 }).sum();
    let months: u64 = (1..month).map(|month| days_in(year, month)).sum();
    Some(years + months + day - 1)
}

/// The inverse of [`days`].
fn civil(mut days: u64) -> (u64, u64, u64) {
    let mut year = 1970;
    loop {
        let length = if is_leap(year) { 366 } else { 365 };
        if days < length {
            break;
        }
        days -= length;
        year += 1;
    }
    let mut month = 1;
    while days >= days_in(year, month) {
        days -= days_in(year, month);
        month += 1;
    }
    (year, month, days + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signing_time_is_printed_as_it_was_read() {
        for (compact, printed) in [
            ("19700101T000000Z", "1970-01-01T00:00:00Z"),
            ("20000229T235959Z", "2000-02-29T23:59:59Z"),
            ("20261121T123347Z", "2026-11-21T12:33:47Z"),
        ] {
            assert_eq!(signing_time(compact).map(iso8601).as_deref(), Some(printed));
        }
        assert_eq!(signing_time("20260231T000000Z"), None);
    }
}
