//! What is said when something that was opened in a network is closed again, or kept.

use crate::ids::{AccountId, RegionName, VpcId};
use crate::plan::network::Opening;
use crate::plan::network::close::Kept;

/// Something that was closed in a VPC, or would be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closed {
    /// The account that it belongs to.
    pub account: AccountId,
    pub region: RegionName,
    pub vpc: VpcId,
    /// As it was opened.
    pub opening: Opening,
    /// Whether it stays open, because the run changes nothing.
    pub planned: bool,
}

/// Something that was opened in a VPC and stays open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptOpen {
    /// The account that it belongs to.
    pub account: AccountId,
    pub region: RegionName,
    pub kept: Kept,
}
