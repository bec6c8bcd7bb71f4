//! `loadgen`: Loadpath's load agent and command line.
fn main() {}
