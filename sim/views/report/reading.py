"""The comparison that a report is made from: read from a results folder or a store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from sim.engine.errors import InputError
from sim.scenario import Scenario
from sim.stores.archive import open_store
from sim.stores.folder import Runs, folder_name, read_manifest
from sim.stores.run import shown_key
from sim.views import words
from sim.views.runs import facts

if TYPE_CHECKING:
    from sim.record import Record

HINT = "a report is made from a folder or store that kumakan compare has written"


class Comparison(NamedTuple):
    """What a report is made from."""

    manifest: Mapping[str, Any]
    records: Mapping[str, Mapping[Any, Record]]  # scenario -> seed, or `Key` of draw and seed
    baseline: str
    stored: bool = False  # whether in a store, else in a results folder

    @property
    def names(self) -> dict[str, str]:
        """The scenarios that are compared with the baseline, and what to call each."""
        return words.scenarios(name for name in self.manifest["scenarios"] if name != self.baseline)

    def scenario(self, name: str) -> Scenario:
        """The scenario of that name as it was run."""
        settings = self.manifest["scenarios"][name]
        return Scenario.of({key: value for key, value in settings.items() if key not in ("path", "digest")})

    def about(self, *names: str) -> dict[str, str]:
        """What was run, for the files of figures."""
        runs = [row["digest"] for row in self.manifest.get("runs", ()) if row["digest"]]
        return facts([self.baseline, *names], product(self.manifest["draws"], self.manifest["seeds"]), runs)


def comparison(place: str) -> Comparison:
    """Read a comparison from its results folder or store.

    Raises
    ------
    InputError
        If there is no comparison.
    """
    folder = Path(place)
    if "://" in place or "store" in read_manifest(folder):
        archive = open_store(place)
        if not archive.plans or len(archive.plans[-1]["scenarios"]) < 2:
            raise InputError(f"the latest plan in {place} compares nothing; {HINT}")
        batch, asked = archive.batch(), archive.plans[-1]
        rows = [asdict(row) for row in batch.rows]
        return Comparison({**asked, "runs": rows}, batch.records, asked["baseline"], stored=True)
    if not folder.is_dir():
        raise InputError(f"{folder} is not a folder; {HINT}")
    manifest = read_manifest(folder)
    if not isinstance(manifest.get("scenarios"), dict) or "baseline" not in manifest:
        raise InputError(f"{folder} holds no comparison (manifest.json is missing or describes something else); {HINT}")
    if len(manifest["scenarios"]) < 2:
        raise InputError(f"{folder} holds runs of one scenario only, so there is nothing to compare; {HINT}")
    records: dict[str, Runs] = {}
    for name, settings in manifest["scenarios"].items():
        found: dict[Any, Path] = {}
        for seed, draw in product(manifest["seeds"], manifest["draws"]):
            run = folder / "runs" / folder_name(name) / (f"seed-{seed}-draw-{draw}" if draw else f"seed-{seed}")
            if read_manifest(run).get("run", {}).get("scenario_digest") == settings["digest"]:
                found[shown_key(draw, seed, manifest["draws"] != [0])] = run
        records[name] = Runs(dict(sorted(found.items())))
    return Comparison(manifest, records, manifest["baseline"])
