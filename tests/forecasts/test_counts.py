"""The record by month and region."""

import numpy as np
import pytest

from sim.engine.errors import InputError
from sim.forecasts.counts import Counts, guessed_months, month_id, recorded, shared_out, year_of
from tests.forecasts.made import counts


def test_months_are_numbered_as_views_does():
    assert month_id(1980, 1) == 1
    assert month_id(2017, 1) == 445
    assert [year_of(m) for m in (1, 12, 13)] == [1980, 1980, 1981]


def test_the_target_is_a_part_of_all_attacks_in_every_month():
    every, ours = recorded("all"), recorded("jihadist")
    assert (ours.values >= 0).all()
    assert (ours.values <= every.values).all()
    assert every.yearly(every.years).sum(axis=1).tolist() == [18, 56, 67, 116, 98, 138]
    assert ours.yearly(ours.years).sum(axis=1).tolist() == [9, 46, 60, 88, 94, 128]


def test_years_and_regions_of_the_target_are_exact():
    from sim.world.facts import region_codes, table

    ours = recorded("jihadist")
    for row in table("events"):
        if row["source"] == "GTD" and row["region_code"] in region_codes() and row["year"] in ours.years:
            seen = ours.year(row["year"])[region_codes().index(row["region_code"])]
            assert seen == row["events_jihadist"] + row["ev_unknown"]


def test_how_much_of_the_months_is_guessed():
    assert 0 < guessed_months() <= 68  # 64 attacks by northern armed movements and 4 by militias


def test_shares_are_whole_and_sum_up():
    assert shared_out(3, np.array([2, 0, 2])).tolist() == [2, 0, 1]
    assert shared_out(0, np.array([2, 1])).tolist() == [0, 0]
    assert shared_out(5, np.array([5, 0, 5])).sum() == 5
    assert (shared_out(4, np.array([1, 1, 1, 1, 0])) == [1, 1, 1, 1, 0]).all()


def test_whole_years_only():
    assert list(counts(2012, 2014).years) == [2012, 2013, 2014]
    cut = Counts(counts(2012, 2014).values[1:-1], month_id(2012, 2))
    assert list(cut.years) == [2013]
    with pytest.raises(InputError, match="no counts for some"):
        cut.year(2012)
    with pytest.raises(InputError, match="no counts for some"):
        cut.year(2014)


def test_until_forgets_what_comes_later():
    known = counts().until(2014)
    assert list(known.years) == [2012, 2013, 2014]
    assert known.last == month_id(2014, 12)
    with pytest.raises(InputError, match="before the end of 2011"):
        counts().until(2011)


def test_an_unknown_target_is_named():
    with pytest.raises(InputError, match="did you mean 'jihadist'"):
        recorded("jihadists")
