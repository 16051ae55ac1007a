"""Validation: each target is a number of the records, set against its band; nothing is met that was not measured."""

from datetime import date, timedelta
from types import SimpleNamespace

import numpy as np
import pytest

from sim.engine.errors import InputError
from sim.measures import MEASURES
from sim.record import Observable, Record
from sim.scenario import Scenario, load
from sim.stores.run import Key
from sim.validation import targets as t
from sim.validation import validate as validation
from sim.validation.targets import TARGETS, Target
from sim.validation.validate import COLUMNS, scenarios, validate
from sim.world.grid import world_grid

WEEKS = 418  # from 2 January 2012 to the end of 2019
DATES = tuple(date(2012, 1, 2) + timedelta(weeks=week) for week in range(WEEKS))
YEARS = np.array([day.year for day in DATES])
REGIONS = tuple(world_grid().region_names)
STATES = {"trust": "people", "attitude_mean": "youths"}
FLOWS = (
    "joined", "joined_abused", "joined_income", "joined_ties", "attacks", "deaths_civilian", "deaths_security",
    "killed", "deaths_by_forces", "deaths_communal", "deaths_sites", "trapped", "members", "members_abroad",
    "delivered_peace_agreement", "delivered_judicial_pole", "arrests", "wrongful_arrests", "convicted",
    "delivered_radio_drama",
)  # fmt: skip


def made(cells=None, parameters=None, **columns):
    """A record in which all is zero but some columns: a number, one per week, or weeks x 9."""
    names = (*FLOWS, *STATES)
    values = np.zeros((WEEKS, 9, len(names)))
    for name, given in columns.items():
        given = np.asarray(given, float)
        values[:, :, names.index(name)] = given[:, None] if given.ndim == 1 else given
    return Record(
        values=values,
        observables=tuple(Observable(name, "unit", STATES.get(name, "sum"), name) for name in names),
        regions=REGIONS, dates=DATES, weights={"people": np.arange(1.0, 10.0), "youths": np.ones(9)},
        cells=cells or {}, about={"parameters": parameters or {}, "versions": {"kumakan": "x"}},
    )  # fmt: skip


def in_region(value, *names):
    """Weeks x 9 with a number in some regions."""
    return np.isin(REGIONS, names) * np.full((WEEKS, 1), float(value))


def target(pattern, key=None):
    """The one target whose pattern begins with this text."""
    [found] = [t for t in TARGETS if t.pattern.startswith(pattern) and key in (None, t.key)]
    return found


# --- numbers of the records ----------------------------------------------------------------------------------


def test_a_share_of_joiners_comes_from_the_history_and_is_unknown_if_nobody_joined():
    share = target("joiners after an abuse").value
    assert share({"history": made(joined=4.0, joined_abused=1.0)}) == pytest.approx(0.25)
    assert np.isnan(share({"history": made()}))


def test_civilians_killed_are_shared_among_three_sides_in_the_last_years():
    late = np.where(YEARS >= 2016, 1.0, 0.0)
    record = made(deaths_civilian=10 * late + 90 * (1 - late), deaths_by_forces=2 * late, deaths_communal=3 * late)
    shares = [target(f"civilians killed: by {side}").value({"history": record})
              for side in ("the state", "militias", "jihadist")]  # fmt: skip
    assert shares == pytest.approx([0.2, 0.3, 0.5])


def test_casualties_are_the_dead_of_all_sides_by_calendar_year():
    record = made(deaths_civilian=np.where(YEARS == 2019, 3.0, 0.0), deaths_security=np.where(YEARS == 2016, 2.0, 0.0),
                  killed=np.where(YEARS == 2016, 1.0, 0.0))  # fmt: skip
    weeks = {year: (year == YEARS).sum() for year in (2016, 2019)}
    expected = 3 * weeks[2019] / (3 * weeks[2016])
    assert target("casualties of 2019").value({"history": record}) == pytest.approx(expected)


def test_a_change_is_a_share_of_the_baseline_under_the_same_luck():
    records = {"baseline": made(attacks=10.0), "dispatch": made(attacks=9.0)}
    assert target("faster dispatch: attacks").value(records) == pytest.approx(-0.1)
    records["baseline"] = made()
    assert np.isnan(target("faster dispatch: attacks").value(records))


def test_a_year_of_clips_is_counted_until_they_are_gone():
    inside = [date(2016, 1, 4) <= day < t.GONE_AFTER for day in DATES]
    records = {"baseline": made(joined=np.where(inside, 10.0, 7.0)), "clips": made(joined=np.where(inside, 8.0, 99.0))}
    assert target("clips for 12 months: joining").value(records) == pytest.approx(-0.2)


def test_what_is_left_of_clips_is_the_later_shift_over_that_of_the_last_week_of_clips():
    on, later = (np.array([day == when for day in DATES], float) for when in (t.AFTER_CLIPS, t.GONE_AFTER))
    records = {"baseline": made(attitude_mean=0.1), "clips": made(attitude_mean=0.1 - 0.04 * on - 0.01 * later)}
    assert target("clips for 12 months: mean support").value(records) == pytest.approx(-0.04)
    assert target("clips for 12 months: share of that effect").value(records) == pytest.approx(0.25)
    assert np.isnan(target("clips for 12 months: share of that effect").value({"baseline": made(), "clips": made()}))


def test_what_the_drama_changes_is_counted_by_youth_who_follows_it():
    last = np.array([day == t.END_OF_SEASON for day in DATES], float)
    drama = made(attitude_mean=0.1 - 0.03 * last, trust=0.5 - 0.01 * last, delivered_radio_drama=0.25 * last,
                 parameters={"trust_sd": 0.2})  # fmt: skip
    records = {"baseline": made(attitude_mean=0.1, trust=0.5), "drama": drama}  # there are 9 youths, 1 in a region
    assert target("weekly radio drama in groups, 12 weeks: justification").value(records) == pytest.approx(-0.12)
    assert target("weekly radio drama in groups, 12 weeks: trust").value(records) == pytest.approx(-0.2)


def test_a_state_of_mali_is_weighted_by_people():
    assert t.at(made(trust=in_region(1.0, "Bamako")), "trust", DATES[30]) == pytest.approx(
        (1.0 + REGIONS.index("Bamako")) / 45.0
    )


def test_trust_compares_bamako_and_kayes_with_gao_kidal_and_mopti_in_the_last_years():
    late = (YEARS >= 2016) & (YEARS <= 2018)
    trust = in_region(0.6, "Bamako", "Kayes") * late[:, None] + in_region(0.5, "Gao", "Kidal", "Mopti")
    assert target("trust: how far Bamako").value({"history": made(trust=trust)}) == pytest.approx(0.1)


def test_raids_that_move_are_told_from_those_that_are_prevented():
    here, there = in_region(10.0, "Bamako"), in_region(2.0, "Gao")
    records = {"baseline": _sites(here + there), "sites": _sites(0.5 * here + 1.5 * there)}
    assert target("hardening Bamako: raids on its sites").value(records) == pytest.approx(-0.5)
    assert target("hardening Bamako: raids elsewhere").value(records) == pytest.approx(0.5)
    assert target("hardening Bamako: raids in all").value(records) == pytest.approx(-4 / 12)


def _sites(raids):
    record = made()
    values = np.concatenate([record.values, raids[:, :, None]], axis=2)
    more = Observable("attacks_sites", "attacks", "sum", "raids")
    return Record(values, (*record.observables, more), REGIONS, DATES, record.weights, {}, record.about)


def test_attacks_are_set_against_those_recorded_in_the_same_year():
    seen = t.recorded()
    assert seen.shape == (6, 9)
    as_seen = np.zeros((WEEKS, 9))
    for year in range(2012, 2018):
        as_seen[np.flatnonzero(year == YEARS)[0]] = seen[year - 2012]
    for factor in (1.0, 3.0):
        records = {"history": made(attacks=factor * as_seen)}
        for year in t.YEARS_FITTED:
            assert target(f"attacks in {year}").value(records) == pytest.approx(factor)
        for year, share in ((2013, 1 / 46), (2014, 0.0), (2017, 53 / 128)):
            centre = target(f"share of attacks in Mopti and Ségou, {year}")
            assert centre.value(records) == pytest.approx(share)
            assert centre.source == f"GTD: {share:.2f}"
    assert t.forecast_error("model")({"history": made(attacks=as_seen)}) == 0.0


def test_naive_forecasts_know_the_year_before_or_the_mean_of_all_years():
    seen, records = t.recorded(), {"history": made()}
    assert t.forecast_error("model")(records) == pytest.approx(seen[1:].mean()), "no attacks at all"
    assert t.forecast_error("last year")(records) == pytest.approx(np.abs(np.diff(seen, axis=0)).mean())
    assert t.forecast_error("regional mean")(records) == pytest.approx(np.abs(seen[1:] - seen.mean(axis=0)).mean())


def test_members_are_compared_with_young_men_and_with_counts_of_2014_to_2018():
    members = np.where((YEARS >= 2014) & (YEARS <= 2018), 100.0, 1e6)
    members[YEARS == 2015] = 50.0
    records = {
        "history": made(members=in_region(1.0, "Gao") * members[:, None], members_abroad=in_region(7.0, "Kidal"))
    }
    assert target("fewest active members").value(records) == 57.0
    assert target("most active members").value(records) == 107.0
    assert target("active members as a share of men").value(records) == pytest.approx(100 * 107 / t.men_15_to_29())
    assert 1e6 < t.men_15_to_29() < 3e6


def test_ensemble_rules_ask_each_draw():
    killed = made(deaths_civilian=10.0)
    halved = target("draws in which all measures").value
    assert halved({"baseline": killed, "everything": made(deaths_civilian=4.9)}) == 1.0
    assert halved({"baseline": killed, "everything": made(deaths_civilian=5.0)}) == 0.0
    recruit = target("draws in which raids").value
    assert recruit({"baseline": made(joined=5.0), "raids": made(joined=5.1)}) == 1.0
    assert recruit({"baseline": made(joined=5.0), "raids": made(joined=5.0)}) == 0.0


# --- the verdict ---------------------------------------------------------------------------------------------


def judged(numbers, low=0.0, high=1.0, how="median", seeds=False):
    """The row of a target whose value under each draw (or seed) is given."""
    told = iter(numbers)
    one = Target("X", "a number", "unit", low, high, "nobody", lambda records: next(told), how)
    return _table([one], len(numbers), seeds).iloc[0]


def _batch(pairs, only=None, names=("baseline", "history")):
    record = made()
    records = {name: dict.fromkeys((only or {}).get(name, pairs), record) for name in names}
    drawn = sorted({key.draw for key in pairs if isinstance(key, tuple)})
    seeds = sorted({key.seed if isinstance(key, tuple) else key for key in pairs})
    return SimpleNamespace(records=records, scenarios=names, draws=tuple(drawn) or (0,), seeds=tuple(seeds))


def _table(targets, many, seeds=False):
    keys = list(range(1, many + 1)) if seeds else [Key(draw, 1) for draw in range(1, many + 1)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(validation, "TARGETS", tuple(targets))
        return validate(_batch(keys)).table


@pytest.mark.parametrize(
    ("numbers", "verdict"),
    [
        ([0.5], "met"),
        ([0.0], "met"),  # both ends are in the band
        ([1.0], "met"),
        ([1.0001], "missed"),
        ([-0.0001], "missed"),
        ([0.9, 0.9, 50.0], "met"),  # the median, not the mean
        ([0.2, 1.5, 1.6], "missed"),
        ([np.nan, 0.5], "met"),
        ([np.inf, 2.0], "missed"),
        ([np.nan, np.nan], "no runs"),
        ([np.inf], "no runs"),
    ],
)
def test_the_median_of_the_known_numbers_must_lie_in_the_band(numbers, verdict):
    assert judged(numbers)["verdict"] == verdict


def test_a_row_has_the_median_the_5_to_95_percent_range_and_the_number_of_known_runs():
    row = judged([np.nan, *np.linspace(0.0, 1.0, 101)])
    assert (row["median"], row["p5"], row["p95"], row["runs"]) == (
        pytest.approx(0.5), pytest.approx(0.05), pytest.approx(0.95), 101)  # fmt: skip


def test_a_share_of_draws_is_their_mean_without_a_range():
    row = judged([1.0, 0.0, 0.0, 1.0, 1.0], 0.5, 0.7, "share")
    assert (row["median"], row["verdict"]) == (pytest.approx(0.6), "met")
    assert np.isnan([row["p5"], row["p95"]]).all()
    assert judged([1.0, 0.0, 0.0, 0.0], 0.5, 0.7, "share")["verdict"] == "missed"


def test_a_target_that_is_not_in_the_model_is_not_missed():
    row = _table([Target("X", "a drama on the radio", "SD", -1, 0, "nobody")], 3).iloc[0]
    assert (row["verdict"], row["runs"]) == ("not in the model", 0)
    assert np.isnan(row["median"])


@pytest.fixture
def one_target(monkeypatch):
    monkeypatch.setattr(validation, "TARGETS", (Target("X", "half", "unit", 0, 1, "nobody", lambda records: 0.5),))


def test_draws_that_not_every_scenario_finished_are_left_out(one_target):
    pairs = [Key(draw, 1) for draw in (1, 2, 3)]
    found = validate(_batch(pairs, {"history": pairs[:2]}))
    assert found.table["runs"][0] == 2
    assert found.draws == 3, "as asked for"


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_without_a_run_that_all_scenarios_finished_no_target_is_met_or_missed(one_target):
    found = validate(_batch([Key(1, 1)], {"history": []}))
    assert found.table["verdict"][0] == "no runs"
    assert found.forecasts[["median", "p5", "p95"]].isna().all(axis=None)


def test_seeds_at_central_values_do_not_count_as_draws(one_target):
    found = validate(_batch([1, 2]))
    assert (found.draws, found.seeds) == (0, 2)
    assert validate(_batch([Key(1, 1), Key(2, 1)])).draws == 2


def test_rows_stand_in_the_order_of_the_targets_and_the_rule_of_signs_is_last(monkeypatch):
    a, b = (Target("X", name, "unit", 0, 1, "nobody", lambda records: 0.5) for name in ("a", "b"))
    table = _table([a, Target("X", "none", "unit", 0, 1, "nobody"), b], 2)
    assert tuple(table.columns) == COLUMNS
    assert list(table.pattern[:3]) == ["a", "none", "b"]
    assert (table.iloc[-1]["median"], table.iloc[-1]["verdict"]) == (0.0, "met")
    monkeypatch.setattr(validation, "one_signed", lambda: ["clip_effect"])
    last = _table([a], 2).iloc[-1]
    assert (last["verdict"], last["note"]) == ("missed", "one-signed: clip_effect")


def test_missed_targets_can_be_listed(monkeypatch):
    out = Target("X", "far out", "unit", 0, 1, "nobody", lambda records: 7.0)
    monkeypatch.setattr(validation, "TARGETS", (out,))
    assert list(validate(_batch([1])).missed.pattern) == ["far out"]


# --- what must be run ----------------------------------------------------------------------------------------


def test_each_scenario_differs_from_the_baseline_by_the_effect_that_it_tests():
    plan = {s.name: s for s in scenarios(load("scenarios/baseline.yaml"), load("scenarios/historical.yaml"))}
    assert list(plan)[:2] == ["baseline", "history"]
    assert plan["history"].end == date(2019, 12, 30)
    assert {m.key for m in plan["everything"].active_measures()} == set(MEASURES)
    there = {m.key for m in plan["baseline"].active_measures()}
    for name, added in (
        ("clips", {"mali_kuma_kan"}), ("drama", {"radio_drama"}), ("policing", {"community_policing"}),
        ("jobs", {"economic_growth"}),
        ("training_only", {"economic_growth"}), ("cash", {"economic_growth"}), ("sites", {"bamako_plan"}),
        ("dispatch", {"intervention_protocol", "operations_centre"}), ("pole", {"judicial_pole"}), ("raids", set()),
    ):  # fmt: skip
        assert {m.key for m in plan[name].active_measures()} - there == added, name
        assert (plan[name].start, plan[name].end) == (plan["baseline"].start, plan["baseline"].end)


def test_every_target_has_a_band_a_source_and_asks_for_scenarios_that_are_run():
    names = {s.name for s in scenarios(load("scenarios/baseline.yaml"), load("scenarios/historical.yaml"))}

    class Asked(dict):
        def __missing__(self, name):
            assert name in names, name
            raise KeyError(name)

    for each in TARGETS:
        assert each.low <= each.high, each.pattern
        assert each.source
        assert each.pattern
        assert each.value is not None or each.note, "what the model cannot speak of says why"
        if each.value is not None:
            with pytest.raises(KeyError):
                each.value(Asked())


def test_cases_sent_on_are_a_share_of_those_open_in_the_year():
    first, inside = YEARS.tolist().index(2017), YEARS == 2017
    with_pole = made(
        parameters={"fidelity_judicial_pole": 0.5},
        delivered_judicial_pole=np.where(np.arange(WEEKS) == first, 10.0, 3.0),  # half of 20 x 9 open cases
        arrests=inside * 2.0, wrongful_arrests=inside * 1.0, convicted=1.0,
    )  # fmt: skip
    weeks = inside.sum()
    share = target("judicial pole, first year").value({"pole": with_pole})
    assert share == pytest.approx(9 * weeks / (9 * 20 + 9 * 3 * weeks))


@pytest.mark.parametrize("period", [{"end": "2017-12-31"}, {"start": "2013-01-07"}], ids=str)
def test_scenarios_that_do_not_cover_the_targets_are_refused(period):
    baseline, historical = (load(f"scenarios/{name}.yaml") for name in ("baseline", "historical"))
    with pytest.raises(InputError, match="the targets need 2012-01-02 to 2018-12-31"):
        scenarios(Scenario.of({"name": "short", **period}), historical)
    scenarios(baseline, historical)
