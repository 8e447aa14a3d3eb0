-- Version 2 had no policies of buckets, and looked at every file at a start instead of counting who refers to it.
ALTER TABLE buckets ADD COLUMN policy TEXT;
DROP INDEX versions_latest;
DROP INDEX versions_blob;
DROP INDEX parts_blob;
CREATE TABLE blobs (
    id      TEXT PRIMARY KEY,
    refs    INTEGER NOT NULL,
    digests BLOB
) STRICT, WITHOUT ROWID;
INSERT INTO blobs (id, refs)
    SELECT blob, count(*) FROM (SELECT blob FROM versions WHERE blob IS NOT NULL UNION ALL SELECT blob FROM parts)
    GROUP BY blob;
