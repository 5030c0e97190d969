//! The fields of what lines are about: a service, a place, a failure, what is opened in a network.

use serde_json::{Value, json};

use crate::events::{Closed, Failure, KeptOpen, NOT_CONNECTED_HINT, Opened, Place, Plan, ServiceId, Verified};
use crate::plan::network::Opening;
use crate::plan::network::close::Open;
use crate::plan::network::patch::port_range;

/// A line's fields in their order.
pub(in crate::report) type Fields = Vec<(&'static str, Value)>;

pub(super) fn verified_fields(Verified { service, connections }: &Verified) -> Fields {
    let tasks = connections.tasks();
    let mut fields = service_fields(service);
    fields.extend([
        ("tasks", tasks.into()),
        ("connected", tasks.map(|_| connections.connected).into()),
        ("not_connected", tasks.map(|_| connections.missing).into()),
        ("unknown", tasks.map(|_| connections.unknown).into()),
        ("text", connections.to_string().into()),
    ]);
    fields.extend(connections.why_unknown.as_ref().map(|why| ("reason", why.code().into())));
    fields.extend((connections.missing > 0).then(|| ("hint", NOT_CONNECTED_HINT.into())));
    fields
}

pub(super) fn plan_fields(plan: &Plan) -> Fields {
    let mut fields: Fields = vec![
        ("account", plan.account.as_str().into()),
        ("region", plan.region.as_str().into()),
        ("from", plan.from.short().into()),
        ("services", plan.services.clone().into()),
        ("changes", plan.changes.clone().into()),
        ("network", plan.openings.iter().map(|opening| object(opening_fields(opening))).collect()),
    ];
    // Without one it would be a new revision.
    fields.extend(plan.to.as_ref().map(|to| ("to", to.short().into())));
    fields
}

pub(super) fn opened_fields(opened: &Opened) -> Fields {
    let mut fields: Fields = vec![
        ("account", opened.account.as_str().into()),
        ("region", opened.region.as_str().into()),
        ("vpc", opened.vpc.as_str().into()),
        ("cluster", opened.service.cluster.clone().into()),
        ("service", opened.service.name.clone().into()),
    ];
    fields.extend(opening_fields(&opened.opening));
    fields
}

pub(super) fn closed_fields(closed: &Closed) -> Fields {
    let mut fields: Fields = vec![
        ("account", closed.account.as_str().into()),
        ("region", closed.region.as_str().into()),
        ("vpc", closed.vpc.as_str().into()),
    ];
    fields.extend(opening_fields(&closed.opening));
    fields
}

pub(super) fn kept_fields(KeptOpen { account, region, kept }: &KeptOpen) -> Fields {
    let mut fields: Fields =
        vec![("account", account.as_str().into()), ("region", region.as_str().into()), ("vpc", kept.vpc.as_str().into())];
    match &kept.what {
        Open::Rule { group, id } => fields.extend([("resource", group.as_str().into()), ("rules", json!([id]))]),
        Open::Entry { acl, egress, number } => fields.extend([
            ("resource", acl.as_str().into()),
            ("direction", if *egress { "out" } else { "in" }.into()),
            ("entry", (*number).into()),
        ]),
    }
    fields.extend([("reason", kept.why.code().into()), ("text", kept.why.to_string().into())]);
    fields
}

fn opening_fields(opening: &Opening) -> Fields {
    match opening {
        Opening::Rule { group, port, to, ids } => vec![
            ("resource", group.as_str().into()),
            ("direction", "out".into()),
            ("ports", port.to_string().into()),
            ("peers", to.iter().map(ToString::to_string).collect()),
            ("rules", ids.clone().into()),
        ],
        Opening::Entry { acl, entry } => vec![
            ("resource", acl.as_str().into()),
            ("direction", if entry.egress { "out" } else { "in" }.into()),
            ("ports", port_range(entry.ports).into()),
            ("peers", json!([entry.block.to_string()])),
            ("entry", entry.number.into()),
        ],
    }
}

pub(in crate::report) fn service_fields(service: &ServiceId) -> Fields {
    vec![
        ("account", service.account.as_str().into()),
        ("region", service.region.as_str().into()),
        ("cluster", service.cluster.clone().into()),
        ("service", service.name.clone().into()),
    ]
}

pub(super) fn place_fields(place: &Place) -> Fields {
    let mut fields: Fields = vec![("account", place.account.as_str().into())];
    fields.extend(place.region.as_ref().map(|region| ("region", region.as_str().into())));
    fields.extend(place.cluster.as_ref().map(|cluster| ("cluster", cluster.clone().into())));
    fields
}

pub(super) fn failure_fields(failure: &Failure) -> Fields {
    let mut fields: Fields = vec![("stage", failure.stage.code().into()), ("causes", failure.causes.clone().into())];
    fields.extend(failure.hint.as_ref().map(|hint| ("hint", hint.clone().into())));
    fields
}

pub(in crate::report) fn object(fields: Fields) -> Value {
    Value::Object(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}
