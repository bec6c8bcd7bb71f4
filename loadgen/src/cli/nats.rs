//! The arguments that say where agents meet, and what lets one in. No secret is taken from the command line, which all who list processes
//! can read.
use super::Failure;
use crate::agents::{Meeting, Pass};
use std::path::{Path, PathBuf};
use std::{env, fs};

/// A longer token is none.
const MOST_BYTES: u64 = 4_096;
/// A token, where no file is named.
const TOKEN: &str = "LOADGEN_NATS_TOKEN";
/// A credentials file, where none is named.
const CREDENTIALS: &str = "LOADGEN_NATS_CREDENTIALS";

/// Where agents meet.
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "Agents")]
pub(super) struct NatsArgs {
    /// The NATS server where agents meet, like nats://10.0.0.2:4222 or tls://nats.example:4222
    #[arg(long, value_name = "ADDRESS")]
    pub(super) nats: Option<String>,
    /// A file with the server's token [default: what LOADGEN_NATS_TOKEN says]
    #[arg(long, value_name = "FILE", requires = "nats")]
    nats_token_file: Option<PathBuf>,
    /// A credentials file for the server, as nsc writes it [default: the file that LOADGEN_NATS_CREDENTIALS names]
    #[arg(long, value_name = "FILE", requires = "nats")]
    nats_credentials: Option<PathBuf>,
    /// Trust the server's certificate by this PEM file too
    #[arg(long, value_name = "FILE", requires = "nats")]
    nats_ca: Option<PathBuf>,
}

impl NatsArgs {
    /// Goes there, under this name.
    pub(super) async fn join(&self, name: &str) -> Result<Meeting, Failure> {
        let Some(address) = &self.nats else {
            return Err(Failure::Input("where do the agents meet? give --nats nats://HOST:4222".to_owned()));
        };
        Ok(Meeting::join(address, &self.pass()?, name).await?)
    }

    fn pass(&self) -> Result<Pass, Failure> {
        let token = match &self.nats_token_file {
            Some(file) => Some(token(file)?),
            None => env::var(TOKEN).ok().filter(|token| !token.is_empty()),
        };
        let credentials =
            self.nats_credentials.clone().or_else(|| env::var_os(CREDENTIALS).map(PathBuf::from));
        Ok(Pass { token, credentials, ca: self.nats_ca.clone() })
    }
}

fn token(file: &Path) -> Result<String, Failure> {
    let bad = |why: &str| Failure::Input(format!("--nats-token-file {}: {why}", file.display()));
    let length = fs::metadata(file).map_err(|why| bad(&why.to_string()))?.len();
    if length > MOST_BYTES {
        return Err(bad("it is too long to be a token"));
    }
    let text = fs::read_to_string(file).map_err(|why| bad(&why.to_string()))?;
    let token = text.trim();
    if token.is_empty() { Err(bad("it is empty")) } else { Ok(token.to_owned()) }
}
