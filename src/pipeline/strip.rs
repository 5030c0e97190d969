//! `strip`: takes the Defender out of a file.

use super::embed::registrations;
use super::file::{self, Source};
use super::{FileError, say};
use crate::cli::{OutputForm, StripArguments};
use crate::plan::document::Parts;
use crate::plan::forms::Wanted;
use crate::plan::memory::Before;
use crate::plan::strip::{NamedPorts, strip as without_defender};
use crate::plan::{Selection, defender};

/// Takes the Defender out of every task definition that is meant; a file without one comes out as it is.
///
/// # Errors
///
/// When the file cannot be used, or written.
pub(super) fn strip(arguments: &StripArguments) -> Result<(), FileError> {
    file::check_output(arguments.files.output.as_deref())?;
    let mut source = Source::read(&arguments.files.file)?;
    let wanted = Wanted::from(&arguments.files.definitions);
    let mut parts = Parts::of(source.document.clone());
    let spots = source.spots(&wanted)?;
    for spot in &spots {
        let label = &spot.label;
        if defender::sidecar_in(&spot.definition).is_none() {
            say(&format!("{label}: it carries no Defender, and is as it was"));
            continue;
        }
        // Nothing is put behind a Defender again, so that wrappers of the owner's stay where they are.
        let stripped = without_defender(&spot.definition, &Selection::default(), &NamedPorts::new());
        let written = spot.write(&mut parts, &stripped.change, &Before::of(&spot.definition));
        written.map_err(|source| FileError::not_written(&spots, source))?;
        say(&format!("{label}: the Defender is taken out"));
    }
    source.put_together(parts, &spots)?;
    let text = match arguments.form {
        OutputForm::Same => source.document.text().to_owned(),
        OutputForm::Register => {
            for spot in spots.iter().filter(|spot| spot.family_made_up) {
                let family = &spot.label;
                say(&format!(
                    "  warning: nothing says the family of {family}; that is written, and --family NAME gives the right one"
                ));
            }
            registrations(&source, &wanted)?
        }
    };
    file::write(arguments.files.output.as_deref(), &text)
}
