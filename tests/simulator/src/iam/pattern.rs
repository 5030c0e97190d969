//! Texts with `*` and `?` in them.

/// Returns whether a text is as a pattern says, in which `*` stands for any text and `?` for one character.
pub(super) fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut at, mut in_text) = (0, 0);
    // Where the last star was, and how far it has reached.
    let mut star: Option<(usize, usize)> = None;
    while in_text < text.len() {
        match pattern.get(at) {
            Some('*') => {
                star = Some((at, in_text));
                at += 1;
            }
            Some(&one) if one == '?' || one == text[in_text] => {
                at += 1;
                in_text += 1;
            }
            _ => match star {
                Some((before, reached)) => {
                    star = Some((before, reached + 1));
                    at = before + 1;
                    in_text = reached + 1;
                }
                None => return false,
            },
        }
    }
    pattern[at..].iter().all(|rest| *rest == '*')
}

/// Returns whether an ARN is as a pattern says: part by part, since a wildcard does not reach over a colon into the next part. The
/// last part, the resource, may hold colons.
/// Source: IAM User Guide, "IAM JSON policy elements: Resource" and `ArnLike` (read 2026-11).
pub(super) fn arn_matches(pattern: &str, arn: &str) -> bool {
    if pattern == "*" {
        return true;
    }
    let parts = |text: &str| text.splitn(6, ':').map(str::to_owned).collect::<Vec<_>>();
    let (pattern, arn) = (parts(pattern), parts(arn));
    pattern.len() == arn.len() && pattern.iter().zip(&arn).all(|(pattern, text)| matches(pattern, text))
}
