"""The tables of facts: every column explained, shares that add up, and plans that fit the record."""

import csv
import itertools
import json
from collections import Counter, defaultdict
from datetime import date, timedelta

import numpy as np
import pytest

from sim.world import facts
from sim.world.grid import DATA, world_grid

GRID = world_grid()
TABLES = sorted(path.name for path in DATA.glob("*.csv"))
PLAN = facts.deployments()
OWN_TABLES = ("groups", "forces", "deployments", "languages", "media", "trust", "sites", "schooling", "sanctuaries",
              "movements")  # fmt: skip


def troops(force, day, region=None):
    """Soldiers of a force on a day, in one region or in Mali."""
    return sum(
        d.troops
        for d in PLAN
        if d.force == force and d.start <= day and (d.end is None or day < d.end) and region in (None, d.region)
    )


@pytest.mark.parametrize("name", TABLES)
def test_every_column_is_explained_once(name):
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        header = next(csv.reader(file))
    explained = [row["column"] for row in facts.table("columns") if row["table"] == name]
    assert explained == header


def test_no_explanation_is_empty_or_left_over():
    for row in facts.table("columns"):
        assert all(row.values()), row
        assert row["table"] in TABLES


@pytest.mark.parametrize("name", OWN_TABLES)
def test_every_row_says_how_far_it_can_be_trusted(name):
    known = {"measured", "derived", "estimate", "assumed", "unverified estimate"}
    for row in facts.table(name):
        assert row["quality"] in known, row
        assert row["source"], row
        assert row["note"], row


def test_fields_are_read_with_their_types():
    kinds = {name: type(value) for name, value in facts.table("groups.csv")[1].items()}
    assert (kinds["founded"], kinds["ended"], kinds["start_members"], kinds["foreign_share"]) == (
        date,
        date,
        int,
        float,
    )
    assert facts.table("groups")[0]["parent"] is None
    assert facts.table("force_facts")[0]["date"] == "2013-04"  # months and years mixed: left as text
    assert isinstance(facts.table("events")[0]["deaths"], float)
    with pytest.raises(FileNotFoundError):
        facts.table("no_such_table")


def test_a_caller_cannot_change_a_table_for_others():
    facts.table("trust")[0]["trust"] = 99
    assert facts.table("trust")[0]["trust"] < 1


def test_the_map_for_drawing_has_the_nine_regions():
    shapes = json.loads((DATA / "regions.geojson").read_text(encoding="utf-8"))
    assert sorted(shape["properties"]["region"] for shape in shapes["features"]) == sorted(facts.region_codes())


def test_armed_groups_follow_from_one_another():
    groups = {group.key: group for group in facts.groups()}
    assert list(groups) == ["aqim", "mujao", "mourabitoun", "ansar_dine", "macina", "khalid", "isgs", "jnim"]
    seen = set()
    for group in groups.values():
        assert set(group.home_cercles) <= set(GRID.cercle)
        assert group.parent is None or group.parent in seen
        dissolved = group.key == "khalid"  # by the arrest of its leader
        assert (group.ended is None or dissolved) == (group.heir is None)
        if group.heir:
            heir = groups[group.heir]
            assert heir.founded <= group.ended
            assert heir.ended is None or heir.ended > group.ended
        if group.parent and groups[group.parent].ended:
            assert group.founded < groups[group.parent].ended
        assert (group.start_members > 0) == (group.founded <= date(2012, 1, 2))
        assert not (group.start_members and group.founding_core)
        assert 0 <= group.foreign_share <= 1
        seen.add(group.key)
    assert sum(group.start_members for group in groups.values()) == 1100


def test_forces_are_complete_and_their_factors_in_range():
    forces = {force.key: force for force in facts.forces()}
    assert {d.force for d in PLAN} == set(forces)
    for force in forces.values():
        assert force.kind in ("state", "international", "community")
        assert force.mandate in ("search", "guard")
        assert 0 <= force.low <= force.effectiveness <= force.high
        assert 0 <= force.patrol_share <= 1
    assert forces["army"].abuse_factor == 1 == forces["serval"].effectiveness
    assert max(f.abuse_factor for f in forces.values() if f.kind == "international") < 0.5


def test_bases_lie_in_their_region_and_periods_run_forwards():
    homes = defaultdict(Counter)
    for cercle, region in zip(GRID.cercle, GRID.region.tolist(), strict=True):
        homes[cercle][region] += 1
    for d in PLAN:
        assert d.troops > 0
        assert d.end is None or d.start < d.end
        assert d.cercle is None or d.region == homes[d.cercle].most_common(1)[0][0], d


def test_no_force_stands_twice_in_one_base():
    spans = defaultdict(list)
    for d in PLAN:
        spans[d.force, d.region, d.cercle].append((d.start, d.end or date.max))
    for key, periods in spans.items():
        periods.sort()
        assert all(a[1] <= b[0] for a, b in itertools.pairwise(periods)), key


FACT_NAMES = [
    ("minusma", "MINUSMA", "uniformed (deployed)"),
    ("serval", "Serval", "troops"),
    ("serval", "Serval", "troops (peak)"),
    ("barkhane", "Barkhane", "troops in Mali"),
    ("afisma", "AFISMA", "troops"),
    ("army", "FAMa", "army effective after the 2012 defeat"),
    ("army", "FAMa", "army"),
    ("police", "Police", "strength"),
    ("gendarmerie", "Gendarmerie", "strength"),
    ("g5_joint_force", "G5 Sahel Joint Force", "Malian troops (2 battalions)"),
]


def test_the_plan_lies_within_the_known_bounds_of_each_force():
    checked = Counter()
    for row in facts.table("force_facts"):
        for force, known_as, component in FACT_NAMES:
            year = int(row["date"][:4])
            if (row["force"], row["component"]) != (known_as, component) or not 2012 <= year <= 2018:
                continue
            month = int(row["date"][5:7] or 12)
            day = date(year, month, 28)
            low, high = row["low"] or row["number"], row["high"] or row["number"]
            assert low <= troops(force, day) <= high, (force, day, troops(force, day))
            checked[force] += 1
    assert checked["minusma"] == 5
    assert checked["serval"] == 4
    assert set(checked) == {force for force, *_ in FACT_NAMES}


def test_the_state_left_the_north_in_april_2012_and_came_back_behind_serval():
    north = [GRID.region_names.index(name) for name in ("Tombouctou", "Gao", "Kidal")]
    state = ("army", "police", "gendarmerie", "national_guard", "civil_protection")
    for region in north:
        for force in state:
            assert troops(force, date(2012, 3, 1), region) > 0
            assert troops(force, date(2012, 8, 1), region) == 0
    assert troops("army", date(2012, 3, 1)) == 7350
    assert all(troops("army", date(2013, 6, 1), region) > 0 for region in north)
    kidal = GRID.region_names.index("Kidal")
    assert sum(troops(force, date(2014, 6, 1), kidal) for force in state) == 0
    assert troops("minusma", date(2014, 6, 1), kidal) > 2000


def test_forces_of_the_state_are_there_in_every_week():
    day = date(2012, 1, 2)
    while day < date(2019, 1, 1):
        for force in ("army", "police", "gendarmerie", "national_guard", "civil_protection"):
            assert troops(force, day) >= 2000, (force, day)
        day += timedelta(days=7)


def test_languages_add_up_by_region_and_fit_the_national_shares():
    names, share = facts.languages()
    assert share.shape == (9, len(names)) == (9, 13)
    assert np.allclose(share.sum(axis=1), 1)
    people = np.array([row["pop_2012"] for row in facts.table("regions")])
    national = dict(zip(names, people @ share / people.sum(), strict=True))
    assert national["Bambara"] == pytest.approx(0.46, abs=0.02)
    assert national["Fulfulde"] == pytest.approx(0.09, abs=0.02)


def test_the_first_language_of_each_region_is_the_most_spoken():
    names, share = facts.languages()
    for region, row in enumerate(facts.table("regions")):
        assert row["main_languages"].startswith(names[int(share[region].argmax())])


def test_media_fit_the_national_means_and_are_wider_in_towns():
    channels, use = facts.media()
    assert channels == ("radio", "tv", "facebook", "youtube")
    assert use.shape == (9, 2, 4)
    assert ((use > 0) & (use < 1)).all()
    assert (use[:, 1] > use[:, 0]).all()
    townspeople = GRID.population * GRID.urban_share
    mean = np.zeros(4)
    for region in range(9):
        cells = GRID.cells_of_region(region)
        town = townspeople[cells].sum()
        mean += town * use[region, 1] + (GRID.population[cells].sum() - town) * use[region, 0]
    assert mean / GRID.population.sum() == pytest.approx([0.84, 0.45, 0.09, 0.08], abs=0.005)


def test_trust_fits_the_survey():
    start = facts.trust()
    by_name = dict(zip(GRID.region_names, start.trust.tolist(), strict=True))
    assert (by_name["Gao"], by_name["Kidal"], by_name["Mopti"], by_name["Tombouctou"]) == (
        0.23,
        0.23,
        0.28,
        0.41,
    )
    people = np.array([row["pop_2012"] for row in facts.table("regions")])
    assert people @ start.trust / people.sum() == pytest.approx(0.47, abs=0.001)
    assert ((start.state_presence > 0) & (start.state_presence < 1)).all()
    assert start.state_presence.argmin() == GRID.region_names.index("Kidal")


def test_livelihoods_add_up_and_fit_the_national_unemployment():
    start = facts.schooling()
    assert start.livelihood.shape == (9, 2, 3)
    assert np.allclose(start.livelihood.sum(axis=2), 1, atol=1e-9)
    assert (start.livelihood > 0).all()
    town = (GRID.population * GRID.urban_share).sum() / GRID.population.sum()
    none = start.livelihood[0, :, 0]
    assert (1 - town) * none[0] + town * none[1] == pytest.approx(0.106, abs=0.001)
    assert ((start.no_schooling > 0) & (start.no_schooling < 1)).all()
    assert (np.argsort(start.no_schooling) == np.argsort(-start.mean_years)).all()


def test_sites_lie_where_their_town_lies():
    weights = [site.weight for site in facts.sites()]
    assert sum(weights) == pytest.approx(1, abs=0.001)
    assert facts.sites()[0].name == "Bamako"
    assert weights[0] == max(weights)
    from sim.world.grid import distance_km

    for site, row in zip(facts.sites(), facts.table("sites"), strict=True):
        assert GRID.region[site.cell] == site.region
        assert distance_km(row["lon"], row["lat"], GRID.lon[site.cell], GRID.lat[site.cell]) < 20


def test_event_tables_agree_with_each_other():
    yearly = {
        (row["year"], row["region_code"]): row["events"]
        for row in facts.table("events")
        if row["source"] == "GTD" and row["region_code"] != "ML"
    }
    for name in ("events_monthly", "events_cercle"):
        total = Counter()
        for row in facts.table(name):
            total[row["year"], row["region_code"]] += row["events"]
        assert total == Counter({key: n for key, n in yearly.items() if n}), name


def test_peacekeepers_stand_where_the_record_has_them():
    for year in range(2014, 2019):
        total = troops("minusma", date(year, 6, 1))
        for row in facts.table("minusma_by_region"):
            if row["year"] == year:
                region = facts.region_codes().index(row["region_code"])
                assert troops("minusma", date(year, 6, 1), region) / total == pytest.approx(row["share"], abs=0.005)
