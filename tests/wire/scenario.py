"""The simulated world of this check: `scenario.json`, and the many things that make lists longer than a page.

What is odd is written by hand in `scenario.json`; what is only many is made here, together with what the lists have to answer.
The format is that of `tests/simulator/src/scenario.rs`.
"""

import json
from pathlib import Path

MEMBER = "111122223333"
CLOSED = "222233334444"
MANAGEMENT = "123456789012"
HOME = "us-east-1"
OTHER_REGION = "eu-west-1"
ROOT = "r-ab12"
MANY_UNIT = "ou-ab12-0000000a"
VPC = "vpc-00000000000000a00"
PREFIX_LIST = "pl-00000000000000a00"
# A list counts for as many rules as it has entries, of which a group takes 60.
SHORT_LIST = "pl-00000000000000a01"
OPEN_GROUP = "sg-00000000000000a01"
OPEN_ACL = "acl-00000000000000a01"

# Each more than a page of the list it is for: 20 accounts or units, 100 clusters, 10 services, 100 tasks, 100 entries.
ACCOUNTS = [f"6666777788{n:02}" for n in range(23)]
UNITS = [f"ou-ab12-000000b{n:02}" for n in range(22)]
CLUSTERS = [f"cluster-{n:03}" for n in range(104)]
SERVICES = [f"service-{n:02}" for n in range(26)]
TASKS_OF_EACH = 5
BUCKET = "reports"
BUCKET_ABROAD = "reports-abroad"
ENTRIES = [f"10.{n}.0.0/16" for n in range(103)]
# The smallest page of EC2 is 5.
OF_EACH_KIND = 7


def _numbered(prefix: str) -> list[str]:
    return [f"{prefix}-00000000000000a{n:02}" for n in range(OF_EACH_KIND)]


SUBNETS = _numbered("subnet")
GROUPS = _numbered("sg")
ACLS = _numbered("acl")
ROUTE_TABLES = _numbered("rtb")
NAT_GATEWAYS = _numbered("nat")
ENDPOINTS = _numbered("vpce")
# One for each task and NAT gateway and each endpoint but the gateway, and two that are nobody's.
INTERFACES = OF_EACH_KIND + (OF_EACH_KIND - 1) + 2
UPDATER_TASKS = [f"{n:032x}" for n in range(16, 22)]


def build() -> dict:
    """Returns the whole scenario."""
    org = json.loads(Path(__file__).with_name("scenario.json").read_text(encoding="utf-8"))
    org["accounts"] += [{"id": account} for account in ACCOUNTS]
    org["buckets"] = [{"name": BUCKET}, {"name": BUCKET_ABROAD, "region": OTHER_REGION}]
    # Where the caller has nothing else to do.
    org["management"] = {"id": MANAGEMENT, "name": "management", "regions": [{"name": OTHER_REGION}]}
    org["units"] += [{"id": MANY_UNIT, "parent": ROOT, "accounts": ACCOUNTS}]
    org["units"] += [{"id": unit, "parent": MANY_UNIT} for unit in UNITS]
    org["updater_tasks"] += [{"id": task} for task in UPDATER_TASKS]
    shop = org["accounts"][0]
    shop["home"]["services"] += [
        {"place": f"crowd/{name}", "definition": "httpd.json", "desired_count": TASKS_OF_EACH} for name in SERVICES
    ]
    shop["home"]["vpcs"] = [_vpc()]
    shop["home"]["prefix_lists"] = [
        {"id": PREFIX_LIST, "name": "many", "cidrs": ENTRIES},
        {"id": SHORT_LIST, "name": "few", "cidrs": ENTRIES[:2]},
    ]
    shop["regions"][0]["clusters"] = [{"name": name} for name in CLUSTERS]
    return org


def accounts(org: dict) -> list[str]:
    """Returns the ids of all accounts in the order in which they are listed."""
    return [MANAGEMENT] + [account["id"] for account in org["accounts"]]


def services(org: dict, cluster: str) -> list[str]:
    """Returns the names of a cluster's services in the order in which they are listed."""
    places = [service["place"].split("/") for service in org["accounts"][0]["home"]["services"]]
    return [name for in_cluster, name in places if in_cluster == cluster]


def _vpc() -> dict:
    """Returns a VPC with something of every kind: IPv6, peers of every kind, targets of every kind."""
    rule = {"protocol": "tcp", "from": 443, "to": 443, "peer": "10.0.0.0/8"}
    rules = [
        rule,
        rule | {"peer": "2001:db8::/32", "description": "over IPv6 & more", "tags": {"team": "web"}},
        rule | {"peer": PREFIX_LIST},
        rule | {"peer": OPEN_GROUP},
        {"protocol": "icmp", "from": -1, "to": -1, "peer": "10.0.0.0/8"},
        {"protocol": "-1", "from": -1, "to": -1, "peer": "192.0.2.0/24"},
        {"protocol": "udp", "from": 53, "to": 53, "peer": "10.0.0.2/32"},
    ]
    groups = [{"id": group, "name": f"group-{n}", "tags": {"team": "a<b>&c"}} for n, group in enumerate(GROUPS)]
    groups[0] = {"id": GROUPS[0], "name": "default"}
    groups[1] = {"id": OPEN_GROUP, "name": "open", "egress": rules[:], "ingress": rules[:2]}
    entry = {"number": 100, "egress": True, "allow": True, "protocol": "6", "from": 443, "to": 443, "cidr": "0.0.0.0/0"}
    entries = [
        entry,
        entry | {"number": 110, "egress": False, "from": 1024, "to": 65535},
        entry | {"number": 120, "allow": False, "protocol": "1", "from": -1, "to": -1},
        entry | {"number": 130, "protocol": "-1", "from": -1, "to": -1, "cidr": "::/0"},
    ]
    acls = [{"id": acl, "entries": [entry], "tags": {"team": "network"}} for acl in ACLS]
    acls[0] = {"id": ACLS[0], "is_default": True}
    acls[1] = {"id": OPEN_ACL, "entries": entries}
    targets = [NAT_GATEWAYS[0], "igw-0a", "eigw-0a", "tgw-0a", "pcx-0a", "eni-0a", "vpce-0a"]
    tables = [
        {"id": table, "routes": [{"destination": "0.0.0.0/0", "target": target}]}
        for table, target in zip(ROUTE_TABLES, targets, strict=True)
    ]
    tables[0]["main"] = True
    tables[0]["routes"] += [
        {"destination": PREFIX_LIST, "target": ENDPOINTS[0]},
        {"destination": "::/0", "target": "eigw-0a"},
        {"destination": "198.51.100.0/24", "target": "i-0a", "blackhole": True},
        {"destination": "203.0.113.0/24", "target": "arn:aws:networkmanager::111122223333:core-network/core-network-0a"},
    ]
    subnets = [
        {"id": subnet, "cidr": f"10.9.{n}.0/24", "acl": ACLS[n], "routes": ROUTE_TABLES[n]} for n, subnet in enumerate(SUBNETS)
    ]
    subnets[1] |= {"ipv6_cidr": "2001:db8:9:1::/64", "block_public_access": "block-bidirectional"}
    subnets[2] = {"id": SUBNETS[2], "ipv6_native": True, "ipv6_cidr": "2001:db8:9:2::/64"}
    subnets[3] |= {"availability_zone": f"{HOME}b", "shared_with": [CLOSED]}
    gateways = [{"id": gateway, "subnet": SUBNETS[0]} for gateway in NAT_GATEWAYS]
    gateways[1]["connectivity"] = "private"
    gateways[2]["state"] = "pending"
    endpoints = [{"id": endpoint, "subnets": [SUBNETS[0]], "groups": [OPEN_GROUP]} for endpoint in ENDPOINTS]
    endpoints[0] = {
        "id": ENDPOINTS[0],
        "service": f"com.amazonaws.{HOME}.s3",
        "kind": "Gateway",
        "private_dns": False,
        "route_tables": [ROUTE_TABLES[0]],
    }
    endpoints[1]["groups"] = []
    endpoints[2]["state"] = "pendingAcceptance"
    interfaces = [
        {"subnet": SUBNETS[0], "groups": [OPEN_GROUP], "address": "10.9.0.77", "description": "a load balancer's"},
        {"subnet": SUBNETS[2], "groups": [OPEN_GROUP]},
    ]
    return {
        "id": VPC,
        "cidrs": ["10.9.0.0/16", "2001:db8:9::/56"],
        "subnets": subnets,
        "groups": groups,
        "acls": acls,
        "route_tables": tables,
        "nat_gateways": gateways,
        "endpoints": endpoints,
        "interfaces": interfaces,
    }
