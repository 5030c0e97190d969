//! `DescribeRegions`: which Regions an account has enabled.
//! Source: Amazon EC2 API Reference, DescribeRegions (read 2026-11).

use std::collections::BTreeSet;

use super::super::access::Caller;
use super::super::errors::{AwsError, ErrorKind};
use super::super::reply::element;
use super::super::server::Form;
use super::super::state::State;
use super::query::numbered;

/// Regions every simulated AWS has besides those a scenario names; told with `AllRegions` alone unless the account enabled them.
const REGIONS: [&str; 4] = ["us-east-1", "eu-west-1", "me-south-1", "af-south-1"];

/// The start of the names of Regions that are disabled until an account opts in.
/// Source: AWS Account Management Reference Guide, Enable or disable AWS Regions; from memory.
const OPT_IN: [&str; 17] = [
    "af-south-1",
    "ap-east-1",
    "ap-east-2",
    "ap-south-2",
    "ap-southeast-3",
    "ap-southeast-4",
    "ap-southeast-5",
    "ap-southeast-6",
    "ap-southeast-7",
    "ca-west-1",
    "eu-central-2",
    "eu-south-1",
    "eu-south-2",
    "il-central-1",
    "me-central-1",
    "me-south-1",
    "mx-central-1",
];

pub(super) fn describe(state: &State, caller: &Caller, form: &Form) -> Result<String, AwsError> {
    let all = form.get("AllRegions").is_some_and(|all| all == "true");
    let asked: Vec<&String> = numbered(form, "RegionName");
    let filters = filters(form)?;
    let account = state.account(caller.account());
    let mut items = Vec::new();
    for region in known_regions(state) {
        let enabled = account.is_some_and(|account| account.enables(region, &state.home_region));
        let status = match (enabled, OPT_IN.contains(&region)) {
            (true, false) => "opt-in-not-required",
            (true, true) => "opted-in",
            (false, _) => "not-opted-in",
        };
        let wanted = (enabled || all)
            && (asked.is_empty() || asked.iter().any(|asked| *asked == region))
            && includes(filters.statuses.as_ref(), status)
            && includes(filters.names.as_ref(), region);
        if wanted {
            let endpoint = format!("ec2.{region}.amazonaws.com");
            let item = [element("regionName", region), element("regionEndpoint", &endpoint), element("optInStatus", status)];
            items.push(format!("<item>{}</item>", item.concat()));
        }
    }
    Ok(format!("<regionInfo>{}</regionInfo>", items.concat()))
}

fn known_regions(state: &State) -> BTreeSet<&str> {
    let mut regions: BTreeSet<&str> = BTreeSet::from([state.home_region.as_str()]);
    if state.partition == "aws" {
        regions.extend(REGIONS);
    }
    regions.extend(state.named_regions.iter().map(String::as_str));
    regions
}

/// What `Filter.N` asks for; `None` stands for everything.
#[derive(Default)]
struct Filters<'a> {
    statuses: Option<Vec<&'a String>>,
    names: Option<Vec<&'a String>>,
}

fn filters(form: &Form) -> Result<Filters<'_>, AwsError> {
    let mut filters = Filters::default();
    let names = (1u32..).map_while(|n| Some((n, form.get(&format!("Filter.{n}.Name"))?)));
    for (n, name) in names {
        let values = numbered(form, &format!("Filter.{n}.Value"));
        match name.as_str() {
            "opt-in-status" => filters.statuses = Some(values),
            "region-name" => filters.names = Some(values),
            _ => return Err(AwsError::new(ErrorKind::Ec2UnknownFilter, &[name])),
        }
    }
    Ok(filters)
}

fn includes(wanted: Option<&Vec<&String>>, value: &str) -> bool {
    wanted.is_none_or(|wanted| wanted.iter().any(|wanted| *wanted == value))
}
