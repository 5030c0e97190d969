//! What ECS tells a task about itself, without credentials: `GET /v4/ID/task` for a task of the program itself.
//! Source: Amazon ECS Developer Guide, "Amazon ECS task metadata v4 JSON response for tasks on Fargate" (read 2026-11).

use axum::extract::{ConnectInfo, Path};
use axum::response::Response;
use serde_json::{Value, json};

use super::server::Aws;
use super::state::State;
use crate::gate::{Call, Server};
use crate::response::{instead, response, spoil};
use crate::world::connection::Connection;

/// Where it is served, by the task's id.
pub(super) const ROUTE: &str = "/v4/{id}/task";

/// What such a request is counted as.
const OPERATION: &str = "GET task metadata";

pub(super) async fn serve(aws: Aws, ConnectInfo(connection): ConnectInfo<Connection>, Path(id): Path<String>) -> Response {
    let gate = aws.gate();
    gate.peer(Server::Aws, connection.peer);
    let call = Call {
        operation: OPERATION.to_owned(),
        account: String::new(),
        region: String::new(),
        write: false,
        subject: id.clone(),
    };
    let entered = gate.enter(&call).await;
    let text = |status, text: String| response(status, vec![("content-type".to_owned(), "application/json".to_owned())], text);
    let error = |status, code: &str, message: &str| text(status, json!({ "code": code, "message": message }).to_string());
    if let Some(instead) = instead(entered.fault.as_ref(), &connection, error) {
        return instead;
    }
    let told = told(&aws.state(), &id).map(|told| told.to_string());
    let (status, body) = told.map_or_else(|| (404, "task metadata not found".to_owned()), |told| (200, told));
    gate.leave(&entered).await;
    spoil(entered.fault.as_ref(), &connection, body.len());
    text(status, body)
}

fn told(state: &State, id: &str) -> Option<Value> {
    let task = state.updater_task(id)?;
    let revision = task.task_definition.rsplit(':').next();
    Some(json!({
        "Cluster": state.cluster_arn(state.home(), &state.home_region, &task.cluster),
        "TaskARN": task.arn,
        "Family": task.family,
        "Revision": revision,
        "DesiredStatus": task.desired_status,
        "KnownStatus": task.last_status,
        "AvailabilityZone": format!("{}a", state.home_region),
        "LaunchType": "FARGATE",
        "Containers": [],
    }))
}
