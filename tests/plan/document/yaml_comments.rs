//! What people wrote between the lines stays, whatever is put or taken around it.

use serde_json::json;

use super::support::{add, edited, holds, holds_both_ways, remove};

#[test]
fn what_is_added_leaves_comments_where_they_are() {
    holds_both_ways([
        ("behind the last value", "a:\n  - x # first\nb: 1\n", add("/a/1", json!("w")), "a:\n  - x # first\n  - w\nb: 1\n"),
        (
            "below the last value",
            "a:\n  - x\n  # - old\n\n# b\nb: 1\n",
            add("/a/1", json!("w")),
            "a:\n  - x\n  - w\n  # - old\n\n# b\nb: 1\n",
        ),
        ("above the first value", "a:\n  # first\n  - x\nb: 1\n", add("/a/0", json!("w")), "a:\n  # first\n  - w\n  - x\nb: 1\n"),
        ("behind an empty value", "a:\n  b: # none\nc: 1\n", add("/a/d", json!(1)), "a:\n  b: # none\n  d: 1\nc: 1\n"),
        ("at the end of the text", "a: 1 # x\n# w", add("/b", json!(1)), "a: 1 # x\nb: 1\n# w"),
        ("at the start of the text", "# x\n\n# w\na: 1\n", add("/b", json!(1)), "# x\n\n# w\na: 1\nb: 1\n"),
    ]);
}

#[test]
fn comment_lines_outlive_what_is_taken_away() {
    holds([
        ("between two", "- a\n# b\n- b\n- c\n", remove("/0"), "# b\n- b\n- c\n"),
        ("inside what goes", "- a:\n    # x\n    b: 1\n  # w\n  c: 1\n# z\n- d\n", remove("/0"), "# x\n# w\n# z\n- d\n"),
        (
            "before the last",
            "a:\n  - x # x\n  # w\n  - w # gone\n  # z\nb: 1\n",
            remove("/a/1"),
            "a:\n  - x # x\n  # w\n  # z\nb: 1\n",
        ),
        ("inside the last", "a:\n  - x\n  - w:\n      # z\n      z: 1\nb: 1\n", remove("/a/1"), "a:\n  - x\n      # z\nb: 1\n"),
        ("around the only one", "a: # a\n  # x\n  - x\n  # w\nb: 1\n", remove("/a/0"), "a: [] # a\n  # x\n  # w\nb: 1\n"),
        ("behind a tag", "a: !T # a\n  - x\nb: 1\n", remove("/a/0"), "a: !T [] # a\nb: 1\n"),
        ("of a member behind a dash", "- a: 1\n  # b\n  b: 2\n", remove("/0/a"), "- # b\n  b: 2\n"),
        (
            "not lines of a literal",
            "- a\n- |\n  # x\n  w\n- |+\n  # z\n\n# c\n- d\n",
            remove("/2"),
            "- a\n- |\n  # x\n  w\n# c\n- d\n",
        ),
        ("in brackets, before the next", "a: [\n  x, # gone\n  # w\n  w\n]\n", remove("/a/0"), "a: [\n  # w\n  w\n]\n"),
        (
            "in brackets, behind the one before",
            "a: [\n  x, # x\n  # w\n  w # gone\n]\n",
            remove("/a/1"),
            "a: [\n  x # x\n  # w # gone\n]\n",
        ),
        ("in brackets that close at once", "a: [x, # x\n  w]\nb: 1\n", remove("/a/1"), "a: [x # x\n]\nb: 1\n"),
        ("in brackets with nothing left", "a: [\n  # x\n  x # w\n]\nb: 1\n", remove("/a/0"), "a: [\n  # x\n  # w\n  ]\nb: 1\n"),
    ]);
}

#[test]
fn what_only_looks_like_a_comment_is_none() {
    let text = "a: 'x # w'\nb: \"#\n  # z\"\nc: x#w\nd: [\"#\", u#v] # d\n# e\ne: |\n  #!/bin/sh\n  # f\n";
    for place in ["/a", "/b", "/c", "/d", "/e"] {
        let found = edited(text, &remove(place));
        let comments = found.lines().filter(|line| *line == "# e").count();
        assert_eq!(comments, 1, "{place}\n{found}");
    }
    assert_eq!(edited(text, &remove("/e")), text.split("e: |").next().map(str::to_owned).unwrap_or_default());
}
