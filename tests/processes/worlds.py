"""Tiny countries in which everything but one thing is quiet."""

from datetime import date
from functools import lru_cache

import numpy as np

from sim.country import Country
from sim.parameters import Parameters
from sim.population.groups import FOREIGN, NOBODY
from sim.population.youth import APPROACHED, MEMBER
from sim.processes.groups import count
from sim.processes.hazard import average_pull
from sim.scenario import Scenario
from sim.week import begin
from sim.world import facts

NO_MEMBERS = {group.key: {"start_members": 0, "founding_core": 0, "foreign_share": 0.0} for group in facts.groups()}
NO_FORCES = {force.key: {"enabled": False} for force in facts.forces()}
NO_VIOLENCE = {"attack_rate": 0.0, "raid_rate": 0.0, "communal_rate": 0.0}
NO_DRIFT = {"noise_sd": 0.0, "sermon_pull": 0.0, "peer_pull": 0.0, "own_pull": 0.0, "exclusion_grievance": 0.0}
B_OF_JOINING = ("b_abuse_join", "b_income_join", "b_school", "b_relschool", "b_protect_join", "b_norm", "b_trust_join",
                "kappa_att")  # fmt: skip


def tiny(ppy: int = 2000, seed: int = 1, **scenario) -> Country:
    """The country on the first day of a short scenario."""
    return first_day(Scenario.of({"name": "tiny", "persons_per_youth": ppy, **scenario}), seed)


def first_day(scenario: Scenario, seed: int = 1) -> Country:
    """The country on the first day; of those begun lately, a copy."""
    return _begun(scenario, seed).copy()


@lru_cache(maxsize=8)
def _begun(scenario: Scenario, seed: int) -> Country:
    """Copying a country is a hundred times as fast as beginning one."""
    return begin(scenario, seed)


def quiet(ppy: int = 2000, seed: int = 1, **scenario) -> Country:
    """A country without members of armed groups, without forces and without grievances."""
    country = tiny(ppy, seed, **{"groups": NO_MEMBERS, "forces": NO_FORCES, **scenario})
    country.youth.grievance[:] = 0.0
    return country


def with_values(country: Country, **values: float) -> Country:
    """The same country under other parameters, inside or outside the range a scenario may set."""
    unknown = set(values) - set(country.parameters)
    assert not unknown, f"no parameters {unknown}"
    country.parameters = Parameters({**country.parameters, **values})
    society = country.society
    country.average_pull = average_pull(society, society.newborn, country.trust_start, country.parameters)
    return country


def station(country: Country, cell: int, members: int, group: int = 0, **columns) -> slice:
    """Put members from abroad into a cell; returns their entries."""
    name = int(FOREIGN) + 1_000_000 + country.roster.size
    persons = name + np.arange(members, dtype=np.uint32)
    people = {"person": persons, "youth": NOBODY, "group": group, "cell": cell, "state": MEMBER, "since": country.week}
    entries = country.roster.append(members, **{**people, **columns})
    count(country)
    return entries


def met(country: Country, persons: np.ndarray, group: int | np.ndarray = 0, week: int = 0) -> None:
    """Let a recruiter of a group have approached these persons in a week."""
    people = country.persons
    people.status[persons], people.contact_group[persons], people.contact_week[persons] = APPROACHED, group, week
    people.in_contact = np.append(people.in_contact, persons)


def one_each(country: Country, youths: np.ndarray) -> np.ndarray:
    """One person behind each of these youths: not always the first, not always another."""
    ppy = country.society.persons_per_youth
    persons: np.ndarray = youths * ppy + youths % ppy
    return persons


def persons_in(country: Country, cell: int) -> np.ndarray:
    """Everybody who lives in a cell."""
    first = country.society.first_person
    return np.arange(first[cell], first[cell + 1])


def fullest(country: Country, where: np.ndarray | None = None) -> int:
    """The cell with most people (among those of a mask)."""
    people = country.grid.population if where is None else np.where(where, country.grid.population, -1)
    return int(np.argmax(people))


def alike(found: float, share: float, of: int) -> None:
    """So many of so many happened, if each had this chance: within 4.5 standard errors."""
    error = np.sqrt(max(share * (1 - share), 1 / of) / of)
    assert abs(found / of - share) < 4.5 * error, f"{found} of {of} is {found / of:.4f}, not {share:.4f}"


def day(text: str) -> date:
    return date.fromisoformat(text)
