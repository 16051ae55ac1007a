"""Compiled code comes only from a folder of one's own: who can write there can have code run."""

import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from sim.engine import compiled
from sim.engine.compiled import private

ROOT = Path(__file__).resolve().parents[2]
INNER = ("kumakan", "compiled", "0123")
pytestmark = pytest.mark.skipif(not hasattr(os, "getuid"), reason="owners of files")


def mode(place: Path) -> int:
    return stat.S_IMODE(place.stat().st_mode)


@pytest.fixture
def home(tmp_path):
    before = os.umask(0)  # as open as can be
    yield tmp_path / "cache"
    os.umask(before)


def test_folders_are_made_for_us_alone_and_found_again(home):
    home.mkdir(mode=0o755)
    found = private(home, INNER)
    assert found == home.joinpath(*INNER)
    assert {mode(place) for place in (found, *list(found.parents)[:2])} == {0o700}
    (found / "kept").touch()
    assert private(home, INNER) == found
    assert (found / "kept").exists()


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_a_folder_of_somebody_else_is_not_used(home, monkeypatch, depth):
    home.mkdir(mode=0o755)
    private(home, INNER[:depth])
    theirs, lstat = home.joinpath(*INNER[:depth]), Path.lstat

    def owned_by_another(place):
        found = lstat(place)
        return os.stat_result((*found[:4], found.st_uid + (place == theirs), *found[5:])) if place == theirs else found

    monkeypatch.setattr(Path, "lstat", owned_by_another)
    assert private(home, INNER) is None


def test_what_others_could_write_is_thrown_away_and_closed(home):
    home.mkdir(mode=0o755)
    found = private(home, INNER)
    (found / "planted.nbi").write_bytes(b"code")
    found.chmod(0o777)
    found.parent.chmod(0o775)
    assert private(home, INNER) == found
    assert not list(found.iterdir())
    assert mode(found) == mode(found.parent) == 0o700


def test_links_and_homes_where_others_can_rename_are_not_used(home, tmp_path):
    home.mkdir(mode=0o755)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (home / "kumakan").symlink_to(elsewhere)
    assert private(home, INNER) is None
    shared = tmp_path / "shared"
    shared.mkdir(mode=0o777)
    assert private(shared, INNER) is None
    shared.chmod(0o1777)  # as /tmp is: only the owner of a folder can rename it
    assert private(shared, INNER) == shared.joinpath(*INNER)
    (tmp_path / "file").touch()
    assert private(tmp_path / "file", INNER) is None


LOADS = """
from sim.engine import compiled, kernels
from sim.engine.luck import luck
print(compiled.folder(), kernels.KEEPS, luck.stats.cache_path if kernels.KEEPS else "")
"""


@pytest.mark.parametrize("theirs", [True, False])
def test_without_a_cache_home_only_our_own_folder_among_temporary_files_is_used(tmp_path, theirs):
    """Before, the name was enough: whoever made the folder first had their code run."""
    if theirs and os.getuid() != 0:
        pytest.skip("only root can give a folder to somebody else")
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    temporary.chmod(0o1777)
    there = temporary / f"kumakan-{os.getuid()}"
    if theirs:
        there.mkdir()
        os.chown(there, 12345, 12345)
    (tmp_path / "file").touch()
    given = {name: value for name, value in os.environ.items() if not name.startswith("NUMBA")}
    places = {"PYTHONPATH": str(ROOT), "XDG_CACHE_HOME": str(tmp_path / "file" / "x"), "TMPDIR": str(temporary)}
    done = subprocess.run(
        [sys.executable, "-c", LOADS], capture_output=True, text=True, env={**given, **places}, check=False
    )
    assert done.returncode == 0, done.stderr
    folder, keeps, path = (*done.stdout.split(), "")[:3]
    if theirs:
        assert (folder, keeps) == ("None", "False")
        assert not list(there.iterdir())
    else:
        assert Path(folder).parts[: len(there.parts)] == there.parts
        assert keeps == "True"
        assert path.startswith(folder)


COMPILES = """
from sim.engine import compiled, luck
luck.luck(luck.decision("a test"), luck.seed_key(1), 0, 1)
hits = luck.luck.stats.cache_hits
print(compiled.PACKAGE, compiled.folder(), int(bool(hits)))
"""


def test_installations_with_the_same_sources_share_what_is_compiled(tmp_path):
    """Before, each compiled for itself, although the mark in the folder said that its loops were there."""
    import numba

    if not hasattr(numba.config, "CACHE_LOCATOR_CLASSES"):
        pytest.skip("this version of numba cannot be told where a loop is kept")
    given = {name: value for name, value in os.environ.items() if not name.startswith("NUMBA")}
    seen = []
    for place, change in (("one", ""), ("two", ""), ("three", "# changed\n")):
        shutil.copytree(compiled.PACKAGE, tmp_path / place / "sim", ignore=shutil.ignore_patterns("__pycache__"))
        with (tmp_path / place / "sim" / "engine" / "cells.py").open("a") as file:
            file.write(change)
        done = subprocess.run(
            [sys.executable, "-c", COMPILES], capture_output=True, text=True, check=False, cwd=tmp_path,
            env={**given, "PYTHONPATH": str(tmp_path / place), "XDG_CACHE_HOME": str(tmp_path / "cache")},
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        seen.append(done.stdout.split())
    assert [Path(package).parent.name for package, _, _ in seen] == ["one", "two", "three"]
    assert [hit for _, _, hit in seen] == ["0", "1", "0"], "the second finds what the first made, the changed does not"
    assert seen[0][1] == seen[1][1] != seen[2][1]


def test_marks_tell_whether_a_run_would_compile(tmp_path, monkeypatch):
    monkeypatch.setattr(compiled, "folder", lambda: tmp_path)
    assert compiled.missing(threads=False)
    compiled.made(threads=False)
    assert not compiled.missing(threads=False)
    assert compiled.missing(threads=True), "loops for several threads are others"
    monkeypatch.setattr(compiled, "folder", lambda: None)
    compiled.made(threads=True)
    assert compiled.missing(threads=False)
