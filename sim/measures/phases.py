"""When a measure is taken, and how much of it: in one period or in several phases, alike in its regions or not.

    phases:
      - {start: 2013-01-07, end: 2013-07-01, intensity: 0.5}
      - {start: 2014-01-06, end: 2015-01-05, intensity: {Mopti: 1, Gao: 0.5}}

A `Strength` is how much of a measure is done: a number from 0 to 1 where it is the same in all its regions, otherwise
an array by region, 0 outside its regions. The settings of a measure, such as the number of patrols, are those of the
whole measure in its regions; the strength says how much of what falls to a region is done there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from functools import cache
from typing import Annotated, Any

import numpy as np
from pydantic import BaseModel, BeforeValidator, ConfigDict
from pydantic_core import PydanticCustomError

from sim.engine.errors import nearest, plain
from sim.languages import tr
from sim.measures.regions import LATER_REGIONS, REGION_OF, REGIONS
from sim.measures.settings import Day, Regions, choice, kind_of, number, wrong, wrong_at

Strength = Any
"""float, or float64 by region."""


def _intensity(value: Any) -> Any:
    allowed = tr("a share between 0 and 1")
    if value is None or isinstance(value, list | tuple):
        has = tr("has no value") if value is None else tr("is {kind_of}", kind_of=kind_of(value))
        raise wrong(
            tr(
                "{has}; it must be {allowed}, or a share for each region, such as {{Mopti: 1, Gao: 0.5}}",
                has=has,
                allowed=allowed,
            )
        )
    if not isinstance(value, Mapping):
        return number(value, allowed, 0, 1)
    found: dict[str, float] = {}
    for name, share in value.items():
        region = REGION_OF.get(plain(name)) if isinstance(name, str) else None
        if region is None:
            offer = nearest(name, [*REGIONS, *LATER_REGIONS]) if isinstance(name, str) else ""
            raise wrong_at(
                (name,),
                tr("is no region; it must be one of: {regions}{offer}", regions=", ".join(REGIONS), offer=offer),
            )
        if region in found:
            raise wrong_at(
                (name,), tr("stands for {region}, which is there already; it must be named once", region=region)
            )
        try:
            found[region] = number(share, allowed, 0, 1)
        except PydanticCustomError as error:
            raise wrong_at((name,), error.message()) from None
    if not found:
        raise wrong(
            tr(
                "is empty; it must be {allowed}, or a share for each region, such as {{Mopti: 1, Gao: 0.5}}",
                allowed=allowed,
            )
        )
    return {region: found[region] for region in REGIONS if region in found}


Intensity = Annotated[float | dict[str, float], BeforeValidator(_intensity)]
"""A share, or a share for each region that is named; the other regions of the measure have 0."""


class Phase(BaseModel):
    """A time in which a measure is taken; between two phases it pauses."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    start: Day | None = choice(None, "date", "first day of the phase")
    end: Day | None = choice(None, "date", "first day after the phase")
    regions: Regions | None = choice(None, "names", "where the measure acts in this phase; by default as always")
    intensity: Intensity | None = choice(None, "share", "how much of it is done in this phase; by default as always")

    def holds(self, day: date) -> bool:
        """Whether the day lies in the phase."""
        return (self.start is None or self.start <= day) and (self.end is None or day < self.end)


def named(intensity: Any) -> list[str] | None:
    """The regions that an intensity as written names; None if it is no block of regions."""
    if isinstance(intensity, Mapping) and intensity and all(isinstance(name, str) for name in intensity):
        found = [REGION_OF.get(plain(name)) for name in intensity]
        return None if None in found else [region for region in REGIONS if region in found]
    return None


def highest(intensity: Any) -> float:
    """The intensity, or the highest of those by region."""
    return float(max(intensity.values()) if isinstance(intensity, Mapping) else intensity)


def level(intensity: Any, regions: Any) -> Strength:
    """The strength that an intensity means in these regions."""
    return intensity if isinstance(intensity, float) else _by_region(tuple(intensity.items()), regions)


@cache
def _by_region(intensity: tuple[tuple[str, float], ...], regions: tuple[str, ...]) -> Strength:
    given = dict(intensity)
    shares = {region: given.get(region, 0.0) for region in regions}
    if len(set(shares.values())) == 1:
        return next(iter(shares.values()))
    strength = np.array([shares.get(region, 0.0) for region in REGIONS])
    strength.setflags(write=False)
    return strength


def how_much(intensity: Any) -> str:
    """An intensity in words: "50 %", or "Mopti 100 %, Gao 50 %".

    >>> how_much({"Mopti": 1.0, "Gao": 0.5})
    'Mopti 100 %, Gao 50 %'
    """
    if isinstance(intensity, Mapping):
        return ", ".join(f"{region} {100 * share:g} %" for region, share in intensity.items())
    return f"{100 * intensity:g} %"


def in_words(regions: Any) -> str:
    """Regions in words: all, or their names."""
    return "all" if len(regions) == len(REGIONS) else ", ".join(regions)


def some(strength: Strength) -> bool:
    """Whether anything is done anywhere."""
    return strength > 0.0 if isinstance(strength, float) else bool(np.any(strength))


def checked(phases: Sequence[Phase], start: Any, end: Any) -> None:
    """Refuse phases that lack a date they need, end before they begin, overlap, or do not fit the dates of the measure.

    The first phase may begin with the measure and the last may end with it.
    """
    for k, phase in enumerate(phases):
        before = phases[k - 1] if k else None
        if phase.start is None and before:
            raise wrong_at(("phases", k), tr("has no start, which it needs, as it is not the first"))
        if phase.end is None and k + 1 < len(phases):
            raise wrong_at(("phases", k), tr("has no end, which it needs, as it is not the last"))
        first = phase.start or start
        if first and phase.end and phase.end <= first:
            raise wrong_at(
                ("phases", k, "end"),
                tr("is {end}; it must be a date after the start {first}", end=phase.end, first=first),
            )
        if before and before.end and phase.start and phase.start < before.end:
            what = tr(
                "is {start}; it must be {end}, the end of the phase before, or later", start=phase.start, end=before.end
            )
            raise wrong_at(("phases", k, "start"), what)
    for key, day, own, which in (("start", start, phases[0].start, "first"), ("end", end, phases[-1].end, "last")):
        if day and own and day != own:
            what = tr(
                "is {day}; it must be {own}, the {key} of the {which} phase, or be left out",
                day=day,
                own=own,
                key=key,
                which=which,
            )
            raise wrong_at((key,), what)


def fits(intensity: Any, regions: Sequence[str], keys: tuple[str | int, ...]) -> None:
    """Refuse an intensity for a region in which the measure does not act."""
    for name in intensity if isinstance(intensity, Mapping) else ():
        if name not in regions:
            raise wrong_at(
                (*keys, name),
                tr("is no region of the measure; it must be one of: {regions}", regions=", ".join(regions)),
            )


def taken(settings: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The periods in which a measure does anything, from its settings as a record keeps them.

    Each is a block with start, end (as text; None: of the run), regions ("all" or a list) and intensity. A measure
    without phases has one.
    """
    own = {"start": None, "end": None, "regions": "all", "intensity": 1.0}
    one = {key: settings.get(key, usual) for key, usual in own.items()}
    periods = [{**one, **{k: v for k, v in p.items() if v is not None}} for p in settings.get("phases") or [one]]
    return [p for p in periods if settings.get("enabled", True) and highest(p["intensity"]) > 0.0]
