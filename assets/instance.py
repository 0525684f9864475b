"""Where Dagster keeps its own records of a home: ``HOME/.dagster``, or PostgreSQL for several hosts.

Belongs here: the settings of the Dagster instance and the environment that it is started with. Does not
belong here: the graph (``definitions.py``). Dagster is not imported: it takes the place of this process.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files

from warehouse.home import Home

# A PostgreSQL URL; a password that is not in it is taken from PGPASSWORD or ~/.pgpass.
POSTGRES_VARIABLE = "JUESUAN_DAGSTER_POSTGRES"
# The address names the variable, so that no password stands in a file.
_POSTGRES = f"storage:\n  postgres:\n    postgres_url: {{env: {POSTGRES_VARIABLE}}}\n"
_DRIVER = "postgresql+psycopg2://"
_TIMEOUT_SECONDS = 5


class InstanceError(RuntimeError):
    """Dagster cannot be started on this home; the message says why and what to do, in Chinese."""


def environment(home: Home, port: int, given: Mapping[str, str]) -> dict[str, str]:
    """What Dagster is started with on a home, whose ``dagster.yaml`` is written.

    A ``dagster.yaml`` that somebody made their own is left as it is. Raises ``InstanceError`` where the
    database does not answer, or where the records stand in one that is no longer named.
    """
    folder = home.root / ".dagster"
    folder.mkdir(exist_ok=True)
    environment = dict(given) | {
        "DAGSTER_HOME": str(folder),
        "JUESUAN_HOME": str(home.root),
        "DAGSTER_DISABLE_TELEMETRY": "1",
    }
    environment.setdefault("JUESUAN_DAGSTER_URL", f"http://127.0.0.1:{port}")
    path = folder / "dagster.yaml"
    # What Dagster finds in an empty file is what it does by default.
    standing = path.read_text("utf-8") if path.exists() else ""
    settings = (files("assets") / "instance.yml").read_text("utf-8")
    if url := given.get(POSTGRES_VARIABLE, ""):
        environment[POSTGRES_VARIABLE] = _checked(url)
        settings += _POSTGRES
    elif POSTGRES_VARIABLE in standing:
        raise InstanceError(
            f"Dagster 的记录在 PostgreSQL 里（见 {path}），请设环境变量 {POSTGRES_VARIABLE}；"
            "要改回记在本机，删去这个文件"
        )
    if not standing or _is_ours(standing, settings):
        path.write_text(settings, "utf-8")
    return environment


def _is_ours(standing: str, settings: str) -> bool:
    """Whether the file is one that was written here: by its first line, or as the first version wrote it."""
    first = "telemetry:\n  enabled: false\nnux:\n  enabled: false\n"
    return standing == first or standing.splitlines()[:1] == settings.splitlines()[:1]


def _checked(url: str) -> str:
    """The URL with the driver that works, once the database has answered. Nothing of a password is told."""
    scheme, separator, rest = url.partition("://")
    if not separator or scheme not in ("postgresql", "postgres", "postgresql+psycopg2"):
        raise InstanceError(f"{POSTGRES_VARIABLE} 应如 postgresql://用户@主机:5432/库名")
    try:
        import psycopg2
    except ImportError:
        raise InstanceError("用 PostgreSQL 要先装 juesuan[cluster]：pip install 'juesuan[cluster]'") from None
    try:
        psycopg2.connect(f"postgresql://{rest}", connect_timeout=_TIMEOUT_SECONDS).close()
    except psycopg2.OperationalError as error:
        why = " ".join(str(error).split("\n", 1)[0].split())
        raise InstanceError(
            f"Dagster 的数据库连不上：{why}；检查 {POSTGRES_VARIABLE} 里的地址，数据库是否在运行"
        ) from None
    except psycopg2.Error:
        raise InstanceError(f"{POSTGRES_VARIABLE} 写得不对，应如 postgresql://用户@主机:5432/库名") from None
    return f"{_DRIVER}{rest}"
