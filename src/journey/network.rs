//! The step that opens the network: each service's own, because those of one job may be in several VPCs.

use super::{Journey, JourneyError, OpenRegion};
use crate::events::Outcome;
use crate::plan::SkipReason;
use crate::plan::addresses::{self, Room};

impl Journey<'_> {
    /// Makes sure that the new tasks of each open service will reach the Console and find the Defender's image. A service whose
    /// tasks certainly would not is ended here, before anything is registered for it. One that has no addresses for them is left
    /// before anything is opened for it.
    pub(super) async fn open_network(&mut self) {
        let Some(network) = &self.world.network else { return };
        let OpenRegion { account, region, .. } = &*self.job.open;
        let image = self.world.today.image_in(&account.id, region);
        for service in std::mem::take(&mut self.open) {
            // Without interfaces of their own, tasks use their host's.
            let Some(of_tasks) = &service.network else {
                self.open.push(service);
                continue;
            };
            // What cannot be read is told by what follows, which needs it too.
            let subnets = network.subnets(account, region, of_tasks).await;
            match subnets.map_or(Room::Enough, |subnets| addresses::room(&service.tasks, of_tasks, &subnets)) {
                Room::Enough => {}
                Room::Little(shortage) => drop(self.short.insert(service.arn.clone(), shortage)),
                Room::TooLittle(shortage) => {
                    self.end(&service, Outcome::Skipped(SkipReason::NoFreeAddresses(shortage)));
                    continue;
                }
            }
            // On the heap: it is a journey of its own.
            match Box::pin(network.open(account, region, &service, of_tasks, &image)).await {
                Ok(judged) => {
                    self.unseen.insert(service.arn.clone(), judged.beyond);
                    self.openings.extend(judged.planned);
                    self.open.push(service);
                }
                Err(error) => {
                    let outcome = JourneyError::Network(Box::new(error)).outcome(self.world.rules.stop.is_cancelled());
                    self.end(&service, outcome);
                }
            }
        }
    }
}
