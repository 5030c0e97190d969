//! A look at a service's network for whoever asks why: the same readings and the same judgement, and nothing is opened.

use super::{Network, NetworkError, registry_in};
use crate::aws::Account;
use crate::ids::RegionName;
use crate::plan::ServiceFacts;
use crate::plan::explain::Looked;
use crate::plan::network::facts::TaskNetwork;
use crate::plan::network::{Mode, Wanted};

impl Network {
    /// Returns what this run does about networks.
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// Returns what there is to judge by and how it is judged, before anything is opened.
    ///
    /// # Errors
    ///
    /// When AWS does not tell, or none of the subnets is there.
    pub async fn look(
        &self,
        account: &Account,
        region: &RegionName,
        service: &ServiceFacts,
        network: &TaskNetwork,
        image: &str,
    ) -> Result<Looked, NetworkError> {
        let (place, subnets, owner) = self.place(account, region, service, network).await?;
        let wanted = Wanted { console: self.console.clone(), registry: registry_in(region, image) };
        let groups = self.readings.groups(&place).await?;
        let layout = self.readings.layout(&place, &owner, &wanted.registry).await?;
        let (mut groups, layout) = (groups.lock().await, layout.lock().await);
        self.readings.know_groups(&place, network, &mut groups).await?;
        let (vpc, judgement) = self.judged(&place, &subnets, &mut groups, &layout, network, &wanted).await?;
        let groups = vpc.groups_of(network, &account.id);
        let (account, id) = (account.id.clone(), place.vpc.clone());
        Ok(Looked { account, id, network: network.clone(), groups, vpc, wanted, judgement })
    }
}
