//! Random sequences of registry operations against a model of a few lines.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::*;

const GROUPS: [&str; 3] = ["Flights", "weather", "Delays-2"];
const STATUSES: [&str; 3] = ["Approved", "Rejected", "PendingManualApproval"];

#[derive(Clone, Debug)]
enum Operation {
    CreateGroup { group: usize, upper: bool },
    DeleteGroup { group: usize },
    Register { group: usize, token: Option<u8>, note: u8 },
    Decide { group: usize, version: u64, status: usize },
    Annotate { group: usize, version: u64, key: u8, note: Option<u8> },
    Delete { group: usize, version: u64 },
    List { group: usize, size: usize, descending: bool, status: Option<usize> },
    ListGroups { size: usize, part: &'static str },
    Restart,
}

fn operation() -> impl Strategy<Value = Operation> {
    let group = 0..GROUPS.len();
    let version = 1..6_u64;
    prop_oneof![
        3 => (group.clone(), any::<bool>()).prop_map(|(group, upper)| Operation::CreateGroup { group, upper }),
        1 => group.clone().prop_map(|group| Operation::DeleteGroup { group }),
        8 => (group.clone(), proptest::option::of(0..3_u8), 0..2_u8)
            .prop_map(|(group, token, note)| Operation::Register { group, token, note }),
        4 => (group.clone(), version.clone(), 0..3_usize)
            .prop_map(|(group, version, status)| Operation::Decide { group, version, status }),
        3 => (group.clone(), version.clone(), 0..2_u8, proptest::option::of(0..9_u8))
            .prop_map(|(group, version, key, note)| Operation::Annotate { group, version, key, note }),
        2 => (group.clone(), version).prop_map(|(group, version)| Operation::Delete { group, version }),
        4 => (group, 1..4_usize, any::<bool>(), proptest::option::of(0..3_usize))
            .prop_map(|(group, size, descending, status)| Operation::List { group, size, descending, status }),
        1 => (1..3_usize, prop_oneof![Just("e"), Just("HER"), Just("-2")])
            .prop_map(|(size, part)| Operation::ListGroups { size, part }),
        1 => Just(Operation::Restart),
    ]
}

/// What the registry should hold.
#[derive(Default)]
struct Model {
    groups: BTreeMap<String, Group>,
    /// The request and the ARN of each client token.
    tokens: BTreeMap<u8, ((String, u8), String)>,
}

#[derive(Default)]
struct Group {
    name: String,
    last_version: u64,
    packages: BTreeMap<u64, Package>,
}

struct Package {
    token: Option<u8>,
    status: &'static str,
    metadata: BTreeMap<String, String>,
}

struct Registry {
    folder: TempDir,
    sagemaker: Option<(Database, Sagemaker)>,
    model: Model,
}

impl Registry {
    fn new() -> Self {
        let mut registry = Self { folder: tempfile::tempdir().unwrap(), sagemaker: None, model: Model::default() };
        registry.start();
        registry
    }

    fn start(&mut self) {
        if let Some((database, sagemaker)) = self.sagemaker.take() {
            drop(sagemaker);
            database.close();
        }
        let database = Database::open(&self.folder.path().join("db.sqlite")).unwrap();
        let conditions = Conditions::default();
        let objects = ObjectStore::open(self.folder.path(), database.clone(), conditions.clock.clone()).unwrap();
        self.sagemaker = Some((database.clone(), Sagemaker::open(database, objects, conditions).unwrap()));
    }

    fn call(&self, operation: &str, input: Value) -> Result<Value, ApiError> {
        let (_, sagemaker) = self.sagemaker.as_ref().unwrap();
        answer(&sagemaker.state, &Caller::root("123456789012", "us-east-1"), operation, input)
    }

    /// All pages of a list.
    fn pages(&self, operation: &str, mut input: Value, member: &str) -> Result<Vec<Value>, ApiError> {
        let mut found = Vec::new();
        loop {
            let page = self.call(operation, input.clone())?;
            let rows = page[member].as_array().unwrap();
            assert!(rows.len() <= usize::try_from(input["MaxResults"].as_u64().unwrap()).unwrap());
            found.extend(rows.iter().cloned());
            match page.get("NextToken") {
                Some(token) => input["NextToken"] = token.clone(),
                None => return Ok(found),
            }
        }
    }

    fn apply(&mut self, operation: Operation) {
        match operation {
            Operation::CreateGroup { group, upper } => self.create_group(GROUPS[group], upper),
            Operation::DeleteGroup { group } => self.delete_group(GROUPS[group]),
            Operation::Register { group, token, note } => self.register(GROUPS[group], token, note),
            Operation::Decide { group, version, status } => self.decide(GROUPS[group], version, STATUSES[status]),
            Operation::Annotate { group, version, key, note } => self.annotate(GROUPS[group], version, key, note),
            Operation::Delete { group, version } => self.delete(GROUPS[group], version),
            Operation::List { group, size, descending, status } => {
                self.list(GROUPS[group], size, descending, status.map(|status| STATUSES[status]));
            }
            Operation::ListGroups { size, part } => self.list_groups(size, part),
            Operation::Restart => self.start(),
        }
    }

    fn create_group(&mut self, name: &str, upper: bool) {
        let name = if upper { name.to_uppercase() } else { name.to_owned() };
        let created = self.call("CreateModelPackageGroup", json!({ "ModelPackageGroupName": name }));
        match self.model.groups.entry(name.to_lowercase()) {
            std::collections::btree_map::Entry::Occupied(_) => {
                refused(created, "ValidationException", "already exists")
            }
            std::collections::btree_map::Entry::Vacant(vacant) => {
                assert_eq!(created.unwrap()["ModelPackageGroupArn"], group_arn(&name));
                vacant.insert(Group { name, ..Group::default() });
            }
        }
    }

    fn delete_group(&mut self, group: &str) {
        let deleted = self.call("DeleteModelPackageGroup", json!({ "ModelPackageGroupName": group }));
        match self.model.groups.get(&group.to_lowercase()) {
            None => refused(deleted, "ValidationException", "does not exist"),
            Some(group) if !group.packages.is_empty() => refused(deleted, "ConflictException", "still has"),
            Some(_) => {
                deleted.unwrap();
                self.model.groups.remove(&group.to_lowercase());
            }
        }
    }

    fn register(&mut self, name: &str, token: Option<u8>, note: u8) {
        let mut input = json!({
            "ModelPackageGroupName": name,
            "InferenceSpecification": { "Containers": [{ "Image": "image" }] },
            "CustomerMetadataProperties": { "0": note.to_string() },
        });
        if let Some(token) = token {
            input["ClientToken"] = format!("token-{token}").into();
        }
        let registered = self.call("CreateModelPackage", input);
        let request = (name.to_lowercase(), note);
        let known =
            token.and_then(|token| self.model.tokens.get(&token)).filter(|(_, arn)| self.model.holds(arn, token));
        if let Some((before, arn)) = known {
            match *before == request {
                true => assert_eq!(registered.unwrap()["ModelPackageArn"], *arn),
                false => refused(registered, "ConflictException", "other parameters"),
            }
            return;
        }
        let Some(group) = self.model.groups.get_mut(&name.to_lowercase()) else {
            return refused(registered, "ValidationException", "does not exist");
        };
        group.last_version += 1;
        let metadata = BTreeMap::from([("0".to_owned(), note.to_string())]);
        group.packages.insert(group.last_version, Package { token, status: "PendingManualApproval", metadata });
        let arn = package_arn(name, group.last_version);
        assert_eq!(registered.unwrap()["ModelPackageArn"], arn);
        token.map(|token| self.model.tokens.insert(token, (request, arn)));
    }

    fn decide(&mut self, group: &str, version: u64, status: &'static str) {
        let input = json!({ "ModelPackageArn": package_arn(group, version), "ModelApprovalStatus": status });
        let decided = self.call("UpdateModelPackage", input);
        match self.model.package(group, version) {
            None => refused(decided, "ValidationException", "does not exist"),
            Some(package) => {
                decided.unwrap();
                package.status = status;
                self.check(group, version);
            }
        }
    }

    fn annotate(&mut self, group: &str, version: u64, key: u8, note: Option<u8>) {
        let mut input = json!({ "ModelPackageArn": package_arn(group, version) });
        match note {
            Some(note) => input["CustomerMetadataProperties"] = json!({ key.to_string(): note.to_string() }),
            None => input["CustomerMetadataPropertiesToRemove"] = json!([key.to_string()]),
        }
        let annotated = self.call("UpdateModelPackage", input);
        let Some(package) = self.model.package(group, version) else {
            return refused(annotated, "ValidationException", "does not exist");
        };
        annotated.unwrap();
        match note {
            Some(note) => drop(package.metadata.insert(key.to_string(), note.to_string())),
            None => drop(package.metadata.remove(&key.to_string())),
        }
        self.check(group, version);
    }

    fn check(&mut self, group: &str, version: u64) {
        let shown =
            self.call("DescribeModelPackage", json!({ "ModelPackageName": package_arn(group, version) })).unwrap();
        let package = self.model.package(group, version).unwrap();
        assert_eq!(shown["ModelApprovalStatus"], package.status);
        let metadata = shown.get("CustomerMetadataProperties").cloned().unwrap_or_else(|| json!({}));
        assert_eq!(metadata, json!(package.metadata));
        assert_eq!(shown["ModelPackageVersion"], version);
    }

    fn delete(&mut self, group: &str, version: u64) {
        let deleted = self.call("DeleteModelPackage", json!({ "ModelPackageName": package_arn(group, version) }));
        match self.model.package(group, version) {
            None => refused(deleted, "ValidationException", "does not exist"),
            Some(_) => {
                deleted.unwrap();
                self.model.groups.get_mut(&group.to_lowercase()).unwrap().packages.remove(&version);
            }
        }
    }

    fn list(&mut self, name: &str, size: usize, descending: bool, status: Option<&str>) {
        let order = if descending { "Descending" } else { "Ascending" };
        let mut input = json!({ "ModelPackageGroupName": name, "MaxResults": size, "SortOrder": order });
        if let Some(status) = status {
            input["ModelApprovalStatus"] = status.into();
        }
        let listed = self.pages("ListModelPackages", input, "ModelPackageSummaryList");
        let Some(group) = self.model.groups.get(&name.to_lowercase()) else {
            return refused(listed.map(Value::from), "ValidationException", "does not exist");
        };
        let wanted = group.packages.iter().filter(|(_, package)| status.is_none_or(|status| package.status == status));
        let mut wanted: Vec<_> = wanted.map(|(version, package)| (*version, package.status)).collect();
        if descending {
            wanted.reverse();
        }
        let listed = listed.unwrap();
        let shown = |row: &Value| (row["ModelPackageVersion"].as_u64().unwrap(), row["ModelApprovalStatus"].clone());
        assert_eq!(
            listed.iter().map(shown).collect::<Vec<_>>(),
            wanted.into_iter().map(|(v, s)| (v, s.into())).collect::<Vec<_>>()
        );
    }

    fn list_groups(&mut self, size: usize, part: &str) {
        let input = json!({ "SortBy": "Name", "MaxResults": size, "NameContains": part });
        let listed = self.pages("ListModelPackageGroups", input, "ModelPackageGroupSummaryList").unwrap();
        let names: Vec<_> = listed.iter().map(|row| row["ModelPackageGroupName"].as_str().unwrap()).collect();
        let mut wanted: Vec<_> = self.model.groups.values().map(|group| group.name.as_str()).collect();
        wanted.retain(|name| name.to_lowercase().contains(&part.to_lowercase()));
        wanted.sort_unstable();
        assert_eq!(names, wanted);
    }
}

impl Model {
    fn package(&mut self, group: &str, version: u64) -> Option<&mut Package> {
        self.groups.get_mut(&group.to_lowercase())?.packages.get_mut(&version)
    }

    /// Whether the package that was registered with the token is still there.
    fn holds(&self, arn: &str, token: Option<u8>) -> bool {
        let (group, version) = arn.split_once("model-package/").unwrap().1.split_once('/').unwrap();
        let package = self.groups.get(group).and_then(|group| group.packages.get(&version.parse().unwrap()));
        package.is_some_and(|package| package.token == token)
    }
}

fn group_arn(group: &str) -> String {
    format!("arn:aws:sagemaker:us-east-1:123456789012:model-package-group/{}", group.to_lowercase())
}

fn package_arn(group: &str, version: u64) -> String {
    format!("arn:aws:sagemaker:us-east-1:123456789012:model-package/{}/{version}", group.to_lowercase())
}

#[track_caller]
fn refused(answer: Result<Value, ApiError>, code: &str, words: &str) {
    let error = answer.unwrap_err();
    assert!(error.code == code && error.message.contains(words), "{error:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { max_shrink_iters: 200, ..ProptestConfig::with_cases(ProptestConfig::default().cases / 10) })]

    #[test]
    fn the_registry_does_what_its_model_does(operations in proptest::collection::vec(operation(), 1..50)) {
        let mut registry = Registry::new();
        for operation in operations {
            registry.apply(operation);
        }
    }
}
