//! Where a report may go, item by item, and how a mistake is told.

use fargate_updater::report::files::destination::{Destination, Format};

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
        ("s3://B/report.json", "names no object that a report can be"),
        ("s3://bucket", "names no object that a report can be"),
        ("https://example.com/report.json", "is neither a path nor s3://BUCKET/KEY"),
    ];
    for (text, expected) in table {
        let problem = Destination::parse(text).expect_err(text).to_string();
        assert!(problem.contains(expected) && problem.contains(text), "{problem}");
    }
}

#[test]
fn an_object_in_s3_is_understood_and_refused_as_long_as_nothing_is_uploaded() {
    let object = Destination::parse("s3://my-bucket/reports/of.today.html").expect("it is a destination");
    let expected = ("my-bucket".to_owned(), "reports/of.today.html".to_owned(), Format::Html);
    assert!(
        matches!(&object, Destination::Object { bucket, key, format } if (bucket, key, format) == (&expected.0, &expected.1, &expected.2))
    );
    let problem = object.check().expect_err("nothing is uploaded").to_string();
    assert!(problem.contains("\"s3://my-bucket/reports/of.today.html\" cannot be written yet"), "{problem}");
}

#[test]
fn a_directory_has_to_be_there_and_nothing_is_left_in_it() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let at = |name: &str| Destination::parse(&directory.path().join(name).display().to_string()).expect("a destination");
    at("report.json").check().expect("it can be written there");
    assert_eq!(std::fs::read_dir(directory.path()).expect("it can be read").count(), 0);
    let missing = at("missing/report.json").check().expect_err("there is no such directory").to_string();
    assert!(missing.contains("there is no directory") && missing.contains("create it, or give another path"), "{missing}");
    std::fs::create_dir(directory.path().join("folder.json")).expect("a directory can be made");
    let folder = at("folder.json").check().expect_err("it is a directory").to_string();
    assert!(folder.contains("is a directory"), "{folder}");
    std::fs::write(directory.path().join("file"), "").expect("a file can be written");
    assert!(at("file/report.json").check().is_err(), "a file holds no files");
    let unwritable =
        Destination::parse("/proc/report.json").expect("a destination").check().expect_err("nobody writes there").to_string();
    assert!(unwritable.contains("takes no file") && unwritable.contains("give a path that can be written to"), "{unwritable}");
}
