"""How a country begins: its society, its armed groups and forces, and its first members."""

from __future__ import annotations

from datetime import date
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.country import Country, Places
from sim.engine.checks import whole
from sim.engine.errors import InputError
from sim.engine.exact import exp, power
from sim.engine.luck import seed_key
from sim.languages import tr
from sim.levers import Levers
from sim.measures import MEASURES, PLUGINS
from sim.measures.routine import Routine
from sim.parameters import LAST_DRAW, Parameters
from sim.population.groups import NOBODY, Groups, Roster, first_bases, founders, home, home_weights
from sim.population.imams import first_imams, ordain
from sim.population.persons import Persons
from sim.population.security import Deployment, muster
from sim.population.youth import MEMBER, NEVER, SETTLED_BY, STATUSES, Society, settle
from sim.posterior import in_use
from sim.processes.approach import enlist
from sim.processes.attitudes import excluded_grievance
from sim.processes.groups import count
from sim.processes.hazard import average_pull
from sim.processes.leaders import leaders
from sim.processes.measures import measures
from sim.processes.record import MEANS, observables
from sim.processes.security import post_units
from sim.processes.wrongs import SIDES
from sim.record import FLOWS
from sim.version import versions
from sim.world import facts
from sim.world.grid import Grid, world_grid
from sim.world.timeline import Clock

if TYPE_CHECKING:
    from sim.scenario import Scenario

LONGEST_RUN = 1040  # weeks: in twenty years the newcomers of the first week nearly reach 36 themselves
FEWEST_YOUTHS = 8  # a youth has six neighbours
OWN_SOCIETY = 0  # the world seed that gives each run the society of its own luck


def begin(scenario: Scenario, seed: int = 1, *, world_seed: int = OWN_SOCIETY, draw: int = 0) -> Country:
    """The country on the first day of a scenario.

    Parameters
    ----------
    scenario : Scenario
        The period, the measures, and the values it sets.
    seed : int
        Luck of the run.
    world_seed : int
        Who lives where and knows whom. 0 gives each run the society of its own luck: another for each seed and each
        draw, the same for all scenarios of a seed. Another number gives all runs that one society.
    draw : int
        Draw of the uncertain parameters; 0 gives the values of the table. Draw k takes the fitted parameters from world
        k where there is a posterior and the scenario does not say `draws_from: prior`, and the others from their
        priors. Values that the scenario sets stay. Each draw has its own luck.

    Raises
    ------
    InputError
        If the scenario cannot be run.
    """
    seed, world_seed = whole(seed, "seed"), whole(world_seed, "world_seed")
    draw = whole(draw, "draw", 0, LAST_DRAW)
    grid, clock = world_grid(), scenario.clock
    drawn, key, world = _drawn(draw, seed, scenario.draws_from)
    p = drawn.replaced(scenario.parameters)
    people = int(key) if world_seed == OWN_SOCIETY else world_seed
    if clock.weeks > LONGEST_RUN:
        raise InputError(
            tr("the run has {weeks} weeks; at most {most} are possible", weeks=clock.weeks, most=LONGEST_RUN)
        )
    society = _society(scenario.persons_per_youth, people, tuple((name, p[name]) for name in SETTLED_BY))
    table = _groups(scenario, clock, grid, p)
    trust = facts.trust()
    cells, regions, forces, armed = len(grid), len(grid.region_names), len(facts.forces()), len(table.keys)
    seen = observables(sorted(MEASURES), {name: m.delivers for name, m in MEASURES.items()})
    languages = facts.languages()[0]
    sizes = {"channel": len(facts.CHANNELS), "language": len(languages), "cell": cells, "region": regions,
             "country": len(grid.country_names), "group": armed, "force": forces}  # fmt: skip
    country = Country(
        about={**_about(scenario, p, seed, world_seed, draw), **world},
        clock=clock,
        week=0,
        seed=key,
        world_seed=people,
        parameters=p.carried_over(),
        grid=grid,
        society=society,
        groups=table,
        places=_places(grid, table, p, clock),
        measures=tuple(scenario.past_measures() if scenario.start_from else scenario.active_measures()),
        later=(scenario.own_week, tuple(scenario.active_measures())) if scenario.start_from else None,
        levers=Levers(sizes),
        routine=Routine(),
        youth=society.newborn.copy(),
        persons=Persons.untouched(society.persons),
        imams=ordain(grid, p, people),
        roster=Roster.empty(4096),
        units=muster(grid, *_deployments(scenario, clock), p.unit_persons, p.rural_base_weight, people),
        insecurity=np.zeros(cells),
        trust=trust.trust[grid.region],
        trust_start=trust.trust[grid.region],
        state_presence=trust.state_presence[grid.region],
        state_alone=trust.state_presence[grid.region],
        state_start=trust.state_presence[grid.region],
        average_pull=average_pull(society, society.newborn, trust.trust[grid.region], p),
        grudges=np.zeros((SIDES, cells)),
        militias=np.zeros((SIDES, cells)),
        hold=np.zeros(cells),
        members=np.zeros((armed, cells), np.int64),
        recruiters=np.zeros((armed, cells), np.int64),
        experience=np.zeros(armed),
        fell=np.full(armed, NEVER, np.int64),
        posted=np.zeros((forces, regions)),
        trained=np.zeros(forces),
        by_command=np.zeros((len(facts.commands()), cells)),
        forces=np.zeros(cells),
        troops=np.zeros(cells),
        attacks_now=np.zeros((armed, cells), np.int64),
        felt=np.zeros(len(society.chunks), np.uint8),
        flows=np.zeros((len(FLOWS), cells)),
        totals=np.zeros((len(FLOWS), cells)),
        means=np.zeros((len(MEANS), cells)),
        youth_sums=np.zeros((len(society.blocks), 3), np.int64),
        population=np.zeros((regions, len(STATUSES)), np.int64),
        observables=seen,
        names={o.name: k for k, o in enumerate(seen)},
        values=np.zeros((len(seen), clock.weeks, regions)).transpose(1, 2, 0),  # one observable's weeks stand together
    )
    excluded = country.youth.livelihood == facts.LIVELIHOODS.index("none")
    country.youth.grievance[excluded] = excluded_grievance(country)[society.cell[excluded]]
    _first_members(country)
    leaders(country)
    count(country)
    measures(country)  # they decide which forces are deployed on the first day
    post_units(country)
    country.flows[:] = 0.0
    return country


def _drawn(draw: int, seed: int, draws_from: str) -> tuple[Parameters, Any, dict[str, int]]:
    """The parameters and the luck of a draw, and which world they are."""
    p, worlds = Parameters.default().drawn(draw), in_use() if draw and draws_from == "worlds" else None
    if worlds is None:
        return p, seed_key(seed, draw), {}
    kept = worlds.seed(draw) if seed == 1 else None  # the first seed is the luck under which the world was kept
    luck = seed_key(seed, draw) if kept is None else seed_key(kept)
    return Parameters({**p.as_dict(), **worlds.world(draw)}), luck, {"world": (draw - 1) % len(worlds) + 1}


@lru_cache(maxsize=1)
def _society(persons_per_youth: int, world_seed: int, parameters: tuple) -> Society:
    """The society of a world seed, kept for the next run: the scenarios of one seed share it."""
    p, grid = Parameters(dict(parameters)), world_grid()
    society = settle(grid, p, persons_per_youth, world_seed, first_imams(grid, p))
    if society.size < FEWEST_YOUTHS:
        raise InputError(
            tr(
                "persons_per_youth is {persons_per_youth}, which leaves {youths} youths; at least {least} are needed",
                persons_per_youth=persons_per_youth,
                youths=society.size,
                least=FEWEST_YOUTHS,
            )
        )
    return society


def _groups(scenario: Scenario, clock: Clock, grid: Grid, p: Parameters) -> Groups:
    """The armed groups of the table of facts, as the scenario changes them."""
    rows = []
    for row in facts.groups():
        changes = dict(scenario.groups.get(row.key, {}))
        if changes.pop("enabled", True):
            rows.append({**{name: getattr(row, name) for name in row.__dataclass_fields__}, **changes})
    if not rows:
        raise InputError(tr("every armed group is disabled; leave at least one enabled"))
    keys = [row["key"] for row in rows]
    place = {key: g for g, key in enumerate(keys)}

    def week(day: date | None) -> int:
        return clock.weeks + 1 if day is None else clock.week(day)

    homes = [home(grid, tuple(row["home_cercles"])) for row in rows]
    return Groups(
        keys=keys,
        names=[row["name"] for row in rows],
        parent=np.array([place.get(row["parent"], NOBODY) for row in rows]),
        heir=np.array([place.get(row["heir"], NOBODY) for row in rows]),
        founded=np.array([week(row["founded"]) for row in rows]),
        ended=np.array([week(row["ended"]) for row in rows]),
        start_members=np.array([row["start_members"] for row in rows]),
        foreign_share=np.array([row["foreign_share"] for row in rows]),
        founding_core=np.array([row["founding_core"] for row in rows]),
        home=np.stack([km for _, km in homes]),
        home_cells=[cells for cells, _ in homes],
        home_weight=[home_weights(grid, row["home_cercles"], p.move_people, p.remote_km) for row in rows],
        parent_share=np.array([row["parent_share"] for row in rows]),
    )


def _deployments(scenario: Scenario, clock: Clock) -> tuple[list[Deployment], np.ndarray]:
    """The deployments and the traits of the forces, as the scenario changes them."""
    forces = facts.forces()
    place = {force.key: k for k, force in enumerate(forces)}
    traits = np.array([
        [scenario.forces.get(f.key, {}).get(name, getattr(f, name)) for name in
         ("effectiveness", "abuse_factor", "patrol_share")] for f in forces
    ])  # fmt: skip
    out = []
    for d in facts.deployments():
        changes: dict[str, Any] = scenario.forces.get(d.force, {})
        troops = d.troops * changes.get("scale", 1.0)
        since = max(clock.week(d.start), clock.week(changes["start"]) if "start" in changes else -(10**6))
        until = clock.weeks + 1 if d.end is None else clock.week(d.end)
        until = min(until, clock.week(changes["end"]) if "end" in changes else until)
        if changes.get("enabled", True) and troops > 0 and since < until:
            out.append(Deployment(place[d.force], d.region, d.cercle, since, until, troops))
    return out, traits


@cache
def _distances() -> np.ndarray:
    """Km between any two cells (float32: 12 MB)."""
    grid = world_grid()
    everywhere = np.arange(len(grid))
    return grid.distance_km(everywhere[:, None], everywhere[None, :]).astype(np.float32)


@cache
def _borders() -> tuple[np.ndarray, np.ndarray]:
    """For every cell and neighbouring country, the nearest cell that touches the country, and the km to it."""
    touching = [np.flatnonzero(border) for border in world_grid().border.T]
    gate = np.stack([cells[_distances()[:, cells].argmin(axis=1)] for cells in touching], axis=1)
    return gate, np.take_along_axis(_distances(), gate, axis=1).astype(np.float64)


def _shelter(clock: Clock) -> np.ndarray:
    """How well each neighbouring country shelters members, by week."""
    out = np.zeros((clock.weeks, len(world_grid().country_names)))
    for row in facts.sanctuaries():
        out[max(clock.week(row.start), 0) :, row.country] = row.shelter
    return out


def _places(grid: Grid, table: Groups, p: Parameters, clock: Clock) -> Places:
    """What follows from the map, the groups' homes and the parameters."""
    towns = np.array([town.cell for town in grid.towns])
    pull = np.array([town.population for town in grid.towns])
    everywhere = np.arange(len(grid))
    sites = facts.sites()
    site_cells = np.array([s.cell for s in sites])
    weight = np.array([s.weight for s in sites])
    from_home = table.home[:, site_cells]
    near = _distances() <= p.patrol_km
    gate, border_km = _borders()
    herding = 1.0 / (1.0 + exp(-(grid.lat - p.herding_latitude) / p.herding_width))
    contact = 4.0 * herding * (1.0 - herding)
    near &= grid.region[:, None] == grid.region[None, :]
    region_first = np.searchsorted(grid.region, np.arange(len(grid.region_names) + 1))
    return Places(
        region_first=region_first,
        imam_first=first_imams(grid, p)[region_first],
        district=np.unique(grid.cercle, return_inverse=True)[1],
        people_pull=power(grid.population + 1.0, p.move_people),
        home_pull=exp(-table.home / p.home_km),
        town_cells=towns,
        town_pull=power(pull, p.move_people),
        town_distance=power(_distances()[:, towns] + p.gravity_km, -p.gravity_power)
        * (everywhere[:, None] != towns[None, :]),
        sites=site_cells,
        site_pull=power(weight, p.raid_people) * power(from_home + p.gravity_km, -p.gravity_power),
        shelter=_shelter(clock),
        border_near=exp(-border_km / p.cross_km),
        gate=gate,
        herding=herding,
        contact=contact,
        quarrels=grid.population * (1.0 - grid.urban_share) / 1e6 * contact,
        reach_first=np.concatenate([[0], np.cumsum(near.sum(axis=1))]),
        reach=np.nonzero(near)[1],
    )


def _first_members(country: Country) -> None:
    """Put the members of the groups that exist on the first day into the roster."""
    table = country.groups
    first = np.where(table.start_members > 0, table.start_members, table.founding_core)
    sizes = np.zeros(first.size, np.int64)  # groups that ended before a late start have passed their members on
    there = (table.founded < 0) | (table.alive(0) & (table.start_members > 0))
    acting = table.acting(0)
    np.add.at(sizes, acting[there & (acting != NOBODY)], first[there & (acting != NOBODY)])
    for g in np.flatnonzero(sizes > 0):
        total = int(sizes[g])
        from_abroad_share = float(table.foreign_share[g])
        local = founders(country.society, country.persons.status, table, int(g), total, from_abroad_share, country.seed)
        names = country.roster.strangers(total - local.size)
        enlist(country, local, np.full(local.size, g, np.int8))
        country.roster.append(
            names.size,
            person=names,
            youth=NOBODY,
            group=g,
            cell=first_bases(names, int(g), country.groups, country.seed),
            state=MEMBER,
        )


def _about(scenario: Scenario, p: Parameters, seed: int, world_seed: int, draw: int) -> dict[str, Any]:
    """What is needed to make the run again."""
    return {
        "scenario": scenario.resolved(),
        "seed": seed,
        "world_seed": world_seed,
        "draw": draw,
        "parameters": p.as_dict(),
        "versions": versions(PLUGINS),
    }
