"""A user's own table of attacks, and the rate at which sources report."""

import numpy as np
import pytest

from sim.engine.errors import InputError
from sim.forecasts.counts import Counts, month_id, recorded, regions
from sim.forecasts.events import read_events
from sim.forecasts.rates import all_rates, joined_up, rate_between
from sim.forecasts.region_names import region_of
from tests.forecasts.made import PLACES, counts

MOPTI, GAO, KIDAL = (regions().index(name) for name in ("Mopti", "Gao", "Kidal"))


@pytest.fixture
def write(tmp_path):
    def make(text, name="mine.csv", encoding="utf-8"):
        file = tmp_path / name
        file.write_bytes(text.encode(encoding))
        return file

    return make


def at(events, year, month, region):
    return events.counts.values[month_id(year, month) - events.counts.first, region]


# --- kinds of tables --------------------------------------------------------------------------------------------


def test_a_plain_table(write):
    found = read_events(write("date,region,count\n2018-01-31,Mopti,3\n2018-03-01,gao,2\n2018-01-02,MOPTI,1\n"))
    assert found.kind == "own table"
    assert (found.counts.first, found.counts.last) == (month_id(2018, 1), month_id(2018, 3))
    assert at(found, 2018, 1, MOPTI) == 4
    assert at(found, 2018, 3, GAO) == 2
    assert found.counts.values.sum() == 6
    assert found.counts.source == "mine"


@pytest.mark.parametrize(
    "text",
    [
        "month;region;attacks\n2018-01;Mopti;4\n",
        "year\tmonth\tadmin1\tn\n2018\t1\tMopti\t4\n",
        "month_id,region_code,events\n457,ML-5,4\n",
        "Date,Region\n" + "31 January 2018,Mopti\n" * 4,
        "event date,region,count\n2018-01-05 00:00:00.000,Région de Mopti,4\n",
    ],
)
def test_tables_under_other_names(write, text):
    found = read_events(write(text))
    assert at(found, 2018, 1, MOPTI) == 4
    assert found.counts.values.sum() == 4


ACLED = """event_id_cnty,event_date,year,event_type,sub_event_type,actor1,country,admin1,fatalities
MLI1,05 January 2018,2018,Violence against civilians,Attack,JNIM: Group for Support of Islam,Mali,Mopti,3
MLI2,06 January 2018,2018,Battles,Armed clash,Military Forces of Mali (2013-2020),Mali,Mopti,3
MLI3,07 February 2018,2018,Protests,Peaceful protest,Protesters (Mali),Mali,Bamako,0
MLI4,08 February 2018,2018,Explosions/Remote violence,Remote explosive,Unidentified Armed Group (Mali),Mali,Tombouctou,0
MLI5,09 February 2018,2018,Battles,Armed clash,MNLA: National Movement for the Liberation of Azawad,Mali,Kidal,0
BFA1,09 February 2018,2018,Battles,Armed clash,JNIM,Burkina Faso,Sahel,0
"""


def test_an_export_of_acled(write):
    found = read_events(write(ACLED), "jihadist")
    assert found.kind == "ACLED"
    assert found.rows == 6
    assert found.counts.values.sum() == 2
    assert at(found, 2018, 1, MOPTI) == 1
    assert found.left_out["outside Mali"] == 1
    assert found.left_out["that are no attacks (event_type)"] == 1
    assert found.left_out["by the state or by civilians"] == 1
    assert found.left_out["by northern armed movements or militias"] == 1
    assert "6 rows, 2 attacks from 2018-01 to 2018-02" in found.told
    assert read_events(write(ACLED), "all").counts.values.sum() == 3


def test_an_export_of_gtd(write):
    text = ("eventid,iyear,imonth,iday,country_txt,provstate,city,gname\n"
            "1,2018,1,5,Mali,Timbuktu,X,Jama'at Nusrat al-Islam wal Muslimin (JNIM)\n"
            "2,2018,1,6,Mali,Unknown,X,Unknown\n3,2018,2,7,Niger,Tillaberi,X,Unknown\n"
            "4,2018,2,7,Mali,Kidal,X,Unknown\n5,2018,2,7,Mali,Gao,X,Tuareg extremists\n")  # fmt: skip
    found = read_events(write(text, encoding="latin-1"), "jihadist")
    assert found.kind == "GTD"
    assert found.counts.values.sum() == 2
    assert at(found, 2018, 2, KIDAL) == 1
    assert found.left_out["without a region"] == 1


def test_an_export_of_ucdp(write):
    text = ("id,year,type_of_violence,side_a,side_b,country,adm_1,date_start,best\n"
            "1,2018,1,Government of Mali,JNIM,Mali,Ségou region,2018-01-05 00:00:00.000,2\n"
            "2,2018,3,Government of Mali,Civilians,Mali,Mopti region,2018-01-06 00:00:00.000,2\n"
            "3,2018,3,JNIM,Civilians,Mali,Gao region,2018-01-07 00:00:00.000,2\n"
            "4,2018,2,Dozo militia (Mali),Ganda Izo,Mali,Mopti region,2018-02-07 00:00:00.000,2\n")  # fmt: skip
    found = read_events(write(text), "jihadist")
    assert found.kind == "UCDP GED"
    assert found.counts.values.sum() == 2
    assert at(found, 2018, 1, regions().index("Ségou")) == 1
    assert found.left_out["by the state or by civilians"] == 1
    assert found.left_out["by northern armed movements or militias"] == 1


def test_a_zero_says_that_a_month_was_looked_at(write):
    found = read_events(write("month,region,count\n2018-01,Mopti,1\n2018-12,Mopti,0\n"))
    assert list(found.counts.years) == [2018]
    assert found.counts.values.sum() == 1


# --- names of regions -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "region"),
    [
        ("Timbuktu", "Tombouctou"), ("TOMBOUCTOU", "Tombouctou"), ("Segou", "Ségou"), ("ségou ", "Ségou"),
        ("Kidal region", "Kidal"), ("Région de Gao", "Gao"), ("District de Bamako", "Bamako"),
        ("Bamako Capital District", "Bamako"), ("Menaka", "Gao"), ("Ménaka", "Gao"), ("Taoudénit", "Tombouctou"),
        ("Koulikouro", "Koulikoro"), ("ML-4", "Ségou"), ("ml-bko", "Bamako"), ("Bandiagara", "Mopti"),
    ],
)  # fmt: skip
def test_regions_under_other_names(text, region):
    assert region_of(text) == region


@pytest.mark.parametrize("text", ["", "Atlantis", "Region", "Mali", "ML-9"])
def test_what_is_no_region(text):
    assert region_of(text) is None


# --- wrong tables -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("date,region,count\n2018-01-31,Mopty Centre,3\n", 2, "column 'region': 'Mopty Centre' is no region of Mali"),
        ("date,region,count\n2018-01-31,Gaoo,3\n", 2, "did you mean 'Gao'"),
        ("date,region,count\n2018-01-31,Gao,1\n3/4/2018,Gao,3\n", 3, "column 'date': '3/4/2018' is no date"),
        ("date,region,count\n2018-01-31,Gao,-1\n", 2, "column 'count': '-1' is no count"),
        ("date,region,count\n2018-01-31,Gao,1.5\n", 2, "column 'count': '1.5' is no whole count"),
        ("date,region,count\n2018-01-31,Gao,nan\n", 2, "column 'count': 'nan' is no"),
        ("date,region,count\n2018-01-31,Gao,many\n", 2, "column 'count': 'many' is no count"),
        ("date,region,count\n2018-01-31,Gao\n", 2, "2 fields for 3 columns"),
        ("date,region,count\n1918-01-31,Gao,1\n", 2, "outside 1990 to 2100"),
        ("month,region,count\n2018-13,Gao,1\n", 2, "is no month"),
        ("year,month,region,count\n2018,13,Gao,1\n", 2, "column 'month': '13' is no month; it lies between 1 and 12"),
        ("date,regoin,count\n2018-01-31,Gao,1\n", 1, "did you mean 'regoin'"),
        ("when,region,count\n2018-01-31,Gao,1\n", 1, "no column gives the time"),
        ("date,region,region\n2018-01-31,Gao,1\n", 1, "there twice"),
        ('date,region,count\n2018-01-31,"G\nao",1\n2018-02-31,Gao,1\n', 2, "is no region"),
    ],
)
def test_a_wrong_table_is_told_by_line_and_column(write, text, line, what):
    with pytest.raises(InputError, match=what) as problem:
        read_events(write(text))
    assert problem.value.line == line
    assert "mine.csv" in str(problem.value)


def test_tables_that_cannot_be_read(write, tmp_path):
    with pytest.raises(InputError, match="spreadsheet"):
        read_events(write("PK\x03\x04", "gtd.xlsx"))
    with pytest.raises(InputError, match="empty"):
        read_events(write(""))
    with pytest.raises(InputError, match="no row of it"):
        read_events(write("date,region\n"))
    with pytest.raises(InputError, match="cannot be read"):
        read_events(tmp_path / "none.csv")
    with pytest.raises(InputError, match="no target"):
        read_events(write("date,region\n"), "every")


# --- rates ------------------------------------------------------------------------------------------------------


def test_the_rate_is_that_of_the_years_both_cover():
    gtd, other = counts(2012, 2017, value=2), counts(2016, 2019, value=5, source="ACLED")
    found = rate_between(other, gtd)
    assert found.years == (2016, 2017)
    assert (found.counted, found.other) == (5 * 24 * PLACES, 2 * 24 * PLACES)
    assert found.rate == pytest.approx(2.5, abs=0.01)
    assert found.low == pytest.approx(found.high)  # all regions alike
    assert rate_between(other, gtd, until=2016).years == (2016,)
    assert rate_between(other, gtd, until=2015) is None


def test_the_interval_of_a_rate_shows_how_regions_differ():
    gtd, other = counts(2016, 2017, value=2), counts(2016, 2017, value=2)
    other.values[:, 0] = 40
    found = rate_between(other, gtd)
    assert found.low < found.rate < found.high
    assert found.rate == pytest.approx((8 * 2 + 40) / (9 * 2), abs=0.01)


def test_the_record_against_itself_has_the_rate_one():
    rates = {rate.against: rate for rate in all_rates(recorded("all"), "all")}
    assert rates["GTD"].rate == 1.0
    assert len(rates) == 2
    assert rates["UCDP GED (places and years with deaths)"].other > 0


def test_a_short_table_takes_the_years_before_it_from_gtd_at_its_own_rate():
    shipped = recorded("all")
    mine = Counts(np.concatenate([3 * shipped.months(month_id(2016, 1), month_id(2017, 12)),
                                  np.full((12, PLACES), 1)]), month_id(2016, 1), "mine")  # fmt: skip
    whole, rate = joined_up(mine, "all", 2017)
    assert rate == pytest.approx(3.0, abs=0.02)
    assert list(whole.years) == list(range(2012, 2019))
    assert whole.year(2015).sum() == pytest.approx(3 * 116, abs=3)
    assert np.array_equal(whole.year(2018), mine.year(2018))
    _, unknown = joined_up(mine, "all", 2015)  # nothing was known by then of how they differ
    assert unknown == 1.0


def test_a_table_that_begins_too_late_is_refused():
    with pytest.raises(InputError, match="years between are missing"):
        joined_up(counts(2020, 2021), "all", 2019)
