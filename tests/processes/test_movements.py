"""Northern movements hold places, and the forces there learn less."""

from datetime import date

import numpy as np
import pytest

from sim.levers import TABLE
from sim.population.youth import MEMBER
from sim.processes.movements import held, told
from sim.processes.security import security
from sim.world import facts
from tests.processes.test_security import hunted
from tests.processes.worlds import alike, station, tiny

KIDAL = ("Kidal", "Tessalit", "Abeibara", "Tin-Essako")


def holds(day: str) -> dict[str, float]:
    """The districts that movements hold in the week that starts on a day, by how far."""
    start = date.fromisoformat(day)
    country = tiny(5000, start=start, end=date(start.year + 1, start.month, start.day))
    hold, grid = held(country), country.grid
    districts = {name: set(hold[grid.cells_of_cercle(name)]) for name in dict.fromkeys(grid.cercle)}
    assert all(len(values) == 1 for values in districts.values()), "a whole district"
    return {name: values.pop() for name, values in districts.items() if values != {0.0}}


def test_what_is_held_is_the_fact_of_the_week():
    assert holds("2012-06-04") == {}
    assert holds("2013-01-21") == {}
    assert holds("2013-03-04") == dict.fromkeys(KIDAL, 1.0)
    assert holds("2013-10-07") == {**dict.fromkeys(KIDAL, 1.0), "Kidal": 0.5}
    assert holds("2014-06-02") == dict.fromkeys((*KIDAL, "Menaka"), 1.0)
    assert holds("2015-05-04") == dict.fromkeys(KIDAL, 1.0)
    assert holds("2018-10-01") == dict.fromkeys(KIDAL, 1.0)


def test_a_change_holds_from_the_week_that_contains_its_day():
    assert "Menaka" in holds("2014-05-19")  # 21 May is a Wednesday
    assert "Menaka" not in holds("2014-05-12")
    assert "Menaka" in holds("2015-04-20")
    assert "Menaka" not in holds("2015-04-27")


def test_rows_of_a_district_do_not_overlap():
    last = {}
    for row in sorted(facts.movements(), key=lambda row: row.start):
        assert row.cells.size
        assert 0 < row.hold <= 1
        key = int(row.cells[0])
        assert key not in last or last[key] <= row.start
        last[key] = row.end or date.max


def in_kidal(members, **values):
    """Members hunted in a cell of Kidal, and as many in the fullest cell of Mali, where no movement is."""
    country, _, others = hunted(members, start=date(2014, 6, 2), end=date(2015, 6, 1), **values)
    cell = int(country.grid.cells_of_cercle("Kidal")[0])
    entries = station(country, cell, members)
    p = country.parameters
    country.levers.add("joint_patrol_troops", cell, 200.0 / p.joint_patrol_effectiveness)
    return country, cell, entries, others


@pytest.mark.parametrize(("silence", "kept"), [(0.0, 1.0), (0.4, 1.0), (0.4, 0.25), (1.0, 1.0)])
def test_members_are_found_less_where_a_movement_holds(silence, kept):
    country, cell, entries, others = in_kidal(6000, detection=0.1, movement_silence=silence)
    if kept < 1.0:
        country.levers.keep("movements_hold", cell, kept)
    assert told(country)[cell] == pytest.approx(1 - silence * kept)
    security(country)
    hit, away = (country.roster.state[e] != MEMBER for e in (entries, others))
    alike(hit.sum(), 1 - np.exp(-0.1 * 2.0 * (1 - silence * kept)), hit.size)
    alike(away.sum(), 1 - np.exp(-0.1 * 2.0), away.size)


def test_the_lever_only_takes_from_what_is_held():
    lever = next(row for row in TABLE if row.name == "movements_hold")
    assert (lever.default, lever.high) == (1.0, 1.0)
    country = tiny(5000, start=date(2014, 6, 2), end=date(2015, 6, 1))
    country.levers.keep("movements_hold", ..., 0.0)
    assert (told(country) == 1.0).all()
