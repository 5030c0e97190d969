//! A scenario that runs: three servers on loopback, and what a test asks of them afterwards.
//!
//! Nothing here waits. A test forces an order with [`World::hold`] and [`World::on_write`]; see [`crate::gate`].

mod authority;
pub(crate) mod connection;
mod network;
mod view;

#[cfg(test)]
mod tls_tests;

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::watch;

use self::authority::Authority;
use self::connection::{Connection, Listener};
pub use self::view::ServiceView;
use crate::aws::{Aws, CALLER_KEY, CALLER_SECRET, State, StoredObject};
use crate::console::RunningConsole;
use crate::registry::Registries;
use crate::scenario::{CONSOLE_PASSWORD, CONSOLE_SECRET, CONSOLE_URL, CONSOLE_USER, Definition, Org};
use crate::{Calls, FaultRule, Gate, Hold, Moment};

/// A running world. When it is dropped, its servers take no more connections and end those that are idle.
pub struct World {
    aws: Aws,
    console: RunningConsole,
    registries: Registries,
    gate: Gate,
    address: SocketAddr,
    registries_address: SocketAddr,
    console_url: String,
    console_ca: Option<String>,
    /// Dropped with the world, which is what the servers wait for.
    _running: watch::Sender<()>,
}

impl Org {
    /// Starts the scenario on ports nobody uses, on the current tokio runtime.
    ///
    /// # Panics
    ///
    /// When loopback has no port left, the stack with the roles cannot be created, or a task definition of the scenario not be read.
    pub async fn start(self) -> World {
        self.start_at(0, 0).await.unwrap_or_else(|error| panic!("the world could not start: {error}"))
    }

    /// Starts the scenario on these ports of loopback; 0 stands for one nobody uses. The registries are on such a one.
    ///
    /// # Errors
    ///
    /// When a port cannot be had, a certificate for the Console not be made, or the stack with the roles not be created.
    pub async fn start_at(self, port: u16, console_port: u16) -> std::io::Result<World> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        let console_listener = TcpListener::bind((Ipv4Addr::LOCALHOST, console_port)).await?;
        let address = listener.local_addr()?;
        let registries_listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let registries_address = registries_listener.local_addr()?;
        let authority = self.console.has_tls().then(Authority::new).transpose()?;
        let scheme = if authority.is_some() { "https" } else { "http" };
        let console_url = format!("{scheme}://{}{}", console_listener.local_addr()?, self.console.path());

        let gate = Gate::default();
        gate.latency(Duration::from_millis(self.latency_milliseconds));
        for rule in &self.faults {
            gate.fault(rule.clone());
        }
        if self.counting_only {
            gate.count_by_operation_only();
        }
        let (user, password) = (self.console.user(), self.console.password());
        let fill =
            |text: &str| text.replace(CONSOLE_URL, &console_url).replace(CONSOLE_USER, user).replace(CONSOLE_PASSWORD, password);
        let state = State::new(&self, fill).map_err(std::io::Error::other)?;
        let aws = Aws::new(state, gate.clone(), self.throttling);
        let console = RunningConsole::new(self.console, gate.clone()).lists_tasks_of(aws.clone());
        if self.counting_only {
            console.count_only();
        }
        let registries = Registries::new(self.registries, aws.clone(), gate.clone());
        let running = watch::Sender::new(());
        let (acceptor, console_ca) = authority.map(|authority| (authority.acceptor, authority.pem)).unzip();
        serve(Listener::new(listener), aws.router(), &running);
        let console_listener = Listener::new(console_listener).with_tls(acceptor);
        serve(console_listener, console.router(), &running);
        serve(Listener::new(registries_listener), registries.router(), &running);
        Ok(World { aws, console, registries, gate, address, registries_address, console_url, console_ca, _running: running })
    }
}

fn serve(listener: Listener, router: Router, running: &watch::Sender<()>) {
    let mut running = running.subscribe();
    let service = router.into_make_service_with_connect_info::<Connection>();
    let dropped = async move {
        // Nothing is ever sent: this ends when the sender is gone.
        while running.changed().await.is_ok() {}
    };
    tokio::spawn(axum::serve(listener, service).with_graceful_shutdown(dropped).into_future());
}

impl World {
    /// Returns the address of every AWS service.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Returns what `PCC_URL` must be, the tenant's path included.
    pub fn console_url(&self) -> String {
        self.console_url.clone()
    }

    /// Returns the certificate of the authority that signed the Console's, as PEM; there is none unless the Console has TLS.
    pub fn console_ca(&self) -> Option<String> {
        self.console_ca.clone()
    }

    /// Returns the address of every image registry, without a scheme: `127.0.0.1:12345`. See [`crate::registry`].
    pub fn registries_at(&self) -> String {
        self.registries_address.to_string()
    }

    pub fn console(&self) -> &RunningConsole {
        &self.console
    }

    pub fn gate(&self) -> &Gate {
        &self.gate
    }

    /// Returns every call so far, to AWS, to the Console and to the registries.
    pub fn calls(&self) -> Calls {
        self.gate.calls()
    }

    /// Holds the next call of this operation; see [`Gate::hold`].
    pub fn hold(&self, operation: &str) -> Arc<Hold> {
        self.gate.hold(operation)
    }

    /// Holds the n-th write from now; see [`Gate::on_write`].
    pub fn on_write(&self, n: u64, moment: Moment) -> Arc<Hold> {
        self.gate.on_write(n, moment)
    }

    /// Makes calls fail from now on.
    pub fn fault(&self, rule: FaultRule) {
        self.gate.fault(rule);
    }

    /// Returns the address where the program's own task of this id learns which one it is: what ECS puts into
    /// `ECS_CONTAINER_METADATA_URI_V4`. A call there is counted as `GET task metadata`.
    pub fn task_metadata(&self, id: &str) -> String {
        format!("{}/v4/{id}", self.endpoint())
    }

    /// Returns what was allowed so far: names of roles, and IAM actions.
    pub fn permissions_used(&self) -> BTreeSet<(String, String)> {
        self.aws.state().permissions_asked(true)
    }

    /// Returns what was refused so far: names of roles, and IAM actions. Whoever may not assume a role is not among them.
    pub fn permissions_missed(&self) -> BTreeSet<(String, String)> {
        self.aws.state().permissions_asked(false)
    }

    /// Returns the access key id and the secret access key of the caller in the account that the updater is at home in.
    pub fn caller(&self) -> (String, String) {
        (CALLER_KEY.to_owned(), CALLER_SECRET.to_owned())
    }

    /// Returns the variables with which a child process finds this world.
    pub fn environment(&self) -> Vec<(String, String)> {
        let (key, secret) = self.caller();
        [
            ("AWS_ENDPOINT_URL", self.endpoint()),
            ("AWS_ACCESS_KEY_ID", key),
            ("AWS_SECRET_ACCESS_KEY", secret),
            ("AWS_REGION", self.home_region()),
            ("PCC_SECRET", CONSOLE_SECRET.to_owned()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .to_vec()
    }

    pub fn home_region(&self) -> String {
        self.aws.state().home_region().to_owned()
    }

    /// Returns the management account's id.
    pub fn management(&self) -> String {
        self.aws.state().management().to_owned()
    }

    /// Returns a service as it is now; its place is written `cluster/service`.
    ///
    /// # Panics
    ///
    /// When there is no such service: a test that asks for one has a mistake.
    pub fn service(&self, account: &str, region: &str, place: &str) -> ServiceView {
        let state = self.aws.state();
        ServiceView::find(&state, account, region, place)
            .unwrap_or_else(|| panic!("there is no service {place} in {region} of {account}"))
    }

    /// Returns every service there is, by account, Region and then in the order of the scenario.
    pub fn services(&self) -> Vec<ServiceView> {
        ServiceView::all(&self.aws.state())
    }

    /// Returns every revision of a family as `DescribeTaskDefinition` shows it, with its tags inside, the oldest first.
    pub fn revisions(&self, account: &str, region: &str, family: &str) -> Vec<Value> {
        self.aws.state().shown_revisions(account, region, family)
    }

    /// Returns the bodies of the registrations that were accepted, as they arrived, in order.
    pub fn registered(&self) -> Vec<Value> {
        self.aws.state().registered().to_vec()
    }

    /// Returns the bodies of the service updates that were accepted, as they arrived, in order.
    pub fn updates(&self) -> Vec<Value> {
        self.aws.state().updates().to_vec()
    }

    /// Returns an object as it was put into a bucket last.
    pub fn object(&self, bucket: &str, key: &str) -> Option<StoredObject> {
        self.aws.state().object(bucket, key)
    }

    /// Returns the keys of what is in a bucket, sorted.
    pub fn keys(&self, bucket: &str) -> Vec<String> {
        self.aws.state().keys(bucket)
    }

    /// Returns every secret access key and session token handed out so far, the caller's among them, and every token for an image
    /// registry, to look for them in outputs.
    pub fn session_secrets(&self) -> Vec<String> {
        let mut secrets = self.aws.state().session_secrets();
        secrets.extend(self.registries.tokens_issued());
        secrets
    }

    /// Returns the full ARN of a secret, whether or not there is one of this name.
    pub fn secret_arn(&self, account: &str, region: &str, name: &str) -> String {
        self.aws.state().secret_arn(account, region, name)
    }

    /// Returns the digest of what a tag names in its registry now, that of the index for an index.
    ///
    /// # Panics
    ///
    /// When there is no such image.
    pub fn digest_of(&self, full_name: &str) -> String {
        self.registries.digest_of(full_name).unwrap_or_else(|| panic!("there is no image {full_name}"))
    }

    /// Pushes another image under a tag, for linux/amd64; its digest is another one even when it runs the same. What was there
    /// before can still be pulled by its digest.
    pub fn change_image(&self, full_name: &str, entrypoint: &[&str], command: &[&str]) {
        self.registries.change_image(full_name, entrypoint, command);
        self.aws.state().move_tag(full_name, self.digest_of(full_name));
    }

    /// Returns the account of every assumed role so far, with the session policy it was given.
    pub fn session_policies(&self) -> Vec<(String, Option<Value>)> {
        self.aws.state().session_policies()
    }

    /// Deploys a task definition as the customer would, completed at once, and returns its ARN.
    ///
    /// # Panics
    ///
    /// When there is no such service.
    pub fn deploy(&self, account: &str, region: &str, place: &str, definition: impl Into<Definition>) -> String {
        let definition = definition.into().load();
        let deployed = self.aws.state().deploy_for_customer(account, region, place, definition);
        deployed.unwrap_or_else(|| panic!("there is no service {place} in {region} of {account}"))
    }

    /// Deploys a revision that is there as the customer would, completed at once; it is named `family:revision`.
    ///
    /// # Panics
    ///
    /// When there is no such service.
    pub fn deploy_revision(&self, account: &str, region: &str, place: &str, revision: &str) {
        let deployed = self.aws.state().deploy_revision_for_customer(account, region, place, revision);
        deployed.unwrap_or_else(|| panic!("there is no service {place} in {region} of {account}"));
    }

    /// Deregisters a revision as the customer would; it is named `family:revision`.
    ///
    /// # Panics
    ///
    /// When there is no such revision.
    pub fn deregister(&self, account: &str, region: &str, revision: &str) {
        let deregistered = self.aws.state().deregister_for_customer(account, region, revision);
        deregistered.unwrap_or_else(|| panic!("there is no revision {revision} in {region} of {account}"));
    }

    /// Takes a tag off a service, as its owner would; `place` is `cluster/service`.
    ///
    /// # Panics
    ///
    /// When there is no such service.
    pub fn untag(&self, account: &str, region: &str, place: &str, key: &str) {
        let untagged = self.aws.state().untag_for_customer(account, region, place, key);
        untagged.unwrap_or_else(|| panic!("there is no service {place} in {region} of {account}"));
    }

    /// Returns everything that is in all accounts, for comparing two moments.
    ///
    /// A roll-out that is under way moves on when somebody looks at it, which shows here too.
    pub fn snapshot(&self) -> Value {
        self.aws.state().snapshot()
    }
}
