//! Thirty calls in thirty seconds, whenever they come.

use std::time::{Duration, Instant};

use fargate_updater::plan::window::Window;
use proptest::prelude::*;

use crate::generate;

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn the_call_beyond_the_number_waits_for_the_first_to_be_long_enough_ago() {
    let start = Instant::now();
    let mut window = Window::new(3, 30 * SECOND);
    for after in [0, 1, 2] {
        assert_eq!(window.reserve(start + after * SECOND), Duration::ZERO);
    }
    assert_eq!(window.reserve(start + 10 * SECOND), 20 * SECOND, "the first was 10 s ago");
    assert_eq!(window.reserve(start + 10 * SECOND), 21 * SECOND, "the place of the second");
    assert_eq!(window.reserve(start + 10 * SECOND), 22 * SECOND);
    assert_eq!(window.reserve(start + 10 * SECOND), 50 * SECOND, "behind the one that waits already");
    assert_eq!(window.reserve(start + 300 * SECOND), Duration::ZERO, "all of that is long ago");
}

proptest! {
    #![proptest_config(generate::config())]

    #[test]
    fn no_stretch_of_time_sees_more_calls_than_it_may(
        calls in 1_usize..5,
        gaps in prop::collection::vec(0_u64..20, 1..40),
    ) {
        let start = Instant::now();
        let length = 10 * SECOND;
        let mut window = Window::new(calls, length);
        let (mut now, mut made) = (start, Vec::new());
        for gap in gaps {
            now += Duration::from_secs(gap);
            made.push(now + window.reserve(now));
        }
        for pair in made.windows(calls + 1) {
            prop_assert!(pair[calls] >= pair[0] + length, "{:?}", made);
        }
    }
}
