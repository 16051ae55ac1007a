"""Measures that a session adds: there like any other, replaced by a cell that is run again, never mixed up."""

import linecache
from typing import ClassVar

import numpy as np
import pytest

import sim
from sim.batches.batch import compare
from sim.engine.errors import InputError
from sim.measures import MEASURES, PLUGINS, Measure, add
from sim.measures.base import Delivered, Plan, of_some
from sim.parameters import Parameter, rows
from sim.stores.run import sources_digest, versions

EFFECT = Parameter(
    "arrest_review_effect", -0.7, "log", -1.4, 0.1, "normal(-0.7,0.4)", True, "assumed", "none found", "wrongful"
)  # fmt: skip
SHORT = {"name": "base", "persons_per_youth": 2000, "end": "2012-03-26"}


@pytest.fixture(autouse=True)
def session():
    """A session that ends with the test."""
    before = dict(MEASURES), list(PLUGINS), dict(rows())
    yield
    for now, then in zip((MEASURES, rows()), (before[0], before[2]), strict=True):
        now.clear()
        now.update(then)
    PLUGINS[:] = before[1]


class ArrestReview(Measure):
    key: ClassVar[str] = "arrest_review"
    title: ClassVar[str] = "Review of arrests"
    delivers: ClassVar[str] = "magistrates"
    parameters: ClassVar[tuple[Parameter, ...]] = (EFFECT,)

    def apply(self, levers, country):
        share = self.carried_out(country)
        if share > 0.0:
            levers.keep("wrongful", self.cells(country), of_some(share, country.parameters.arrest_review_effect))

    def report(self, country):
        done = self.by_people(country, 60.0) * self.carried_out(country)
        return Delivered(done, done)

    def plan(self, clock, grid):
        return Plan(60.0, 60.0)


def cell(effect: float = -0.7, key: str = "arrest_review", file: str = "cell-1") -> type[Measure]:
    """The class as a cell of a notebook defines it, whose text Python keeps."""
    text = f"""
class ArrestReview(ArrestReview):
    key: ClassVar[str] = {key!r}
    parameters: ClassVar[tuple[Parameter, ...]] = (replace(EFFECT, value={effect}),)
    def report(self, country): return Delivered.nothing()
"""
    from dataclasses import replace

    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    names = {**globals(), "replace": replace, "__name__": "__main__"}
    exec(compile(text, file, "exec"), names)
    return names["ArrestReview"]


def test_it_is_there_like_any_other():
    assert add(ArrestReview) is ArrestReview, "a decorator"
    assert list(MEASURES) == sorted(MEASURES)
    base = sim.Scenario.of(SHORT)
    review = base.replaced({"name": "review", "measures.arrest_review": {"start": "2012-01-30"}})
    nothing, full = base.run(), review.run()
    assert review.replaced({"measures.arrest_review.intensity": 0}).run().digest == nothing.digest
    assert np.array_equal(full.values[:4], nothing.values[:4])
    assert full["delivered_arrest_review"].sum(axis=1)[4:] == pytest.approx(60.0)
    assert base.replaced({"parameters.arrest_review_effect": -0.2}).parameters
    with pytest.raises(InputError, match=r"it must be between -1\.4 and 0\.1"):
        base.replaced({"parameters.arrest_review_effect": -2})


def test_a_cell_that_is_run_again_replaces_it_and_its_parameters():
    add(cell(-0.7))
    first, were = sources_digest(), versions()["arrest_review (this session)"]
    add(cell(-0.2, file="cell-2"))
    assert rows()["arrest_review_effect"].value == -0.2
    assert [plugin.key for plugin in PLUGINS] == ["arrest_review"]
    assert sources_digest() != first
    assert versions()["arrest_review (this session)"] != were
    add(cell(-0.7, file="cell-3"))
    assert sources_digest() == first, "the same code makes the same runs, in a later session too"


def test_runs_with_and_without_it_are_told_apart():
    without = sources_digest()
    add(ArrestReview)
    assert sources_digest() != without


def test_code_that_nobody_kept_is_never_taken_for_the_same():
    measure = cell(file="<stdin>")
    del linecache.cache["<stdin>"]
    add(measure)
    first = sources_digest()
    add(measure)
    assert sources_digest() != first


def test_one_that_is_refused_leaves_the_one_before_it():
    add(ArrestReview)
    before = sources_digest()
    with pytest.raises(InputError, match="it must lie between its low"):
        add(cell(0.9))
    assert MEASURES["arrest_review"] is ArrestReview
    assert rows()["arrest_review_effect"] == EFFECT
    assert sources_digest() == before


def test_what_is_no_measure_or_takes_the_key_of_one_is_refused():
    with pytest.raises(InputError, match=r"^the measure 3 is not a subclass of sim.measures.Measure"):
        add(3)
    with pytest.raises(InputError, match="has the key 'joint_patrols', which is taken by a measure of kumakan itself"):
        add(cell(key="joint_patrols"))
    assert MEASURES["joint_patrols"].__module__ == "sim.measures.joint_patrols"
    add(ArrestReview)
    with pytest.raises(InputError, match="has the name of another parameter"):
        add(cell(-0.2, key="second_review"))


def test_batches_with_it_are_made_in_this_process(tmp_path):
    add(ArrestReview)
    base = sim.Scenario.of(SHORT)
    review = base.replaced({"name": "review", "measures.arrest_review": True})
    told = []
    batch = compare([base, review], seeds=2, workers=2, out=tmp_path, progress=told.append)
    assert not batch.failed
    assert told[0].workers == 1
    assert told[0].note == "worker processes do not know arrest_review, added in this session"
    assert batch.records["review"][1]["delivered_arrest_review"].sum() > 0
    with pytest.raises(InputError, match="workers of a cluster do not know arrest_review"):
        compare([base, review], seeds=2, out=tmp_path, cluster="tcp://127.0.0.1:1", store=tmp_path / "store")
