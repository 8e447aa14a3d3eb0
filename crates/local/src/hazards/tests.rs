use super::*;

fn any(_: &Effect) -> bool {
    true
}

#[test]
fn hazards_happen_in_the_order_they_were_set_and_as_often_as_was_said() {
    let hazards = Hazards::default();
    hazards.set(Hazard::new(Effect::Throttle).on(Service::Sagemaker, "CreateModel").times(2)).unwrap();
    hazards.set(Hazard::new(Effect::CutAfter).on(Service::Sagemaker, "Create*").times(1)).unwrap();
    hazards.set(Hazard::new(Effect::CutBefore).times(0)).unwrap();
    let strike = |operation| hazards.strike(Service::Sagemaker, operation, any);
    assert_eq!(strike("DescribeModel"), None);
    assert_eq!(strike("CreateModel"), Some(Effect::Throttle));
    assert_eq!(strike("CreateEndpoint"), Some(Effect::CutAfter));
    assert_eq!(strike("CreateModel"), Some(Effect::Throttle));
    assert_eq!((strike("CreateModel"), hazards.list()), (None, Vec::new()));
}

#[test]
fn a_hazard_without_a_number_stays_until_it_is_cleared_and_is_for_every_service() {
    let hazards = Hazards::default();
    hazards.set(Hazard::slow(Duration::from_millis(7))).unwrap();
    for service in [Service::S3, Service::Sts, Service::SagemakerRuntime, Service::Sts] {
        assert_eq!(hazards.strike(service, "Anything", any), Some(Effect::Slow { milliseconds: 7 }));
    }
    hazards.clone().clear();
    assert_eq!(hazards.strike(Service::S3, "Anything", any), None);
}

#[test]
fn an_effect_for_another_place_is_left_for_it() {
    let hazards = Hazards::default();
    hazards.set(Hazard::new(Effect::RollBack).times(1)).unwrap();
    hazards.set(Hazard::new(Effect::EmptyPage).times(1)).unwrap();
    assert!(hazards.rolls_back() && !hazards.rolls_back());
    assert!(hazards.holds(|effect| *effect == Effect::EmptyPage) && !hazards.holds(|effect| *effect == Effect::Stale));
}

#[test]
fn a_hazard_is_over_when_its_time_is() {
    let hazards = Hazards::default();
    hazards.set(Hazard::new(Effect::Throttle).lasting(Duration::ZERO)).unwrap();
    assert_eq!((hazards.strike(Service::Sts, "AssumeRole", any), hazards.list()), (None, Vec::new()));
    hazards.set(Hazard::new(Effect::Throttle).lasting(Duration::from_secs(3600))).unwrap();
    assert_eq!(hazards.strike(Service::Sts, "AssumeRole", any), Some(Effect::Throttle));
}

#[test]
fn the_json_of_a_hazard_is_read_and_written() {
    for (json, hazard) in [
        (r#"{"effect":"Throttle"}"#, Hazard::new(Effect::Throttle)),
        (
            r#"{"effect":{"Slow":{"milliseconds":20}},"service":"sagemaker-runtime","operation":"InvokeEndpoint","times":3}"#,
            Hazard::slow(Duration::from_millis(20)).on(Service::SagemakerRuntime, "InvokeEndpoint").times(3),
        ),
        (
            r#"{"effect":{"Error":{"code":"ConditionalRequestConflict","status":409,"message":"Again."}},"service":"s3","operation":"PutObject"}"#,
            Hazard::error("ConditionalRequestConflict", 409, "Again.").on(Service::S3, "PutObject"),
        ),
    ] {
        assert_eq!(serde_json::from_str::<Hazard>(json).unwrap(), hazard);
        assert_eq!(serde_json::to_string(&hazard).unwrap(), json);
    }
    for wrong in [r#"{"effect":"Explode"}"#, r#"{"effect":"Throttle","operatoin":"CreateModel"}"#, r#"{"times":1}"#] {
        assert!(serde_json::from_str::<Hazard>(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn a_hazard_that_could_never_happen_is_refused_with_its_reason() {
    let hazards = Hazards::default();
    for (hazard, reason) in [
        (Hazard::new(Effect::Throttle).on(Service::Sagemaker, "CreateModle"), "CreateModle is no operation"),
        (Hazard::new(Effect::Throttle).on(Service::S3, "Describe*"), "Describe* is no operation"),
        (Hazard::new(Effect::EmptyPage).on(Service::S3, "ListObjectsV2"), "another service's"),
        (Hazard::new(Effect::ServerError { status: 200 }), "from 500 to 599"),
        (Hazard::error("ModelError", 42, ""), "from 400 to 599"),
    ] {
        let error = hazards.set(hazard).unwrap_err().to_string();
        assert!(error.contains(reason), "{error}");
    }
    for (service, operation) in [
        (Service::S3, "ListObjectsV2"),
        (Service::S3, "PutObject"),
        (Service::Sagemaker, "List*"),
        (Service::SagemakerRuntime, "InvokeEndpoint"),
        (Service::Sts, "AssumeRole"),
    ] {
        hazards.set(Hazard::new(Effect::CutAfter).on(service, operation)).unwrap();
    }
}
