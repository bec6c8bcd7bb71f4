//! Why a command did not do what it was asked, and its exit code.
use crate::agents::AgentsFault;
use crate::deploy::DeployError;
use loadpath_core::topology::Fault;
use std::fmt;

/// Why a command did not do what it was asked.
#[derive(Debug)]
pub enum Failure {
    /// The input was bad: a sentence that says where, what, and what to do.
    Input(String),
    /// A design was bad: all its faults.
    Faults {
        /// What the design was called on the command line.
        design: String,
        /// What is wrong with it; at least one.
        faults: Vec<Fault>,
    },
    /// It went wrong, or something wrong was found.
    Went(String),
    /// It was stopped by Ctrl-C. What there is was printed.
    Interrupted,
}

impl Failure {
    /// What the process exits with.
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::Input(_) | Self::Faults { .. } => 2,
            Self::Went(_) => 1,
            Self::Interrupted => crate::interrupt::EXIT_CODE,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Input(text) | Self::Went(text) => f.write_str(text),
            Self::Faults { design, faults } => {
                write!(f, "{design} has {}", count(faults.len()))?;
                faults.iter().try_for_each(|fault| write!(f, "\n  {fault}"))
            }
            Self::Interrupted => f.write_str("stopped"),
        }
    }
}

impl From<DeployError> for Failure {
    fn from(fault: DeployError) -> Self {
        Self::Went(fault.to_string())
    }
}

impl From<AgentsFault> for Failure {
    fn from(fault: AgentsFault) -> Self {
        Self::Went(fault.to_string())
    }
}

/// "1 fault", "2 faults".
pub(super) fn count(faults: usize) -> String {
    format!("{faults} fault{}", if faults == 1 { "" } else { "s" })
}

impl std::error::Error for Failure {}
