//! XGBoost models in safe Rust: read any artifact, check it, predict bit for bit.
