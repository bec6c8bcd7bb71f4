//! What is exported is what the design says, whatever its names are.
