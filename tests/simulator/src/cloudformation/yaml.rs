//! YAML as CloudFormation reads it, turned into JSON in which every function has its long form.
//!
//! CloudFormation reads YAML 1.1 without aliases, merges and timestamps, so a date is a string.
//! Source: AWS CloudFormation User Guide, CloudFormation template format (read 2026-11).
//!
//! Plain words that YAML 1.1 and 1.2 read differently (`yes`, `012`, `1_000`, `12:30`) are refused rather than read: quotes
//! decide.

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, Tag};
use serde_json::{Map, Number, Value};

use super::problem::{Path, Problem};

/// The functions that have a short form. Those of rules alone have none.
/// Source: AWS CloudFormation Template Reference, Intrinsic function reference and Rule functions (read 2026-11).
const SHORT_FORMS: [&str; 14] = [
    "And",
    "Condition",
    "Equals",
    "FindInMap",
    "GetAtt",
    "If",
    "Join",
    "Not",
    "Or",
    "Ref",
    "Select",
    "Split",
    "Sub",
    "ToJsonString",
];

/// Reads a document.
///
/// # Errors
/// Text that is no YAML; more or less than one document; a key that is there twice, or is no scalar; an alias, a merge, a tag
/// that is not known; a null, which CloudFormation refuses; a word that needs quotes.
pub(super) fn read(text: &str) -> Result<Value, Problem> {
    let mut reader = Reader { events: Parser::new_from_str(text) };
    let path = Path::default();
    reader.next()?; // The start of the stream.
    match reader.next()? {
        (Event::DocumentStart(_), _) => {}
        _ => return path.problem("the template is empty"),
    }
    let value = reader.value(&path)?;
    reader.next()?; // The end of the document.
    match reader.next()? {
        (Event::StreamEnd, _) => Ok(value),
        (_, line) => at(line, "a second document begins; a template is one"),
    }
}

struct Reader<'a> {
    events: Parser<'a, saphyr_parser::StrInput<'a>>,
}

impl<'a> Reader<'a> {
    fn next(&mut self) -> Result<(Event<'a>, Marker), Problem> {
        match self.events.next_event() {
            Some(Ok((event, span))) => Ok((event, span.start)),
            Some(Err(error)) => at(*error.marker(), format!("no YAML: {}", error.info())),
            None => Path::default().problem("no YAML: it ends too early"),
        }
    }

    fn value(&mut self, path: &Path) -> Result<Value, Problem> {
        let (event, line) = self.next()?;
        self.value_of(event, line, path)
    }

    fn value_of(&mut self, event: Event<'a>, line: Marker, path: &Path) -> Result<Value, Problem> {
        match event {
            Event::Scalar(text, style, _, tag) => match tag.as_deref() {
                Some(tag) if tag.is_yaml_core_schema() && tag.suffix == "str" => Ok(Value::String(text.into_owned())),
                Some(tag) => short_form(tag, Value::String(text.into_owned()), line),
                None if style == ScalarStyle::Plain => plain(&text, path),
                None => Ok(Value::String(text.into_owned())),
            },
            Event::SequenceStart(_, tag) => {
                let path = &inside(tag.as_deref(), path);
                let mut items = Vec::new();
                loop {
                    let (event, line) = self.next()?;
                    if event == Event::SequenceEnd {
                        break;
                    }
                    items.push(self.value_of(event, line, &path.item(items.len()))?);
                }
                tagged(tag.as_deref(), Value::Array(items), line)
            }
            Event::MappingStart(_, tag) => {
                let map = self.map(&inside(tag.as_deref(), path))?;
                tagged(tag.as_deref(), Value::Object(map), line)
            }
            Event::Alias(_) => at(line, "CloudFormation knows no aliases: write the value out"),
            _ => at(line, "no YAML: a value is expected"),
        }
    }

    fn map(&mut self, path: &Path) -> Result<Map<String, Value>, Problem> {
        let mut map = Map::new();
        loop {
            let (key, line) = match self.next()? {
                (Event::MappingEnd, _) => return Ok(map),
                (Event::Scalar(text, ScalarStyle::Plain, _, None), line) if text == "<<" => {
                    return at(line, "CloudFormation knows no merges: write the keys out");
                }
                (Event::Scalar(text, _, _, None), line) => (text.into_owned(), line),
                (_, line) => return at(line, "a key is a plain word or a string"),
            };
            let value = self.value(&path.key(&key))?;
            if map.insert(key.clone(), value).is_some() {
                return at(line, format!("the key {key:?} is there twice, in {:?}", path.key(&key).text()));
            }
        }
    }
}

fn tagged(tag: Option<&Tag>, value: Value, line: Marker) -> Result<Value, Problem> {
    match tag {
        Some(tag) => short_form(tag, value, line),
        None => Ok(value),
    }
}

fn short_form(tag: &Tag, value: Value, line: Marker) -> Result<Value, Problem> {
    if tag.handle != "!" || !SHORT_FORMS.contains(&tag.suffix.as_str()) {
        return at(line, format!("{tag} is not known; rule functions such as Fn::Contains have no short form"));
    }
    let name = long_form(tag);
    let value = match (name.as_str(), value) {
        // The only function whose short form says it otherwise.
        ("Fn::GetAtt", Value::String(text)) => match text.split_once('.') {
            Some((resource, attribute)) => vec![resource, attribute].into(),
            None => Value::String(text),
        },
        (_, value) => value,
    };
    Ok(Value::Object(Map::from_iter([(name, value)])))
}

fn long_form(tag: &Tag) -> String {
    match tag.suffix.as_str() {
        name @ ("Ref" | "Condition") => name.to_owned(),
        name => format!("Fn::{name}"),
    }
}

/// Returns the place of what a function in its short form has.
fn inside(tag: Option<&Tag>, path: &Path) -> Path {
    tag.map_or_else(|| path.clone(), |tag| path.key(&long_form(tag)))
}

/// Returns what a scalar without quotes stands for.
fn plain(text: &str, path: &Path) -> Result<Value, Problem> {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return path.problem("null values are not allowed in templates"),
        "true" | "True" | "TRUE" => return Ok(Value::Bool(true)),
        "false" | "False" | "FALSE" => return Ok(Value::Bool(false)),
        _ => {}
    }
    let is_word = ["y", "n", "yes", "no", "on", "off"].contains(&text.to_ascii_lowercase().as_str());
    if is_decimal(text) {
        return text.parse::<Number>().map(Value::Number).or_else(|_| quotes(text, path));
    }
    if is_word || (looks_like_number(text) && !is_date(text)) { quotes(text, path) } else { Ok(Value::String(text.to_owned())) }
}

fn quotes<T>(text: &str, path: &Path) -> Result<T, Problem> {
    path.problem(format!("{text} means different things to different readers of YAML: put it into quotes"))
}

/// Returns whether this is a number in the one way in which all readers agree.
fn is_decimal(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, part) = digits.split_once('.').unwrap_or((digits, "0"));
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_digits(whole) && is_digits(part) && (whole == "0" || !whole.starts_with('0'))
}

/// Returns whether some reader would take this for a number: octal, hexadecimal, to the base of 60, with an exponent, not finite.
fn looks_like_number(text: &str) -> bool {
    let rest = text.strip_prefix(['-', '+']).unwrap_or(text).to_ascii_lowercase();
    let is_of = |text: &str, allowed: &str| !text.is_empty() && text.chars().all(|c| allowed.contains(c));
    let is_special = [".inf", ".nan"].contains(&rest.as_str());
    let is_prefixed =
        ["0x", "0o", "0b"].iter().filter_map(|prefix| rest.strip_prefix(prefix)).any(|rest| is_of(rest, "0123456789abcdef_"));
    let is_number =
        |text: &str| is_of(text, "0123456789._:") && text.starts_with(|c: char| c != ':') && text.matches('.').count() < 2;
    let has_exponent =
        rest.split_once('e').is_some_and(|(number, exponent)| is_number(number) && is_of(exponent, "0123456789+-"));
    is_special || is_prefixed || has_exponent || (is_number(&rest) && rest.contains(|c: char| c.is_ascii_digit()))
}

fn is_date(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    parts.len() == 3 && parts.iter().all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))
}

fn at<T>(place: Marker, what: impl Into<String>) -> Result<T, Problem> {
    Path::top(format!("line {}", place.line())).problem(what)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn scalars_are_what_cloudformation_takes_them_for() {
        for (text, expected) in [
            ("text", json!("text")),
            ("2012-10-17", json!("2012-10-17")),
            ("'2012-10-17'", json!("2012-10-17")),
            ("10.0.0.0/16", json!("10.0.0.0/16")),
            ("1.2.3.4", json!("1.2.3.4")),
            ("1-2", json!("1-2")),
            ("arn:aws:iam::aws:policy/ReadOnly", json!("arn:aws:iam::aws:policy/ReadOnly")),
            ("rate(1 day)", json!("rate(1 day)")),
            ("1024", json!(1024)),
            ("-1", json!(-1)),
            ("0.5", json!(0.5)),
            ("111122223333", json!(111_122_223_333_u64)),
            ("'1024'", json!("1024")),
            ("!!str 1024", json!("1024")),
            ("true", json!(true)),
            ("'yes'", json!("yes")),
            ("\"a\\nb\"", json!("a\nb")),
            ("|\n  a\n  b\n", json!("a\nb\n")),
            (">-\n  a\n  b\n", json!("a b")),
            ("{ b: 1, a: [x, { y: z }] }", json!({ "b": 1, "a": ["x", { "y": "z" }] })),
            ("{ 012: a, yes: b }", json!({ "012": "a", "yes": "b" })),
        ] {
            assert_eq!(read(text).map_err(|problem| problem.to_string()), Ok(expected), "{text}");
        }
        let ordered = read("{ b: 1, c: 2, a: 3 }").map(|value| value.to_string());
        assert_eq!(ordered, Ok(r#"{"b":1,"c":2,"a":3}"#.to_owned()));
    }

    #[test]
    fn short_forms_become_long_ones() {
        for (text, expected) in [
            ("!Ref A", json!({ "Ref": "A" })),
            ("!Ref 1", json!({ "Ref": "1" })),
            ("!Condition A", json!({ "Condition": "A" })),
            ("!GetAtt A.B.C", json!({ "Fn::GetAtt": ["A", "B.C"] })),
            ("!GetAtt [A, B]", json!({ "Fn::GetAtt": ["A", "B"] })),
            ("!Sub [\"${A}\", { A: !Ref B }]", json!({ "Fn::Sub": ["${A}", { "A": { "Ref": "B" } }] })),
            ("!Sub |\n  ${A}\n", json!({ "Fn::Sub": "${A}\n" })),
            ("Fn::If: [A, !Ref B, c]", json!({ "Fn::If": ["A", { "Ref": "B" }, "c"] })),
        ] {
            assert_eq!(read(text).map_err(|problem| problem.to_string()), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_readers_do_not_agree_on_or_cloudformation_refuses_is_an_error() {
        for (text, expected) in [
            ("", "the template is empty"),
            ("a: 1\nb:\n  c: 1\n  c: 2", "line 4: the key \"c\" is there twice, in \"b.c\""),
            ("a: b: c", "line 1: no YAML"),
            ("a: [b", "line"),
            ("a: 1\n---\nb: 1", "line 2: a second document begins"),
            ("a: &x 1\nb: *x", "line 2: CloudFormation knows no aliases"),
            ("a:\n  <<: { b: 1 }", "line 2: CloudFormation knows no merges"),
            ("? [a]\n: b", "line 1: a key is a plain word or a string"),
            ("a: !Base64 b", "line 1: !Base64 is not known"),
            ("a: !Contains [[b], b]", "line 1: !Contains is not known"),
            ("a: !!timestamp 2012-10-17", "line 1: "),
            ("a:\n  b:", "a.b: null values are not allowed"),
            ("a: [b, null]", "a[1]: null values are not allowed"),
            ("a: !If [Large, no, 1]", "a.Fn::If[1]: no means different things"),
            ("a: yes", "a: yes means different things"),
            ("a: Off", "a: Off means different things"),
            ("a: 012345678901", "a: 012345678901 means different things"),
            ("a: 0x1F", "a: 0x1F means different things"),
            ("a: 1_000", "a: 1_000 means different things"),
            ("a: 12:30", "a: 12:30 means different things"),
            ("a: 1e3", "a: 1e3 means different things"),
            ("a: 1.5e+3", "a: 1.5e+3 means different things"),
            ("a: +1", "a: +1 means different things"),
            ("a: .5", "a: .5 means different things"),
            ("a: .inf", "a: .inf means different things"),
        ] {
            let problem = read(text).expect_err(text).to_string();
            assert!(problem.starts_with(expected), "{text}\n{problem}\nis not\n{expected}");
        }
    }
}
