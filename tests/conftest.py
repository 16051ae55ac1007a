"""Settings for all tests."""

import os

import numba
from hypothesis import settings

from sim.languages import VARIABLE

os.environ[VARIABLE] = "en"  # on a French system as well
# No example is too slow on a busy machine. In CI the same examples are tried every time, so a failure can be repeated;
# half as many as here, because trying the same ones again finds nothing new. With --hypothesis-profile thorough there
# are many more, and others each time.
settings.register_profile("here", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, max_examples=50)
settings.register_profile("thorough", deadline=None, max_examples=1000)
settings.load_profile("ci" if os.environ.get("CI") else "here")

if "PYTEST_XDIST_WORKER" in os.environ:
    numba.set_num_threads(1)  # one core for each of the processes that share the tests
