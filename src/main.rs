//! The thin binary: everything is in the library, so that tests and the demo can run it.

use std::process::ExitCode;

use mimalloc::MiMalloc;

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    fargate_updater::main(std::env::args_os())
}
