//! `--explain`: one service instead of all, and which other settings have to let it through.

use std::collections::BTreeSet;

use super::reader::Reader;
use crate::ids::{ClusterArn, ServiceArn};
use crate::plan::scope::{OneService, Scope};

const EXPLAIN: &str = "--explain";

impl Reader {
    /// Reads the service that is asked about. Whatever of the scope leaves it out is a mistake, told once for each setting.
    pub(super) fn explained(&mut self, given: Option<&str>, scope: &Scope) -> Option<OneService> {
        let arn = match given?.trim().parse::<ServiceArn>() {
            Ok(arn) => arn,
            Err(error) => {
                self.problem(EXPLAIN, error.to_string());
                return None;
            }
        };
        let cluster = self.cluster_of(&arn, scope)?;
        let (account, region) = (arn.account(), arn.region());
        let left_out = [
            ("ACCOUNTS", "account", account.as_str(), scope.accounts.as_ref().is_some_and(|it| !it.contains(account))),
            ("EXCLUDE_ACCOUNTS", "account", account.as_str(), scope.excluded_accounts.contains(account)),
            ("REGIONS", "Region", region.as_str(), scope.regions.as_ref().is_some_and(|it| !it.contains(region))),
            ("CLUSTERS", "cluster", cluster.name(), scope.clusters.as_ref().is_some_and(|it| !it.contains(&cluster))),
        ];
        for (setting, what, name, _) in left_out.into_iter().filter(|(.., left_out)| *left_out) {
            let text = format!(
                "the service is in {what} {name}, which {setting} leaves out; correct one of the two, or leave out {setting}"
            );
            self.problem(EXPLAIN, text);
        }
        Some(OneService { arn, cluster })
    }

    /// Returns the cluster that the ARN names. One in the older form names none, and then `CLUSTERS` has to.
    fn cluster_of(&mut self, arn: &ServiceArn, scope: &Scope) -> Option<ClusterArn> {
        if let Some(cluster) = arn.cluster() {
            return Some(cluster);
        }
        let near = |cluster: &&ClusterArn| cluster.account() == arn.account() && cluster.region() == arn.region();
        let named: BTreeSet<&ClusterArn> = scope.clusters.iter().flatten().filter(near).collect();
        match (named.len(), named.first()) {
            (1, Some(cluster)) => Some((*cluster).clone()),
            _ => {
                let text = "this ARN does not say in which cluster the service is; give service/CLUSTER/SERVICE, or name that one \
                            cluster in CLUSTERS";
                self.problem(EXPLAIN, text.to_owned());
                None
            }
        }
    }
}
