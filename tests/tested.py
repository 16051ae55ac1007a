"""Write `constraints.txt`: the versions of everything that kumakan needs, as they are in this environment.

    python tests/tested.py

Run it where all tests have passed. Users take these versions with `pip install -c constraints.txt`; they are the upper
end of what is tested, as `tests/oldest.txt` is the lower end. `tests/test_packaging.py` checks that the file has every
dependency of pyproject.toml, within its bounds.
"""

import tomllib
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
FILE = ROOT / "constraints.txt"
EXTRAS = ("app", "cluster", "forecasts", "sweeps", "notebooks")


def needed() -> list[Requirement]:
    """What the program and the extras for its users ask for."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    needs = [*project["dependencies"], *(need for name in EXTRAS for need in project["optional-dependencies"][name])]
    return [Requirement(need) for need in needs if not need.startswith("kumakan[")]


def versions() -> dict[str, str]:
    """The version of each package that is needed, directly or by another one, as far as it is installed."""
    found: dict[str, str] = {}
    seen: set[tuple[str, frozenset[str]]] = set()
    waiting = needed()
    while waiting:
        need = waiting.pop()
        name, extras = canonicalize_name(need.name), frozenset(need.extras)
        if (name, extras) in seen:
            continue
        seen.add((name, extras))
        try:
            there = distribution(name)
        except PackageNotFoundError:
            continue
        found[name] = there.version
        for text in there.requires or ():
            further = Requirement(text)
            if further.marker is None or any(further.marker.evaluate({"extra": extra}) for extra in ("", *extras)):
                waiting.append(further)
    return dict(sorted(found.items()))


if __name__ == "__main__":
    lines = [
        "# Made by tests/tested.py: versions with which all tests have passed.",
        *map("==".join, versions().items()),
    ]
    FILE.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(FILE)
