"""Change the code in small ways and see whether its tests notice.

    python tests/mutate.py [--at-most N] [FILE ...]     # all of TARGETS without FILE; goes on where it was stopped
    python tests/mutate.py --page                       # only write docs/mutation.md from what was found so far

Cosmic Ray makes the mutants: another operator, another number, a condition turned round, a loop that never runs. Each
mutant is tested in a copy of the repository, with the tests of its file alone. Compiled code is kept per file
(`NUMBA_CACHE_DIR`), so only the changed file is compiled again; a rule that another file has pasted in stays as it was
there, which can only make the score lower. Left out are mutants that no test could or should notice: `|` in
annotations, removed decorators, comparisons by `is` that stand for `==`, and unusual operators where a usual one is
tried already.
"""

import argparse
import ast
import csv
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

from cosmic_ray.commands import execute, init
from cosmic_ray.config import ConfigDict
from cosmic_ray.work_db import WorkDB, use_db
from cosmic_ray.work_item import WorkerOutcome, WorkResult

ROOT = Path(__file__).resolve().parents[1]
WORK = ROOT / ".mutation"
TREE = WORK / "tree"
PAGE = ROOT / "docs" / "mutation.md"
JUDGED = ROOT / "tests" / "survivors.csv"
TARGETS = ("sim/processes", "sim/measures", "sim/comparison")
TESTS = {
    "sim/processes/approach.py": "tests/processes/test_joining.py",
    "sim/processes/hazard.py": "tests/processes/test_joining.py",
    "sim/processes/justice.py": "tests/processes/test_justice_and_exits.py",
    "sim/processes/exits.py": "tests/processes/test_justice_and_exits.py",
    "sim/processes/imams.py": "tests/processes/test_imam_courses.py",
    "sim/processes/measures.py": "tests/measures/test_base.py",
    **{f"sim/measures/{name}.py": "tests/measures/test_base.py" for name in ("planning", "regions", "settings")},
    **{f"sim/comparison/{name}.py": "tests/comparison" for name in ("arrays", "outcomes", "summary")},
    "sim/measures/posted.py": "tests/measures/test_joint_patrols.py",
    "sim/measures/women_and_civil_society.py": "tests/measures/test_women_and_civil_society.py",
}
"""Tests of a file; those that are not named here are tested by test_<name>.py."""
ABOUT = """\
A mutant is the program with one small change: another operator, another number, a condition turned round. If the tests
of the file still pass, the mutant survives: either a test is missing, or the change makes no difference.
`nox -s mutation -- FILE` makes the mutants of a file, `nox -s mutation` those of all processes, all measures and the
whole of `sim/comparison`. Processes and measures have some 4,800 mutants, at about six seconds of one core each.
""".splitlines()
USUAL = {
    "Add": "Sub", "Sub": "Add", "Mul": "Div", "Div": "Mul", "FloorDiv": "Div", "Mod": "Mul", "Pow": "Mul",
    "RShift": "LShift", "LShift": "RShift", "BitOr": "BitAnd", "BitAnd": "BitOr", "BitXor": "BitAnd",
}  # fmt: skip
LEFT_OUT = re.compile(r"core/(RemoveDecorator|ReplaceComparisonOperator_\w+_Is(Not)?|ReplaceUnaryOperator_\w+_Invert)$")


def files(names: list[str]) -> list[str]:
    """The files to mutate, each with something in it."""
    found = [path for name in names or TARGETS for path in ([ROOT / name] if name.endswith(".py") else
             sorted((ROOT / name).rglob("*.py")))]  # fmt: skip
    return [str(path.relative_to(ROOT)) for path in (path.resolve() for path in found) if path.stem != "__init__"]


def tests_of(file: str) -> str:
    """The tests that should notice a change of a file."""
    if file in TESTS:
        return TESTS[file]
    named = sorted(ROOT.glob(f"tests/**/test_{Path(file).stem}.py"))
    if not named:
        sys.exit(f"{file}: no tests/**/test_{Path(file).stem}.py; name its tests in TESTS of tests/mutate.py")
    return " ".join(str(path.relative_to(ROOT)) for path in named)


def annotations(file: str) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    """Where annotations begin and end."""
    nodes = list(ast.walk(ast.parse((ROOT / file).read_text(encoding="utf-8"))))
    marks = [getattr(node, name, None) for node in nodes for name in ("annotation", "returns")]
    return [((a.lineno, a.col_offset), (a.end_lineno, a.end_col_offset)) for a in marks if isinstance(a, ast.expr)]


def pointless(operator: str, start: tuple[int, int], spans: list) -> bool:
    """Whether a mutant is left out."""
    binary = re.match(r"core/ReplaceBinaryOperator_(\w+?)_(\w+)$", operator)
    if binary and (USUAL[binary[1]] != binary[2] or (binary[1] == "BitOr" and any(a <= start < b for a, b in spans))):
        return True
    return bool(LEFT_OUT.match(operator))


def copy_of_the_tree() -> None:
    """A fresh copy of the files that git knows; compiled code stays from the last time."""
    shutil.rmtree(TREE, ignore_errors=True)
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for name in filter(None, listed.split("\0")):
        (TREE / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, TREE / name)


def mutate(file: str, at_most: int | None) -> None:
    """Make the mutants of a file, or go on with them; `at_most` spreads a sample evenly over the file."""
    name = file.removesuffix(".py").replace("/", ".")
    command = f"{sys.executable} -m pytest -q -x -p no:cacheprovider {tests_of(file)}"
    os.chdir(ROOT)
    copy_of_the_tree()
    os.chdir(TREE)
    with use_db(str(WORK / f"{name}.sqlite"), WorkDB.Mode.create) as work:
        if not work.num_work_items:
            init([Path(file)], work, {})
            spans = annotations(file)
            wanted = []
            for item in work.work_items:
                (mutation,) = item.mutations
                if pointless(mutation.operator_name, tuple(mutation.start_pos), spans):
                    work.set_result(item.job_id, WorkResult(worker_outcome=WorkerOutcome.SKIPPED))
                else:
                    wanted.append((tuple(mutation.start_pos), mutation.operator_name, item.job_id))
            wanted.sort()
            kept = wanted if at_most is None else wanted[:: -(-len(wanted) // at_most)]
            for mutant in set(wanted) - set(kept):
                work.set_result(mutant[2], WorkResult(worker_outcome=WorkerOutcome.NO_TEST))
        left = len(list(work.pending_work_items))
        if not left:
            return
        for _ in ("compiles", "is timed"):
            began = time.monotonic()
            subprocess.run(command.split(), check=True, stdout=subprocess.DEVNULL)
        alone = time.monotonic() - began
        print(f"{file}: {left} mutants, {alone:.0f} s for the tests alone", flush=True)
        began = time.monotonic()
        execute(
            work, ConfigDict({"test-command": command, "timeout": 20 + 5 * alone, "distributor": {"name": "local"}})
        )
        print(f"{file}: {(time.monotonic() - began) / left:.1f} s per mutant", flush=True)


def changed(diff: str) -> tuple[str, str]:
    """The line before and after, from the diff of a mutant."""
    lines = [line for line in diff.splitlines() if not line.startswith(("---", "+++"))]
    before, after = (next((line[1:].strip() for line in lines if line.startswith(sign)), "") for sign in "-+")
    return before, after


def page() -> None:
    """Write the score of every file and its survivors, with what was judged of them."""
    judged = {}
    if JUDGED.exists():
        with JUDGED.open(encoding="utf-8", newline="") as rows:
            judged = {(row["file"], row["before"], row["after"]): row["judgement"] for row in csv.DictReader(rows)}
    table, lists, killed_in_all, made_in_all = [], [], 0, 0
    for session in sorted(WORK.glob("*.sqlite")):
        file = session.stem.replace(".", "/") + ".py"
        with use_db(str(session), WorkDB.Mode.open) as work:
            results = [r for _, r in work.results if r.worker_outcome == WorkerOutcome.NORMAL]
            sample = any(r.worker_outcome == WorkerOutcome.NO_TEST for _, r in work.results)
            made, killed = len(results), sum(r.is_killed for r in results)
            survivors = sorted({changed(r.diff) for r in results if not r.is_killed})
        if not made:
            continue
        made_in_all, killed_in_all = made_in_all + made, killed_in_all + killed
        note = "a sample" if sample else "all"
        table.append(f"| `{file}` | {made} ({note}) | {killed} | {made - killed} | {killed / made:.0%} |")
        if survivors:
            lists.append(f"### `{file}`\n")
            for before, after in survivors:
                lists.append(f"- `{before}`\n  became `{after}`: {judged.get((file, before, after), 'not judged yet')}")
            lists.append("")
    total = f"| in all | {made_in_all} | {killed_in_all} | {made_in_all - killed_in_all} | "
    total += f"{killed_in_all / max(made_in_all, 1):.0%} |"
    text = "\n".join(
        [
            "<!-- Made by tests/mutate.py. Judgements stand in tests/survivors.csv. -->\n",
            "# Mutation score\n",
            *ABOUT,
            "",
            "| file | mutants | noticed | survived | score |",
            "|---|---|---|---|---|",
            *table,
            total,
            "",
            "## Survivors\n",
            *(lists or ["None."]),
        ]
    )
    PAGE.write_text(text.rstrip() + "\n", encoding="utf-8")
    print(f"{PAGE}: {killed_in_all} of {made_in_all} mutants noticed")


if __name__ == "__main__":
    options = argparse.ArgumentParser(description="Change the code in small ways and see whether its tests notice.")
    options.add_argument("files", nargs="*", metavar="FILE", help="files or folders; all targets without any")
    options.add_argument("--at-most", type=int, metavar="N", help="so many mutants of each file, spread evenly")
    options.add_argument("--page", action="store_true", help="only write docs/mutation.md")
    given = options.parse_args()
    WORK.mkdir(exist_ok=True)
    if not given.page:
        targets = files(given.files)
        for target in targets:
            tests_of(target)
        os.environ["PYTHONPATH"] = str(TREE)
        os.environ["NUMBA_CACHE_DIR"] = str(WORK / "compiled")
        for target in targets:
            mutate(target, given.at_most)
    page()
