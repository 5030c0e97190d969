//! Does a tag name another image by now than the one that runs? Then moving the service ships that one too, Defender or not, unless
//! the revision names the image that runs by its digest.
//!
//! Every deployment resolves tags to digests anew.
//! Source: Amazon ECS Developer Guide, "Container image resolution" (read 2026-11).

use std::collections::{BTreeMap, BTreeSet};

use super::edit::{Change, Edit, JsonPath};
use super::memory::Record;
use super::task_definition::{Container, Registrable, TaskDefinition};
use crate::ids::TaskDefinitionArn;

/// A container whose image is named by a tag, or by nothing, which stands for `latest`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tagged {
    pub container: String,
    pub image: String,
    /// The secret that its image is pulled with.
    pub pull_secret: Option<String>,
}

/// Returns the containers whose images a deployment may find changed.
pub fn by_tag<Stage>(definition: &TaskDefinition<Stage>) -> Vec<Tagged> {
    let tagged = definition.containers().filter(|container| !container.image().is_empty() && !container.image().contains('@'));
    let tagged = tagged.map(|container: Container<'_>| Tagged {
        container: container.name().to_owned(),
        image: container.image().to_owned(),
        pull_secret: container.pull_secret().map(str::to_owned),
    });
    tagged.collect()
}

/// Digests by the names of containers.
pub type Digests = BTreeMap<String, String>;

/// A task of a service, and the images that run in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunningTask {
    pub arn: String,
    /// Milliseconds since 1970; nothing as long as ECS does not tell.
    pub created_at: Option<i64>,
    pub task_definition: TaskDefinitionArn,
    /// Of those containers of which ECS tells one.
    pub digests: Digests,
}

/// Returns what runs in the newest of the tasks that run this revision, and of what that does not tell, in the next.
pub fn newest(mut tasks: Vec<RunningTask>, of: &TaskDefinitionArn) -> Digests {
    tasks.retain(|task| task.task_definition == *of);
    tasks.sort_by(|one, other| (other.created_at, &other.arn).cmp(&(one.created_at, &one.arn)));
    let mut digests = Digests::new();
    for (container, digest) in tasks.into_iter().flat_map(|task| task.digests) {
        digests.entry(container).or_insert(digest);
    }
    digests
}

/// Why an image is not pinned of which some service does not tell what runs.
pub const UNSEEN: &str = "not every service that gets the revision tells which image it runs";

/// What of one container the services run that were looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Running {
    pub digests: BTreeSet<String>,
    /// Whether it could be seen of each of them.
    pub whole: bool,
}

impl Running {
    /// Puts together what is known of a container in each service; nothing stands for one that could not be looked at.
    pub fn of<'a>(container: &str, services: impl IntoIterator<Item = Option<&'a Digests>>) -> Self {
        let mut running = Self { digests: BTreeSet::new(), whole: true };
        for service in services {
            match service.and_then(|digests| digests.get(container)) {
                Some(digest) => drop(running.digests.insert(digest.clone())),
                None => running.whole = false,
            }
        }
        running
    }

    /// Returns a digest that runs and is not among those that a tag stands for now.
    ///
    /// For an image of several platforms that may be the index's digest or that of the image for the task's platform: the agent tells
    /// what its Docker does, which is the index's.
    /// Source: aws/amazon-ecs-agent #3576 (read 2026-11).
    pub fn other_than(&self, named: &[&str]) -> Option<&str> {
        self.digests.iter().map(String::as_str).find(|digest| !named.contains(digest))
    }

    /// Returns the digest that a revision for all of the services can name, or why there is none.
    ///
    /// # Errors
    ///
    /// When the services run different images, or not all of them could be seen: one of them would get older code.
    pub fn one(&self) -> Result<&str, &'static str> {
        match (self.whole, self.digests.iter().collect::<Vec<_>>().as_slice()) {
            (true, [digest]) => Ok(digest),
            (true, _) => Err("its services run different images, and get one revision"),
            (false, _) => Err(UNSEEN),
        }
    }
}

/// Returns an image's name with a digest behind it: `web:1@sha256:…`. The tag is for people; the digest alone decides.
///
/// Source: that ECS takes both, aws/amazon-ecs-agent #4226, where a running task is described with such an image; its Docker is handed
/// the text as it is (Amazon ECS API Reference, ContainerDefinition, `image`; both read 2026-11).
pub fn pinned(image: &str, digest: &str) -> String {
    format!("{image}@{digest}")
}

/// Returns whether a text is a digest that ECS takes behind a name.
/// Source: Amazon ECS API Reference, ContainerDefinition, `image`: sha256 alone, and exactly 64 characters (read 2026-11).
pub fn is_digest(text: &str) -> bool {
    let digits = text.strip_prefix("sha256:");
    digits.is_some_and(|digits| digits.len() == 64 && digits.chars().all(|digit| digit.is_ascii_hexdigit()))
}

/// Returns as much of a digest as people compare: `sha256:0123456789ab`.
pub fn short(digest: &str) -> String {
    digest.chars().take("sha256:".len() + 12).collect()
}

/// Images that are named by what runs, by the names of their containers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pins(BTreeMap<String, String>);

impl Pins {
    pub fn add(&mut self, tagged: &Tagged, digest: &str) {
        self.0.insert(tagged.container.clone(), pinned(&tagged.image, digest));
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the whole name that a container's image gets.
    pub fn image_of(&self, container: &str) -> Option<&str> {
        self.0.get(container).map(String::as_str)
    }

    /// Returns what puts them into a definition.
    pub fn change(&self, definition: &TaskDefinition<Registrable>) -> Change {
        let containers = JsonPath::root().key("containerDefinitions");
        let edits = definition.containers().enumerate().filter_map(|(index, container)| {
            let (before, after) = (container.image().into(), self.image_of(container.name())?.into());
            Some(Edit::Replace { at: containers.index(index).key("image"), before, after })
        });
        edits.collect()
    }

    /// Writes them down, so that the names that their owner gave can be put back.
    pub fn remember(&self, record: &mut Record) {
        for (container, image) in &self.0 {
            record.pin(container, image);
        }
    }
}
