//! The JSON report is what its schema says, and the schema says nothing else: read by the rules of JSON Schema that it uses, and
//! by no other. .ci/run has another program read it by all of them.

use serde_json::Value;

use crate::run::{fixed, fleet, write};

/// Returns what of a value a schema does not allow.
fn problems(schema: &Value, value: &Value, root: &Value, at: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (rule, says) in schema.as_object().expect("a schema is an object") {
        match rule.as_str() {
            "$ref" => {
                let name =
                    says.as_str().and_then(|text| text.strip_prefix("#/$defs/")).expect("a definition of the schema's own");
                found.extend(problems(&root["$defs"][name], value, root, at));
            }
            "type" => {
                let types = says.as_array().cloned().unwrap_or_else(|| vec![says.clone()]);
                if !types.iter().any(|name| is_of(value, name.as_str().unwrap_or_default())) {
                    found.push(format!("{at} is no {says}: {value}"));
                }
            }
            "const" if value != says => found.push(format!("{at} is not {says}: {value}")),
            "enum" if !says.as_array().is_some_and(|all| all.contains(value)) => {
                found.push(format!("{at} is none of {says}: {value}"))
            }
            // It is about objects only.
            "required" if value.is_object() => {
                let names = says.as_array().into_iter().flatten().filter_map(Value::as_str);
                found.extend(names.filter(|name| value.get(name).is_none()).map(|name| format!("{at} has no {name}")));
            }
            "properties" => {
                for (name, schema) in says.as_object().expect("properties are an object") {
                    if let Some(value) = value.get(name) {
                        found.extend(problems(schema, value, root, &format!("{at}.{name}")));
                    }
                }
            }
            "additionalProperties" => {
                assert_eq!(*says, Value::Bool(false), "{at}");
                let names = value.as_object().into_iter().flatten().map(|(name, _)| name);
                let unknown = names.filter(|name| schema["properties"].get(name).is_none());
                found.extend(unknown.map(|name| format!("{at} has a field that the schema does not name: {name}")));
            }
            "items" => {
                let items = value.as_array().into_iter().flatten().enumerate();
                found.extend(items.flat_map(|(number, item)| problems(says, item, root, &format!("{at}[{number}]"))));
            }
            "const" | "enum" | "required" | "$schema" | "$id" | "$defs" | "title" | "description" => {}
            other => panic!("this reader does not know {other}: teach it, or do without"),
        }
    }
    found
}

fn is_of(value: &Value, name: &str) -> bool {
    match name {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_u64() || value.is_i64(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("{other} is no type"),
    }
}

fn schema() -> Value {
    let text = include_str!("../../src/report/files/schema.json");
    serde_json::from_str(text).expect("the schema is JSON")
}

#[test]
fn reports_are_what_the_schema_says() {
    let schema = schema();
    for (name, events) in
        [("of everything", fixed()), ("of a fleet", fleet(300, 3).collect()), ("of nothing", fleet(0, 1).collect())]
    {
        let written = write(&["report.json"], events);
        let report: Value = serde_json::from_str(&written.text("report.json")).expect("the report is JSON");
        let found = problems(&schema, &report, &schema, "report");
        assert!(found.is_empty(), "{name}: {found:#?}");
    }
    // For the other reader.
    let directory = std::path::Path::new(env!("CARGO_TARGET_TMPDIR"));
    std::fs::copy(write(&["report.json"], fixed()).path("report.json"), directory.join("report.json")).expect("it can be kept");
}

#[test]
fn the_schema_refuses_what_is_not_a_report() {
    let schema = schema();
    let written = write(&["report.json"], fixed());
    let report: Value = serde_json::from_str(&written.text("report.json")).expect("the report is JSON");
    let broken = |edit: fn(&mut Value)| {
        let mut report = report.clone();
        edit(&mut report);
        problems(&schema, &report, &schema, "report")
    };
    assert_eq!(broken(|it| it["schema"] = 2.into()), ["report.schema is not 1: 2"]);
    assert_eq!(broken(|it| it["services"][0]["tasks"] = "three".into()).len(), 1);
    assert_eq!(broken(|it| it["services"][0]["outcome"] = "lost".into()).len(), 1);
    assert_eq!(broken(|it| it["places"][0]["password"] = "x".into()).len(), 1);
    let without = |it: &mut Value| drop(it["summary"].as_object_mut().expect("an object").remove("coverage"));
    assert_eq!(broken(without), ["report.summary has no coverage"]);
}
