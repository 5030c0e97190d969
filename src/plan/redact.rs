//! What must not be seen, taken out of texts that others wrote: error messages of AWS and of the Console.
//!
//! Our own texts never hold a secret in the first place. A [`Redactor`] knows the values to hide, and every one knows the shapes
//! that are always secret: the Defender's registry token, install bundles, bearer tokens.

use std::error::Error;
use std::fmt;
use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

/// What stands for a secret that was taken out.
pub const MASK: &str = "***";

/// Texts that are secret whatever their value.
///
/// The `tw_` part of the Defender's image is the customer's registry token, the bundle is long base64, tokens are JWTs.
/// Source: Prisma Cloud Compute API, `GET /defenders/image-name` and `POST /authenticate`; the shapes are those that
/// PaloAltoNetworks/pcs-cwp-defender-updater takes out of its own logs.
static SECRET_SHAPES: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let shapes = [
        r"tw_[A-Za-z0-9_-]+",
        r"eyJ[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]*){0,2}",
        r"(?i)bearer\s+[A-Za-z0-9._~+/-]+=*",
        r"[A-Za-z0-9+/]{80,}=*",
    ];
    Regex::new(&shapes.join("|")).ok()
});

/// Values shorter than this are left alone: taking `1` or `on` out would leave nothing readable.
const SHORTEST_SECRET: usize = 4;

/// Knows what must not be seen.
#[derive(Clone, Default)]
pub struct Redactor(Vec<String>);

impl Redactor {
    /// Returns a redactor that hides these values and every secret shape.
    pub fn hiding<'a>(values: impl IntoIterator<Item = &'a str>) -> Self {
        // A body of JSON shows a value with its quotes, backslashes and line ends escaped.
        let spellings = |value: &'a str| [value.to_owned(), escaped(value)];
        let mut values: Vec<String> =
            values.into_iter().filter(|value| value.len() >= SHORTEST_SECRET).flat_map(spellings).collect();
        // The longest first: one value may be part of another.
        values.sort_by(|one, other| other.len().cmp(&one.len()).then_with(|| one.cmp(other)));
        values.dedup();
        Self(values)
    }

    /// Returns a redactor that hides what either hides.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        Self::hiding(self.0.iter().chain(&other.0).map(String::as_str))
    }

    /// Returns an error of a library and the errors it came from as one text, with every secret masked.
    pub fn clean_chain(&self, error: &(dyn Error + 'static)) -> String {
        let chain = std::iter::successors(Some(error), |error| (*error).source());
        let mut texts: Vec<String> = chain.map(ToString::to_string).collect();
        // Some libraries repeat the cause in their own text.
        texts.dedup_by(|cause, text| text.ends_with(cause.as_str()));
        self.clean(&texts.join(": "))
    }

    /// Returns the text with every secret masked, in one line.
    pub fn clean_line(&self, text: &str) -> String {
        self.clean(text).split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// Returns the text with every secret masked.
    pub fn clean(&self, text: &str) -> String {
        let mut clean = text.to_owned();
        for value in &self.0 {
            if clean.contains(value.as_str()) {
                clean = clean.replace(value.as_str(), MASK);
            }
        }
        match &*SECRET_SHAPES {
            Some(shapes) => shapes.replace_all(&clean, MASK).into_owned(),
            // Without the shapes nothing foreign may be shown at all; tests/plan shows that they compile.
            None => MASK.to_owned(),
        }
    }
}

/// Returns a text as it stands between the quotes of a JSON string.
fn escaped(text: &str) -> String {
    let quoted = Value::from(text).to_string();
    quoted.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or_default().to_owned()
}

/// Shows how many values it hides.
impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Redactor({})", self.0.len())
    }
}
