//! What the backend promises to whoever runs it: signatures, durability, one owner of a data folder.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

mod client;
mod console;
mod faults;
mod keep_alive;
mod program;
mod signatures;
mod start;
