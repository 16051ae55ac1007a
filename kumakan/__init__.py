"""``import kumakan`` is ``import sim``: one and the same package, under the name by which it is installed."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import TYPE_CHECKING

import sim

if TYPE_CHECKING:
    from sim import *  # noqa: F403


class _Alias(MetaPathFinder, Loader):
    """Gives ``kumakan.X`` the module ``sim.X``, so that no module is there twice."""

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        """A module of kumakan; ``kumakan.__main__`` is left to the usual search, for ``python -m kumakan``."""
        if not name.startswith("kumakan.") or name == "kumakan.__main__":
            return None
        wanted = f"sim{name.removeprefix('kumakan')}"
        try:
            real = import_module(wanted)
        except ModuleNotFoundError as error:
            if error.name == wanted:
                return None
            raise
        return ModuleSpec(name, self, loader_state=(real, real.__spec__))

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """The module of sim."""
        real: ModuleType = spec.loader_state[0]
        return real

    def exec_module(self, module: ModuleType) -> None:
        """Nothing is run: the module only gets back what says where it comes from."""
        alias = module.__spec__
        assert alias is not None
        module.__spec__ = alias.loader_state[1]


sys.meta_path.insert(0, _Alias())
sys.modules[__name__] = sim
