//! The last step: what runs the older revision is moved to the new one.

use futures::future::join_all;

use super::{Bare, Found, Journey, JourneyError};
use crate::aws::{AwsError, EcsWriter};
use crate::events::{Outcome, Unattempted};
use crate::ids::TaskDefinitionArn;
use crate::plan::redact::Redactor;
use crate::plan::service::ServiceFacts;

/// So many services of one job are moved before they are looked at again, if the last look is long ago by then.
const UPDATES_AT_ONCE: usize = 10;

impl Journey<'_> {
    /// Moves every open service to the revision, some at a time, and looks at the rest again whenever the last look is long ago:
    /// waiting for AWS may take minutes, and an owner who deploys meanwhile must not lose what was deployed.
    pub(super) async fn deploy(
        &mut self,
        found: &Found,
        bare: &Bare,
        revision: &TaskDefinitionArn,
        secrets: &Redactor,
        writer: &EcsWriter,
    ) {
        let (from, to) = (found.arn.clone(), revision.clone());
        let moved_to = match &bare.why {
            Some(why) => Outcome::Upgraded { from, to, why: why.clone() },
            None => Outcome::Protected { from, to },
        };
        let (mut tries, mut begun) = (0, false);
        loop {
            if begun && self.world.stop.is_cancelled() {
                // A job may have hundreds of services. Those that are left find the revision in the next run.
                return self.end_all(&Outcome::NotAttempted(Unattempted::Stopped));
            }
            begun = true;
            self.look_again().await; // AWS, when the last look is long ago
            let rest = self.open.split_off(self.open.len().min(UPDATES_AT_ONCE));
            let services = std::mem::replace(&mut self.open, rest);
            if services.is_empty() {
                return;
            }
            let moved = join_all(services.iter().map(|service| writer.update_service(service, revision))).await;
            let (mut busy, mut unmoved) = (None, Vec::new());
            for (service, moved) in services.into_iter().zip(moved) {
                match moved.map_err(|error| error.cleaned_by(secrets)) {
                    Ok(()) => self.end(&service, moved_to.clone()),
                    Err(error) if error.is_worth_another_try() => {
                        busy = Some(error.clone());
                        unmoved.push((service, error));
                    }
                    Err(error) => self.not_moved(&service, revision, error),
                }
            }
            let Some(error) = busy else { continue };
            tries += 1;
            let again = writer.waited(&error, tries).await;
            for (service, error) in unmoved {
                if again {
                    self.open.push(service);
                } else {
                    self.not_moved(&service, revision, error);
                }
            }
        }
    }

    fn not_moved(&mut self, service: &ServiceFacts, revision: &TaskDefinitionArn, source: AwsError) {
        let error = JourneyError::Update { revision: revision.short(), source };
        self.end(service, error.outcome(self.world.stop.is_cancelled()));
    }
}
