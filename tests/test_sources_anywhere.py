"""Files wherever a URL names them: listed by the same rules, taken with the same care, never withdrawn
because they could not be looked at."""

from __future__ import annotations

from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import fsspec
import pytest
from fsspec.implementations.memory import MemoryFileSystem

from assets.progress import silent
from assets.taking import take_files
from tests.s3_server import s3
from tests.warehouse_fixtures import a_home, day
from warehouse import settings
from warehouse.ledger import Ledger
from warehouse.listing import SourceProblem, discover, name_of
from warehouse.sources import Limits, kept, take
from warehouse.vanished import vanished

__all__ = ["s3"]

NOW = datetime(2026, 11, 22, 2, tzinfo=UTC)


@pytest.fixture
def memory():
    """A filesystem of this process, empty."""
    MemoryFileSystem.store.clear()
    MemoryFileSystem.pseudo_dirs[:] = [""]
    yield fsspec.filesystem("memory")
    MemoryFileSystem.store.clear()


def put(files, **contents: str) -> None:
    for name, text in contents.items():
        files.pipe_file(f"/reports/{name.replace('__', '/')}.txt", text.encode())


def test_a_url_is_listed_by_the_same_rules_and_paths_stay_as_given(memory) -> None:
    put(memory, b="b", 内层__a="a", 内层__深处__c="c")
    for name in (".hidden.txt", "~$lock.txt", "page.png", ".git/d.txt"):
        memory.pipe_file(f"/reports/{name}", b"x")
    listing = discover(["memory://reports/", "memory://reports/内层"])
    assert [f.path for f in listing.files] == [
        "memory://reports/b.txt",
        "memory://reports/内层/a.txt",
        "memory://reports/内层/深处/c.txt",
    ]
    assert {name_of(s.path): s.rule for s in listing.skipped} == {
        ".git": "隐藏文件",
        ".hidden.txt": "隐藏文件",
        "page.png": "未知后缀",
        "~$lock.txt": "隐藏文件",
    }
    assert (listing.problems, listing.named) == ((), ())
    single = discover(["memory://reports/page.png"])
    assert [(f.path, f.size) for f in single.files] == [("memory://reports/page.png", 1)]
    assert single.named == ("memory://reports/page.png",)


def test_a_file_url_is_the_path_that_it_names(tmp_path) -> None:
    (tmp_path / "a.txt").write_text("a", "utf-8")
    assert discover([f"file://{tmp_path}"]) == discover([tmp_path])


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("s3://who:secret@bucket/a", "s3://bucket/a"),
        ("https://who@host/a.pdf", "https://host/a.pdf"),
        ("https://host/a.pdf?X-Amz-Signature=abc&x=1", "https://host/a.pdf"),
    ],
)
def test_a_url_with_credentials_is_refused_and_they_are_shown_nowhere(url, shown, tmp_path) -> None:
    home = a_home(tmp_path)
    take_files(home, [url], NOW, silent)
    [problem] = discover([url]).problems
    assert (problem.path, "密码" in problem.reason) == (shown, True)
    written = home.ledger_file.read_text("utf-8")
    assert shown in written
    assert "secret" not in written
    assert "abc" not in written
    assert "who" not in written


def test_an_at_sign_in_a_name_is_no_credential(memory) -> None:
    memory.pipe_file("/reports/a@b.txt", b"x")
    assert [f.path for f in discover(["memory://reports"]).files] == ["memory://reports/a@b.txt"]


@pytest.mark.parametrize(
    ("url", "words"),
    [("nosuch://a/b", "不认得 nosuch://"), ("memory://nothing/here", "不存在")],
)
def test_a_url_that_leads_nowhere_says_why(memory, url, words) -> None:
    [problem] = discover([url]).problems
    assert words in problem.reason
    assert problem.advice


def test_what_a_url_holds_is_taken_once_and_known_by_its_mark(memory, tmp_path) -> None:
    home = a_home(tmp_path)
    put(memory, a="一份", b="二份")
    (tmp_path / "c.txt").write_text("三份", "utf-8")
    given = ["memory://reports", tmp_path / "c.txt"]
    assert take_files(home, given, NOW, silent)["新增或改动"] == 3
    assert take_files(home, given, NOW, silent)["新增或改动"] == 0
    put(memory, a="改了")
    assert take_files(home, given, NOW, silent)["新增或改动"] == 1
    state = Ledger(home).state()
    assert kept(home, state.current["memory://reports/a.txt"].sha256).decode() == "改了"
    assert len(list(home.sources.iterdir())) == 4


def test_a_file_at_a_url_that_is_too_large_gone_or_being_written_is_not_taken(
    memory, tmp_path, monkeypatch
) -> None:
    home = a_home(tmp_path)
    put(memory, a="abcd")
    [listed] = discover(["memory://reports"]).files
    with pytest.raises(SourceProblem, match="超过上限"):
        take(home, listed, Limits(max_bytes=3))
    real = MemoryFileSystem.open

    def overwritten(self, path, *args, **more):
        file = real(self, path, *args, **more)
        monkeypatch.undo()
        self.pipe_file(path, b"dcba")
        return file

    monkeypatch.setattr(MemoryFileSystem, "open", overwritten)
    with pytest.raises(SourceProblem, match="正在被改写"):
        take(home, listed)
    memory.rm("/reports/a.txt")
    with pytest.raises(SourceProblem, match="不存在"):
        take(home, listed)
    assert list(home.sources.iterdir()) == []


def test_a_withdrawal_at_a_url_needs_a_listing_that_worked(memory, tmp_path, monkeypatch) -> None:
    home = a_home(tmp_path)
    put(memory, **{f"{part}__{n:02}": f"{part}{n}" for part in ("a", "b") for n in range(20)})
    take_files(home, ["memory://reports"], NOW, silent)
    memory.rm("/reports/a/03.txt")
    state = Ledger(home).state()
    assert vanished(state, discover(["memory://reports"])).paths == ("memory://reports/a/03.txt",)
    real = MemoryFileSystem.ls

    def broken(self, path, *args, **more):
        if path.endswith("/a"):
            raise TimeoutError("对方没有回答")
        return real(self, path, *args, **more)

    monkeypatch.setattr(MemoryFileSystem, "ls", broken)
    found = vanished(state, discover(["memory://reports"]))
    assert found.paths == ()
    assert "原有的 20 个文件照旧" in found.refused[0]
    assert "对方没有回答" in found.refused[0]
    monkeypatch.undo()
    memory.rm("/reports", recursive=True)
    found = vanished(state, discover(["memory://reports"]))
    assert found.paths == ()
    assert "原有的 40 个文件照旧" in found.refused[0]


def test_a_bucket_is_a_source_like_any_other(s3, tmp_path, monkeypatch) -> None:
    home = a_home(tmp_path)
    files = fsspec.filesystem("s3", use_listings_cache=False, skip_instance_cache=True)
    files.mkdir("province")
    for name in ("2023/甲.txt", "2024/乙 &+#.txt", "2024/图.png"):
        files.pipe_file(f"province/reports/{name}", name.encode())
    given = ["s3://province/reports"]
    assert take_files(home, given, NOW, silent) == {
        "文件": 2,
        "新增或改动": 2,
        "读不了": 0,
        "略过": 1,
        "撤回": 0,
        "未标撤回": "",
    }
    assert set(Ledger(home).state().current) == {
        "s3://province/reports/2023/甲.txt",
        "s3://province/reports/2024/乙 &+#.txt",
    }
    # The same bytes put again are as they were; others are not, at the same size and in the same second.
    files.pipe_file("province/reports/2023/甲.txt", "2023/甲.txt".encode())
    assert take_files(home, given, NOW, silent)["新增或改动"] == 0
    files.pipe_file("province/reports/2023/甲.txt", "2023/丙.txt".encode())
    assert take_files(home, given, NOW, silent)["新增或改动"] == 1
    files.rm("province/reports", recursive=True)
    for nothing in (given, ["s3://province"], ["s3://nowhere/reports"]):
        assert take_files(home, nothing, day(30), silent)["撤回"] == 0
    assert not any(d.withdrawn_at for d in Ledger(home).state().documents.values())


class Site(BaseHTTPRequestHandler):
    """One page, one that is not there, one that fails."""

    def do_GET(self) -> None:
        self.send_response({"/a.pdf": 200, "/gone.pdf": 404}.get(self.path, 500))
        self.send_header("ETag", '"1"')
        self.send_header("Content-Length", "4")
        self.end_headers()
        self.wfile.write(b"page" if self.command == "GET" else b"")

    do_HEAD = do_GET  # noqa: N815 - what the server calls them

    def log_message(self, *_: object) -> None: ...


def test_a_page_of_a_web_site_is_a_file(tmp_path) -> None:
    home = a_home(tmp_path)
    with ThreadingHTTPServer(("127.0.0.1", 0), Site) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        site = f"http://127.0.0.1:{server.server_port}"
        listing = discover([f"{site}/a.pdf", f"{site}/gone.pdf", f"{site}/broken.pdf"])
        assert [(f.path, f.size, f.mark) for f in listing.files] == [(f"{site}/a.pdf", 4, '"1"')]
        assert take(home, listing.files[0]).data == b"page"
        server.shutdown()
    gone, broken = (problem.reason for problem in listing.problems)
    assert gone == "文件不存在或已被移走"
    assert broken.startswith("连不上或读取出错（")
    [refused] = discover([f"{site}/a.pdf"]).problems
    assert refused.reason.startswith("连不上或读取出错（")


def test_the_standing_sources_of_a_home_are_what_its_settings_say(tmp_path) -> None:
    home = a_home(tmp_path)
    assert settings.load(home).places(home) == [str(home.inbox)]
    home.settings_file.write_text("来源: [inbox, /data/决算, s3://bucket/reports]\n", "utf-8")
    places = [str(home.inbox), "/data/决算", "s3://bucket/reports"]
    assert settings.load(home).places(home) == places
    for wrong in ("来源: inbox", "来源: []", "来源: [1]", "来源: ['']"):
        home.settings_file.write_text(wrong, "utf-8")
        with pytest.raises(settings.SettingsError, match="来源"):
            settings.load(home)
