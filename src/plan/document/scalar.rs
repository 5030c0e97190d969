//! Words of YAML: what one without quotes stands for, and which strings need none.

use serde_json::{Number, Value};

/// Returns what a plain scalar stands for.
///
/// Source: YAML 1.2.2, 10.3.2, Tag resolution of the core schema. Numbers that JSON has no words for stay strings.
pub(super) fn resolve(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Value::Null,
        "true" | "True" | "TRUE" => return Value::Bool(true),
        "false" | "False" | "FALSE" => return Value::Bool(false),
        _ => {}
    }
    number(text).map_or_else(|| Value::String(text.to_owned()), Value::Number)
}

fn number(text: &str) -> Option<Number> {
    if let Ok(number) = text.parse() {
        return Some(number);
    }
    for (prefix, radix) in [("0x", 16), ("0o", 8)] {
        if let Some(digits) = text.strip_prefix(prefix) {
            let is_number = digits.chars().all(|digit| digit.is_digit(radix));
            return is_number.then(|| u64::from_str_radix(digits, radix).ok()).flatten().map(Number::from);
        }
    }
    let (sign, rest) = match text.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    };
    let (mantissa, exponent) = match rest.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (rest, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, fraction),
        None => (mantissa, ""),
    };
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let is_exponent = |text: &str| {
        let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
        !digits.is_empty() && is_digits(digits)
    };
    if !is_digits(whole) || !is_digits(fraction) || (whole.is_empty() && fraction.is_empty()) || !exponent.is_none_or(is_exponent)
    {
        return None;
    }
    let whole = whole.trim_start_matches('0');
    let mut json = format!("{sign}{}", if whole.is_empty() { "0" } else { whole });
    if !fraction.is_empty() {
        json = format!("{json}.{fraction}");
    }
    if let Some(exponent) = exponent {
        json = format!("{json}e{exponent}");
    }
    json.parse().ok()
}

/// Returns a string as YAML: without quotes where every reader of YAML 1.1 and 1.2 takes it for this string, as JSON otherwise.
pub(super) fn write(text: &str, in_flow: bool) -> String {
    if is_safe(text) && !(in_flow && text.contains([',', '[', ']', '{', '}', ':'])) { text.to_owned() } else { quoted(text) }
}

/// Returns a string in double quotes, which JSON and YAML read alike.
pub(super) fn quoted(text: &str) -> String {
    let is_unprintable =
        |c: char| matches!(c, '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}');
    let json = Value::from(text).to_string();
    if !json.contains(is_unprintable) {
        return json;
    }
    json.chars().map(|c| if is_unprintable(c) { format!("\\u{:04x}", u32::from(c)) } else { c.to_string() }).collect()
}

fn is_safe(text: &str) -> bool {
    const WORDS: [&str; 9] = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"];
    let Some(first) = text.chars().next() else { return false };
    let begins_well = first.is_alphanumeric() || ['/', '_', '.', '$'].contains(&first);
    let is_plain = |c: char| c == ' ' || c.is_alphanumeric() || c.is_ascii_punctuation();
    begins_well
        && text.chars().all(is_plain)
        && !text.ends_with([' ', ':'])
        && !text.contains(": ")
        && !text.contains(" #")
        && !WORDS.contains(&text.to_ascii_lowercase().as_str())
        && !resembles_number(text)
}

/// Returns whether some reader may take this for a number, a time or a date: on the safe side.
fn resembles_number(text: &str) -> bool {
    let is_of_numbers = |c: char| c.is_ascii_hexdigit() || "xXoO_.:+-tTzZ ".contains(c);
    let lower = text.to_ascii_lowercase();
    (text.starts_with(|c: char| c.is_ascii_digit() || c == '.') && text.chars().all(is_of_numbers))
        || [".inf", ".nan"].contains(&lower.as_str())
}
