//! `loadgen link`: a design as a link, a link as a design.
use super::{Failure, input, print};
use loadpath_core::topology::link;

/// Given a file, prints the fragment that carries it; given a link, prints the design.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// A design, or a link to one
    file: String,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let design = input::design(&args.file)?;
    if input::is_link(&args.file) {
        return print(&(design.to_json_pretty() + "\n"));
    }
    print(&format!("#{}\n", link::encode(&design)))
}
