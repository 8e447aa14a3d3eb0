"""MinIO's client, which signs, parses and splits uploads by code of its own."""

import io
import urllib.request
from datetime import timedelta

import pytest
from checks import fresh
from minio import Minio
from minio.commonconfig import ComposeSource, CopySource
from minio.deleteobjects import DeleteObject
from minio.error import S3Error
from minio.versioningconfig import ENABLED, VersioningConfig


@pytest.fixture(scope="module")
def minio(account):
    return Minio(account.endpoint_url.removeprefix("http://"), account.access_key, account.secret_key, secure=False)


def test_a_stream_of_unknown_length_goes_there_and_back(minio, bucket, large):
    minio.put_object(bucket, "large", io.BytesIO(large), length=-1, part_size=5 * 2**20, metadata={"origin": "test"})
    stat = minio.stat_object(bucket, "large")
    assert stat.size == len(large) and stat.metadata["x-amz-meta-origin"] == "test" and stat.etag.endswith("-4")
    assert minio.get_object(bucket, "large").read() == large
    assert minio.get_object(bucket, "large", offset=10, length=5).read() == large[10:15]
    minio.compose_object(bucket, "composed", [ComposeSource(bucket, "large"), ComposeSource(bucket, "large", length=7)])
    assert minio.get_object(bucket, "composed").read() == large + large[:7]


def test_objects_are_listed_copied_and_removed(minio, bucket):
    names = ["dir/a+b c.txt", "dir/sub/x.txt", "dir/ü.txt"]
    for name in names:
        minio.put_object(bucket, name, io.BytesIO(name.encode()), len(name.encode()), content_type="text/plain")
    assert [item.object_name for item in minio.list_objects(bucket, "dir/", recursive=True)] == names
    # The client sorts a page by kind.
    assert [item.object_name for item in minio.list_objects(bucket, "dir/")] == ["dir/a+b c.txt", "dir/ü.txt", "dir/sub/"]
    minio.copy_object(bucket, "copied.txt", CopySource(bucket, names[0]))
    assert minio.get_object(bucket, "copied.txt").read() == names[0].encode()
    assert list(minio.remove_objects(bucket, [DeleteObject(name) for name in names])) == []
    assert list(minio.list_objects(bucket, "dir/", recursive=True)) == []
    with pytest.raises(S3Error) as refusal:
        minio.get_object(bucket, "dir/ü.txt")
    assert refusal.value.code == "NoSuchKey"


def test_versions_are_kept(minio):
    name = fresh("versions")
    minio.make_bucket(name)
    minio.set_bucket_versioning(name, VersioningConfig(ENABLED))
    first = minio.put_object(name, "key", io.BytesIO(b"1"), 1).version_id
    minio.put_object(name, "key", io.BytesIO(b"2"), 1)
    minio.remove_object(name, "key")
    assert minio.get_object(name, "key", version_id=first).read() == b"1"
    versions = list(minio.list_objects(name, include_version=True))
    assert [(each.is_delete_marker, each.is_latest) for each in versions] == [(False, "false"), (False, "false"), (True, "true")]
    for each in versions:
        minio.remove_object(name, "key", version_id=each.version_id)
    minio.remove_bucket(name)
    assert not minio.bucket_exists(name)


def test_a_presigned_url_is_enough(minio, bucket):
    put = urllib.request.Request(minio.presigned_put_object(bucket, "by url", timedelta(minutes=1)), b"body", method="PUT")
    assert urllib.request.urlopen(put).status == 200
    assert urllib.request.urlopen(minio.presigned_get_object(bucket, "by url", timedelta(minutes=1))).read() == b"body"
