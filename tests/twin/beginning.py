"""A small country to begin with, and its twin."""

import math
from collections import Counter
from contextlib import contextmanager
from dataclasses import replace
from unittest import mock

import numpy as np

from sim import beginning
from sim.country import Country
from sim.scenario import Scenario
from sim.world.grid import world_grid

from .people import Cell, Group, Imam, Person, Unit, Youth
from .week import CHANNELS, STATUSES, Twin

TRAININGS = ("none", "in training", "trained")
MODES = ("static guard", "patrol", "response")
CONTACTS = ("nobody", "friend", "kin")
ROSTER = {2: "member", 3: "detained", 4: "killed", 5: "returned", 255: "gone"}
SETTLED_CERCLES = (
    "Tombouctou",
    "Goundam",
    "Tessalit",
    "Abeibara",
    "Gao",
    "Bourem",
    "Ansongo",
    "Menaka",
    "Kidal",
    "Tin-Essako",
    "Tenenkou",
    "Youwarou",
    "Mopti",
    "Djenne",
    "Macina",
    "Niono",
    "Sikasso",
    "Kayes",
    "Koulikoro",
    "Bamako",
)
SPARSE = 1e-5  # of the real people are left elsewhere, so that towns keep their ranks
"""Where the youths of the small country live: homes of the armed groups, and a place in every other region."""


def small_grid(youths_per_cell: int, persons_per_youth: int, share_15_35: float):
    """The real map with hardly any people on it, but for one cell in each of a few cercles."""
    grid = world_grid()
    population = grid.population * SPARSE
    for name in SETTLED_CERCLES:
        cells = grid.cells_of_cercle(name)
        fullest = cells[np.argmax(grid.population[cells])]
        population[fullest] = youths_per_cell * persons_per_youth / share_15_35
    population.flags.writeable = False
    return replace(grid, population=population)


@contextmanager
def on_map(grid):
    """Let countries begin on this map."""
    with mock.patch.object(beginning, "world_grid", return_value=grid):
        beginning._society.cache_clear()  # societies are kept by world seed, not by map
        try:
            yield
        finally:
            beginning._society.cache_clear()


def begin_small(scenario: Scenario, seed: int, world_seed: int = 1, youths_per_cell: int = 20) -> Country:
    """A country of some four hundred youths, with everything else as in the scenario."""
    from sim.parameters import Parameters

    share = Parameters.default().replaced(scenario.parameters).share_15_35
    with on_map(small_grid(youths_per_cell, scenario.persons_per_youth, share)):
        return beginning.begin(scenario, seed, world_seed=world_seed)


def home_weights(home, p):
    """Share of a group's first members in each of its home cells: as many in each district, away from the towns."""
    weights = [
        (cell.population + 1.0) ** p.move_people * (1.0 - math.exp(-cell.town_km / p.remote_km)) for cell in home
    ]
    in_district = Counter()
    for cell, weight in zip(home, weights, strict=True):
        in_district[cell.district] += weight
    return [w / in_district[cell.district] / len(in_district) for cell, w in zip(home, weights, strict=True)]


def of_country(country: Country) -> Twin:
    """The twin of a country, in the same state."""
    grid, society, columns, p = country.grid, country.society, country.youth, country.parameters
    cells = [
        Cell(
            number=c,
            region=int(grid.region[c]),
            lon=float(grid.lon[c]),
            lat=float(grid.lat[c]),
            population=float(grid.population[c]),
            urban_share=float(grid.urban_share[c]),
            district=grid.cercle[c],
            town_km=float(grid.town_km[c]),
            borders=[k for k in range(grid.border.shape[1]) if grid.border[c, k]],
            insecurity=float(country.insecurity[c]),
            trust=float(country.trust[c]),
            trust_start=float(country.trust_start[c]),
            state_presence=float(country.state_presence[c]),
            state_start=float(country.state_start[c]),
            hold=float(country.hold[c]),
            herding=1.0 / (1.0 + math.exp(-(grid.lat[c] - p.herding_latitude) / p.herding_width)),
            militia={"herding": float(country.militias[0, c]), "farming": float(country.militias[1, c])},
            grudge={"herding": float(country.grudges[0, c]), "farming": float(country.grudges[1, c])},
            forces=float(country.forces[c]),
            troops=float(country.troops[c]),
            persons=range(int(society.first_person[c]), int(society.first_person[c + 1])),
        )
        for c in range(len(grid))
    ]
    for cell in cells:
        cell.places_around = [cells[n] if n >= 0 else None for n in grid.neighbours[cell.number]]
        cell.neighbours = [n for n in cell.places_around if n is not None]

    table = country.groups
    groups = [
        Group(
            g,
            table.keys[g],
            int(table.founded[g]),
            int(table.ended[g]),
            int(table.founding_core[g]),
            float(table.foreign_share[g]),
            float(table.parent_share[g]),
            [cells[c] for c in table.home_cells[g]],
            home_weights([cells[c] for c in table.home_cells[g]], country.parameters),
        )
        for g in range(len(table.keys))
    ]
    for group in groups:
        parent, heir = table.parent[group.number], table.heir[group.number]
        group.parent, group.heir = (groups[k] if k >= 0 else None for k in (parent, heir))

    men = country.imams
    imams = [
        Imam(
            m,
            cells[men.cell[m]],
            float(men.stance[m]),
            float(men.credibility[m]),
            TRAININGS[men.training[m]],
            int(men.back_week[m]),
            int(men.away_until[m]),
        )
        for m in range(men.cell.size)
    ]
    for imam in imams:
        imam.cell.imams.append(imam)

    youths = []
    for i in range(society.size):
        attends = int(society.imam[i])
        youth = Youth(
            i,
            cells[society.cell[i]],
            bool(society.town[i]),
            int(society.language[i]),
            imams[attends] if attends < len(imams) else None,
            int(society.turns_36[i]),
        )
        for name in (
            "disposition",
            "settled",
            "attitude",
            "clips",
            "drama",
            "propaganda",
            "counsel",
            "lasting",
            "recent",
            "grievance",
        ):
            setattr(youth, name, float(getattr(columns, name)[i]))
        youth.woman = bool(columns.woman[i])
        youth.schooling, youth.religious_schooling = (
            int(columns.schooling[i]),
            int(columns.religious_schooling[i]),
        )
        youth.livelihood = int(columns.livelihood[i])
        youth.channels = {channel for k, channel in enumerate(CHANNELS) if columns.channels[i] >> k & 1}
        youth.cell.youths.append(youth)
        youths.append(youth)
    for youth in youths:
        youth.ties = [youths[t] for t in society.ties[youth.row]]
        youth.kin = [youth.ties[2], youth.ties[3]]  # next of kin are next in the row, on either side
    ppy, persons = society.persons_per_youth, country.persons
    for youth in youths:
        youth.stands_for = ppy
    for k in np.flatnonzero((persons.status > 0) | (persons.refused_until > country.week)).tolist():
        one = youths[k // ppy].person(k % ppy)
        one.status, one.refused_until = STATUSES[persons.status[k]], int(persons.refused_until[k])
        one.contact_group = groups[persons.contact_group[k]] if persons.contact_group[k] >= 0 else None
        one.contact_week, one.contact_through = int(persons.contact_week[k]), CONTACTS[persons.contact_tie[k]]

    known = country.roster
    roster = []
    for e in range(known.size):
        row, group, abroad = int(known.youth[e]), int(known.group[e]), int(known.abroad[e])
        person = Person(
            int(known.person[e]),
            youths[row].person(int(known.person[e]) % ppy) if row >= 0 else None,
            groups[group] if group >= 0 else None,
            cells[known.cell[e]],
            abroad if abroad >= 0 else None,
            bool(known.recruiter[e]),
            ROSTER[known.state[e]],
            int(known.since[e]),
            bool(known.convicted[e]),
            bool(known.leader[e]),
        )
        roster.append(person)

    there = country.units
    units = [
        Unit(
            u,
            int(there.force[u]),
            cells[there.base[u]],
            cells[there.cell[u]],
            float(there.nominal[u]),
            float(there.strength[u]),
            MODES[there.mode[u]],
            int(there.since[u]),
            int(there.until[u]),
            float(there.effectiveness[u]),
            float(there.abuse_factor[u]),
            float(there.patrol_share[u]),
            float(there.present[u]),
        )
        for u in range(there.base.size)
    ]
    from sim.world import facts

    twin = Twin(
        p=country.parameters,
        seed=int(country.seed),
        world_seed=country.world_seed,
        week=country.week,
        first_day=country.clock.start,
        ppy=society.persons_per_youth,
        cells=cells,
        youths=youths,
        imams=imams,
        groups=groups,
        roster=roster,
        units=units,
        towns=[cells[town.cell] for town in grid.towns],
        sites=[(cells[site.cell], site.weight) for site in facts.sites()],
        kin_places=(2, 3),
        commands=[force.command for force in facts.forces()],
        states_own=[force.kind == "state" for force in facts.forces()],
        villages={},
        spread=society.spread,
    )
    for youth in youths:
        twin.villages.setdefault(twin.village(youth.row), []).append(youth)
    twin.in_contact = [youths[k // ppy].person(k % ppy) for k in persons.in_contact.tolist()]
    twin.count()
    return twin
