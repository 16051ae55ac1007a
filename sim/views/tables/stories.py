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
from sim.languages import colon, day, digits, mark, tr
from sim.measures.base import REGIONS
from sim.stories.parting import BECAUSE, CHANGES
from sim.views.tables.layout import say, show_table
from sim.views.words import beware

if TYPE_CHECKING:
    import pandas as pd

    from sim.stories.explain import Chapter, Explanation, Story, Turn

INVENTED = mark("Invented persons; nothing here describes a real one.")
NOBODY_DIFFERS = mark("Nothing differs: everyone who joined in one run joined in the other too, and in the same week.")
REASONS = {
    "revenge": mark("after an abuse of self or kin"),
    "income": mark("for want of a livelihood"),
    "ideology": mark("out of support for the narrative"),
    "protection": mark("for protection where nobody else gives it"),
    "company": mark("to be with friends and kin"),
}
THROUGH = {"tie": mark("through a friend"), "kin": mark("through a relative"), "random": mark("by a stranger")}
LIVELIHOODS = {"none": mark("without work"), "precarious": mark("in precarious work"), "secure": mark("in secure work")}
STEPS = {
    "difference": mark("The first difference of any kind"),
    "event": mark("The first event: what happened to them, to those close to them or in their place, in one run only"),
    "decision": mark("The decision: what made them join in one run, and not or not yet in the other"),
}

TOLD = {
    "start": mark("they live in other circumstances from the first day"),
    "born": mark("they turn 15 into other circumstances"),
    "measure": mark("a measure bears on joining where they live"),
    "measure_contacts": mark("a measure bears on contacts with recruiters where they live"),
    "clip": mark("they see a campaign clip in {run} only"),
    "propaganda": mark("they hear the propaganda of an armed group in {run} only"),
    "drama": mark("they hear an episode of a radio drama in {run} only"),
    "outreach": mark("they hear an imam speak against violence in {run} only"),
    "felt": mark("messages leave them a little more inclined to the violent narrative in {run}"),
    "support": mark("a measure moves people's own views where they live"),
    "peers": mark("their friends and relatives are a little more inclined to the violent narrative in {run}"),
    "sermon": mark("sermons leave them a little more inclined to the violent narrative in {run}"),
    "redress": mark("more of a grievance stays with them in {run}"),
    "approached": mark("a recruiter approaches them in {run} only"),
    "contact": mark("the recruiter who approaches them is another, or comes through others"),
    "lapsed": mark("their contact with a recruiter ends in {run}"),
    "joined": mark("they join in {run}"),
    "tie_joined": mark("more of their friends and relatives become members in {run}"),
    "tie_left": mark("more of their friends and relatives stop being members in {run}: caught, killed, or back home"),
    "founder": mark("they are among the founders of a group in {run} only"),
    "attack": mark("armed groups attack more often where they live in {run}"),
    "threat": mark("their place is more insecure in {run}"),
    "hold": mark("armed groups hold their place more firmly in {run}"),
    "state": mark("the state is more present where they live in {run}"),
    "forces": mark("more security forces are near in {run}"),
    "held": mark("they are held without being members in {run} only"),
    "abuse": mark("they or a relative suffer an abuse by forces in {run} only"),
    "abuse_near": mark("a friend suffers an abuse by forces in {run} only"),
    "trust": mark("people there trust the forces more in {run}"),
    "cleared": mark("they are set free again in {run}"),
    "school": mark("they have been to school a year longer in {run}"),
}
"""Differences as a story tells them; {run} is the run in which there is more of it."""

DECIDED = {
    "approached": mark("a recruiter approaches them in {run} and not in {other}; what makes the difference: {because}"),
    "other_contact": mark(
        "the contact that makes them join in {run} does not come about in {other}, where they are in"
        " contact since another week and have not joined by then"
    ),
    "lapsed": mark(
        "the contact goes on in {run} and ends in {other} before they join; what makes the difference: {because}"
    ),
    "decided": mark(
        "they are in contact in both runs and join in {run} that week, not in {other}; what makes most of the"
        " difference: {because}"
    ),
    "held": mark("they are held in {other} without being members, when the recruiter comes whom they follow in {run}"),
    "founder": mark("they belong to a group since its foundation in {other}; in {run} they join one"),
}


# --- stories ------------------------------------------------------------------------------------------------


def labels(explanation: Explanation) -> tuple[str, str]:
    """The names of the two runs, told apart where they are one."""
    first, second = explanation.names
    return (
        (first, second) if first != second else (tr("{name} (first)", name=first), tr("{name} (second)", name=second))
    )


def told(story: Story, names: tuple[str, str]) -> list[str]:
    """A story in sentences; `names` are those of the two runs."""
    about = {"ages": story.ages, "region": story.region, "livelihood": tr(LIVELIHOODS[story.livelihood])}
    who = (
        tr("A woman of {ages}, region {region}, {livelihood}", **about)
        if story.woman
        else tr("A man of {ages}, region {region}, {livelihood}", **about)
    )
    sentences = [f"{who}{colon()}{tr(CHANGES[story.change])}."]
    for name, chapter in zip(names, (story.first, story.second), strict=True):
        sentences.append(_chapter(name, chapter))
    moments = [
        (tr("The runs first differ for them"), story.difference),
        (tr("What first happens in one run only"), story.event),
    ]
    for opening, turn in moments:
        sentences.append(
            tr(
                "{opening}, week of {week}: {told}.",
                opening=opening,
                week=day(turn.week),
                told=tr(TOLD[turn.what], run=_run(turn, names)),
            )
        )
    turn = story.decision
    run, other = names if turn.run > 0 else names[::-1]
    what = tr(DECIDED[turn.what], run=run, other=other, because=tr(BECAUSE[turn.because]))
    return [*sentences, tr("What decides, week of {week}: {what}.", week=day(turn.week), what=what)]


def _chapter(name: str, chapter: Chapter | None) -> str:
    if chapter is None:
        return tr("In {name} they never join.", name=name)
    return tr(
        "In {name} they are approached {through} in the week of {contact} and join in the week of "
        "{joined}, mainly {reasons}.",
        name=name,
        through=tr(THROUGH[chapter.through]),
        contact=day(chapter.contact),
        joined=day(chapter.joined),
        reasons=tr(REASONS[chapter.reason]),
    )


def _run(turn: Turn, names: tuple[str, str]) -> str:
    return names[0] if turn.run > 0 else names[1] if turn.run < 0 else tr("one of the runs")


# --- tables -------------------------------------------------------------------------------------------------


def _opening(explanation: Explanation) -> list[str]:
    about, (first, second) = explanation.about, labels(explanation)
    each = about["scenarios"][0]["persons_per_youth"]
    society = tr(", world seed {world_seed}", world_seed=about["world_seed"]) if about["world_seed"] else ""
    drawn = tr(", draw {draw} of the parameters", draw=about["draw"]) if about["draw"] else ""
    count = explanation.persons.groupby("change")["persons"].sum()
    spared, added = int(count.get("spared", 0)), int(count.get("added", 0))
    theirs, ours = map(world, about["scenarios"])
    differ = beware({second: sentence(differences(ours, theirs, bool(about["draw"])), first)})
    return [
        *([differ] if differ else []),
        tr(
            "{first} against {second}, seed {seed}{society}{drawn}. {invented}",
            first=first,
            second=second,
            seed=about["seed"],
            society=society,
            drawn=drawn,
            invented=tr(INVENTED),
        ),
        tr(
            "Joined: {joined} persons in {first}, {joined2} in {second} ({spared} fewer and {added} "
            "more). One simulated youth stands for {each} persons.",
            joined=digits(explanation.joined[0], ","),
            first=first,
            joined2=digits(explanation.joined[1], ","),
            second=second,
            spared=digits(spared, ","),
            added=digits(added, ","),
            each=digits(each, ","),
        ),
    ]


def _persons_by(explanation: Explanation, column: str) -> tuple[list[str], list[list[str]]]:
    """Heading and rows: persons by a column and by change, with what the second run has more or fewer in all."""
    table = explanation.persons.pivot_table(
        index=column, columns="change", values="persons", aggfunc="sum", fill_value=0
    ).reindex(columns=list(CHANGES), fill_value=0)
    rows = {str(name): _counts(row) for name, row in table.iterrows()}
    ordered = [[_word(name), *rows[name]] for name in ORDER[column] if name in rows]
    return [tr(column), *map(tr, CHANGES), tr("net")], [*ordered, [tr("in all"), *_counts(table.sum())]]


def _word(name: str) -> str:
    said = REASONS.get(name) or THROUGH.get(name)
    return tr(said) if said else name


def _counts(row: pd.Series) -> list[str]:
    net = int(row["added"] - row["spared"])
    return [*(digits(int(row[change]), ",") for change in CHANGES), digits(net, "+,") if net else "0"]


def _events_of(explanation: Explanation, step: str) -> list[list[str]]:
    table = explanation.events[explanation.events["step"] == step]
    rows = table[["change", "meaning", "because", "persons", "median_date"]].itertuples(index=False)
    return [
        [tr(change), _because(meaning, because), digits(persons, ","), day(week)]
        for change, meaning, because, persons, week in rows
    ]


def _because(meaning: str, because: str) -> str:
    """What parted people, and where it is known what decided."""
    why = BECAUSE[because]
    return f"{tr(meaning.removesuffix(f': {why}'))}{colon()}{tr(why)}" if why else tr(meaning)


ORDER = {"region": REGIONS, "reason": tuple(REASONS), "through": tuple(THROUGH)}
EVENT_COLUMNS = [mark("who"), mark("what"), mark("persons"), mark("median week")]


def _tables(explanation: Explanation) -> Iterator[tuple[str, list[str], list[list[str]], int]]:
    """Title, heading, rows, and how many columns are words."""
    for column, title in (
        ("region", tr("by region")),
        ("reason", tr("by main reason")),
        ("through", tr("by who approached them")),
    ):
        yield tr("Persons who joined, {title}", title=title), *_persons_by(explanation, column), 1
    for step, title in STEPS.items():
        yield tr(title), list(map(tr, EVENT_COLUMNS)), _events_of(explanation, step), 2


def show_explanation(explanation: Explanation, out: Console) -> None:
    """Tables and stories on the terminal."""
    for line in _opening(explanation):
        say(out, line)
    if explanation.events.empty:
        say(out, tr(NOBODY_DIFFERS))
        return
    for change, meaning in CHANGES.items():
        say(out, f"  {tr(change)}{colon()}{tr(meaning)}")
    for title, heads, rows, left in _tables(explanation):
        show_table(out, title, heads, rows, left)
    for number, story in enumerate(explanation.stories, 1):
        sentences = " ".join(told(story, labels(explanation)))
        out.print(Text.assemble((tr("Story {number}", number=number), "bold"), f"  {sentences}\n"), highlight=False)


# --- files --------------------------------------------------------------------------------------------------


def as_markdown(explanation: Explanation) -> str:
    """The same as a page."""
    first, second = labels(explanation)
    parts = [
        tr("# Who was spared, and why: {first} against {second}", first=first, second=second),
        *_opening(explanation),
    ]
    if explanation.events.empty:
        return "\n\n".join([*parts, tr(NOBODY_DIFFERS)]) + "\n"
    parts.append("\n".join(f"- {tr(change)}{colon()}{tr(meaning)}" for change, meaning in CHANGES.items()))
    for title, heading, rows, words in _tables(explanation):
        line = ["---"] * words + ["---:"] * (len(heading) - words)
        parts += [f"## {title}", "\n".join("| " + " | ".join(row) + " |" for row in [heading, line, *rows])]
    if explanation.stories:
        parts += [
            tr("## Stories"),
            tr("Examples, spread evenly over decisions and years. {invented}", invented=tr(INVENTED)),
        ]
    for number, story in enumerate(explanation.stories, 1):
        parts += [
            tr("### Story {number}", number=number),
            "\n".join(f"- {sentence}" for sentence in told(story, labels(explanation))),
        ]
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
        raise InputError(tr("{folder} is a file; --out names a folder", folder=folder))
    if folder.is_dir() and any(file.name not in FILES for file in folder.iterdir()):
        raise InputError(tr("{folder} holds other files; name a new or empty folder with --out", folder=folder))
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
        raise InputError(tr("{folder} cannot be written ({x})", folder=folder, x=problem.strerror or problem)) from None
    finally:
        shutil.rmtree(half, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)
    return folder
