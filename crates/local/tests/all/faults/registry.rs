//! Model packages of one group: registered with client tokens, approved, rejected, deleted.

use std::collections::BTreeMap;

use rand::Rng;
use serde_json::{Value, json};

use super::Writer;
use super::random::Random;
use super::report::Report;
use super::wire::{Gone, Wire};

/// A group with so many packages loses its oldest.
const MANY: usize = 12;

/// One group, and the packages it should have.
pub(super) struct Registry {
    group: String,
    random: Random,
    /// By version.
    packages: BTreeMap<u64, Package>,
    /// Numbers are not given twice.
    last_version: u64,
    doubt: Option<Doubt>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Package {
    model: String,
    status: String,
    reason: Option<String>,
}

enum Doubt {
    Create(Value),
    Update(u64, Package),
    Delete(u64),
}

impl Registry {
    pub(super) fn new(wire: &Wire, group: &str, random: Random) -> Self {
        wire.call("CreateModelPackageGroup", &json!({ "ModelPackageGroupName": group })).unwrap().unwrap();
        let (packages, last_version) = (BTreeMap::new(), 0);
        Self { group: group.to_owned(), random, packages, last_version, doubt: None }
    }

    fn arn(&self, version: u64) -> String {
        format!("arn:aws:sagemaker:us-east-1:123456789012:model-package/{}/{version}", self.group)
    }

    fn create(&mut self, wire: &Wire, report: &Report) -> Result<(), Gone> {
        let number: u128 = self.random.random();
        let model = format!("s3://models/{number:032x}/model.tar.gz");
        let container = json!({ "Image": "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.2-2", "ModelDataUrl": model });
        let request = json!({
            "ModelPackageGroupName": self.group,
            "ClientToken": format!("{number:032x}"),
            "InferenceSpecification": {
                "Containers": [container],
                "SupportedContentTypes": ["text/csv"],
                "SupportedResponseMIMETypes": ["text/csv"],
            },
        });
        self.doubt = Some(Doubt::Create(request.clone()));
        let answer = wire.call("CreateModelPackage", &request)?;
        self.created(report, &request, answer);
        if self.random.random_bool(0.2) {
            // The same request again is the same package.
            let again = wire.call("CreateModelPackage", &request)?;
            let version = again.as_ref().ok().and_then(version_of);
            if version != Some(self.last_version) {
                report.lose(format!("{}/{} was registered again: {again:?}", self.group, self.last_version));
            }
        }
        Ok(())
    }

    fn created(&mut self, report: &Report, request: &Value, answer: Result<Value, String>) {
        self.doubt = None;
        match answer.as_ref().ok().and_then(version_of) {
            Some(version) if version == self.last_version + 1 => {
                let model = request["InferenceSpecification"]["Containers"][0]["ModelDataUrl"].as_str().unwrap();
                let status = "PendingManualApproval".to_owned();
                self.packages.insert(version, Package { model: model.to_owned(), status, reason: None });
                self.last_version = version;
                report.acknowledge("model package");
            }
            _ => report.lose(format!("{}/{} is to be registered: {answer:?}", self.group, self.last_version + 1)),
        }
    }

    fn decide(&mut self, wire: &Wire, report: &Report, version: u64) -> Result<(), Gone> {
        let status = if self.random.random_bool(0.5) { "Approved" } else { "Rejected" };
        let reason = format!("because of {}", self.random.random::<u32>());
        let before = self.packages[&version].clone();
        let after = Package { status: status.to_owned(), reason: Some(reason.clone()), ..before };
        self.doubt = Some(Doubt::Update(version, after.clone()));
        let input = json!({
            "ModelPackageArn": self.arn(version),
            "ModelApprovalStatus": status,
            "ApprovalDescription": reason,
        });
        let answer = wire.call("UpdateModelPackage", &input)?;
        self.doubt = None;
        match answer {
            Ok(_) => {
                report.acknowledge("approval or rejection");
                self.packages.insert(version, after);
            }
            Err(refused) => report.lose(format!("{}/{version} is to be {status}: {refused:?}", self.group)),
        }
        Ok(())
    }

    fn delete(&mut self, wire: &Wire, report: &Report, version: u64) -> Result<(), Gone> {
        self.doubt = Some(Doubt::Delete(version));
        let answer = wire.call("DeleteModelPackage", &json!({ "ModelPackageName": self.arn(version) }))?;
        self.doubt = None;
        match answer {
            Ok(_) => {
                report.acknowledge("deletion of a model package");
                self.packages.remove(&version);
            }
            Err(refused) => report.lose(format!("{}/{version} is to be deleted: {refused:?}", self.group)),
        }
        Ok(())
    }

    fn settle(&mut self, wire: &Wire, report: &Report, found: &BTreeMap<u64, Package>) -> Result<(), Gone> {
        match self.doubt.take() {
            None => {}
            Some(Doubt::Create(request)) => {
                report.resolve(found.contains_key(&(self.last_version + 1)));
                // Whether it was done or not, its token makes it done once.
                let answer = wire.call("CreateModelPackage", &request)?;
                self.created(report, &request, answer);
            }
            Some(Doubt::Update(version, after)) => {
                let done = found.get(&version) == Some(&after);
                report.resolve(done);
                if done {
                    self.packages.insert(version, after);
                }
            }
            Some(Doubt::Delete(version)) => {
                let done = !found.contains_key(&version);
                report.resolve(done);
                if done {
                    self.packages.remove(&version);
                }
            }
        }
        Ok(())
    }
}

impl Writer for Registry {
    fn write(&mut self, wire: &Wire, report: &Report) -> Result<(), Gone> {
        let versions: Vec<u64> = self.packages.keys().copied().collect();
        match self.random.random_range(0..3) {
            _ if versions.len() > MANY => self.delete(wire, report, versions[0]),
            1 | 2 if !versions.is_empty() => {
                let version = versions[self.random.random_range(0..versions.len())];
                self.decide(wire, report, version)
            }
            _ => self.create(wire, report),
        }
    }

    fn check(&mut self, wire: &Wire, report: &Report) -> Result<(), Gone> {
        let found = packages(wire, &self.group)?;
        self.settle(wire, report, &found)?;
        let found = packages(wire, &self.group)?;
        if found != self.packages {
            report.lose(format!("{} has {found:?} instead of {:?}", self.group, self.packages));
        }
        Ok(())
    }
}

fn version_of(answer: &Value) -> Option<u64> {
    answer["ModelPackageArn"].as_str()?.rsplit_once('/')?.1.parse().ok()
}

/// What the server has of a group.
fn packages(wire: &Wire, group: &str) -> Result<BTreeMap<u64, Package>, Gone> {
    let input = json!({ "ModelPackageGroupName": group, "MaxResults": 100 });
    let list = wire.call("ListModelPackages", &input)?.unwrap();
    assert!(list.get("NextToken").is_none(), "a group is kept small");
    let mut found = BTreeMap::new();
    for summary in list["ModelPackageSummaryList"].as_array().unwrap() {
        let input = json!({ "ModelPackageName": summary["ModelPackageArn"] });
        let package = wire.call("DescribeModelPackage", &input)?.unwrap();
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let model = text(&package["InferenceSpecification"]["Containers"][0]["ModelDataUrl"]).unwrap();
        let (status, reason) = (text(&package["ModelApprovalStatus"]).unwrap(), text(&package["ApprovalDescription"]));
        found.insert(package["ModelPackageVersion"].as_u64().unwrap(), Package { model, status, reason });
    }
    Ok(found)
}
