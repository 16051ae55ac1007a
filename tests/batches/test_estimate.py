"""What a run takes and does, said before it is made."""

import pytest

from sim.batches.estimate import choose_workers, estimate, youths
from sim.batches.preview import preview
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
