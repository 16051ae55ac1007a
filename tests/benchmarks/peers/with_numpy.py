"""The common model in numpy alone: one array operation after another."""

from __future__ import annotations

import numpy as np
from society import Found, Rules, Society


def run(society: Society, rules: Rules, seed: int, weeks: int):
    """Set up; the function that is returned lives the weeks, and is what is timed."""
    luck = np.random.default_rng(seed)
    cell, ties, own, n = society.cell, society.ties, society.own, society.size
    attitude, joined = society.attitude.copy(), society.joined.copy()
    in_cell = np.bincount(cell, minlength=society.cells)

    def live() -> Found:
        nonlocal attitude
        for _ in range(weeks):
            peers = attitude[ties].mean(axis=1)
            noise = luck.normal(0.0, rules.noise, n)
            attitude = attitude + rules.peers * (peers - attitude) + rules.own * (own - attitude) + noise

            share = np.bincount(cell, weights=joined, minlength=society.cells) / in_cell
            chance = 1.0 - np.exp(-(rules.base + rules.spread * share))
            approached = np.flatnonzero(~joined & (luck.random(n) < chance[cell]))
            willing = 1.0 / (1.0 + np.exp(-(rules.doubt + rules.slope * attitude[approached])))
            joined[approached] = luck.random(approached.size) < willing
        return Found(attitude, joined)

    return live
