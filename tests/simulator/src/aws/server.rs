//! The way of a request through the simulated AWS: who calls, what, past the gate, to its service, and back.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use axum::Router;
use axum::extract::{ConnectInfo, Request};
use axum::response::Response;
use axum::routing::get;
use serde_json::Value;

use super::access::Caller;
use super::auth::{self, AuthProblem, Received};
use super::ecs::register::Registration;
use super::errors::{self, AwsError, ErrorKind, Service};
use super::reply::{Reply, element};
use super::state::State;
use super::throttling::{Spent, Throttling};
use super::{ec2, ecr, ecs, metadata, organizations, s3, secrets_manager, sts};
use crate::gate::{Call, Gate, Server};
use crate::response::{cut, instead, response, spoil};
use crate::world::connection::Connection;

/// More than any request of the services that are simulated, and than the report of a large organization.
const LARGEST_BODY: usize = 1024 * 1024 * 1024;

/// The parameters of a query request.
pub(super) type Form = BTreeMap<String, String>;

/// What a request asks for, before anyone knows who asks.
struct Asked {
    service: Service,
    operation: String,
    input: Input,
}

enum Input {
    Json(Value),
    Form(Form),
    Object(Box<s3::asked::Asked>),
    Unreadable,
}

/// The simulated AWS, running. Clones are the same one.
#[derive(Clone)]
pub(crate) struct Aws {
    state: Arc<Mutex<State>>,
    gate: Gate,
    /// There is none unless the scenario has AWS throttle.
    throttling: Option<Arc<Mutex<Throttling>>>,
}

impl Aws {
    pub(crate) fn new(state: State, gate: Gate, throttles: bool) -> Self {
        Self { state: Arc::new(Mutex::new(state)), gate, throttling: throttles.then(Arc::default) }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn gate(&self) -> &Gate {
        &self.gate
    }

    /// Returns what to serve: one address for all services, and for what tasks are told about themselves.
    pub(crate) fn router(&self) -> Router {
        let aws = self.clone();
        let told = self.clone();
        let router = Router::new().route(metadata::ROUTE, get(move |from, id| metadata::serve(told.clone(), from, id)));
        router.fallback(move |ConnectInfo(connection): ConnectInfo<Connection>, request: Request| {
            let aws = aws.clone();
            async move { aws.serve(&connection, request).await }
        })
    }

    async fn serve(&self, connection: &Connection, request: Request) -> Response {
        self.gate.peer(Server::Aws, connection.peer);
        let request_id = format!("00000000-0000-4000-8000-{:012x}", self.state().number());
        let Some(received) = read(request).await else {
            // The sender went away in the middle of its request.
            return cut(connection);
        };
        let asked = ask(&received);
        let caller = match self.identify(&received, asked.service) {
            Ok(caller) => caller,
            Err(problem) => return respond(AwsError::from(problem).encode(asked.service, &request_id)),
        };
        let call = asked.call(&caller);
        if let Some(error) = self.throttles(&asked, &call) {
            self.gate.throttle(&call).await;
            return respond(AwsError::from(error).encode(asked.service, &request_id));
        }
        // Two registrations of one family overlap from the moment they arrive, whatever the gate does with either.
        let registration = (call.operation == "RegisterTaskDefinition").then(|| Registration::begin(&self.state, &call));

        let entered = self.gate.enter(&call).await;
        let error =
            |status, code: &str, message: &str| respond(errors::encode(asked.service, status, code, message, &request_id));
        if let Some(instead) = instead(entered.fault.as_ref(), connection, error) {
            return instead;
        }
        let overlaps = registration.as_ref().is_some_and(Registration::overlaps);
        let reply = asked.work(&mut self.state(), &caller, overlaps, &request_id);
        self.gate.leave(&entered).await;
        spoil(entered.fault.as_ref(), connection, reply.body.len());
        respond(reply)
    }

    fn identify(&self, received: &Received, service: Service) -> Result<Caller, ErrorKind> {
        let problem = |problem: AuthProblem| problem.of(service);
        let authorization = auth::authorization(received).ok_or(AuthProblem::Unsigned).map_err(problem)?;
        let known = self.state().sessions.get(&authorization.access_key_id).cloned();
        let session = known.ok_or(AuthProblem::UnknownKey).map_err(problem)?;
        // Signing takes its time, in which nobody else has to wait.
        auth::verify(received, &authorization, &session).map_err(problem)?;
        Ok(Caller { access_key_id: authorization.access_key_id, session, region: authorization.region })
    }

    /// Takes a token for a call that has arrived, and returns an error if there is none left.
    fn throttles(&self, asked: &Asked, call: &Call) -> Option<ErrorKind> {
        let mut throttling = self.throttling.as_ref()?.lock().unwrap_or_else(PoisonError::into_inner);
        let spent = asked.spent();
        (!throttling.admits(spent, &call.account, &call.region, Instant::now())).then(|| spent.error())
    }
}

async fn read(request: Request) -> Option<Received> {
    let (head, body) = request.into_parts();
    let body = axum::body::to_bytes(body, LARGEST_BODY).await.ok()?;
    let target = head.uri.path_and_query().map_or("/", |target| target.as_str()).to_owned();
    Some(Received { method: head.method.to_string(), target, headers: head.headers, body })
}

/// Tells the service and the operation. A JSON service is named by `X-Amz-Target`, a query service and S3 by the scope of the
/// signature. Sources: Smithy, AWS JSON 1.1 protocol, AWS query protocol and AWS REST XML protocol.
fn ask(received: &Received) -> Asked {
    if let Some(target) = received.header("x-amz-target") {
        let (prefix, operation) = target.split_once('.').unwrap_or((target, ""));
        let service = match prefix {
            "AWSOrganizationsV20161128" => Service::Organizations,
            "secretsmanager" => Service::SecretsManager,
            "AmazonEC2ContainerRegistry_V20150921" => Service::Ecr,
            _ => Service::Ecs,
        };
        let known = prefix == "AmazonEC2ContainerServiceV20141113" || service != Service::Ecs;
        let operation = if known { operation.to_owned() } else { target.to_owned() };
        let input = serde_json::from_slice(&received.body).ok().filter(Value::is_object).map_or(Input::Unreadable, Input::Json);
        return Asked { service, operation, input };
    }
    let scope = auth::authorization(received).map(|authorization| authorization.service);
    // What comes without a signature says nothing of its service; nobody but S3 is sent objects.
    if scope.as_deref() == Some(auth::S3) || (scope.is_none() && received.method == "PUT") {
        let asked = s3::asked::Asked::read(received);
        return Asked { service: Service::S3, operation: asked.operation(), input: Input::Object(Box::new(asked)) };
    }
    let form: Form = form_urlencoded::parse(&received.body).into_owned().collect();
    let service = match scope.as_deref() {
        Some("ec2") => Service::Ec2,
        _ => Service::Sts,
    };
    Asked { service, operation: form.get("Action").cloned().unwrap_or_default(), input: Input::Form(form) }
}

impl Asked {
    fn call(&self, caller: &Caller) -> Call {
        let subject = match &self.input {
            Input::Json(input) => ecs::subject(input),
            Input::Form(form) if self.service == Service::Ec2 => ec2::subject(form),
            Input::Form(form) => form.get("RoleArn").cloned().unwrap_or_default(),
            Input::Object(asked) => asked.subject(),
            Input::Unreadable => String::new(),
        };
        // A dry run of EC2's is counted by a name of its own: it changes nothing, and a hold or a fault is for the real call.
        let dry_run = match &self.input {
            Input::Form(form) if self.service == Service::Ec2 && ec2::is_dry_run(form) => " (dry run)",
            _ => "",
        };
        let write = match self.service {
            Service::Ecs => ecs::WRITES.contains(&self.operation.as_str()),
            Service::Ec2 => dry_run.is_empty() && !["Describe", "Get"].iter().any(|read| self.operation.starts_with(read)),
            Service::SecretsManager => self.operation == "CreateSecret",
            Service::S3 => self.operation == "PutObject",
            Service::Organizations | Service::Sts | Service::Ecr => false,
        };
        let (account, region) = (caller.account().to_owned(), caller.region.clone());
        Call { operation: format!("{}{dry_run}", self.operation), account, region, write, subject }
    }

    fn spent(&self) -> Spent<'_> {
        let is_filtered = match &self.input {
            Input::Form(form) => form.keys().any(|key| key.starts_with("Filter.") || key == "MaxResults" || key == "NextToken"),
            Input::Json(_) | Input::Object(_) | Input::Unreadable => true,
        };
        Spent { service: self.service, operation: &self.operation, is_filtered }
    }

    fn work(&self, state: &mut State, caller: &Caller, overlaps: bool, request_id: &str) -> Reply {
        match self.answer(state, caller, overlaps) {
            Ok(Answer::Json(body)) => Reply::json(200, &body, request_id),
            Ok(Answer::Headers(headers)) => Reply::of_s3(200, None, headers, request_id),
            Ok(Answer::Xml(inside)) => Reply::xml(200, self.document(&inside, request_id), request_id),
            Err(error) => error.encode(self.service, request_id),
        }
    }

    fn answer(&self, state: &mut State, caller: &Caller, overlaps: bool) -> Result<Answer, AwsError> {
        // Organizations is one for all Regions.
        let account = state.account(caller.account());
        let enabled = account.is_some_and(|account| account.enables(&caller.region, &state.home_region));
        if !enabled && self.service != Service::Organizations {
            return Err(AuthProblem::UnknownKey.of(self.service).into());
        }
        match (&self.input, self.service) {
            (Input::Json(input), Service::Ecs) => ecs::answer(state, caller, &self.operation, input, overlaps).map(Answer::Json),
            (Input::Json(input), Service::Organizations) => {
                organizations::answer(state, caller, &self.operation, input).map(Answer::Json)
            }
            (Input::Json(_), Service::Ecr) => ecr::answer(state, caller, &self.operation).map(Answer::Json),
            (Input::Json(input), _) => secrets_manager::answer(state, caller, &self.operation, input).map(Answer::Json),
            (Input::Form(form), Service::Ec2) => ec2::answer(state, caller, &self.operation, form).map(Answer::Xml),
            (Input::Object(asked), _) => s3::answer(state, caller, asked).map(Answer::Headers),
            (Input::Form(form), _) => sts::answer(state, caller, &self.operation, form).map(Answer::Xml),
            (Input::Unreadable, _) => Err(ErrorKind::JsonUnreadable.into()),
        }
    }

    /// Puts the inside of an answer into its document. STS wraps it once more than EC2.
    fn document(&self, inside: &str, request_id: &str) -> String {
        let action = &self.operation;
        match self.service {
            Service::Ec2 => format!(
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?><{action}Response xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\">\
                 {}{inside}</{action}Response>",
                element("requestId", request_id)
            ),
            _ => format!(
                "<{action}Response xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><{action}Result>{inside}</{action}Result>\
                 <ResponseMetadata>{}</ResponseMetadata></{action}Response>",
                element("RequestId", request_id)
            ),
        }
    }
}

enum Answer {
    Json(Value),
    Xml(String),
    /// Nothing but these.
    Headers(Vec<(String, String)>),
}

fn respond(reply: Reply) -> Response {
    response(reply.status, reply.headers, reply.body)
}
