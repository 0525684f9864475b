"""The house keeps its shape: imports, packages, module size, docstrings. See the README, The folders."""

from __future__ import annotations

import ast
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FOLDERS = ("pipelines", "expectations", "warehouse", "assets")
MODULES = sorted(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py"))
PRODUCT = [*MODULES, ROOT / "juesuan.py"]
MAX_LINES = 400

# Heavy dependency → the only folder that may import it.
OWNER = {
    "camelot": "pipelines",
    "pypdfium2": "pipelines",
    "cv2": "pipelines",
    "rapidocr": "pipelines",
    "great_expectations": "expectations",
    "duckdb": "warehouse",
    "fsspec": "warehouse",
    "dagster": "assets",
    "dask": "assets",
    "distributed": "assets",
}

# Folder → the folders that it may not import.
CLOSED = {
    "pipelines": {"warehouse", "assets", "expectations"},
    "expectations": {"warehouse", "assets"},
    "warehouse": {"assets", "expectations"},
    "assets": set(),
}


def imported(path: Path) -> set[str]:
    """The top-level names of everything that a module imports, at whatever depth it does so."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.split(".")[0])
    return names


def folder_of(path: Path) -> str:
    return path.relative_to(ROOT).parts[0]


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", PRODUCT, ids=name_of)
def test_a_heavy_dependency_is_imported_in_its_own_folder_only(path: Path) -> None:
    strangers = {name for name in imported(path) if OWNER.get(name, folder_of(path)) != folder_of(path)}
    assert not strangers


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_the_folders_know_each_other_in_one_direction(path: Path) -> None:
    assert not imported(path) & CLOSED[folder_of(path)]


def test_the_front_door_imports_nothing_heavy_when_it_opens() -> None:
    tree = ast.parse((ROOT / "juesuan.py").read_text("utf-8"))
    top = {
        name.name.split(".")[0] for node in tree.body if isinstance(node, ast.Import) for name in node.names
    } | {node.module.split(".")[0] for node in tree.body if isinstance(node, ast.ImportFrom) and node.module}
    assert not top & ({*OWNER, *FOLDERS, "polars", "pandas", "pyarrow", "rich"})


@pytest.mark.parametrize("path", PRODUCT, ids=name_of)
def test_every_module_says_what_belongs_in_it(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text("utf-8")))


@pytest.mark.parametrize("path", PRODUCT, ids=name_of)
def test_no_module_is_long(path: Path) -> None:
    assert len(path.read_text("utf-8").splitlines()) <= MAX_LINES


def test_the_packages_of_pyproject_are_the_folders_on_disk() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["setuptools"]
    declared = set(settings["packages"])
    endings = ("*.py", "*.yml", "*.csv", "*.sql")
    data = {path.parent for folder in FOLDERS for ending in endings for path in (ROOT / folder).rglob(ending)}
    on_disk = {".".join(folder.relative_to(ROOT).parts) for folder in data}
    assert declared == on_disk


def test_the_lock_names_no_index() -> None:
    assert "://" not in (ROOT / "requirements.lock").read_text("utf-8")
