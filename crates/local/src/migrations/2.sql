-- Version 1 had no columns to sort and filter by, told keys apart by their case, and did not say in a package which client
-- token it was registered with.
ALTER TABLE sagemaker_resource RENAME TO sagemaker_resource_1;
DROP INDEX sagemaker_resource_parent;
CREATE TABLE sagemaker_resource (
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
CREATE INDEX sagemaker_resource_by_time ON sagemaker_resource
    (account, region, kind, created, name, version, parent, modified, status, approval);
CREATE INDEX sagemaker_resource_by_name ON sagemaker_resource
    (account, region, kind, name, version, parent, created, modified, status, approval);
CREATE INDEX sagemaker_resource_of_parent ON sagemaker_resource
    (account, region, kind, parent, created, name, version, modified, status, approval, metric);
INSERT INTO sagemaker_resource (account, region, kind, key, parent, shown, kept)
    SELECT account, region, kind, key, parent, shown, IIF(kind = 'model-package', json_object('client_token', (
        SELECT token.key FROM sagemaker_resource_1 AS token WHERE token.kind = 'client-token'
            AND json_extract(token.kept, '$.arn') = json_extract(package.shown, '$.ModelPackageArn'))), kept)
    FROM sagemaker_resource_1 AS package;
DROP TABLE sagemaker_resource_1;
