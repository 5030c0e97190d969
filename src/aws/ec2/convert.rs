//! From the SDK's types to plain facts. What is not there or cannot be read makes nothing of it, and whoever asked decides.

use std::collections::BTreeSet;

use aws_sdk_ec2::types::{
    BlockPublicAccessMode, ConnectivityType, IpPermission, NatGatewayState, NetworkAclEntry, RouteState, RuleAction,
    SecurityGroupRule, State, Tag,
};
use ipnet::IpNet;

use crate::ids::{NatGatewayId, NetworkAclId, RegionName, RouteTableId, SecurityGroupId, SubnetId};
use crate::plan::memory::OPENED_TAG;
use crate::plan::network::close::{Carrier, GroupPlace, OpenedAcl, OpenedRule};
use crate::plan::network::facts::{
    ALL_PORTS, BlockPublicAccess, DEFAULT_GROUP, Endpoint, EndpointService, Entry, Interface, NatGateway, NetworkAcl, Peer,
    Route, RouteTable, RouteTo, Rule, SecurityGroup, Subnet, Target,
};

/// The protocol numbers that stand for every protocol and for TCP.
/// Source: Amazon EC2 API Reference, CreateNetworkAclEntry, `Protocol` (from memory); IANA, "Protocol Numbers".
const ALL_PROTOCOLS: &str = "-1";
const TCP: [&str; 2] = ["6", "tcp"];

pub(super) fn subnet(subnet: &aws_sdk_ec2::types::Subnet) -> Option<(SubnetId, Subnet)> {
    let v6 = subnet.ipv6_cidr_block_association_set().iter().filter_map(|association| association.ipv6_cidr_block());
    let blocks = subnet.cidr_block().into_iter().chain(v6).filter_map(|block| block.parse().ok());
    let mode = subnet.block_public_access_states().and_then(|states| states.internet_gateway_block_mode());
    let facts = Subnet {
        vpc: subnet.vpc_id()?.into(),
        owner: subnet.owner_id()?.parse().ok()?,
        blocks: blocks.collect(),
        ipv6_only: subnet.ipv6_native() == Some(true),
        free_addresses: subnet.available_ip_address_count().and_then(|count| count.try_into().ok()),
        block_public_access: match mode {
            None | Some(BlockPublicAccessMode::Off) => BlockPublicAccess::Off,
            Some(BlockPublicAccessMode::BlockIngress) => BlockPublicAccess::Ingress,
            Some(_) => BlockPublicAccess::Bidirectional,
        },
    };
    Some((subnet.subnet_id()?.into(), facts))
}

pub(super) fn group(group: &aws_sdk_ec2::types::SecurityGroup) -> Option<(SecurityGroupId, SecurityGroup)> {
    let facts = SecurityGroup {
        owner: group.owner_id()?.parse().ok()?,
        name: group.group_name().unwrap_or_default().to_owned(),
        egress: group.ip_permissions_egress().iter().flat_map(rules).collect(),
        ingress: group.ip_permissions().iter().flat_map(rules).collect(),
    };
    Some((group.group_id()?.into(), facts))
}

/// Takes a permission apart: one rule for each peer.
fn rules(permission: &IpPermission) -> Vec<Rule> {
    let (tcp, ports) = tcp_and_ports(permission.ip_protocol(), permission.from_port(), permission.to_port());
    let v4 = permission.ip_ranges().iter().filter_map(|range| block(range.cidr_ip()));
    let v6 = permission.ipv6_ranges().iter().filter_map(|range| block(range.cidr_ipv6()));
    let lists = permission.prefix_list_ids().iter().filter_map(|list| Some(Peer::PrefixList(list.prefix_list_id()?.into())));
    let groups = permission.user_id_group_pairs().iter().filter_map(|pair| Some(Peer::Group(pair.group_id()?.into())));
    v4.chain(v6).chain(lists).chain(groups).map(|peer| Rule { tcp, ports, peer }).collect()
}

/// Returns whether TCP is among a rule's protocols, and its ports.
fn tcp_and_ports(protocol: Option<&str>, from: Option<i32>, to: Option<i32>) -> (bool, (u16, u16)) {
    let protocol = protocol.unwrap_or_default();
    let tcp = protocol == ALL_PROTOCOLS || TCP.contains(&protocol);
    // A rule for all protocols has no ports; -1 stands for all of them.
    let port = |port: Option<i32>, all: u16| port.and_then(|port| u16::try_from(port).ok()).unwrap_or(all);
    let ports = match protocol {
        ALL_PROTOCOLS => ALL_PORTS,
        _ => (port(from, ALL_PORTS.0), port(to, ALL_PORTS.1)),
    };
    (tcp, ports)
}

fn block(block: Option<&str>) -> Option<Peer> {
    block.and_then(|block| block.parse().ok()).map(Peer::Block)
}

/// Takes a rule that has our tag. What it says may be anything by now.
pub(super) fn opened_rule(rule: &SecurityGroupRule) -> Option<OpenedRule> {
    let (tcp, ports) = tcp_and_ports(rule.ip_protocol(), rule.from_port(), rule.to_port());
    let list = || Some(Peer::PrefixList(rule.prefix_list_id()?.into()));
    let group = || Some(Peer::Group(rule.referenced_group_info()?.group_id()?.into()));
    let peer = block(rule.cidr_ipv4()).or_else(|| block(rule.cidr_ipv6())).or_else(list).or_else(group);
    Some(OpenedRule {
        id: rule.security_group_rule_id()?.to_owned(),
        group: rule.group_id()?.into(),
        owner: rule.group_owner_id()?.parse().ok()?,
        egress: rule.is_egress()?,
        rule: peer.map(|peer| Rule { tcp, ports, peer }),
        run: tag(rule.tags(), OPENED_TAG).unwrap_or_default(),
    })
}

pub(super) fn group_place(group: &aws_sdk_ec2::types::SecurityGroup) -> Option<(SecurityGroupId, GroupPlace)> {
    let place = GroupPlace { vpc: group.vpc_id()?.into(), is_default: group.group_name() == Some(DEFAULT_GROUP) };
    Some((group.group_id()?.into(), place))
}

pub(super) fn opened_acl(it: &aws_sdk_ec2::types::NetworkAcl) -> Option<(NetworkAclId, OpenedAcl)> {
    let (id, acl) = acl(it)?;
    Some((id, OpenedAcl { vpc: it.vpc_id()?.into(), owner: it.owner_id()?.parse().ok()?, acl }))
}

pub(super) fn carrier(interface: &aws_sdk_ec2::types::NetworkInterface) -> Option<Carrier> {
    let groups = interface.groups().iter().filter_map(|group| group.group_id()).map(SecurityGroupId::from).collect();
    Some(Carrier { owner: interface.owner_id()?.parse().ok()?, groups })
}

pub(super) fn acl(acl: &aws_sdk_ec2::types::NetworkAcl) -> Option<(NetworkAclId, NetworkAcl)> {
    let entries: Option<Vec<Entry>> = acl.entries().iter().map(entry).collect();
    let facts = NetworkAcl {
        subnets: acl.associations().iter().filter_map(|association| association.subnet_id()).map(SubnetId::from).collect(),
        entries: entries?,
        ours: tag(acl.tags(), OPENED_TAG),
    };
    Some((acl.network_acl_id()?.into(), facts))
}

fn entry(entry: &NetworkAclEntry) -> Option<Entry> {
    let protocol = entry.protocol()?;
    let port = |port: Option<i32>| port.and_then(|port| u16::try_from(port).ok());
    let ports = entry.port_range().and_then(|range| Some((port(range.from())?, port(range.to())?)));
    let block: IpNet = entry.cidr_block().or_else(|| entry.ipv6_cidr_block())?.parse().ok()?;
    Some(Entry {
        number: u16::try_from(entry.rule_number()?).ok()?,
        egress: entry.egress()?,
        allow: entry.rule_action()? == &RuleAction::Allow,
        tcp: protocol == ALL_PROTOCOLS || TCP.contains(&protocol),
        block,
        ports: ports.unwrap_or(ALL_PORTS),
    })
}

pub(super) fn table(table: &aws_sdk_ec2::types::RouteTable) -> Option<(RouteTableId, RouteTable)> {
    let associations = table.associations();
    let facts = RouteTable {
        main: associations.iter().any(|association| association.main() == Some(true)),
        subnets: associations.iter().filter_map(|association| association.subnet_id()).map(SubnetId::from).collect(),
        routes: table.routes().iter().filter_map(route).collect(),
    };
    Some((table.route_table_id()?.into(), facts))
}

fn route(route: &aws_sdk_ec2::types::Route) -> Option<Route> {
    let block = route.destination_cidr_block().or_else(|| route.destination_ipv6_cidr_block());
    let to = match (block, route.destination_prefix_list_id()) {
        (Some(block), _) => RouteTo::Block(block.parse().ok()?),
        (None, list) => RouteTo::PrefixList(list?.into()),
    };
    let target = target(route, &to);
    Some(Route { to, target, blackhole: route.state() == Some(&RouteState::Blackhole) })
}

/// Tells where a route leads by the one field that is set, and by the beginning of its id where several things share a field.
fn target(route: &aws_sdk_ec2::types::Route, to: &RouteTo) -> Target {
    let beyond = |kind: &str, id: &str| Target::Beyond(format!("{kind} {id}"));
    if let Some(gateway) = route.gateway_id() {
        return match gateway.split('-').next().unwrap_or_default() {
            "local" => Target::Local,
            "igw" => Target::InternetGateway(gateway.to_owned()),
            "vpce" if matches!(to, RouteTo::PrefixList(_)) => Target::GatewayEndpoint(gateway.to_owned()),
            "vpce" => beyond("the firewall or load balancer behind endpoint", gateway),
            "vgw" => beyond("virtual private gateway", gateway),
            _ => beyond("gateway", gateway),
        };
    }
    if let Some(nat) = route.nat_gateway_id() {
        return Target::Nat(nat.into());
    }
    if let Some(gateway) = route.egress_only_internet_gateway_id() {
        return Target::EgressOnlyGateway(gateway.to_owned());
    }
    let others = [
        ("transit gateway", route.transit_gateway_id()),
        ("peering connection", route.vpc_peering_connection_id()),
        ("core network", route.core_network_arn()),
        ("local gateway", route.local_gateway_id()),
        ("carrier gateway", route.carrier_gateway_id()),
        ("instance", route.instance_id()),
        ("network interface", route.network_interface_id()),
        ("ODB network", route.odb_network_arn()),
    ];
    let known = others.into_iter().find_map(|(kind, id)| Some(beyond(kind, id?)));
    known.unwrap_or_else(|| Target::Beyond("something that this version does not know".to_owned()))
}

pub(super) fn nat(nat: &aws_sdk_ec2::types::NatGateway) -> Option<(NatGatewayId, NatGateway)> {
    let facts = NatGateway {
        subnet: nat.subnet_id().map(SubnetId::from),
        available: nat.state() == Some(&NatGatewayState::Available),
        public: nat.connectivity_type() != Some(&ConnectivityType::Private),
    };
    Some((nat.nat_gateway_id()?.into(), facts))
}

/// Returns the names under which endpoints for ECR and S3 are found.
/// Source: Amazon ECR User Guide, "Amazon ECR interface VPC endpoints (AWS PrivateLink)" (read 2026-11); `cn.` in China.
pub(super) fn service_names(region: &RegionName) -> Vec<String> {
    let region = region.as_str();
    let prefix = if region.starts_with("cn-") { "cn.com" } else { "com" };
    let of_ecr = ["ecr.api", "ecr.dkr"].map(|service| format!("{prefix}.amazonaws.{region}.{service}"));
    of_ecr.into_iter().chain([format!("com.amazonaws.{region}.s3")]).collect()
}

/// Takes an endpoint that works.
pub(super) fn endpoint(endpoint: &aws_sdk_ec2::types::VpcEndpoint) -> Option<Endpoint> {
    let name = endpoint.service_name()?;
    let ends_with = |end: &str| name.ends_with(end);
    let service = match () {
        () if ends_with(".ecr.api") => EndpointService::EcrApi,
        () if ends_with(".ecr.dkr") => EndpointService::EcrImages,
        () if ends_with(".s3") => EndpointService::S3,
        () => return None,
    };
    let subnets: BTreeSet<SubnetId> = endpoint.subnet_ids().iter().map(|id| id.as_str().into()).collect();
    // S3's interfaces may take the service's own name for other networks only, and leave tasks to the routes.
    let for_others = endpoint.dns_options().and_then(|dns| dns.private_dns_only_for_inbound_resolver_endpoint()) == Some(true);
    let by_name = subnets.is_empty() || endpoint.private_dns_enabled() == Some(true) && !for_others;
    // AWS writes the states of endpoints with a capital letter or without.
    let works = endpoint.state().is_some_and(|state| state.as_str().eq_ignore_ascii_case(State::Available.as_str()));
    works.then(|| Endpoint {
        id: endpoint.vpc_endpoint_id().unwrap_or_default().to_owned(),
        service,
        by_name,
        subnets,
        groups: endpoint.groups().iter().filter_map(|group| group.group_id()).map(SecurityGroupId::from).collect(),
        route_tables: endpoint.route_table_ids().iter().map(|id| id.as_str().into()).collect(),
    })
}

/// Takes a block of a prefix list.
pub(super) fn listed(entry: &aws_sdk_ec2::types::PrefixListEntry) -> Option<IpNet> {
    entry.cidr()?.parse().ok()
}

pub(super) fn interface(interface: &aws_sdk_ec2::types::NetworkInterface) -> Option<Interface> {
    let own = interface.private_ip_address();
    let others = interface.private_ip_addresses().iter().filter_map(|address| address.private_ip_address());
    let v6 = interface.ipv6_addresses().iter().filter_map(|address| address.ipv6_address());
    let addresses: BTreeSet<_> = own.into_iter().chain(others).chain(v6).filter_map(|address| address.parse().ok()).collect();
    Some(Interface {
        groups: interface.groups().iter().filter_map(|group| group.group_id()).map(SecurityGroupId::from).collect(),
        addresses: addresses.into_iter().collect(),
    })
}

fn tag(tags: &[Tag], key: &str) -> Option<String> {
    tags.iter().find(|tag| tag.key() == Some(key)).and_then(|tag| tag.value()).map(str::to_owned)
}
