//! A server on the loopback that answers SageMaker requests from a script and keeps what it was asked.
//!
//! It is for what no server does on demand: a page boundary, a refusal between two requests, a damaged answer.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_s3::config::{Credentials, SharedCredentialsProvider};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// An answer of the script: to which operation, with which status and body.
pub struct Answer {
    operation: &'static str,
    status: u16,
    body: Value,
}

impl Answer {
    /// The operation succeeds with this body.
    pub fn ok(operation: &'static str, body: Value) -> Self {
        Self { operation, status: 200, body }
    }

    /// SageMaker refuses the operation, in its wire format for errors.
    pub fn refused(operation: &'static str, status: u16, code: &str, message: &str) -> Self {
        Self { operation, status, body: serde_json::json!({ "__type": code, "Message": message }) }
    }
}

/// What the server was asked.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    /// The operation, without `SageMaker.`.
    pub operation: String,
    /// The content type.
    pub content_type: String,
    /// The body.
    pub body: Value,
}

/// The server. It stops when it is dropped.
pub struct Scripted {
    config: SdkConfig,
    state: Arc<Mutex<State>>,
    task: tokio::task::JoinHandle<()>,
}

struct State {
    script: VecDeque<Answer>,
    asked: Vec<Asked>,
}

impl Scripted {
    /// Starts a server that gives these answers, in this order.
    pub async fn start(script: impl IntoIterator<Item = Answer>) -> std::io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let config = config(&format!("http://{}", listener.local_addr()?));
        let state = Arc::new(Mutex::new(State { script: script.into_iter().collect(), asked: Vec::new() }));
        let shared = Arc::clone(&state);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&shared)));
            }
        });
        Ok(Self { config, state, task })
    }

    /// A configuration whose requests go to this server.
    pub fn config(&self) -> &SdkConfig {
        &self.config
    }

    /// What was asked so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.state.lock().unwrap().asked.clone()
    }

    /// The operations asked for so far.
    pub fn operations(&self) -> Vec<String> {
        self.asked().into_iter().map(|asked| asked.operation).collect()
    }
}

impl Drop for Scripted {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A configuration with made-up credentials for an endpoint.
pub fn config(endpoint_url: &str) -> SdkConfig {
    let credentials = Credentials::new("AKIDEXAMPLE", "secret", None, None, "scripted");
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .endpoint_url(endpoint_url)
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .build()
}

async fn serve(mut stream: TcpStream, state: Arc<Mutex<State>>) {
    while let Some((head, body)) = request(&mut stream).await {
        let header = |name: &str| {
            let line = head.lines().find(|line| line.to_ascii_lowercase().starts_with(&format!("{name}:")));
            line.and_then(|line| line.split_once(':')).map(|(_, value)| value.trim().to_owned()).unwrap_or_default()
        };
        let operation = header("x-amz-target").trim_start_matches("SageMaker.").to_owned();
        let asked = Asked {
            operation: operation.clone(),
            content_type: header("content-type"),
            body: serde_json::from_slice(&body).unwrap_or_default(),
        };
        let answer = {
            let mut state = state.lock().unwrap();
            state.asked.push(asked);
            state.script.pop_front()
        };
        let answer = match answer {
            Some(answer) if answer.operation == operation => answer,
            other => {
                let expected = other.map_or("nothing", |answer| answer.operation);
                Answer::refused("", 400, "UnexpectedRequest", &format!("{operation} came, the script has {expected}"))
            }
        };
        let body = answer.body.to_string();
        let head = format!(
            "HTTP/1.1 {} X\r\ncontent-type: application/x-amz-json-1.1\r\nx-amzn-requestid: scripted\r\ncontent-length: {}\r\n\r\n",
            answer.status,
            body.len()
        );
        if stream.write_all(format!("{head}{body}").as_bytes()).await.is_err() {
            return;
        }
    }
}

/// The head and the body of one request; `None` at the end of the connection.
async fn request(stream: &mut TcpStream) -> Option<(String, Vec<u8>)> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    let head = String::from_utf8(head).ok()?;
    let length =
        head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length:")?.trim().parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    stream.read_exact(&mut body).await.ok()?;
    Some((head, body))
}
