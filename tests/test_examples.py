"""Examples in docstrings give what they say."""

import doctest
import importlib
import pkgutil

import pytest

import sim

MODULES = sorted(
    module.name
    for module in pkgutil.walk_packages(sim.__path__, "sim.")
    if not module.name.endswith(("__main__", "views.app"))
)


def test_modules_with_examples_are_found():
    assert {"sim.priors", "sim.comparison.worlds", "sim.scenario"} <= set(MODULES)


@pytest.mark.parametrize("name", MODULES)
def test_examples_give_what_they_say(name):
    told: list[str] = []
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE, verbose=False)
    for test in doctest.DocTestFinder(exclude_empty=True).find(importlib.import_module(name), name):
        runner.run(test, out=told.append)
    assert not told, "".join(told)
