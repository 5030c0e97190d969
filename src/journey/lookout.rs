//! Looks at services whose roll-outs are under way, for all journeys of one account's Region together: ten services a call.
//!
//! Whoever wants to look first waits for a while and then looks for everybody who came meanwhile. So all of them keep one pace,
//! nobody needs a task in the background, and a roll-out that ends leaves nothing running.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use super::look::{Seen, look_at};
use crate::aws::EcsReader;
use crate::plan::service::ServiceFacts;
use crate::plan::watch::ServiceDeployment;

/// What was seen of a service, and of its service deployment if it was asked about one.
pub struct Sight {
    pub seen: Seen,
    pub service_deployment: Option<ServiceDeployment>,
}

/// A service to look at.
struct Wanted {
    service: ServiceFacts,
    service_deployment: Option<String>,
    answer: oneshot::Sender<Sight>,
}

/// Those who wait for the next look in one account's Region.
#[derive(Default)]
pub struct Lookout(Mutex<Waiting>);

#[derive(Default)]
struct Waiting {
    wanted: Vec<Wanted>,
    /// Whether somebody is going to look.
    led: bool,
}

impl Lookout {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a while and looks at a service, and at its service deployment if one is named; none, once the run is asked to stop.
    ///
    /// Whoever was to look for others may go away; then the next one does.
    pub async fn look(
        &self,
        reader: &EcsReader,
        service: &ServiceFacts,
        service_deployment: Option<&str>,
        (after, stop): (Duration, &CancellationToken),
    ) -> Option<Sight> {
        loop {
            let (answer, mut sight) = oneshot::channel();
            let leads = {
                let mut waiting = self.waiting();
                let (service, service_deployment) = (service.clone(), service_deployment.map(str::to_owned));
                waiting.wanted.push(Wanted { service, service_deployment, answer });
                !std::mem::replace(&mut waiting.led, true)
            };
            if leads {
                let led = Led(self);
                tokio::select! {
                    () = tokio::time::sleep(after) => {}
                    () = stop.cancelled() => return None,
                }
                let wanted = led.take();
                look_for(reader, wanted).await;
            }
            tokio::select! {
                biased;
                sight = &mut sight => if let Ok(sight) = sight {
                    return Some(sight);
                },
                () = stop.cancelled() => return None,
            }
        }
    }
}

/// Somebody is going to look, for as long as this is kept: whoever comes after is for the next look.
struct Led<'a>(&'a Lookout);

impl Led<'_> {
    fn take(self) -> Vec<Wanted> {
        std::mem::take(&mut self.0.waiting().wanted)
    }
}

impl Drop for Led<'_> {
    fn drop(&mut self) {
        let mut waiting = self.0.waiting();
        waiting.led = false;
        // When the leader goes away before it took them, they have to find another.
        waiting.wanted.clear();
    }
}

/// Looks at services by ten and at service deployments by twenty, and tells everybody what was seen.
async fn look_for(reader: &EcsReader, wanted: Vec<Wanted>) {
    let arns: Vec<String> = wanted.iter().filter_map(|wanted| wanted.service_deployment.clone()).collect();
    let services = wanted.iter().map(|wanted| wanted.service.clone()).collect();
    let (seen, deployments) = tokio::join!(look_at(reader, services), reader.service_deployments(&arns));
    // The services say most of it; what cannot be told of a service deployment is judged without.
    let deployments = deployments.unwrap_or_default();
    let mut seen: Vec<Option<(ServiceFacts, Seen)>> = seen.into_iter().map(Some).collect();
    for Wanted { service, service_deployment, answer } in wanted {
        let found = seen.iter_mut().find(|seen| seen.as_ref().is_some_and(|(before, _)| before.arn == service.arn));
        let Some((_, seen)) = found.and_then(Option::take) else { continue };
        let service_deployment = service_deployment.and_then(|arn| deployments.get(&arn).cloned());
        // Whoever does not wait any more needs no answer.
        let _ = answer.send(Sight { seen, service_deployment });
    }
}
