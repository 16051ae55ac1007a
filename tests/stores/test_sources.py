"""What tells two states of the program apart: code and tables, not comments and docstrings."""

import json
from pathlib import Path
from textwrap import dedent

import pytest

from sim.batches.batch import run_batch
from sim.engine.errors import InputError
from sim.engine.kept import sealed
from sim.measures import Plugin
from sim.stores import run as runs
from sim.stores import sources
from sim.stores.sources import file_digest, source_files
from tests.batches import batch_fakes as fakes

CODE = '''
    """A module."""
    import math  # for the root

    class Kept:
        """A class."""

        share: float = 0.25
        """A share."""

        def of(self, people: int) -> float:
            """A method."""
            text = f"{people} people"
            return self.share * math.sqrt(people)  # a rule

    async def later(): "docstring"
'''


@pytest.fixture
def digest(tmp_path):
    def of(text, name="rule.py"):
        file = tmp_path / name
        file.write_text(dedent(text))
        return file_digest(file)

    return of


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"""A module."""', '"""Another module.\n\n    With more lines.\n    """'),
        ('"""A module."""', ""),
        ('"""A class."""', '"""A better class."""'),
        ('"""A share."""', '"""A better share."""'),
        ('"""A share."""', ""),
        ('"""A method."""', '"""A mended method."""'),
        ('"docstring"', '"another"'),
        ("  # a rule", "  # a mended comment"),
        ("# for the root", ""),
        (
            "self.share * math.sqrt(people)",
            "(\n                self.share\n                * math.sqrt(people)\n            )",
        ),
        ("0.25", "0.250"),
    ],
)
def test_words_and_layout_leave_the_digest(digest, old, new):
    assert old in CODE
    assert digest(CODE.replace(old, new)) == digest(CODE)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("0.25", "0.26"),
        ("self.share *", "self.share +"),
        ("people} people", "people} persons"),
        ("def of", "def off"),
        ("            text = ", "            return "),
        ("people: int", "people: float"),
        ("math.sqrt", "math.exp"),
        ("async def", "def"),
    ],
)
def test_a_change_of_the_code_moves_it(digest, old, new):
    assert old in CODE
    assert digest(CODE.replace(old, new)) != digest(CODE)


def test_tables_count_byte_by_byte(digest):
    assert digest("a,b\n1,2\n", "table.csv") != digest("a,b\n1,2 \n", "table.csv")


def test_code_and_tables_of_the_model_count_and_those_above_it_do_not():
    names = set(source_files())
    assert {"sim/week.py", "sim/processes/approach.py", "sim/measures/joint_patrols.py", "sim/parameters.csv"} <= names
    assert any(name.endswith(".geojson") for name in names)
    names.discard(f"sim/{sources.WORLDS}")  # draws are taken from it
    assert not {name.split("/")[1] for name in names} & sources.ABOVE_THE_WEEK


def test_measures_from_outside_count(monkeypatch, tmp_path):
    own = sources.sources_digest()
    (tmp_path / "mine.py").write_text("SHARE = 0.5  # a share\n")
    plugin = Plugin("mine", "kumakan-mine", "0.1", (tmp_path / "mine.py",))

    def with_it():
        sources._sources.cache_clear()
        return sources.sources_digest()

    monkeypatch.setattr(sources, "PLUGINS", [plugin])
    first = with_it()
    assert first != own
    assert "kumakan-mine 0.1, mine: mine.py" in source_files()
    (tmp_path / "mine.py").write_text('"""Mine."""\nSHARE = 0.5\n')
    assert with_it() == first
    (tmp_path / "mine.py").write_text("SHARE = 0.6\n")
    assert with_it() != first
    monkeypatch.undo()
    assert with_it() == own


def test_digests_are_the_same_with_and_without_those_kept_on_disk(monkeypatch, tmp_path):
    fresh = {}
    for home in ("home", "home", "file/below"):
        (tmp_path / "file").touch()
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / home))
        sources._sources.cache_clear()
        fresh[home, len(fresh)] = sources.sources_digest()
        kept = tmp_path / home / "kumakan" / "sources.json"
        if home == "home":
            assert len(json.loads(kept.read_text())) > 50
    assert len(set(fresh.values())) == 1
    (tmp_path / "home" / "kumakan" / "sources.json").write_text("{torn")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))
    sources._sources.cache_clear()
    assert sources.sources_digest() in fresh.values()
    monkeypatch.undo()
    sources._sources.cache_clear()


def test_a_run_of_other_code_names_the_files_that_differ(tmp_path, monkeypatch):
    def make():
        return run_batch([fakes.scenario("a")], [1], out=tmp_path / "out", workers=1, runner=fakes.quick)

    make()
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert manifest["files"] == source_files()
    assert manifest["sources"] == sources.sources_digest()
    for module in (sources, runs):
        monkeypatch.setattr(module, "sources_digest", lambda: "0123456789abcdef")
    changed = {**source_files(), "sim/week.py": "changed", "sim/new.py": "new"}
    monkeypatch.setattr(sources, "source_files", lambda: changed)
    with pytest.raises(InputError, match=r"the program's code or tables \(sim/new.py, sim/week.py\)\); name another"):
        make()
    manifest["files"] = dict.fromkeys(manifest["files"], "other")
    (tmp_path / "out" / "manifest.json").write_text(sealed(manifest))
    with pytest.raises(InputError, match=r"sim/country.py, .* and \d+ more\)"):
        make()
    (Path(tmp_path) / "out" / "manifest.json").unlink()
    with pytest.raises(InputError, match=r"the program's code or tables\); name another"):
        make()
