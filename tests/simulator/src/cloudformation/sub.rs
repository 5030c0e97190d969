//! The strings of `Fn::Sub`.

use super::problem::{Path, Problem};

/// A part of such a string.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    Text(String),
    /// What is in `${...}`: a variable, a parameter, a resource, or a resource's attribute after a dot.
    Name(String),
}

/// Takes a string apart; `${!this}` is text and becomes `${this}`.
/// Source: AWS CloudFormation Template Reference, Fn::Sub.
///
/// # Errors
/// `${` without an end, and names with other characters than names have.
pub(super) fn pieces(text: &str, path: &Path) -> Result<Vec<Piece>, Problem> {
    let mut pieces = Vec::new();
    let mut written = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        let Some((name, behind)) = after.split_once('}') else {
            return path.problem("a ${ has no }");
        };
        written.push_str(before);
        match name.strip_prefix('!') {
            Some(literal) => written.extend(["${", literal, "}"]),
            None => {
                check_name(name, path)?;
                pieces.push(Piece::Text(std::mem::take(&mut written)));
                pieces.push(Piece::Name(name.to_owned()));
            }
        }
        rest = behind;
    }
    written.push_str(rest);
    pieces.push(Piece::Text(written));
    pieces.retain(|piece| *piece != Piece::Text(String::new()));
    Ok(pieces)
}

fn check_name(name: &str, path: &Path) -> Result<(), Problem> {
    let is_fine = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b":.".contains(&byte));
    if is_fine { Ok(()) } else { path.problem(format!("${{{name}}} is no name; text that is to stay is written ${{!{name}}}")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_taken_apart() {
        let text = |text: &str| Piece::Text(text.to_owned());
        let name = |name: &str| Piece::Name(name.to_owned());
        for (from, expected) in [
            ("", Some(vec![])),
            ("no $name {at} all$", Some(vec![text("no $name {at} all$")])),
            ("arn:${AWS::Partition}:iam", Some(vec![text("arn:"), name("AWS::Partition"), text(":iam")])),
            ("${Role.Arn}${Name}", Some(vec![name("Role.Arn"), name("Name")])),
            ("${!HOME}/${Name}", Some(vec![text("${HOME}/"), name("Name")])),
            ("${Name", None),
            ("${}", None),
            ("${ Name }", None),
            ("${NAME:-none}", None),
        ] {
            assert_eq!(pieces(from, &Path::default()).ok(), expected, "{from}");
        }
    }
}
