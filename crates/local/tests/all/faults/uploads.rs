//! Multipart uploads that go on after a restart: what was acknowledged of a part is completed with the rest.

use std::collections::BTreeMap;

use rand::Rng;

use super::Writer;
use super::objects::make_bucket;
use super::random::{Content, Random};
use super::report::Report;
use super::wire::{Gone, Wire};

/// Every part but the last has as much (S3's limit).
const PART: usize = 5 * 1024 * 1024;
const KEYS: u32 = 4;

/// A bucket of objects that were uploaded in parts.
pub(super) struct Uploads {
    bucket: String,
    random: Random,
    /// The parts of every completed object, the newest by key.
    objects: BTreeMap<String, Vec<Content>>,
    upload: Option<Upload>,
    /// Whether the last request was to complete the upload, and had no answer.
    doubt: bool,
}

/// An upload under way.
struct Upload {
    key: String,
    id: String,
    wanted: Vec<Content>,
    /// ETags of the parts that were acknowledged.
    parts: Vec<String>,
}

impl Uploads {
    pub(super) fn new(wire: &Wire, bucket: &str, random: Random) -> Self {
        make_bucket(wire, bucket, false);
        Self { bucket: bucket.to_owned(), random, objects: BTreeMap::new(), upload: None, doubt: false }
    }

    fn begin(&mut self, wire: &Wire, report: &Report) -> Result<(), Gone> {
        let key = format!("key-{}", self.random.random_range(0..KEYS));
        let answer = wire.s3("POST", &format!("/{}/{key}?uploads=", self.bucket), &[], b"")?;
        let text = answer.text();
        let Some((id, _)) = text.split_once("<UploadId>").and_then(|(_, rest)| rest.split_once('<')) else {
            report.lose(format!("no upload of {key}: {} {text}", answer.status));
            return Ok(());
        };
        report.acknowledge("begun upload");
        let mut wanted = vec![Content::some(&mut self.random)];
        if self.random.random_bool(0.2) {
            wanted.insert(0, Content { seed: self.random.random(), size: PART });
        }
        self.upload = Some(Upload { key, id: id.to_owned(), wanted, parts: Vec::new() });
        Ok(())
    }

    /// Sends the next part, or completes the upload.
    fn go_on(&mut self, wire: &Wire, report: &Report, mut upload: Upload) -> Result<(), Gone> {
        let path = format!("/{}/{}?", self.bucket, upload.key);
        if let Some(content) = upload.wanted.get(upload.parts.len()) {
            let number = upload.parts.len() + 1;
            let path = format!("{path}partNumber={number}&uploadId={}", upload.id);
            let sent = wire.s3("PUT", &path, &[], &content.bytes());
            if let Ok(answer) = &sent {
                report.acknowledge("part");
                upload.parts.push(answer.header("etag").unwrap_or_default().to_owned());
            }
            self.upload = Some(upload);
            return sent.map(drop);
        }
        let parts = (1..).zip(&upload.parts);
        let parts = parts.map(|(n, etag)| format!("<Part><PartNumber>{n}</PartNumber><ETag>{etag}</ETag></Part>"));
        let body = format!("<CompleteMultipartUpload>{}</CompleteMultipartUpload>", parts.collect::<String>());
        let path = format!("{path}uploadId={}", upload.id);
        self.doubt = true;
        let key = upload.key.clone();
        let wanted = upload.wanted.clone();
        self.upload = Some(upload);
        let answer = wire.s3("POST", &path, &[], body.as_bytes())?;
        (self.doubt, self.upload) = (false, None);
        if answer.status != 200 || answer.text().contains("<Error>") {
            report.lose(format!("upload of {key}: {} {}", answer.status, answer.text()));
            return Ok(());
        }
        report.acknowledge("completed upload");
        self.objects.insert(key, wanted);
        Ok(())
    }
}

impl Writer for Uploads {
    fn write(&mut self, wire: &Wire, report: &Report) -> Result<(), Gone> {
        match self.upload.take() {
            None => self.begin(wire, report),
            Some(upload) => self.go_on(wire, report, upload),
        }
    }

    fn check(&mut self, wire: &Wire, report: &Report) -> Result<(), Gone> {
        for number in 0..KEYS {
            let key = format!("key-{number}");
            let answer = wire.s3("GET", &format!("/{}/{key}", self.bucket), &[], b"")?;
            let holds = |parts: &[Content]| {
                answer.status == 200 && answer.body == parts.iter().flat_map(|part| part.bytes()).collect::<Vec<_>>()
            };
            if self.doubt && self.upload.as_ref().is_some_and(|upload| upload.key == key) {
                let done = self.upload.as_ref().is_some_and(|upload| holds(&upload.wanted));
                report.resolve(done);
                self.doubt = false;
                if done {
                    self.objects.extend(self.upload.take().map(|upload| (upload.key, upload.wanted)));
                }
            }
            let fits = self.objects.get(&key).map_or(answer.status == 404, |parts| holds(parts));
            if !fits {
                report.halve(format!("{}/{key}: {} {} bytes", self.bucket, answer.status, answer.body.len()));
            }
        }
        Ok(())
    }
}
