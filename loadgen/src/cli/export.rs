//! `loadgen export`: writes a design in the form of other tools.
use super::{Failure, input, print, print_json};
use crate::interop::export::{self, Exported, Images};
use clap::ValueEnum;
use loadpath_core::export as drawn;
use serde::Serialize;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// A design becomes files that run elsewhere, a drawing, or a model for another solver. What a person must supply, and what of the
/// design is lost, stands at the head of the file and on standard error.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// A design, or a link to one; none for --format schema and --format agents
    file: Option<String>,
    /// What is written
    #[arg(long, value_enum)]
    format: Format,
    /// Where it is written [default: standard output]
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// The image of a node that runs your own program, or one instead of the engine that stands for its kind
    #[arg(long, value_name = "NODE=IMAGE", value_parser = image)]
    image: Vec<(String, String)>,
    /// For --format agents: how many
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..=1_000))]
    agents: Option<u32>,
    /// For --format agents: let this machine be loaded by them; exactly as in the coordinator's URL; again for more
    #[arg(long, value_name = "HOST:PORT", value_parser = target)]
    allow_target: Vec<String>,
    /// Print what must be supplied and what is lost as JSON, with the text unless --output is given
    #[arg(long)]
    json: bool,
}

const EXAMPLES: &str = "\
Examples:
  loadgen export shop.json --format compose --output compose.yml
  loadgen export shop.json --format compose --image web=ghcr.io/acme/web:1.4 | docker compose -f - up
  loadgen export shop.json --format kubernetes --image web=ghcr.io/acme/web:1.4 | kubectl apply -f -
  loadgen export shop.json --format mermaid
  loadgen export shop.json --format lqn --output shop.lqnx; lqns shop.lqnx
  loadgen export --format agents --agents 8 --image agent=ghcr.io/acme/loadgen:1 --allow-target shop.example:443 \
      | kubectl apply -f -
  loadgen export --format schema --output loadpath.schema.json";

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A docker-compose file: engines with their configuration, your images for services
    Compose,
    /// Kubernetes manifests: workloads, services, probes, autoscalers, disruption budgets
    Kubernetes,
    /// A Mermaid flowchart
    Mermaid,
    /// A layered queueing network, as lqns reads it
    Lqn,
    /// Kubernetes manifests of load agents: an indexed Job, and the NATS server where they meet
    Agents,
    /// The JSON Schema of designs
    Schema,
}

#[derive(Serialize)]
struct Told<'e> {
    supply: &'e [String],
    lost: &'e [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<&'e str>,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let exported = args.export()?;
    if let Some(file) = &args.output {
        write(file, &exported.text)?;
    }
    let on_output = args.output.is_none();
    if args.json {
        let text = on_output.then_some(exported.text.as_str());
        return print_json(&Told { supply: &exported.supply, lost: &exported.lost, text });
    }
    if on_output {
        print(&exported.text)?;
    }
    tell(&exported);
    Ok(())
}

impl Args {
    fn export(&self) -> Result<Exported, Failure> {
        let plain = |text: String| Exported { text, supply: Vec::new(), lost: Vec::new() };
        if self.format == Format::Schema {
            let text = serde_json::to_string_pretty(&export::schema()).expect("a schema is JSON");
            return Ok(plain(text + "\n"));
        }
        if self.format == Format::Agents {
            return self.agents();
        }
        if self.agents.is_some() || !self.allow_target.is_empty() {
            let why = "--agents and --allow-target are for --format agents: leave them out";
            return Err(Failure::Input(why.to_owned()));
        }
        let Some(file) = &self.file else {
            return Err(Failure::Input("which design? name its file".to_owned()));
        };
        let document = input::design(file)?;
        if self.format == Format::Mermaid {
            return Ok(plain(drawn::mermaid(&document)));
        }
        let plan = input::check(file, &document)?;
        let images: Images = self.image.iter().cloned().collect();
        if let Some(stranger) = images.keys().find(|id| plan.find(id).is_none()) {
            return Err(Failure::Input(format!(
                "--image {stranger}=...: the design has no node \"{stranger}\""
            )));
        }
        let written = match self.format {
            Format::Compose => export::compose(&document, &plan, &images),
            Format::Kubernetes => export::kubernetes(&document, &plan, &images),
            Format::Lqn | Format::Mermaid | Format::Agents | Format::Schema => {
                let drawn::Lqn { xml, lost } = drawn::lqn(&plan);
                let lost = lost.into_iter().map(str::to_owned).collect();
                return Ok(Exported { text: xml, supply: Vec::new(), lost });
            }
        };
        written.map_err(|why| Failure::Input(format!("{}: {why}", input::shown(file))))
    }
}

impl Args {
    /// No design: the agents that load one.
    fn agents(&self) -> Result<Exported, Failure> {
        let count = self.agents.ok_or_else(|| Failure::Input("how many? give --agents COUNT".to_owned()))?;
        let mut image = None;
        for (of, name) in &self.image {
            if of != "agent" || image.replace(name.as_str()).is_some() {
                return Err(Failure::Input("there is one image here: --image agent=IMAGE".to_owned()));
            }
        }
        Ok(export::agents(count, &self.allow_target, image))
    }
}

fn write(file: &Path, text: &str) -> Result<(), Failure> {
    std::fs::write(file, text).map_err(|why| Failure::Went(format!("{}: {why}", file.display())))
}

/// What is said beside the file; when nobody reads standard error, nobody can be told.
fn tell(exported: &Exported) {
    let mut error = io::stderr().lock();
    for (title, lines) in [("you must supply", &exported.supply), ("not said", &exported.lost)] {
        for line in lines {
            let _ = writeln!(error, "{title}: {line}");
        }
    }
}

/// A host and its port, of characters that mean nothing to Kubernetes.
fn target(text: &str) -> Result<String, String> {
    let sound = |c: char| c.is_ascii_alphanumeric() || ".-_:[]".contains(c);
    let port = text.rsplit_once(':').and_then(|(_, port)| port.parse::<u16>().ok());
    if port.is_some() && text.len() <= 260 && text.chars().all(sound) {
        Ok(text.to_owned())
    } else {
        Err(format!("\"{text}\" is no HOST:PORT: write it like shop.example:443"))
    }
}

/// A node and its image. An image's name has no character that means anything in YAML, in a shell, or to docker-compose.
fn image(text: &str) -> Result<(String, String), String> {
    let (id, image) = text.split_once('=').ok_or("write it like web=ghcr.io/acme/web:1.4")?;
    let sound = |c: char| c.is_ascii_alphanumeric() || "._-/:@".contains(c);
    if image.is_empty() || image.len() > 400 || !image.chars().all(sound) {
        return Err(format!("\"{image}\" is no image: write it like ghcr.io/acme/web:1.4"));
    }
    Ok((id.to_owned(), image.to_owned()))
}
