"""Who was spared, and why: the tables and stories of an `Explanation`, for the terminal and for files."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.text import Text

from sim.comparison.worlds import differences, sentence, world
from sim.engine.errors import InputError
from sim.engine.office import as_csv
from sim.measures.base import REGIONS
from sim.stories.parting import BECAUSE, CHANGES
from sim.views.tables.layout import say, show_table
from sim.views.words import beware

if TYPE_CHECKING:
    import pandas as pd

    from sim.stories.explain import Chapter, Explanation, Story, Turn

INVENTED = "Invented persons; nothing here describes a real one."
NOBODY_DIFFERS = "Nothing differs: everyone who joined in one run joined in the other too, and in the same week."
REASONS = {
    "revenge": "after an abuse of self or kin",
    "income": "for want of a livelihood",
    "ideology": "out of support for the narrative",
    "protection": "for protection where nobody else gives it",
    "company": "to be with friends and kin",
}
THROUGH = {"tie": "through a friend", "kin": "through a relative", "random": "by a stranger"}
LIVELIHOODS = {"none": "without work", "precarious": "in precarious work", "secure": "in secure work"}
STEPS = {
    "difference": "The first difference of any kind",
    "event": "The first event: what happened to them, to those close to them or in their place, in one run only",
    "decision": "The decision: what made them join in one run, and not or not yet in the other",
}

TOLD = {
    "start": "they live in other circumstances from the first day",
    "born": "they turn 15 into other circumstances",
    "measure": "a measure bears on joining where they live",
    "measure_contacts": "a measure bears on contacts with recruiters where they live",
    "clip": "they see a campaign clip in {run} only",
    "propaganda": "they hear the propaganda of an armed group in {run} only",
    "drama": "they hear an episode of a radio drama in {run} only",
    "outreach": "they hear an imam speak against violence in {run} only",
    "felt": "messages leave them a little more inclined to the violent narrative in {run}",
    "support": "a measure moves people's own views where they live",
    "peers": "their friends and relatives are a little more inclined to the violent narrative in {run}",
    "sermon": "sermons leave them a little more inclined to the violent narrative in {run}",
    "redress": "more of a grievance stays with them in {run}",
    "approached": "a recruiter approaches them in {run} only",
    "contact": "the recruiter who approaches them is another, or comes through others",
    "lapsed": "their contact with a recruiter ends in {run}",
    "joined": "they join in {run}",
    "tie_joined": "more of their friends and relatives become members in {run}",
    "tie_left": "more of their friends and relatives stop being members in {run}: caught, killed, or back home",
    "founder": "they are among the founders of a group in {run} only",
    "attack": "armed groups attack more often where they live in {run}",
    "threat": "their place is more insecure in {run}",
    "hold": "armed groups hold their place more firmly in {run}",
    "state": "the state is more present where they live in {run}",
    "forces": "more security forces are near in {run}",
    "held": "they are held without being members in {run} only",
    "abuse": "they or a relative suffer an abuse by forces in {run} only",
    "abuse_near": "a friend suffers an abuse by forces in {run} only",
    "trust": "people there trust the forces more in {run}",
    "cleared": "they are set free again in {run}",
    "school": "they have been to school a year longer in {run}",
}
"""Differences as a story tells them; {run} is the run in which there is more of it."""

DECIDED = {
    "approached": "a recruiter approaches them in {run} and not in {other}; what makes the difference: {because}",
    "other_contact": "the contact that makes them join in {run} does not come about in {other}, where they are in"
    " contact since another week and have not joined by then",
    "lapsed": "the contact goes on in {run} and ends in {other} before they join; what makes the difference: {because}",
    "decided": "they are in contact in both runs and join in {run} that week, not in {other}; what makes most of the"
    " difference: {because}",
    "held": "they are held in {other} without being members, when the recruiter comes whom they follow in {run}",
    "founder": "they belong to a group since its foundation in {other}; in {run} they join one",
}


# --- stories ------------------------------------------------------------------------------------------------


def labels(explanation: Explanation) -> tuple[str, str]:
    """The names of the two runs, told apart where they are one."""
    first, second = explanation.names
    return (first, second) if first != second else (f"{first} (first)", f"{second} (second)")


def told(story: Story, names: tuple[str, str]) -> list[str]:
    """A story in sentences; `names` are those of the two runs."""
    who = (
        f"A {'woman' if story.woman else 'man'} of {story.ages}, region {story.region}, {LIVELIHOODS[story.livelihood]}"
    )
    sentences = [f"{who}: {CHANGES[story.change]}."]
    for name, chapter in zip(names, (story.first, story.second), strict=True):
        sentences.append(_chapter(name, chapter))
    moments = [
        ("The runs first differ for them", story.difference),
        ("What first happens in one run only", story.event),
    ]
    for opening, turn in moments:
        sentences.append(f"{opening}, week of {turn.week}: {TOLD[turn.what].format(run=_run(turn, names))}.")
    turn = story.decision
    run, other = names if turn.run > 0 else names[::-1]
    what = DECIDED[turn.what].format(run=run, other=other, because=BECAUSE[turn.because])
    return [*sentences, f"What decides, week of {turn.week}: {what}."]


def _chapter(name: str, chapter: Chapter | None) -> str:
    if chapter is None:
        return f"In {name} they never join."
    return (
        f"In {name} they are approached {THROUGH[chapter.through]} in the week of {chapter.contact}"
        f" and join in the week of {chapter.joined}, mainly {REASONS[chapter.reason]}."
    )


def _run(turn: Turn, names: tuple[str, str]) -> str:
    return names[0] if turn.run > 0 else names[1] if turn.run < 0 else "one of the runs"


# --- tables -------------------------------------------------------------------------------------------------


def _opening(explanation: Explanation) -> list[str]:
    about, (first, second) = explanation.about, labels(explanation)
    each = about["scenarios"][0]["persons_per_youth"]
    drawn = f", draw {about['draw']} of the parameters" if about["draw"] else ""
    count = explanation.persons.groupby("change")["persons"].sum()
    spared, added = int(count.get("spared", 0)), int(count.get("added", 0))
    theirs, ours = map(world, about["scenarios"])
    differ = beware({second: sentence(differences(ours, theirs, bool(about["draw"])), first)})
    return [
        *([differ] if differ else []),
        f"{first} against {second}, seed {about['seed']}, world seed {about['world_seed']}{drawn}. {INVENTED}",
        f"Joined: {explanation.joined[0]:,} persons in {first}, {explanation.joined[1]:,} in {second}"
        f" ({spared:,} fewer and {added:,} more). One simulated youth stands for {each:,} persons.",
    ]


def _persons_by(explanation: Explanation, column: str) -> tuple[list[str], list[list[str]]]:
    """Heading and rows: persons by a column and by change, with what the second run has more or fewer in all."""
    table = explanation.persons.pivot_table(
        index=column, columns="change", values="persons", aggfunc="sum", fill_value=0
    ).reindex(columns=list(CHANGES), fill_value=0)
    rows = {str(name): _counts(row) for name, row in table.iterrows()}
    ordered = [[_word(name), *rows[name]] for name in ORDER[column] if name in rows]
    return [column, *CHANGES, "net"], [*ordered, ["in all", *_counts(table.sum())]]


def _word(name: str) -> str:
    return REASONS.get(name) or THROUGH.get(name) or name


def _counts(row: pd.Series) -> list[str]:
    net = int(row["added"] - row["spared"])
    return [*(f"{int(row[change]):,}" for change in CHANGES), f"{net:+,}" if net else "0"]


def _events_of(explanation: Explanation, step: str) -> list[list[str]]:
    table = explanation.events[explanation.events["step"] == step]
    rows = table[["change", "meaning", "persons", "median_date"]].itertuples(index=False)
    return [[change, meaning, f"{persons:,}", day] for change, meaning, persons, day in rows]


ORDER = {"region": REGIONS, "reason": tuple(REASONS), "through": tuple(THROUGH)}
EVENT_COLUMNS = ["who", "what", "persons", "median week"]


def _tables(explanation: Explanation) -> Iterator[tuple[str, list[str], list[list[str]], int]]:
    """Title, heading, rows, and how many columns are words."""
    for column, title in (("region", "by region"), ("reason", "by main reason"), ("through", "by who approached them")):
        yield f"Persons who joined, {title}", *_persons_by(explanation, column), 1
    for step, title in STEPS.items():
        yield title, EVENT_COLUMNS, _events_of(explanation, step), 2


def show_explanation(explanation: Explanation, out: Console) -> None:
    """Tables and stories on the terminal."""
    for line in _opening(explanation):
        say(out, line)
    if explanation.events.empty:
        say(out, NOBODY_DIFFERS)
        return
    for change, meaning in CHANGES.items():
        say(out, f"  {change}: {meaning}")
    for title, heads, rows, left in _tables(explanation):
        show_table(out, title, heads, rows, left)
    for number, story in enumerate(explanation.stories, 1):
        sentences = " ".join(told(story, labels(explanation)))
        out.print(Text.assemble((f"Story {number}", "bold"), f"  {sentences}\n"), highlight=False)


# --- files --------------------------------------------------------------------------------------------------


def as_markdown(explanation: Explanation) -> str:
    """The same as a page."""
    first, second = labels(explanation)
    parts = [f"# Who was spared, and why: {first} against {second}", *_opening(explanation)]
    if explanation.events.empty:
        return "\n\n".join([*parts, NOBODY_DIFFERS]) + "\n"
    parts.append("\n".join(f"- {change}: {meaning}" for change, meaning in CHANGES.items()))
    for title, heading, rows, words in _tables(explanation):
        line = ["---"] * words + ["---:"] * (len(heading) - words)
        parts += [f"## {title}", "\n".join("| " + " | ".join(row) + " |" for row in [heading, line, *rows])]
    if explanation.stories:
        parts += ["## Stories", f"Examples, spread evenly over decisions and years. {INVENTED}"]
    for number, story in enumerate(explanation.stories, 1):
        parts += [f"### Story {number}", "\n".join(f"- {sentence}" for sentence in told(story, labels(explanation)))]
    return "\n\n".join(parts) + "\n"


FILES = ("explain.md", "explain_persons.csv", "explain_events.csv", "manifest.json")


def check_folder(folder: str | os.PathLike[str]) -> Path:
    """Refuse a folder that an explanation cannot be written to.

    Raises
    ------
    InputError
        If it is a file, or holds anything else than an explanation.
    """
    folder = Path(folder)
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder} is a file; --out names a folder")
    if folder.is_dir() and any(file.name not in FILES for file in folder.iterdir()):
        raise InputError(f"{folder} holds other files; name a new or empty folder with --out")
    return folder


def save_explanation(explanation: Explanation, folder: str | os.PathLike[str]) -> Path:
    """Write `FILES` into a folder, whole or not at all; an explanation that is there is replaced.

    Raises
    ------
    InputError
        If the folder is a file, holds anything else, or cannot be written.
    """
    folder = check_folder(folder)
    about: dict[str, Any] = {**explanation.about, "joined": list(explanation.joined), "note": INVENTED}
    half, old = (folder.with_name(f".{folder.name}.{os.getpid()}.{end}") for end in ("tmp", "old"))
    try:
        shutil.rmtree(half, ignore_errors=True)
        half.mkdir(parents=True)
        (half / "explain.md").write_text(as_markdown(explanation), encoding="utf-8")
        (half / "explain_persons.csv").write_text(as_csv(explanation.persons), encoding="utf-8")
        (half / "explain_events.csv").write_text(as_csv(explanation.events), encoding="utf-8")
        text = json.dumps(about, indent=1, ensure_ascii=False, default=str)
        (half / "manifest.json").write_text(text + "\n", encoding="utf-8")
        if folder.exists():
            os.replace(folder, old)
        os.replace(half, folder)
    except OSError as problem:
        raise InputError(f"{folder} cannot be written ({problem.strerror or problem})") from None
    finally:
        shutil.rmtree(half, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)
    return folder
