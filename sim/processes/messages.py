"""Messages reach youths, who feel them for some weeks.

There are four kinds: campaign clips (through channels, in languages), the weekly episodes of a drama on the radio
(those who follow it do so every week), the propaganda of armed groups (by word of mouth and mobile phone where their
people are), and the outreach of imams, who are trained for it or speak out without a course. What a youth feels of a
kind, r (population SD of the attitude), fades. Fresh views pull it towards the effect E that the kind has on this
youth:

    r <- r x 0.5^(1 / half-life)
    r <- r + (E - r) x (1 - exp(-pull x views / dose))       n views from nothing give E (1 - exp(-n / dose))

    E_clip = mean effect x trust in the speakers + (risk effect + shock effect x share of shock) x settled attitude

The speakers are religious leaders: trust in them is the mean credibility of the imams of the region, against that of
the table. Studies found a slightly negative mean effect (less support) and a positive slope with risk (Belanger et al.
2020, doi 10.3389/fpsyg.2020.01059): the more support, the less a clip takes away, and beyond some support it adds. The
slope is that of a line around the mean, so it does not change the mean effect by itself. A youth whom clips have moved
by more than `clip_moved` is counted once in each direction. Appeals of religious voices without training did not change
adolescents' support for extremism (Grossman, Nomikos and Siddiqui 2022), so their effect is a number of its own around
zero. A drama followed together lowers justification of violence for a season (Bilali 2022, 10.1177/09567976211031895).

Most of what is felt fades in weeks, but a small share lasts (Hill et al. 2013, doi 10.1080/10584609.2013.828143). With
f the sum of the four kinds, m what lasts of them, and a half-life of years,

    m <- residue x f  where that is the stronger, else  m x 0.5^(1 / half-life)        recent = (1 - residue) f + m
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numba import prange

from sim.country import Country
from sim.engine import exact
from sim.engine.cells import around, by_cell
from sim.engine.elementary import exp
from sim.engine.kernels import chunk_loop, loop, rule
from sim.engine.luck import decision, threshold, words
from sim.population.imams import TRAINED, speaker_trust, speakers
from sim.world.facts import CHANNELS

SEES_CLIP = decision("a youth sees a campaign clip")
FOLLOWS_DRAMA = decision("a youth follows dramas on the radio")
HEARS = decision("a youth hears propaganda or an imam's outreach")

CLIPS, PROPAGANDA, COUNSEL, LASTING, DRAMA = (np.uint8(1 << k) for k in range(5))  # what is felt, as bits
SILENT, COUNSELS, APPEALS = range(3)  # how an imam speaks of violence: not at all, trained to, without a course
CALMED, STIRRED = np.uint8(1), np.uint8(2)  # clips have moved a youth away from violence, or towards it
FIXED = 16777216.0  # 2^24: sums of whole numbers do not depend on their order
REACHED = ("reached_clips", "clips_calmed", "clips_stirred", "clips_at_risk", "clips_risk_shift",
           "reached_drama", "reached_sermons")  # fmt: skip
RADIO = np.uint8(1 << CHANNELS.index("radio"))
FORGOTTEN = 1e-5  # SD: what is felt less than this counts as forgotten
BLOCK = 256  # youths worked on at a time: what is noted about them stays in the first-level cache

word = rule(threshold)


class Air(NamedTuple):
    """The clips on the air in each cell."""

    airing: np.ndarray  # bool by cell, whether anything is on the air
    on_air: np.ndarray  # uint8 cells x languages, channels as bits
    limits: np.ndarray  # uint32 cells x languages x channels, chance that a clip is seen, as a word
    missed: np.ndarray  # float64 cells x channels, what the clips of a channel leave of the way to their full effect
    mean_effect: np.ndarray  # float64 by cell, on those of mean attitude, SD
    risk_effect: np.ndarray  # float64 by cell, added for each SD of the settled attitude
    size: float  # SD, a shift that counts
    strong: float  # SD, settled attitude from which a youth counts as at risk


class Series(NamedTuple):
    """The radio drama of the week."""

    airing: np.ndarray  # bool by cell, whether it can be heard there
    limits: np.ndarray  # uint32 cells x languages, share of the radio users who follow it, as a word
    effect: float  # what a youth comes to feel who follows it for long, SD
    once: float  # share of the way there that a week takes
    keep: np.float32  # share still felt a week later


class Propaganda(NamedTuple):
    """The propaganda of armed groups in each cell, float64."""

    chance: np.ndarray  # of a youth to hear it in a week
    effect: np.ndarray  # what a youth comes to feel after hearing it many times, SD


class Voices(NamedTuple):
    """How imams speak of violence."""

    voice: np.ndarray  # uint8 by imam, and of no imam (the last): SILENT, COUNSELS or APPEALS
    preached: np.ndarray  # bool by cell, whether any imam there speaks against violence
    heard: np.ndarray  # uint32 by way of speaking, chance that those who attend hear it, as a word
    effect: np.ndarray  # float64 by way of speaking, what a youth comes to feel after hearing it many times, SD


class Fading(NamedTuple):
    """How messages are felt and fade, the same for everybody."""

    once: float  # share of the way to the full effect that hearing something once takes
    clips: np.float32  # share still felt a week later, of clips and of propaganda
    counsel: np.float32  # the same of an imam's outreach
    lasting: np.float32  # the same of what lasts
    residue: np.float32  # share of what is felt that lasts


class Audience(NamedTuple):
    """Columns of youths that messages reach and move."""

    language: np.ndarray
    imam: np.ndarray
    channels: np.ndarray
    silent: np.ndarray
    moved: np.ndarray
    settled: np.ndarray
    recent: np.ndarray
    clips: np.ndarray
    drama: np.ndarray
    propaganda: np.ndarray
    counsel: np.ndarray
    lasting: np.ndarray


class Viewers(NamedTuple):
    """A block of youths to whom clips are shown."""

    language: np.ndarray
    channels: np.ndarray
    silent: np.ndarray
    moved: np.ndarray
    settled: np.ndarray
    clips: np.ndarray


class Viewed(NamedTuple):
    """Counts of youths, by chunk."""

    saw: np.ndarray
    calmed: np.ndarray  # moved for the first time, away from violence
    stirred: np.ndarray  # the same towards violence
    at_risk: np.ndarray  # viewers who strongly support violence
    shift: np.ndarray  # what these come to feel, in units of 1 / FIXED
    followed: np.ndarray  # a drama
    listened: np.ndarray


class Hearers(NamedTuple):
    """A block of youths who may hear propaganda or an imam."""

    imam: np.ndarray
    silent: np.ndarray
    propaganda: np.ndarray
    counsel: np.ndarray


class Room(NamedTuple):
    """Room for notes about a block of youths, uint32."""

    asked: np.ndarray  # places in the block of those who could be reached
    reached: np.ndarray  # places of those who are
    drawn: np.ndarray  # luck of those who could be reached, 4 x BLOCK


@rule
def fades(felt, keep):
    """What is still felt a week later."""
    return felt * keep


@rule
def moved(felt, effect, share):
    """What is felt after fresh views, which go this share of the way to the full effect."""
    return felt + (effect - felt) * share


@rule
def clip_effect(settled, mean_effect, risk_effect):
    """What a youth comes to feel after many clips, in SD; above zero for those at enough risk."""
    return mean_effect + risk_effect * settled


@rule
def lasts(lasting, felt, residue, keep):
    """What lasts of messages: a share of what was felt when they were strongest, fading slowly."""
    left, share = fades(lasting, keep), residue * felt
    return share if abs(share) > abs(left) else left


@rule
def _fade(felt, keep):
    """Let what a block of youths feels of a kind fade."""
    for i in range(felt.size):
        felt[i] = fades(felt[i], keep)


@rule
def _add_up(felt, total):
    """Add what a block feels of a kind to the total, or forget it if nobody feels it; returns whether anybody does."""
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
    """Keep what lasts of what a block feels, and add it to what is felt; returns whether anything lasts."""
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


@rule
def _clear(felt):
    """Let a block feel nothing."""
    for i in range(felt.size):
        felt[i] = np.float32(0.0)


# The next two rules use short loops: whom could it reach, what is their luck, whom does it reach. Only those who could
# be reached draw luck (the compiler widens that loop). Lists are filled without branches: branches that depend on luck
# are slow.


@rule
def _show(seed, week, first, c, air, block, room, k, viewed):
    """Show clips to a block of youths of chunk `k`, and count them; returns how many saw one."""
    language, channels, drawn = block.language, block.channels, room.drawn
    who, viewer = room.asked, room.reached
    asked, viewers, saw = 0, 0, 0
    for i in range(language.size):
        who[asked] = i
        asked += int(air.on_air[c, language[i]] & channels[i] > 0)
    for j in range(asked):
        drawn[0, j], drawn[1, j], drawn[2, j], drawn[3, j] = words(SEES_CLIP, seed, week, first + who[j], 0)
    seen = drawn[0]  # as bits, the channels through which a viewer sees one (read before it is written)
    for j in range(asked):
        i = who[j]
        sees = np.uint32(0)
        for channel in range(4):
            sees |= np.uint32(drawn[channel, j] < air.limits[c, language[i], channel]) << np.uint32(channel)
        viewer[viewers], seen[viewers] = i, sees & channels[i]
        viewers += int(seen[viewers] > 0)
    for j in range(viewers):
        i = viewer[j]
        if not block.silent[i]:
            left = 1.0  # of the way to the full effect
            for channel in range(4):
                left *= air.missed[c, channel] if (seen[j] >> np.uint32(channel)) & np.uint32(1) else 1.0
            effect = clip_effect(np.float64(block.settled[i]), air.mean_effect[c], air.risk_effect[c])
            felt = moved(np.float64(block.clips[i]), effect, 1.0 - left)
            block.clips[i] = felt
            saw += 1
            if felt < -air.size and not block.moved[i] & CALMED:
                block.moved[i] |= CALMED
                viewed.calmed[k] += 1
            if felt > air.size and not block.moved[i] & STIRRED:
                block.moved[i] |= STIRRED
                viewed.stirred[k] += 1
            if block.settled[i] > air.strong:
                viewed.at_risk[k] += 1
                viewed.shift[k] += np.int64(felt * FIXED)
    viewed.saw[k] += saw
    return saw


@rule
def _follow(seed, first, c, series, language, channels, silent, drama, room):
    """Let those who follow the drama hear the episode of the week; returns how many do. The same ones do every week."""
    who, drawn = room.asked, room.drawn
    asked, heard = 0, 0
    for i in range(language.size):
        who[asked] = i
        asked += int(bool(channels[i] & RADIO) & (not silent[i]) & (series.limits[c, language[i]] > 0))
    for j in range(asked):
        drawn[0, j] = words(FOLLOWS_DRAMA, seed, 0, first + who[j], 0)[0]
    follower = room.reached
    for j in range(asked):
        follower[heard] = who[j]
        heard += int(drawn[0, j] < series.limits[c, language[who[j]]])
    for j in range(heard):
        i = follower[j]
        drama[i] = moved(np.float64(drama[i]), series.effect, series.once)
    return heard


@rule
def _tell(seed, week, first, c, limit, propaganda, voices, once, block, room):
    """Let a block hear propaganda (with chance `limit`, a word) and imams; returns how many youths heard each."""
    imam, drawn = block.imam, room.drawn
    who, hearer = room.asked, room.reached
    asked, heard, listened = 0, 0, 0
    if limit > 0:
        for i in range(imam.size):
            who[i] = i
        asked = imam.size
    else:
        for i in range(imam.size):
            who[asked] = i
            asked += int(voices.voice[imam[i]] != SILENT)
    for j in range(asked):
        luck = words(HEARS, seed, week, first + who[j], 0)
        drawn[0, j], drawn[1, j] = luck[0], luck[1]
    if limit > 0:
        for j in range(asked):
            i = who[j]
            if drawn[0, j] < limit and not block.silent[i]:
                block.propaganda[i] = moved(np.float64(block.propaganda[i]), propaganda.effect[c], once)
                heard += 1
    if voices.preached[c]:
        hearers = 0
        for j in range(asked):
            hearer[hearers] = who[j]
            hearers += int(drawn[1, j] < voices.heard[voices.voice[imam[who[j]]]])
        for j in range(hearers):
            i = hearer[j]
            if not block.silent[i]:
                effect = voices.effect[voices.voice[imam[i]]]
                block.counsel[i] = moved(np.float64(block.counsel[i]), effect, once)
                listened += 1
    return heard, listened


@chunk_loop
def _messages(chunks, seed, week, air, series, propaganda, voices, fading, people, felt, viewed):
    """Let messages reach the youths of each chunk, and older ones fade; `viewed` counts whom they reach."""
    heard_imam, heard_drama = viewed.listened, viewed.followed
    for k in prange(chunks.shape[0]):
        c, start, stop = chunks[k, 0], chunks[k, 1], chunks[k, 2]
        before, after = felt[k], 0
        listened, followed = 0, 0
        near = word(propaganda.chance[c])
        if before > 0 or air.airing[c] or series.airing[c] or near > 0 or voices.preached[c]:
            notes = np.empty((6, BLOCK), np.uint32)
            room = Room(notes[0], notes[1], notes[2:])
            for low in range(start, stop, BLOCK):
                high, kinds = min(low + BLOCK, stop), before
                clips, heard = people.clips[low:high], people.propaganda[low:high]
                counsel, lasting = people.counsel[low:high], people.lasting[low:high]
                recent, silent, drama = people.recent[low:high], people.silent[low:high], people.drama[low:high]

                if before & CLIPS:
                    _fade(clips, fading.clips)
                if before & DRAMA:
                    _fade(drama, series.keep)
                if before & PROPAGANDA:
                    _fade(heard, fading.clips)
                if before & COUNSEL:
                    _fade(counsel, fading.counsel)

                if air.airing[c]:
                    block = Viewers(
                        people.language[low:high], people.channels[low:high], silent, people.moved[low:high],
                        people.settled[low:high], clips,
                    )  # fmt: skip
                    viewers = _show(seed, week, low, c, air, block, room, k, viewed)
                    kinds |= CLIPS * (viewers > 0)
                if series.airing[c]:
                    language, channels = people.language[low:high], people.channels[low:high]
                    listeners = _follow(seed, low, c, series, language, channels, silent, drama, room)
                    kinds |= DRAMA * (listeners > 0)
                    followed += listeners
                if near > 0 or voices.preached[c]:
                    hearing = Hearers(people.imam[low:high], silent, heard, counsel)
                    hearers, listeners = _tell(
                        seed, week, low, c, near, propaganda, voices, fading.once, hearing, room
                    )  # fmt: skip
                    kinds |= PROPAGANDA * (hearers > 0) | COUNSEL * (listeners > 0)
                    listened += listeners

                _clear(recent)
                if kinds & CLIPS:
                    after |= CLIPS * _add_up(clips, recent)
                if kinds & DRAMA:
                    after |= DRAMA * _add_up(drama, recent)
                if kinds & PROPAGANDA:
                    after |= PROPAGANDA * _add_up(heard, recent)
                if kinds & COUNSEL:
                    after |= COUNSEL * _add_up(counsel, recent)
                after |= LASTING * _keep(lasting, recent, fading.residue, fading.lasting)
        felt[k] = after
        heard_imam[k], heard_drama[k] = listened, followed


@loop
def _broadcast(aired, reach, dose):
    """The first four columns of `Air`: channels and languages `aired` anywhere, with the `dose` of each channel."""
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
                missed[c, channel] = exp(-dose[channel, c])
    return airing, on_air, limits, missed


@loop
def _listeners(reach):
    """The first two columns of `Series`, from the lever (languages x cells)."""
    languages, cells = reach.shape
    airing, limits = np.zeros(cells, np.bool_), np.zeros((cells, languages), np.uint32)
    for c in range(cells):
        for tongue in range(languages):
            limits[c, tongue] = word(reach[tongue, c])
            airing[c] |= limits[c, tongue] > 0
    return airing, limits


@lru_cache(maxsize=4)
def _off_the_air(shape: tuple[int, int, int]) -> tuple[np.ndarray, ...]:
    """What `_broadcast` gives when nothing is aired (channels, languages, cells); nobody writes to it."""
    airing, on_air, limits, missed = _broadcast(np.zeros((0, 2), np.int64), np.zeros(shape), np.zeros(shape[::2]))
    return airing, on_air, limits, missed


@loop
def _voices(week, cells, cell, training, away_until, speaks):
    """The first two columns of `Voices`."""
    voice, preached = np.zeros(cell.size + 1, np.uint8), np.zeros(cells, np.bool_)
    for i in range(cell.size):
        trained = (training[i] == TRAINED) & (away_until[i] <= week)
        voice[i] = COUNSELS * trained + APPEALS * speaks[i]  # who speaks out is not trained
        if voice[i] != SILENT:
            preached[cell[i]] = True
    return voice, preached


def messages(country: Country) -> None:
    """Let this week's messages reach the youths, and older ones fade."""
    p, levers, grid, society, youth, imams = (
        country.parameters, country.levers, country.grid, country.society, country.youth, country.imams
    )  # fmt: skip
    cells, week = len(grid), country.week

    aired = np.zeros((0, 2), np.int64)
    if levers.moved("clip_reach"):
        aired = np.argwhere(levers.clip_reach.any(axis=2) & (levers.clip_views > 0.0)[:, None])
    if aired.size:
        dose = levers.clip_views[:, None] * (levers.clip_pull / p.message_dose)
        airing, on_air, limits, missed = _broadcast(aired, levers.clip_reach, dose)
    else:
        airing, on_air, limits, missed = _off_the_air(levers.clip_reach.shape)
    nobody_speaks = np.ones(len(grid.region_names))
    trusted = speaker_trust(imams, grid, p.imam_credibility) if aired.size else nobody_speaks
    air = Air(
        airing=airing,
        on_air=on_air,
        limits=limits,
        missed=missed,
        mean_effect=p.clip_effect * trusted[grid.region],
        risk_effect=p.clip_risk_effect + p.clip_shock_effect * levers.clip_shock,
        size=p.clip_moved,
        strong=p.strong_support,
    )
    heard_in, followers = _listeners(levers.drama_reach if levers.moved("drama_reach") else levers.drama_reach[:0])
    series = Series(
        airing=heard_in,
        limits=followers,
        effect=p.drama_effect,
        once=1.0 - exact.exp(-1.0 / p.drama_dose),
        keep=np.float32(exact.power(0.5, 7.0 / p.drama_half_life)),
    )
    based = country.members.sum(axis=0)
    near = based + p.propaganda_spill * around(based, grid.neighbours)
    propaganda = Propaganda(
        chance=p.propaganda_chance * (1.0 - exact.exp(-near / p.propaganda_members)),
        effect=p.propaganda_effect * levers.propaganda,
    )
    speaks = speakers(imams, grid.region, levers.speaking_out, p.moderate_stance, country.seed, week)
    voice, preached = _voices(week, cells, imams.cell, imams.training, imams.away_until, speaks)
    voices = Voices(
        voice=voice,
        preached=preached,
        heard=np.array([0, 1, 1], np.uint32) * threshold(p.outreach_chance),
        effect=np.array([0.0, p.counsel_effect, p.appeal_effect]),
    )
    fading = Fading(
        once=1.0 - exact.exp(-1.0 / p.message_dose),
        clips=np.float32(exact.power(0.5, 7.0 / p.clip_half_life)),
        counsel=np.float32(exact.power(0.5, 7.0 / p.counsel_half_life)),
        lasting=np.float32(exact.power(0.5, 1.0 / p.residue_half_life)),
        residue=np.float32(p.message_residue),
    )
    reached = np.zeros((len(society.chunks), len(REACHED)), np.int64)
    people = Audience(
        language=society.language,
        imam=society.imam,
        channels=youth.channels,
        silent=youth.silent,
        moved=youth.moved,
        settled=youth.settled,
        recent=youth.recent,
        clips=youth.clips,
        drama=youth.drama,
        propaganda=youth.propaganda,
        counsel=youth.counsel,
        lasting=youth.lasting,
    )
    viewed = Viewed(*reached.T)
    _messages(society.chunks, country.seed, week, air, series, propaganda, voices, fading, people, country.felt, viewed)
    persons = by_cell(society.chunks, reached, cells) * society.persons_per_youth
    for name, here in zip(REACHED, persons, strict=True):
        country.flow(name)[:] = here / FIXED if name == "clips_risk_shift" else here
