"""What is not known is drawn: by the number of the draw and the name of the row alone, from the prior of the table."""

import math
import zlib
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

import sim.parameters
from sim.engine.errors import InputError
from sim.measures import MEASURES
from sim.parameters import CARRIED, LAST_DRAW, Parameter, Parameters, one_signed, register, rows
from sim.population.youth import SETTLED_BY
from sim.posterior import fitted
from sim.priors import ONE_SIGNED, prior, reason_for_one_sign
from sim.scenario import Scenario
from sim.week import begin, run

CENTRAL = Parameters.default()
DRAWN = {name: row for name, row in rows().items() if row.drawn}
MANY = range(1, 251)
TINY = {"persons_per_youth": 10_000, "end": "2012-02-06", "draws_from": "prior"}  # worlds: see tests/calibration


@pytest.fixture(scope="module")
def draws():
    """Name -> its values in a fixed set of draws."""
    found = [CENTRAL.drawn(draw) for draw in MANY]
    return {name: np.array([p[name] for p in found]) for name in rows()}


@pytest.fixture
def table():
    """The table of parameters, as it was afterwards."""
    before = dict(rows())
    yield rows()
    rows().clear()
    rows().update(before)
    sim.parameters._of_draw.cache_clear()


def tiny(name="tiny", draw=0, seed=1, **settings):
    return begin(Scenario.of({"name": name, **TINY, **settings}), seed, draw=draw)


# --- priors --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "quantiles"),
    [
        ("beta(2,18)", stats.beta(2, 18).ppf),
        ("normal(-0.11,0.066)", stats.norm(-0.11, 0.066).ppf),
        ("uniform(5,34)", lambda q: 5 + 29 * q),
        ("log-uniform(0.001,0.03)", lambda q: 0.001 * 30**q),
        ("lognormal(30; 10-90)", lambda q: 30 * 3 ** (stats.norm.ppf(q) / stats.norm.ppf(0.95))),
        ("beta(12,67) / 52.18", lambda q: stats.beta(12, 67).ppf(q) / 52.18),
        ("uniform(1,3) / 2", lambda q: 0.5 + q),
        ("normal(1,0.5) / 4", stats.norm(0.25, 0.125).ppf),
        ("lognormal(4; 2-8) / 2", lambda q: 2 * 2 ** (stats.norm.ppf(q) / stats.norm.ppf(0.95))),
    ],
)
def test_words_stand_for_the_distribution_they_name(words, quantiles):
    for q in (0.05, 0.25, 0.5, 0.75, 0.95):
        assert prior(words).ppf(q) == pytest.approx(quantiles(q))


def test_a_normal_cut_at_zero_is_the_part_above_it():
    cut, whole = prior("normal(0.05,0.05) above 0"), stats.norm(0.05, 0.05)
    assert cut.cdf(0.0) == 0.0
    for x in (0.01, 0.05, 0.12):
        assert cut.cdf(x) == pytest.approx((whole.cdf(x) - whole.cdf(0)) / (1 - whole.cdf(0)))


@pytest.mark.parametrize("words", ["fixed", "dirichlet"])
def test_rows_of_no_prior_have_none(words):
    assert prior(words) is None


@pytest.mark.parametrize(
    "words", ["gamma(2,3)", "normal", "normal(1)", "beta(2,18) above 0", "about 3", "", "normal(a,b)"]
)
def test_other_words_are_refused(words):
    with pytest.raises(ValueError, match="is not a prior"):
        prior(words)


def test_every_distribution_of_the_table_can_be_read_and_what_is_drawn_has_one():
    for row in rows().values():
        assert (prior(row.distribution) is None) == (row.distribution in ("fixed", "dirichlet"))
        assert not row.drawn or row.prior is not None, row.name


@pytest.mark.parametrize("row", DRAWN.values(), ids=lambda row: row.name)
def test_the_value_of_a_drawn_row_and_what_may_be_set_fit_its_prior(row):
    edge = 0.01 if row.name in fitted() else 0.1  # the middle world is a real row, not a middle in every parameter
    assert edge < row.prior.cdf(row.value) < 1.0 - edge
    assert row.prior.cdf(row.low) <= 0.1
    assert row.prior.cdf(row.high) >= 0.9


# --- draws ---------------------------------------------------------------------------------------------------


def test_draw_0_is_the_central_values():
    assert CENTRAL.drawn(0) == CENTRAL
    changed = CENTRAL.replaced({"peer_pull": 0.021})
    assert changed.drawn(0) == changed


def test_a_draw_varies_what_is_drawn_and_nothing_else():
    p = CENTRAL.drawn(7)
    assert {name for name in p if p[name] != CENTRAL[name]} == set(DRAWN)


@given(st.integers(1, LAST_DRAW))
def test_the_same_draw_is_always_the_same(draw):
    assert CENTRAL.drawn(draw) == Parameters.default().drawn(draw)


@given(st.integers(1, 10_000), st.integers(1, 10_000))
def test_two_draws_share_no_value(one, other):
    a, b = CENTRAL.drawn(one), CENTRAL.drawn(other)
    free = {name for name in DRAWN if not DRAWN[name].whole}  # whole weeks may be the same by chance
    assert {name for name in free if a[name] == b[name]} == (set() if one != other else free)


@pytest.mark.parametrize("name", DRAWN)
def test_draws_of_a_row_are_distributed_as_its_prior(draws, name):
    spread = 0.5 if DRAWN[name].whole else 0.0  # their decimals are dropped
    assert (
        stats.kstest(np.array(draws[name]) + spread, DRAWN[name].prior.cdf).pvalue > 1e-4
    )  # of ninety rows the least is some 0.01


def test_rows_are_drawn_apart_from_each_other(draws):
    ranks = np.array([stats.rankdata(draws[name]) for name in DRAWN])
    correlations = np.corrcoef(ranks)[np.triu_indices(len(DRAWN), 1)]
    assert np.abs(correlations).max() < 5 / math.sqrt(len(MANY))
    assert correlations.std() == pytest.approx(1 / math.sqrt(len(MANY)), rel=0.1)


def test_no_two_names_share_their_luck():
    assert len({zlib.crc32(name.encode()) for name in rows()}) == len(rows())


def test_a_row_added_later_moves_no_other_and_is_drawn_itself(table):
    before = CENTRAL.drawn(3).as_dict()
    register([Parameter("radio_effect", -0.1, "SD", -0.3, 0.1, "normal(-0.1,0.1)", True, "assumed", "none", "effect")],
             "radio")  # fmt: skip
    after = Parameters.default().drawn(3).as_dict()
    assert after.pop("radio_effect") not in (-0.1, None)
    assert after == before


@pytest.mark.parametrize("draw", [-1, LAST_DRAW + 1, 1.0, True, "3", None])
def test_what_is_no_number_of_a_draw_is_refused(draw):
    with pytest.raises(InputError, match="whole number from 0"):
        CENTRAL.drawn(draw)


# --- in a run ------------------------------------------------------------------------------------------------


def test_every_scenario_and_seed_has_the_same_values_under_a_draw():
    first = tiny(draw=4)
    for other in (tiny("b", 4, seed=9), tiny("c", 4, measures={"joint_patrols": True})):
        assert other.parameters == first.parameters
    assert tiny(draw=5).parameters != first.parameters


def test_each_draw_has_luck_of_its_own_that_scenarios_share():
    assert tiny(draw=4).seed == tiny("b", 4, measures={"joint_patrols": True}).seed
    assert len({int(tiny(draw=draw, seed=seed).seed) for draw in range(4) for seed in (1, 2, 3)}) == 12
    assert tiny(seed=3).seed == 3, "under the central values luck is that of the seed"


def test_people_are_the_same_in_every_draw():
    assert not set(SETTLED_BY) & set(DRAWN)
    settings = Scenario.of({"name": "tiny", **TINY})
    assert begin(settings, draw=1, world_seed=1).society is begin(settings, draw=2, world_seed=1).society


def test_what_a_scenario_sets_stands_in_every_draw():
    country = tiny(draw=4, parameters={"clip_effect": 0.02})
    assert country.parameters.clip_effect == 0.02
    assert country.about["parameters"]["clip_effect"] == 0.02
    as_drawn = tiny(draw=4).parameters
    assert {name for name in as_drawn if country.parameters[name] != as_drawn[name]} == {"clip_effect"}


def test_the_record_has_the_draw_and_the_values_before_they_are_carried_over():
    record = run(Scenario.of({"name": "tiny", **TINY}), 1, draw=6)
    assert record.about["draw"] == 6
    assert record.about["parameters"] == CENTRAL.drawn(6).as_dict()


# --- carried over to Mali ------------------------------------------------------------------------------------


CARRIED_ROWS = {name: row for name, row in rows().items() if row.transport}


def test_each_place_of_a_study_has_a_factor_between_nothing_and_all():
    for row in CARRIED_ROWS.values():
        factor = rows()[CARRIED + row.transport]
        assert factor.drawn
        assert 0.0 < factor.low < factor.value < factor.high < 1.0
        assert factor.prior.support() == (0.0, 1.0)
        assert not factor.transport


def test_an_effect_found_elsewhere_is_multiplied_once_by_the_factor_of_its_place():
    for p in (CENTRAL, CENTRAL.drawn(2)):
        here = p.carried_over()
        for name, row in rows().items():
            factor = p[CARRIED + row.transport] if row.transport else 1.0
            assert here[name] == p[name] * factor, name
    assert CENTRAL.carried_over().counsel_effect == pytest.approx(-0.11 * 0.61)
    assert CENTRAL.carried_over().un_communal == pytest.approx(-0.3 * 0.74)
    assert CENTRAL.carried_over().site_effect == pytest.approx(-0.14 * 0.5)


def test_all_effects_of_a_place_share_its_factor_in_a_draw():
    p = CENTRAL.drawn(2)
    shares = {}
    for name, row in CARRIED_ROWS.items():
        shares.setdefault(row.transport, set()).add(round(p.carried_over()[name] / p[name], 12))
    assert {place: len(found) for place, found in shares.items()} == {"sahel": 1, "africa": 1, "west": 1}
    assert len(set.union(*shares.values())) == 3


def test_a_run_acts_on_what_is_carried_over_once():
    for draw in (0, 2):
        assert tiny(draw=draw).parameters == CENTRAL.drawn(draw).carried_over()


def test_what_a_scenario_sets_is_the_effect_where_it_was_found():
    country = tiny(parameters={"counsel_effect": -0.2, "transport_africa": 0.5})
    assert country.about["parameters"]["counsel_effect"] == -0.2
    assert country.parameters.counsel_effect == pytest.approx(-0.1)
    assert country.parameters.job_full == pytest.approx(-0.2 * 0.5), "its other effects are carried over by it, too"


# --- priors of one sign --------------------------------------------------------------------------------------


def test_no_effect_is_of_one_sign_without_a_reason():
    assert one_signed() == []


def test_an_effect_that_could_only_help_is_reported(table):
    row = rows()["clip_effect"]
    table["clip_effect"] = replace(row, distribution="normal(-0.05,0.01)")
    assert one_signed() == ["clip_effect"]
    table["clip_effect"] = replace(row, distribution="normal(-0.05,0.01)", drawn=False)
    assert one_signed() == []


def test_a_factor_changes_nothing_at_one(table):
    row = rows()["drill_abuse"]
    assert row.no_effect == 1.0
    assert rows()["clip_effect"].no_effect == 0.0
    table["drill_abuse"] = replace(row, distribution="uniform(0.5,0.9)")
    assert one_signed() == ["drill_abuse"]


def test_reasons_are_given_for_rows_that_exist_and_need_one(monkeypatch):
    for names in ONE_SIGNED.values():
        for pattern in names:
            matching = [name for name in rows() if reason_for_one_sign(name) and _matches(name, pattern)]
            assert matching, f"{pattern} is no parameter"
    monkeypatch.setattr("sim.priors.ONE_SIGNED", {})
    needed = set(one_signed())
    fidelities = {f"fidelity_{key}" for key in MEASURES}
    given_for = {name for name in DRAWN for names in ONE_SIGNED.values() for p in names if _matches(name, p)}
    assert given_for - fidelities <= needed, "a reason that nothing needs hides what changes later"


def _matches(name, pattern):
    return name == pattern or (pattern.endswith("*") and name.startswith(pattern[:-1]))


# --- rows from outside ---------------------------------------------------------------------------------------


ROW = Parameter("radio_effect", -0.1, "SD", -0.3, 0.1, "normal(-0.1,0.1)", True, "assumed", "none", "effect", "africa")


def test_a_row_from_outside_is_carried_over(table):
    register([ROW], "radio")
    p = Parameters.default()
    assert p.carried_over().radio_effect == pytest.approx(-0.1 * p.transport_africa)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        (
            {"transport": "afrika"},
            "has the transport 'afrika'; it must be empty or one of sahel, africa, west; did you mean 'africa'",
        ),
        ({"distribution": "gamma(2,3)"}, "is drawn, but 'gamma(2,3)' is not a prior"),
        ({"distribution": "normal(a,b)"}, "is not a prior"),
        ({"distribution": "fixed"}, "is drawn, but 'fixed'"),
    ],
)
def test_a_row_that_could_not_be_drawn_or_carried_over_is_refused(table, changes, why):
    with pytest.raises(InputError) as problem:
        register([replace(ROW, **changes)], "radio")
    assert why in str(problem.value)
    assert "radio_effect" not in rows()


def test_a_row_that_is_not_drawn_may_have_any_words(table):
    register([replace(ROW, distribution="as the minister said", drawn=False)], "radio")
    assert Parameters.default().drawn(5).radio_effect == -0.1
