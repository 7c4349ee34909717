//! One module for each resource of the API.

pub(crate) mod activities;
pub(crate) mod authenticate;
pub(crate) mod body;
pub(crate) mod cards;
pub(crate) mod codes;
pub(crate) mod console;
pub(crate) mod diagnostics;
pub(crate) mod events;
pub(crate) mod grants;
pub(crate) mod keys;
pub(crate) mod named;
pub(crate) mod pairings;
pub(crate) mod product;
pub(crate) mod readers;
pub(crate) mod sessions;
pub(crate) mod sign;
