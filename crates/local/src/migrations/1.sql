-- The tables of version 1, for the tests of the steps from there.
CREATE TABLE buckets (
    name       TEXT PRIMARY KEY,
    account    TEXT NOT NULL,
    region     TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    versioning TEXT NOT NULL DEFAULT 'never'
) STRICT;
CREATE TABLE versions (
    seq           INTEGER PRIMARY KEY AUTOINCREMENT,
    bucket        TEXT NOT NULL REFERENCES buckets (name),
    key           TEXT NOT NULL,
    version_id    TEXT NOT NULL,
    is_latest     INTEGER NOT NULL,
    delete_marker INTEGER NOT NULL,
    blob          TEXT,
    size          INTEGER NOT NULL,
    etag          TEXT NOT NULL,
    last_modified INTEGER NOT NULL,
    attributes    TEXT NOT NULL,
    UNIQUE (bucket, key, version_id)
) STRICT;
CREATE UNIQUE INDEX versions_latest ON versions (bucket, key) WHERE is_latest = 1;
CREATE INDEX versions_newest_first ON versions (bucket, key, seq DESC);
CREATE INDEX versions_blob ON versions (blob);
CREATE TABLE uploads (
    upload_id    TEXT PRIMARY KEY,
    bucket       TEXT NOT NULL REFERENCES buckets (name),
    key          TEXT NOT NULL,
    initiated_at INTEGER NOT NULL,
    attributes   TEXT NOT NULL,
    algorithm    TEXT,
    composite    INTEGER NOT NULL
) STRICT;
CREATE TABLE parts (
    upload_id     TEXT NOT NULL REFERENCES uploads (upload_id) ON DELETE CASCADE,
    number        INTEGER NOT NULL,
    blob          TEXT NOT NULL,
    size          INTEGER NOT NULL,
    etag          TEXT NOT NULL,
    last_modified INTEGER NOT NULL,
    checksums     TEXT NOT NULL,
    PRIMARY KEY (upload_id, number)
) STRICT;
CREATE INDEX parts_blob ON parts (blob);
CREATE TABLE sagemaker_resource (
    account TEXT NOT NULL, region TEXT NOT NULL, kind TEXT NOT NULL, key TEXT NOT NULL, parent TEXT NOT NULL,
    shown TEXT NOT NULL, kept TEXT NOT NULL,
    PRIMARY KEY (account, region, kind, key)
) STRICT;
CREATE INDEX sagemaker_resource_parent ON sagemaker_resource (account, region, kind, parent);
CREATE TABLE sagemaker_tag (
    account TEXT NOT NULL, arn TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL,
    PRIMARY KEY (account, arn, key)
) STRICT;
PRAGMA user_version = 1;
