"""The manifest: its bytes are a function of its content, and a folder that is no dataset says so."""

import msgspec
import pytest

from whaletrader.datasets.manifest import (
    MANIFEST_FILE,
    Manifest,
    SourceEntry,
    TableEntry,
    fingerprint,
    manifest_bytes,
    read_manifest,
    write_manifest,
)
from whaletrader.datasets.schema import SCHEMA_VERSION
from whaletrader.errors import SchemaError


def manifest(**given):
    sound = {
        "schema_version": SCHEMA_VERSION,
        "name": "tiny",
        "kind": "real",
        "sources": [
            SourceEntry(
                name="s",
                file="f",
                sha256="ab",
                importer="x/1",
                table="trades",
                rows_in=3,
                rows_out=2,
                dropped={"bad": 1},
            )
        ],
        "tables": {"trades": TableEntry(rows=2, files=["trades-0.parquet"], sha256=["cd"])},
        "first_ts": 1,
        "last_ts": 2,
    }
    return Manifest(**{**sound, **given})


def test_a_manifest_comes_back_as_it_was_written(tmp_path):
    write_manifest(tmp_path, manifest())
    assert read_manifest(tmp_path) == manifest()


def test_writing_leaves_no_partial_file(tmp_path):
    write_manifest(tmp_path, manifest())
    assert [path.name for path in tmp_path.iterdir()] == [MANIFEST_FILE]


def test_equal_manifests_have_equal_bytes_whatever_the_order_of_their_tables():
    entry = TableEntry(rows=0, files=[], sha256=[])
    one = manifest(tables={"trades": entry, "wallets": entry})
    other = manifest(tables={"wallets": entry, "trades": entry})
    assert manifest_bytes(one) == manifest_bytes(other)


def test_the_fingerprint_changes_with_any_digest():
    other = manifest(tables={"trades": TableEntry(rows=2, files=["trades-0.parquet"], sha256=["ce"])})
    assert fingerprint(manifest()) != fingerprint(other)
    assert fingerprint(manifest()) == fingerprint(manifest())


def test_the_bytes_hold_neither_a_path_nor_a_time(tmp_path):
    write_manifest(tmp_path, manifest())
    assert str(tmp_path) not in (tmp_path / MANIFEST_FILE).read_text()


def test_a_folder_without_a_manifest_is_no_dataset(tmp_path):
    with pytest.raises(SchemaError, match=r"is no dataset: it has no dataset\.json"):
        read_manifest(tmp_path)


def test_a_file_is_no_dataset(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(SchemaError, match="is no dataset"):
        read_manifest(tmp_path / "file")


def test_a_folder_that_is_not_there_is_no_dataset(tmp_path):
    with pytest.raises(SchemaError, match="is no dataset"):
        read_manifest(tmp_path / "gone")


def test_another_schema_version_is_named(tmp_path):
    body = msgspec.to_builtins(manifest()) | {"schema_version": 99}
    (tmp_path / MANIFEST_FILE).write_bytes(msgspec.json.encode(body))
    with pytest.raises(SchemaError, match="has schema version 99, this program reads version 1"):
        read_manifest(tmp_path)


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b'{"schema_version": 1}', b'{"schema_version": 1, "name": 5}'])
def test_what_is_no_manifest_is_one_clear_sentence(tmp_path, raw):
    (tmp_path / MANIFEST_FILE).write_bytes(raw)
    with pytest.raises(SchemaError, match=r"is no dataset manifest .*; import the data anew"):
        read_manifest(tmp_path)
