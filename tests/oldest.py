"""Write `tests/oldest.txt`: the lower bound of every dependency in pyproject.toml, as constraints for pip.

    python tests/oldest.py

`nox -s oldest` and CI install exactly these versions and run tests with them. `tests/test_packaging.py` fails while the
file does not match pyproject.toml.
"""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FILE = ROOT / "tests" / "oldest.txt"
EXTRAS = ("app", "cluster", "forecasts", "sweeps", "test")
NEED = re.compile(r"([\w.-]+)(\[[\w,]+\])?\s*(?:==|>=)\s*([\w.]+)[^;]*(;.*)?")


def constraints() -> str:
    """One line per dependency: its name, `==`, its lower bound, and its condition if it has one."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = [need for extra in EXTRAS for need in project["optional-dependencies"][extra]]
    lines = ["# Made by tests/oldest.py from pyproject.toml. Change the bounds there, then run it again."]
    for need in [*project["dependencies"], *extras]:
        if need.startswith("kumakan["):
            continue
        bound = NEED.fullmatch(need)
        assert bound, f"{need}: a dependency says its lower bound"
        line = f"{bound[1]}=={bound[3]}{bound[4] or ''}"
        if line not in lines:
            lines.append(line)
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    FILE.write_text(constraints(), encoding="utf-8")
    print(FILE)
