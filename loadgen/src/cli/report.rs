//! `loadgen report`: a run in the formats of other tools.
use super::{Failure, input, print};
use crate::report::{csv, hlog, html, prometheus, run_text};
use clap::ValueEnum;
use std::path::PathBuf;

/// A RUN is a file, or one that is kept: its id, the start of one, its name, or "last".
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// Which run
    run: String,
    /// In which format
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    /// Write it to this file instead of standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

const EXAMPLES: &str = "\
Examples:
  loadgen report last
  loadgen report last --format html --out report.html
  loadgen report base --format hlog --out base.hlog
  loadgen report 20260131-101500-shop --format csv
  loadgen report run.json --format prometheus-text";

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    /// For people
    Text,
    /// The whole run, with its histograms; every FILE argument takes it
    Json,
    /// A log of HdrHistogram intervals, for the HdrHistogram plotter and log analyzer
    Hlog,
    /// A figure on each line
    Csv,
    /// One file with charts that needs nothing else
    Html,
    /// Counts and histograms for a textfile collector
    PrometheusText,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let story = input::story_of(&args.run)?;
    let text = match args.format {
        Format::Text => run_text(&story.run),
        Format::Json => story.run.to_json() + "\n",
        Format::Hlog => hlog(&story),
        Format::Csv => csv(&story),
        Format::Html => html(&story),
        Format::PrometheusText => prometheus(&story.run),
    };
    match &args.out {
        None => print(&text),
        Some(file) => std::fs::write(file, text)
            .map_err(|why| Failure::Went(format!("--out {}: {why}", file.display()))),
    }
}
