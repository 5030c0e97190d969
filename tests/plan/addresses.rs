//! Has a service room for its roll-out: how many tasks ECS starts beside those that run, and how many addresses there are for them.

use fargate_updater::plan::addresses::{Room, room};
use fargate_updater::plan::network::facts::{BlockPublicAccess, Subnet, Subnets, TaskNetwork};
use fargate_updater::plan::rollout::{Extra, Percents, Tasks};

use crate::support::id;

fn tasks(desired: u32, percents: Option<(u32, u32)>) -> Tasks {
    let percents = percents.map(|(minimum_healthy, maximum)| Percents { minimum_healthy, maximum });
    Tasks { desired, running: desired, percents }
}

#[test]
fn a_deployment_needs_room_for_the_tasks_that_come_before_an_old_one_may_stop() {
    let cases = [
        ("one more beside the only one", 1, Some((100, 200)), (1, 1)),
        ("all more, one is enough to get on", 4, Some((100, 200)), (1, 4)),
        ("half of three is one", 3, Some((100, 150)), (1, 1)),
        ("one may stop first", 4, Some((75, 200)), (0, 4)),
        ("three quarters of one are one", 1, Some((75, 200)), (1, 1)),
        ("none more, old ones stop first", 4, Some((50, 100)), (0, 0)),
        ("half more of one is none more", 1, Some((0, 150)), (0, 0)),
        ("more than all have to run", 2, Some((150, 200)), (1, 2)),
        ("nothing runs", 0, Some((100, 200)), (0, 0)),
        ("blue/green has all of them twice", 3, None, (3, 3)),
        ("blue/green of nothing", 0, None, (0, 0)),
    ];
    for (name, desired, percents, (needed, most)) in cases {
        assert_eq!(tasks(desired, percents).extra(), Extra { needed, most }, "{name}");
    }
}

fn subnet(free_addresses: Option<u64>) -> Subnet {
    Subnet {
        vpc: "vpc-1".into(),
        owner: id("111122223333"),
        blocks: Vec::new(),
        ipv6_only: false,
        free_addresses,
        block_public_access: BlockPublicAccess::Off,
    }
}

#[test]
fn the_addresses_of_all_of_a_services_subnets_count() {
    let rolling = || tasks(4, Some((100, 200)));
    let stops_first = || tasks(4, Some((50, 200)));
    let little = "its subnets subnet-a, subnet-b have";
    type Told = Option<(bool, String)>;
    let cases: [(&str, Tasks, [Option<u64>; 2], Told); 10] = [
        ("enough in one", rolling(), [Some(4), Some(0)], None),
        ("enough together", rolling(), [Some(2), Some(2)], None),
        ("too few for all at once", rolling(), [Some(2), Some(1)], Some((true, format!("{little} 3 free addresses, 4 tasks")))),
        ("enough for one", rolling(), [Some(0), Some(1)], Some((true, format!("{little} 1 free address, 4 tasks")))),
        ("none", rolling(), [Some(0), Some(0)], Some((false, format!("{little} no free address, 1 task")))),
        (
            "none, and one may stop first",
            stops_first(),
            [Some(0), Some(0)],
            Some((true, format!("{little} no free address, 4 tasks"))),
        ),
        ("blue/green", tasks(3, None), [Some(1), Some(1)], Some((false, format!("{little} 2 free addresses, 3 tasks")))),
        ("blue/green with room", tasks(3, None), [Some(2), Some(1)], None),
        ("nothing runs", tasks(0, Some((100, 200))), [Some(0), Some(0)], None),
        ("EC2 does not tell of one", rolling(), [None, Some(0)], None),
    ];
    let network = network(&["subnet-a", "subnet-b"]);
    for (name, tasks, [a, b], expected) in cases {
        let subnets =
            Subnets::from([("subnet-a".into(), subnet(a)), ("subnet-b".into(), subnet(b)), ("other".into(), subnet(Some(9)))]);
        assert_eq!(told(room(&tasks, &network, &subnets)), expected, "{name}");
    }
}

fn network(subnets: &[&str]) -> TaskNetwork {
    TaskNetwork { subnets: subnets.iter().map(|id| (*id).into()).collect(), ..TaskNetwork::default() }
}

/// Whether the service goes on, and what is told; nothing where there is room.
fn told(room: Room) -> Option<(bool, String)> {
    let (goes_on, shortage) = match room {
        Room::Enough => return None,
        Room::Little(shortage) => (true, shortage),
        Room::TooLittle(shortage) => (false, shortage),
    };
    Some((goes_on, format!("{}, {}", shortage.told(), shortage.for_tasks())))
}

#[test]
fn what_cannot_be_counted_is_no_shortage() {
    let full = || subnet(Some(0));
    let native = || Subnet { ipv6_only: true, ..full() };
    let cases = [
        ("IPv6 alone", vec![("subnet-a", native())], vec!["subnet-a"]),
        ("IPv6 beside a full one", vec![("subnet-a", full()), ("subnet-b", native())], vec!["subnet-a", "subnet-b"]),
        ("one that is not known", vec![("subnet-a", full())], vec!["subnet-a", "subnet-new"]),
        ("no subnet at all", vec![], vec![]),
    ];
    for (name, subnets, used) in cases {
        let subnets = subnets.into_iter().map(|(id, subnet)| (id.into(), subnet)).collect();
        assert_eq!(room(&tasks(1, Some((100, 200))), &network(&used), &subnets), Room::Enough, "{name}");
    }
}
