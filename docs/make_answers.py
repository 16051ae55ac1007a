"""What each measure does, now and in version 0.1: write docs/answers.md.

    python docs/make_answers.py [--worlds 20] [--dated]

docs/answers_v01.csv holds the answers of version 0.1, which the present code cannot run. This script made it, too, with
the code of that version (commit 97e866f, the last before contacts became those of single persons):

    PYTHONPATH=CHECKOUT_OF_97e866f python docs/make_answers.py --old --dated --seeds 4

Two questions are asked: what does a measure do alone, in full and from the first day, and what did it do at its real
dates, as the scenario of its name has it. Runs are kept, so the same command carries on where it stopped.
"""

from __future__ import annotations

import argparse
import csv
import math
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import sim
from sim.comparison.variants import one_at_a_time
from sim.measures import MEASURES

HERE = Path(__file__).parent
OLD = HERE / "answers_v01.csv"
OUTCOMES = {
    "joined": "people who joined",
    "attacks": "attacks",
    "deaths_civilian": "civilians killed",
    "abuses": "abuses by security forces",
}
"""Fewer are better of each."""
ALONE, DATED = "alone", "dated"
WHOLE, IN_FORCE = "whole run", "in force"
BETTER, WORSE, NOT_SHOWN = "better", "worse", "not shown"
PART = "without_international_forces"
WHY = {
    "adaptive_strategy": "its own rules are the same; what it redirects acts otherwise",
    "bamako_plan": "its own rules are the same; raiders from afar are now found in the answer to a raid",
    "community_policing": "people now bring tips, even where they do not trust the police",
    "coordination": "it now also acts on forces of several commands that work in one place, which the baseline has;"
    " before, it had no partners to coordinate there",
    "economic_growth": "what jobs do to joining no longer counts what comes of their effect on support twice; they may"
    " turn people the other way at first, and visible programmes draw sabotage from the second year on",
    "imam_training": "a message counts once in joining, not again through what neighbours approve of",
    "intelligence_sharing": "reports also help answers and pursuit, and may come later as well as sooner",
    PART: "groups hide in crowds, spare those whom they hold, and grow by local command, so soldiers find fewer members"
    " and leave other gaps",
    "intervention_protocol": "only attacks that forces nearby can answer count, and a response may also take longer",
    "joint_patrols": "fewer attacks in the zone of the joint force and more abuses there, after the one evaluation; a"
    " patrol watches several cells of the border",
    "joint_training": "its own rules are the same; trained soldiers meet members among more people",
    "judicial_pole": "cases are those of members, most of which hold nobody, so it decides about fewer people",
    "mali_kuma_kan": "clips are believed as far as the religious leaders who speak are, not soldiers; their effect may"
    " have either sign for those at risk; friends do not pass it on; after nine weeks less than a quarter is left",
    "national_reconciliation": "its own rules are the same; grievance now lasts and moves people to join, so relief"
    " of it acts",
    "operations_centre": "it also picks the right kind of unit, and may slow a response down",
    "peace_agreement": "it acts on all groups rooted in its regions (before: on one that had ended), on the places that"
    " northern movements hold, and draws those who want to break it",
    "radio_drama": "new",
    "religious_leaders": "a message counts once in joining, not again through what neighbours approve of",
    "school_reform": "what schooling does to joining no longer counts what comes of its effect on support twice",
    "security_restoration": "its own rules are the same; forces of several commands overlap and leave gaps",
    "sermon_drafting": "a message counts once in joining, and less of it is left after some weeks",
    "social_development": "visible programmes draw sabotage from the second year on, and relief of grievance acts on"
    " joining",
    "strong_institutions": "its own rules are the same; grievance now lasts and moves people to join",
    "women_and_civil_society": "the groups now reach first the families that have somebody in contact with recruiters",
}
"""What changed in the measure itself."""
HEAD = """\
<!-- Made by docs/make_answers.py. -->

# What each measure does, now and in version 0.1

`python docs/make_answers.py{options}` writes this page. Now: {worlds} worlds of the posterior, drawn with the effects
of measures, at {persons} persons per youth. Version 0.1 (commit 97e866f): {seeds} seeds at central values, 20 persons
per youth. Effects are shares of the baseline's mean, with 90 % intervals of the mean over worlds or seeds. *Luck alone*
is the range of nine in ten of the differences between two runs of the baseline that differ in nothing but luck. What is
*shown* now was corrected for the number of comparisons; in version 0.1 the interval excludes zero, which one in ten
does by chance.

The two columns do not say the same. Version 0.1 knew only the luck of a few seeds: neither the effects of measures nor
the past were drawn, so its intervals are too narrow for what was not known. A wider interval now is no loss.
"""
CAUSES = """
## Why

Three changes of the model lie under all answers.

- *Parameters are fitted, and drawn.* Version 0.1 had one set of values, set by hand. Now {worlds} worlds stand for what
  the record allows, and every effect is drawn from its prior.
- *Recruiting is local.* Recruiters belong to commands in a place, not to the whole group, approach single persons, and
  find strangers where ties do not suffice and the state is weak.
- *Violence has sides.* Groups spare those whom they hold and hide in crowds; communities take revenge, raise militias;
  and grievance lasts and moves people to join. So abuses cost more, and redress can bring something.

| measure | what changed in it |
|---|---|
"""


class Answer(NamedTuple):
    """The effect of a scenario on an outcome over a window of weeks."""

    question: str
    scenario: str
    outcome: str
    window: str
    runs: int
    baseline: float
    effect: float
    low: float
    high: float
    shown: str
    luck_low: float = math.nan
    luck_high: float = math.nan


# --- running ------------------------------------------------------------------------------------------------


def scenarios(question: str, changes: Sequence[str]) -> list[Any]:
    """The baseline, and a scenario for each measure."""
    baseline = sim.load("baseline", list(changes))
    if question == ALONE:
        return list(one_at_a_time(baseline))
    files = [PART if key == "international_forces" else key for key in MEASURES]
    return [baseline, *(sim.load(file, list(changes)) for file in files)]


def old_answers(question: str, seeds: int, out: Path, workers: int, changes: Sequence[str] = ()) -> list[Answer]:
    """The answers of the code that is run, with t intervals over pairs of runs with the same seed."""
    plan = scenarios(question, changes)
    batch = sim.compare(plan, seeds=seeds, out=out / question, workers=workers)
    found = []
    for scenario in plan[1:]:
        pairs = [(batch.records[scenario.name][k], batch.records[plan[0].name][k]) for k in range(1, seeds + 1)]
        weeks = in_force(scenario.resolved()["measures"], plan[0].resolved()["measures"], pairs[0][0].dates)
        windows = {WHOLE: np.ones(len(weeks), bool), **({IN_FORCE: weeks} if question == DATED else {})}
        for window, own in windows.items():
            for outcome in OUTCOMES:
                ours, theirs = (np.array([pair[k][outcome][own].sum() for pair in pairs]) for k in (0, 1))
                low, high = t_interval(ours - theirs)
                shown = BETTER if high < 0 else WORSE if low > 0 else NOT_SHOWN
                found.append(Answer(question, scenario.name, outcome, window, seeds, float(theirs.mean()),
                                    float((ours - theirs).mean()), low, high, shown))  # fmt: skip
    return found


def in_force(ours: dict[str, Any], theirs: dict[str, Any], dates: Sequence[date]) -> np.ndarray:
    """Weeks in which a measure is taken that two scenarios do not share."""
    found = np.zeros(len(dates), bool)
    for key in ours.keys() ^ theirs.keys():
        settings = {**ours, **theirs}[key]
        start, end = (settings[name] and date.fromisoformat(str(settings[name])) for name in ("start", "end"))
        found |= [(not start or start <= day) and (not end or day < end) for day in dates]
    return found


def t_interval(gap: np.ndarray) -> tuple[float, float]:
    """The 90 % interval of the mean of differences."""
    from scipy.stats import t

    half = float(t.ppf(0.95, len(gap) - 1) * gap.std(ddof=1) / len(gap) ** 0.5) if len(gap) > 1 else math.inf
    return float(gap.mean()) - half, float(gap.mean()) + half


def answers(question: str, worlds: int, out: Path, workers: int, changes: Sequence[str]) -> list[Answer]:
    """The answers over worlds, with what luck alone gives."""
    from sim.batches.beside import luck_alone, verdicts

    batch = sim.compare(scenarios(question, changes), draws=worlds, out=out / question, workers=workers)
    luck_alone(batch, workers=workers)
    wanted = (WHOLE,) if question == ALONE else (IN_FORCE, WHOLE)
    return [
        Answer(question, row["scenario"], row["outcome"], row["window"], worlds,
               float(row["baseline_mean"]), float(row["mean"]), float(row["low"]), float(row["high"]), row["verdict"],
               float(row["luck_low"]), float(row["luck_high"]))
        for row in verdicts(batch, list(OUTCOMES)).to_dict("records") if row["window"] in wanted
    ]  # fmt: skip


# --- the file of version 0.1 --------------------------------------------------------------------------------


def write_old(rows: Iterable[Answer], file: Path) -> None:
    """Write answers as CSV."""
    with file.open("w", encoding="utf-8", newline="") as text:
        lines = csv.writer(text, lineterminator="\n")
        lines.writerow(Answer._fields[:-2])
        for row in rows:
            lines.writerow([f"{value:.6g}" if isinstance(value, float) else value for value in row[:-2]])


def read_old(file: Path = OLD) -> list[Answer]:
    """Read them."""
    with file.open(encoding="utf-8", newline="") as text:
        return [
            Answer(row["question"], row["scenario"], row["outcome"], row["window"], int(row["runs"]),
                   float(row["baseline"]), float(row["effect"]), float(row["low"]), float(row["high"]), row["shown"])
            for row in csv.DictReader(text)
        ]  # fmt: skip


# --- the page -----------------------------------------------------------------------------------------------


def change(old: Answer | None, new: Answer) -> str:
    """How an answer changed, in words."""
    if old is None:
        return "new"
    sides = {BETTER, WORSE}
    if old.shown in sides and new.shown in sides:
        if old.shown != new.shown:
            return "turned round"
        ratio = (new.effect / new.baseline) / (old.effect / old.baseline) if new.baseline and old.baseline else 1.0
        return "as before" if 0.5 <= ratio <= 2.0 else f"as before, but {'smaller' if ratio < 0.5 else 'larger'}"
    if old.shown in sides:
        return "no longer shown"
    return "now shown" if new.shown in sides else "not shown, then or now"


def words(question: str, window: str) -> str:
    """A question in words."""
    if question == ALONE:
        return "Alone, in full and from the first day"
    return f"At its real dates, {'while in force' if window == IN_FORCE else 'over the whole run'}"


def share(answer: Answer | None) -> str:
    """An effect in per cent of the baseline, with its interval."""
    if answer is None:
        return "–"
    if not answer.baseline:
        return f"{answer.effect:+.1f} ({answer.low:+.1f} to {answer.high:+.1f})"
    mean, low, high = (100.0 * x / answer.baseline for x in (answer.effect, answer.low, answer.high))
    return f"{mean:+.1f} % ({low:+.1f} to {high:+.1f})"


def page(old: Sequence[Answer], new: Sequence[Answer], persons: int, options: str = "") -> str:
    """The page: what turned round first, then all answers, then why."""
    before = {row[:4]: row for row in old}
    changed = [(change(before.get(row[:4]), row), before.get(row[:4]), row) for row in new]
    worlds, seeds = new[0].runs, old[0].runs
    lines = [HEAD.format(options=options, worlds=worlds, seeds=seeds, persons=persons)]
    for kind, title in (("turned round", "Turned round"), ("no longer shown", "No longer shown"),
                        ("now shown", "Shown now, and not in version 0.1")):  # fmt: skip
        lines.append(f"## {title}\n")
        own = [(then, now) for what, then, now in changed if what == kind]
        lines += [f"- {name_of(now)}, {OUTCOMES[now.outcome]} ({lower(words(*_window(now)))}): {share(then)} in version"
                  f" 0.1, {share(now)} now ({now.shown})" for then, now in own] or ["None."]  # fmt: skip
        lines.append("")
    counts = {what: sum(1 for found, _, _ in changed if found == what) for what in dict.fromkeys(c[0] for c in changed)}
    told = "; ".join(f"{what}: {many}" for what, many in counts.items())
    lines.append(f"Of all answers: {told}. *Smaller* is less than half as large, *larger* more than twice.\n")
    lines += _levels(old, new)
    for question, window in dict.fromkeys(_window(row) for row in new):
        lines.append(f"## {words(question, window)}\n")
        lines.append("| measure | outcome | version 0.1 | now | luck alone | verdict now | change |\n|" + "---|" * 7)
        for what, then, now in changed:
            if _window(now) == (question, window):
                luck = share(now._replace(effect=0.0, low=now.luck_low, high=now.luck_high)).partition("(")[2][:-1]
                lines.append(f"| {name_of(now)} | {OUTCOMES[now.outcome]} | {share(then)} | {share(now)} |"
                             f" {luck if math.isfinite(now.luck_low) else '–'} | {now.shown} | {what} |")  # fmt: skip
        lines.append("")
    named = list(dict.fromkeys(row.scenario for row in new))
    return "\n".join(lines) + CAUSES.format(worlds=worlds) + "\n".join(
        f"| {name_of(row)} | {WHY.get(row, '')} |" for row in named) + "\n"  # fmt: skip


def _window(row: Answer) -> tuple[str, str]:
    return row.question, row.window


def lower(text: str) -> str:
    """With a small first letter."""
    return text[:1].lower() + text[1:]


def name_of(row: Answer | str) -> str:
    """A measure in words."""
    scenario = row if isinstance(row, str) else row.scenario
    return "without international forces" if scenario == PART else MEASURES[scenario].title


def _levels(old: Sequence[Answer], new: Sequence[Answer]) -> list[str]:
    """The baseline of both versions."""
    lines = ["## The baseline\n", "| | version 0.1 | now |", "|---|---|---|"]
    for outcome, what in OUTCOMES.items():
        then, now = (
            next((row.baseline for row in rows if row.outcome == outcome and row.window == WHOLE), math.nan)
            for rows in (old, new)
        )
        lines.append(f"| {what}, 2012 to 2018 | {then:,.0f} | {now:,.0f} |")
    return [*lines, ""]


def main() -> None:
    """Make the runs and write the file or the page."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--worlds", type=int, default=20)
    ask.add_argument("--dated", action="store_true", help="ask the second question as well")
    ask.add_argument("--persons-per-youth", type=int, default=200)
    ask.add_argument("--set", dest="changes", action="append", default=[], metavar="PATH=VALUE", help="for a trial")
    ask.add_argument("--out", type=Path, default=Path("results/answers"), help="where runs are kept")
    ask.add_argument("--page", type=Path, default=HERE / "answers.md")
    ask.add_argument("--workers", type=int, default=2)
    ask.add_argument("--old", action="store_true", help=f"run the code of version 0.1, and write {OLD.name}")
    ask.add_argument("--seeds", type=int, default=4, help="with --old")
    given = ask.parse_args()
    questions = (ALONE, DATED) if given.dated else (ALONE,)
    if given.old:
        print(f"running {sim.__file__}")
        rows = [row for q in questions for row in old_answers(q, given.seeds, given.out, given.workers, given.changes)]
        write_old(rows, given.page if given.page != HERE / "answers.md" else OLD)
        return
    changes = [f"persons_per_youth={given.persons_per_youth}", *given.changes]
    new = [row for q in questions for row in answers(q, given.worlds, given.out, given.workers, changes)]
    options = f" --worlds {given.worlds}" + (" --dated" if given.dated else "")
    given.page.write_text(page(read_old(), new, given.persons_per_youth, options), encoding="utf-8")


if __name__ == "__main__":
    main()
