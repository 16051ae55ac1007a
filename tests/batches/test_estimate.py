"""What a run takes and does, said before it is made."""

import pytest

from sim.batches.estimate import choose_workers, estimate, youths
from sim.batches.preview import preview
from sim.scenario import Scenario
from tests.batches import batch_fakes as fakes


def test_youths_are_those_the_country_gets():
    from sim.week import begin

    scenario = fakes.scenario("a")
    assert youths(scenario) == begin(scenario).society.size


def test_twice_the_weeks_or_the_youths_never_take_less():
    small, longer, larger = (
        estimate(fakes.scenario("a", **more)) for more in ({}, {"end": "2016-01-04"}, {"persons_per_youth": 1})
    )
    assert small.seconds < longer.seconds < larger.seconds
    assert small.memory_bytes == longer.memory_bytes < larger.memory_bytes
    assert larger.youths == pytest.approx(1000 * small.youths, rel=1e-3)


def test_a_thousand_workers_are_not_started_on_a_few_cores(monkeypatch):
    monkeypatch.setattr("sim.batches.estimate.cores", lambda: 2)
    assert choose_workers(1024, 10**6, 1e6, available=1e12) == (8, "8 of 1024 workers: there are only 2 cores")
    assert choose_workers(8, 10**6, 1e6, available=1e12) == (8, "")
    monkeypatch.setattr("sim.batches.estimate.cores", lambda: 64)
    assert choose_workers(128, 10**6, 1e6, available=1e12) == (128, "")


def test_workers_are_no_more_than_cores_runs_and_memory():
    assert choose_workers(8, 3, 1e9, available=100e9) == (3, "")
    assert choose_workers(4, 0, 1e9, available=100e9) == (1, "")
    many, note = choose_workers(4, 100, 2.5e9, available=6e9)
    assert many == 2
    assert "2 of 4 workers" in note
    assert "2.5 GB" in note
    assert choose_workers(4, 100, 2.5e9, available=1e9)[0] == 1, "one run is always tried"


def test_a_preview_prints_and_shows_what_the_scenario_would_do(tmp_path):
    file = tmp_path / "mine.yaml"
    file.write_text("name: more <b> patrols\nend: 2013-01-07\nmeasures: {joint_patrols: {regions: [Mopti, Gao]}}\n")
    found = preview(file)
    text, page = str(found), found._repr_html_()
    assert text.startswith("more <b> patrols")
    assert "Period: 2012-01-02 to 2013-01-07, 53 weeks" in text
    assert "Mopti, Gao" in text
    assert "Period: 2012-01-02 to 2013-01-07, 53 weeks" in page
    assert "more &lt;b&gt; patrols" in page
    assert "<td>Mopti, Gao</td>" in page


# --- what acts in no week ---------------------------------------------------------------------------------

RUN = {"name": "x", "end": "2012-12-30"}  # its last week begins on 2012-12-17; the days from 2012-12-24 are left over


@pytest.mark.parametrize(
    ("dates", "weeks"),
    [
        ({"start": "2012-03-06", "end": "2012-03-11"}, 0),  # from Tuesday to Sunday
        ({"start": "2012-12-26"}, 0),
        ({"start": "2012-03-05", "end": "2012-03-06"}, 1),
        ({"start": "2012-03-07", "end": "2012-03-21"}, 2),
    ],
)
def test_a_measure_between_whose_dates_no_week_begins_acts_in_no_week(dates, weeks):
    scenario = Scenario.of({**RUN, "measures": {"joint_patrols": dates}})
    (planned,) = preview(scenario).measures
    assert planned.idle == (weeks == 0)
    assert (planned.cost_xof > 0) == (weeks > 0)
    assert ("acts in no week" in str(preview(scenario))) == (weeks == 0)


def test_a_changed_force_or_group_that_never_comes_is_told():
    changes = {
        "forces": {"army": {"start": "2013-06-01"}, "police": {"scale": 0}, "gendarmerie": {"scale": 2}},
        "groups": {"macina": {"founded": "2012-12-26"}, "mujao": {"founded": "2012-12-20"}},
    }
    assert preview(Scenario.of({**RUN, **changes})).absent == ["Katiba Macina", "Malian army"]
