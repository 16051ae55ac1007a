"""Friday sermons are drafted by the state.

Since August 2012 Mali has a ministry of religious affairs, which drafts sermons and sends them to mosques; some imams
preach what they are sent. No count of these imams, no budget and no study of drafted sermons was found. How a draft
changes a sermon (`draft_shift`), and how much credibility the state's hand costs the imam who preaches it
(`state_brand`), is in the parameter table. Where listeners trust the state little, a draft may silence a good voice
rather than tame a bad one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from sim.measures.base import Measure, Share, Steady, Xof, field, some
from sim.measures.posted import imams_in_post

if TYPE_CHECKING:
    import numpy as np

    from sim.country import Country
    from sim.levers import Levers


class SermonDrafting(Measure):
    """The ministry drafts a sermon for every Friday and sends it to all imams in post."""

    key: ClassVar[str] = "sermon_drafting"
    title: ClassVar[str] = "Sermons drafted by the ministry of religious affairs"
    delivers: ClassVar[str] = "imams who preach the drafted sermon"
    steady: ClassVar[Steady] = {"apply": ()}
    sources: ClassVar[tuple[str, ...]] = ("maliweb September 2012 (creation of the ministry)",)

    share_following: Share = field(
        0.4, unit="share of imams", source="assumed: no count found; .1 to .7 are equally good guesses",
        meaning="share of the imams sent the draft who preach it",
    )  # fmt: skip
    cost_per_imam_week: Xof = field(
        500, unit="XOF per imam and week", source="assumed: printing and delivery of a few pages",
        meaning="cost of sending the draft",
    )  # fmt: skip
    office_per_week: Xof = field(
        2_000_000, unit="XOF per week", source="assumed: pay of some ten people",
        meaning="cost of the office that drafts the sermons",
    )  # fmt: skip

    def apply(self, levers: Levers, country: Country) -> None:
        """Let a share of the imams preach the draft."""
        done = self.carried_out(country)
        if some(done):
            levers.reach("drafted_sermons", *self.in_regions(done * self.share_following))

    def delivery(self, country: Country, done: float) -> np.ndarray:
        """Imams who preach the draft, by region."""
        return imams_in_post(country) * self.region_mask * done * self.share_following

    def spending(self, country: Country, done: float) -> np.ndarray:
        """The office, and a letter to every imam in post."""
        letters = imams_in_post(country) * self.region_mask * done * self.cost_per_imam_week
        return letters + self.by_people(country, done * self.office_per_week)
