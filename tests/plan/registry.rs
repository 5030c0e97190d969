//! What registries answer instead of an image: for how long it counts.

use fargate_updater::registry::What;

#[test]
fn a_failure_counts_for_the_whole_run_only_if_asking_again_would_change_nothing() {
    let text = || "x".to_owned();
    let lasting = [
        What::BadName { problem: text() },
        What::Denied { text: text() },
        What::Unauthorized,
        What::Missing { text: text() },
        What::Unusable { problem: text() },
    ];
    let passing = [
        What::Unreachable { reason: text() },
        What::TooBusy { text: text() },
        What::Refused { status: Some(503), text: text() },
        What::Refused { status: None, text: text() },
        What::Stopping,
    ];
    for what in lasting {
        assert!(what.lasts(), "{what:?}");
    }
    for what in passing {
        assert!(!what.lasts(), "{what:?}");
    }
}
