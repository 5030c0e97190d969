//! Are there addresses for the tasks that a roll-out starts beside those that run? Each task with a network interface takes one.

use super::network::facts::{Subnets, TaskNetwork};
use super::rollout::Tasks;

/// What a service's subnets have for its roll-out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Room {
    /// Enough, or nobody can tell.
    Enough,
    /// Enough to get on, and not for all that ECS would start at once.
    Little(Shortage),
    /// Not even for the tasks that have to be there before an old one may stop.
    TooLittle(Shortage),
}

/// Too few addresses.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Shortage {
    pub subnets: Vec<String>,
    /// How many of their addresses nobody has.
    pub free: u64,
    /// How many tasks more would run.
    pub tasks: u64,
}

impl Shortage {
    /// Returns what is there: `subnet-1 and subnet-2 have 3 free addresses`.
    pub fn told(&self) -> String {
        let (word, verb) = if self.subnets.len() == 1 { ("subnet", "has") } else { ("subnets", "have") };
        let addresses = match self.free {
            0 => "no free address".to_owned(),
            1 => "1 free address".to_owned(),
            free => format!("{free} free addresses"),
        };
        format!("its {word} {} {verb} {addresses}", self.subnets.join(", "))
    }

    /// Returns what they are for: `1 task`.
    pub fn for_tasks(&self) -> String {
        let word = if self.tasks == 1 { "task" } else { "tasks" };
        format!("{} {word}", self.tasks)
    }
}

/// Compares what a roll-out takes with what the service's subnets have together. ECS starts a task in another of them when one is full.
///
/// Addresses of IPv6 do not run out, so that a service with a subnet of nothing else is never short; one that is not known, or of
/// which EC2 does not tell how many are free, says nothing.
/// Source: Amazon EC2 API Reference, Subnet, `AvailableIpAddressCount` (from memory).
pub fn room(tasks: &Tasks, network: &TaskNetwork, subnets: &Subnets) -> Room {
    let extra = tasks.extra();
    let known: Vec<_> = network.subnets.iter().filter_map(|id| Some((id, subnets.get(id)?))).collect();
    if known.len() < network.subnets.len() || known.iter().any(|(_, subnet)| subnet.ipv6_only) {
        return Room::Enough;
    }
    let free = known.iter().map(|(_, subnet)| subnet.free_addresses).sum::<Option<u64>>();
    let Some(free) = free.filter(|_| !known.is_empty()) else { return Room::Enough };
    let short_of = |tasks| Shortage { subnets: known.iter().map(|(id, _)| id.to_string()).collect(), free, tasks };
    if free < extra.needed {
        Room::TooLittle(short_of(extra.needed))
    } else if free < extra.most {
        Room::Little(short_of(extra.most))
    } else {
        Room::Enough
    }
}
