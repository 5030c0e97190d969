//! A Console as scenario data: what it knows, which of its doubtful habits it has, and how it misbehaves.
//!
//! Plain data and by-value builders; nothing in here answers a request.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::images::{Image, RegistryImage};
use super::profile::Profile;
use super::session;

/// How the Console writes down an entry point it extracted. Which of the two the real one does is not public.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Extraction {
    /// ENTRYPOINT goes behind the prefix, CMD becomes `command`.
    #[default]
    Split,
    /// Both go behind the prefix, and there is no `command`.
    Combined,
}

/// What happens to a container without `entryPoint` and `command` when extraction is off. Not public either.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum MissingEntrypoint {
    /// The whole definition is refused.
    #[default]
    Refused,
    /// The container gets the prefix alone, and would not start.
    PrefixOnly,
}

/// One Compute Console. The default is SaaS, of the newest profile, and behaves as the vendor documents it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[must_use]
pub struct Console {
    pub(super) path: String,
    pub(super) self_hosted: bool,
    pub(super) tls: bool,
    pub(super) user: String,
    pub(super) password: String,
    pub(super) version: String,
    pub(super) profile: Profile,
    pub(super) bundle: String,
    pub(super) registry_token: String,
    pub(super) scanned_images: Vec<Image>,
    pub(super) registry_images: Vec<RegistryImage>,
    pub(super) scan_polls: u32,
    pub(super) extraction: Extraction,
    pub(super) missing_entrypoint: MissingEntrypoint,
    pub(super) drops_unknown_fields: bool,
    pub(super) refuses_protected: bool,
    pub(super) sidecar_first: bool,
    pub(super) dependency: Option<String>,
    pub(super) token_calls: Option<u32>,
    pub(super) expired_status: u16,
    pub(super) registry_rate_limit: u32,
    pub(super) names: Vec<String>,
    pub(super) may_manage_credentials: bool,
    pub(super) additions: Vec<(String, Value)>,
    pub(super) changes: Vec<(String, Option<Value>)>,
    pub(super) delays: Vec<(String, Duration)>,
    pub(super) capacity: Option<Capacity>,
    pub(super) defender_kind: String,
    pub(super) connects_at: u32,
    pub(super) never_connect: Vec<(String, usize)>,
    pub(super) defender_per_container: bool,
    pub(super) may_not_see_defenders: bool,
}

/// How much embedding a Console does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capacity {
    /// Requests that are worked on at once.
    pub at_once: usize,
    /// How long one of them takes.
    pub milliseconds: u64,
    /// Requests that may stand in line; more are refused.
    pub in_line: usize,
}

impl Default for Console {
    fn default() -> Self {
        let tenant = "us-9-000000001";
        Self {
            path: format!("/{tenant}"),
            self_hosted: false,
            tls: false,
            // SaaS logs in with an access key: a UUID, and 28 characters of base64.
            user: "00000000-5151-4000-8000-000000000001".to_owned(),
            password: "S1mulatedConsolePassw0rd/+8=".to_owned(),
            version: "34.03.138".to_owned(),
            profile: Profile::default(),
            bundle: synthetic_bundle(tenant),
            registry_token: "tw_synthetic0token0synthetic0token0".to_owned(),
            scanned_images: Vec::new(),
            registry_images: Vec::new(),
            scan_polls: 2,
            extraction: Extraction::default(),
            missing_entrypoint: MissingEntrypoint::default(),
            drops_unknown_fields: false,
            refuses_protected: false,
            sidecar_first: false,
            dependency: None,
            token_calls: None,
            expired_status: 401,
            // Source: pan.dev, openapi-specs/compute/desc/registry/get.md: 30 requests per 30 seconds.
            registry_rate_limit: 30,
            names: Vec::new(),
            may_manage_credentials: false,
            additions: Vec::new(),
            changes: Vec::new(),
            delays: Vec::new(),
            capacity: None,
            defender_kind: "fargate".to_owned(),
            connects_at: 1,
            never_connect: Vec::new(),
            defender_per_container: false,
            may_not_see_defenders: false,
        }
    }
}

/// Returns base64 of an object with the field names of public SaaS bundles and nothing real in them.
fn synthetic_bundle(tenant: &str) -> String {
    let content = json!({
        "secrets": { "service-parameter": "synthetic-service-parameter" },
        "globalProxyOpt": { "httpProxy": "", "noProxy": "", "ca": "", "user": "", "password": { "encrypted": "" } },
        "customerID": tenant,
        "apiKey": "synthetic-api-key-that-must-never-be-printed",
        "microsegCompatible": false,
    });
    STANDARD.encode(content.to_string())
}

/// What scenarios and the world ask.
impl Console {
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the tenant's path, such as `/us-9-000000001`; empty when self-hosted.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Returns whether it is served over HTTPS.
    pub fn has_tls(&self) -> bool {
        self.tls
    }

    pub fn user(&self) -> &str {
        &self.user
    }

    pub fn password(&self) -> &str {
        &self.password
    }

    /// Returns everything that must appear in no output: the password, alone and as Basic authorization, the install bundle, the
    /// access token inside the Defender image's name, and what every bearer token begins with.
    pub fn secrets(&self) -> Vec<String> {
        let token = self.registry_token.strip_prefix("tw_").unwrap_or(&self.registry_token);
        vec![
            self.password.clone(),
            STANDARD.encode(format!("{}:{}", self.user, self.password)),
            self.bundle.clone(),
            token.to_owned(),
            session::token_prefix(),
        ]
    }

    /// Returns the Defender image of this Console's version.
    /// Source: pan.dev, openapi-specs/compute/desc/defenders (image-name).
    pub fn defender_image(&self) -> String {
        let tag = self.version.replace('.', "_");
        format!("registry-auth.twistlock.com/{}/twistlock/defender:defender_{tag}", self.registry_token)
    }

    /// Returns where a Defender connects to: 443 in SaaS, 8084 self-hosted. A name with a scheme, a path or a port gives an
    /// address as wrong as the real one's; which wrong form that takes is not public.
    /// Source: uc-cdis/hatchery, hatchery/prisma.go ("the prisma api is returning wrong value").
    pub(super) fn websocket_address(&self, consoleaddr: &str) -> String {
        format!("wss://{consoleaddr}:{}", if self.self_hosted { 8084 } else { 443 })
    }
}

/// What it is and what it knows.
impl Console {
    /// Reports this version, and names the Defender image accordingly. The profile, the bundle and the registry's token stay.
    pub fn version(mut self, version: &str) -> Self {
        self.version = version.to_owned();
        self
    }

    /// Embeds as this generation does.
    pub fn profile(mut self, profile: Profile) -> Self {
        self.profile = profile;
        self
    }

    /// Has no tenant path, and its Defenders connect to port 8084.
    pub fn self_hosted(mut self) -> Self {
        self.self_hosted = true;
        self.path.clear();
        self
    }

    /// Is served over HTTPS, with a certificate for 127.0.0.1 of an authority that is made when the world starts; see
    /// [`crate::World::console_ca`]. Later changes do nothing.
    pub fn tls(mut self) -> Self {
        self.tls = true;
        self
    }

    pub fn credentials(mut self, user: &str, password: &str) -> Self {
        self.user = user.to_owned();
        self.password = password.to_owned();
        self
    }

    pub fn bundle(mut self, bundle: &str) -> Self {
        self.bundle = bundle.to_owned();
        self
    }

    /// Takes the whole path element of the Defender image, `tw_` included.
    pub fn registry_token(mut self, token: &str) -> Self {
        self.registry_token = token.to_owned();
        self
    }

    /// Knows this image from a scan, and from the registry with any credential.
    pub fn image(self, name: &str, entrypoint: &[&str], command: &[&str]) -> Self {
        let image = Image::new(name, entrypoint, command);
        let mut console = self.scanned_image(name, entrypoint, command);
        console.registry_images.push(RegistryImage { credential_id: None, image });
        console
    }

    /// Knows this image from a scan only.
    pub fn scanned_image(mut self, name: &str, entrypoint: &[&str], command: &[&str]) -> Self {
        self.scanned_images.push(Image::new(name, entrypoint, command));
        self
    }

    /// Finds this image in its registry with this credential only, and has not scanned it.
    pub fn registry_image(mut self, credential_id: &str, name: &str, entrypoint: &[&str], command: &[&str]) -> Self {
        let image = Image::new(name, entrypoint, command);
        self.registry_images.push(RegistryImage { credential_id: Some(credential_id.to_owned()), image });
        self
    }

    /// Shows an image after this many polls of `GET registry` once a scan was asked for.
    pub fn scan_takes(mut self, polls: u32) -> Self {
        self.scan_polls = polls;
        self
    }

    /// Has these names in its certificate. Without any, it has the one it is called by.
    pub fn names(mut self, names: &[&str]) -> Self {
        self.names = names.iter().map(|name| (*name).to_owned()).collect();
        self
    }

    /// Lets the user list credentials and registry settings, which the documented role may not.
    pub fn may_manage_credentials(mut self) -> Self {
        self.may_manage_credentials = true;
        self
    }
}

/// Which doubtful habits it has.
impl Console {
    /// Puts an extracted CMD behind the prefix, too, instead of into `command`.
    pub fn combined_extraction(mut self) -> Self {
        self.extraction = Extraction::Combined;
        self
    }

    /// Gives a container without anything to run the prefix alone instead of refusing the definition.
    pub fn missing_entrypoint_is_prefix_only(mut self) -> Self {
        self.missing_entrypoint = MissingEntrypoint::PrefixOnly;
        self
    }

    /// Drops fields of a task definition that were unknown to ECS in 2021.
    pub fn drops_unknown_fields(mut self) -> Self {
        self.drops_unknown_fields = true;
        self
    }

    /// Refuses a definition that has a Defender. The default embeds a second one, so that a careless client is caught.
    pub fn refuses_protected(mut self) -> Self {
        self.refuses_protected = true;
        self
    }

    /// Makes application containers wait for this state of the sidecar, such as `HEALTHY`.
    pub fn dependency(mut self, condition: &str) -> Self {
        self.dependency = Some(condition.to_owned());
        self
    }

    /// Puts the sidecar before the application's containers instead of after them.
    pub fn order_sidecar_first(mut self) -> Self {
        self.sidecar_first = true;
        self
    }
}

/// How it lists the Defenders of tasks that run.
impl Console {
    /// Lists them under this type: `fargate`, or `appEmbedded`.
    pub fn lists_defenders_as(mut self, kind: &str) -> Self {
        kind.clone_into(&mut self.defender_kind);
        self
    }

    /// Lists a task's Defender as connected from the n-th look on that it runs at; without it, from the first.
    pub fn defenders_connect_at(mut self, look: u32) -> Self {
        self.connects_at = look;
        self
    }

    /// Lists the Defenders of so many tasks of a service as disconnected for ever; `place` is `cluster/service`.
    pub fn never_connects(mut self, place: &str, tasks: usize) -> Self {
        self.never_connect.push((place.to_owned(), tasks));
        self
    }

    /// Lists an entry for each container of a task instead of one for the task. Which of them the real one does is not public.
    pub fn lists_each_container(mut self) -> Self {
        self.defender_per_container = true;
        self
    }

    /// Does not let the user see Defenders.
    pub fn may_not_see_defenders(mut self) -> Self {
        self.may_not_see_defenders = true;
        self
    }
}

/// How it misbehaves.
impl Console {
    /// Lets a token be used for this many calls; it has expired afterwards.
    pub fn token_lasts_for(mut self, calls: u32) -> Self {
        self.token_calls = Some(calls);
        self
    }

    /// Answers an expired token with this status instead of 401. SaaS is suspected of 500.
    /// Source: pcs-cwp-fargate-deploy, prismaapi.py at 4912089.
    pub fn expired_tokens_answer(mut self, status: u16) -> Self {
        self.expired_status = status;
        self
    }

    /// Adds a value to every embedded definition, as RFC 6902's `add` does: parents are created, `-` appends to a list. An
    /// element of a list may be given by its `name` as well: `/containerDefinitions/checkout/privileged`. What isn't there is
    /// left alone.
    pub fn adds(mut self, pointer: &str, value: Value) -> Self {
        self.additions.push((pointer.to_owned(), value));
        self
    }

    /// Replaces, or with `None` removes, something the definition has after embedding. Pointers as in [`Console::adds`].
    pub fn changes(mut self, pointer: &str, value: Option<Value>) -> Self {
        self.changes.push((pointer.to_owned(), value));
        self
    }

    /// Answers this many calls of `GET registry` in 30 seconds. The default is 30; `u32::MAX` stands for no limit.
    pub fn registry_rate_limit(mut self, calls: u32) -> Self {
        self.registry_rate_limit = calls;
        self
    }

    /// Embeds so many task definitions at once, each of which takes so long; others stand in line, and when so many do, the next one
    /// is answered with 429. Without it nobody waits.
    pub fn capacity(mut self, at_once: usize, milliseconds: u64, in_line: usize) -> Self {
        self.capacity = Some(Capacity { at_once, milliseconds, in_line });
        self
    }

    /// Takes this long to answer one operation, such as `POST defenders/fargate.json`.
    pub fn takes(mut self, operation: &str, duration: Duration) -> Self {
        self.delays.push((operation.to_owned(), duration));
        self
    }
}
