//! The offhook server and its tools.

fn main() {}
