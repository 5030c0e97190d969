//! What comes before what.

use std::collections::{BTreeMap, BTreeSet};

/// For each name, those that it needs.
pub(super) type Needs = BTreeMap<String, BTreeSet<String>>;

/// Returns the names so that each comes after all that it needs.
///
/// # Errors
/// A circle: its names, the first one again at the end.
pub(super) fn order(needs: &Needs) -> Result<Vec<String>, Vec<String>> {
    let mut done = Vec::new();
    for name in needs.keys() {
        visit(name, needs, &mut Vec::new(), &mut done)?;
    }
    Ok(done)
}

fn visit(name: &str, needs: &Needs, under_way: &mut Vec<String>, done: &mut Vec<String>) -> Result<(), Vec<String>> {
    if done.iter().any(|other| other == name) {
        return Ok(());
    }
    if let Some(begin) = under_way.iter().position(|other| other == name) {
        let mut circle = under_way.split_off(begin);
        circle.push(name.to_owned());
        return Err(circle);
    }
    under_way.push(name.to_owned());
    for other in needs.get(name).into_iter().flatten() {
        visit(other, needs, under_way, done)?;
    }
    under_way.pop();
    done.push(name.to_owned());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn needs(pairs: &[(&str, &[&str])]) -> Needs {
        let owned = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        pairs.iter().map(|&(name, others)| (name.to_owned(), owned(others))).collect()
    }

    #[test]
    fn what_is_needed_comes_first_and_circles_are_told() {
        assert_eq!(order(&needs(&[("a", &["c"]), ("b", &["a", "c"]), ("c", &[])])), Ok(vec!["c".into(), "a".into(), "b".into()]));
        assert_eq!(order(&needs(&[("a", &["a"])])), Err(vec!["a".into(), "a".into()]));
        assert_eq!(order(&needs(&[("a", &["b"]), ("b", &["c"]), ("c", &["b"])])), Err(vec!["b".into(), "c".into(), "b".into()]));
    }
}
