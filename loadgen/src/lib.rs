//! Loadpath's native agent: it brings designs up, drives load with goose, and measures.
//!
//! | module | what lives there |
//! |---|---|
//! | [`clock`] | the only place that asks what time it is |
//! | [`timer`] | waiting until an instant, far more precisely than a millisecond |
//! | [`interrupt`] | Ctrl-C and SIGTERM, for the whole process |
//! | [`attach`] | an existing deployment as a design: what its nodes tell of themselves |
//! | [`agents`] | load from several machines, over NATS |
//! | [`attack`] | open-loop load; the only place that names goose |
//! | [`deploy`] | a design's instances as processes on loopback; the supervisor that lets none outlive the agent |
//! | [`live`] | bring up, drive, measure, take down |
//! | [`api`] | the page and the HTTP routes, on loopback, behind one guard |
//! | `configuration` | what the configurations of engines have in common, here and in exported files |
//! | [`entropy`] | random numbers that nobody can guess |
//! | [`measure`] | from single requests to intervals and runs |
//! | [`api`] | the page, and the HTTP API behind it |
//! | [`store`] | runs on disk |
//! | [`interop`] | results of other load tools as runs; designs as other tools' files, and back |
//! | [`report`] | runs as text and JSON |
//! | [`cli`] | the command line, one file per subcommand |
pub mod agents;
pub mod api;
pub mod attach;
pub mod attack;
pub mod cli;
pub mod clock;
mod configuration;
pub mod deploy;
pub mod entropy;
pub mod interop;
pub mod interrupt;
pub mod live;
pub mod measure;
pub mod report;
pub mod store;
pub mod timer;
