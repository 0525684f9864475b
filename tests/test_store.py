"""Where sources and parts lie: a folder, fsspec's memory and a real S3 server hold and say the same."""

from __future__ import annotations

import shutil
from pathlib import Path
from uuid import uuid4

import pytest
from typer.testing import CliRunner, Result

import juesuan
from tests.warehouse_fixtures import document, full_part
from warehouse import lake
from warehouse.home import Home
from warehouse.query import query
from warehouse.store import Folder, StoreError, opened, store_at, store_of

SAMPLES = Path(__file__).parent.parent / "data" / "samples"
BUCKET = "juesuan"


@pytest.fixture(scope="module")
def s3():
    """A server of S3 on this machine with one bucket; its address and its key are in the environment."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(name, "test")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        import s3fs

        s3fs.S3FileSystem.clear_instance_cache()
        s3fs.S3FileSystem().mkdir(BUCKET)
        yield f"s3://{BUCKET}"
    s3fs.S3FileSystem.clear_instance_cache()
    server.stop()


@pytest.fixture(params=["folder", "file", "memory", "s3"])
def place(request, tmp_path) -> str:
    """A place of each kind, which nothing was put into yet."""
    if request.param == "s3":
        return f"{request.getfixturevalue('s3')}/{uuid4().hex}"
    return {
        "folder": str(tmp_path / "x"),
        "file": f"file://{tmp_path}/共享",
        "memory": f"memory://{uuid4().hex}",
    }[request.param]


def test_what_is_written_is_there_whole_and_under_its_key_alone(place) -> None:
    store = store_at(place)
    assert store.names("sources") == set()
    assert store.size("sources/a") is None
    for key in ("sources/a", "lake/parts/aa/b"):
        with pytest.raises(FileNotFoundError):
            store.read(key)
        store.write(key, b"0123456789" * 2)
        store.write(key, b"0123456789")
        assert store_at(store.place).read(key) == b"0123456789"
    store.write("sources/c", b"", durable=False)
    assert (store.size("sources/a"), store.size("sources/c")) == (10, 0)
    assert store.read("sources/a", 4) == b"0123"
    assert store.names("sources") == {"a", "c"}
    assert store.read_many(["lake/parts/aa/b", "sources/c"]) == [b"0123456789", b""]
    assert store.read_many(["sources/a"]) == [b"0123456789"]
    with pytest.raises(FileNotFoundError):
        store.read_many(["sources/a", "sources/none"])


def test_parts_are_kept_and_read_from_any_store(place) -> None:
    store = store_at(place)
    parts = [full_part(document(text)) for text in ("a", "b")]
    ids = [part.document.document_id for part in parts]
    version = parts[0].document.reader_version
    assert not lake.has_part(store, ids[0], version)
    keys = [lake.write_part(store, part) for part in parts]
    assert lake.read_parts(store, ids * 2, version)["document_id"].to_list() == sorted(ids)
    assert lake.kept_part(store, ids[0], version) == lake.KeptPart(parts[0].document.fiscal_year)
    # A whole part, but of another document; and one in pieces.
    store.write(keys[0], store.read(keys[1]))
    assert not lake.has_part(store, ids[0], version)
    store.write(keys[0], store.read(keys[1])[:100])
    assert not lake.has_part(store, ids[0], version)
    with pytest.raises(lake.LakeError, match="0123456789ab"):
        lake.read_parts(store, ["0123456789ab"], version)


def test_a_home_is_its_own_store_unless_its_settings_name_another(tmp_path) -> None:
    home = Home(tmp_path).ensure()
    assert isinstance(store_of(home), Folder)
    assert opened(home).place == str(tmp_path)
    assert not list(tmp_path.rglob("juesuan-store"))
    home.settings_file.write_text("共享存储: memory://x", "utf-8")
    assert store_of(home).place == "memory://x"
    assert store_of(store := store_at("memory://y")) is store


def test_a_store_that_lost_its_stamp_is_not_taken_for_the_same(tmp_path) -> None:
    home, shared = Home(tmp_path / "home").ensure(), tmp_path / "mounted"
    home.settings_file.write_text(f"共享存储: file://{shared}", "utf-8")
    opened(home).write("sources/a", b"a")
    assert opened(home).read("sources/a") == b"a"
    shared.rename(tmp_path / "unmounted")
    shared.mkdir()
    with pytest.raises(StoreError, match="确认已经挂载"):
        opened(home)
    assert list(shared.iterdir()) == []
    (home.lake / "juesuan-store").unlink()
    assert opened(home).names("sources") == set()


def invoke(home: Path, *paths: Path) -> Result:
    return CliRunner().invoke(juesuan.app, ["run", *map(str, paths), "--home", str(home)])


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("s3://no-such-bucket/x", "用不了"),
        ("nonsense://x", "用不了"),
        ("file:///proc/juesuan", "没有完成"),
    ],
)
def test_a_store_that_cannot_be_used_is_one_line_and_nothing_is_marked(tmp_path, s3, url, said) -> None:
    home = Home(tmp_path).ensure()
    home.settings_file.write_text(f"共享存储: {url}", "utf-8")
    (home.inbox / "a.txt").write_text("2024年度部门决算", "utf-8")
    result = invoke(home.root)
    assert (result.exit_code, result.output.count("\n")) == (1, 1)
    assert said in result.output
    assert not home.ledger_file.exists()


@pytest.mark.parametrize("url", ["s3://bucket/x", "s3://x:geheim@bucket/x"])
def test_a_store_that_nobody_answers_for_is_one_line(tmp_path, monkeypatch, url) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "geheim")
    import s3fs

    s3fs.S3FileSystem.clear_instance_cache()
    home = Home(tmp_path).ensure()
    home.settings_file.write_text(f"共享存储: {url}", "utf-8")
    with pytest.raises(StoreError, match="共享存储 s3://bucket/x 用不了") as caught:
        opened(home)
    assert "geheim" not in str(caught.value)
    assert "\n" not in str(caught.value)
    s3fs.S3FileSystem.clear_instance_cache()


@pytest.mark.slow
def test_a_run_on_s3_publishes_what_a_run_on_a_disk_does(tmp_path, s3) -> None:
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    for sample in SAMPLES.glob("示例市档案服务中心*"):
        shutil.copy(sample, inbox)
    there, here = Home(tmp_path / "there").ensure(), Home(tmp_path / "here").ensure()
    there.settings_file.write_text(f"共享存储: {s3}/{uuid4().hex}", "utf-8")
    for home in (there, here):
        assert invoke(home.root, inbox).exit_code == 0
    assert list(there.sources.iterdir()) == []
    assert len(store_of(there).names("sources")) == 2
    for year in lake.years(here):
        for table in lake.PART_TABLES:
            assert lake.read_year(there, table, year).equals(lake.read_year(here, table, year))
    tables = "SELECT table_name FROM information_schema.tables WHERE table_name LIKE 'fact%' ORDER BY 1"
    assert query(there, tables).rows == query(here, tables).rows
    total = "SELECT count(*), sum(amount) FROM fact_line_item"
    assert query(there, total).rows == query(here, total).rows
    quiet = invoke(there.root, inbox)
    assert (quiet.exit_code, "没有新内容" in quiet.output) == (0, True)
