//! Bodies as they are on the wire: what ECS says, read before the SDK drops the fields it does not know, and what we say, put in
//! the place of what the SDK wrote.
//!
//! Nothing is logged in here: bodies hold environment values.

use std::sync::{Arc, Mutex, PoisonError};

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::{
    AfterDeserializationInterceptorContextRef, BeforeTransmitInterceptorContextMut,
};
use aws_smithy_runtime_api::client::orchestrator::Metadata;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::config_bag::ConfigBag;
use serde_json::Value;

/// Keeps the body of a successful answer.
#[derive(Clone, Debug, Default)]
pub(super) struct KeepAnswer(Arc<Mutex<Option<Vec<u8>>>>);

impl KeepAnswer {
    /// Returns the answer as JSON, or why it is none.
    pub(super) fn json(&self) -> Result<Value, String> {
        let body = self.0.lock().unwrap_or_else(PoisonError::into_inner).take().ok_or("the answer has no body")?;
        serde_json::from_slice(&body).map_err(|error| format!("the answer is not JSON: {error}"))
    }
}

impl Intercept for KeepAnswer {
    fn name(&self) -> &'static str {
        "KeepAnswer"
    }

    // Before deserialization the body is a stream still.
    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if context.response().status().is_success() {
            let body = context.response().body().bytes().map(<[u8]>::to_vec);
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = body;
        }
        Ok(())
    }
}

/// Sends this body instead of the one the SDK wrote.
#[derive(Clone, Debug)]
pub(super) struct SendInstead {
    operation: &'static str,
    body: Arc<[u8]>,
}

impl SendInstead {
    pub(super) fn new(operation: &'static str, body: &Value) -> Self {
        Self { operation, body: body.to_string().into_bytes().into() }
    }
}

impl Intercept for SendInstead {
    fn name(&self) -> &'static str {
        "SendInstead"
    }

    // After serialization and before signing, once for all tries.
    fn modify_before_retry_loop(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _components: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if config.load::<Metadata>().map(Metadata::name) != Some(self.operation) {
            return Err("this body is meant for another operation".into());
        }
        let request = context.request_mut();
        *request.body_mut() = SdkBody::from(&*self.body);
        // Left as it was, the header would cut the body to the length of the one it replaces, without a word.
        request.headers_mut().insert("content-length", self.body.len().to_string());
        Ok(())
    }
}
