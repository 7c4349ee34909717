//! Tests of the journal as a whole; each module's own are beside it.

mod chain;
mod faults;
mod mutations;
mod newest;
mod place;
