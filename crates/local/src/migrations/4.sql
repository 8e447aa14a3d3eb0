-- Version 3 had a file for every object, however small.
ALTER TABLE blobs ADD COLUMN bytes BLOB;
