//! Where a report may go, item by item, and how a mistake is told.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use fargate_updater::report::files::destination::{Destination, Format, Object};
use fargate_updater::report::files::{Files, Upload};

use crate::run::redacted;

#[test]
fn a_name_says_the_format_by_its_ending() {
    let table = [
        ("report.json", Some(Format::Json)),
        ("reports/of.today.csv", Some(Format::Csv)),
        ("/reports/report.MD", Some(Format::Markdown)),
        ("page.html", Some(Format::Html)),
        ("junit.xml", Some(Format::Junit)),
        ("report", None),
        ("report.txt", None),
        ("reports.json/report", None),
        ("json", None),
    ];
    for (name, format) in table {
        assert_eq!(Format::of(name), format, "{name}");
        assert_eq!(Destination::parse(name).ok().map(|it| it.format()), format, "{name}");
    }
}

#[test]
fn what_is_wrong_is_told_with_the_way_out() {
    let table = [
        ("report.txt", "give a name that ends in .json, .csv, .md, .html or .xml (JUnit)"),
        ("s3://bucket/reports/report.pdf", "names no object that a report can be"),
        ("s3://bucket", "names no object that a report can be"),
        ("s3://bucket/", "names no object that a report can be"),
        ("s3://bucket//report.json", "names no object that a report can be"),
        ("s3://bucket/../report.json", "names no object that a report can be"),
        ("s3://bucket/.json/", "names no object that a report can be"),
        ("s3://B/report.json", "names no bucket: \"B\" is not 3 to 63 small letters"),
        ("s3://Reports/report.json", "names no bucket"),
        ("s3://re/report.json", "names no bucket"),
        ("s3://-reports/report.json", "names no bucket"),
        ("s3://reports./report.json", "names no bucket"),
        ("s3://of..reports/report.json", "names no bucket"),
        ("s3://192.0.2.7/report.json", "names no bucket"),
        ("s3://reports--use1-az4--x-s3/report.json", "names no bucket"),
        ("s3:///report.json", "names no bucket"),
        ("https://example.com/report.json", "is neither a path nor s3://BUCKET/KEY"),
    ];
    for (text, expected) in table {
        let problem = Destination::parse(text).expect_err(text).to_string();
        assert!(problem.contains(expected) && problem.contains(text), "{problem}");
    }
}

fn object(text: &str) -> Object {
    match Destination::parse(text).expect(text) {
        Destination::Object(object) => object,
        other => panic!("{text} is {other:?}"),
    }
}

#[test]
fn an_object_in_s3_is_a_bucket_a_key_and_a_format() {
    for (text, bucket, key, format) in [
        ("s3://my-bucket/reports/of.today.html", "my-bucket", "reports/of.today.html", Format::Html),
        ("s3://of.reports.2026/REPORT.JSON", "of.reports.2026", "REPORT.JSON", Format::Json),
        ("s3://123/a b=\u{e4}/r.xml", "123", "a b=\u{e4}/r.xml", Format::Junit),
    ] {
        let expected = Object { bucket: bucket.to_owned(), key: key.to_owned(), format };
        assert_eq!(object(text), expected);
        assert_eq!(expected.to_string(), text);
    }
    assert!(Destination::parse(&format!("s3://bucket/{}.csv", "k".repeat(1020))).is_ok());
    assert!(Destination::parse(&format!("s3://bucket/{}.csv", "k".repeat(1021))).is_err(), "a key has 1,024 bytes");
}

#[test]
fn every_format_says_what_it_is_and_how_it_is_written() {
    for format in Format::ALL {
        let (kind, more) = format.content_type().split_once("; ").unwrap_or((format.content_type(), ""));
        assert!(
            kind.split_once('/').is_some_and(|(_, kind)| ["json", "csv", "markdown", "html", "xml"].contains(&kind)),
            "{kind}"
        );
        assert_eq!(more, if format == Format::Json { "" } else { "charset=utf-8" }, "{kind}");
    }
}

#[test]
fn a_report_for_a_bucket_is_a_file_of_ones_own_until_it_is_uploaded() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let to = ["s3://bucket/report.json", "s3://bucket/more/report.json", "s3://bucket/report.md"].map(object);
    let destinations = to.iter().cloned().map(Destination::Object);
    let mut files = Files::new(destinations.collect(), directory.path());
    crate::run::fixed().iter().for_each(|event| files.add(event));
    files.totals.spent = Some(crate::run::spent());
    let finished = files.finish();
    assert!(finished.failed.is_empty(), "{:?}", finished.failed);
    let objects: Vec<&Object> = finished.uploads.iter().map(|upload| &upload.object).collect();
    assert_eq!(objects, to.iter().collect::<Vec<_>>());
    for Upload { object, file } in &finished.uploads {
        assert_eq!(Format::of(&file.display().to_string()), Some(object.format));
        let mode = std::fs::metadata(file).expect("it is there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "somebody else may read {}", file.display());
    }
    let text = |at: usize| redacted(&std::fs::read_to_string(&finished.uploads[at].file).expect("it is text"));
    assert_eq!(text(0), text(1));
    let expected = crate::run::write(&["report.json", "report.md"], crate::run::fixed());
    assert_eq!((text(0), text(2)), (redacted(&expected.text("report.json")), redacted(&expected.text("report.md"))));
    assert_eq!(std::fs::read_dir(directory.path()).expect("it can be read").count(), 3, "nothing else is left");
}

#[test]
fn a_report_for_a_bucket_needs_a_place_to_be_a_file_in() {
    let object = Destination::parse("s3://my-bucket/report.html").expect("it is a destination");
    let directory = tempfile::tempdir().expect("a temporary directory");
    object.check(directory.path()).expect("it can be written there");
    assert_eq!(std::fs::read_dir(directory.path()).expect("it can be read").count(), 0);
    let problem = object.check(Path::new("/proc")).expect_err("nobody writes there").to_string();
    assert!(problem.contains("\"s3://my-bucket/report.html\" is written to a file") && problem.contains("\"/proc\" takes none"));
    assert!(problem.contains("set TMPDIR to a directory that can be written to"), "{problem}");
}

#[test]
fn a_directory_has_to_be_there_and_nothing_is_left_in_it() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let at = |name: &str| Destination::parse(&directory.path().join(name).display().to_string()).expect("a destination");
    at("report.json").check(Path::new("/tmp")).expect("it can be written there");
    assert_eq!(std::fs::read_dir(directory.path()).expect("it can be read").count(), 0);
    let missing = at("missing/report.json").check(Path::new("/tmp")).expect_err("there is no such directory").to_string();
    assert!(missing.contains("there is no directory") && missing.contains("create it, or give another path"), "{missing}");
    std::fs::create_dir(directory.path().join("folder.json")).expect("a directory can be made");
    let folder = at("folder.json").check(Path::new("/tmp")).expect_err("it is a directory").to_string();
    assert!(folder.contains("is a directory"), "{folder}");
    std::fs::write(directory.path().join("file"), "").expect("a file can be written");
    assert!(at("file/report.json").check(Path::new("/tmp")).is_err(), "a file holds no files");
    let unwritable = Destination::parse("/proc/report.json")
        .expect("a destination")
        .check(Path::new("/tmp"))
        .expect_err("nobody writes there")
        .to_string();
    assert!(unwritable.contains("takes no file") && unwritable.contains("give a path that can be written to"), "{unwritable}");
}
