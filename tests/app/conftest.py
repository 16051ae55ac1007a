"""A small country that every test of the page shares, and the comparison of one choice."""

import time

import pytest

import sim
from sim.app import choice
from sim.app.desk import Desk, Settings

COARSE = ["persons_per_youth=5000", "end=2012-03-05"]


@pytest.fixture(scope="session")
def base():
    return sim.load("baseline", COARSE)


@pytest.fixture(scope="session")
def chosen(base):
    """Patrols in two regions, and sermons."""
    made = choice.switched(base, "joint_patrols", True, base)
    made = choice.changed(made, "joint_patrols", "regions", ["Gao", "Mopti"], base)
    return choice.switched(made, "sermon_drafting", True, base)


@pytest.fixture(scope="session")
def desk(base, tmp_path_factory):
    return Desk(Settings(base, tmp_path_factory.mktemp("desk") / "store", pairs=2, workers=1))


def finished(asked, seconds=900):
    """The comparison when nothing more will come of it."""
    until, seen = time.monotonic() + seconds, -1
    while not asked.over and time.monotonic() < until:
        seen = asked.wait(seen, 1.0)
    return asked


@pytest.fixture(scope="session")
def asked(desk, base, chosen):
    return finished(desk.ask(base, chosen))
