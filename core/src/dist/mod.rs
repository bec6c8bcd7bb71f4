//! Laws of chance: lengths of time ([`Law`]) and which key a request asks for ([`Zipf`]).
//!
//! A law is written as a person would say it: `2ms`, `exp 8ms`, `lognormal 2.1ms p99 9ms`, `uniform 1ms..3ms`,
//! `erlang 4 2ms`, `hyperexp 2ms cv2 4`.
mod curve;
mod gamma;
mod law;
mod power;
mod sampler;
mod ziggurat;
mod zipf;

pub use law::{Law, NotALaw};
pub use sampler::Sampler;
pub use zipf::Zipf;
