//! What can be done in AWS when a run is over: reports are whole only then.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::signalled;
use crate::aws::s3::{self, Put};
use crate::aws::{Aws, AwsError};
use crate::report::files::Upload;

/// A run that is over, and its way into AWS.
pub struct Ended {
    pub(super) aws: Arc<Aws>,
    pub(super) stop: CancellationToken,
    /// How much longer uploads may take in all, once the run is asked to stop.
    pub(super) grace: Duration,
}

impl Ended {
    /// Uploads reports one after the other, and returns what came of each.
    ///
    /// Asked to stop, now or before, it tries each of them once, waits for nothing, and gives up what S3 has not answered after a while:
    /// whoever asked will not wait either.
    pub async fn upload(&self, uploads: Vec<Upload>) -> Vec<(Upload, Result<(), AwsError>)> {
        let stop = self.stop.clone();
        // Without the means to hear a signal it goes on as it would without one.
        let listening = signalled().map(|signal| {
            tokio::spawn(async move {
                signal.await;
                stop.cancel();
            })
        });
        let (stop, late, grace) = (self.stop.clone(), CancellationToken::new(), self.grace);
        let too_late = late.clone();
        let clock = tokio::spawn(async move {
            stop.cancelled().await;
            tokio::time::sleep(grace).await;
            late.cancel();
        });
        let mut done = Vec::new();
        for upload in uploads {
            let Upload { object, file } = &upload;
            let put = Put { bucket: &object.bucket, key: &object.key, content_type: object.format.content_type(), file };
            let put = s3::put(&self.aws, put, too_late.cancelled()).await;
            done.push((upload, put));
        }
        clock.abort();
        if let Ok(listening) = listening {
            listening.abort();
        }
        done
    }
}
