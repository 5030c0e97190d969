//! Ready-made faults for the gate, each something a registry was seen to do.

use crate::gate::Fault;

/// Returns Docker Hub's answer to too many pulls.
/// Source: docs.docker.com, Docker Hub usage and limits; the code is of the OCI Distribution Specification, Error Codes.
pub fn too_many_requests() -> Fault {
    let message = "You have reached your pull rate limit. You may increase the limit by authenticating and upgrading: \
                   https://www.docker.com/increase-rate-limit";
    Fault::error(429, "TOOMANYREQUESTS", message)
}
