//! A network to start from, written the way people draw one, and a judgement told in lines that a table can hold.
//!
//! [`Facts::new`] is a VPC in which nothing stands in the way: tasks in `subnet-app` go out through a NAT gateway in
//! `subnet-public`, their group and every ACL let everything through. A case takes something away from it. Rules, entries and
//! routes are texts: [`rule`], [`entry`] and [`route`] say how they read.

use std::collections::BTreeSet;
use std::net::IpAddr;

use fargate_updater::ids::{AccountId, NetworkAclId, RouteTableId, SecurityGroupId, SubnetId};
use fargate_updater::plan::network::destination::{ConsoleAt, ConsoleTarget, Destination, RegistryTarget, Server};
use fargate_updater::plan::network::facts::{
    ALL_PORTS, BlockPublicAccess, Endpoint, EndpointService, Entry, IMPLICIT, Interface, NatGateway, NetworkAcl, Peer, Route,
    RouteTable, RouteTo, Rule, SecurityGroup, Subnet, Target, TaskNetwork, Vpc,
};
use fargate_updater::plan::network::{Judgement, Patch, Verdict, Wanted, judge};
use ipnet::IpNet;

use crate::support::{CONSOLE_NAME, id};

/// The account that runs the tasks.
pub(crate) const OURS: &str = "111122223333";
/// The account that shares something with it.
pub(crate) const OTHERS: &str = "444455556666";

/// Where the Console is, unless a case says otherwise.
pub(crate) const CONSOLE: &str = "203.0.113.10";
/// The vendor's own image, on the Internet.
pub(crate) const IMAGE: &str = "registry.twistlock.com/twistlock/defender:defender_34_03_138";
/// The same, mirrored into ECR.
pub(crate) const ECR_IMAGE: &str = "111122223333.dkr.ecr.eu-west-1.amazonaws.com/defender:34_03_138";

/// What a new ACL of the VPC has: everything allowed, for both kinds of addresses.
pub(crate) const ALLOW_ALL: [&str; 4] =
    ["100 in allow all 0.0.0.0/0", "100 out allow all 0.0.0.0/0", "101 in allow all ::/0", "101 out allow all ::/0"];

pub(crate) fn block(text: &str) -> IpNet {
    text.parse().expect("the text is a block")
}

pub(crate) fn address(text: &str) -> IpAddr {
    text.parse().expect("the text is an address")
}

/// What tasks are to reach.
pub(crate) fn wanted(console: ConsoleTarget, image: &str) -> Wanted {
    Wanted { console, registry: RegistryTarget::of(image) }
}

/// Reads `all`, `udp`, `443` or `1024-65535`: whether TCP is among it, and the ports.
fn protocol(text: &str) -> (bool, (u16, u16)) {
    let port = |text: &str| text.parse::<u16>().expect("a port is a number");
    match (text, text.split_once('-')) {
        ("all", _) => (true, ALL_PORTS),
        ("udp", _) => (false, ALL_PORTS),
        (_, Some((from, to))) => (true, (port(from), port(to))),
        (_, None) => (true, (port(text), port(text))),
    }
}

/// Reads `443 0.0.0.0/0`, `8000-9000 sg-console` or `all pl-console`.
pub(crate) fn rule(text: &str) -> Rule {
    let (ports, peer) = text.split_once(' ').expect("a rule is ports and a peer");
    let (tcp, ports) = protocol(ports);
    let peer = match peer.split_once('-') {
        Some(("sg", _)) => Peer::Group(peer.into()),
        Some(("pl", _)) => Peer::PrefixList(peer.into()),
        _ => Peer::Block(block(peer)),
    };
    Rule { tcp, ports, peer }
}

/// Reads `100 in allow 1024-65535 0.0.0.0/0`.
pub(crate) fn entry(text: &str) -> Entry {
    let words: Vec<&str> = text.split(' ').collect();
    let [number, direction, action, ports, peer] = words.as_slice() else { panic!("{text} is no entry") };
    assert!(["in", "out"].contains(direction) && ["allow", "deny"].contains(action), "{text} is no entry");
    let (tcp, ports) = protocol(ports);
    let number = number.parse().expect("an entry has a number");
    Entry { number, egress: *direction == "out", allow: *action == "allow", tcp, block: block(peer), ports }
}

/// Reads entries, and adds those that EC2 shows at the end of every ACL.
pub(crate) fn entries(texts: &[&str]) -> Vec<Entry> {
    let mut entries: Vec<Entry> = texts.iter().map(|text| entry(text)).collect();
    for egress in [false, true] {
        for (number, everything) in [(IMPLICIT, "0.0.0.0/0"), (IMPLICIT + 1, "::/0")] {
            entries.push(Entry { number, egress, allow: false, tcp: true, block: block(everything), ports: ALL_PORTS });
        }
    }
    entries
}

/// Reads `10.0.0.0/16 local`, `0.0.0.0/0 nat-1 blackhole` or `pl-console transit gateway tgw-1`.
pub(crate) fn route(text: &str) -> Route {
    let (to, target) = text.split_once(' ').expect("a route is a destination and a target");
    let (target, blackhole) = target.strip_suffix(" blackhole").map_or((target, false), |target| (target, true));
    let to = if to.starts_with("pl-") { RouteTo::PrefixList(to.into()) } else { RouteTo::Block(block(to)) };
    let target = match target.split_once('-') {
        Some(("igw", _)) => Target::InternetGateway(target.to_owned()),
        Some(("eigw", _)) => Target::EgressOnlyGateway(target.to_owned()),
        Some(("nat", _)) => Target::Nat(target.into()),
        Some(("s3", _)) => Target::GatewayEndpoint(target.to_owned()),
        _ if target == "local" => Target::Local,
        _ => Target::Beyond(target.to_owned()),
    };
    Route { to, target, blackhole }
}

/// A service's network, all that EC2 tells of it, and what is wanted there.
#[derive(Clone, Debug)]
pub(crate) struct Facts {
    pub(crate) vpc: Vpc,
    pub(crate) network: TaskNetwork,
    pub(crate) wanted: Wanted,
}

impl Facts {
    pub(crate) fn new() -> Self {
        let network = TaskNetwork {
            subnets: BTreeSet::from(["subnet-app".into()]),
            security_groups: BTreeSet::from(["sg-app".into()]),
            public_address: false,
        };
        let at = ConsoleAt::Resolved(vec![address(CONSOLE)]);
        let console = ConsoleTarget { host: CONSOLE_NAME.to_owned(), port: 8084, at };
        let mut facts = Self { vpc: Vpc::default(), network, wanted: wanted(console, IMAGE) };
        facts.vpc.groups.interfaces = Some(Vec::new());
        facts.add_subnet("subnet-app", &["10.0.0.0/24"]);
        facts.add_subnet("subnet-public", &["10.0.1.0/24"]);
        facts.group("sg-app", "app", &["all 0.0.0.0/0"]);
        facts.group("sg-default", "default", &[]);
        facts.routes("rtb-main", &["10.0.0.0/16 local", "0.0.0.0/0 nat-1"]);
        facts.table("rtb-main").main = true;
        facts.own_table("subnet-public", &["10.0.0.0/16 local", "0.0.0.0/0 igw-1"]);
        facts.nat("nat-1", "subnet-public", true, true);
        facts
    }

    pub(crate) fn with(edit: impl FnOnce(&mut Self)) -> Self {
        let mut facts = Self::new();
        edit(&mut facts);
        facts
    }

    pub(crate) fn judge(&self) -> Judgement {
        judge(&self.network, &self.vpc, &self.wanted, &id(OURS))
    }

    /// Adds a subnet that falls under the default ACL and the main route table.
    pub(crate) fn add_subnet(&mut self, name: &str, blocks: &[&str]) {
        let subnet = Subnet {
            vpc: "vpc-1".into(),
            owner: id(OURS),
            blocks: blocks.iter().map(|text| block(text)).collect(),
            ipv6_only: false,
            free_addresses: Some(251),
            block_public_access: BlockPublicAccess::Off,
        };
        self.vpc.subnets.insert(name.into(), subnet.clone());
        self.vpc.layout.subnets.insert(name.into(), subnet);
        let default = || NetworkAcl { entries: entries(&ALLOW_ALL), ..NetworkAcl::default() };
        self.vpc.layout.acls.entry("acl-default".into()).or_insert_with(default).subnets.insert(name.into());
    }

    /// Edits a subnet as everybody sees it.
    pub(crate) fn subnet(&mut self, name: &str, edit: impl Fn(&mut Subnet)) {
        for subnets in [&mut self.vpc.subnets, &mut self.vpc.layout.subnets] {
            edit(subnets.get_mut(&SubnetId::from(name)).expect("the subnet is known"));
        }
    }

    /// Runs the tasks in these subnets.
    pub(crate) fn run_in(&mut self, names: &[&str]) {
        self.network.subnets = names.iter().map(|name| SubnetId::from(*name)).collect();
    }

    /// Attaches these groups to the tasks.
    pub(crate) fn attach(&mut self, names: &[&str]) {
        self.network.security_groups = names.iter().map(|name| SecurityGroupId::from(*name)).collect();
    }

    /// Adds a group that lets this out and nothing in.
    pub(crate) fn group(&mut self, group: &str, name: &str, egress: &[&str]) {
        let egress = egress.iter().map(|text| rule(text)).collect();
        let group_facts = SecurityGroup { owner: id(OURS), name: name.to_owned(), egress, ingress: Vec::new() };
        self.vpc.groups.groups.insert(group.into(), group_facts);
    }

    fn known_group(&mut self, group: &str) -> &mut SecurityGroup {
        self.vpc.groups.groups.get_mut(&SecurityGroupId::from(group)).expect("the group is known")
    }

    pub(crate) fn egress(&mut self, group: &str, rules: &[&str]) {
        self.known_group(group).egress = rules.iter().map(|text| rule(text)).collect();
    }

    pub(crate) fn ingress(&mut self, group: &str, rules: &[&str]) {
        self.known_group(group).ingress = rules.iter().map(|text| rule(text)).collect();
    }

    pub(crate) fn belongs_to(&mut self, group: &str, account: &str) {
        self.known_group(group).owner = id::<AccountId>(account);
    }

    /// Lets `app`'s group out to the registry only.
    pub(crate) fn only_https(&mut self) {
        self.egress("sg-app", &["443 0.0.0.0/0", "443 ::/0"]);
    }

    /// Adds an interface that carries a group.
    pub(crate) fn interface(&mut self, group: &str, addresses: &[&str]) {
        let addresses = addresses.iter().map(|text| address(text)).collect();
        let interface = Interface { groups: BTreeSet::from([group.into()]), addresses };
        self.vpc.groups.interfaces.get_or_insert_default().push(interface);
    }

    /// Says what a prefix list holds; nothing stands for one that could not be read.
    pub(crate) fn prefix_list(&mut self, list: &str, blocks: Option<&[&str]>) {
        let held = blocks.map(|blocks| blocks.iter().map(|text| block(text)).collect());
        self.vpc.prefix_lists.insert(list.into(), held);
    }

    /// Gives a subnet an ACL of its own: `acl-app` to `subnet-app`.
    pub(crate) fn own_acl(&mut self, subnet: &str, texts: &[&str]) {
        self.share_acl(&subnet.replace("subnet-", "acl-"), &[subnet], texts);
    }

    /// Gives subnets an ACL.
    pub(crate) fn share_acl(&mut self, name: &str, subnets: &[&str], texts: &[&str]) {
        let subnets: BTreeSet<SubnetId> = subnets.iter().map(|subnet| SubnetId::from(*subnet)).collect();
        for acl in self.vpc.layout.acls.values_mut() {
            acl.subnets.retain(|subnet| !subnets.contains(subnet));
        }
        let acl = NetworkAcl { subnets, entries: entries(texts), ours: None };
        self.vpc.layout.acls.insert(name.into(), acl);
    }

    /// Gives a subnet an ACL that lets everything through but for what these entries say; they come first, below 100.
    pub(crate) fn open_acl_but(&mut self, subnet: &str, texts: &[&str]) {
        self.own_acl(subnet, &[texts, &ALLOW_ALL].concat());
    }

    pub(crate) fn acl(&mut self, name: &str) -> &mut NetworkAcl {
        self.vpc.layout.acls.get_mut(&NetworkAclId::from(name)).expect("the ACL is known")
    }

    pub(crate) fn table(&mut self, name: &str) -> &mut RouteTable {
        self.vpc.layout.route_tables.entry(RouteTableId::from(name)).or_default()
    }

    pub(crate) fn routes(&mut self, table: &str, texts: &[&str]) {
        self.table(table).routes = texts.iter().map(|text| route(text)).collect();
    }

    /// Gives a subnet a route table of its own: `rtb-app` to `subnet-app`.
    pub(crate) fn own_table(&mut self, subnet: &str, texts: &[&str]) {
        let table = subnet.replace("subnet-", "rtb-");
        self.routes(&table, texts);
        self.table(&table).subnets.insert(subnet.into());
    }

    pub(crate) fn nat(&mut self, name: &str, subnet: &str, available: bool, public: bool) {
        self.vpc.layout.nat_gateways.insert(name.into(), NatGateway { subnet: Some(subnet.into()), available, public });
    }

    /// Adds an endpoint with interfaces in these subnets, behind `sg-endpoints`.
    pub(crate) fn endpoint(&mut self, name: &str, service: EndpointService, subnets: &[&str]) {
        self.vpc.layout.endpoints.push(Endpoint {
            id: name.to_owned(),
            service,
            by_name: true,
            subnets: subnets.iter().map(|subnet| SubnetId::from(*subnet)).collect(),
            groups: BTreeSet::from(["sg-endpoints".into()]),
            route_tables: BTreeSet::new(),
        });
    }

    /// Adds an endpoint for S3 that a route table leads to.
    pub(crate) fn gateway_endpoint(&mut self, name: &str, table: &str) {
        self.endpoint(name, EndpointService::S3, &[]);
        let endpoint = self.vpc.layout.endpoints.last_mut().expect("one was added");
        endpoint.groups.clear();
        endpoint.route_tables.insert(table.into());
    }

    pub(crate) fn image(&mut self, image: &str) {
        self.wanted.registry = RegistryTarget::of(image);
    }

    pub(crate) fn port(&mut self, port: u16) {
        self.wanted.console.port = port;
    }

    /// Lets the Console's name stand for these addresses.
    pub(crate) fn console_at(&mut self, addresses: &[&str]) {
        self.wanted.console.at = ConsoleAt::Resolved(addresses.iter().map(|text| address(text)).collect());
    }

    /// Sets `CONSOLE_CIDRS`.
    pub(crate) fn console_in(&mut self, blocks: &[&str]) {
        self.wanted.console.at = ConsoleAt::Given(blocks.iter().map(|text| block(text)).collect());
    }

    /// Lets the Console's name say nothing.
    pub(crate) fn console_anywhere(&mut self) {
        self.wanted.console.at = ConsoleAt::Unknown;
    }

    /// Tells a judgement in lines: what stands in the way, what cannot be seen, what would be opened. The servers are called
    /// `Console`, `Registry` and `Layers`.
    pub(crate) fn told(&self, judgement: &Judgement) -> Vec<String> {
        let Wanted { console, registry } = &self.wanted;
        let (console, registry) = (console.destination(false), registry.destination(false));
        let layers = Destination { server: Server::ImageLayers, ..registry.clone() };
        let names = [(console, "Console"), (registry, "Registry"), (layers, "Layers")];
        let short = |text: String| {
            names
                .iter()
                .fold(text, |text, (destination, name)| text.replace(&format!("{:?}", destination.goal().to_string()), name))
        };
        let obstacles = judgement.obstacles.iter().map(|obstacle| short(format!("{obstacle:?}")));
        let beyond = judgement.beyond.iter().map(|beyond| short(format!("{beyond:?}")));
        obstacles.chain(beyond).chain(judgement.patch.told().iter().map(ToString::to_string)).collect()
    }
}

/// What a case does to [`Facts::new`].
pub(crate) type Edit = fn(&mut Facts);

/// A name that reads as a sentence, an edit, and what is found.
pub(crate) type Case<'a> = (&'a str, Edit, Verdict, &'a [&'a str]);

/// Judges every case of a table, and judges it again with the patch in: then there is nothing left to open.
pub(crate) fn check(cases: &[Case]) {
    for (name, edit, verdict, told) in cases {
        let facts = Facts::with(edit);
        let judgement = facts.judge();
        assert_eq!(facts.told(&judgement), *told, "{name}");
        assert_eq!(judgement.verdict(), *verdict, "{name}");
        let mut opened = facts.clone();
        apply(&judgement.patch, &mut opened.vpc);
        let again = opened.judge();
        assert!(again.patch.is_empty(), "{name}: {:?}", again.patch);
        assert_eq!((&again.obstacles, &again.beyond), (&judgement.obstacles, &judgement.beyond), "{name}: judged as it will be");
    }
}

/// Puts a patch into the facts as EC2 would: the first group takes the rule.
pub(crate) fn apply(patch: &Patch, vpc: &mut Vpc) {
    if let Some(opened) = &patch.group_rule {
        let group = opened.groups.first().and_then(|group| vpc.groups.groups.get_mut(group)).expect("the rule has a group");
        let ports = (opened.port, opened.port);
        group.egress.extend(opened.to.iter().map(|to| Rule { tcp: true, ports, peer: Peer::Block(*to) }));
    }
    for (acl, entries) in &patch.acl_entries {
        vpc.layout.acls.get_mut(acl).expect("the ACL is known").entries.extend(entries.iter().cloned());
    }
}
