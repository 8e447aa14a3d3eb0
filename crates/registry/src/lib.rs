//! Model package groups and model packages: register, approve, find the latest approved.
