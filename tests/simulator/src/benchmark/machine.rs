//! What the benchmark runs on: its figures mean little without.

use std::io::{self, Write};

use crate::child::kib;

/// Tells cores, memory and the kind of processor.
///
/// # Errors
///
/// When the writer fails.
pub(crate) fn tell(out: &mut impl Write) -> io::Result<()> {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let memory = std::fs::read_to_string("/proc/meminfo").ok().and_then(|text| kib(&text, "MemTotal:"));
    let gib = memory.map_or_else(|| "unknown".to_owned(), |kib| format!("{:.0} GiB", kib / 1024.0 / 1024.0));
    let processors = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = processors.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':').map(|(_, name)| name.trim()));
    let model = model.unwrap_or("unknown processor");
    writeln!(out, "{cores} cores, {gib} of memory, {model}; the simulator runs on the same cores.\n")
}
