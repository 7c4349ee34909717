//! The agent cpxd.
fn main() {}
