"""Conditions: a measure with `when` is on only while reports say that the country is in a certain state."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, model_validator

from sim.engine.errors import nearest, plain
from sim.languages import tr
from sim.measures.regions import NATION, REGION_OF, REGIONS, people_of
from sim.measures.settings import Number, Weeks, choice, field, kind_of, wrong
from sim.record import FLOWS, SEEN

if TYPE_CHECKING:
    from sim.country import Country

COUNTED = frozenset(name for name, _, _ in FLOWS)
"""Observables that count what happens in a week and add up over time; the others are states at the end of the week."""


def _place(value: Any) -> str:
    if isinstance(value, str):
        if plain(value) == plain(NATION):
            return NATION
        if plain(value) in REGION_OF:
            return REGION_OF[plain(value)]
    offer = nearest(value, [NATION, *REGIONS]) if isinstance(value, str) else ""
    raise wrong(f"is {kind_of(value)}; it must be {NATION} or one of: {', '.join(REGIONS)}{offer}")


def _seen(value: Any) -> str:
    if value not in SEEN:
        offer = nearest(value, SEEN) if isinstance(value, str) else ""
        raise wrong(f"is {kind_of(value)}; a planner can watch {', '.join(SEEN)}{offer}")
    return str(value)


class Condition(BaseModel):
    """A state of the country, as planners know it from reports, that switches a measure on and off.

    when: {observable: attacks, region: Mopti, over_weeks: 13, above: 20}
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    observable: Annotated[str, BeforeValidator(_seen)] = field(
        ..., unit="name", source="choice",
        meaning="the observable to watch; counts are added up over the period, states averaged",
    )  # fmt: skip
    region: Annotated[str, BeforeValidator(_place)] = choice("Mali", "name", "a region, or Mali as a whole")
    over_weeks: Weeks = choice(13, "weeks", "length of the period to watch")
    above: Number | None = choice(None, "as the observable", "the measure is on when the value is above this")
    below: Number | None = choice(None, "as the observable", "the measure is on when the value is below this")
    lag_weeks: Weeks = choice(4, "weeks", "time until the reports of a week reach the planner; at least one week")
    lasts_weeks: Weeks = choice(13, "weeks", "how long the measure stays on after the value last met the condition")

    @model_validator(mode="after")
    def _can_be_met(self) -> Condition:
        if (self.above is None) == (self.below is None):
            both = tr("both above and below") if self.above is not None else tr("neither above nor below")
            raise wrong(tr("has {both}; give one of them", both=both))
        for name in ("over_weeks", "lag_weeks", "lasts_weeks"):
            if getattr(self, name) < 1:
                raise wrong(tr("has {name} 0; it must be 1 or more", name=name))
        return self

    @property
    def in_words(self) -> str:
        """The condition as a clause: "attacks in Mopti over 13 weeks are above 20 (...)"."""
        side, limit = (tr("above"), self.above) if self.above is not None else (tr("below"), self.below)
        watched = tr(self.observable.replace("_", " "))
        return tr(
            "{watched} in {region} over {over_weeks} weeks are {side} {limit} (reported {lag_weeks} "
            "weeks later; the measure then stays on for {lasts_weeks} weeks)",
            watched=watched,
            region=self.region,
            over_weeks=self.over_weeks,
            side=side,
            limit=format(limit, "g"),
            lag_weeks=self.lag_weeks,
            lasts_weeks=self.lasts_weeks,
        )

    def met(self, country: Country) -> bool:
        """Whether what planners know this week keeps the measure on.

        The value of week v covers the `over_weeks` weeks that end `lag_weeks` before v. Weeks before the run add
        nothing to counts and are left out of means. The measure is off until something has been reported.
        """
        now = country.week
        return any(self._met_in(country, v) for v in range(max(0, now - self.lasts_weeks + 1), now + 1))

    def _met_in(self, country: Country, week: int) -> bool:
        end = week - self.lag_weeks + 1  # with a lag of 1, up to and including the week before
        rows = country.values[max(0, end - self.over_weeks) : max(0, end), :, country.names[self.observable]]
        if not rows.size:
            return False
        by_region = rows.sum(axis=0) if self.observable in COUNTED else rows.mean(axis=0)
        if self.region != NATION:
            value = by_region[REGIONS.index(self.region)]
        elif country.observables[country.names[self.observable]].how == "sum":
            value = by_region.sum()
        else:
            people = people_of(country.grid)
            value = (people * by_region).sum() / people.sum()
        return bool(value > self.above) if self.above is not None else bool(value < self.below)
