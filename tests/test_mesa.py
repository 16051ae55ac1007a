"""Mesa's own tools on the model, on whichever Mesa is installed, from 3.3 to 4."""

from __future__ import annotations

import copy
import doctest
import gc
import html
import inspect
import pickle
import re
import subprocess
import sys
import warnings
import weakref
from pathlib import Path

import mesa
import numpy as np
import pytest
from mesa.agent import AgentSet

import sim
from sim.engine.errors import InputError
from sim.engine.luck import seed_key
from sim.mesa.agents import KINDS
from sim.mesa.column import Column
from sim.mesa.handle import SPAN, Handle
from sim.mesa.rowset import Rowset
from sim.population.groups import NOBODY
from sim.population.youth import APPROACHED, CIVILIAN, DETAINED, MEMBER, STATUSES
from sim.world import facts

Imam, Member, Recruiter, SecurityUnit, Youth = (
    sim.Imam,
    sim.Member,
    sim.Recruiter,
    sim.SecurityUnit,
    sim.Youth,
)

ROOT = Path(__file__).resolve().parents[1]
SMALL = ["persons_per_youth=2000", "end=2012-06-25"]
WEEKS = 25

needs_batch_run = pytest.mark.skipif(not hasattr(mesa, "batch_run"), reason="Mesa 4 has no batch_run")
needs_events = pytest.mark.skipif(not hasattr(mesa.Model, "schedule_event"), reason="Mesa schedules events from 3.5 on")


@pytest.fixture(scope="module")
def scenario() -> sim.Scenario:
    return sim.load(ROOT / "scenarios/baseline.yaml", SMALL)


@pytest.fixture
def model(scenario: sim.Scenario) -> sim.RecruitmentModel:
    return sim.RecruitmentModel(scenario, seed=1)


@pytest.fixture
def lived(model: sim.RecruitmentModel) -> sim.RecruitmentModel:
    for _ in range(6):
        model.step()
    return model


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[Handle]:
    """Every handle that is made while the test runs."""
    handles: list[Handle] = []
    begin = Handle.__init__

    def init(self: Handle, *args: object) -> None:
        handles.append(self)
        begin(self, *args)

    monkeypatch.setattr(Handle, "__init__", init)
    return handles


# --- the model -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [0, 7])
def test_the_model_is_the_run_to_the_last_bit(scenario, seed):
    np.random.seed(99)  # noqa: NPY002  the world's other generators have no say
    model = sim.RecruitmentModel(scenario, seed=seed)
    assert model.run().digest == sim.run(scenario, seed=seed).digest
    assert sim.RecruitmentModel(scenario, seed + 1).run().digest != model.record.digest


def test_looking_and_shuffling_do_not_touch_the_run(scenario):
    model = sim.RecruitmentModel(scenario)
    while model.running:
        model.agents.shuffle()
        model.agents_by_type[SecurityUnit].shuffle_do(lambda unit: unit.strength)
        model.random.random(), model.rng.random()
        model.agents.groupby("region").count()
        model.step()
    assert model.record.digest == sim.run(scenario).digest


def test_a_step_is_a_week_and_after_the_last_one_nothing_happens(model):
    assert model.running
    assert (model.week, model.date.isoformat()) == (0, "2012-01-02")
    assert np.isnan(model.national("members"))
    model.step()
    assert (model.week, model.date.isoformat()) == (1, "2012-01-09")
    assert getattr(model, "steps", 1) == 1  # Mesa 4 counts time instead
    assert len(model.record.values) == 1
    record = model.run()
    assert (model.week, model.running, len(record.values)) == (WEEKS, False, WEEKS)
    model.step()
    assert (model.week, model.record.digest, len(model.datacollector.model_vars["joined"])) == (
        WEEKS, record.digest, WEEKS)  # fmt: skip
    national = record.national().iloc[-1]
    for name in ("joined", "members", "trust", "attitude_mean", "grievance_mean"):
        assert model.national(name) == pytest.approx(national[name], rel=1e-12)


def test_a_draw_of_the_parameters_is_that_of_a_run(scenario):
    model = sim.RecruitmentModel(scenario, seed=2, draw=3)
    assert model.country.about["parameters"]["clip_effect"] != scenario.parameters.get("clip_effect", -0.05)
    assert model.run().digest == sim.run(scenario, seed=2, draw=3).digest


def test_world_seed_changes_the_people(scenario):
    ages = [sim.RecruitmentModel(scenario, world_seed=w).agents_by_type[Youth].get("age") for w in (1, 1, 2)]
    assert ages[0] == ages[1]
    assert ages[0] != ages[2]


def test_what_cannot_be_used_is_said(scenario, model):
    for seed in (1.5, "1", True, None, -1):
        with pytest.raises(InputError, match="seed is"):
            sim.RecruitmentModel(scenario, seed=seed)
    with pytest.raises(InputError, match="rng is 'two'; it must be a whole number"):
        sim.RecruitmentModel(scenario, rng="two")
    with pytest.raises(InputError, match="world_seed is"):
        sim.RecruitmentModel(scenario, world_seed=0.5)
    for weeks in (-1, 2.0, "all", True):
        with pytest.raises(InputError, match="weeks is"):
            model.run_for(weeks)
    assert model.week == 0
    with pytest.raises(InputError, match="did you mean 'joined'"):
        model.national("joind")
    with pytest.raises(InputError, match="did you mean 'Mopti'"):
        model.cells_of("Mopty")
    with pytest.raises(InputError, match="there is no region 5"):
        model.cells_of(5)
    with pytest.raises(InputError, match="there is no"):
        sim.RecruitmentModel(ROOT / "scenarios/basline.yaml")
    with pytest.raises(InputError, match="it must be a Scenario, the path of a YAML file"):
        sim.RecruitmentModel(5)
    for unique_id in (0, 3, 9 * SPAN, 2 * SPAN - 1):
        with pytest.raises(InputError, match=f"there is no agent {unique_id}"):
            model.agent(unique_id)
    with pytest.raises(AttributeError, match=r"model\.settings"):
        _ = model.scenario
    assert model.settings is scenario


def test_a_scenario_is_an_object_a_path_or_a_dict(tmp_path):
    data = {"name": "short", "persons_per_youth": 4000, "end": "2012-01-16"}
    path = tmp_path / "short.yaml"
    path.write_text("persons_per_youth: 4000\nend: 2012-01-16\n")
    models = [sim.RecruitmentModel(given) for given in (sim.Scenario.of(data), path, str(path), data)]
    assert len({model.settings.digest for model in models}) == 1
    assert {type(model.settings) for model in models} == {sim.Scenario}


def test_run_for_simulates_so_many_weeks(scenario, model):
    assert len(model.run_for(0).values) == 0
    assert len(model.run_for(4).values) == model.week == 4
    record = model.run_for(weeks=1000)
    assert (model.week, model.running) == (WEEKS, False)
    assert record.digest == sim.run(scenario).digest


def test_a_model_shows_where_it_stands(scenario, model):
    model.run_for(3)
    assert repr(model) == ("<RecruitmentModel 'baseline': 2012-01-02 to 2012-06-25, seed 1, week 3 of 25 (2012-01-23)>")
    civilians = (model.country.persons.status == CIVILIAN).sum()
    shown = model._repr_html_()
    assert f"<td>civilian</td><td>{civilians:,}</td>" in shown
    assert "week 3, 2012-01-23" in shown
    risky = sim.RecruitmentModel(scenario.replaced({"name": "<b>"}))
    assert "<b>" not in risky._repr_html_()
    assert html.escape("<b>") in risky._repr_html_()


def test_the_old_modules_lead_to_the_new_ones():
    import sim.agents
    import sim.model

    assert sim.model.RecruitmentModel is sim.RecruitmentModel
    assert (sim.agents.Youth, sim.agents.Recruiter) == (Youth, Recruiter)


def test_mesa_says_nothing_about_deprecation(scenario):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = sim.RecruitmentModel(scenario)
        model.step()
        _ = model.agents[0], model.agents[:3], model.agents.select(at_most=2).to_list()


def test_a_model_is_freed_with_its_agents(scenario):
    model = sim.RecruitmentModel(scenario)
    Counter(model), Counter(model)
    model.step()
    model.agents_by_type[Youth].map("step")
    gone = [weakref.ref(model), weakref.ref(model.country.youth.attitude)]
    del model
    gc.collect()
    assert [ref() for ref in gone] == [None, None]


# --- mesa.batch_run and DataCollector ------------------------------------------------------------------


def _two_scenarios(folder: Path) -> list[str]:
    paths = []
    for name, measures in (("nothing", "{}"), ("training", "{imam_training: {start: 2012-01-02}}")):
        path = folder / f"{name}.yaml"
        path.write_text(f"persons_per_youth: 4000\nend: 2012-03-05\nmeasures: {measures}\n")
        paths.append(str(path))
    return paths


@needs_batch_run
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("seeds", ["parameter", "rng"])
def test_batch_run_over_scenarios_and_seeds(tmp_path, seeds):
    paths = _two_scenarios(tmp_path)
    given: dict = {"parameters": {"scenario": paths, "seed": [0, 5]}}
    if seeds == "rng":
        if "rng" not in inspect.signature(mesa.batch_run).parameters:
            given = {"parameters": {"scenario": paths, "rng": [0, 5]}}  # Mesa 3.3: a parameter like any other
        else:
            given = {"parameters": {"scenario": paths}, "rng": [0, 5]}
    rows = mesa.batch_run(
        sim.RecruitmentModel, **given, max_steps=1000, data_collection_period=1, display_progress=False
    )
    weeks = 9
    assert len(rows) == 2 * 2 * weeks
    word = "seed" if seeds == "parameter" else "rng"
    for path in paths:
        for seed in (0, 5):
            mine = [row for row in rows if row["scenario"] == path and row[word] == seed]
            expected = sim.run(sim.load(path), seed=seed).national()
            assert [row["week"] for row in mine] == list(range(1, weeks + 1))
            for name in ("members", "attacks", "attitude_mean", "cost_imam_training"):
                assert [row[name] for row in mine] == pytest.approx(expected[name].tolist(), rel=1e-12)
    costs = {path: sum(row["cost_imam_training"] for row in rows if row["scenario"] == path) for path in paths}
    assert costs[paths[0]] == 0.0 < costs[paths[1]]


@needs_batch_run
def test_batch_run_of_a_users_model(tmp_path):
    """Collected by the user; stopped before the end (Mesa 3.3 does a step more than asked)."""
    path = _two_scenarios(tmp_path)[0]
    rows = mesa.batch_run(
        Watched,
        {"scenario": path, "seed": [1, 2]},
        max_steps=3,
        data_collection_period=-1,
        display_progress=False,
    )
    for seed in (1, 2):
        mine = [row for row in rows if row["seed"] == seed]
        model = Watched(path, seed=seed)
        for _ in range(mine[0]["Week"]):
            model.step()
        assert mine[0]["Week"] in (3, 4)
        assert mine[0]["Attitude"] == model.agents_by_type[Youth].agg("attitude", np.mean)


class SeedByName(sim.RecruitmentModel):
    """A user's model that asks for `seed` by name."""

    def __init__(self, scenario: str, seed: int = 1) -> None:
        super().__init__(scenario, seed)


@needs_batch_run
def test_a_seed_that_mesa_overwrites_is_not_lost_in_silence(tmp_path):
    if "rng" not in inspect.signature(mesa.batch_run).parameters:
        pytest.skip("Mesa 3.3 leaves the seed alone")
    parameters = {"scenario": _two_scenarios(tmp_path)[0], "seed": [1, 2]}
    with pytest.raises(InputError, match=re.escape("rng=[1, 2, 3]")):
        mesa.batch_run(SeedByName, parameters, display_progress=False)
    rows = mesa.batch_run(SeedByName, {"scenario": parameters["scenario"]}, rng=[1, 2], display_progress=False)
    assert [row["seed"] for row in rows] == [1, 2]


class Watched(sim.RecruitmentModel):
    """A user's model that collects what it likes, the way Mesa's models do."""

    def __init__(self, scenario: str, **seeds: int) -> None:
        super().__init__(scenario, **seeds)
        self.datacollector = mesa.DataCollector(self.model_reporters())

    @staticmethod
    def model_reporters() -> dict:
        return {
            "Members": lambda m: len(m.agents_by_type[Member]) + len(m.agents_by_type[Recruiter]),
            "Attitude": lambda m: m.agents_by_type[Youth].agg("attitude", np.mean),
            "Week": "week",
        }

    def step(self) -> None:
        super().step()
        self.datacollector.collect(self)


class WatchedCloser(Watched):
    """The same, looking at every agent."""

    def __init__(self, scenario: str, **seeds: int) -> None:
        super().__init__(scenario, **seeds)
        self.datacollector = mesa.DataCollector(
            model_reporters=self.model_reporters(),
            agent_reporters={"Region": "region", "Id": lambda a: a.unique_id},
            agenttype_reporters={
                Imam: {"Stance": "stance", "Region": "region"},
                Youth: {"Imam": "imam", "Support": lambda y: y.attitude > 1.0},
            },
        )


def test_data_collector(tmp_path):
    model = WatchedCloser(_two_scenarios(tmp_path)[1])
    model.step()
    model.step()
    seen = model.datacollector.get_model_vars_dataframe()
    assert seen["Week"].tolist() == [1, 2]
    assert seen["Members"].iloc[-1] == model.country.roster.active().sum()
    assert seen["Attitude"].iloc[-1] == pytest.approx(model.country.youth.attitude.astype(float).mean())

    agents = model.datacollector.get_agent_vars_dataframe()
    assert len(agents.loc[2]) == len(model.agents)
    assert (agents.loc[2]["Id"] == agents.loc[2].index).all()
    assert agents.loc[2]["Region"].tolist() == model.agents.get("region")

    imams = model.datacollector.get_agenttype_vars_dataframe(Imam)
    assert imams.loc[2]["Stance"].tolist() == model.country.imams.stance.tolist()
    youths = model.datacollector.get_agenttype_vars_dataframe(Youth)
    assert youths.loc[2]["Support"].sum() == (model.country.youth.attitude > 1.0).sum()
    assert youths.loc[2]["Imam"].iloc[0] == model.agents_by_type[Youth][0].imam


# --- sets answer from columns --------------------------------------------------------------------------


def test_sets_count_whom_the_columns_hold(lived):
    country, sets = lived.country, lived.agents_by_type
    assert lived.agent_types == list(sets) == list(KINDS)
    assert len(sets[Youth]) == country.society.size
    assert len(sets[Imam]) == country.imams.cell.size
    active = country.roster.active()
    assert len(sets[Member]) + len(sets[Recruiter]) == active.sum()
    assert len(sets[Recruiter]) == country.roster.recruiter[: country.roster.size][active].sum() > 0
    assert len(sets[SecurityUnit]) == country.units.there(country.week).sum() > 0
    assert len(lived.agents) == sum(map(len, sets.values()))
    for kind, agents in sets.items():
        assert isinstance(agents, AgentSet)
        assert agents.random is lived.random
        assert {type(agent) for agent in agents[:50]} == {kind}
        assert isinstance(agents[0], mesa.Agent)
        assert lived.agents.select(agent_type=kind).ids.tolist() == (
            sets[Member].ids.tolist() + sets[Recruiter].ids.tolist() if kind is Member else agents.ids.tolist()
        )
    assert isinstance(lived.agents, AgentSet)
    assert len(set(lived.agents.get("unique_id"))) == len(lived.agents)
    assert lived.agents.ids.min() == SPAN


def test_questions_build_no_agents(lived, made):
    youths, everyone = lived.agents_by_type[Youth], lived.agents
    attitude = lived.country.youth.attitude.astype(float)
    assert youths.agg("attitude", np.mean) == attitude.mean()
    assert type(youths.agg("attitude", np.mean)) is float
    assert youths.agg("attitude", [min, max, sum]) == pytest.approx([attitude.min(), attitude.max(), attitude.sum()])
    assert youths.agg("persons", sum) == 2000 * len(youths)
    assert youths.get("attitude") == attitude.tolist()
    assert youths.get(["age", "status"])[0][1] == "civilian"
    assert everyone.select(agent_type=Youth).agg("attitude", np.mean) == pytest.approx(attitude.mean())
    assert everyone.agg("cell", max) < 1713
    assert sum(everyone.groupby("region").count().values()) == len(everyone)
    assert len(everyone.get("attitude", handle_missing="default", default_value=None)) == len(everyone) or made
    made.clear()
    means = youths.groupby("region").agg("attitude", np.mean)
    region = lived.country.grid.region[lived.country.society.cell]
    assert means["Kidal"] == pytest.approx(attitude[region == 7].mean())
    assert len(youths.where(region="Mopti", attitude=lambda x: x > 1.0)) == ((region == 4) & (attitude > 1.0)).sum()
    followed = np.isin(lived.country.persons.status.reshape(-1, 2000), (MEMBER, DETAINED)).any(axis=1)
    assert len(youths.where(status={"member", "detained"})) == followed.sum() > 0
    assert len(youths.shuffle()) == len(youths.sort("age")) == len(youths.select(at_most=0.5)) * 2
    youths.where(region="Kidal").set("grievance", 0.25)
    assert (lived.country.youth.grievance[region == 7] == np.float32(0.25)).all()
    assert (lived.country.youth.grievance[region != 7] != np.float32(0.25)).all()
    assert made == []
    assert youths[0] is not None
    assert len(made) == 1


def test_get_and_agg_of_what_not_all_have(lived):
    with pytest.raises(AttributeError):
        lived.agents.get("stance")
    with pytest.raises(AttributeError):
        lived.agents_by_type[Youth].agg("stance", np.mean)
    found = lived.agents.get("stance", handle_missing="default", default_value=-1.0)
    assert [s for s in found if s != -1.0] == lived.country.imams.stance.tolist()
    with pytest.raises(AttributeError, match="a youth has no attribute 'atitude'; did you mean 'attitude'"):
        lived.agents_by_type[Youth].groupby("atitude")
    with pytest.raises(InputError, match="did you mean 'attitude'"):
        lived.agents_by_type[Youth].set("atitude", 0.0)
    with pytest.raises(InputError, match="handle_missing"):
        lived.agents.get("cell", handle_missing="ignore")


def test_where_refuses_values_that_an_attribute_never_has(lived):
    youths, everyone = lived.agents_by_type[Youth], lived.agents
    for wanted, said in (
        ({"region": "Mopty"}, "region is 'Mopty'; it must be one of .*did you mean 'Mopti'"),
        ({"region": ["Gao", "Mopty"]}, "did you mean 'Mopti'"),
        ({"status": "aproached"}, "did you mean 'approached'"),
        ({"attitude": "high"}, "attitude is the text 'high'; it must be a number"),
        ({"town": "yes"}, "town is the text 'yes'; it must be True or False"),
        ({"regoin": "Gao"}, "a youth has no attribute 'regoin'; did you mean 'region'"),
    ):
        with pytest.raises(InputError, match=said):
            youths.where(**wanted)
    untouched = (lived.country.persons.contact_group.reshape(-1, 2000) == NOBODY).all(axis=1)
    assert len(youths.where(approached_by=None)) == untouched.sum()
    with pytest.raises(InputError, match="did you mean 'gone'"):
        lived.agents_by_type[Member].where(status="gon")
    in_gao = everyone.where(region="Gao")
    assert len(in_gao) == everyone.groupby("region").count()["Gao"]
    assert len(youths.where(region=[])) == 0


def test_select(lived):
    youths = lived.agents_by_type[Youth]
    angry = youths.select(lambda a: a.attitude > 1.0)
    assert angry.ids.tolist() == youths.where(attitude=lambda x: x > 1.0).ids.tolist() != []
    asked = []
    first = youths.select(lambda a: asked.append(a) or a.attitude > 1.0, at_most=2)
    assert first.ids.tolist() == angry.ids[:2].tolist()
    assert len(asked) < len(youths)
    assert len(youths.select(at_most=0.1)) == int(len(youths) * 0.1)
    assert len(youths.select(at_most=1)) == 1
    assert youths.select(at_most=0).to_list() == []
    mine = youths.select()
    assert mine.select(lambda a: a.sex == "woman", inplace=True) is mine
    assert set(mine.get("sex")) == {"woman"}
    assert len(lived.agents_by_type[Youth]) == len(youths) > len(mine)


def test_do_shuffle_do_and_map_hand_out_agents_one_by_one(lived):
    units = lived.agents_by_type[SecurityUnit]
    in_order, shuffled = [], []
    assert units.do(lambda unit, far: in_order.append(unit.unique_id + far), far=0) is units
    assert units.shuffle_do(lambda unit: shuffled.append(unit.unique_id)) is units
    assert in_order == units.get("unique_id")
    assert sorted(shuffled) == in_order != shuffled
    assert units.map(lambda unit: unit.base) == units.get("base")
    assert units.map("step") == [None] * len(units)

    def tire(unit: SecurityUnit, by: float) -> None:
        unit.strength -= by

    before = units.agg("strength", sum)
    units.shuffle_do(tire, by=1.0)
    assert units.agg("strength", sum) == pytest.approx(before - len(units))


def test_shuffles_follow_the_seed(scenario):
    def order(seed):
        return sim.RecruitmentModel(scenario, seed).agents_by_type[Imam].shuffle().ids.tolist()

    assert order(3) == order(3) != order(4)


def test_sort_group_and_index(lived):
    youths = lived.agents_by_type[Youth]
    ages = youths.sort("age").get("age")
    assert ages == sorted(ages, reverse=True)
    assert youths.sort(lambda y: y.age, ascending=True).get("age") == sorted(ages)
    by_luck = youths.groupby(lambda y: (y.sex, y.town))
    by_column = youths.groupby("sex").count()
    assert len(by_luck) == 4
    assert sum(n for (sex, _), n in by_luck.count().items() if sex == "man") == by_column["man"]
    lists = youths.groupby("sex", result_type="list")
    assert isinstance(lists.groups["man"], list)
    assert lists.agg("age", len) == by_column
    assert youths.groupby("region").map(len) == youths.groupby("region").count()

    some = youths[2:5]
    assert [type(y) for y in some] == [Youth] * 3
    assert youths[3] == some[1] == youths.to_list()[3]
    assert youths[-1].row == len(youths) - 1
    with pytest.raises(IndexError):
        _ = youths[len(youths)]
    assert youths.index(some[1]) == 3
    assert youths.count(some[1]) == 1
    assert next(reversed(youths)) == youths[-1]
    assert some[0] in youths
    assert some[0] in lived.agents
    assert some[0] not in lived.agents_by_type[Imam]


def test_sets_are_sets(lived):
    youths = lived.agents_by_type[Youth]
    few = Rowset(lived, youths.ids[:3])
    others = Rowset(lived, youths.ids[2:5])
    assert (few | others).ids.tolist() == youths.ids[:5].tolist()
    assert (few & others).ids.tolist() == youths.ids[2:3].tolist()
    assert (few - others).ids.tolist() == youths.ids[:2].tolist()
    assert few <= youths
    assert few != others
    assert copy.copy(few) == few.copy() == few
    few.add(youths[9])
    few.discard(youths[0])
    few.remove(youths[1])
    with pytest.raises(KeyError):
        few.remove(youths[1])
    assert few.get("unique_id") == [SPAN + 2, SPAN + 9]
    few.clear()
    assert (len(few), few.get("age"), few.groupby("sex").count()) == (0, [], {})
    assert few.to_list() == []


def test_a_set_of_the_model_follows_it(model):
    members, then = model.agents_by_type[Member], model.agents_by_type[Member].copy()
    model.run()
    assert members.ids.tolist() == model.agents_by_type[Member].ids.tolist()
    assert members.ids.tolist() != then.ids.tolist()


# --- handles -------------------------------------------------------------------------------------------


def test_every_attribute_of_a_handle_is_its_column(lived):
    """One agent asked, and the whole set asked, say the same, in plain Python."""
    for kind, agents in lived.agents_by_type.items():
        names = [n for n in dir(kind) if isinstance(getattr(kind, n), Column)]
        assert {"cell", "region"} <= set(names)
        places = range(0, len(agents), max(len(agents) // 20, 1))
        for name in names:
            column = agents.get(name)
            for k in places:
                value = getattr(agents[k], name)
                assert value == column[k]
                assert type(value) in (int, float, bool, str, type(None))
                assert type(value) is type(column[k])
        assert agents.get("pos")[0] == agents[0].pos
        assert agents[0].unique_id == agents.ids[0]
        assert lived.agent(agents[0].unique_id) == agents[0]


def test_a_youth_is_a_row(lived):
    country, youth = lived.country, Youth(lived, 40)
    assert youth.cell == country.society.cell[40]
    assert youth.region == country.grid.region_names[country.grid.region[youth.cell]]
    assert [tie.row for tie in youth.ties] == country.society.ties[40].tolist()
    hears = next(y for y in lived.agents_by_type[Youth] if y.imam)
    assert hears.imam == Imam(lived, int(country.society.imam[hears.row]))
    assert hears in hears.imam.congregation
    ages = lived.agents_by_type[Youth].column("age")
    assert 15.0 <= ages.min() < 16.0
    assert 35.0 < ages.max() <= 36.0
    assert lived.agents_by_type[Youth].agg("persons", sum) == country.society.size * 2000
    assert youth == Youth(lived, 40)
    assert hash(youth) == hash(Youth(lived, 40))
    assert youth != Youth(lived, 41)
    assert copy.deepcopy(youth).model is lived
    assert "40" in repr(youth)
    for row in (-1, country.society.size):
        with pytest.raises(IndexError, match=f"there is no youth {row}; they are numbered from 0 to"):
            Youth(lived, row)


def test_a_row_grows_older_and_passes_to_a_newcomer(model):
    turning = int(np.flatnonzero(model.country.society.turns_36 == 3)[0])
    youth = Youth(model, turning)
    ages = []
    for _ in range(5):
        ages.append(youth.age)
        model.step()
    assert ages[3] == pytest.approx(36.0)
    assert np.diff(ages[:4]) == pytest.approx(7 / 365.2425)
    assert 15.0 <= ages[4] < 15.05


def test_setting_an_attribute_changes_the_column_and_lasts(lived):
    country, youth = lived.country, Youth(lived, 40)
    country.youth.recent[40] = 0.25
    youth.attitude = 1.5
    assert youth.attitude == 1.5 == country.youth.attitude[40]
    assert youth.settled == 1.25 == country.youth.settled[40]
    youth.settled = 1
    assert youth.attitude == 1.25
    youth.grievance = np.float64(0.5)
    youth.disposition = -1.0
    youth.livelihood = "secure"
    youth.schooling = 9
    youth.channels = ["radio", "youtube"]
    assert (youth.grievance, youth.disposition, youth.livelihood, youth.schooling) == (0.5, -1.0, "secure", 9)
    assert youth.channels == ["radio", "youtube"]
    assert country.youth.channels[40] == 0b1001
    youth.attitude = 3.0
    lived.step()
    assert 1.5 < youth.attitude < 3.0  # a week's pull towards others, no more

    imam = Imam(lived, 7)
    imam.stance, imam.credibility, imam.training = 0.0, 1.0, "trained"
    assert (country.imams.stance[7], country.imams.credibility[7], country.imams.training[7]) == (0.0, 1.0, 2)
    imam.away_until = lived.week + 3
    assert not imam.in_post
    unit = lived.agents_by_type[SecurityUnit][0]
    unit.strength, unit.patrol_share, unit.base = 80.0, 1.0, 12
    assert (country.units.strength[unit.row], country.units.base[unit.row]) == (80.0, 12)


@pytest.mark.parametrize(
    ("kind", "name", "value", "error", "said"),
    [
        (Youth, "grievance", 1.2, InputError, "grievance of a youth is 1.2; it must be a number from 0 to 1"),
        (Youth, "grievance", "high", InputError, "it must be a number"),
        (Youth, "grievance", True, InputError, "it must be a number"),
        (Youth, "attitude", float("nan"), InputError, "it must be a number from -10 to 10"),
        (Youth, "attitude", 1e9, InputError, "it must be a number from -10 to 10"),
        (Youth, "schooling", 3.5, InputError, "a whole number from 0 to 30"),
        (Youth, "schooling", 300, InputError, "a whole number from 0 to 30"),
        (Youth, "livelihood", "secured", InputError, "did you mean 'secure'"),
        (Youth, "channels", ["radio", "tevee"], InputError, "one of radio, tv, facebook, youtube"),
        (Youth, "channels", "radio", InputError, "a list of names"),
        (Youth, "status", "member", InputError, "'civilian' and cannot be set to 'member'"),
        (Youth, "status", "civillian", InputError, "did you mean 'civilian'"),
        (Youth, "cell", 3, AttributeError, "can be read, not set"),
        (Youth, "region", "Gao", AttributeError, "can be read, not set"),
        (Youth, "age", 20, AttributeError, "can be read, not set"),
        (Youth, "ties", [], AttributeError, "can be read, not set"),
        (Youth, "unique_id", 3, AttributeError, "can be read, not set"),
        (Youth, "row", 3, AttributeError, "can be read, not set"),
        (Youth, "greivance", 0.3, AttributeError, "did you mean 'grievance'"),
        (Imam, "stance", -0.1, InputError, "stance of an imam"),
        (Imam, "training", "in training", InputError, "imams_sent"),
        (Member, "group", "boko", InputError, "it must be one of"),
        (Member, "cell", 99_999, InputError, "whole number from 0 to 1712"),
        (Recruiter, "recruiter", 1, InputError, "true or false"),
        (SecurityUnit, "base", -1, InputError, "whole number from 0 to 1712"),
        (SecurityUnit, "strength", -1, InputError, "at least 0"),
        (SecurityUnit, "mode", "patrol", AttributeError, "can be read, not set"),
    ],
)
def test_what_a_column_cannot_take_is_refused(lived, kind, name, value, error, said):
    agent = lived.agents_by_type[kind][0]
    before = sim_state(lived)
    with pytest.raises(error, match=re.escape(said)):
        setattr(agent, name, value)
    assert sim_state(lived) == before


def sim_state(model: sim.RecruitmentModel) -> list[bytes]:
    country = model.country
    columns = [getattr(part, n) for part in (country.youth, country.persons) for n in part.__slots__]
    columns += country.roster.entries()
    columns += [getattr(country.imams, n) for n in country.imams.__slots__]
    columns += [getattr(country.units, n) for n in country.units.__slots__]
    return [column.tobytes() for column in columns]


def test_members_go_home_and_people_are_conserved():
    lived = sim.RecruitmentModel(
        sim.load(ROOT / "scenarios/baseline.yaml", ["persons_per_youth=100", "end=2012-03-05"])
    )
    country = lived.country
    youth = lived.agents_by_type[Youth].where(status="member")[0]
    known = sum(tie.member_ties for tie in youth.ties)
    youth.status = "returned"
    assert youth.status == "returned"
    assert sum(tie.member_ties for tie in youth.ties) < known
    entries = np.flatnonzero(country.roster.youth[: country.roster.size] == youth.row)
    assert {Member(lived, int(e)).status for e in entries} == {"returned"}
    before = len(lived.agents_by_type[Member])
    foreign = next(m for m in lived.agents_by_type[Member] if m.youth is None)
    foreign.status = "returned"
    assert len(lived.agents_by_type[Member]) == before - 1
    with pytest.raises(InputError, match="only be set while they are a member"):
        foreign.recruiter = True
    recruit = lived.agents_by_type[Member][0]
    recruit.recruiter = True
    assert recruit in lived.agents_by_type[Recruiter]
    assert isinstance(lived.agent(recruit.unique_id), Recruiter)
    assert (
        country.members.sum() == (country.roster.active() & (country.roster.abroad[: country.roster.size] == -1)).sum()
    )
    lived.run()
    record = lived.record
    people = sum(record[f"people_{s}"] for s in ("civilian", "approached", "member", "detained", "killed", "returned"))
    assert (people == people[0]).all()


def test_an_approach_broken_off_is_not_repeated_at_once(model):
    while not len(approached := model.agents_by_type[Youth].where(status="approached")):
        model.step()
    youth, persons = approached[0], model.country.persons
    theirs = slice(youth.row * 2000, (youth.row + 1) * 2000)
    asked = persons.status[theirs] == APPROACHED
    assert 0 < asked.sum() < 2000
    before = persons.refused_until[theirs].copy()
    youth.status = "civilian"
    assert youth.status == "civilian"
    weeks = int(model.country.parameters.refusal_weeks)
    assert (persons.refused_until[theirs][asked] == model.week + weeks).all()
    assert np.array_equal(persons.refused_until[theirs][~asked], before[~asked])
    model.step()
    assert not np.isin(persons.in_contact, np.flatnonzero(asked) + theirs.start).any()


def test_a_youth_has_the_status_of_the_first_of_its_persons_in_order(model):
    persons, society = model.country.persons, model.country.society
    youths = model.agents_by_type[Youth]
    persons.status[:], row = CIVILIAN, 30
    for status in ("killed", "returned", "approached", "detained", "member"):
        persons.status[row * 2000 + len(status)] = STATUSES.index(status)
        assert Youth(model, row).status == status
        assert [youth.row for youth in youths.where(status=status)] == [row]
    assert len(youths.where(status="civilian")) == len(youths) - 1
    friend = int(society.ties[row, 0])
    known = (society.ties[friend] == row).sum()
    assert Youth(model, friend).member_ties == known > 0
    persons.status[row * 2000 : (row + 1) * 2000] = MEMBER
    assert Youth(model, friend).member_ties == known * 2000
    keys = model.country.groups.keys
    persons.contact_week[row * 2000 + np.array([3, 1500])] = 4, 9
    persons.contact_group[row * 2000 + np.array([3, 1500])] = 0, 1
    assert Youth(model, row).approached_by == keys[1], "the last contact"


def test_rows_stay(model):
    with pytest.raises(InputError, match="cannot be removed"):
        Youth(model, 1).remove()


# --- agents that users add -----------------------------------------------------------------------------


class Counter(mesa.Agent):
    """Counts the weeks it has lived."""

    def __init__(self, model: mesa.Model) -> None:
        super().__init__(model)
        self.weeks: list[int] = []

    def step(self) -> None:
        self.weeks.append(self.model.week)


class Envoy(mesa.Agent):
    """Brings half of every foreign force."""

    def move_levers(self, levers) -> None:
        levers.reach("deployed", slice(None), 0.5)


class Mediator(mesa.Agent):
    """Calms the units of a region through a lever, and the angriest youths there one by one."""

    def __init__(self, model: mesa.Model, region: str) -> None:
        super().__init__(model)
        self.region = region
        self.cells = model.cells_of(region)

    def move_levers(self, levers) -> None:
        levers.keep("abuse_control", self.cells, 0.0)

    def step(self) -> None:
        youths = self.model.agents_by_type[Youth].where(region=self.region)
        for youth in youths.sort("grievance")[:10]:
            youth.grievance *= 0.5


def test_an_agent_of_ones_own_is_kept_counted_and_stepped_once_a_week(model):
    n = len(model.agents)
    Counter(model)
    watcher = Counter(model)
    gc.collect()
    assert len(model.agents_by_type[Counter]) == 2
    assert len(model.agents) == n + 2
    assert Counter in model.agent_types
    assert watcher in model.agents
    assert [agent.unique_id for agent in model.agents.select(agent_type=Counter)] == [1, 2]
    model.step()
    model.step()
    assert [agent.weeks for agent in model.agents_by_type[Counter]] == [[1, 2], [1, 2]]
    assert model.agents.select(agent_type=Counter).get("weeks") == [[1, 2], [1, 2]]
    model.agents.do("step")  # handles have Mesa's empty step
    assert watcher.weeks == [1, 2, 2]
    watcher.remove()
    model.run()
    assert watcher.weeks == [1, 2, 2]
    assert len(model.agents_by_type[Counter]) == 1
    model.remove_all_agents()
    assert len(model.agents) == sum(len(model.agents_by_type[kind]) for kind in KINDS)


def test_agents_without_effect_leave_the_run_as_it_was(scenario):
    model = sim.RecruitmentModel(scenario)
    Counter.create_agents(model, 5)
    assert model.run().digest == sim.run(scenario).digest


def test_a_mediator_moves_levers_and_columns(scenario):
    """Where an agent moves a lever, the processes of the same week read it; elsewhere nothing changes."""
    quiet, with_mediator = sim.RecruitmentModel(scenario), sim.RecruitmentModel(scenario)
    Mediator(with_mediator, "Tombouctou")
    Mediator(with_mediator, "Gao")
    quiet.step()
    with_mediator.step()
    place = [quiet.country.grid.region_names.index(name) for name in ("Tombouctou", "Gao")]
    first, second = quiet.record, with_mediator.record
    assert (second["abuses"][0, place] == 0).all()
    rest = [r for r in range(9) if r not in place]
    assert (first.values[0, rest] == second.values[0, rest]).all()

    angriest = with_mediator.agents_by_type[Youth].where(region="Gao", livelihood="secure").sort("grievance")[:10]
    for youth in angriest:
        youth.grievance = 1.0
    with_mediator.step()
    keep = 0.5 ** (7.0 / with_mediator.country.parameters.grievance_half_life)
    assert angriest[0].grievance == pytest.approx(0.5 * keep, rel=1e-5)
    quiet.run()
    with_mediator.run()
    assert quiet.record["abuses"][:, place].sum() > 0
    assert with_mediator.record["abuses"][:, place].sum() == 0
    assert with_mediator.country.levers.moved("abuse_control")


def test_units_that_policy_withholds_are_no_agents_until_they_are_deployed():
    settings = {"name": "2014", "persons_per_youth": 2000, "start": "2014-06-02", "end": "2014-07-07"}
    model = sim.RecruitmentModel(sim.Scenario.of(settings))
    keys = [force.key for force in facts.forces() if force.kind != "state"]
    units = model.agents_by_type[SecurityUnit]
    model.step()
    own = len(units)
    assert 0 < own < model.country.units.active(1).sum()
    assert len(units.where(force=keys)) == 0
    assert model.national("units") == own
    envoy = Envoy(model)
    model.step()
    assert len(units.where(force=keys)) > 0
    assert set(units.where(force=keys).get("present")) == {0.5}
    assert set(units.where(force=lambda force: ~np.isin(force, keys)).get("present")) == {1.0}
    assert model.national("units") == len(units) == model.country.units.active(2).sum()
    with pytest.raises(AttributeError, match="can be read, not set"):
        units[0].present = 1.0
    envoy.remove()
    model.step()
    assert len(units) == own


def test_levers_fall_back_when_the_agent_is_gone(model):
    mediator = Mediator(model, "Gao")
    model.step()
    assert (model.country.levers.abuse_control[mediator.cells] == 0.0).all()
    mediator.remove()
    model.step()
    assert (model.country.levers.abuse_control == 1.0).all()


def test_the_random_generator_of_agents_follows_the_seed(scenario):
    draws = [Counter(sim.RecruitmentModel(scenario, seed)).random.random() for seed in (2, 2, 3)]
    assert draws[0] == draws[1] != draws[2]
    assert Counter(sim.RecruitmentModel(scenario, 2)).rng.random() == np.random.default_rng(int(seed_key(2))).random()


# --- copies --------------------------------------------------------------------------------------------


class Counsellor(mesa.Agent):
    """Knows youths since the first day, in all the ways in which an agent can keep others, and calms them."""

    def __init__(self, model: mesa.Model) -> None:
        youths = model.agents_by_type[Youth]
        self.first = youths[0]  # before the agent knows its model
        super().__init__(model)
        self.clients = [youths[k] for k in range(5)]
        self.talks = dict.fromkeys(self.clients, 0)
        self.everyone, self.in_gao = youths, youths.where(region="Gao")
        self.colleagues = Counter.create_agents(model, 2)
        self.grievance = model.country.youth.grievance
        self.active = False

    def step(self) -> None:
        if self.active:
            for client in self.clients:
                client.grievance = 0.0
                self.talks[client] += 1


COPIES = {"deepcopy": copy.deepcopy, "copy": copy.copy, "pickle": lambda model: pickle.loads(pickle.dumps(model))}


@pytest.mark.parametrize("how", COPIES)
def test_a_copy_goes_its_own_way(scenario, how):
    """Neither the copy nor the original notices what the other does, and both end as a run without a copy does."""
    model = sim.RecruitmentModel(scenario)
    counsellor = Counsellor(model)
    model.run_for(5)
    twin = COPIES[how](model)
    assert (twin.week, list(twin.own)) == (5, [1, 2, 3])
    other = twin.own[1]
    assert {type(agent) for agent in twin.own.values()} == {Counsellor, Counter}
    for agent in (other, other.first, *other.clients, *other.talks, *other.colleagues, other.everyone, other.in_gao):
        assert agent.model is twin
    assert other.clients == [twin.agents_by_type[Youth][k] for k in range(5)]
    assert other.first == other.clients[0]
    assert other.in_gao.ids.tolist() == counsellor.in_gao.ids.tolist()
    assert other.random is twin.random is not model.random
    assert other.grievance is twin.country.youth.grievance
    assert twin.random.random() == model.random.random()
    assert twin.rng.random() == model.rng.random()

    before = sim_state(model)
    other.active = True
    for client in other.clients:
        client.grievance = 0.8
    Counter(twin)
    twin.step()
    assert list(twin.own) == [1, 2, 3, 4]
    assert twin.agents_by_type[Youth].get("grievance")[:5] == [0.0] * 5
    assert set(other.talks.values()) == {1}
    assert (sim_state(model), model.week, list(model.own), list(counsellor.talks.values())) == (
        before, 5, [1, 2, 3], [0] * 5)  # fmt: skip
    twin.own[1].remove()
    assert (len(model.agents_by_type[Counsellor]), len(twin.agents_by_type[Counsellor])) == (1, 0)
    assert model.run().digest == sim.run(scenario).digest
    assert [agent.weeks for agent in model.agents_by_type[Counter]] == [list(range(1, WEEKS + 1))] * 2
    assert len(twin.datacollector.model_vars["joined"]) == 6


def test_a_copy_without_agents_ends_as_the_original_does(model):
    model.run_for(5)
    twins = [make(model) for make in COPIES.values()]
    digests = {one.run().digest for one in (model, *twins)}
    assert len(digests) == 1
    for twin in twins:
        assert twin.datacollector.get_model_vars_dataframe().equals(model.datacollector.get_model_vars_dataframe())


def _arrays(thing: object) -> dict[str, np.ndarray]:
    names = getattr(type(thing), "__slots__", None) or list(vars(thing))
    return {name: value for name in names if isinstance(value := getattr(thing, name), np.ndarray)}


def test_copies_share_no_column_that_a_run_writes(model):
    first, second = model.country, copy.deepcopy(model).country
    assert second.society is first.society
    assert second.grid is first.grid
    parts = [(first, second)]
    parts += [(getattr(first, n), getattr(second, n)) for n in ("youth", "imams", "roster", "units", "levers")]
    for mine, other in parts:
        arrays = _arrays(mine)
        assert len(arrays) >= 5
        assert not [name for name, value in arrays.items() if np.shares_memory(value, getattr(other, name))]


def test_handles_and_sets_follow_their_model_whichever_is_copied_first(model):
    youth, youths = Youth(model, 3), model.agents_by_type[Youth].where(region="Gao")
    for copied in (copy.deepcopy([youth, youths, model]), [*copy.deepcopy([model, youth, youths])[1:], None]):
        twin = copied[0].model
        assert twin is not model
        assert copied[1].model is twin
        assert copied[0].row == 3
    alone = copy.deepcopy([youth, youths])  # two references to the same country
    assert alone == [youth, youths]
    assert [one.model for one in alone] == [model, model]
    youth_alone, set_alone = pickle.loads(pickle.dumps((youth, youths)))
    assert youth_alone.model is set_alone.model is not model
    assert (youth_alone.row, youth_alone.grievance) == (3, youth.grievance)
    assert set_alone.get("attitude") == youths.get("attitude")


@pytest.mark.slow
def test_a_model_goes_on_in_another_process(tmp_path, scenario, model):
    model.run_for(5)
    (tmp_path / "model.pkl").write_bytes(pickle.dumps(model))
    rest = "import pickle, sys; print(pickle.load(open(sys.argv[1], 'rb')).run().digest)"
    done = subprocess.run(
        [sys.executable, "-c", rest, tmp_path / "model.pkl"], capture_output=True, text=True, cwd=ROOT
    )
    assert done.stdout.strip() == sim.run(scenario).digest, done.stderr


class Visitor(mesa.Agent):
    """Comes once, when Mesa's schedule says so."""

    came = -1

    def visit(self) -> None:
        self.came = self.model.week


@needs_events
def test_events_of_mesa_happen_between_the_weeks(scenario):
    model = sim.RecruitmentModel(scenario)
    visitor = Visitor(model)
    model.schedule_event(visitor.visit, at=3.5)
    model.run_for(3)
    twin = copy.deepcopy(model)
    model.run_until(7)
    assert (model.week, model.time, visitor.came) == (7, 7.0, 3)
    assert twin.own[1].came == -1
    twin.run_for(4)
    assert (twin.week, twin.own[1].came) == (7, 3)
    assert twin.run().digest == model.run().digest == sim.run(scenario).digest


# --- the guide -----------------------------------------------------------------------------------------


def test_the_guide_runs(monkeypatch):
    """The Python blocks of the guide, one after the other, with what they say they print."""
    monkeypatch.chdir(ROOT)
    text = (ROOT / "docs/mesa.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    assert len(blocks) >= 5
    if not hasattr(mesa, "batch_run"):
        blocks = [block for block in blocks if "batch_run" not in block]
    test = doctest.DocTestParser().get_doctest("\n".join(blocks), {"__name__": "guide"}, "mesa.md", "docs/mesa.md", 0)
    said: list[str] = []
    doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE).run(test, out=said.append)
    assert not said, "".join(said)
