//! Lines of a text, by the places of bytes in it.

/// What counts as nothing. Other blanks of Unicode are text.
pub(super) const BLANKS: [char; 4] = [' ', '\t', '\r', '\n'];

/// Returns where the line ends in which a place is: before its line end.
pub(super) fn end(text: &str, at: usize) -> usize {
    let end = text[at..].find('\n').map_or(text.len(), |length| at + length);
    if text[at..end].ends_with('\r') { end - 1 } else { end }
}

/// Returns where the line begins in which a place is.
pub(super) fn start(text: &str, at: usize) -> usize {
    let start = text[..at].rfind('\n').map_or(0, |before| before + 1);
    if start == 0 && text.starts_with('\u{feff}') { '\u{feff}'.len_utf8().min(at) } else { start }
}

/// Returns the blanks with which the line begins in which a place is.
pub(super) fn indentation(text: &str, at: usize) -> &str {
    let start = start(text, at);
    let line = &text[start..at];
    &line[..line.len() - line.trim_start_matches([' ', '\t']).len()]
}

/// Returns how many characters stand before a place in its line.
pub(super) fn column(text: &str, at: usize) -> usize {
    text[start(text, at)..at].chars().count()
}

/// Returns the first place from here that is neither a blank nor a line end.
pub(super) fn skip(text: &str, at: usize) -> usize {
    text.len() - text[at..].trim_start_matches(BLANKS).len()
}

/// Returns the first place from here that is neither a blank, a line end nor a comment of YAML.
pub(super) fn skip_comments(text: &str, from: usize) -> usize {
    let mut at = skip(text, from);
    // A comment begins a line or stands behind a blank.
    while text[at..].starts_with('#') && (at > from || from == start(text, from)) {
        at = skip(text, end(text, at));
    }
    at
}

/// Returns whether both places are in one line.
pub(super) fn is_same(text: &str, a: usize, b: usize) -> bool {
    !text[a.min(b)..a.max(b)].contains('\n')
}
