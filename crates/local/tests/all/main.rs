//! What the backend promises to whoever runs it: signatures, durability, one owner of a data folder.

mod client;
mod durability;
mod program;
mod signatures;
mod start;
