"""The version, and the versions of everything results may depend on. Reading this file imports next to nothing."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

__version__ = "0.1.0"

LIBRARIES = ("numpy", "numba", "mesa", "pandas", "scipy", "pyarrow")


def versions(plugins: Iterable[Any]) -> dict[str, str]:
    """Versions of kumakan, Python, the libraries that results may depend on, and `sim.measures.PLUGINS`."""
    return {**_installed(), **{plugin.distribution: plugin.version for plugin in plugins}}


@cache
def _installed() -> dict[str, str]:
    import platform
    from importlib.metadata import PackageNotFoundError, version

    found = {"kumakan": __version__, "python": platform.python_version()}
    for name in LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found
