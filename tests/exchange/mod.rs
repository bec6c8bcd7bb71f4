//! Designs out to other tools and in from them, and deployments that run already: what nobody here wrote accepts what is written, and what
//! is measured from outside agrees with what is measured from within.
mod attached;
mod validated;
