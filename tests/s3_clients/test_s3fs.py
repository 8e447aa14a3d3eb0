"""s3fs, and pandas through it."""

import pandas as pd
import pytest
import s3fs


@pytest.fixture(scope="module")
def fs(in_environment):
    return s3fs.S3FileSystem()


def test_files_are_written_found_and_removed(fs, bucket):
    fs.pipe(f"{bucket}/files/a b.txt", b"one")
    fs.pipe(f"{bucket}/files/deep/er/c.txt", b"two")
    assert sorted(fs.ls(f"{bucket}/files")) == [f"{bucket}/files/a b.txt", f"{bucket}/files/deep"]
    assert fs.find(f"{bucket}/files") == [f"{bucket}/files/a b.txt", f"{bucket}/files/deep/er/c.txt"]
    assert fs.glob(f"{bucket}/files/**/c.*") == [f"{bucket}/files/deep/er/c.txt"]
    assert fs.info(f"{bucket}/files/a b.txt")["size"] == 3 and fs.isdir(f"{bucket}/files/deep")
    fs.mv(f"{bucket}/files/a b.txt", f"{bucket}/files/moved.txt")
    assert fs.cat(f"{bucket}/files/moved.txt") == b"one" and not fs.exists(f"{bucket}/files/a b.txt")
    fs.rm(f"{bucket}/files", recursive=True)
    assert not fs.exists(f"{bucket}/files")
    with pytest.raises(FileNotFoundError):
        fs.cat(f"{bucket}/files/moved.txt")


def test_a_large_file_is_written_in_parts_and_read_anywhere(fs, bucket, large):
    with fs.open(f"{bucket}/large", "wb", block_size=5 * 2**20) as file:
        for start in range(0, len(large), 1 << 20):
            file.write(large[start : start + (1 << 20)])
    with fs.open(f"{bucket}/large", "rb", block_size=1 << 20) as file:
        file.seek(7_000_000)
        assert file.read(100) == large[7_000_000:7_000_100]
        file.seek(-10, 2)
        assert file.read() == large[-10:]
    with fs.open(f"{bucket}/large", "ab") as file:
        file.write(b"more")
    assert fs.cat(f"{bucket}/large") == large + b"more"


def test_pandas_reads_and_writes(in_environment, bucket):
    frame = pd.DataFrame({"label": [1.5, -2.0], "name": ["a", "ü"]})
    frame.to_csv(f"s3://{bucket}/frame.csv", index=False)
    pd.testing.assert_frame_equal(pd.read_csv(f"s3://{bucket}/frame.csv"), frame)
    frame.to_csv(f"s3://{bucket}/frame.csv.gz", index=False)
    pd.testing.assert_frame_equal(pd.read_csv(f"s3://{bucket}/frame.csv.gz"), frame)
