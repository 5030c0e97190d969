//! What goes in comes out with a Defender, and what then goes in comes out as it was: each form of file against a file of how it has to
//! look, byte for byte in both directions.

use fargate_updater::exit;

use crate::support::{expect_exit, fixture, folder, pipe, world};

/// Every form of file that can hold a task definition, in every way that it is commonly written.
const FILES: [&str; 16] = [
    "registration.json",
    "compact.json",
    "tabs_and_crlf.json",
    "byte_order_mark.json",
    "described.json",
    "described_alone.json",
    "containers.json",
    "containers_compact.json",
    "one_silent.json",
    "registration.yaml",
    "template.yaml",
    "template.json",
    "resource.json",
    "template_crlf.yaml",
    "functions.yaml",
    "secret_from_terraform.json",
];

#[tokio::test]
async fn a_file_gets_a_defender_and_loses_it_again() {
    let world = world().await;
    let mut wrong = Vec::new();
    for name in FILES {
        let before = fixture(name);
        let embedded = pipe(&world, &["embed", "-", "--form=same", "--family=orders"], before.clone()).await;
        expect_exit(&embedded, exit::DONE);
        let path = folder().join("protected").join(name);
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::write(&path, &embedded.stdout).expect("the folder can be written");
        }
        let expected = std::fs::read_to_string(&path).unwrap_or_default();
        if embedded.stdout != expected {
            wrong.push(format!("{name} is not protected/{name}:\n{}", embedded.stdout));
        }
        let stripped = pipe(&world, &["strip", "-"], embedded.stdout).await;
        expect_exit(&stripped, exit::DONE);
        if stripped.stdout != before {
            wrong.push(format!("{name} does not come out as it was:\n{}", stripped.stdout));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}
