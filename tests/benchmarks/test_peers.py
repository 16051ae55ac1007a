"""The versions of the common model are one model; how fast they are is never checked."""

import importlib
from pathlib import Path

import numpy as np
import pytest

PEERS = Path(__file__).parent / "peers"
PERSONS, WEEKS, SEEDS = 2_000, 10, (1, 2, 3)


@pytest.fixture(autouse=True)
def _importable(monkeypatch):
    monkeypatch.syspath_prepend(str(PEERS))


def version(name):
    """The `run` of a version, or a skipped test where its framework is not installed."""
    needs = {"with_mesa_frames": "mesa_frames", "with_starsim": "starsim"}
    if name in needs:
        pytest.importorskip(needs[name])
    return importlib.import_module(name).run


OTHERS = ["with_numba", "with_mesa", "with_mesa_frames", "with_starsim"]


@pytest.mark.parametrize("name", OTHERS)
def test_without_luck_every_attitude_is_that_of_numpy(name):
    from society import Rules, society

    people, quiet = society(PERSONS), Rules(noise=0.0, base=0.0, spread=0.0)
    ours = version("with_numpy")(people, quiet, 1, WEEKS)()
    theirs = version(name)(people, quiet, 1, WEEKS)()
    np.testing.assert_allclose(theirs.attitude, ours.attitude, atol=1e-5)
    assert np.abs(ours.attitude - people.attitude).mean() > 0.1
    np.testing.assert_array_equal(theirs.joined, people.joined)


@pytest.mark.parametrize("name", OTHERS)
def test_with_luck_versions_differ_by_luck_alone(name):
    from society import Rules, apart, society, summary

    people = society(PERSONS)
    ours, theirs = (
        [summary(version(which)(people, Rules(), seed, WEEKS)()) for seed in SEEDS] for which in ("with_numpy", name)
    )
    assert max(map(abs, apart(theirs, ours, PERSONS, WEEKS).values())) < 4.0
    assert len({run["attitude"] for run in theirs}) == len(SEEDS)
    assert all(run["joined"] > people.joined.mean() + 0.01 for run in theirs)


@pytest.mark.parametrize("name", ["with_numpy", *OTHERS])
def test_who_is_approached_joins_by_attitude_and_stays(name):
    """Everybody is approached in the first week; whose log odds are far above zero joins, far below does not."""
    from society import Rules, society

    people = society(PERSONS)
    rules = Rules(noise=0.0, base=50.0, doubt=0.0, slope=100.0)
    end = version(name)(people, rules, 1, 1)()
    clear = np.abs(end.attitude) > 0.2
    np.testing.assert_array_equal(end.joined[clear], ((end.attitude > 0) | people.joined)[clear])


def test_a_person_joins_sooner_where_others_have_joined():
    """The same in numpy and numba: cells with everybody joined but some, and cells with nobody joined."""
    from society import Rules, society

    people = society(PERSONS)
    many = people.cell % 2 == 0
    people = people._replace(joined=many & (np.arange(PERSONS) % 4 > 0))
    rules = Rules(base=0.0, spread=0.5, doubt=10.0)
    for name in ("with_numpy", "with_numba", "with_mesa"):
        end = version(name)(people, rules, 1, 1)()
        assert not end.joined[~many].any()
        asked = many & ~people.joined
        assert end.joined[asked].mean() == pytest.approx(1.0 - np.exp(-0.5 * 0.75), abs=0.1)


def test_results_on_the_page_are_those_of_the_pinned_versions():
    """The table in `results.md` names the releases that the lists of packages pin."""
    run = importlib.import_module("run")
    page = (PEERS / "results.md").read_text(encoding="utf-8")
    for version in run.VERSIONS:
        assert run.label(version) in page
