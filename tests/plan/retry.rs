//! How often and how soon something is tried again: time and chance are arguments.

use std::time::Duration;

use fargate_updater::plan::retry::{Patience, Trouble};
use proptest::prelude::*;

use crate::generate;

const PATIENCE: Patience = Patience {
    throttled_tries: 8,
    unclear_tries: 3,
    first_wait: Duration::from_millis(500),
    longest_wait: Duration::from_secs(5),
};

#[test]
fn waits_double_up_to_the_longest_and_end_with_the_tries() {
    let millis = |millis| Some(Duration::from_millis(millis));
    let seconds = |seconds| Some(Duration::from_secs(seconds));
    let cases = [
        ("before the second try", Trouble::Throttled, 1, None, 1.0, millis(500)),
        ("before the third", Trouble::Throttled, 2, None, 1.0, millis(1000)),
        ("before the fourth", Trouble::Throttled, 3, None, 1.0, millis(2000)),
        ("never longer than the longest", Trouble::Throttled, 7, None, 1.0, seconds(5)),
        ("after the last", Trouble::Throttled, 8, None, 1.0, None),
        ("unclear answers have their own patience", Trouble::Unclear, 2, None, 1.0, millis(1000)),
        ("which ends sooner", Trouble::Unclear, 3, None, 1.0, None),
        ("half of it by chance", Trouble::Throttled, 1, None, 0.5, millis(250)),
        ("none of it by chance", Trouble::Throttled, 1, None, 0.0, millis(0)),
        ("what the other side asks for", Trouble::Throttled, 1, seconds(30), 0.0, seconds(30)),
        ("even less than ours", Trouble::Throttled, 7, seconds(0), 1.0, seconds(0)),
        ("but not for ever", Trouble::Throttled, 1, seconds(86_400), 1.0, seconds(120)),
        ("nor when it was tried often enough", Trouble::Unclear, 3, seconds(1), 1.0, None),
    ];
    for (name, trouble, tries, asked, jitter, expected) in cases {
        assert_eq!(PATIENCE.wait(trouble, tries, asked, jitter), expected, "{name}");
    }
}

proptest! {
    #![proptest_config(generate::config())]

    #[test]
    fn no_wait_is_longer_than_the_longest(tries in any::<u32>(), jitter in any::<f64>().prop_filter("a number", |jitter| !jitter.is_nan())) {
        let endless = Patience { throttled_tries: u32::MAX, ..PATIENCE };
        if let Some(wait) = endless.wait(Trouble::Throttled, tries, None, jitter) {
            prop_assert!(wait <= PATIENCE.longest_wait, "{:?}", wait);
        }
    }
}
