//! Closing networks in a simulated world with the library itself: no command of the program does it alone.

use std::sync::Arc;
use std::time::Duration;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use fargate_updater::aws::{Account, Aws, Calls, MemberRole};
use fargate_updater::events::{Event, Events};
use fargate_updater::ids::RegionName;
use fargate_updater::network::{CloseError, Closer, Closing};
use fargate_updater::plan::bucket::Pace;
use fargate_updater::plan::network::close::StillProtected;
use fargate_updater::report::files::Files;
use fargate_updater::report::{Style, Telling, tell};
use simulator::World;
use tokio_util::sync::CancellationToken;

/// The caller's and the member role's way into a world.
pub(crate) async fn enter(world: &World, account: &str, may_write: bool, stop: &CancellationToken) -> Account {
    let (key, secret) = world.caller();
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .endpoint_url(world.endpoint())
        .region(Region::new(world.home_region()))
        .credentials_provider(SharedCredentialsProvider::new(Credentials::new(key, secret, None, None, "test")))
        .build();
    let calls = Calls::new(8, (Pace::default(), 1), Duration::from_millis(1), Arc::default(), stop.clone());
    let aws = Aws::with(config, calls, may_write).await.expect("the world knows its caller");
    let account = account.parse().expect("an account has twelve digits");
    let role = MemberRole { name: "FargateDeployMember".to_owned(), external_id: None, session_name: "test".to_owned() };
    aws.assume(&account, &role).await.expect("the member role is there")
}

/// Closes what was opened in the home Region of an account; returns what became of it, and all that was told.
pub(crate) async fn close(
    world: &World,
    account: &str,
    still: &StillProtected,
    run: Option<&str>,
    may_write: bool,
    style: Style,
) -> (Result<Closing, CloseError>, String) {
    let stop = CancellationToken::new();
    let account = enter(world, account, may_write, &stop).await;
    close_in(world, &account, still, run, stop, style).await
}

/// The same for an account that is entered already, until it is stopped.
pub(crate) async fn close_in(
    world: &World,
    account: &Account,
    still: &StillProtected,
    run: Option<&str>,
    stop: CancellationToken,
    style: Style,
) -> (Result<Closing, CloseError>, String) {
    let (events, receiver) = Events::channel();
    let progress = Arc::clone(events.progress());
    let region: RegionName = world.home_region().parse().expect("a Region has a name");
    let (mut written, mut files) = (Vec::new(), Files::new(Vec::new(), std::path::Path::new("/tmp")));
    let closing = async {
        // There is a summary of a walk only.
        events.say(Event::AccountsListed { in_scope: 1, names: Default::default() }).await;
        Closer { events, stop }.close(account, &region, still, run).await
    };
    let telling = tell(receiver, &progress, Telling::all(style), &mut written, &mut files);
    let (closing, (_, told)) = tokio::join!(closing, telling);
    told.expect("a vector takes what is written");
    (closing, String::from_utf8(written).expect("reports are text"))
}
