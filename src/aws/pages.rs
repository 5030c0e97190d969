//! Lists that come in pages: asked for until AWS says that there are no more. A page may be empty and have others behind it.

use super::error::AwsError;

/// Returns what all pages hold. `page` is given where to begin, and returns what it found and where the next page begins.
pub(super) async fn all<T, C, F>(page: impl Fn(Option<String>) -> F) -> Result<C, AwsError>
where
    C: Default + Extend<T>,
    F: Future<Output = Result<(Vec<T>, Option<String>), AwsError>>,
{
    let mut items = C::default();
    let mut from = None;
    loop {
        let (found, next) = page(from).await?;
        items.extend(found);
        from = next;
        if from.is_none() {
            return Ok(items);
        }
    }
}
