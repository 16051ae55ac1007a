"""How many youth-weeks a second: kumakan against the same rules written as plain Mesa objects.

    python tests/benchmarks/mesa_objects.py [--youths 10000 100000] [--scenario FILE] [--toy]

Both live the same weeks of the same country in this one process: kumakan the best of several runs, Mesa once. On the
Mesa side every youth is a `mesa.Agent` with attributes, a list of ties and a step of its own in two stages, as a Mesa
modeller writes it. Luck is `model.random`. Members, units, imams and cells are objects that follow the rules of the
plain twin. Measures are not lived: levers keep the values of kumakan's last week. `AgentSet.do` is used, which is
faster than `shuffle_do`. Two figures are given for Mesa: the whole week, and the youths' own steps alone. kumakan
always counts the whole week, so the second ratio is the more cautious one. Seconds are those of the processor, so other
work on the machine matters little. With --json, the file also says how far the two are apart after the same weeks: only
by luck.
"""

from __future__ import annotations

import math
import sys
from pathlib import Path
from time import process_time
from types import SimpleNamespace

from common import keep, options

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

import mesa  # noqa: E402
from twin import week as rules  # noqa: E402
from twin.beginning import of_country  # noqa: E402
from twin.people import Youth  # noqa: E402

from sim.levers import TABLE  # noqa: E402
from sim.scenario import load  # noqa: E402
from sim.week import advance, begin  # noqa: E402

PERSONS = 5.46e6  # people of 15 to 35 in 2012, in all
EARLIER = 4  # weeks lived before the clock runs, so that people have been approached
WEEKS = 26  # weeks of kumakan in one timing
BEST_OF = 5
MESA_SECONDS = 20.0  # Mesa lives whole weeks until this is used up, three at least
MESA_WEEKS = 3


class YouthAgent(mesa.Agent):
    """A youth as a Mesa modeller writes one."""

    def __init__(self, model, youth):
        super().__init__(model)
        for name in Youth.__slots__:
            setattr(self, name, getattr(youth, name))
        self.settled_next = self.settled

    person, persons, silent = Youth.person, Youth.persons, Youth.silent

    def hear(self):
        """Messages reach the youth; what was felt before fades."""
        model, cell, imam = self.model, self.cell, self.imam
        p = model.p
        effect = 0.0 if imam is None else model.outreach.get(imam, 0.0)
        if not (self.recent or model.on_air or cell.propaganda_chance or effect):
            return
        self.clips *= model.keep_clip
        self.propaganda *= model.keep_clip
        self.counsel *= model.keep_counsel
        if not self.silent:
            self.hear_anew(effect)
        felt = self.clips + self.propaganda + self.counsel
        share = p.message_residue * felt
        self.lasting *= model.keep_lasting
        if abs(share) > abs(self.lasting):
            self.lasting = share
        self.recent = felt - share + self.lasting
        if abs(self.recent) < rules.FORGOTTEN:
            self.clips = self.propaganda = self.counsel = self.lasting = self.recent = 0.0

    def hear_anew(self, outreach_effect):
        """What reaches the youth this week."""
        model, cell = self.model, self.cell
        p, random = model.p, model.random.random
        if model.on_air and self.channels:
            views = model.twin.views_of_clips(self)
            if views:
                levers, here = model.twin.levers, cell.number
                effect = p.clip_effect * model.speakers[cell.region]
                effect += (p.clip_risk_effect + p.clip_shock_effect * levers.clip_shock[here]) * self.settled
                self.clips += (effect - self.clips) * (1.0 - math.exp(-views * levers.clip_pull[here] / p.message_dose))
                cell.happened("reached_clips", model.twin.ppy)
                for side, name in ((-1, "clips_calmed"), (1, "clips_stirred")):
                    if side * self.clips > p.clip_moved and name not in self.moved:
                        self.moved.add(name)
                        cell.happened(name, model.twin.ppy)
        if cell.propaganda_chance and random() < cell.propaganda_chance:
            effect = p.propaganda_effect * model.twin.levers.propaganda[cell.number]
            self.propaganda += (effect - self.propaganda) * model.one_view
        if outreach_effect and random() < p.outreach_chance:
            self.counsel += (outreach_effect - self.counsel) * model.one_view
            cell.happened("reached_sermons", model.twin.ppy)

    def reconsider(self):
        """The attitude moves towards ties, back to oneself, and towards the sermon; grievance fades."""
        model = self.model
        p = model.p
        peers = 0.0
        for tie in self.ties:
            peers += tie.settled
        region, levers = self.cell.region, model.twin.levers
        peers /= len(self.ties)
        settled = self.settled
        if self.silent:
            settled = peers
        else:
            change = p.peer_pull * (peers - settled) + p.own_pull * (self.disposition - settled)
            change += model.random.gauss(0.0, p.noise_sd)
            imam = self.imam
            if imam is not None and imam.in_post(model.twin.week) and model.random.random() < p.weekly_attendance:
                stance, credibility = model.sermons[imam]
                target = p.sermon_span * (stance - p.sermon_neutral)
                change += p.sermon_pull * credibility * (target - settled)
            settled += change
        self.settled_next = settled
        self.attitude = settled + self.recent + levers.support[region]
        self.grievance *= model.keep_grievance * (1.0 - levers.grievance_relief[region])


class Objects(rules.Twin):
    """The rest of the week: the twin's rules, with the youths' own ones left to the youths."""

    def messages(self):
        self.model.all_youths("hear")

    def attitudes(self):
        self.model.all_youths("reconsider")
        self.attitudes_now = [(y.cell.region, y.attitude, y.grievance) for y in self.youths]

    def approach(self):
        for youth in self.youths:
            youth.settled = youth.settled_next
        super().approach()


class MesaModel(mesa.Model):
    """The country of a compiled one, as Mesa objects."""

    def __init__(self, country, seed=1):
        super().__init__(seed=seed)
        self.p = SimpleNamespace(**country.parameters.as_dict())
        self.twin = of_country(country)
        self.twin.__class__ = Objects
        self.twin.p, self.twin.model = self.p, self
        self.levers = SimpleNamespace(**{lever.name: getattr(country.levers, lever.name).tolist() for lever in TABLE})
        agents = [YouthAgent(self, youth) for youth in self.twin.youths]
        for agent in agents:
            agent.ties = [agents[tie.row] for tie in agent.ties]
            agent.kin = [agents[tie.row] for tie in agent.kin]
            for person in agent.noticed.values():
                person.youth = agent
        self.twin.youths = agents
        for cell in self.twin.cells:
            cell.youths = [agents[youth.row] for youth in cell.youths]
        for number, village in self.twin.villages.items():
            self.twin.villages[number] = [agents[youth.row] for youth in village]
        self.youths = self.agents_by_type[YouthAgent]
        self.keep_clip, self.keep_counsel = (
            rules.half(self.p.clip_half_life),
            rules.half(self.p.counsel_half_life),
        )
        self.keep_lasting = 0.5 ** (1.0 / self.p.residue_half_life)
        self.keep_grievance = rules.half(self.p.grievance_half_life)
        self.one_view = 1.0 - math.exp(-1.0 / self.p.message_dose)
        self.youth_seconds = 0.0
        random = self.random.random  # the ordinary luck of a Mesa model, in place of the keyed one
        self.docility = {imam: random() for imam in self.twin.imams}
        rules.luck = lambda *_: random()
        rules.lucks = lambda *_: (random(), random(), random(), random())

    def step(self):
        self.twin.advance(self.levers)

    def all_youths(self, stage):
        """One stage of every youth's week."""
        getattr(self, "before_" + stage)()
        began = process_time()
        self.youths.do(stage)
        self.youth_seconds += process_time() - began

    def before_hear(self):
        p, twin = self.p, self.twin
        self.on_air = any(self.levers.clip_views)
        self.outreach = {
            imam: p.counsel_effect if imam.training == "trained" else p.appeal_effect
            for imam in twin.imams
            if imam.in_post(twin.week) and (imam.training == "trained" or twin.speaks_out(imam))
        }
        for cell in twin.cells:
            near = cell.based + p.propaganda_spill * sum(n.based for n in cell.neighbours)
            cell.propaganda_chance = p.propaganda_chance * (1.0 - math.exp(-near / p.propaganda_members))

    def before_reconsider(self):
        p = self.p
        self.sermons = {}
        for imam in self.twin.imams:
            drafted = self.docility[imam] < self.levers.drafted_sermons[imam.cell.region]
            self.sermons[imam] = (
                (imam.stance * (1.0 - p.draft_shift), imam.credibility * p.state_brand)
                if drafted
                else (imam.stance, imam.credibility)
            )


def kumakan_seconds(country, weeks, best_of):
    """Seconds of kumakan for a week, the best of several runs of so many."""
    best = math.inf
    for _ in range(best_of):
        run = country.copy()
        began = process_time()
        for _ in range(weeks):
            advance(run)
        best = min(best, (process_time() - began) / weeks)
    return best


def mesa_seconds(country, seconds):
    """Seconds of the Mesa objects for a week, for the youths' own steps in it, weeks lived, and the model."""
    model = MesaModel(country)
    model.step()  # the first week fills what is worked out once
    model.youth_seconds, weeks, began = 0.0, 0, process_time()
    while weeks < MESA_WEEKS or process_time() - began < seconds:
        model.step()
        weeks += 1
    return (process_time() - began) / weeks, model.youth_seconds / weeks, weeks, model


def apart(ours, theirs, week):
    """Standard deviation of the differences in attitude between the same youths, and both means of some columns.

    Youths who turned 36 made room for others, who are not the same persons in both.
    """
    pairs = [(a, b) for a, b in zip(ours, theirs, strict=True) if a.turns_36 >= week]
    out = {"attitudes_apart": math.sqrt(sum((a.attitude - b.attitude) ** 2 for a, b in pairs) / len(pairs))}
    for side, youths in (("kumakan", ours), ("mesa", theirs)):
        out[side] = {name: sum(getattr(y, name) for y in youths) / len(youths) for name in ("attitude", "grievance")}
    return out


def main():
    """Print a line for each number of youths."""
    parser = options(__doc__)
    parser.add_argument("--youths", type=int, nargs="+", default=[10_000, 100_000], help="about how many youths")
    parser.add_argument("--scenario", default=str(ROOT / "scenarios" / "baseline.yaml"))
    given = parser.parse_args()
    best_of, seconds = (1, 0.0) if given.toy else (BEST_OF, MESA_SECONDS)
    print(
        f"Mesa {mesa.__version__}, Python {sys.version.split()[0]}, {Path(given.scenario).stem}; youth-weeks per second"
    )
    row = "{:>9} {:>13} {:>12} {:>7} {:>13} {:>7} {:>9}"
    print(row.format("youths", "kumakan", "Mesa, week", "ratio", "Mesa, youths", "ratio", "weeks"))
    found = []
    for youths in [2_000] if given.toy else given.youths:
        scenario = load(given.scenario, [f"persons_per_youth={max(1, round(PERSONS / youths))}"])
        country = begin(scenario)
        for _ in range(EARLIER):
            advance(country)
        ours = kumakan_seconds(country, WEEKS, best_of)
        week, own, lived, model = mesa_seconds(country, seconds)
        for _ in range(lived + 1):  # as many weeks as the Mesa model
            advance(country)
        n = country.society.size
        speeds = [f"{n / seconds:,.0f}" for seconds in (ours, week, own)]
        ratios = [f"{seconds / ours:.0f}" for seconds in (week, own)]
        print(row.format(f"{n:,}", speeds[0], speeds[1], ratios[0], speeds[2], ratios[1], lived))
        noise = country.parameters.noise_sd
        compared = apart(of_country(country).youths, model.twin.youths, country.week)
        found.append({"youths": n, "weeks": lived + 1, "noise": noise, **compared})
    keep(given.json, {"sizes": found})


if __name__ == "__main__":
    main()
