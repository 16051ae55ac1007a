"""Messages reach youths and are felt for some weeks.

Three kinds: campaign clips (through channels, in languages), the propaganda of armed groups (by word of mouth and
mobile phone where their people are), and the outreach of imams, trained or speaking out without a course. What is
felt of a kind, r (population SD of the attitude), fades, and fresh views pull it towards the effect E which the kind
has on this person:

    r <- r x 0.5^(1 / half-life)
    r <- r + (E - r) x (1 - exp(-pull x views / dose))       n views from nothing give E (1 - exp(-n / dose))

    E_clip = mean effect x trust in the source + (risk effect + shock effect x share of shock) x risk

with risk = the positive part of the settled attitude. Studies found the mean effect slightly negative (less support)
and the effect on those at risk positive (Belanger et al. 2020, doi 10.3389/fpsyg.2020.01059): a clip can backfire.
Appeals of religious voices without training changed no support for extremism among adolescents (Grossman, Nomikos and
Siddiqui 2022), so their effect is a number of its own around zero.
A small share of what fades stays, as part of the settled attitude (Hill et al. 2013, doi 10.1080/10584609.2013.828143).
"""

from __future__ import annotations

import numpy as np
from numba import prange

from sim.country import Country
from sim.engine.cells import around, by_cell
from sim.engine.kernels import chunk_loop, loop, rule
from sim.engine.luck import decision, uniform, words
from sim.population.imams import TRAINED, speakers
from sim.population.youth import CHUNK, KILLED

SEES_CLIP = decision("a youth sees a campaign clip")
HEARS = decision("a youth hears propaganda or an imam's outreach")

FORGOTTEN = 1e-5  # SD: what is felt less than this counts as forgotten


@rule
def fades(felt, keep):
    """What is still felt a week later."""
    return felt * keep


@rule
def moved(felt, effect, views, dose):
    """What is felt after fresh views: each takes the same share of the way to the full effect."""
    return felt + (effect - felt) * (1.0 - np.exp(-views / dose))


@rule
def clip_effect(risk, mean_effect, source_trust, risk_effect):
    """What a youth comes to feel after many clips, in SD; above zero for those at enough risk."""
    return mean_effect * source_trust + risk_effect * risk


@chunk_loop
def _messages(chunks, seed, week, airing, preached, clip_reach, clip_views, clip_pull, risk_effect, source_trust,
              propaganda_chance, outreach_chance, keep_clip, keep_counsel, dose, mean_effect, propaganda_effect,
              outreach_effect, residue, language, imam, channels, status, settled, recent, clips, propaganda, counsel,
              felt, reached):  # fmt: skip
    for k in prange(chunks.shape[0]):
        c, start, stop = chunks[k, 0], chunks[k, 1], chunks[k, 2]
        reached[k, 0], reached[k, 1], reached[k, 2] = 0, 0, 0
        heard_of = propaganda_chance[c] > 0.0 or preached[c]
        if not (airing[c] or heard_of or felt[k]):
            continue
        still = False
        # Luck is drawn in loops of its own, which the compiler widens, and views are added up without branches.
        room = CHUNK if heard_of else 0
        heard, listened = np.empty(room, np.uint32), np.empty(room, np.uint32)
        if heard_of:
            for i in range(stop - start):
                drawn = words(HEARS, seed, week, start + i, 0)
                heard[i], listened[i] = drawn[0], drawn[1]
        room = CHUNK if airing[c] else 0
        seen, views = np.empty((4, room), np.uint32), np.empty(room)
        if airing[c]:
            for i in range(stop - start):
                seen[0, i], seen[1, i], seen[2, i], seen[3, i] = words(SEES_CLIP, seed, week, start + i, 0)
            for i in range(stop - start):
                views[i] = 0.0
                for channel in range(4):
                    sees = uniform(seen[channel, i]) < clip_reach[channel, language[start + i], c]
                    views[i] += clip_views[channel] * (sees & (channels[start + i] >> channel) & 1)
        for i in range(start, stop):
            a, b, d = np.float64(clips[i]), np.float64(propaganda[i]), np.float64(counsel[i])
            before = a + b + d
            a, b, d = fades(a, keep_clip), fades(b, keep_clip), fades(d, keep_counsel)
            stays = residue * (before - (a + b + d))
            alive = status[i] != KILLED
            if airing[c] and alive and views[i - start] > 0.0:
                risk = max(np.float64(settled[i]), 0.0)
                effect = clip_effect(risk, mean_effect, source_trust[c], risk_effect[c])
                a = moved(a, effect, views[i - start] * clip_pull[c], dose)
                reached[k, 0] += 1
                reached[k, 1] += effect > 0.0
            if heard_of and alive:
                if uniform(heard[i - start]) < propaganda_chance[c]:
                    b = moved(b, propaganda_effect[c], 1.0, dose)
                if uniform(listened[i - start]) < outreach_chance[imam[i]]:
                    d = moved(d, outreach_effect[imam[i]], 1.0, dose)
                    reached[k, 2] += 1
            still |= (abs(a) > FORGOTTEN) | (abs(b) > FORGOTTEN) | (abs(d) > FORGOTTEN)
            clips[i], propaganda[i], counsel[i] = a, b, d
            settled[i] += np.float32(stays)
            recent[i] = a + b + d
        felt[k] = still
        if not still:
            for i in range(start, stop):
                clips[i], propaganda[i], counsel[i], recent[i] = 0.0, 0.0, 0.0, 0.0


@loop
def _reach_out(week, chance, counsel_effect, appeal_effect, cells, cell, training, away_until, speaks):
    """Chance to hear every imam (and no imam, the last) speak against violence, its effect, the cells where any does.

    The trained do, and those who speak out without a course.
    """
    heard, effect, preached = np.zeros(cell.size + 1), np.zeros(cell.size + 1), np.zeros(cells, np.bool_)
    for i in range(cell.size):
        trained = training[i] == TRAINED and away_until[i] <= week
        if trained or speaks[i]:
            heard[i] = chance
            effect[i] = counsel_effect if trained else appeal_effect
            preached[cell[i]] = True
    return heard, effect, preached


def messages(country: Country) -> None:
    """Let this week's messages reach the youths, and older ones fade."""
    p, levers, grid, society, youth = (
        country.parameters, country.levers, country.grid, country.society, country.youth
    )  # fmt: skip
    cells = len(grid)
    airing = levers.clip_reach.any(axis=(0, 1)) if levers.moved("clip_reach") else np.zeros(cells, bool)

    people = country.imams
    speaks = speakers(people, grid.region, levers.speaking_out, p.moderate_stance, country.seed, country.week)
    outreach, outreach_effect, preached = _reach_out(
        country.week, p.outreach_chance, p.counsel_effect, p.appeal_effect, cells, people.cell, people.training,
        people.away_until, speaks,
    )  # fmt: skip

    based = country.members.sum(axis=0)
    near = based + p.propaganda_spill * around(based, grid.neighbours)
    chance = p.propaganda_chance * (1.0 - np.exp(-near / p.propaganda_members))

    reached = np.empty((len(society.chunks), 3), np.int64)
    _messages(
        society.chunks, country.seed, country.week, airing, preached, levers.clip_reach, levers.clip_views,
        levers.clip_pull, p.clip_risk_effect + p.clip_shock_effect * levers.clip_shock,
        country.trust / p.trust_mean, chance, outreach, 0.5 ** (7.0 / p.clip_half_life),
        0.5 ** (7.0 / p.counsel_half_life), p.message_dose, p.clip_effect, p.propaganda_effect * levers.propaganda,
        outreach_effect, p.message_residue, society.language, society.imam, youth.channels, youth.status,
        youth.settled, youth.recent, youth.clips, youth.propaganda, youth.counsel, country.felt, reached,
    )  # fmt: skip
    youths = by_cell(society.chunks, reached, cells)
    for name, count in zip(("reached_clips", "backfired", "reached_sermons"), youths, strict=True):
        country.flow(name)[:] = count * society.persons_per_youth
