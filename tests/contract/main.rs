//! What is written in two places and must say the same: README and code, the table of operations and what is really called, the
//! simulator's errors and their sources, the Dockerfile and what it speaks of; and who may use whom. Each check says how to put
//! right what it finds.

#[path = "../closing/mod.rs"]
mod closing;

mod container_image;
mod dependencies;
mod errors;
mod fleet;
mod layering;
mod machine_output;
mod operations;
mod permissions;
mod readme;
mod template;

use std::path::{Path, PathBuf};

/// Returns the text of a file of the repository.
fn read(path: impl AsRef<Path>) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("could not read {}: {error}", path.display()))
}

/// Returns every Rust file below a folder of the repository, by its path from there.
fn rust_files(folder: &str) -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders: Vec<PathBuf> = vec![root.join(folder)];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder of the repository can be read").flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(root).expect("the file is in the repository").display().to_string();
                files.push((name, read(&path)));
            }
        }
    }
    files.sort();
    files
}

/// Returns a file's lines of code with their numbers: without the lines that are nothing but a comment.
fn code_lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let lines = text.lines().enumerate().map(|(index, line)| (index + 1, line));
    lines.filter(|(_, line)| !line.trim_start().starts_with("//"))
}

/// Returns a chapter of README.md, without its title.
fn readme_chapter(title: &str) -> String {
    let readme = read("README.md");
    let start = format!("\n## {title}\n");
    let (_, rest) = readme.split_once(&start).unwrap_or_else(|| panic!("README.md has no chapter {title:?}"));
    rest.split("\n## ").next().unwrap_or_default().to_owned()
}

/// Returns the cells of the rows of a chapter's table, without its head.
fn table_rows(chapter: &str) -> Vec<Vec<String>> {
    let rows = chapter.lines().filter(|line| line.starts_with('|')).skip(2);
    rows.map(|row| row.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect()).collect()
}

/// Returns the words between backticks.
fn in_backticks(text: &str) -> Vec<String> {
    text.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}
