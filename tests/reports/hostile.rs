//! Names and texts that would break out of a format, read back by somebody else's parser: they mean what they say, and nothing
//! more.

use fargate_updater::events::{Event, Outcome, Place, ServiceEnded, Stage, Unseen};
use quick_xml::XmlVersion;
use quick_xml::events::Event as Xml;
use serde_json::Value;

use crate::run::{ACCOUNT, Written, account, began, failure, listed, service, write};

const HOSTILE: [&str; 14] = [
    "</script><script>alert(1)</script>",
    "<!--<script>",
    "\"quoted\" 'twice'",
    "two\nlines\r\nand a\ttab",
    "]]> <![CDATA[",
    "=cmd|' /C calc'!A0",
    "+1-2",
    "-1",
    "@SUM(A1)",
    "a,b;c",
    "& &amp; <b>bold</b>",
    "| pipe | `code` *bold* _it_ [link](https://example.com) ~~ $x$ \\",
    "bell \u{7} null \u{0} end \u{ffff}",
    "\u{2028} separator, \u{202e}turned, \u{1f600}",
];

/// Each text as the name of a cluster and of a service, as a cause and as a hint; the first one as an account's name.
fn written() -> Written {
    let mut events = vec![began(), Event::Warning { text: HOSTILE[0].to_owned() }, listed(1, &[(ACCOUNT, HOSTILE[0])])];
    for text in HOSTILE {
        let outcome = Outcome::Failed(failure(Stage::Register, &[text, "because"], Some(text)));
        events.push(Event::Service(ServiceEnded::new(service(ACCOUNT, "us-east-1", text, text), outcome)));
        let mut place = Place::account(&account(ACCOUNT));
        place.cluster = Some(text.to_owned());
        events.push(Event::Unseen { place, why: Unseen::Failed(failure(Stage::Services, &[text], None)) });
    }
    write(&["report.json", "report.csv", "report.md", "report.html", "report.xml"], events)
}

fn sorted(mut texts: Vec<String>) -> Vec<String> {
    texts.sort();
    texts
}

fn expected(as_read: impl Fn(&str) -> String) -> Vec<String> {
    sorted(HOSTILE.iter().map(|text| as_read(text)).collect())
}

#[test]
fn json_holds_them_as_they_are() {
    let report: Value = serde_json::from_str(&written().text("report.json")).expect("JSON");
    let services = report["services"].as_array().expect("services");
    for field in ["cluster", "service", "text", "hint"] {
        let read = services.iter().map(|it| it[field].as_str().expect("a text").to_owned()).collect();
        assert_eq!(sorted(read), expected(str::to_owned), "{field}");
    }
    assert_eq!(services[0]["account_name"], HOSTILE[0]);
}

#[test]
fn csv_holds_them_and_no_formula() {
    let text = written().text("report.csv");
    assert!(text.starts_with("account,account_name,region,"), "{text}");
    assert!(text.ends_with("\r\n"));
    let mut reader = csv::ReaderBuilder::new().flexible(false).from_reader(text.as_bytes());
    let rows: Vec<csv::StringRecord> = reader.records().map(|row| row.expect("a row of as many cells as the head")).collect();
    let defused = |text: &str| {
        let is_formula = text.starts_with(['=', '+', '-', '@']);
        if is_formula { format!("'{text}") } else { text.to_owned() }
    };
    for column in [3, 4, 8, 11] {
        let read = rows.iter().map(|row| row[column].to_owned()).collect();
        assert_eq!(sorted(read), expected(defused), "column {column}");
    }
    let cells = rows.iter().flat_map(csv::StringRecord::iter);
    assert!(!cells.into_iter().any(|cell| cell.starts_with(['=', '+', '-', '@', '\t', '\r'])));
}

/// What XML has no place for is another character.
fn in_xml(text: &str) -> String {
    text.replace(['\u{7}', '\u{0}', '\u{ffff}'], "\u{fffd}")
}

#[test]
fn xml_is_well_formed_and_holds_them() {
    let text = written().text("report.xml");
    let mut reader = quick_xml::Reader::from_str(&text);
    reader.config_mut().check_end_names = true;
    let (mut names, mut messages) = (Vec::new(), Vec::new());
    let mut depth = 0;
    loop {
        let event = reader.read_event().expect("well-formed");
        match &event {
            Xml::Eof => break,
            Xml::Start(_) => depth += 1,
            Xml::End(_) => depth -= 1,
            _ => {}
        }
        if let Xml::Start(tag) | Xml::Empty(tag) = &event {
            for attribute in tag.attributes() {
                let attribute = attribute.expect("an attribute, once");
                let value = attribute.normalized_value(XmlVersion::Implicit1_0).expect("references are known").into_owned();
                match (tag.name().as_ref(), attribute.key.as_ref()) {
                    ("testcase", "name") if !value.starts_with("cluster ") => names.push(value),
                    ("failure", "message") => messages.push(value),
                    _ => {}
                }
            }
        }
    }
    assert_eq!(depth, 0);
    assert_eq!(sorted(names), expected(in_xml));
    assert_eq!(messages.len(), 2 * HOSTILE.len());
    let forbidden = |character: char| character.is_control() && !['\n', '\t'].contains(&character);
    assert!(!text.contains(forbidden), "XML 1.0 has no place for control characters");
}

#[test]
fn html_says_them_and_does_nothing() {
    let text = written().text("report.html");
    assert_eq!(text.matches("<script").count(), 2, "the data and the page's own script, and no other");
    assert_eq!(text.matches("</script").count(), 2);
    assert!(!text.contains("<!--") && !text.contains("<b>bold</b>"), "{text}");
    let (_, data) = text.split_once("id=\"services\">").expect("the data");
    let (data, _) = data.split_once("</script>").expect("its end");
    let services: Vec<Vec<Value>> = serde_json::from_str(data).expect("the data is JSON");
    let read = services.iter().map(|row| row[1].as_str().expect("a text").to_owned()).collect();
    assert_eq!(sorted(read), expected(|text| format!("{text}/{text}")));
}

#[test]
fn markdown_says_them_in_a_line() {
    let text = written().text("report.md");
    let table = [
        ("</script><script>alert(1)</script>", "&lt;/script>&lt;script>alert(1)&lt;/script>"),
        ("| pipe |", "\\| pipe \\| \\`code\\` \\*bold\\* \\_it\\_ \\[link\\](https://example.com) \\~\\~ \\$x\\$ \\\\"),
        ("two lines", "two lines  and a tab"),
        ("&", "&amp; &amp;amp; &lt;b>bold&lt;/b>"),
    ];
    for (name, escaped) in table {
        assert!(text.contains(escaped), "{name}: {text}");
    }
    assert!(!text.replace("\\|", "").lines().any(|line| line.contains("<script") || line.contains('\t')), "{text}");
}
