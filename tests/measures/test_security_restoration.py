"""Administration and services return: posts, and what follows."""

import numpy as np
import pytest

from sim.week import begin
from tests.measures.acting import GRID, QUIET, begun, in_regions, lived, moved, people_of, refused, scenario

KEY = "security_restoration"
FIDELITY = "fidelity_security_restoration"
WHERE = ("Ségou", "Mopti", "Tombouctou", "Gao", "Kidal")


def test_a_full_programme_is_so_many_posts_per_people():
    def share(**settings):
        return scenario(KEY, settings).measures[KEY].share(GRID)

    assert share() == pytest.approx(5_000 / (8 * people_of(*WHERE) / 1e4))
    assert share() == pytest.approx(1, abs=0.02)
    assert share(regions=["Kidal"]) == 1
    assert share(posts=0) == 0
    assert share(full_posts_per_10000=80) == pytest.approx(share() / 10)


def test_levers_move_by_their_size_where_it_acts():
    country = begun(KEY, {FIDELITY: 0.5}, posts=1000, intensity=0.8, regions=["Mopti"])
    p, here = country.parameters, in_regions("Mopti")
    part = 0.8 * 0.5 * 1000 / (8 * people_of("Mopti") / 1e4)
    np.testing.assert_allclose(country.levers.state_return, np.where(here, np.exp(part * p.restoration_return), 1))
    np.testing.assert_allclose(country.levers.state_goal, here * part * p.restoration_goal)
    assert moved(country) == {"state_return", "state_goal"}


def test_delivered_are_people_whom_the_state_would_not_serve_without_it_and_all_posts_cost():
    settings = {"posts": 60_000, "regions": ["Mopti", "Gao"], "cost_per_post_week": 10.0, "start": "2012-03-05"}
    values = {FIDELITY: 0.5}
    with_it, without = (lived(begin(scenario(KEY, s, parameters=values, **QUIET))) for s in (settings, None))
    delivered, cost = with_it[f"delivered_{KEY}"], with_it[f"cost_{KEY}"]
    added = (with_it["state_presence"] - without["state_presence"]) * with_it.weights["people"]
    assert added[-1, 4] > 0
    np.testing.assert_allclose(delivered, np.where(np.arange(26)[:, None] >= 9, added, 0.0), atol=1e-6)
    assert not delivered[:, [0, 1, 2, 3, 5, 7, 8]].any()
    posts = 60_000 * np.array([people_of("Mopti"), people_of("Gao")]) / people_of("Mopti", "Gao")
    on = (np.arange(26) >= 9)[:, None]
    np.testing.assert_allclose(cost[:, [4, 6]], on * posts * 10)
    made = scenario(KEY, settings)
    assert made.measures[KEY].plan(made.clock, GRID) == (None, pytest.approx(60_000 * 17 * 10))


def test_what_cannot_be_is_refused_by_name():
    assert refused(KEY, posts=-1) == "measures.security_restoration.posts is -1; it must be a whole number, 0 or more"
    assert refused(KEY, full_posts_per_10000=0).endswith("full_posts_per_10000 is 0.0; it must be 0.1 or more")


def test_where_it_is_safe_the_state_returns_faster_and_further():
    """Without groups the way back is geometric, to the old level or above it."""
    left = {}
    values = {FIDELITY: 0.88, "restoration_return": 1.4, "restoration_goal": 0.2}
    for name, settings in (("with", {"posts": 100_000}), ("without", None)):
        country = begin(scenario(KEY, settings, parameters=values, **QUIET))
        country.state_presence[:] = 0.0
        lived(country)
        left[name] = country.state_presence
    there, pace = in_regions(*WHERE), country.parameters.state_return
    start = country.state_start
    np.testing.assert_allclose(left["without"], start * (1 - (1 - pace) ** 26))
    goal = 1 - (1 - start) * (1 - 0.88 * 0.2)
    faster = goal * (1 - (1 - pace * np.exp(0.88 * 1.4)) ** 26)
    np.testing.assert_allclose(left["with"][there], faster[there])
    np.testing.assert_allclose(left["with"][~there], left["without"][~there])


def test_more_officials_are_more_targets():
    """That is no setting of the measure: it follows from the rules of violence."""
    from sim.processes.violence import OFFICIALS, opportunity

    country = begun(KEY)
    before = opportunity(country)[OFFICIALS].sum()
    country.state_presence += 0.1
    assert opportunity(country)[OFFICIALS].sum() > before
