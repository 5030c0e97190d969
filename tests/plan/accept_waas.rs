//! `WAAS_PORT`: one tcp mapping on the first container that has port mappings, unless the port is there already.

use fargate_updater::plan::{Policy, TaskDefinition};
use serde_json::{Value, json};

use crate::support::{accept_spoilt, container, policy, revision};

/// A definition whose containers have these port mappings; null stands for none at all.
fn with_ports(ports: &[Value]) -> Value {
    let containers = ports.iter().enumerate().map(|(index, ports)| {
        let mut container = container(&format!("container-{index}"));
        if !ports.is_null() {
            container["portMappings"] = ports.clone();
        }
        container
    });
    json!({ "family": "checkout", "containerDefinitions": containers.collect::<Vec<_>>() })
}

#[test]
fn the_port_goes_to_the_first_container_with_port_mappings() {
    let added = json!({ "containerPort": 8088, "hostPort": 8088, "protocol": "tcp" });
    let http = json!({ "containerPort": 80, "name": "http" });
    let range = |range: &str| json!({ "containerPortRange": range });
    let there = json!({ "containerPort": 8088 });
    let (none, empty) = (Value::Null, json!([]));
    let (at_first, at_second) = (json!([http, added]), json!([range("8000-8087"), added]));
    let cases = [
        ("the first has some", vec![json!([http]), json!([http])], vec![at_first.clone(), json!([http])], None),
        ("the first has none", vec![none.clone(), json!([http])], vec![none.clone(), at_first.clone()], None),
        ("the first has an empty list", vec![empty.clone(), json!([http])], vec![empty.clone(), at_first], None),
        ("it is there already", vec![json!([http, there])], vec![json!([http, there])], None),
        ("another container has it", vec![json!([http]), json!([there])], vec![json!([http]), json!([there])], None),
        ("it is in a range", vec![json!([range("8080-8088")])], vec![json!([range("8080-8088")])], None),
        ("it is beside a range", vec![json!([range("8000-8087")])], vec![at_second], None),
        ("nobody has port mappings", vec![none.clone(), empty.clone()], vec![none, empty], Some(8088)),
    ];
    for (name, before, after, nowhere) in cases {
        let definition = TaskDefinition::from_json(with_ports(&before));
        let policy = Policy { waas_port: Some(8088), ..policy() };
        let accepted = accept_spoilt(&definition, &policy, |_| {}).expect(name);
        let revision = revision(&definition, &accepted.change);
        let ports = |index: usize| revision["containerDefinitions"][index].get("portMappings").cloned().unwrap_or_default();
        assert_eq!((0..after.len()).map(ports).collect::<Vec<_>>(), after, "{name}");
        assert_eq!(accepted.waas_port_nowhere, nowhere, "{name}");
        let sidecar = &revision["containerDefinitions"][before.len()];
        assert_eq!(sidecar["portMappings"], json!([]), "{name}: the sidecar's are left alone");
    }
}

/// The Defender listens there for the container that it wraps.
#[test]
fn a_container_that_is_left_out_does_not_get_the_port() {
    let mut definition = with_ports(&[json!([{ "containerPort": 80 }]), json!([{ "containerPort": 81 }])]);
    definition["tags"] = json!([{ "key": "fargate-updater:skip-containers", "value": "container-0" }]);
    let definition = TaskDefinition::from_json(definition);
    let policy = Policy { waas_port: Some(8088), ..policy() };
    let accepted = accept_spoilt(&definition, &policy, |_| {}).expect("it is accepted");
    let containers = revision(&definition, &accepted.change)["containerDefinitions"].clone();
    let ports = |index: usize| containers[index]["portMappings"].as_array().map(Vec::len);
    assert_eq!((ports(0), ports(1)), (Some(1), Some(2)));
}

#[test]
fn without_the_setting_no_port_is_added() {
    let definition = TaskDefinition::from_json(with_ports(&[json!([{ "containerPort": 80 }])]));
    let accepted = accept_spoilt(&definition, &policy(), |_| {}).expect("the answer is accepted");
    assert_eq!(
        revision(&definition, &accepted.change)["containerDefinitions"][0]["portMappings"],
        json!([{ "containerPort": 80 }])
    );
}
