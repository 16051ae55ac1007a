"""The week, one person after the other, written from section 7 of docs/odd.md.

Measures are not lived twice: the week takes the values of all levers as it finds them. Attitudes and grievances are
kept in single precision, as the country keeps them; everything is worked out in double.
"""

import math
from collections import Counter
from datetime import timedelta

import numpy as np

from sim.world import facts

from .luck import bell, geometric, luck, lucks, normal, pick, poisson, words
from .people import Person

CHANNELS = ("radio", "tv", "facebook", "youtube")
STATUSES = ("civilian", "approached", "member", "detained", "killed", "returned")
EARTH_KM = 6371.0088
SHARE_OF_STRENGTH_KEPT = 0.5  # a unit loses at most half of its strength in a week
FORGOTTEN = 1e-5  # SD
ABROAD = 2**31  # persons from abroad are numbered from here
MONTH, YEAR = 4, 52  # weeks
REGIONS = range(9)


def single(x):
    """`x` as it can be kept in single precision."""
    return float(np.float32(x))


def half(half_life_days):
    """What is left after a week of something with this half-life."""
    return 0.5 ** (7.0 / half_life_days)


def km(a, b):
    """Great-circle distance between two cells."""
    lon_a, lat_a, lon_b, lat_b = map(math.radians, (a.lon, a.lat, b.lon, b.lat))
    h = math.sin((lat_b - lat_a) / 2) ** 2
    h += math.cos(lat_a) * math.cos(lat_b) * math.sin((lon_b - lon_a) / 2) ** 2
    return 2 * EARTH_KM * math.asin(math.sqrt(h))


class Twin:
    """A country of objects. `twin.of_country` makes one in the state of a compiled country."""

    def __init__(self, **parts):
        self.__dict__.update(parts)  # see twin.of_country
        self.levers = None  # name -> number, or (nested) list by cell, region, country, group, force or channel
        self.trained = [0.0] * len(self.states_own)  # share of each force
        self.seen = Counter()  # how often each kind of event happened
        self.rows = []  # the record: observable -> nine numbers, a dict per week
        self.in_contact = []  # persons approached and undecided, in the order of the approaches
        self._near, self._pulls, self._kin, self._ways_out = {}, {}, {}, {}  # what never changes, worked out once
        pulls = [math.exp(self.log_pull(youth)) for youth in self.youths]
        self.average_pull = sum(pulls) / len(pulls)  # of the first day

    # --- the order of the week ----------------------------------------------------------------------------

    def advance(self, levers):
        """Live one week with these values of the levers."""
        self.levers = levers
        self.train_imams()
        self.messages()
        self.attitudes()
        self.approach()
        self.move_groups()
        self.violence()
        self.security()
        self.justice()
        self.exits()
        self.lead()
        self.record()

    # --- imams --------------------------------------------------------------------------------------------

    def train_imams(self):
        """Imams come back from the course, others leave for it."""
        for imam in self.imams:
            if imam.training == "in training" and imam.back_week <= self.week:
                completing = self.levers.imams_completing[imam.cell.region]
                if luck("an imam completes the course", self.seed, self.week, imam.number) < completing:
                    imam.training = "trained"
                    imam.stance *= 1.0 - self.p.training_stance_shift
                    imam.credibility = min(1.0, imam.credibility * self.p.training_credibility)
                    self.seen["imam came back trained"] += 1
                else:
                    imam.training = "none"
                    self.seen["imam came back untrained"] += 1
        for region in REGIONS:
            if not self.levers.imams_sent[region]:
                continue
            free = [i for i in self.imams if i.cell.region == region and i.training == "none" and i.in_post(self.week)]
            free.sort(key=lambda i: luck("an imam leaves for training", self.seed, self.week, i.number))
            for imam in free[: int(self.levers.imams_sent[region])]:
                imam.training = "in training"
                imam.back_week = self.week + int(self.levers.course_weeks[region])
                self.seen["imam left for training"] += 1

    # --- 2 messages ---------------------------------------------------------------------------------------

    def messages(self):
        """Clips, propaganda and outreach reach youths; what was felt fades."""
        p = self.p
        keep_clip, keep_counsel = half(p.clip_half_life), half(p.counsel_half_life)
        keep_drama, an_episode = half(p.drama_half_life), 1.0 - math.exp(-1.0 / p.drama_dose)

        def further(felt, effect, views):
            return felt + (effect - felt) * (1.0 - math.exp(-views / p.message_dose))

        credible = [[imam.credibility for imam in self.imams if imam.cell.region == region] for region in REGIONS]
        speakers = [sum(known) / len(known) / p.imam_credibility for known in credible]
        for cell in self.cells:
            near = cell.based + p.propaganda_spill * sum(n.based for n in cell.neighbours)
            propaganda_chance = p.propaganda_chance * (1.0 - math.exp(-near / p.propaganda_members))
            for youth in cell.youths:
                felt_clips, felt_propaganda = youth.clips * keep_clip, youth.propaganda * keep_clip
                felt_counsel = youth.counsel * keep_counsel
                felt_drama = youth.drama * keep_drama
                if not youth.silent:
                    views = self.views_of_clips(youth)
                    if views:
                        effect = p.clip_effect * speakers[cell.region]
                        shock = self.levers.clip_shock[cell.number]
                        effect += (p.clip_risk_effect + p.clip_shock_effect * shock) * youth.settled
                        felt_clips = further(felt_clips, effect, views * self.levers.clip_pull[cell.number])
                        cell.happened("reached_clips", self.ppy)
                        for side, name in ((-1, "clips_calmed"), (1, "clips_stirred")):
                            if side * felt_clips > p.clip_moved and name not in youth.moved:
                                youth.moved.add(name)
                                cell.happened(name, self.ppy)
                        if youth.settled > p.strong_support:
                            cell.happened("clips_at_risk", self.ppy)
                            cell.happened("clips_risk_shift", int(felt_clips * 2**24) / 2**24 * self.ppy)
                    if "radio" in youth.channels:
                        share = self.levers.drama_reach[youth.language][cell.number]
                        if luck("a youth follows dramas on the radio", self.seed, 0, youth.row) < share:
                            felt_drama += (p.drama_effect - felt_drama) * an_episode
                            cell.happened("reached_drama", self.ppy)
                    hears, listens, *_ = lucks(
                        "a youth hears propaganda or an imam's outreach", self.seed, self.week, youth.row
                    )
                    if hears < propaganda_chance:
                        effect = p.propaganda_effect * self.levers.propaganda[cell.number]
                        felt_propaganda = further(felt_propaganda, effect, 1.0)
                        self.seen["heard propaganda"] += 1
                    imam = youth.imam
                    if imam and imam.in_post(self.week) and listens < p.outreach_chance:
                        if imam.training == "trained":
                            felt_counsel = further(felt_counsel, p.counsel_effect, 1.0)
                            cell.happened("reached_sermons", self.ppy)
                        elif self.speaks_out(imam):
                            felt_counsel = further(felt_counsel, p.appeal_effect, 1.0)
                            cell.happened("reached_sermons", self.ppy)
                            self.seen["heard an appeal"] += 1
                youth.clips, youth.propaganda, youth.counsel = (
                    single(felt_clips),
                    single(felt_propaganda),
                    single(felt_counsel),
                )
                youth.drama = single(felt_drama)
                share = p.message_residue * (youth.clips + youth.drama + youth.propaganda + youth.counsel)
                left = youth.lasting * 0.5 ** (1.0 / p.residue_half_life)
                youth.lasting = single(share if abs(share) > abs(left) else left)
            for kind in ("clips", "drama", "propaganda", "counsel", "lasting"):
                if max((abs(getattr(youth, kind)) for youth in cell.youths), default=0.0) <= FORGOTTEN:
                    for youth in cell.youths:
                        setattr(youth, kind, 0.0)
            for youth in cell.youths:
                felt = youth.clips + youth.drama + youth.propaganda + youth.counsel
                youth.recent = single((1.0 - p.message_residue) * felt + youth.lasting)

    def speaks_out(self, imam):
        """Whether an imam without a course speaks out against violence; he who does once goes on."""
        if imam.training != "none" or not imam.in_post(self.week) or imam.stance >= self.p.moderate_stance:
            return False
        ready = luck("an imam speaks out when asked to", self.seed, 0, imam.number)
        return ready < self.levers.speaking_out[imam.cell.region]

    def views_of_clips(self, youth):
        """How many clips a youth sees this week: a draw for each channel they use."""
        drawn = lucks("a youth sees a campaign clip", self.seed, self.week, youth.row)
        return sum(
            self.levers.clip_views[k]
            for k, (channel, u) in enumerate(zip(CHANNELS, drawn, strict=True))
            if channel in youth.channels and u < self.levers.clip_reach[k][youth.language][youth.cell.number]
        )

    # --- 3 attitudes --------------------------------------------------------------------------------------

    def attitudes(self):
        """Everybody knows what their ties had come to think by last week."""
        p = self.p
        met = {youth.row: youth.settled for youth in self.youths}
        sermons = {}  # stance and credibility of what each imam preaches
        for imam in self.imams:
            stance, credibility = imam.stance, imam.credibility
            ready = luck("an imam preaches the sermon that the state drafted", self.seed, 0, imam.number)
            if ready < self.levers.drafted_sermons[imam.cell.region]:
                stance, credibility = stance * (1.0 - p.draft_shift), credibility * p.state_brand
                self.seen["drafted sermon"] += 1
            sermons[imam.number] = stance, credibility
        for youth in self.youths:
            shift = self.levers.support[youth.cell.region]
            peers = sum(met[tie.row] for tie in youth.ties) / len(youth.ties)
            if youth.silent:
                youth.settled = single(peers)
            else:
                drawn = words("what else moves a youth's attitude this week", self.seed, self.week, youth.row)
                change = p.peer_pull * (peers - youth.settled) + p.own_pull * (youth.disposition - youth.settled)
                change += p.noise_sd * bell(drawn[0])
                imam, attends = youth.imam, (drawn[1] + 0.5) / 2**32 < p.weekly_attendance
                if imam and imam.in_post(self.week) and attends:
                    stance, credibility = sermons[imam.number]
                    target = p.sermon_span * (stance - p.sermon_neutral)
                    change += p.sermon_pull * credibility * (target - youth.settled)
                    self.seen["heard a sermon"] += 1
                youth.settled = single(youth.settled + change)
            youth.attitude = single(youth.settled + youth.recent + shift)
            unredressed = 1.0 - self.levers.grievance_relief[youth.cell.region]
            fades = half(p.grievance_half_life)
            youth.grievance = single(youth.grievance * fades * unredressed)
            if youth.livelihood == 0:  # exclusion keeps it up
                excluded = p.exclusion_grievance * (1.0 - youth.cell.state_presence)
                youth.grievance = single(youth.grievance + (1.0 - fades) * excluded * unredressed)
        self.attitudes_now = [(y.cell.region, y.attitude, y.grievance) for y in self.youths]  # for the record

    # --- 4 approach and joining ---------------------------------------------------------------------------

    def approach(self):
        """Recruiters approach persons; the approached join, let the contact lapse, or wait."""
        p = self.p
        members = [entry.someone for entry in self.roster if entry.state == "member" and entry.someone]
        links = [0.0] * 9  # by region, to people who may be approached
        for member in members:
            for friend in member.knows():
                if self.may_be_approached(friend):
                    links[friend.youth.cell.region] += self.women(friend)
        through_a_tie = [Counter() for _ in REGIONS]  # by group: approaches through each tie to somebody of the region
        share = {}  # of what recruiters of one region do through ties, through each tie to somebody of another
        for q in REGIONS:
            weight = [1.0 if q == r else p.distant_ties for r in REGIONS]
            within_reach = sum(w * n for w, n in zip(weight, links, strict=True))
            for r in REGIONS:
                share[q, r] = weight[r] / within_reach if within_reach else weight[r]
        for cell in self.cells:
            for group, recruiters in cell.recruiters.items():
                for r in REGIONS:
                    tries = p.tie_share * recruiters * self.approaches_of(group)
                    through_a_tie[r][group] += tries * share[cell.region, r]
        pressure = [sum(by_group.values()) for by_group in through_a_tie]
        chances = [1.0 - math.exp(-x) for x in pressure]
        taken = [n * (chance / x if x else 1.0) for n, chance, x in zip(links, chances, pressure, strict=True)]
        undone = [1.0 - sum(share[q, r] * taken[r] for r in REGIONS) for q in REGIONS]

        self.in_contact = [person for person in self.in_contact if person.status == "approached"]
        for member in members:
            for tie, friend in enumerate(member.knows()):
                region = friend.youth.cell.region
                drawn = lucks(
                    "a friend or relative of a member is approached", self.seed, self.week, member.number, tie // 4
                )
                if drawn[tie % 4] < chances[region] * self.women(friend):
                    whose = luck("which group approaches a friend or relative of a member", self.seed, self.week,
                                 friend.number)  # fmt: skip
                    self.meet(friend, "kin" if tie in self.kin_places else "friend", through_a_tie[region], whose)
        for cell in self.cells:
            here = {group: n * self.approaches_of(group) for group, n in cell.recruiters.items()}
            everyone = len(cell.persons)
            if everyone:
                instead = undone[cell.region] * (1.0 - cell.state_presence)
                tried = (1.0 - p.tie_share + p.tie_share * instead) * sum(here.values())
                chance = min(tried / everyone, p.approach_limit)
                tries = luck("how many strangers recruiters approach in a cell", self.seed, self.week, cell.number)
                for n in range(poisson(chance * everyone, tries)):
                    sentence = "which stranger a recruiter approaches"
                    which, agrees, whose, _ = lucks(sentence, self.seed, self.week, cell.number, n)
                    stranger = self.person(cell.persons[int(which * everyone)])
                    if agrees < self.women(stranger):
                        self.meet(stranger, "nobody", here, whose)

        joined = [person for person in self.in_contact if self.decides(person)]
        self.in_contact = [person for person in self.in_contact if person.status == "approached"]
        for person in joined:  # in the order in which they were approached
            self.enlist(person, person.contact_group)

    def women(self, person):
        """How likely somebody is to be approached, against a man."""
        return self.p.women_approached if person.youth.woman else 1.0

    def approaches_of(self, group):
        """Approaches that one recruiter of a group makes."""
        shaken = self.shaken(group, self.p.leader_approaches)
        return self.p.approaches_per_recruiter * self.levers.approaches[group.number] * shaken

    def may_be_approached(self, person):
        """Whether somebody is neither taken nor has refused not long ago."""
        refused = person.refused_until is not None and person.refused_until > self.week
        return person.status == "civilian" and not refused

    def meet(self, person, through, by_group, whose):
        """Somebody is approached, unless they are taken or have refused not long ago."""
        if not self.may_be_approached(person):
            return
        in_order = sorted(by_group, key=lambda group: group.number)
        person.contact_group = in_order[pick([by_group[g] for g in in_order], whose)]
        person.status, person.contact_week, person.contact_through = "approached", self.week, through
        person.youth.cell.happened("approached")
        self.in_contact.append(person)

    def decides(self, person):
        """Whether somebody who was approached joins this week; a contact may lapse instead."""
        p, youth, cell = self.p, person.youth, person.youth.cell
        joins, lapses, why, _ = lucks("an approached person joins", self.seed, self.week, person.number)
        group = person.contact_group
        if not group.alive(self.week):
            group = self.acting(group)
        if group is None or lapses < 1.0 - math.exp(-self.levers.contact_lapse[cell.number] / p.contact_weeks):
            person.status, person.refused_until = "civilian", self.week + int(p.refusal_weeks)
            self.seen["contact lapsed"] += 1
            return False
        t = self.week - person.contact_week
        freshness = (t + 1) ** p.freshness_shape - t**p.freshness_shape
        abused = youth.abuse_week is not None and self.week - youth.abuse_week < int(p.abuse_weeks)
        guarded = 1.0 - math.exp(-cell.forces / p.protecting_companies)
        unprotected = max(cell.insecurity, cell.hold) * (1.0 - max(cell.state_presence, guarded))
        wronged = 1.0 if abused else p.lasting_grievance * youth.grievance
        pull = self.log_pull(youth) + p.b_abuse_join * wronged + p.b_protect_join * unprotected
        hazard = p.h0 * self.levers.joining[cell.number] * freshness * math.exp(pull) / self.average_pull
        if joins >= 1.0 - math.exp(-hazard):
            return False
        person.status, person.contact_group = "joining", group
        cell.happened("joined")
        if person.contact_through != "nobody":
            cell.happened("joined_ties")
        if person.contact_through == "kin":
            cell.happened("joined_kin")
        if t < MONTH:
            cell.happened("joined_month")
        if t < YEAR:
            cell.happened("joined_year")
        if youth.abuse_week is not None and self.week - youth.abuse_week < YEAR:
            cell.happened("joined_abused")
        reasons = {  # by how much each raised this person's hazard
            "revenge": math.exp(p.b_abuse_join * wronged) - 1.0,
            "income": max(0.0, math.exp(-p.b_income_join) - 1.0) * (p.need_weight, 1.0, 0.0)[youth.livelihood],
            "ideology": max(0.0, math.exp(p.kappa_att * youth.attitude) - 1.0),
            "protection": max(0.0, math.exp(p.b_protect_join * unprotected) - 1.0),
            "company": p.company_weight if person.contact_through != "nobody" else 0.0,
        }
        reason = pick(list(reasons.values()), why)
        person.reason = "company" if reason is None else list(reasons)[reason]
        cell.happened("joined_" + person.reason)
        return True

    def log_pull(self, youth):
        """Log of the hazard of a youth who has no grievance and whom nothing threatens."""
        p = self.p
        return (
            p.b_income_join * (youth.livelihood == 2)
            + p.b_school * (youth.schooling - p.mean_schooling)
            + p.b_relschool * (youth.religious_schooling >= 6)
            + p.b_norm * sum(tie.settled for tie in youth.ties) / len(youth.ties)
            + p.b_trust_join * (youth.cell.trust - p.trust_mean) / p.trust_sd
            + p.kappa_att * youth.attitude
        )

    def person(self, number):
        """The person of this number."""
        return self.youths[number // self.ppy].person(number % self.ppy)

    def home(self, person):
        """Where somebody lives."""
        return next(cell for cell in self.cells if person.number in cell.persons)

    def enlist(self, person, group):
        """Somebody becomes a member."""
        person.status = "member"
        cell = self.home(person)
        self.roster.append(Person(person.number, person, group, cell, None, False, "member", self.week, False))

    # --- 5 groups -----------------------------------------------------------------------------------------

    def move_groups(self):
        """Groups appear and end, their people move, recruiters rise."""
        for group in self.groups:
            if group.founded == self.week:
                self.found(group)
        for group in self.groups:
            if group.ended == self.week:
                self.end(group)
        self.arrive()
        for person in self.roster:
            if person.state == "member":
                self.move(person)
        self.count()
        self.promote()
        self.count()

    def found(self, group):
        """The founding core gathers at home: youths from there, the others from the parent."""
        core = group.founding_core
        if not core:
            return
        waits = {}  # those of them whose wait is shortest found the group
        for cell, weight in zip(group.home, group.home_weight, strict=True):
            for person in map(self.person, cell.persons):
                if person.status == "civilian":
                    u = luck("a youth belongs to a group from the start", self.seed, group.number, person.number)
                    waits[person] = -math.log(u) * len(cell.persons) / weight
        civilians = sorted(waits, key=waits.get)
        locals_ = civilians[: min(int(core * (1.0 - group.parent_share) + 0.5), len(civilians) // 4)]
        for person in sorted(locals_, key=lambda one: one.number):
            self.enlist(person, group)
            self.seen["local founder"] += 1
        missing = core - len(locals_)
        members = [m for m in self.roster if m.state == "member" and m.group is group.parent]
        members.sort(  # those who come from there leave first
            key=lambda m: (
                m.someone is None or m.someone.youth.cell not in group.home,
                luck("a member leaves with those who found a new group", self.seed, group.number, m.number),
            )
        )
        for member in members[: min(missing, len(members) // 2)]:
            u = luck("where a founder of a new group settles", self.seed, group.number, member.number)
            member.group, member.abroad, member.cell = group, None, group.home[pick(group.home_weight, u)]
            self.seen["left with founders"] += 1
        if group.parent is not None:
            group.experience = group.parent_share * group.parent.experience

    def arrive(self):
        """Fighters from abroad come to groups, to each by its foreign share."""
        share = {group: group.foreign_share for group in self.groups if group.alive(self.week)}
        everybody = sum(share.values())
        for group in share:
            mean = self.p.foreign_arrivals * 7.0 / 365.25 * share[group] / everybody if everybody else 0.0
            u = luck("how many fighters from abroad come to a group", self.seed, self.week, group.number)
            for _ in range(poisson(mean, u)):
                number = ABROAD + sum(person.number >= ABROAD for person in self.roster)
                u = luck("where a fighter from abroad settles", self.seed, group.number, number)
                cell = group.home[pick(group.home_weight, u)]
                self.roster.append(Person(number, None, group, cell, None, False, "member", self.week, False))
                cell.happened("arrived")

    def end(self, group):
        """The heir takes over; without one the members give up."""
        if self.acting(group) is not None:
            self.acting(group).experience += group.experience
        for member in [m for m in self.roster if m.state == "member" and m.group is group]:
            member.leader = False
            if self.acting(group) is not None:
                member.group = self.acting(group)
                self.seen["passed to heir"] += 1
            else:
                self.come_back(member)
                self.seen["left with end of group"] += 1

    def pull(self, group, cell):
        """How a group's people are drawn to a cell nearby."""
        if (group, cell) not in self._pulls:
            home = min(km(cell, h) for h in group.home)
            self._pulls[group, cell] = (cell.population + 1.0) ** self.p.move_people * math.exp(-home / self.p.home_km)
        return self._pulls[group, cell] * math.exp(-self.p.move_state * cell.state_presence) * self.calm(cell)

    def calm(self, cell):
        """How free of pressure by forces a cell is."""
        return math.exp(-cell.forces / self.p.pressing_companies)

    def move(self, member):
        """One member moves, crosses the border, comes back, or stays."""
        p, cell = self.p, member.cell
        pressure = 1.0 - self.calm(cell)
        moves, crosses, which, far = lucks("a member moves", self.seed, self.week, member.number)
        if member.abroad is not None:
            if moves < p.come_back_chance * (1.0 - pressure):
                member.abroad = None
                self.seen["came back from abroad"] += 1
            return
        if moves >= p.move_chance + p.flee_chance * pressure:
            return
        ways = [self.shelter(k) * math.exp(-far / p.cross_km) for k, (_, far) in enumerate(self.ways_out(cell))]
        tries = p.cross_chance * pressure * min(sum(ways), 1.0)
        country = pick(ways, which)
        gate = None if country is None else self.ways_out(cell)[country][0]
        succeeds = 0.0 if gate is None else tries * self.levers.crossing[gate.number]
        if crosses < max(tries, succeeds):
            if crosses < succeeds:
                member.abroad = country
                cell.happened("crossings")
                self.seen["crossed from inland"] += not cell.borders
            else:
                cell.happened("intercepted")
                self.go_round(member)
            return
        u = luck("where a member moves to", self.seed, self.week, member.number)
        if far < p.far_share:
            weights = [self.gravity(cell, town) * self.calm(town) for town in self.towns]
            to = pick(weights, u)
            if to is not None:
                member.cell = self.towns[to]
                self.seen["moved far"] += 1
        else:
            weights = [0.0 if n is None else self.pull(member.group, n) for n in cell.places_around]
            to = pick(weights, u)
            if to is not None:
                member.cell = cell.places_around[to]
                self.seen["moved"] += 1

    def shelter(self, country):
        """How well the other side of a border shelters members this week."""
        today = self.first_day + timedelta(days=7 * self.week)
        rows = [row for row in facts.sanctuaries() if row.country == country and row.start < today + timedelta(days=7)]
        return max(rows, key=lambda row: row.start).shelter if rows else 0.0

    def ways_out(self, cell):
        """The nearest cell at each border, and how far it is."""
        if cell not in self._ways_out:
            at = [[other for other in self.cells if country in other.borders] for country in range(7)]
            nearest = [min(gates, key=lambda gate: single(km(cell, gate))) for gates in at]
            self._ways_out[cell] = [(gate, single(km(cell, gate))) for gate in nearest]
        return self._ways_out[cell]

    def go_round(self, member):
        """One who was stopped at the border may go on to another place along it."""
        tries, where, *_ = lucks(
            "a member stopped at the border goes on to another place along it", self.seed, self.week, member.number
        )
        along = [1.0 if n is not None and n.borders else 0.0 for n in member.cell.places_around]
        to = pick(along, where)
        if tries < self.p.border_displaced and to is not None:
            member.cell.happened("crossings_displaced")
            member.cell = member.cell.places_around[to]

    def gravity(self, cell, town):
        """How a town draws people from a cell far away."""
        if (cell, town) not in self._pulls:
            people = (town.population * town.urban_share) ** self.p.move_people
            near = 0.0 if town is cell else (km(cell, town) + self.p.gravity_km) ** -self.p.gravity_power
            self._pulls[cell, town] = people * near
        return self._pulls[cell, town]

    def promote(self):
        """Members become recruiters while some are missing; recruiters stop while there are too many."""
        p = self.p
        based = Counter((m.group, m.cell.district) for m in self.roster if m.here)  # by local command
        recruiting = Counter((m.group, m.cell.district) for m in self.roster if m.here and m.recruiter)
        for member in self.roster:
            if not member.here:
                continue
            command = member.group, member.cell.district
            missing = p.recruiter_scale * (based[command] / 30.0) ** p.recruiter_exponent - recruiting[command]
            u = luck("a member becomes a recruiter or stops being one", self.seed, self.week, member.number)
            if member.recruiter and missing < 0.0:
                if u < p.promotion_rate * -missing / recruiting[command]:
                    member.recruiter = False
                    self.seen["stopped recruiting"] += 1
            elif not member.recruiter and missing > 0.0:
                others = max(based[command] - recruiting[command], 1)
                if u < p.promotion_rate * missing / others:
                    member.recruiter = True
                    self.seen["became recruiter"] += 1

    def count(self):
        """Members and recruiters of each group in each cell."""
        for cell in self.cells:
            cell.members, cell.recruiters = {}, {}
        for member in self.roster:
            if member.here:
                cell, group = member.cell, member.group
                cell.members[group] = cell.members.get(group, 0) + 1
                cell.recruiters[group] = cell.recruiters.get(group, 0) + member.recruiter

    # --- 6 violence ---------------------------------------------------------------------------------------

    def violence(self):
        """Attacks where groups are, raids far from home, and what places suffer."""
        for cell in self.cells:
            cell.attacks_now = {}
        opportunity = {cell.number: self.opportunity(cell) for cell in self.cells if cell.members}
        for group in self.groups:
            if group.alive(self.week):
                for cell in self.cells:
                    if cell.members.get(group):
                        self.attack(group, cell, opportunity[cell.number])
                self.raid(group)
                group.experience += sum(cell.attacks_now.get(group, 0) for cell in self.cells)
        self.feud()
        self.suffer()
        for cell in self.cells:
            self.arm(cell)
        self.silence_imams()

    def opportunity(self, cell):
        """Weights of forces, officials and civilians as targets."""
        p = self.p
        contested = 1.0 - cell.hold
        return [
            p.target_forces * (1.0 - math.exp(-self.troops_near(cell) / p.target_troops)),
            p.target_officials * cell.state_presence * contested,
            p.target_civilians
            * contested
            * (1.0 - math.exp(-cell.population / p.target_people))
            * self.levers.attacks_on_civilians[cell.number],
        ]

    def troops_near(self, cell):
        """Troops in a cell and, with less weight, around it."""
        return cell.troops + self.p.patrol_spill * sum(n.troops for n in cell.neighbours)

    def attack(self, group, cell, weights):
        """A week of one group's attacks in a cell."""
        p, place = self.p, group.number * len(self.cells) + cell.number
        rate = p.attack_rate * cell.members[group] ** p.attack_gamma * sum(weights) * self.practice(group)
        rate *= self.levers.attack_rate[cell.number]
        rains = (self.first_day + timedelta(days=7 * self.week + 3)).month in (6, 7, 8, 9)
        rate *= (p.rainy_attacks if rains else 1.0) * 3.0 / (2.0 + p.rainy_attacks)
        count = poisson(rate, luck("how often a group attacks in a cell", self.seed, self.week, place))
        civilians = p.deaths_civilian_forces, p.deaths_civilian_officials, p.deaths_civilian_civilians
        forces = p.deaths_security_forces, p.deaths_security_officials, 0.0
        reach = cell.members[group] + sum(n.members.get(group, 0) for n in cell.neighbours)
        size = (reach / p.band_members) ** p.band_power
        for n in range(count):
            kind = pick(weights, luck("whom an attack is aimed at", self.seed, self.week, place, n))
            cell.happened("attacks")
            cell.happened(("attacks_forces", "attacks_officials", "attacks_civilians")[kind])
            u, v = (luck("how many an attack kills", self.seed, self.week, place, draw) for draw in (2 * n, 2 * n + 1))
            cell.happened("deaths_civilian", geometric(size * civilians[kind], u))
            cell.happened("deaths_security", geometric(size * forces[kind], v))
        cell.attacks_now[group] = cell.attacks_now.get(group, 0) + count

    def practice(self, group):
        """A group attacks more often the more attacks it has made."""
        return ((1.0 + group.experience) / 30.0) ** self.p.attack_learning

    def raid(self, group):
        """A group sends small cells against high-value sites far away."""
        p = self.p
        everyone = sum(cell.members.get(group, 0) for cell in self.cells)
        mean = p.raid_rate * everyone**p.attack_gamma * self.practice(group)
        hardened = [self.levers.site_raids[site.number] for site, _ in self.sites]  # chance of a raid to take place
        pulls = [
            weight**p.raid_people * (min(km(site, home) for home in group.home) + p.gravity_km) ** -p.gravity_power
            for site, weight in self.sites
        ]
        everywhere = sum(pulls)
        pulls = [pull * self.levers.attack_rate[site.number] for pull, (site, _) in zip(pulls, self.sites, strict=True)]
        mean *= sum(pulls) / everywhere

        def u(sentence):
            return luck(sentence, self.seed, self.week, group.number, n)

        count = poisson(mean, luck("how many raids a group sends far away", self.seed, self.week, group.number))
        for n in range(count):
            target = pick(
                [pull * max(1.0, open_) for pull, open_ in zip(pulls, hardened, strict=True)],
                u("which town a raid is aimed at"),
            )
            if u("a raid strikes a hardened site all the same") >= hardened[target]:
                if u("a raid kept away from a hardened site strikes another one") >= p.site_displaced:
                    self.seen["raid called off"] += 1
                    continue
                others = [0.0 if k == target else pulls[k] * hardened[k] for k in range(len(pulls))]
                target = pick(others, u("which town a raid kept away strikes"))
                if target is None:
                    continue
                self.sites[target][0].happened("attacks_displaced")
            site = self.sites[target][0]
            site.happened("attacks")
            site.happened("attacks_sites")
            site.attacks_now[group] = site.attacks_now.get(group, 0) + 1
            self.besiege(site, group, n, geometric(p.siege_trapped, u("how many people a raid traps")))

    def besiege(self, site, group, n, trapped):
        """Some of the people trapped in a raid die before it is over."""
        p, levers, here = self.p, self.levers, site.number
        delay = max(levers.response_delay[here], 0.01)
        dying = p.siege_deaths * delay**p.harm_delay * (1.0 - levers.site_guard[here])
        who = len(self.groups) * len(self.cells) + group.number  # behind the numbers of all attacks
        dead = poisson(trapped * dying, luck("how many an attack kills", self.seed, self.week, who, n))
        dead = min(dead, trapped)
        for name, persons in {"trapped": trapped, "deaths_sites": dead, "deaths_civilian": dead}.items():
            site.happened(name, persons)

    def feud(self):
        """Each side of a cell attacks the other, over land or in revenge."""
        p, forgets = self.p, 1.0 - 0.5 ** (1.0 / self.p.feud_half_life)
        everywhere = len(self.cells)
        wrongs = {}
        for number, side in enumerate(("herding", "farming")):
            for cell in self.cells:
                who, militia = number * everywhere + cell.number, cell.militia[side]
                quarrels = p.communal_rate * cell.population * (1.0 - cell.urban_share) / 1e6 * self.contact(cell)
                mean = 0.5 * quarrels * cell.insecurity * (1.0 + p.militia_clashes * militia)
                revenge = p.feud_revenge * forgets * cell.grudge[side]
                self.seen["grudge"] += revenge > 0.0
                mean = (mean + revenge) * self.levers.communal_violence[cell.number]
                count = poisson(mean, luck("how often communities clash in a cell", self.seed, self.week, who))
                for n in range(count):
                    u = luck("how many a clash between communities kills", self.seed, self.week, who, n)
                    dead = geometric(p.communal_deaths * (1.0 + p.militia_deaths * militia), u)
                    cell.happened("deaths_communal", dead)
                    cell.happened("deaths_civilian", dead)
                cell.happened("clashes", count)
                u = luck("how many people a militia wrongs in a cell", self.seed, self.week, who)
                wrongs[cell, side] = count, poisson(p.militia_abuses * militia * count, u)
        for (cell, side), (count, abuses) in wrongs.items():
            other = "farming" if side == "herding" else "herding"
            for n in range(abuses):
                self.wrong_of_militia(cell, other, n)
            cell.happened("abuses_militias", abuses)
            cell.grudge[other] = cell.grudge[other] * (1.0 - forgets) + count

    def contact(self, cell):
        """How far herding and farming villages share the land."""
        return 4.0 * cell.herding * (1.0 - cell.herding)

    def arm(self, cell):
        """Both sides raise militias where they live in fear, beside each other and without protection."""
        p = self.p
        guarded = 1.0 - math.exp(-cell.forces / p.protecting_companies)
        alone = (1.0 - max(cell.state_presence, guarded)) * (1.0 - cell.hold)
        for side, militia in cell.militia.items():
            rise = p.militia_rise * self.contact(cell) * cell.insecurity * alone * (1.0 - militia)
            cell.militia[side] = militia + rise - p.militia_fade * militia

    def suffer(self):
        """Insecurity, state presence, and losses of the units."""
        p = self.p

        def fights(cell):
            return cell.count("attacks") + cell.count("clashes")

        for cell in self.cells:
            weight = fights(cell) + p.fear_spill * sum(fights(n) for n in cell.neighbours)
            cell.insecurity *= half(p.fear_half_life)
            cell.insecurity += (1.0 - cell.insecurity) * (1.0 - math.exp(-p.attack_fear * weight))
            cell.hold = cell.based / (cell.based + p.holding_members) * math.exp(-cell.forces / p.protecting_companies)
            cell.state_presence *= (1.0 - p.official_flight) ** cell.count("attacks_officials")
            goal = 1.0 - (1.0 - cell.state_start) * (1.0 - self.levers.state_goal[cell.number])
            comes_back = min(1.0, p.state_return * self.levers.state_return[cell.number])
            safe = (1.0 - cell.insecurity) * (1.0 - cell.hold)
            cell.state_presence += comes_back * (goal - cell.state_presence) * safe
            cell.state_presence -= p.state_retreat * cell.hold * cell.state_presence
        for unit in self.units:
            if unit.there(self.week):
                lost = unit.cell.count("deaths_security") / max(unit.cell.troops, 1.0)
                unit.strength *= max(SHARE_OF_STRENGTH_KEPT, 1.0 - lost)
                unit.strength += p.reinforcement * (unit.nominal - unit.strength)

    def silence_imams(self):
        """Moderate imams are threatened where a group is."""
        for imam in self.imams:
            if not (imam.cell.based and imam.in_post(self.week) and imam.stance < self.p.moderate_stance):
                continue
            threat = self.p.silencing_chance * self.levers.imam_threats[imam.cell.region]
            exposed = self.speaks_out(imam)
            u = luck("an imam is silenced", self.seed, self.week, imam.number)
            if u < threat * (self.p.speaking_exposure if exposed else 1.0):
                imam.away_until = self.week + 1 + int(self.p.silenced_weeks)
                imam.cell.happened("imams_silenced")
                self.seen["speaker silenced"] += exposed

    # --- 7 security ---------------------------------------------------------------------------------------

    def security(self):
        """Units go to their places, find members, and do wrong to others."""
        p = self.p
        self.post_units()
        self.train_soldiers()
        near = {c.number: c.forces + p.patrol_spill * sum(n.forces for n in c.neighbours) for c in self.cells}
        self.answer(near)
        for person in self.roster:
            if person.state == "member":
                self.search(person, near[person.cell.number])
        abuses, wrongly = {}, {}
        for cell in self.cells:
            sought = cell.based + p.patrol_spill * sum(n.based for n in cell.neighbours)
            contact = 1.0 - math.exp(-sought / p.abuse_members)
            mean = p.abuse_per_op * cell.searching * (p.abuse_floor + contact) * self.levers.abuse_control[cell.number]
            abuses[cell.number] = poisson(
                mean, luck("how many abuses happen in a cell", self.seed, self.week, cell.number)
            )
            mean = p.wrongful_share / (1.0 - p.wrongful_share) * cell.count("arrests")
            mean *= self.levers.wrongful[cell.number]
            u = luck("how many people are arrested who are no members", self.seed, self.week, cell.number)
            wrongly[cell.number] = poisson(mean, u)
        for cell in self.cells:
            for n in range(abuses[cell.number]):
                self.wrong(cell, luck("who suffers an abuse", self.seed, self.week, cell.number, n))
        for cell in self.cells:
            for n in range(wrongly[cell.number]):
                victim = self.wrong(
                    cell, luck("who is arrested without being a member", self.seed, self.week, cell.number, n)
                )
                if victim and victim.status == "civilian":
                    self.hold_wrongly(victim)
        for cell in self.cells:
            cell.happened("abuses", abuses[cell.number])
            cell.happened("wrongful_arrests", wrongly[cell.number])
            u = luck("how many civilians the forces kill in a cell", self.seed, self.week, cell.number)
            dead = poisson(p.abuse_deaths * abuses[cell.number], u)
            cell.happened("deaths_civilian", dead)
            cell.happened("deaths_by_forces", dead)
            village = min(1.0, p.village_persons / max(len(cell.persons), 1.0))
            goal = cell.trust_start + p.trust_sd * self.levers.trust_goal[cell.number]
            cell.trust += p.trust_recovery * (goal - cell.trust)
            cell.trust -= p.abuse_trust * p.trust_sd * village * (abuses[cell.number] + wrongly[cell.number])
            cell.trust = min(1.0, max(0.0, cell.trust))

    def within_reach(self, base):
        """Cells a unit based here may patrol."""
        if base not in self._near:
            self._near[base] = [c for c in self.cells if c.region == base.region and km(base, c) <= self.p.patrol_km]
        return self._near[base]

    def muster(self):
        """How much of every unit is there."""
        states_men = [0.0] * 9
        for unit in self.units:
            if unit.deployed(self.week) and self.states_own[unit.force]:
                states_men[unit.base.region] += unit.strength
        factor = [1.0] * 9
        needy = sum(self.levers.need[r] for r in REGIONS if states_men[r])
        if self.levers.shift and needy:  # to regions that have men of their own
            for r in REGIONS:
                if states_men[r]:
                    moved = sum(states_men) * self.levers.need[r] / needy
                    factor[r] = 1.0 - self.levers.shift + self.levers.shift * moved / states_men[r]
        for unit in self.units:
            region = unit.base.region
            unit.present = factor[region] if self.states_own[unit.force] else self.levers.deployed[unit.force][region]
            if unit.deployed(self.week):
                self.seen["units moved"] += self.states_own[unit.force] and unit.present != 1.0
                self.seen["part of a unit"] += not self.states_own[unit.force] and 0.0 < unit.present < 1.0

    def post_units(self):
        """Each unit guards its base, patrols rather insecure places, or goes where attacks just were."""
        p = self.p
        self.muster()
        for cell in self.cells:
            cell.forces = cell.troops = cell.searching = 0.0
            cell.by_command, cell.gap = dict.fromkeys(self.commands, 0.0), cell.insecurity
        for unit in self.units:
            if not unit.there(self.week):
                continue
            out, where, agrees, _ = lucks("a unit goes on patrol, and where", self.seed, self.week, unit.number)
            unit.cell, unit.mode, weight = unit.base, "static guard", p.guard_weight
            men, trained = unit.strength * unit.present, self.trained[unit.force]
            if out < unit.patrol_share:
                cells = self.within_reach(unit.base)
                sent, to, *_ = lucks(
                    "a patrol is sent where attacks just happened, and where", self.seed, self.week, unit.number
                )
                goal = pick([c.count("attacks") for c in cells], to)
                if sent < self.levers.dispatch[unit.base.region] and goal is not None:
                    cells[goal].happened("dispatched", men / unit.nominal)
                else:
                    gaps = agrees < self.levers.coordinated
                    goal = pick([p.patrol_floor + (c.gap if gaps else c.insecurity) for c in cells], where)
                    self.seen["went to a gap"] += gaps
                unit.cell = cells[goal]
                unit.mode = "response" if unit.cell.count("attacks") else "patrol"
                weight = 1.0
                unit.cell.searching += men / 100.0 * unit.abuse_factor * p.drill_abuse**trained
                unit.cell.happened("patrols", men / unit.nominal)
                self.seen[unit.mode] += 1
            companies = weight * men / 100.0 * unit.effectiveness * (1.0 + p.drill_effectiveness * trained)
            unit.cell.by_command[self.commands[unit.force]] += companies
            unit.cell.gap /= 1.0 + companies
            unit.cell.troops += men
        for cell in self.cells:
            troops = self.levers.joint_patrol_troops[cell.number]
            if troops:
                cell.by_command["region"] += troops / 100.0 * p.joint_patrol_effectiveness
                cell.searching += troops / 100.0 * p.joint_patrol_abuse
                cell.troops += troops
                cell.happened("patrols", troops / p.unit_persons)
        for cell in self.cells:
            largest = max(cell.by_command.values())
            others = sum(cell.by_command.values()) - largest
            cell.forces = largest + (1.0 - p.command_overlap * (1.0 - self.levers.coordinated)) * others

    def train_soldiers(self):
        """What a training taught is lost again; those who complete one are added."""
        for force, taught in enumerate(self.levers.soldiers_trained):
            men = sum(unit.strength * unit.present for unit in self.units
                      if unit.force == force and unit.there(self.week))  # fmt: skip
            share = self.trained[force] * 0.5 ** (1.0 / self.p.drill_half_life)
            if taught and men:
                share += (1.0 - share) * min(1.0, taught / men)
                self.seen["soldiers trained"] += 1
            self.trained[force] = share

    def told(self, cell):
        """What is left of what the forces know, where a northern movement holds."""
        hold, next_monday = 0.0, self.first_day + timedelta(days=7 * self.week + 7)
        for row in facts.table("movements"):
            goes_on = row["to"] is None or row["to"] >= next_monday
            if row["cercle"] == cell.district and row["from"] < next_monday and goes_on:
                hold = row["hold"]
        return 1.0 - self.p.movement_silence * hold * self.levers.movements_hold[cell.number]

    def information(self, cell):
        """What the forces know: what people tell and partners share."""
        p = self.p
        tips = math.exp(p.b_trust_tip * (cell.trust - p.trust_mean) / p.trust_sd)
        return tips * self.levers.information[cell.number] * self.told(cell)

    def answer(self, near):
        """Forces answer the attacks of the week: members found for each attack, by cell; of raids, by group."""
        p, levers = self.p, self.levers
        for cell in self.cells:
            here = cell.number
            interior = cell.by_command["interior"] + p.patrol_spill * sum(
                n.by_command["interior"] for n in cell.neighbours
            )
            everyone = sum(cell.by_command.values()) + p.patrol_spill * sum(
                sum(n.by_command.values()) for n in cell.neighbours
            )
            part = interior / everyone if everyone else 0.0
            right = cell.urban_share * part + (1.0 - cell.urban_share) * (1.0 - part)
            kind = 1.0 - p.wrong_unit * 4.0 * right * (1.0 - right) * (1.0 - levers.right_unit[here])
            able = 1.0 - math.exp(-near[here] * math.exp(p.command_gain * levers.joint_command[here]) * kind)
            information = self.information(cell)
            delay = max(levers.response_delay[here], 0.01)
            cell.answers = p.answer_rate * information * delay**p.arrest_delay * able
            attacks = sum(cell.attacks_now.values())
            if attacks:
                cell.happened("answered", attacks * able)
        self.far = {}
        for group in self.groups:
            raids = sum(c.answers * c.attacks_now.get(group, 0) for c in self.cells if not c.members.get(group))
            self.far[group] = raids / max(sum(c.members.get(group, 0) for c in self.cells), 1)
            self.seen["raid answered"] += raids > 0

    def search(self, member, near):
        """A member may be found, and is then killed or arrested."""
        p, cell, levers, here = self.p, member.cell, self.levers, member.cell.number
        if member.abroad is None:
            information = self.information(cell)
            self.seen["told less"] += near > 0.0 and self.told(cell) < 1.0
            people = cell.population / (max(self.troops_near(cell), 1.0) * p.people_per_soldier)
            seen = (1.0 + people) ** -p.hiding
            hazard = p.detection * seen * information * near * (1.0 + cell.based / p.crowd_members)
            if member.recruiter:
                hazard *= p.recruiter_exposure * levers.recruiter_exposure[here]
            hazard += cell.answers * cell.attacks_now.get(member.group, 0) / max(cell.based, 1)
            hazard += self.far[member.group]
            chance = 1.0 - math.exp(-hazard)
        else:
            along = [levers.information[c.number] for c in self.cells if member.abroad in c.borders]
            chance = p.pursuit_hazard * self.levers.pursuit[member.abroad] * sum(along) / max(len(along), 1)
            chance = min(chance, 1.0)
        is_found, dies, *_ = lucks("a member is found by the forces", self.seed, self.week, member.number)
        if is_found < chance:
            if member.abroad is not None:
                self.seen["found abroad"] += 1
            member.since = self.week
            fights = cell.based / (cell.based + p.fighting_members)
            member.state = "killed" if dies < p.killed_share * fights else "detained"
            cell.happened("killed" if member.state == "killed" else "arrests")
            self.follow(member)

    def lives_from(self, cell, nth):
        """What most people live from in the village of the n-th person of a cell."""
        village = cell.persons[nth] // int(self.p.village_persons)
        u = luck("what most people of a village live from", self.world_seed, 0, village)
        return "herding" if u < cell.herding else "farming"

    def wrong_of_militia(self, cell, side, n):
        """A militia wrongs somebody of the other side, if it finds one."""
        for trial in range(8):
            u = luck("whom a militia wrongs", self.seed, self.week, cell.number, 8 * n + trial)
            if cell.persons and self.lives_from(cell, int(u * len(cell.persons))) == side:
                self.seen["wronged by a militia"] += self.wrong(cell, u) is not None
                return
        self.seen["nobody of the other side"] += 1

    def wrong(self, cell, u):
        """A wrong befalls a person of the cell; returns who it is, unless they are dead. Only the first has friends."""
        p = self.p
        if not cell.persons:
            return None
        victim = self.person(cell.persons[int(u * len(cell.persons))])
        youth = victim.youth
        if victim.status == "killed":
            return None
        self.seen["wronged"] += 1

        def grieve(who, share):
            who.grievance = single(who.grievance + (1.0 - who.grievance) * share)

        for kin in self.village_kin(victim):
            grieve(kin, p.abuse_grievance * p.grievance_near)
            kin.abuse_week = self.week
        if victim.number % self.ppy:
            return victim
        grieve(youth, p.abuse_grievance)
        youth.abuse_week = self.week
        for tie in youth.ties:
            grieve(tie, p.abuse_grievance * p.grievance_near)
        for kin in youth.kin:
            kin.abuse_week = self.week
        return victim

    def village_kin(self, victim):
        """Those of the village who are kin, found by luck for each pair of persons; of one's own youth, the others."""
        if victim not in self._kin:
            number, kin = victim.number, []
            for other in self.villages.get(number // int(self.p.village_persons), ()):
                alike = other.row * self.ppy + number % self.ppy
                u = luck("two persons of a village are kin", self.world_seed, *sorted((number, alike)))
                others = 1.0 - 1.0 / self.ppy if other is victim.youth else 1.0
                if u < self.p.village_kin * others:
                    kin.append(other)
            self._kin[victim] = kin
        return self._kin[victim]

    def village(self, row):
        """Number of the village in which the first of a row's persons lives."""
        return row * self.ppy // int(self.p.village_persons)

    def hold_wrongly(self, person):
        """Detain one who is no member."""
        person.status = "detained"
        cell = self.home(person)
        self.roster.append(Person(person.number, person, None, cell, None, False, "detained", self.week, False))
        self.seen["held wrongly"] += 1

    # --- 8 justice ----------------------------------------------------------------------------------------

    def justice(self):
        """Courts decide on those who were detained before this week."""
        p, pole = self.p, self.levers.pole_cases
        pace = pole + p.ordinary_courts * (1.0 - pole)
        dismissed, ruled = (pace * c for c in (p.dismissal_chance, p.dismissal_chance + p.conviction_chance))
        cleared = p.clearing_chance * (1.0 - pole + pole * math.exp(p.pole_clearing))
        for person in self.roster:
            if person.state != "detained" or person.since == self.week:
                continue
            u, which, *_ = lucks("a court decides on a detained person", self.seed, self.week, person.number)
            if person.group is None:
                if u < cleared:
                    person.state, person.since = "gone", self.week
                    person.someone.status = "civilian"
                    person.cell.happened("cleared")
                    self.seen["cleared by the pole"] += u >= p.clearing_chance
            elif person.convicted:
                if self.week - person.since >= int(p.sentence_weeks):
                    self.come_back(person)
                    self.seen["sentence served"] += 1
            elif u < ruled and which < dismissed / ruled:
                self.come_back(person)
                person.cell.happened("dismissed")
            elif u < ruled:
                person.convicted, person.since = True, self.week
                person.cell.happened("convicted")
                self.seen["convicted at the pole's pace"] += u >= p.ordinary_courts * (
                    p.dismissal_chance + p.conviction_chance
                )

    def come_back(self, person):
        """Somebody returns to civil life, with a raised disposition for a time."""
        person.state, person.since = "returned", self.week
        person.cell.happened("returned")
        if person.someone is not None:
            youth = person.someone.youth  # who stands for so many others
            youth.settled = single(youth.settled + self.p.returned_disposition / self.ppy)
        self.follow(person)

    def follow(self, entry):
        """Somebody of the roster is what the roster says."""
        if entry.someone is not None:
            entry.someone.status = entry.state

    # --- 9 exits ------------------------------------------------------------------------------------------

    def exits(self):
        """Members give up; those who turn 36 make room for a new youth."""
        for person in self.roster:
            if person.state == "member":
                u = luck("a member gives up", self.seed, self.week, person.number)
                chance = self.p.give_up_chance * self.levers.giving_up[person.cell.number]
                if u < chance * self.shaken(person.group, self.p.leader_exits):
                    self.come_back(person)
                    self.seen["gave up"] += 1
        for youth in self.youths:
            if youth.turns_36 == self.week:
                self.replace(youth)
        self.count()

    def shaken(self, group, effect):
        """What the loss of its leader does to a group while it is felt."""
        felt = group.fell is not None and group.fell <= self.week < group.fell + int(self.p.leader_weeks)
        return math.exp(effect) if felt else 1.0

    def lead(self):
        """Leaders who were killed or arrested are missed, and others take over."""
        for person in self.roster:
            if person.leader and person.state in ("killed", "detained"):
                person.group.fell = self.week + 1
                person.cell.happened("leaders_lost")
            person.leader = person.leader and person.state == "member"
        for group in self.groups:
            members = [person for person in self.roster if person.state == "member" and person.group is group]
            if group.alive(self.week) and members and not any(person.leader for person in members):
                longest = min(  # of those who have been members for longest, one by luck
                    members,
                    key=lambda m, group=group: (
                        m.since,
                        luck("a member takes over a group", self.seed, group.number, m.number),
                    ),
                )
                longest.leader = True
                self.seen["took over"] += 1

    def replace(self, youth):
        """The row passes to a youth of 15."""
        self.seen["replaced"] += 1
        for entry in self.roster:
            if entry.someone is not None and entry.someone.youth is youth:
                if entry.state == "member":
                    entry.cell.happened("returned")
                    self.seen["member turned 36"] += 1
                entry.state, entry.someone = "gone", None
        for person in youth.noticed.values():
            person.status, person.contact_group, person.contact_through = "civilian", None, "nobody"
            person.contact_week = person.refused_until = person.reason = None
        youth.abuse_week = None
        self.bear(youth, self.week + 1)
        longer = luck("a youth has been to school a year longer, by reform", self.seed, self.week, youth.row)
        if longer < self.levers.extra_schooling[youth.cell.region]:
            youth.schooling += 1
            self.seen["a year longer at school"] += 1

    def bear(self, youth, generation):
        """A new person in a row: what they are like is luck of the world seed, the row and the generation."""
        p, region, place = self.p, youth.cell.region, int(youth.town)
        school, (_, use) = facts.schooling(), facts.media()

        def u(sentence, draw=0, when=generation):
            return luck(sentence, self.world_seed, when, youth.row, draw)

        common = luck("what the people of a village have in common", self.world_seed, 0, self.village(youth.row))
        own = u("a youth's own disposition")
        mind = math.sqrt(p.village_share) * normal(common) + math.sqrt(1.0 - p.village_share) * normal(own)
        youth.woman = u("a youth is a woman") < p.women_share
        schooled = 1.0 - school.no_schooling[region]
        youth.schooling = 0
        if u("a youth has been to school") < schooled:  # evenly from 1 to twice the mean of those who went, less one
            mean = school.mean_years[region] / schooled
            youth.schooling = 1 + int(u("a youth's years of schooling") * (2.0 * mean - 1.0))
        share, devout = p.religious_schooling_share, u("a youth's years of religious schooling")
        youth.religious_schooling = 0
        if devout < share:
            youth.religious_schooling = 6 + int(4.0 * devout / share)
        elif devout < 2.0 * share:
            youth.religious_schooling = 1 + int(5.0 * (devout - share) / share)
        _, precarious, secure = school.livelihood[region, place]
        work = u("a youth's livelihood")
        youth.livelihood = 2 if work < secure else 1 if work < secure + precarious else 0
        taste = p.media_risk * mind + math.sqrt(1.0 - p.media_risk**2) * normal(u("a youth's taste for the media"))
        youth.channels = {
            channel
            for k, channel in enumerate(CHANNELS)
            if (taste + normal(u("a youth uses a channel", k))) / math.sqrt(2.0)
            > normal(1.0 - min(max(use[region, place, k], 1e-6), 1.0 - 1e-6))
        }
        youth.disposition = youth.settled = youth.attitude = single(self.spread * mind)
        youth.moved, youth.drama = set(), 0.0
        youth.clips = youth.propaganda = youth.counsel = youth.lasting = youth.recent = youth.grievance = 0.0

    def acting(self, group):
        """The group itself, or the first of its heirs that exists this week."""
        seen = []
        while group is not None and not group.alive(self.week) and group not in seen:
            seen.append(group)
            group = group.heir
        return group if group is not None and group.alive(self.week) else None

    def balance(self):
        """Let everybody start where own mind and friends balance: s = a mean of ties' s + (1 - a) d."""
        a = self.p.peer_pull / (self.p.peer_pull + self.p.own_pull)
        for _ in range(60):
            new = [a * sum(t.settled for t in y.ties) / len(y.ties) + (1 - a) * y.disposition for y in self.youths]
            for youth, s in zip(self.youths, new, strict=True):
                youth.settled = youth.attitude = s

    # --- 10 record ----------------------------------------------------------------------------------------

    def record(self):
        """A row per region."""
        row = {}

        def add(name, region, value):
            row.setdefault(name, [0.0] * 9)[region] += value

        people, youths = [0.0] * 9, [0] * 9
        for cell in self.cells:
            people[cell.region] += cell.population
            youths[cell.region] += len(cell.youths)
        for cell in self.cells:
            for name, count in cell.flows.items():
                add(name, cell.region, count)
                cell.totals[name] = cell.totals.get(name, 0.0) + count
                if count:
                    self.seen[name] += 1
            add("members", cell.region, cell.based)
            add("recruiters", cell.region, sum(cell.recruiters.values()))
            for name in ("trust", "insecurity", "state_presence"):
                add(name, cell.region, getattr(cell, name) * cell.population / people[cell.region])
        for region, attitude, grievance in self.attitudes_now:
            add("attitude_mean", region, attitude / youths[region])
            add("grievance_mean", region, grievance / youths[region])
            add("strong_supporters", region, (attitude > self.p.strong_support) / youths[region])
        for imam in self.imams:
            region = imam.cell.region
            add("imams_in_post", region, imam.in_post(self.week))
            add("imams_trained", region, imam.in_post(self.week) and imam.training == "trained")
            add("imams_displaced", region, imam.away_until > self.week)
        for unit in self.units:
            add("units", unit.base.region, unit.there(self.week))
        for person in self.roster:
            if person.state == "member" and person.abroad is not None:
                add("members_abroad", person.cell.region, 1)
            if person.someone is not None and person.state == "detained" and person.group is None:
                add("held_wrongly", person.someone.youth.cell.region, 1)
        for youth in self.youths:
            for person in youth.noticed.values():
                add("people_" + person.status, youth.cell.region, 1)
            add("people_civilian", youth.cell.region, self.ppy - len(youth.noticed))
        self.rows.append(row)
        for cell in self.cells:
            cell.flows = {}
        self.week += 1
