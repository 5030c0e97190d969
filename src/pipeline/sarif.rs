//! What `check` found, as a SARIF log, which code scanning shows beside the lines of the file.
//!
//! Source: OASIS, "Static Analysis Results Interchange Format (SARIF) Version 2.1.0"; GitHub Docs, "SARIF support for code scanning"
//! (read 2026-11).

use serde_json::{Value, json};

use super::check::{Checked, Verdict, way_out};

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

/// Each rule by its word, with what it says.
const RULES: [(&str, &str); 3] = [
    ("unprotected", "A task definition carries no App-Embedded Defender"),
    ("outdated", "A task definition carries a Defender that is not today's, or not embedded as today"),
    ("not-protectable", "A task definition cannot get a Defender as it is"),
];

/// Returns the log of one check.
pub(super) fn log(checked: &[Checked]) -> Value {
    let results = checked.iter().filter(|checked| !checked.verdict.is_current()).map(result).collect::<Vec<_>>();
    let rules = RULES.map(|(id, text)| json!({ "id": id, "shortDescription": { "text": text } }));
    json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": { "name": "fargate-updater", "version": env!("CARGO_PKG_VERSION"), "rules": rules } },
            "results": results,
        }],
    })
}

fn result(Checked { path, position, label, verdict, .. }: &Checked) -> Value {
    let index = RULES.iter().position(|(id, _)| *id == verdict.code());
    let level = if matches!(verdict, Verdict::LeftAlone(_) | Verdict::Unseen(_)) { "warning" } else { "error" };
    json!({
        "ruleId": verdict.code(),
        "ruleIndex": index,
        "level": level,
        "message": { "text": format!("{label}: {}; {}", verdict.sentence(), way_out(path.as_deref(), verdict)) },
        "locations": path.iter().map(|path| json!({
            "physicalLocation": {
                "artifactLocation": { "uri": address(path) },
                "region": { "startLine": position.line, "startColumn": position.column },
            },
        })).collect::<Vec<_>>(),
    })
}

/// Returns a path as a relative address: with slashes, and with what addresses give a meaning to written in percents.
fn address(path: &str) -> String {
    let path = path.replace('\\', "/");
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
    path.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}
