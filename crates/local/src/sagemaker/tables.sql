-- Names are unique without regard to case, because ARNs have them in lower case.
-- What AWS shows of a resource and what the service keeps to itself are documents; what lists sort and filter by is
-- read out of them into columns.
CREATE TABLE IF NOT EXISTS sagemaker_resource (
    account TEXT NOT NULL, region TEXT NOT NULL, kind TEXT NOT NULL, key TEXT NOT NULL COLLATE NOCASE,
    parent TEXT NOT NULL,
    name TEXT NOT NULL AS (COALESCE(json_extract(shown, CASE kind
        WHEN 'training-job' THEN '$.TrainingJobName'
        WHEN 'hyper-parameter-tuning-job' THEN '$.HyperParameterTuningJobName'
        WHEN 'model-package-group' THEN '$.ModelPackageGroupName'
        WHEN 'model-package' THEN IIF(parent = '', '$.ModelPackageName', '$.ModelPackageGroupName')
        ELSE '$.Name' END), key)) STORED,
    version INTEGER NOT NULL AS (COALESCE(json_extract(shown, '$.ModelPackageVersion'), 0)) STORED,
    -- Milliseconds since 1970, which compare exactly.
    created INTEGER NOT NULL AS (CAST(ROUND(1000 * COALESCE(json_extract(shown, '$.CreationTime'), 0)) AS INTEGER)) STORED,
    modified INTEGER NOT NULL AS (CAST(ROUND(1000 * COALESCE(
        json_extract(shown, '$.LastModifiedTime'), json_extract(shown, '$.CreationTime'), 0)) AS INTEGER)) STORED,
    status TEXT NOT NULL AS (COALESCE(json_extract(shown, CASE kind
        WHEN 'training-job' THEN '$.TrainingJobStatus'
        WHEN 'hyper-parameter-tuning-job' THEN '$.HyperParameterTuningJobStatus'
        WHEN 'model-package' THEN '$.ModelPackageStatus'
        WHEN 'endpoint' THEN '$.EndpointStatus'
        ELSE '$.Status' END), '')) STORED,
    approval TEXT NOT NULL AS (COALESCE(json_extract(shown, '$.ModelApprovalStatus'), '')) STORED,
    metric REAL AS (json_extract(kept, '$.objective')) STORED,
    shown TEXT NOT NULL, kept TEXT NOT NULL,
    PRIMARY KEY (account, region, kind, key)
) STRICT;
-- Every column of a list, so that a page is found without reading documents.
CREATE INDEX IF NOT EXISTS sagemaker_resource_by_time ON sagemaker_resource
    (account, region, kind, created, name, version, parent, modified, status, approval);
CREATE INDEX IF NOT EXISTS sagemaker_resource_by_name ON sagemaker_resource
    (account, region, kind, name, version, parent, created, modified, status, approval);
CREATE INDEX IF NOT EXISTS sagemaker_resource_of_parent ON sagemaker_resource
    (account, region, kind, parent, created, name, version, modified, status, approval, metric);
CREATE TABLE IF NOT EXISTS sagemaker_tag (
    account TEXT NOT NULL, arn TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL,
    PRIMARY KEY (account, arn, key)
) STRICT;
