//! The owners of VPCs that are shared: accounts that are entered for their ACLs, if this run is about them too.

use std::collections::BTreeSet;
use std::sync::Arc;

use tokio::sync::watch;
use tracing::debug;

use crate::aws::{Account, Aws, AwsError, MemberRole};
use crate::ids::AccountId;
use crate::once::Once;

/// The accounts in a run's scope, once they are all known.
pub type InScope = Arc<watch::Sender<Option<BTreeSet<AccountId>>>>;

/// The way into the accounts that own what others use.
pub struct Owners {
    pub aws: Arc<Aws>,
    pub member_role: MemberRole,
    pub in_scope: InScope,
    pub entered: Once<AccountId, Option<Account>, AwsError>,
}

impl Owners {
    /// Enters an account, if it is in this run's scope and lets us.
    ///
    /// # Errors
    ///
    /// When AWS does not say whether it does.
    pub(super) async fn account(&self, id: &AccountId) -> Result<Option<Account>, AwsError> {
        let mut in_scope = self.in_scope.subscribe();
        // They are listed whatever the walk waits for, and the sender is ours.
        let is_in_scope =
            in_scope.wait_for(Option::is_some).await.is_ok_and(|accounts| accounts.iter().flatten().any(|it| it == id));
        if !is_in_scope {
            return Ok(None);
        }
        let enter = async {
            match self.aws.assume(id, &self.member_role).await {
                Ok(entered) => Ok(Some(entered)),
                Err(error) if error.lasts() => {
                    // The walk tells why, when it comes to this account.
                    debug!(account = %id, %error, "the owner of a shared VPC cannot be entered");
                    Ok(None)
                }
                Err(error) => Err(error),
            }
        };
        self.entered.get(id.clone(), enter).await
    }
}
