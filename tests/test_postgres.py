"""Dagster's records in a real PostgreSQL server: the chain goes through it, no password in a file."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from assets import run as run_module
from assets.automation import year_tags
from assets.definitions import definitions
from assets.instance import environment
from assets.resources import HomeResource
from tests.expectations_examples import frame
from tests.test_assets import filled, no_findings
from warehouse.query import query

# Debian keeps the server's programs out of the path.
PROGRAMS = [*Path("/usr/lib/postgresql").glob("*/bin"), Path(shutil.which("initdb") or "/-").parent]
BIN = next((folder for folder in PROGRAMS if (folder / "initdb").exists()), None)
# The server refuses to be run by root.
OWNER = None if os.getuid() else "postgres"
PASSWORD = "geheim-7"  # noqa: S105 - of a server that lives as long as a test

pytestmark = pytest.mark.skipif(BIN is None, reason="no PostgreSQL server: apt-get install postgresql")


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The URL, without the password, of an empty database on a free port of this machine."""
    with tempfile.TemporaryDirectory(prefix="juesuan-pg-") as made:
        folder = Path(made)
        (folder / "password").write_text(PASSWORD, "utf-8")
        if OWNER:
            shutil.chown(folder, OWNER)
            shutil.chown(folder / "password", OWNER)
        data = ["-D", f"{folder}/data", "-U", "juesuan"]
        secured = ["-A", "scram-sha-256", f"--pwfile={folder}/password", "--no-sync", "-E", "UTF8"]
        quiet = {"user": OWNER, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": "/"}
        subprocess.run([f"{BIN}/initdb", *data, *secured], check=True, **quiet)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        options = ["-p", str(port), "-k", made, "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"]
        with subprocess.Popen([f"{BIN}/postgres", "-D", f"{folder}/data", *options], **quiet) as running:
            try:
                ready(running, port)
                yield f"postgresql://juesuan@127.0.0.1:{port}/postgres"
            finally:
                running.terminate()


def ready(running: subprocess.Popen[bytes], port: int) -> None:
    import psycopg2

    for _ in range(300):
        assert running.poll() is None
        try:
            psycopg2.connect(
                host="127.0.0.1", port=port, user="juesuan", password=PASSWORD, dbname="postgres"
            ).close()
        except psycopg2.OperationalError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError("the server did not answer in 30 s")


@pytest.mark.slow
def test_reading_years_and_publish_are_recorded_in_the_database(server, tmp_path, monkeypatch) -> None:
    import dagster as dg

    monkeypatch.setattr("expectations.reconcile.reconcile", lambda *_: frame("reconciliation", []))
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    home = filled(tmp_path / "home")
    for name, value in environment(home, 3000, os.environ | {"JUESUAN_DAGSTER_POSTGRES": server}).items():
        monkeypatch.setenv(name, value)
    folder = home.root / ".dagster"
    assert PASSWORD not in (folder / "dagster.yaml").read_text("utf-8")
    graph = definitions(home=HomeResource(root=str(home.root)), validate=no_findings)
    with dg.DagsterInstance.from_config(str(folder)) as instance:
        assert "postgresql" in instance.get_ref().run_storage_data.module_name or "postgres" in str(
            type(instance.run_storage)
        )
        for job, tags in (("ingest_job", {}), ("year_job", year_tags(2023, 2024)), ("publish_job", {})):
            done = graph.resolve_job_def(job).execute_in_process(
                instance=instance, tags=tags, run_config=run_module.QUIET
            )
            assert done.success
    # Another host opens the same records.
    with dg.DagsterInstance.from_config(str(folder)) as instance:
        runs = {(run.job_name, run.status) for run in instance.get_runs()}
        assert runs == {
            (job, dg.DagsterRunStatus.SUCCESS) for job in ("ingest_job", "year_job", "publish_job")
        }
        assert instance.get_latest_materialization_event(dg.AssetKey("warehouse")) is not None
    assert query(home, "SELECT count(*) FROM dim_document").rows == [(2,)]
    assert not list(folder.rglob("*.db"))
