//! Names that are another in each account and Region, as the settings give them.

use crate::ids::{AccountId, RegionName};

/// `DEFENDER_IMAGE` or `DEFENDER_IMAGE_PULL_SECRET` as it was given: `{account}.dkr.ecr.{region}.amazonaws.com/defender:{version}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template(String);

/// A template that cannot be filled in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadTemplate {
    #[error("it has blanks in it")]
    Blanks,
    #[error("{{{0}}} is not known; {{account}}, {{region}} and {{version}} are filled in")]
    Unknown(String),
    /// It is not shown: it may be a secret's content, in the place of its name.
    #[error("what stands in braces is not known; {{account}}, {{region}} and {{version}} are filled in")]
    Strange,
    #[error("a brace in it is not closed, or not opened")]
    Braces,
}

/// A word in braces that is longer than this is not taken for a mistyped one.
const LONGEST_WORD: usize = 12;

impl std::str::FromStr for Template {
    type Err = BadTemplate;

    fn from_str(text: &str) -> Result<Self, BadTemplate> {
        let text = text.trim();
        if text.contains(char::is_whitespace) {
            return Err(BadTemplate::Blanks);
        }
        let mut parts = text.split('{');
        if parts.next().is_some_and(|before| before.contains('}')) {
            return Err(BadTemplate::Braces);
        }
        for part in parts {
            match part.split_once('}') {
                Some(("account" | "region" | "version", rest)) if !rest.contains('}') => {}
                Some((other, rest)) if !rest.contains('}') => {
                    let is_word = other.len() <= LONGEST_WORD && other.bytes().all(|byte| byte.is_ascii_lowercase());
                    return Err(if is_word { BadTemplate::Unknown(other.to_owned()) } else { BadTemplate::Strange });
                }
                _ => return Err(BadTemplate::Braces),
            }
        }
        Ok(Self(text.to_owned()))
    }
}

impl Template {
    /// Returns whether it has `{version}` in it.
    pub fn names_version(&self) -> bool {
        self.0.contains("{version}")
    }

    /// Returns whether it is another one in each account or Region.
    pub fn names_place(&self) -> bool {
        self.0.contains("{account}") || self.0.contains("{region}")
    }

    /// Fills in where it is to be used. The version is written as the vendor's tags write it: `34_03_138`.
    pub fn fill(&self, account: &AccountId, region: &RegionName, version: &str) -> String {
        let filled = self.0.replace("{account}", account.as_str()).replace("{region}", region.as_str());
        filled.replace("{version}", &version.replace('.', "_"))
    }
}
