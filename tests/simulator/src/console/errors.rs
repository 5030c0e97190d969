//! Every refusal of the simulated Console in one table: status, text, and whether either is known.
//!
//! The body of all of them is `{"err": text}`. Palo Alto publishes the shape but hardly any status or text, so a client must not
//! depend on those marked [`Origin::Ours`].
//!
//! Source of the shape: PaloAltoNetworks/pan.dev, openapi-specs/compute/desc/signup/post.md;
//! terraform-provider-prismacloudcompute, internal/api/client.go.

/// One way the Console says no.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConsoleError {
    pub status: u16,
    pub text: &'static str,
    pub origin: Origin,
}

/// How much of an error is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The status is published, here; the text is ours all the same.
    Status(&'static str),
    /// Status and text are ours; this is what is known instead.
    Ours(&'static str),
}

/// Wrong user or password.
pub const INVALID_CREDENTIALS: ConsoleError = ConsoleError {
    status: 401,
    text: "invalid credentials",
    origin: Origin::Ours("clients read `err` of any status but 200: pcs-cwp-fargate-deploy, protectFargateTasks.py"),
};

/// No token, or one this Console never issued.
pub const UNAUTHORIZED: ConsoleError = ConsoleError {
    status: 401,
    text: "unauthorized",
    origin: Origin::Status("pcs-cwp-fargate-deploy, protectFargateTasks.py: 401 means log in again"),
};

/// A token that was good once; [`super::Console::expired_tokens_answer`] changes the status.
pub const EXPIRED_TOKEN: ConsoleError = ConsoleError {
    status: 401,
    text: "unauthorized",
    origin: Origin::Status("pcs-cwp-fargate-deploy, prismaapi.py at 4912089: logs in again on 401 and on 500"),
};

/// The role of the user does not reach this far.
pub const FORBIDDEN: ConsoleError = ConsoleError {
    status: 403,
    text: "insufficient permissions",
    origin: Origin::Ours("the specification names the permission of each endpoint, not the refusal"),
};

/// No such route in this version of the API.
pub const NOT_FOUND: ConsoleError = ConsoleError {
    status: 404,
    text: "not found",
    origin: Origin::Ours("pan.dev, products/compute/api/stable-endpoints.md says which versions are served, not what others get"),
};

/// A body that is not JSON.
pub const NOT_JSON: ConsoleError =
    ConsoleError { status: 400, text: "invalid request body", origin: Origin::Ours("not published") };

/// A task definition without containers, or with a field of the wrong type.
pub const MALFORMED_TASK_DEFINITION: ConsoleError = ConsoleError {
    status: 400,
    text: "invalid task definition",
    origin: Origin::Ours("the specification calls the body an untyped object (appembedded.FargateTask)"),
};

/// A CloudFormation body without any `AWS::ECS::TaskDefinition`, or with an intrinsic function where a text is needed.
pub const MALFORMED_TEMPLATE: ConsoleError = ConsoleError {
    status: 400,
    text: "invalid CloudFormation template",
    origin: Origin::Ours("docs.prismacloud.io, install-app-embedded-defender-fargate: intrinsic functions are not supported"),
};

/// Neither `entryPoint` nor `command`, and extraction is off.
pub const NO_ENTRYPOINT: ConsoleError = ConsoleError {
    status: 400,
    text: "missing entrypoint",
    origin: Origin::Ours(
        "docs.prismacloud.io, install-app-embedded-defender-fargate: the definition must then be updated by hand",
    ),
};

/// Extraction is on, and the image is neither scanned nor in a registry the Console can ask.
pub const EXTRACTION_FAILED: ConsoleError = ConsoleError {
    status: 400,
    text: "failed to extract entrypoint",
    origin: Origin::Ours("protectFargateTasks.py prints `err` \"or entrypoint cannot be extracted\" for any status but 200"),
};

/// The definition already has a Defender; only with [`super::Console::refuses_protected`].
pub const ALREADY_PROTECTED: ConsoleError =
    ConsoleError { status: 400, text: "task definition is already protected", origin: Origin::Ours("not published") };

/// A query parameter that is not of its type.
pub const BAD_PARAMETER: ConsoleError =
    ConsoleError { status: 400, text: "invalid query parameter", origin: Origin::Ours("not published") };

/// More than 30 calls in 30 seconds.
pub const RATE_LIMITED: ConsoleError = ConsoleError {
    status: 429,
    text: "rate limit exceeded",
    origin: Origin::Status("pan.dev, openapi-specs/compute/desc/registry/get.md: 30 requests per 30 seconds, 429 when exceeded"),
};

/// More requests to embed than stand in line; only with [`super::Console::capacity`].
pub const BUSY: ConsoleError = ConsoleError {
    status: 429,
    text: "too many requests",
    origin: Origin::Ours(
        "the rate of `defenders/fargate.json` is not published; 429 is what `registry` answers when there are too many",
    ),
};

/// The whole table, so that it can be seen which refusals are the Console's and which are ours.
pub const TABLE: [ConsoleError; 14] = [
    INVALID_CREDENTIALS,
    UNAUTHORIZED,
    EXPIRED_TOKEN,
    FORBIDDEN,
    NOT_FOUND,
    NOT_JSON,
    MALFORMED_TASK_DEFINITION,
    MALFORMED_TEMPLATE,
    NO_ENTRYPOINT,
    EXTRACTION_FAILED,
    ALREADY_PROTECTED,
    BAD_PARAMETER,
    RATE_LIMITED,
    BUSY,
];
