"""obstore: Rust's object_store, below Polars, DataFusion and Delta Lake."""

from datetime import timedelta
import urllib.request

import obstore
import pytest
from obstore.exceptions import AlreadyExistsError, PreconditionError
from obstore.store import S3Store


@pytest.fixture(scope="module")
def store(account, bucket):
    return S3Store(
        bucket, endpoint=account.endpoint_url, region="us-east-1", access_key_id=account.access_key,
        secret_access_key=account.secret_key, client_options={"allow_http": True},
    )  # fmt: skip


def test_a_large_object_is_put_in_parts_and_read_in_ranges(store, large):
    store.put("large", large, chunk_size=5 * 2**20, use_multipart=True)
    assert store.head("large")["size"] == len(large)
    assert bytes(store.get("large").bytes()) == large
    ranges = store.get_ranges("large", starts=[0, 9_000_000], lengths=[10, 20])
    assert [bytes(each) for each in ranges] == [large[:10], large[9_000_000:9_000_020]]


def test_writes_are_conditional(store):
    first = store.put("once", b"1", mode="create")
    with pytest.raises(AlreadyExistsError):
        store.put("once", b"2", mode="create")
    second = store.put("once", b"2", mode={"e_tag": first["e_tag"]})
    with pytest.raises(PreconditionError):
        store.put("once", b"3", mode={"e_tag": first["e_tag"]})
    assert second["e_tag"] != first["e_tag"] and bytes(store.get("once").bytes()) == b"2"


def test_objects_are_listed_copied_renamed_and_deleted(store):
    names = ["list/a b.txt", "list/sub/x.txt", "list/ü.txt"]
    for name in names:
        store.put(name, name.encode())
    assert sorted(each["path"] for page in store.list("list/", chunk_size=2) for each in page) == names
    listed = store.list_with_delimiter("list/")
    assert listed["common_prefixes"] == ["list/sub"]
    assert sorted(each["path"] for each in listed["objects"]) == ["list/a b.txt", "list/ü.txt"]
    store.copy(names[0], "list/copied")
    store.rename("list/copied", "list/renamed")
    assert bytes(store.get("list/renamed").bytes()) == names[0].encode()
    store.delete([*names, "list/renamed"])
    assert [page for page in store.list("list/")] == []
    with pytest.raises(FileNotFoundError):
        store.get(names[0])


def test_a_signed_url_is_enough(store):
    store.put("signed", b"body")
    url = obstore.sign(store, "GET", "signed", timedelta(minutes=1))
    assert urllib.request.urlopen(url).read() == b"body"
