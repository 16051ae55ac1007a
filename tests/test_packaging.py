"""What is said of versions in several places agrees."""

import json
import re
import runpy
from pathlib import Path

import sim

ROOT = Path(__file__).resolve().parents[1]


def test_the_oldest_versions_are_the_bounds_of_pyproject():
    made = runpy.run_path(str(ROOT / "tests" / "oldest.py"))["constraints"]()
    assert (ROOT / "tests" / "oldest.txt").read_text(encoding="utf-8") == made, "run python tests/oldest.py"


def test_the_citation_names_this_version():
    (version,) = re.findall(r"^version: (.*)$", (ROOT / "CITATION.cff").read_text(encoding="utf-8"), re.MULTILINE)
    assert version == json.loads((ROOT / "codemeta.json").read_text(encoding="utf-8"))["version"] == sim.__version__


def test_the_changelog_has_this_version_first_or_after_what_is_not_released():
    heads = re.findall(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert sim.__version__ == next(head for head in heads if head != "Unreleased")
