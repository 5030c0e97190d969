//! How many connections a process may have.

use fargate_updater::plan::descriptors::{Share, share, soft_limit};

#[test]
fn calls_and_kept_connections_fit_into_the_file_descriptors() {
    let cases = [
        ("a system that does not tell", 64, None, Share { in_flight: 64, idle_per_host: 64 }),
        ("Fargate", 64, Some(65_535), Share { in_flight: 64, idle_per_host: 64 }),
        ("a terminal", 64, Some(1024), Share { in_flight: 64, idle_per_host: 17 }),
        ("a small machine", 64, Some(256), Share { in_flight: 64, idle_per_host: 1 }),
        ("more wanted than there is room for", 1000, Some(1024), Share { in_flight: 448, idle_per_host: 9 }),
        ("hardly any", 64, Some(16), Share { in_flight: 1, idle_per_host: 1 }),
    ];
    for (name, wanted, descriptors, expected) in cases {
        assert_eq!(share(wanted, descriptors), expected, "{name}");
    }
}

#[test]
fn the_soft_limit_is_the_first_number() {
    let limits = "Limit                     Soft Limit           Hard Limit           Units     \n\
                  Max processes             96000                96000                processes \n\
                  Max open files            1024                 524288               files     \n";
    assert_eq!(soft_limit(limits), Some(1024));
    assert_eq!(soft_limit("Max open files            unlimited            unlimited            files"), None);
    assert_eq!(soft_limit(""), None);
}
