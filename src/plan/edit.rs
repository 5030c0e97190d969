//! A change as a list of edits: what is done to a task definition, how it is undone, and how it is told.
//!
//! The revision we register is always `change.apply(original)`, so that what nobody meant to change cannot change. The dry run's
//! diff, the removal of a Defender and an undo are the same list, read forwards or backwards. Nothing in here knows what a
//! Defender is; [`crate::plan::accept`] writes these lists.

use std::fmt;

use serde_json::Value;

/// One step into a JSON value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    Key(String),
    Index(usize),
}

/// A place in a JSON value, printed as a JSON Pointer (RFC 6901).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct JsonPath(Vec<Step>);

impl JsonPath {
    /// Returns the path of the whole value.
    pub fn root() -> Self {
        Self::default()
    }

    /// Returns the path of a member of what this path names.
    #[must_use]
    pub fn key(&self, key: &str) -> Self {
        self.with(Step::Key(key.to_owned()))
    }

    /// Returns the path of an element of the list that this path names.
    #[must_use]
    pub fn index(&self, index: usize) -> Self {
        self.with(Step::Index(index))
    }

    /// Returns the steps from the whole value to the place.
    pub fn steps(&self) -> &[Step] {
        &self.0
    }

    /// Returns the path with one step more.
    #[must_use]
    pub fn with(&self, step: Step) -> Self {
        let mut steps = self.0.clone();
        steps.push(step);
        Self(steps)
    }

    /// Returns the path of the same place below `to`, which is told here from the whole value, below `from`.
    #[must_use]
    pub fn moved(&self, from: &Self, to: &Self) -> Self {
        self.0.iter().skip(from.0.len()).fold(to.clone(), |path, step| path.with(step.clone()))
    }

    /// Returns what stands at this place of a value.
    pub fn find<'a>(&self, root: &'a Value) -> Option<&'a Value> {
        self.0.iter().try_fold(root, |value, step| match step {
            Step::Key(key) => value.get(key),
            Step::Index(index) => value.get(*index),
        })
    }

    /// Returns the same path with list elements named as people name them: `/containerDefinitions/web/environment/PATH`.
    fn named(&self, root: &Value) -> String {
        let mut text = String::new();
        let mut at = Some(root);
        for step in &self.0 {
            text.push('/');
            match step {
                Step::Key(key) => {
                    text.push_str(key);
                    at = at.and_then(|value| value.get(key));
                }
                Step::Index(index) => {
                    at = at.and_then(|value| value.get(*index));
                    text.push_str(&at.and_then(name_of).map_or_else(|| index.to_string(), str::to_owned));
                }
            }
        }
        text
    }
}

impl fmt::Display for JsonPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for step in &self.0 {
            match step {
                Step::Key(key) => write!(f, "/{}", key.replace('~', "~0").replace('/', "~1"))?,
                Step::Index(index) => write!(f, "/{index}")?,
            }
        }
        Ok(())
    }
}

impl fmt::Debug for JsonPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Returns what people call an element of one of a task definition's lists.
pub(super) fn name_of(element: &Value) -> Option<&str> {
    ["name", "containerName", "sourceContainer", "sourceVolume", "key"].iter().find_map(|key| element.get(key)?.as_str())
}

/// One edit. It remembers what it takes away, so that it can be turned round.
#[derive(Clone, PartialEq)]
pub enum Edit {
    /// Puts a value where nothing was: a new member, or an element pushed in before the one that stands there.
    ///
    /// `place` is where a member is to stand among the others; without one it becomes the last.
    Add { at: JsonPath, value: Value, place: Option<usize> },
    /// Puts a value in the place of another.
    Replace { at: JsonPath, before: Value, after: Value },
    /// Takes a value away. A member's `place` among the others is remembered, so that it can be put back there.
    Remove { at: JsonPath, value: Value, place: Option<usize> },
}

impl Edit {
    /// Returns the edit that puts a value where nothing was: as the last member, or before the element that stands there.
    pub fn add(at: JsonPath, value: Value) -> Self {
        Self::Add { at, value, place: None }
    }

    /// Returns the edit that takes away what stands at a place of this document, or nothing when nothing stands there.
    pub fn remove(root: &Value, at: JsonPath) -> Option<Self> {
        let value = at.find(root)?.clone();
        let (last, parents) = at.0.split_last()?;
        let place = match (last, JsonPath(parents.to_vec()).find(root)?) {
            (Step::Key(key), Value::Object(members)) => members.keys().position(|member| member == key),
            _ => None,
        };
        Some(Self::Remove { at, value, place })
    }

    /// Returns the place that is edited.
    pub fn at(&self) -> &JsonPath {
        match self {
            Self::Add { at, .. } | Self::Replace { at, .. } | Self::Remove { at, .. } => at,
        }
    }

    fn inverse(&self) -> Self {
        match self.clone() {
            Self::Add { at, value, place } => Self::Remove { at, value, place },
            Self::Remove { at, value, place } => Self::Add { at, value, place },
            Self::Replace { at, before, after } => Self::Replace { at, before: after, after: before },
        }
    }

    /// Makes the edit on a document.
    pub(super) fn apply(&self, root: &mut Value) -> Result<(), EditError> {
        let wrong = |problem| EditError { at: self.at().clone(), problem };
        let Some((last, parents)) = self.at().0.split_last() else {
            return Err(wrong("the whole document cannot be edited"));
        };
        let mut parent = root;
        for step in parents {
            let next = match step {
                Step::Key(key) => parent.get_mut(key),
                Step::Index(index) => parent.get_mut(*index),
            };
            parent = next.ok_or_else(|| wrong("there is no such place"))?;
        }
        match (self, last, parent) {
            (Self::Add { value, place, .. }, Step::Key(key), Value::Object(members)) => {
                if members.contains_key(key) {
                    return Err(wrong("something is there already"));
                }
                let last = members.len();
                members.shift_insert(place.map_or(last, |place| place.min(last)), key.clone(), value.clone());
            }
            (Self::Add { value, .. }, Step::Index(index), Value::Array(elements)) => {
                if *index > elements.len() {
                    return Err(wrong("the list is shorter"));
                }
                elements.insert(*index, value.clone());
            }
            (Self::Remove { value, .. }, Step::Key(key), Value::Object(members)) if members.get(key) == Some(value) => {
                // The order of the members that stay is the customer's.
                members.shift_remove(key);
            }
            (Self::Remove { value, .. }, Step::Index(index), Value::Array(elements)) if elements.get(*index) == Some(value) => {
                elements.remove(*index);
            }
            (Self::Replace { before, after, .. }, Step::Key(key), Value::Object(members)) if members.get(key) == Some(before) => {
                members.insert(key.clone(), after.clone());
            }
            (Self::Replace { before, after, .. }, Step::Index(index), Value::Array(elements))
                if elements.get(*index) == Some(before) =>
            {
                elements[*index] = after.clone();
            }
            _ => return Err(wrong("something else is there")),
        }
        Ok(())
    }
}

/// Shows places, never values: they may be secrets.
impl fmt::Debug for Edit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verb = match self {
            Self::Add { .. } => "Add",
            Self::Replace { .. } => "Replace",
            Self::Remove { .. } => "Remove",
        };
        write!(f, "{verb}({})", self.at())
    }
}

/// An edit that does not fit the value it was applied to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("could not edit the task definition at {at}: {problem}")]
pub struct EditError {
    at: JsonPath,
    problem: &'static str,
}

impl EditError {
    /// Returns what does not fit.
    pub fn problem(&self) -> &'static str {
        self.problem
    }
}

/// A list of edits, applied in order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Change(Vec<Edit>);

impl Change {
    pub fn push(&mut self, edit: Edit) {
        self.0.push(edit);
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the original with every edit made; the original is left as it is.
    ///
    /// # Errors
    ///
    /// When an edit does not fit: the change was made for another original.
    pub fn apply(&self, original: &Value) -> Result<Value, EditError> {
        let mut edited = original.clone();
        for edit in &self.0 {
            edit.apply(&mut edited)?;
        }
        Ok(edited)
    }

    /// Returns the change that takes this one back.
    #[must_use]
    pub fn invert(&self) -> Self {
        Self(self.0.iter().rev().map(Edit::inverse).collect())
    }

    /// Tells each edit in a line, by name and never by value: `+ /containerDefinitions/web/environment/TW_IMAGE_NAME`.
    ///
    /// `original` is what the change is applied to; an edit that does not fit it is told by its path.
    pub fn tell(&self, original: &Value) -> Vec<String> {
        let mut now = original.clone();
        let mut lines = Vec::with_capacity(self.0.len());
        for edit in &self.0 {
            let before = edit.at().find(&now).is_some().then(|| edit.at().named(&now));
            if edit.apply(&mut now).is_err() {
                lines.push(format!("? {}", edit.at()));
                continue;
            }
            lines.push(match edit {
                Edit::Add { at, .. } => format!("+ {}", at.named(&now)),
                Edit::Replace { at, .. } => format!("~ {}", at.named(&now)),
                Edit::Remove { at, .. } => format!("- {}", before.unwrap_or_else(|| at.to_string())),
            });
        }
        lines
    }
}

/// A document under change: every edit is made at once, so that the next one is written for what is there then.
#[derive(Clone, Debug)]
pub struct Editing {
    now: Value,
    change: Change,
}

impl Editing {
    /// Begins with a document, which itself is left as it is.
    pub fn of(original: &Value) -> Self {
        Self { now: original.clone(), change: Change::default() }
    }

    /// Returns what stands at a place now.
    pub fn at(&self, at: &JsonPath) -> Option<&Value> {
        at.find(&self.now)
    }

    /// Takes away what stands at a place, if something does.
    pub fn remove(&mut self, at: &JsonPath) {
        if let Some(edit) = Edit::remove(&self.now, at.clone()) {
            self.make(edit);
        }
    }

    /// Puts another value in the place of what stands there, if something does.
    pub fn replace(&mut self, at: &JsonPath, after: Value) {
        if let Some(before) = self.at(at).cloned().filter(|before| *before != after) {
            self.make(Edit::Replace { at: at.clone(), before, after });
        }
    }

    /// Takes elements out of a list, and the list with them when nothing is left in it. One that was empty before stays.
    pub fn take_out(&mut self, list: &JsonPath, goes: impl Fn(&Value) -> bool) {
        let Some(elements) = self.at(list).and_then(Value::as_array) else { return };
        let going: Vec<usize> = (0..elements.len()).filter(|index| goes(&elements[*index])).collect();
        if !going.is_empty() && going.len() == elements.len() {
            return self.remove(list);
        }
        // From the end, so that the places of the others hold.
        for index in going.into_iter().rev() {
            self.remove(&list.index(index));
        }
    }

    fn make(&mut self, edit: Edit) {
        // It was written for this document, and fits.
        if edit.apply(&mut self.now).is_ok() {
            self.change.push(edit);
        }
    }

    /// Returns the edits that were made.
    pub fn finish(self) -> Change {
        self.change
    }
}

impl Extend<Edit> for Change {
    fn extend<T: IntoIterator<Item = Edit>>(&mut self, edits: T) {
        self.0.extend(edits);
    }
}

impl FromIterator<Edit> for Change {
    fn from_iter<T: IntoIterator<Item = Edit>>(edits: T) -> Self {
        Self(edits.into_iter().collect())
    }
}

impl IntoIterator for Change {
    type Item = Edit;
    type IntoIter = std::vec::IntoIter<Edit>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}
