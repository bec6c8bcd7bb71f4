//! Why an attack could not be driven.
use std::fmt;
use std::io;
use std::net::SocketAddr;

/// Why an attack could not be driven.
#[derive(Debug)]
pub enum AttackError {
    /// Another attack runs in this process; goose's switches are global to it.
    Busy,
    /// Nobody answers at the target, before anything was sent.
    Unreachable {
        /// Where.
        address: SocketAddr,
        /// What the system says.
        why: io::Error,
    },
    /// Somebody answers at the target, but no secure connection came about.
    Insecure {
        /// Where.
        address: SocketAddr,
        /// What is wrong with it.
        why: io::Error,
    },
    /// This cannot be the path of a request.
    BadPath(String),
    /// It was stopped before the first request was due.
    Stopped,
    /// A user panicked: what was measured cannot be trusted.
    Panicked(String),
    /// The generator itself broke.
    Generator(String),
}

impl fmt::Display for AttackError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Busy => {
                f.write_str("another attack is running in this process: wait for its end, or stop it")
            }
            Self::Unreachable { address, why } if why.kind() == io::ErrorKind::ConnectionRefused => {
                write!(f, "nothing listens on {address}: start the target first, or mend the port in the URL")
            }
            Self::Unreachable { address, why } => {
                write!(f, "no connection to {address} could be opened: {why}")
            }
            Self::Insecure { address, why } => write!(
                f,
                "no TLS connection to {address} came about: {why}; name its own certificate with --ca FILE, or trust anyone with \
                 --insecure"
            ),
            Self::BadPath(path) => write!(f, "\"{path}\" cannot be the path of a request"),
            Self::Stopped => f.write_str("stopped before the first request was sent: nothing was measured"),
            Self::Panicked(what) => write!(
                f,
                "a user of the load generator panicked ({what}); this is a fault in loadgen, and nothing was kept"
            ),
            Self::Generator(what) => write!(f, "the load generator broke: {what}"),
        }
    }
}

impl std::error::Error for AttackError {}
