//! Changes of a definition, written where it stands in its document.

use serde_json::{Map, Value};

use super::{Form, Spot, names};
use crate::plan::compare::is_nothing;
use crate::plan::document::{DoesNotFit, Node, Parts};
use crate::plan::edit::{Change, Edit, JsonPath, Step};
use crate::plan::memory::Before;

/// A change that could not be written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotWritten {
    #[error("a list of containers has no place for {0}, which the Console adds: give the whole task definition")]
    NoPlace(JsonPath),
    #[error(transparent)]
    DoesNotFit(#[from] DoesNotFit),
}

impl Spot {
    /// Returns where a place of the definition is in the document; none, where the form has no such place.
    pub(super) fn place(&self, at: &JsonPath) -> Option<JsonPath> {
        let mut steps = at.steps().iter();
        let mut place = self.at.clone();
        match (self.form, at.steps().first()) {
            (Form::Containers, Some(Step::Key(key))) if key == "containerDefinitions" => {
                steps.next();
            }
            (Form::Containers, _) => return None,
            (Form::Described { wrapped: true }, Some(Step::Key(key))) if key == "tags" => place = JsonPath::root(),
            _ => {}
        }
        let mut free = false;
        for step in steps {
            place = match step {
                Step::Key(key) if self.form == Form::CloudFormation && !free => {
                    free = names::are_free_in(key);
                    place.key(&names::of_cloudformation(key))
                }
                step => place.with(step.clone()),
            };
        }
        Some(place)
    }

    /// Returns whether a place of the document is its own.
    pub fn holds(&self, at: &JsonPath) -> bool {
        at.steps().starts_with(self.own().steps())
    }

    /// Returns what is written into without the rest of the document: the resource of a template.
    fn own(&self) -> JsonPath {
        let above = self.at.steps().len().saturating_sub(1);
        let steps = self.at.steps().iter().take(if self.form == Form::CloudFormation { above } else { 0 });
        steps.fold(JsonPath::root(), |path, step| path.with(step.clone()))
    }

    /// Returns a value as the document's form writes it.
    fn value(&self, at: &JsonPath, value: &Value) -> Value {
        if self.form != Form::CloudFormation {
            return value.clone();
        }
        let in_free = at.steps().iter().any(|step| matches!(step, Step::Key(key) if names::are_free_in(key)));
        of_cloudformation(value, in_free)
    }

    /// Makes a change of the definition in its document. What embedding had filled, and said nothing before, is written again as it was.
    ///
    /// # Errors
    ///
    /// When the form has no place for it, or the document is not what the definition was read from.
    pub fn write(&self, parts: &mut Parts, change: &Change, before: &Before) -> Result<(), NotWritten> {
        let own = self.own();
        let (document, inside) = parts.with(&own)?;
        let in_whole = |error: DoesNotFit| error.moved(&inside, &own);
        // Together: each look at what stands in the text costs a look at all of it.
        let mut edits = Vec::new();
        for edit in change.clone() {
            let at = self.place(edit.at()).ok_or_else(|| NotWritten::NoPlace(edit.at().clone()))?.moved(&own, &inside);
            let raw = matches!(edit, Edit::Remove { .. }).then(|| before.0.get(&self.key_of(edit.at()))).flatten();
            if let Some(raw) = raw {
                document.edit_all(&std::mem::take(&mut edits), &self.substitutes).map_err(in_whole)?;
                document.put_raw(&at, raw).map_err(in_whole)?;
                continue;
            }
            edits.push(match edit {
                Edit::Add { at: place, value, place: among } => {
                    let value = self.value(&place, &value);
                    match document.find(&at).filter(|node| is_member(&place) && says_nothing(node)) {
                        // To the definition what says nothing is not there.
                        Some(node) => Edit::Replace { at, before: node.value(), after: value },
                        None => Edit::Add { at, value, place: among },
                    }
                }
                Edit::Replace { at: place, before, after } => {
                    Edit::Replace { at, before: self.value(&place, &before), after: self.value(&place, &after) }
                }
                Edit::Remove { at: place, value, place: among } => {
                    Edit::Remove { at, value: self.value(&place, &value), place: among }
                }
            });
        }
        document.edit_all(&edits, &self.substitutes).map_err(in_whole)?;
        Ok(())
    }

    /// Returns how the document writes what a change fills and what says nothing now.
    ///
    /// # Errors
    ///
    /// When the document cannot be put together to look at it.
    pub fn before(&self, parts: &mut Parts, change: &Change) -> Result<Before, NotWritten> {
        let (document, inside) = parts.with(&self.own())?;
        let mut before = Before::default();
        for edit in change.clone() {
            let mut at = JsonPath::root();
            for step in edit.at().steps() {
                at = at.with(step.clone());
                let place = self.place(&at).map(|place| place.moved(&self.own(), &inside));
                let Some(node) = place.as_ref().and_then(|place| document.find(place)) else { break };
                if says_nothing(node) {
                    let raw = place.and_then(|place| document.raw(&place));
                    before.0.extend(raw.map(|raw| (self.key_of(&at), raw.to_owned())));
                    break;
                }
            }
        }
        Ok(before)
    }

    /// Returns what a place is called in what is remembered: `web/environment`, by the container's name, which stays the same wherever
    /// its owner moves it.
    fn key_of(&self, at: &JsonPath) -> String {
        let key = |step: &Step| match step {
            Step::Key(key) => key.clone(),
            Step::Index(index) => index.to_string(),
        };
        let steps = at.steps();
        let inside = |steps: &[Step]| steps.iter().map(key).collect::<Vec<_>>().join("/");
        match steps {
            [Step::Key(list), Step::Index(index), rest @ ..] if list == "containerDefinitions" => {
                let name = self.definition.containers().nth(*index).map(|container| container.name().to_owned());
                format!("{}/{}", name.unwrap_or_default(), inside(rest))
            }
            steps => format!("/{}", inside(steps)),
        }
    }
}

fn is_member(at: &JsonPath) -> bool {
    matches!(at.steps().last(), Some(Step::Key(_)))
}

fn says_nothing(node: &Node) -> bool {
    is_nothing(&node.value()) && node.tag.is_none()
}

fn of_cloudformation(value: &Value, free: bool) -> Value {
    match value {
        Value::Object(members) => {
            let named = members.iter().map(|(key, value)| match free {
                true => (key.clone(), of_cloudformation(value, true)),
                false => (names::of_cloudformation(key), of_cloudformation(value, names::are_free_in(key))),
            });
            Value::Object(named.collect::<Map<_, _>>())
        }
        Value::Array(elements) => elements.iter().map(|element| of_cloudformation(element, free)).collect(),
        other => other.clone(),
    }
}
