"""What a parting is: how a person joined in each run, and the moments at which the two stories part."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

SPARED, ADDED, SOONER, LATER, SAME = "spared", "added", "sooner", "later", "same"
CHANGES = {
    SPARED: "joined in the first run only",
    ADDED: "joined in the second run only",
    SOONER: "joined in both, sooner in the second",
    LATER: "joined in both, later in the second",
    SAME: "joined in both in the same week",
}


class What(NamedTuple):
    """A way in which a week can differ for a person."""

    happens: bool  # an event, not a matter of degree
    meaning: str


DIFFERENCES = {
    "start": What(False, "other circumstances from the first day"),
    "born": What(False, "turned 15 into other circumstances"),
    "measure": What(False, "a measure that bears on joining where they live"),
    "measure_contacts": What(False, "a measure that bears on contacts with recruiters where they live"),
    "clip": What(True, "a campaign clip seen"),
    "propaganda": What(True, "propaganda of an armed group heard"),
    "drama": What(True, "an episode of a radio drama heard"),
    "outreach": What(True, "an imam heard to speak against violence"),
    "felt": What(False, "strength of messages"),
    "support": What(False, "a measure that moves people's own views where they live"),
    "peers": What(False, "attitudes of friends and relatives"),
    "sermon": What(False, "what is preached"),
    "redress": What(False, "redress of grievances"),
    "approached": What(True, "approached by a recruiter"),
    "contact": What(False, "approached by others, or through others"),
    "lapsed": What(True, "contact with a recruiter ended"),
    "joined": What(True, "joined that week"),
    "tie_joined": What(True, "a friend or relative became a member"),
    "tie_left": What(True, "a friend or relative stopped being a member"),
    "founder": What(True, "among the founders of a group"),
    "attack": What(True, "attacks where they live"),
    "threat": What(False, "safety of their place"),
    "hold": What(False, "hold of armed groups on their place"),
    "state": What(False, "presence of the state"),
    "forces": What(False, "security forces near"),
    "held": What(True, "held without being a member"),
    "abuse": What(True, "an abuse of self or kin by forces"),
    "abuse_near": What(True, "an abuse of a friend by forces"),
    "trust": What(False, "trust in the forces where they live"),
    "cleared": What(True, "set free again"),
    "school": What(True, "a year more at school"),
}
"""What can differ, looked at in the order of the week."""

DECISIONS = {
    "approached": "approached in one run only",
    "other_contact": "in contact with recruiters since another week",
    "lapsed": "in the other run the contact ended before they joined",
    "decided": "in contact in both runs, joined in one: the hazard differed",
    "held": "in the other run they were held without being members",
    "founder": "in the other run they belonged to a group since its foundation",
}
BECAUSE = {
    "": "",
    "ties": "how many members they know",
    "recruiters": "how many approaches recruiters make there",
    "refused": "an earlier contact that ended not long before",
    "group_gone": "the end of the group",
    "abuse": "an abuse of self or kin",
    "income": "livelihood",
    "school": "years at school",
    "threat": "how threatened the place is",
    "guard": "how far state and forces protect the place",
    "norm": "what friends and relatives think",
    "trust": "trust in the forces",
    "attitude": "their own attitude",
    "support": "a measure that moves people's views",
    "measure": "a measure that bears on joining directly",
    "parameters": "parameters that the scenarios set differently",
}


@dataclass(frozen=True, slots=True)
class Joining:
    """How a person joined."""

    week: int
    contact: int  # week of the contact that led there
    reason: int  # place in approach.REASONS
    tie: int  # 0 through nobody, approach.BY_TIE, approach.BY_KIN
    woman: bool
    livelihood: int  # place in facts.LIVELIHOODS


@dataclass(frozen=True, slots=True)
class Moment:
    """A week and what differed in it."""

    week: int
    what: str  # key of DIFFERENCES, or of DECISIONS
    run: int = 0  # 1 where more of it was in the first run, -1 in the second, 0 where there is no more or less
    because: str = ""  # key of BECAUSE


@dataclass(frozen=True, slots=True)
class Parting:
    """A person whose joining differs between two runs, and where their stories part."""

    person: int
    generation: int  # 0 from the start, 1 who came after
    change: str  # key of CHANGES
    a: Joining | None
    b: Joining | None
    difference: Moment
    event: Moment
    decision: Moment

    @property
    def joining(self) -> Joining:
        """The joining that comes first in the two runs."""
        first = [joining for joining in (self.a, self.b) if joining is not None]
        return min(first, key=lambda joining: joining.week)


Person = tuple[int, int]  # number, generation
