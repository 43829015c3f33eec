//! What the runs came to, as rows of the table that `scripts/figures` prints.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;

/// Shows a row, and in a release run notes it: what was done, how much of it, what was found.
pub fn figure(part: &str, what: &str, much: &[(&str, u64)], found: &str) {
    println!("{part}: {what}: {much:?}: {found}");
    if cfg!(debug_assertions) {
        return;
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/figures");
    fs::create_dir_all(&folder).unwrap();
    let file = folder.join(format!("{part}.jsonl"));
    let row = serde_json::json!({ "what": what, "much": much, "found": found });
    let mut file = OpenOptions::new().create(true).append(true).open(file).unwrap();
    file.write_all(format!("{row}\n").as_bytes()).unwrap();
}
