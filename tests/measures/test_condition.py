"""Measures that start and stop on what planners know of the country."""

from datetime import date, timedelta
from types import SimpleNamespace
from typing import ClassVar

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from sim import cli
from sim.batches.preview import preview
from sim.engine.errors import InputError
from sim.measures.base import COUNTED, REGIONS, Condition, Delivered, Measure, Plan
from sim.processes.record import observables
from sim.record import SEEN
from sim.scenario import Scenario, load
from sim.sweeps.sweep import load_sweep
from sim.world.grid import world_grid

GRID, ALL = world_grid(), observables([], {})
NAMES = {o.name: k for k, o in enumerate(ALL)}
PEOPLE = np.bincount(GRID.region, GRID.population, 9)
MOPTI, GAO = REGIONS.index("Mopti"), REGIONS.index("Gao")
WEEKS = 40


class Patrols(Measure):
    """A measure that does nothing but be on or off."""

    key: ClassVar[str] = "patrols"
    title: ClassVar[str] = "Patrols"
    delivers: ClassVar[str] = "patrols"

    def apply(self, levers, country):
        """Moves no lever."""

    def report(self, country):
        return Delivered.nothing()

    def plan(self, clock, grid):
        return Plan(0.0, 0.0)


def reported(week: int, values=None, **series):
    """A country in this week with what was reported: by observable weeks x regions, or a number a week, in Mopti."""
    if values is None:
        values = np.zeros((WEEKS, 9, len(ALL)))
        for name, rows in series.items():
            if np.ndim(rows) == 1:
                values[: len(rows), MOPTI, NAMES[name]] = rows
            else:
                values[: len(rows), :, NAMES[name]] = rows
    clock = SimpleNamespace(date=lambda w: date(2012, 1, 2) + timedelta(weeks=w))
    return SimpleNamespace(values=values, week=week, names=NAMES, observables=ALL, grid=GRID, clock=clock)


def on(rows, weeks=WEEKS, observable="attacks", **settings) -> list[int]:
    """The weeks in which a measure is on after these reports."""
    condition = Condition(observable=observable, **settings)
    return [week for week in range(weeks) if condition.met(reported(week, **{observable: rows}))]


ONE_WEEK = {"over_weeks": 1, "lag_weeks": 1, "lasts_weeks": 1}

# --- what is watched -------------------------------------------------------------------------------------


def test_counts_are_added_up_over_the_weeks_watched():
    rows = [0, 3, 3, 3, 0, 0, 0, 0, 0, 0]
    assert on(rows, 10, **{**ONE_WEEK, "above": 2}) == [2, 3, 4]
    assert on(rows, 10, **{**ONE_WEEK, "over_weeks": 3, "above": 8}) == [4]
    assert on(rows, 10, **{**ONE_WEEK, "over_weeks": 3, "above": 9}) == [], "above is more than"
    assert on(rows, 10, **{**ONE_WEEK, "over_weeks": 4, "above": 5}) == [3, 4, 5, 6]


def test_states_are_averaged_over_the_weeks_watched():
    rows = [0.1, 0.7, 0.7, 0.7, 0.1, 0.1, 0.1, 0.1]
    watched = {"observable": "insecurity", "region": "Mopti"}
    assert on(rows, 9, **{**ONE_WEEK, **watched, "above": 0.6}) == [2, 3, 4]
    assert on(rows, 9, **{**ONE_WEEK, **watched, "over_weeks": 3, "above": 0.6}) == [4]
    assert on(rows, 9, **{**ONE_WEEK, **watched, "over_weeks": 3, "above": 0.35}) == [2, 3, 4, 5], "0.1 and 0.7 is 0.4"


def test_a_number_of_people_at_a_time_is_a_state_and_adds_up_over_regions():
    rows = np.zeros((6, 9))
    rows[:, MOPTI], rows[:, GAO] = 30, 12
    assert "imams_displaced" not in COUNTED
    watched = {**ONE_WEEK, "over_weeks": 4, "observable": "imams_displaced"}
    assert on(rows, 6, **watched, above=41) == [1, 2, 3, 4, 5], "42 however many weeks are watched"
    assert on(rows, 6, **watched, above=42) == []
    assert on(rows, 6, **watched, region="Gao", above=11.9) == [1, 2, 3, 4, 5]
    assert on(rows, 6, **watched, region="Gao", above=12) == []


def test_mali_as_a_whole_is_a_sum_or_a_mean_over_people():
    rows = np.zeros((4, 9))
    rows[:, MOPTI], rows[:, GAO] = 3, 4
    assert on(rows, 5, **ONE_WEEK, above=6) == [1, 2, 3, 4]
    assert on(rows, 5, **ONE_WEEK, region="Mali", above=7) == []
    assert on(rows, 5, **ONE_WEEK, region="Mopti", above=3) == []
    rows = np.full((4, 9), 0.2)
    rows[:, GAO] = 1.0
    mean = 0.2 + 0.8 * PEOPLE[GAO] / PEOPLE.sum()
    for above, weeks in ((mean - 1e-9, [1, 2, 3, 4]), (mean + 1e-9, [])):
        assert on(rows, 5, observable="state_presence", **ONE_WEEK, above=above) == weeks
    assert on(rows, 5, observable="state_presence", **ONE_WEEK, region="Gao", above=0.99) == [1, 2, 3, 4]


@pytest.mark.parametrize("name", SEEN)
def test_what_a_planner_may_watch_is_recorded_and_known_as_a_count_or_a_state(name):
    assert name in NAMES
    rows = np.ones((6, 9))
    six = Condition(observable=name, region="Gao", over_weeks=6, lag_weeks=1, lasts_weeks=1, above=5.5)
    assert six.met(reported(6, **{name: rows})) == (name in COUNTED)


# --- when it is known, and how long it lasts -------------------------------------------------------------


def test_reports_take_their_time():
    rows = [0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0]
    for lag in (1, 2, 6):
        assert on(rows, 12, over_weeks=1, lag_weeks=lag, lasts_weeks=1, above=4) == [2 + lag]


def test_it_stays_on_for_a_time_after_the_condition_was_last_met():
    rows = [0, 5, 0, 0, 0, 5, 5, 0, 0, 0, 0, 0, 0, 0]
    assert on(rows, 14, over_weeks=1, lag_weeks=1, lasts_weeks=3, above=4) == [2, 3, 4, 6, 7, 8, 9]


def test_before_anything_was_reported_it_is_off_even_when_little_is_enough():
    calm = np.zeros((WEEKS, 9))
    for lag in (1, 4):
        weeks = on(calm, 12, over_weeks=13, lag_weeks=lag, lasts_weeks=2, below=1)
        assert weeks == list(range(lag, 12))
    assert on(calm, 12, over_weeks=13, lag_weeks=1, lasts_weeks=2, above=-1)[0] == 1


def test_weeks_before_the_run_had_no_attacks_and_are_left_out_of_means():
    rows = [4] * 20
    assert on(rows, 20, over_weeks=13, lag_weeks=1, lasts_weeks=1, above=50) == list(range(13, 20))
    half = [0.5] * 20
    watched = {"observable": "insecurity", "region": "Mopti", "over_weeks": 13, "lag_weeks": 1, "lasts_weeks": 1}
    assert on(half, 20, **watched, above=0.4) == list(range(1, 20))


# --- nothing that nobody can know yet --------------------------------------------------------------------

SETTINGS = st.fixed_dictionaries({
    "observable": st.sampled_from(SEEN),
    "region": st.sampled_from(["Mali", *REGIONS]),
    "over_weeks": st.integers(1, 20),
    "lag_weeks": st.integers(1, 8),
    "lasts_weeks": st.integers(1, 15),
})  # fmt: skip
SIDE = st.sampled_from(["above", "below"])


def plainly(condition: Condition, values: np.ndarray, week: int) -> bool:
    """Whether the condition is met, worked out from its sentence."""
    series = values[:, :, NAMES[condition.observable]]
    for moment in range(week - condition.lasts_weeks + 1, week + 1):
        last = moment - condition.lag_weeks
        known = [w for w in range(last - condition.over_weeks + 1, last + 1) if w >= 0]
        if moment < 0 or not known:
            continue
        by_region = np.array([sum(series[w, r] for w in known) for r in range(9)])
        if condition.observable not in COUNTED:
            by_region = by_region / len(known)
        if condition.region != "Mali":
            value = by_region[REGIONS.index(condition.region)]
        elif condition.observable in COUNTED or condition.observable == "imams_displaced":
            value = by_region.sum()
        else:
            value = (by_region * PEOPLE).sum() / PEOPLE.sum()
        if value > condition.above if condition.above is not None else value < condition.below:
            return True
    return False


@given(SETTINGS, SIDE, st.integers(0, WEEKS - 1), st.integers(0, 2**32 - 1), st.floats(0, 1))
def test_it_is_what_its_sentence_says_and_only_past_weeks_are_read(settings, side, week, seed, quantile):
    random = np.random.default_rng(seed)
    values = random.gamma(0.5, 1.0, (WEEKS, 9, len(ALL)))
    series = values[:, :, NAMES[settings["observable"]]]
    if settings["region"] != "Mali":
        series = series[:, [REGIONS.index(settings["region"])]]
    size = series.mean() * series.shape[1] * (settings["over_weeks"] if settings["observable"] in COUNTED else 1)
    condition = Condition(**settings, **{side: float(2 * quantile * size)})
    met = condition.met(reported(week, values))
    assert met == plainly(condition, values, week)

    later = values.copy()
    later[max(0, week - settings["lag_weeks"] + 1) :] = random.normal(0, 1e6, later[0].shape)
    assert condition.met(reported(week, later)) == met, "what is not reported yet is not known"
    other = np.full_like(values, np.nan)
    other[:week, :, NAMES[settings["observable"]]] = values[:week, :, NAMES[settings["observable"]]]
    assert condition.met(reported(week, other)) == met, "what is not watched is not looked at"


# --- measures with a condition ---------------------------------------------------------------------------


def test_between_its_dates_a_measure_is_on_while_its_condition_holds():
    rows = [0, 9, 0, 0, 0, 0, 9, 0, 0, 9, 0, 0, 0, 0]
    when = {"observable": "attacks", "region": "Mopti", "over_weeks": 1, "lag_weeks": 1, "lasts_weeks": 2, "above": 5}
    measure = Patrols(start="2012-01-23", end="2012-03-12", intensity=0.8, ramp_up_weeks=3, when=when)
    free = Patrols(start="2012-01-23", end="2012-03-12", intensity=0.8, ramp_up_weeks=3)
    strengths = [measure.strength_now(reported(week, attacks=rows)) for week in range(14)]
    by_dates = [free.strength_now(reported(week, attacks=rows)) for week in range(14)]
    assert by_dates == [measure.strength(date(2012, 1, 2) + timedelta(weeks=week)) for week in range(14)]
    assert by_dates == pytest.approx([0, 0, 0, 0.2, 0.4, 0.6, 0.8, 0.8, 0.8, 0.8, 0, 0, 0, 0])
    assert strengths == pytest.approx([0, 0, 0, 0.2, 0, 0, 0, 0.8, 0.8, 0, 0, 0, 0, 0])


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({}, "neither above nor below"),
        ({"above": 1, "below": 2}, "has both above and below; give one"),
        ({"above": 1, "observable": "members"}, "a planner can watch"),
        ({"above": 1, "observable": "atacks"}, "did you mean 'attacks'?"),
        ({"above": 1, "region": "Mopty"}, "did you mean 'Mopti'?"),
        ({"above": 1, "lag_weeks": 0}, "lag_weeks 0; it must be 1 or more"),
        ({"above": 1, "over_weeks": 0}, "over_weeks 0; it must be 1 or more"),
        ({"above": 1, "lasts_weeks": 0}, "lasts_weeks 0; it must be 1 or more"),
    ],
)
def test_a_condition_that_cannot_be_met_is_refused_with_a_reason(wrong, said):
    with pytest.raises(ValidationError, match=said):
        Patrols(when={"observable": "attacks", **wrong})


PATROLS = "measures: {joint_patrols: {when: {observable: attacks, above: 20}}}\n"
MISSPELT = "measures.joint_patrols.when has no setting 'abov'; it has observable, "


def test_a_misspelt_part_of_a_condition_is_refused_with_file_and_line(tmp_path):
    file = tmp_path / "trial.yaml"
    file.write_text("measures:\n  joint_patrols:\n    when:\n      observable: attacks\n      abov: 20\n")
    done = CliRunner().invoke(cli.kumakan, ["check", str(file)])
    assert done.exit_code == 2
    assert f"trial.yaml, line 5: {MISSPELT}" in done.output
    assert "did you mean 'above'?" in done.output


def test_a_misspelt_part_of_a_condition_is_refused_however_it_is_set(tmp_path):
    path = "measures.joint_patrols.when.abov"
    (tmp_path / "trial.yaml").write_text(PATROLS)
    (tmp_path / "sweep.yaml").write_text(f"scenario: trial.yaml\nvary: {{{path}: {{values: [10, 20]}}}}\ndesign: "
                                         "{method: grid}\nseeds: 1\n")  # fmt: skip
    trial = load(tmp_path / "trial.yaml")
    for ask, place in (
        (lambda: load(tmp_path / "trial.yaml", [f"{path}=20"]), f"--set {path}=20: "),
        (lambda: load_sweep(tmp_path / "sweep.yaml"), "sweep.yaml, line 2: "),
        (lambda: trial.replaced({path: 20}), ""),
        (lambda: Scenario.of({"measures": {"joint_patrols": {"when": {"observable": "attacks", "abov": 20}}}}), ""),
    ):
        with pytest.raises(InputError) as problem:
            ask()
        assert f"{place}{MISSPELT}" in str(problem.value)
        assert "did you mean 'above'?" in str(problem.value)


def test_older_and_other_names_of_places_are_understood():
    for written, meant in (("mali", "Mali"), ("segou", "Ségou"), ("Ménaka", "Gao"), ("Timbuktu", "Tombouctou")):
        assert Condition(observable="attacks", region=written, above=1).region == meant


def test_a_condition_is_told_in_words_before_a_run():
    settings = {"when": {"observable": "deaths_civilian", "region": "Gao", "below": 2.5, "lag_weeks": 6}}
    [planned] = preview(Scenario.of({"name": "trial", "measures": {"joint_patrols": settings}})).measures
    assert planned.when == (
        "deaths civilian in Gao over 13 weeks are below 2.5"
        " (reported 6 weeks later; the measure then stays on for 13 weeks)"
    )
    [planned] = preview(Scenario.of({"name": "trial", "measures": {"joint_patrols": True}})).measures
    assert planned.when == ""
