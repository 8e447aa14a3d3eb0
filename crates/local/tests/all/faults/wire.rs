//! Signed requests that end with a whole answer, or with none.

use std::io;

use serde_json::Value;

use crate::client::{Answer, Client};

/// The server gave no whole answer: it is not known whether it did what it was asked.
#[derive(Debug)]
pub(super) struct Gone;

/// The services of a running server, as its default account.
pub(super) struct Wire {
    s3: Client,
    sagemaker: Client,
}

impl Wire {
    pub(super) fn new(endpoint_url: &str) -> Self {
        Self { s3: Client::new(endpoint_url, "s3"), sagemaker: Client::new(endpoint_url, "sagemaker") }
    }

    /// A request to S3.
    pub(super) fn s3(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Result<Answer, Gone> {
        whole(self.s3.send(method, path, headers, body))
    }

    /// An operation of SageMaker's control plane: its answer, or its refusal.
    pub(super) fn call(&self, operation: &str, input: &Value) -> Result<Result<Value, String>, Gone> {
        let target = format!("SageMaker.{operation}");
        let body = input.to_string();
        let answer = whole(self.sagemaker.send("POST", "/", &[("x-amz-target", &target)], body.as_bytes()))?;
        match answer.status {
            200 if answer.body.is_empty() => Ok(Ok(Value::Null)),
            200 => serde_json::from_slice(&answer.body).map(Ok).map_err(|_| Gone),
            _ => Ok(Err(answer.text())),
        }
    }

    /// The scores of one row.
    pub(super) fn invoke(&self, endpoint: &str, row: &str) -> Result<Answer, Gone> {
        let path = format!("/endpoints/{endpoint}/invocations");
        whole(self.sagemaker.send("POST", &path, &[("content-type", "text/csv")], row.as_bytes()))
    }
}

/// A process that is killed may have written a part of its answer.
fn whole(answer: io::Result<Answer>) -> Result<Answer, Gone> {
    let mut answer = answer.map_err(|_| Gone)?;
    if let Some(length) = answer.header("content-length").and_then(|length| length.parse::<usize>().ok()) {
        return if answer.body.len() == length { Ok(answer) } else { Err(Gone) };
    }
    if answer.header("transfer-encoding") == Some("chunked") {
        answer.body = joined(&answer.body).ok_or(Gone)?;
    }
    Ok(answer)
}

/// The chunks of a body, if the last one is there.
fn joined(mut chunks: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let end = chunks.windows(2).position(|bytes| bytes == b"\r\n")?;
        let length = usize::from_str_radix(std::str::from_utf8(&chunks[..end]).ok()?, 16).ok()?;
        let chunk = chunks.get(end + 2..end + 2 + length)?;
        if length == 0 {
            return Some(body);
        }
        body.extend_from_slice(chunk);
        chunks = chunks.get(end + 4 + length..)?;
    }
}
