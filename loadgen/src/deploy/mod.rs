//! Brings a design up on loopback: every instance of every node is a process of its own.
//!
//! ```text
//! agent ──orders──▶ loadgen __supervise ──starts──▶ loadgen __node   (one for each instance, each with its directory)
//!       ◀─reports──                       ──starts──▶ loadgen __node
//! ```
//!
//! There is one way down: the pipe of orders closes. That happens when the agent takes a design down, and also when the
//! agent dies, however it dies; the supervisor then stops all nodes and removes the run's directory. When the supervisor
//! itself is killed, the kernel kills its nodes.
//!
//! The file of a kind holds what a node of that kind does on sockets; the file of the same name in `core/src/sim/node`
//! does the same in virtual time, around the same components. A node takes at least the time that its law says: it does
//! its real work, and waits for the rest.
mod assignment;
mod attempt;
mod by_engine;
mod cache;
mod call;
mod cdn;
mod clients;
mod control;
mod cookies;
mod counts;
mod cpu;
mod database;
mod deployment;
mod dns;
mod edge;
mod engine;
mod entrance;
mod external;
mod failing;
mod failover;
mod faults;
mod freshness;
mod growth;
mod guard;
mod host;
mod key_map;
mod layout;
mod load_balancer;
mod monitoring;
mod node;
mod object_store;
mod order;
mod origin;
mod port;
mod probe;
mod queue;
mod routes;
mod run_directory;
mod server;
mod service;
mod standing;
mod station;
mod stats;
mod store_call;
mod supervise;
mod timing;
mod work;
mod workers;

pub use assignment::RUN_VARIABLE;
pub use deployment::{DeployError, Deployment, Running};
pub use engine::{Facts, Found, absent, become_engine, beyond, known, unable};
pub use faults::action_of;
pub use growth::added_servers;
pub use layout::{Design, front};
pub use node::serve_node;
pub use stats::Stats;
pub use supervise::{THIS_PROGRAM, supervise};
