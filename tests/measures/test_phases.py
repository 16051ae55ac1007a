"""A measure in several phases, and with an intensity for each region."""

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import sim
from sim.batches.batch import run_batch
from sim.batches.pasts import same_weeks
from sim.batches.preview import preview
from sim.comparison.delivered import own_delivered
from sim.comparison.table import active_measures, elsewhere
from sim.comparison.variants import without
from sim.engine.errors import InputError
from sim.levers import TABLE
from sim.measures import MEASURES
from sim.measures.base import REGIONS
from sim.stories.explain import explain
from sim.sweeps.axes import Axis
from sim.sweeps.file import load_sweep
from sim.views.figures.series import _starts
from sim.views.report.parts import _taken
from sim.week import advance, begin
from sim.world.grid import world_grid
from tests.measures.acting import begun, busy, moved, report

KEYS = sorted(MEASURES)
START, END = date(2015, 1, 5), date(2015, 4, 6)
SOME = ["Mopti", "Gao", "Kidal", "Bamako"]
SHARES = {"Mopti": 0.5, "Gao": 1.0, "Kidal": 0.25, "Bamako": 0.75}
HERE = np.array([SHARES.get(region, 0.0) for region in REGIONS])
WAVES = [{"start": "2015-01-05", "end": "2015-02-16"}, {"start": "2015-03-02", "end": "2015-03-30"}]
examples = settings(max_examples=3, suppress_health_check=list(HealthCheck), deadline=None)


def scenario(measures: dict, **world) -> sim.Scenario:
    """A quarter of 2015 with some measures."""
    world = {"start": START.isoformat(), "end": END.isoformat(), "persons_per_youth": 5000} | world
    return sim.Scenario.of({"name": "small", **world, "measures": measures})


def patrols(**given) -> dict:
    return {"joint_patrols": given}


def every(**given) -> sim.Record:
    """The record of a run with all measures, each with these settings."""
    return scenario(dict.fromkeys(KEYS, given)).run()


def strengths(measure) -> list:
    """Its strength in the 13 weeks of the run."""
    return [measure.strength(START + timedelta(weeks=week)) for week in range(13)]


# --- the same thing written in another way ---------------------------------------------------------------


@examples
@given(day=st.dates(START + timedelta(days=1), END - timedelta(days=1)), share=st.sampled_from([0.3, SHARES]))
def test_phases_that_follow_each_other_are_one(day, share):
    split = [{"end": day.isoformat()}, {"start": day.isoformat()}]
    more = {"ramp_up_weeks": 4, "intensity": share, "regions": SOME}
    assert every(phases=split, **more).digest == every(**more).digest


@examples
@given(first=st.integers(1, 5), weeks=st.integers(1, 5))
def test_a_phase_of_intensity_zero_is_a_pause(first, weeks):
    off, on = (START + timedelta(weeks=week) for week in (first, first + weeks))
    waves = [{"end": off.isoformat()}, {"start": on.isoformat(), "regions": ["Mopti", "Bamako"]}]
    idle = {"start": off.isoformat(), "end": on.isoformat(), "intensity": 0}
    more = {"ramp_up_weeks": 2, "regions": SOME}
    paused = every(phases=waves, **more)
    assert every(phases=[waves[0], idle, waves[1]], **more).digest == paused.digest
    assert paused.digest != every(**more).digest


def test_the_same_intensity_in_all_its_regions_is_one_intensity():
    one = every(intensity=0.4, regions=SOME).digest
    assert every(intensity=dict.fromkeys(SOME, 0.4)).digest == one, "the regions are those that are named"
    assert every(intensity=dict.fromkeys(SOME, 0.4), regions=SOME).digest == one
    assert every(phases=[{"regions": SOME, "intensity": 0.4}]).digest == one


def test_a_scenario_without_phases_is_the_same_as_before_there_were_any():
    plain = scenario(patrols(intensity=0.5))
    assert "phases" not in plain.resolved()["measures"]["joint_patrols"]
    assert plain.digest == "e12579d501c206c5beefce21e4f48588c758e4279f13f46483175b3d2d93d2b3"
    assert scenario(patrols(intensity=0.5, phases=[])).digest == plain.digest


# --- what is done when -----------------------------------------------------------------------------------


def test_a_measure_grows_again_after_a_pause_and_goes_on_where_there_is_none():
    made = scenario(patrols(ramp_up_weeks=1, phases=[*WAVES, {"start": "2015-03-30", "intensity": 0.5}]))
    expected = [0.5, 1, 1, 1, 1, 1, 0, 0, 0.5, 1, 1, 1, 0.5]
    assert strengths(made.measures["joint_patrols"]) == expected


def test_the_first_phase_begins_and_the_last_ends_with_the_measure():
    measure = scenario(patrols(start="2015-01-12", phases=[{"end": "2015-01-26"}, {"start": "2015-03-16"}])).measures[
        "joint_patrols"
    ]
    assert strengths(measure) == [0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1]
    assert (measure.start, measure.end) == (date(2015, 1, 12), END)


def test_a_phase_takes_from_the_measure_what_it_does_not_say():
    waves = [WAVES[0], {**WAVES[1], "regions": ["Gao"]}]
    measure = scenario(patrols(intensity=SHARES, phases=waves)).measures["joint_patrols"]
    first, _, second = (measure.strength(date(2015, *day)) for day in ((1, 5), (2, 16), (3, 2)))
    np.testing.assert_array_equal(first, HERE)
    assert second == 1.0
    assert measure.now(date(2015, 3, 2)).regions == ("Gao",)
    assert measure.now(date(2015, 2, 16)).regions == measure.now(date(2015, 1, 5)).regions == measure.regions


def test_a_phase_with_regions_is_the_measure_with_these_regions():
    wave = every(phases=[{"end": "2015-02-16", "regions": ["Mopti", "Gao"]}, {"start": "2015-02-16"}])
    assert (wave.values[:6] == every(regions=["Mopti", "Gao"], end="2015-02-16").values[:6]).mean() > 0.99
    assert not (wave.values[:7] == every().values[:7]).all()


def test_cohorts_that_would_leave_in_a_pause_stay_at_home():
    cohorts = [{"departs": day, "imams": 90} for day in ("2015-01-12", "2015-03-09")]
    training = {"imam_training": {"cohorts": cohorts, "phases": [*WAVES[:1], {**WAVES[1], "intensity": 0.5}]}}
    made = scenario(training, end="2015-04-06")
    away = [
        int(made.measures["imam_training"].leaving(START + timedelta(weeks=week)))
        for week in range(made.clock.weeks)
    ]  # fmt: skip
    assert {week: n for week, n in enumerate(away) if n} == {1: 90, 9: 45}
    every_fortnight = {"weeks_between_cohorts": 2, "cohort_size": 10, "phases": WAVES}
    rhythm = scenario({"imam_training": every_fortnight}).measures["imam_training"]
    gone = [rhythm.leaving(START + timedelta(weeks=week)) for week in range(13)]
    assert gone == [10, 0, 10, 0, 10, 0, 0, 0, 10, 0, 10, 0, 0], "by the calendar of the first day"


def test_what_is_bought_once_is_bought_once_for_the_strongest_phase():
    waves = [{**WAVES[0], "intensity": 0.25}, {**WAVES[1], "intensity": 0.5}]
    made = scenario({"bamako_plan": {"phases": waves, "cost_per_unit_week": 0, "cost_per_camera_week": 0}})
    record = made.run()
    cost = record["cost_bamako_plan"].sum(axis=1)
    assert cost[0] == pytest.approx(0.5 * 300 * 25_000_000)
    assert not cost[1:].any()
    assert made.measures["bamako_plan"].plan(made.clock, world_grid()).cost_xof == pytest.approx(cost.sum())


def test_new_clips_follow_the_calendar_of_the_campaign_not_its_waves():
    made = scenario({"mali_kuma_kan": {"phases": WAVES, "renewed_every_weeks": 26}})
    cost = made.run()["cost_mali_kuma_kan"].sum(axis=1)
    assert cost[0] > 10 * cost[1] > 0
    assert cost[8] == pytest.approx(cost[1]), "the clips of the first wave are still good"
    assert not cost[6:8].any()


# --- where it is done ------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", KEYS)
def test_in_each_region_the_share_of_what_falls_to_it_is_done(key):
    full, part = (busy(begun(key, regions=SOME, intensity=share)) for share in (1.0, SHARES))
    assert moved(part) == moved(full)
    np.testing.assert_allclose(report(part).count, HERE * report(full).count, atol=1e-12)
    if key != "mali_kuma_kan":  # clips are made for all
        np.testing.assert_allclose(report(part).cost_xof, HERE * report(full).cost_xof)


@pytest.mark.parametrize("key", KEYS)
def test_where_the_intensity_is_zero_no_lever_moves(key):
    country = busy(begun(key, regions=SOME, intensity={"Mopti": 1.0, "Gao": 0.4}))
    moved(country)
    inside = np.isin(REGIONS, ["Mopti", "Gao"])
    for name, axis in (("cell", inside[country.grid.region]), ("region", inside)):
        for lever in TABLE:
            if lever.over == (name,) and lever.name != "imams_completing":
                assert (getattr(country.levers, lever.name)[~axis] == lever.default).all(), lever.name


def test_the_strategy_moves_to_a_region_what_its_strength_there_says():
    def shifted(share):
        country = begin(scenario({"adaptive_strategy": {"intensity": share, "regions": SOME}}))
        country.values[:, :, country.names["attacks"]] = 1.0
        country.week = 10
        moved(country)
        return float(country.levers.shift) * country.levers.need

    np.testing.assert_allclose(shifted(SHARES), HERE * shifted(1.0))


def test_plans_of_phases_by_region_are_what_the_run_costs():
    waves = [{"end": "2015-02-16", "intensity": {"Mopti": 0.5, "Gao": 1, "Kidal": 0.25}},
             {"start": "2015-03-02", "regions": ["Bamako", "Gao"], "intensity": 0.6}]  # fmt: skip
    made = scenario({key: {"phases": waves, "ramp_up_weeks": 2} for key in KEYS})
    record = made.run()
    for row in preview(made).measures:
        near = 0.02 if row.key in ("religious_leaders", "sermon_drafting", "joint_training") else 1e-9
        assert record[f"cost_{row.key}"].sum() == pytest.approx(row.cost_xof, rel=near), row.key
        pause = record[f"cost_{row.key}"][6:8].sum()
        assert (pause > 0) == (row.key == "imam_training"), f"{row.key}: only imams abroad cost anything in a pause"


# --- what is read from it --------------------------------------------------------------------------------


def test_a_scenario_with_phases_is_written_and_read_again(tmp_path):
    made = scenario(patrols(phases=[{**WAVES[0], "intensity": SHARES}, {**WAVES[1], "regions": ["Gao"]}]))
    again = sim.Scenario.of(made.resolved())
    assert again == made
    assert again.digest == made.digest
    assert sim.Scenario.of(again.resolved()).resolved() == made.resolved()
    assert without(made, "joint_patrols", "none").measures == {}
    waves = made.resolved()["measures"]["joint_patrols"]["phases"]
    assert waves[0]["intensity"] == {"Mopti": 0.5, "Gao": 1.0, "Kidal": 0.25, "Bamako": 0.75}
    assert waves[1] == {"start": "2015-03-02", "end": "2015-03-30", "regions": ["Gao"], "intensity": 1.0}


def test_a_phase_is_changed_by_its_place():
    made = scenario(patrols(phases=WAVES))
    half = made.replaced({"measures.joint_patrols.phases.1.intensity": 0.5})
    assert [phase.intensity for phase in half.measures["joint_patrols"].phases] == [1.0, 0.5]
    assert half.measures["joint_patrols"].phases[0] == made.measures["joint_patrols"].phases[0]
    with pytest.raises(InputError, match=r"phases has 2 items, from 0 to 1; there is no item 2"):
        made.replaced({"measures.joint_patrols.phases.2.intensity": 0.5})


def test_reports_figures_and_comparisons_know_the_phases():
    waves = [{**WAVES[0], "regions": ["Mopti"]}, {**WAVES[1], "regions": ["Gao"], "intensity": {"Gao": 0.5}}]
    made = scenario(patrols(phases=waves))
    record = made.run()
    found = own_delivered({1: record})["joint_patrols"]
    assert found["weeks"] == 10
    assert found["per_week"] == pytest.approx(record["delivered_joint_patrols"].sum() / 10)
    assert {(day, where) for day, _, where in _starts(record)} == {
        (date(2015, 1, 5), ("Mopti",)), (date(2015, 3, 2), ("Gao",))
    }  # fmt: skip
    away = elsewhere(active_measures(record), {}, REGIONS)
    assert [region for region, free in zip(REGIONS, away, strict=True) if not free] == ["Mopti", "Gao"]
    idle = scenario(patrols(phases=[{**wave, "intensity": 0} for wave in WAVES]))
    assert idle.active_measures() == []
    assert active_measures(idle.run()) == {}


def test_a_preview_shows_a_line_for_each_phase():
    found = preview(scenario(patrols(phases=[{**WAVES[0], "intensity": SHARES}, WAVES[1]])))
    assert found.measures[0].periods == (
        (START, date(2015, 2, 16), "Mopti, Gao, Kidal, Bamako", "Mopti 50 %, Gao 100 %, Kidal 25 %, Bamako 75 %"),
        (date(2015, 3, 2), date(2015, 3, 30), "all", "100 %"),
    )
    said_ = " ".join(str(found).split())
    assert "phase 2 2015-03-02 2015-03-30 all 100 %" in said_
    assert "2 periods; a week at full strength is that of the strongest" in said_
    assert "done more or less by region" in said_


def test_the_report_and_the_card_say_what_each_phase_is():
    made = scenario(patrols(phases=[{**WAVES[0], "regions": ["Gao"]}, {**WAVES[1], "intensity": {"Gao": 0.5}}]))
    (planned,) = preview(made).measures
    told = _taken(planned, made, None, None)
    assert told["when"] == "2015-01-05 to 2015-02-16 and 2015-03-02 to 2015-03-30"
    assert told["where"] == "Gao"
    assert told["how_much"][:2] == [
        "100 % of the full measure (2015-01-05 to 2015-02-16)",
        "Gao 50 % of the full measure (2015-03-02 to 2015-03-30)",
    ]
    assert "<td>2015-03-02</td><td>2015-03-30</td><td>Gao</td><td>Gao 50 %</td>" in made._repr_html_()
    assert "<td>2015-03-02</td><td>2015-03-30</td><td>Gao</td><td>Gao 50 %</td>" in preview(made)._repr_html_()


def test_scenarios_share_the_weeks_before_the_first_phase_that_differs_can_begin():
    base, late = scenario({}), scenario(patrols(phases=[WAVES[1]]))
    assert same_weeks(base, late) == 8
    assert same_weeks(base, scenario(patrols(phases=WAVES))) == 0
    assert same_weeks(late, scenario(patrols(phases=[{**WAVES[1], "intensity": {"Gao": 1}}]))) == 8


def test_scenarios_share_the_phases_that_are_the_same():
    both = scenario(patrols(phases=WAVES))
    for wave, weeks in (
        ({**WAVES[1], "intensity": 0.5}, 8), ({**WAVES[1], "regions": ["Gao"]}, 8),
        ({**WAVES[1], "end": "2015-03-16"}, 10), ({**WAVES[1], "start": "2015-02-23"}, 7),
        ({**WAVES[1], "start": "2015-03-11"}, 8),
    ):  # fmt: skip
        assert same_weeks(both, scenario(patrols(phases=[WAVES[0], wave]))) == weeks, wave
    assert same_weeks(both, scenario(patrols(phases=WAVES[:1]))) == 8
    assert same_weeks(both, scenario(patrols(phases=WAVES, patrols=9))) == 0
    plans = [scenario({"bamako_plan": {"phases": [{**WAVES[0], "intensity": 0.5}, wave]}})
             for wave in (WAVES[1], {**WAVES[1], "intensity": 0.7})]  # fmt: skip
    assert same_weeks(*plans) == 0, "its cameras are bought at first for the strongest phase"


def test_a_run_that_takes_over_a_shared_past_is_the_run_alone(tmp_path):
    waves = [None, WAVES, [WAVES[0], {**WAVES[1], "intensity": {"Gao": 1, "Kidal": 0.5}}]]
    arms = [
        scenario({} if phases is None else {key: {"phases": phases} for key in KEYS[2:]}, name=f"arm {k}")
        for k, phases in enumerate(waves)
    ]
    batch = run_batch(arms, [1], workers=1, out=tmp_path / "out")
    assert batch.records["arm 2"][1].about["shared_weeks"] == 8
    assert "bamako_plan" not in KEYS[2:], "it shares nothing"
    for arm in arms:
        assert batch.records[arm.name][1].digest == arm.run().digest


def test_a_sweep_varies_phases_and_regions(tmp_path):
    (tmp_path / "waves.yaml").write_text(
        "end: 2012-07-02\npersons_per_youth: 5000\nmeasures:\n"
        "  joint_patrols: {phases: [{end: 2012-02-06}, {start: 2012-03-05}]}\n"
        "  mali_kuma_kan: {intensity: {Mopti: 1, Gao: 0.5}}\n"
    )
    (tmp_path / "sweep.yaml").write_text(
        "scenario: waves.yaml\ndesign: {method: grid}\nseeds: 1\noutcomes: [joined]\nvary:\n"
        "  measures.joint_patrols.phases.0.intensity: {values: [0, 0.5]}\n"
        "  measures.joint_patrols.phases.1.start: {values: [2012-03-05, 2012-04-02]}\n"
        "  measures.mali_kuma_kan.intensity.*: {values: [0.2, 0.4]}\n"
    )
    sweep = load_sweep(tmp_path / "sweep.yaml")
    assert [axis.path.partition(".")[2] for axis in sweep.axes] == [
        "joint_patrols.phases.0.intensity", "joint_patrols.phases.1.start",
        "mali_kuma_kan.intensity.Mopti", "mali_kuma_kan.intensity.Gao",
    ]  # fmt: skip
    assert len(sweep.points) == 16
    last = sweep.points[-1].scenario.measures
    assert last["joint_patrols"].phases[1].start == date(2012, 4, 2)
    assert last["mali_kuma_kan"].intensity == {"Mopti": 0.4, "Gao": 0.4}
    paths = ("joint_patrols.phases.0.start", "mali_kuma_kan.intensity.Gao")
    assert [Axis(f"measures.{path}").unit for path in paths] == ["date", "share of the full measure"]


def test_explain_follows_lives_through_a_pause():
    first, second = scenario({"international_forces": True}), scenario({"international_forces": {"phases": WAVES}})
    found = explain(first, second, seed=1)
    joined = [float(one.run(1)["joined"].sum()) for one in (first, second)]
    assert list(found.joined) == joined
    assert found.about["scenarios"] == [first.resolved(), second.resolved()]


def test_in_mesa_a_measure_has_its_phases_too():
    made = scenario(patrols(phases=WAVES))
    model = sim.RecruitmentModel(made, seed=1)
    country = begin(made, 1)
    for _ in range(9):
        model.step()
        advance(country)
    np.testing.assert_array_equal(model.country.values, country.values)


# --- what is refused -------------------------------------------------------------------------------------


def said(given: object, key: str = "joint_patrols") -> str:
    with pytest.raises(InputError) as caught:
        scenario({key: given})
    return str(caught.value)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"intensity": {"Moptu": 1}}, "intensity.Moptu is no region; it must be one of: Kayes,"),
        ({"intensity": {"Moptu": 1}}, "did you mean 'Mopti'?"),
        ({"intensity": {"Mopti": 2}}, "intensity.Mopti is 2; it must be a share between 0 and 1. Did you mean 0.02?"),
        ({"intensity": {"Gao": 1}, "regions": ["Kidal"]}, "intensity.Gao is no region of the measure; it must be one"),
        ({"intensity": {"Gao": 1, "Ménaka": 0.5}}, "intensity.Ménaka stands for Gao, which is there already"),
        ({"intensity": {}}, "intensity is empty; it must be a share between 0 and 1, or a share for each region"),
        ({"intensity": [1]}, "intensity is a list; it must be a share between 0 and 1, or a share for each region"),
        ([WAVES[0]], "joint_patrols is a list; it must be true, false or a block"),
        ([WAVES[0]], "a list of periods goes under phases:"),
        ({"phases": WAVES[0]}, "phases is a block; it must be a list"),
        ({"phases": [3]}, "phases item 1 is 3; it must be a block"),
        ({"phases": [{"stat": "2015-01-05"}]}, "phases item 1 has no setting 'stat'; it has start, end, regions, int"),
        ({"phases": [{**WAVES[0], "patrols": 3}]}, "phases item 1 has no setting 'patrols'"),
        ({"phases": [{"end": "2015-02-02"}, {"start": "2015-01-26"}]}, "phases item 2.start is 2015-01-26; it must be"),
        ({"phases": [{"end": "2015-02-02"}, {"end": "2015-03-02"}]}, "phases item 2 has no start, which it needs"),
        ({"phases": [{"start": "2015-02-02"}, WAVES[1]]}, "phases item 1 has no end, which it needs"),
        ({"phases": [{"start": "2015-02-02", "end": "2015-02-02"}]}, "phases item 1.end is 2015-02-02; it must be a d"),
        ({"phases": [{"end": "2016-02-02"}]}, "phases item 1.end is 2016-02-02; it lies within the run, 2015-01-05"),
        ({"phases": WAVES, "start": "2015-01-12"}, "start is 2015-01-12; it must be 2015-01-05, the start of the"),
        ({"phases": WAVES, "end": "2015-04-06"}, "end is 2015-04-06; it must be 2015-03-30, the end of the last phase"),
        ({"phases": [{**WAVES[0], "intensity": {"Moptu": 1}}]}, "phases item 1.intensity.Moptu is no region"),
        ({"phases": [{**WAVES[0], "regions": ["Gao"], "intensity": {"Mopti": 1}}]}, "1.intensity.Mopti is no region"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_place(given, message):
    assert message in said(given)


def test_a_date_in_a_pause_is_refused():
    settings_ = {"phases": WAVES, "cohorts": [{"departs": "2015-02-23", "imams": 5}]}
    assert "cohorts item 1.departs is 2015-02-23, in a pause of the measure" in said(settings_, "imam_training")


def test_a_file_says_the_line(tmp_path):
    file = tmp_path / "s.yaml"
    file.write_text("measures:\n  joint_patrols:\n    phases:\n      - end: 2012-02-06\n      - start: 2012-01-30\n")
    with pytest.raises(InputError, match=r"s\.yaml, line 5: measures\.joint_patrols\.phases item 2\.start is"):
        sim.load(file)
    file.write_text("measures:\n  joint_patrols: true\n  joint_patrols: {start: 2013-01-07}\n")
    with pytest.raises(InputError, match=r"line 3: has the key 'joint_patrols' twice, .* has a list phases:"):
        sim.load(file)


def test_a_file_changes_items_of_a_list_of_the_file_it_extends(tmp_path):
    (tmp_path / "below.yaml").write_text(
        "end: 2012-07-02\nmeasures:\n  joint_patrols:\n    phases: [{end: 2012-02-06}, {start: 2012-03-05}]\n"
    )
    above = "extends: below.yaml\nmeasures:\n  joint_patrols:\n    phases:\n"
    (tmp_path / "above.yaml").write_text(above + "      1: {intensity: 0.5}\n")
    phases = sim.load(tmp_path / "above.yaml").measures["joint_patrols"].phases
    assert [(phase.start, phase.intensity) for phase in phases] == [(date(2012, 1, 2), 1.0), (date(2012, 3, 5), 0.5)]
    for change, message in (
        ("1: {intensity: 5}", r"above\.yaml, line 5: .*phases item 2\.intensity is 5; it must be"),
        ("2: {intensity: 1}", r"above\.yaml, line 5: measures\.joint_patrols\.phases has 2 items"),
    ):
        (tmp_path / "above.yaml").write_text(f"{above}      {change}\n")
        with pytest.raises(InputError, match=message):
            sim.load(tmp_path / "above.yaml")


def test_a_measure_from_outside_has_one_intensity_unless_it_says_otherwise(monkeypatch):
    monkeypatch.setattr("sim.scenario.outside", lambda: {"joint_patrols"})
    assert "intensity is a block of regions; it must be one share" in said({"intensity": SHARES})
    monkeypatch.setattr(MEASURES["joint_patrols"], "regional", True)
    assert scenario(patrols(intensity=SHARES)).measures["joint_patrols"].intensity == SHARES
