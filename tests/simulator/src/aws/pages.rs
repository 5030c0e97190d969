//! Pages of a list, with tokens that mean nothing to the caller and are good for the one list they came from.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// A token that is not from this list.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct BadToken;

/// One page.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Page<T> {
    pub(super) items: Vec<T>,
    pub(super) next: Option<String>,
}

/// Cuts out the page a token points at.
///
/// `list` names the list a token is for: a token from another cluster, account or Region is refused, as AWS does.
pub(super) fn page<T: Clone>(list: &str, items: &[T], token: Option<&str>, size: usize) -> Result<Page<T>, BadToken> {
    let from = match token {
        None => 0,
        Some(token) => position(list, token)?.0,
    };
    if from > items.len() {
        return Err(BadToken);
    }
    let to = (from + size).min(items.len());
    Ok(Page { items: items[from..to].to_vec(), next: (to < items.len()).then(|| token_for(list, to, false)) })
}

/// Cuts out a page of a list that tells an empty page, with a token, after the first one.
///
/// Source: AWS Organizations API Reference, ListAccounts: the set may be empty although more results are available (read 2026-11).
pub(super) fn page_with_gap<T: Clone>(list: &str, items: &[T], token: Option<&str>, size: usize) -> Result<Page<T>, BadToken> {
    if let Some(token) = token {
        let (from, gap) = position(list, token)?;
        if gap {
            return Ok(Page { items: Vec::new(), next: Some(token_for(list, from, false)) });
        }
        return page(list, items, Some(token), size);
    }
    let first = page(list, items, None, size)?;
    let next = first.next.map(|_| token_for(list, size, true));
    Ok(Page { items: first.items, next })
}

fn token_for(list: &str, from: usize, gap: bool) -> String {
    URL_SAFE_NO_PAD.encode(format!("{from}|{gap}|{list}"))
}

fn position(list: &str, token: &str) -> Result<(usize, bool), BadToken> {
    let bytes = URL_SAFE_NO_PAD.decode(token).map_err(|_| BadToken)?;
    let text = String::from_utf8(bytes).map_err(|_| BadToken)?;
    let mut parts = text.splitn(3, '|');
    let from = parts.next().and_then(|from| from.parse().ok()).ok_or(BadToken)?;
    let gap = parts.next() == Some("true");
    if parts.next() != Some(list) {
        return Err(BadToken);
    }
    Ok((from, gap))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_item_comes_once_and_one_page_is_empty() {
        let items: Vec<u32> = (0..45).collect();
        let mut sizes = Vec::new();
        let mut seen = Vec::new();
        let mut token = None;
        loop {
            let page = page_with_gap("accounts", &items, token.as_deref(), 20).expect("its own token");
            sizes.push(page.items.len());
            seen.extend(page.items);
            token = page.next;
            if token.is_none() {
                break;
            }
        }
        assert_eq!(sizes, [20, 0, 20, 5]);
        assert_eq!(seen, items);
    }

    #[test]
    fn a_token_of_another_list_is_refused() {
        let first = page("clusters of 1", &[1, 2], None, 1).expect("no token");
        assert_eq!(page("clusters of 2", &[1, 2], first.next.as_deref(), 1), Err(BadToken));
        assert_eq!(page("clusters of 1", &[1, 2], Some("AAAA"), 1), Err(BadToken));
    }
}
