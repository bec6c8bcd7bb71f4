//! `loadgen serve`: the page, and the agent behind it.
use super::{Failure, args, block_on, print};
use crate::api::{self, Api};
use crate::store::Store;
use crate::{entropy, interrupt};
use loadpath_core::time::Span;
use std::fs::{self, DirBuilder};
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use tokio::net::TcpListener;

/// Where the agent listens unless it is told otherwise.
const PORT: u16 = 7700;
/// How many ports after it are tried when it is taken.
const MORE_PORTS: u16 = 20;

/// The address that it prints lets one page in; a new one is printed for the next.
#[derive(Debug, Default, clap::Args)]
pub(super) struct Args {
    /// The port to listen on; by default 7700, or the next that is free
    #[arg(long)]
    port: Option<u16>,
    /// Open the page in a browser, even where no screen is known of
    #[arg(long)]
    open: bool,
    /// Do not open the page in a browser
    #[arg(long, conflicts_with = "open")]
    no_open: bool,
    /// Listen on this address of this machine instead of 127.0.0.1
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<IpAddr>,
    /// Listen also where other machines can reach it
    #[arg(long)]
    i_understand: bool,
    /// End a run that no page has followed for so long [default: 30s]
    #[arg(long, value_name = "SPAN", value_parser = args::duration)]
    abandon_after: Option<Span>,
    /// Let runs go on that no page follows
    #[arg(long, conflicts_with = "abandon_after")]
    detach: bool,
}

/// How long a run goes on that no page follows, unless something else is said.
const ABANDON_AFTER: Span = Span(30 * Span::SECOND.0);

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    block_on(args.serve())
}

impl Args {
    async fn serve(&self) -> Result<(), Failure> {
        let stop = interrupt::token();
        let address = self.listen.unwrap_or(Ipv4Addr::LOCALHOST.into());
        api::check_address(address, self.i_understand).map_err(Failure::Input)?;
        let listener = self.listener(address).await.map_err(Failure::Went)?;
        let store = Store::of_this_user().map_err(|why| eprintln!("runs are not kept: {why}")).ok();
        let patience = (!self.detach).then(|| self.abandon_after.unwrap_or(ABANDON_AFTER));
        let api = Api::new(listener, store, patience, stop);
        let api = api.map_err(|why| Failure::Went(format!("the agent cannot start: {why}")))?;
        let invitation = api.invitation();
        print(&format!("Loadpath is at {invitation}\nCtrl-C ends it and everything that it started\n"))?;
        let wanted = self.open || (!self.no_open && has_screen());
        let _signpost = if wanted { open_browser(&invitation) } else { None };
        api.serve().await;
        print("everything is down\n")
    }

    async fn listener(&self, address: IpAddr) -> Result<TcpListener, String> {
        let (first, last) = match self.port {
            Some(port) => (port, port),
            None => (PORT, PORT + MORE_PORTS),
        };
        let mut fault = io::Error::from(io::ErrorKind::AddrInUse);
        for port in first..=last {
            match TcpListener::bind(SocketAddr::new(address, port)).await {
                Ok(listener) => return Ok(listener),
                Err(e) if e.kind() == io::ErrorKind::AddrInUse => fault = e,
                Err(e) => return Err(format!("{address}:{port} cannot be listened on: {e}")),
            }
        }
        Err(match self.port {
            Some(port) => {
                format!("port {port} is taken ({fault}): end what listens there, or choose another --port")
            }
            None => format!("the ports {first} to {last} are taken: choose another with --port"),
        })
    }
}

fn has_screen() -> bool {
    let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    cfg!(target_os = "macos") || is_set("DISPLAY") || is_set("WAYLAND_DISPLAY")
}

/// A file that leads a browser to an address. The address has a code in it, and arguments of programs are for all to see,
/// so the browser is given this file, which only this user can read. It is removed when dropped.
struct Signpost {
    folder: PathBuf,
}

impl Signpost {
    fn to(address: &str) -> io::Result<Self> {
        let folder = std::env::temp_dir().join(format!("loadpath-open-{}", entropy::hex(8)?));
        DirBuilder::new().mode(0o700).create(&folder)?;
        let signpost = Self { folder };
        let text = format!("<!doctype html><meta http-equiv=\"refresh\" content=\"0;url={address}\">");
        fs::write(signpost.file(), text)?;
        Ok(signpost)
    }

    fn file(&self) -> PathBuf {
        self.folder.join("open.html")
    }
}

impl Drop for Signpost {
    fn drop(&mut self) {
        // Left behind, it leads nowhere: the code is good for once.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Opens the page; where that fails, the address that was printed serves as well.
fn open_browser(address: &str) -> Option<Signpost> {
    let opener = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
    let opened = Signpost::to(address).and_then(|signpost| {
        let mut command = Command::new(opener);
        command.arg(signpost.file()).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn()?;
        // It ends by itself, at the latest with us.
        std::thread::spawn(move || child.wait());
        Ok(signpost)
    });
    opened
        .map_err(|why| eprintln!("no browser could be opened ({opener}: {why}); open the address above"))
        .ok()
}
