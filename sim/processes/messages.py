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
While most of it fades in weeks, a small share lasts (Hill et al. 2013, doi 10.1080/10584609.2013.828143): with f the
sum of the three kinds, m what lasts of them, and a half-life of years,

    m <- residue x f  where that is the stronger, else  m x 0.5^(1 / half-life)        recent = (1 - residue) f + m
"""

from __future__ import annotations

import numpy as np
from numba import prange

from sim.country import Country
from sim.engine.cells import around, by_cell
from sim.engine.kernels import chunk_loop, loop, rule
from sim.engine.luck import decision, threshold, words
from sim.population.imams import TRAINED, speakers
from sim.population.youth import KILLED

SEES_CLIP = decision("a youth sees a campaign clip")
HEARS = decision("a youth hears propaganda or an imam's outreach")

CLIPS, PROPAGANDA, COUNSEL, LASTING = (np.uint8(1 << k) for k in range(4))  # what is felt, as bits
SILENT, COUNSELS, APPEALS = range(3)  # how an imam speaks of violence: not at all, trained to, without a course
FORGOTTEN = 1e-5  # SD: what is felt less than this counts as forgotten
BLOCK = 256  # youths worked on at a time: what is noted about them stays in the first-level cache

word = rule(threshold)


@rule
def fades(felt, keep):
    """What is still felt a week later."""
    return felt * keep


@rule
def moved(felt, effect, share):
    """What is felt after fresh views, which take this share of the way to the full effect."""
    return felt + (effect - felt) * share


@rule
def clip_effect(settled, mean_effect, risk_effect):
    """What a youth comes to feel after many clips, in SD; above zero for those at enough risk."""
    return mean_effect + risk_effect * max(settled, 0.0)


@rule
def lasts(lasting, felt, residue, keep):
    """What lasts of messages: a share of the strongest that they have been, fading slowly."""
    left, share = fades(lasting, keep), residue * felt
    return share if abs(share) > abs(left) else left


@rule
def _fade(felt, keep):
    """Let what a block of youths feels fade."""
    for i in range(felt.size):
        felt[i] = fades(felt[i], keep)


@rule
def _add_up(felt, total):
    """Add what a block feels to the total; forget it where nobody feels it any more. Returns whether anybody does."""
    for i in range(felt.size):
        if abs(felt[i]) > FORGOTTEN:
            for j in range(felt.size):
                total[j] += felt[j]
            return True
    for i in range(felt.size):
        felt[i] = np.float32(0.0)
    return False


@rule
def _keep(lasting, recent, residue, keep):
    """Keep what lasts of what a block feels, and add it to what is felt. Returns whether anything lasts."""
    strongest = np.float32(0.0)
    for i in range(lasting.size):
        m = lasts(lasting[i], recent[i], residue, keep)
        strongest = max(strongest, abs(m))
        recent[i] += m - residue * recent[i]
        lasting[i] = m
    if strongest > FORGOTTEN:
        return True
    for i in range(lasting.size):
        recent[i] -= lasting[i]
        lasting[i] = np.float32(0.0)
    return False


# The next two ask in short loops: whom could it reach, what is their luck, whom does it reach. Only those who could be
# reached draw (the compiler widens that loop), and lists are filled without branches, which luck would make dear.


@rule
def _show(seed, week, first, c, on_air, limits, missed, mean_effect, risk_effect, language, channels, status, settled,
          clips, who, viewer, drawn):  # fmt: skip
    """Show clips to a block of youths; returns how many saw one, and how many of these it moves towards violence."""
    asked, viewers, saw, worse = 0, 0, 0, 0
    for i in range(language.size):
        who[asked] = i
        asked += int(on_air[c, language[i]] & channels[i] > 0)
    for j in range(asked):
        drawn[0, j], drawn[1, j], drawn[2, j], drawn[3, j] = words(SEES_CLIP, seed, week, first + who[j], 0)
    seen = drawn[0]  # as bits, the channels through which a viewer sees one (read before it is written)
    for j in range(asked):
        i = who[j]
        sees = np.uint32(0)
        for channel in range(4):
            sees |= np.uint32(drawn[channel, j] < limits[c, language[i], channel]) << np.uint32(channel)
        viewer[viewers], seen[viewers] = i, sees & channels[i]
        viewers += int(seen[viewers] > 0)
    for j in range(viewers):
        i = viewer[j]
        if status[i] != KILLED:
            left = 1.0  # of the way to the full effect
            for channel in range(4):
                left *= missed[c, channel] if (seen[j] >> np.uint32(channel)) & np.uint32(1) else 1.0
            effect = clip_effect(np.float64(settled[i]), mean_effect, risk_effect)
            clips[i] = moved(np.float64(clips[i]), effect, 1.0 - left)
            saw += 1
            worse += int(effect > 0.0)
    return saw, worse


@rule
def _tell(seed, week, first, limit, effect, once, preached, listens, voice_effect, voice, imam, status, propaganda,
          counsel, who, hearer, drawn):  # fmt: skip
    """Let a block of youths hear propaganda, and imams who speak against violence; returns how many heard each."""
    asked, heard, listened = 0, 0, 0
    if limit > 0:
        for i in range(imam.size):
            who[i] = i
        asked = imam.size
    else:
        for i in range(imam.size):
            who[asked] = i
            asked += int(voice[imam[i]] != SILENT)
    for j in range(asked):
        luck = words(HEARS, seed, week, first + who[j], 0)
        drawn[0, j], drawn[1, j] = luck[0], luck[1]
    if limit > 0:
        for j in range(asked):
            i = who[j]
            if drawn[0, j] < limit and status[i] != KILLED:
                propaganda[i] = moved(np.float64(propaganda[i]), effect, once)
                heard += 1
    if preached:
        hearers = 0
        for j in range(asked):
            hearer[hearers] = who[j]
            hearers += int(drawn[1, j] < listens[voice[imam[who[j]]]])
        for j in range(hearers):
            i = hearer[j]
            if status[i] != KILLED:
                counsel[i] = moved(np.float64(counsel[i]), voice_effect[voice[imam[i]]], once)
                listened += 1
    return heard, listened


@chunk_loop
def _messages(chunks, seed, week, airing, on_air, limits, missed, mean_effect, risk_effect, propaganda_chance,
              propaganda_effect, preached, listens, voice_effect, voice, once, keep_clip, keep_counsel, keep_lasting,
              residue, language, imam, channels, status, settled, recent, clips, propaganda, counsel, lasting, felt,
              reached):  # fmt: skip
    for k in prange(chunks.shape[0]):
        c, start, stop = chunks[k, 0], chunks[k, 1], chunks[k, 2]
        before, after = felt[k], 0
        saw, worse, listened = 0, 0, 0
        near = word(propaganda_chance[c])
        if before > 0 or airing[c] or near > 0 or preached[c]:
            room = np.empty((6, BLOCK), np.uint32)
            who, viewer, drawn = room[0], room[1], room[2:]
            for low in range(start, stop, BLOCK):
                high, kinds = min(low + BLOCK, stop), before
                x, y, z, m = clips[low:high], propaganda[low:high], counsel[low:high], lasting[low:high]
                s, r, now = settled[low:high], recent[low:high], status[low:high]

                if before & CLIPS:
                    _fade(x, keep_clip)
                if before & PROPAGANDA:
                    _fade(y, keep_clip)
                if before & COUNSEL:
                    _fade(z, keep_counsel)

                if airing[c]:
                    viewers, hostile = _show(
                        seed, week, low, c, on_air, limits, missed, mean_effect[c], risk_effect[c], language[low:high],
                        channels[low:high], now, s, x, who, viewer, drawn,
                    )  # fmt: skip
                    kinds |= CLIPS * (viewers > 0)
                    saw += viewers
                    worse += hostile
                if near > 0 or preached[c]:
                    hearers, listeners = _tell(
                        seed, week, low, near, propaganda_effect[c], once, preached[c], listens, voice_effect, voice,
                        imam[low:high], now, y, z, who, viewer, drawn,
                    )  # fmt: skip
                    kinds |= PROPAGANDA * (hearers > 0) | COUNSEL * (listeners > 0)
                    listened += listeners

                for i in range(r.size):
                    r[i] = np.float32(0.0)
                if kinds & CLIPS:
                    after |= CLIPS * _add_up(x, r)
                if kinds & PROPAGANDA:
                    after |= PROPAGANDA * _add_up(y, r)
                if kinds & COUNSEL:
                    after |= COUNSEL * _add_up(z, r)
                after |= LASTING * _keep(m, r, residue, keep_lasting)
        felt[k] = after
        reached[k, 0], reached[k, 1], reached[k, 2] = saw, worse, listened


@loop
def _broadcast(aired, reach, dose):
    """What is on the air in each cell: whether anything is, channels by language as bits, words for the chances.

    Also what the clips of a channel leave of the way to their full effect. `aired` lists the channels and languages
    that are on the air somewhere, `dose` what a channel gives whom it reaches.
    """
    channels, languages, cells = reach.shape
    airing, on_air = np.zeros(cells, np.bool_), np.zeros((cells, languages), np.uint8)
    limits, missed = np.zeros((cells, languages, channels), np.uint32), np.zeros((cells, channels))
    for a in range(aired.shape[0]):
        channel, tongue = aired[a, 0], aired[a, 1]
        for c in range(cells):
            limits[c, tongue, channel] = word(reach[channel, tongue, c])
            if limits[c, tongue, channel] > 0:
                airing[c] = True
                on_air[c, tongue] |= np.uint8(1 << channel)
    for c in range(cells):
        if airing[c]:
            for channel in range(channels):
                missed[c, channel] = np.exp(-dose[channel, c])
    return airing, on_air, limits, missed


@loop
def _voices(week, cells, cell, training, away_until, speaks):
    """How every imam (and no imam, the last) speaks of violence, and the cells in which any speaks against it."""
    voice, preached = np.zeros(cell.size + 1, np.uint8), np.zeros(cells, np.bool_)
    for i in range(cell.size):
        trained = (training[i] == TRAINED) & (away_until[i] <= week)
        voice[i] = COUNSELS * trained + APPEALS * speaks[i]  # who speaks out is not trained
        if voice[i] != SILENT:
            preached[cell[i]] = True
    return voice, preached


def messages(country: Country) -> None:
    """Let this week's messages reach the youths, and older ones fade."""
    p, levers, grid, society, youth, people = (
        country.parameters, country.levers, country.grid, country.society, country.youth, country.imams
    )  # fmt: skip
    cells, week = len(grid), country.week

    aired = np.zeros((0, 2), np.int64)
    if levers.moved("clip_reach"):
        aired = np.argwhere(levers.clip_reach.any(axis=2) & (levers.clip_views > 0.0)[:, None])
    dose = levers.clip_views[:, None] * (levers.clip_pull / p.message_dose)
    airing, on_air, limits, missed = _broadcast(aired, levers.clip_reach, dose)

    speaks = speakers(people, grid.region, levers.speaking_out, p.moderate_stance, country.seed, week)
    voice, preached = _voices(week, cells, people.cell, people.training, people.away_until, speaks)
    listens = np.array([0, 1, 1], np.uint32) * threshold(p.outreach_chance)

    based = country.members.sum(axis=0)
    near = based + p.propaganda_spill * around(based, grid.neighbours)

    reached = np.empty((len(society.chunks), 3), np.int64)
    _messages(
        society.chunks, country.seed, week, airing, on_air, limits, missed,
        p.clip_effect * (country.trust / p.trust_mean), p.clip_risk_effect + p.clip_shock_effect * levers.clip_shock,
        p.propaganda_chance * (1.0 - np.exp(-near / p.propaganda_members)), p.propaganda_effect * levers.propaganda,
        preached, listens, np.array([0.0, p.counsel_effect, p.appeal_effect]), voice,
        1.0 - np.exp(-1.0 / p.message_dose), np.float32(0.5 ** (7.0 / p.clip_half_life)),
        np.float32(0.5 ** (7.0 / p.counsel_half_life)), np.float32(0.5 ** (1.0 / p.residue_half_life)),
        np.float32(p.message_residue), society.language, society.imam, youth.channels, youth.status, youth.settled,
        youth.recent, youth.clips, youth.propaganda, youth.counsel, youth.lasting, country.felt, reached,
    )  # fmt: skip
    youths = by_cell(society.chunks, reached, cells)
    for name, count in zip(("reached_clips", "backfired", "reached_sermons"), youths, strict=True):
        country.flow(name)[:] = count * society.persons_per_youth
