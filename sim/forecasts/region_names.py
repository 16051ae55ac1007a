"""The nine regions under every name by which sources know them.

>>> region_of("Timbuktu"), region_of("SEGOU region"), region_of("Cercle de Douentza"), region_of("Atlantis")
('Tombouctou', 'Ségou', None, None)
>>> region_of("Ménaka"), region_of("District de Bamako"), region_of("ML-8")
('Gao', 'Bamako', 'Kidal')
"""

from __future__ import annotations

import re
from functools import cache

from sim.engine.errors import plain
from sim.forecasts.counts import regions
from sim.world.facts import region_codes

OLD_SPELLINGS = {
    "Tombouctou": ("timbuktu", "timbuctoo", "timbuktoo", "tombuktu", "tombouktou"),
    "Ségou": ("segu", "segou"),
    "Koulikoro": ("koulikouro", "kulikoro", "koulikorou"),
    "Sikasso": ("sikaso",),
    "Mopti": ("mopty",),
    "Kayes": ("kaye",),
    "Kidal": ("kidall",),
    "Bamako": ("bamako_capital", "bamako_city"),
}
NEW_REGIONS = {
    "Tombouctou": ("taoudenit", "taoudenni", "taoudeni"),
    "Gao": ("menaka",),
    "Kayes": ("nioro", "nioro_du_sahel", "kita"),
    "Koulikoro": ("nara", "dioila"),
    "Sikasso": ("bougouni", "koutiala"),
    "Ségou": ("san",),
    "Mopti": ("douentza", "bandiagara"),
}
"""Regions that were cut out of an old one, from 2016 on, and the old one that they lay in."""
UNKNOWN = frozenset(("", "unknown", "nan", "na", "none", "mali", "national", "various"))
"""What sources write where the region is not known: such rows are counted apart."""
_AROUND = re.compile(
    r"^(region|regions|district|gouvernorat|governorate|capital_district)_(de_|du_|d'|of_)?"
    r"|_(region|district|capital_district|governorate)$"
)


@cache
def _names() -> dict[str, str]:
    names = {plain(name): name for name in regions()}
    names |= {plain(code): name for code, name in zip(region_codes(), regions(), strict=True)}
    for table in (OLD_SPELLINGS, NEW_REGIONS):
        names |= {plain(other): name for name, others in table.items() for other in others}
    return names


def region_of(text: str) -> str | None:
    """The region that a text names, or None."""
    name = plain(text).replace("__", "_")
    for _ in range(2):
        if name in _names():
            return _names()[name]
        name = _AROUND.sub("", name)
    return _names().get(name)


def known_names() -> list[str]:
    """All names, for a message that gives the nearest."""
    return [*regions(), *(name for name in _names() if name not in {plain(r) for r in regions()})]
