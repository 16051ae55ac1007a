"""How many youth-weeks a second: kumakan against the same rules written as plain Mesa objects.

    python tests/benchmarks/mesa_objects.py [--youths 10000 100000] [--scenario FILE]

Both live the same weeks of the same country in this one process: kumakan the best of several runs, Mesa
once. On the Mesa side every youth is a `mesa.Agent` with attributes, a list of ties and a step of its own
in three stages, as one writes it in Mesa; luck is `model.random`; members, units, imams and cells are
objects that follow the rules of the plain twin. `AgentSet.do` is used, which is faster than `shuffle_do`.
Two figures are given for Mesa: the whole week, and the youths' own steps alone. kumakan always counts the
whole week, so the second ratio is the more cautious one. Seconds are those of the processor, so that other
work on the machine matters little.
"""

from __future__ import annotations

import argparse
import math
import sys
from pathlib import Path
from time import process_time
from types import SimpleNamespace

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

import mesa  # noqa: E402
from twin import week as rules  # noqa: E402
from twin.beginning import of_country  # noqa: E402
from twin.people import Youth  # noqa: E402

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
        self.attitude_next = self.attitude
        self.acquaintances = 0  # ties to members

    knows_members = Youth.knows_members

    def hear(self):
        """Messages reach the youth; what was felt before fades."""
        model, cell, imam = self.model, self.cell, self.imam
        p = model.p
        outreach = imam is not None and imam.training == "trained" and imam.in_post(model.twin.week)
        if not (self.recent or cell.clips or cell.propaganda_chance or outreach):
            return
        self.clips *= model.keep_clip
        self.propaganda *= model.keep_clip
        self.counsel *= model.keep_counsel
        if self.status != "killed":
            self.hear_anew(outreach)
        felt = self.clips + self.propaganda + self.counsel
        share = p.message_residue * felt
        self.lasting *= model.keep_lasting
        if abs(share) > abs(self.lasting):
            self.lasting = share
        self.recent = felt - share + self.lasting
        if abs(self.recent) < rules.FORGOTTEN:
            self.clips = self.propaganda = self.counsel = self.lasting = self.recent = 0.0

    def hear_anew(self, outreach):
        """What reaches the youth this week."""
        model, cell = self.model, self.cell
        p, random = model.p, model.random.random
        if cell.clips is not None and self.channels:
            views = 0.0
            for channel in self.channels:
                if random() < cell.clips.reach.get((channel, self.language), 0.0):
                    views += cell.clips.views[channel]
            if views:
                risk = self.settled if self.settled > 0.0 else 0.0
                effect = p.clip_effect * cell.trust / p.trust_mean
                effect += (p.clip_risk_effect + p.clip_shock_effect * cell.clips.shock) * risk
                self.clips += (effect - self.clips) * (1.0 - math.exp(-views * cell.clips.pull / p.message_dose))
                cell.happened("reached_clips", model.twin.ppy)
                if effect > 0.0:
                    cell.happened("backfired", model.twin.ppy)
        if cell.propaganda_chance and random() < cell.propaganda_chance:
            self.propaganda += (p.propaganda_effect - self.propaganda) * model.one_view
        if outreach and random() < p.outreach_chance:
            self.counsel += (p.counsel_effect - self.counsel) * model.one_view
            cell.happened("reached_sermons", model.twin.ppy)

    def reconsider(self):
        """The attitude moves towards ties, back to oneself, and towards the sermon; grievance fades."""
        model = self.model
        p = model.p
        peers = 0.0
        for tie in self.ties:
            peers += tie.attitude
        peers /= len(self.ties)
        settled = self.settled
        if self.status == "killed":
            self.settled = peers
        else:
            change = p.peer_pull * (peers - settled) + p.own_pull * (self.disposition - settled)
            change += model.random.gauss(0.0, p.noise_sd)
            imam = self.imam
            if imam is not None and imam.in_post(model.twin.week) and model.random.random() < p.weekly_attendance:
                target = p.sermon_span * (imam.stance - p.sermon_neutral)
                change += p.sermon_pull * imam.credibility * (target - settled)
            self.settled = settled + change
        self.attitude_next = self.settled + self.recent
        self.grievance *= model.keep_grievance

    def meet(self):
        """The youth may be approached, and one who was may join."""
        model, cell = self.model, self.cell
        self.attitude = self.attitude_next
        if self.status == "civilian":
            known = self.acquaintances
            if not (known or cell.at_random):
                return
            if self.refused_until is not None and self.refused_until > model.twin.week:
                return
            through_ties = 1.0 - math.exp(-model.per_link[cell.region] * known) if known else 0.0
            factor = model.p.women_approached if self.woman else 1.0
            u = model.random.random()
            if u >= factor * (through_ties + (1.0 - through_ties) * cell.at_random):
                return
            self.status, self.contact_week, self.contact_through = "approached", model.twin.week, "nobody"
            cell.happened("approached", model.twin.ppy)
            approaches = cell.recruiters
            if u < factor * through_ties:
                approaches = model.recruiters[cell.region]
                tie = model.random.choice([k for k, tie in enumerate(self.ties) if tie.status == "member"])
                self.contact_through = "kin" if tie in model.twin.kin_places else "friend"
            self.contact_group = model.random.choices(list(approaches), list(approaches.values()))[0]
        if self.status == "approached" and model.twin.decides_to_join(self):
            model.joining.append(self)


class Objects(rules.Twin):
    """The rest of the week: the twin's rules, with the youths' own ones left to the youths."""

    def messages(self):
        self.model.all_youths("hear")

    def attitudes(self):
        self.model.all_youths("reconsider")
        self.attitudes_now = [(y.cell.region, y.attitude_next, y.grievance) for y in self.youths]

    def approach(self):
        self.model.all_youths("meet")
        for youth in self.model.joining:
            self.enlist(youth, youth.contact_group)
        self.model.joining.clear()


class MesaModel(mesa.Model):
    """The country of a compiled one, as Mesa objects."""

    def __init__(self, country, seed=1):
        super().__init__(seed=seed)
        self.p = SimpleNamespace(**country.parameters.as_dict())
        self.twin = of_country(country)
        self.twin.__class__ = Objects
        self.twin.p, self.twin.model = self.p, self
        agents = [YouthAgent(self, youth) for youth in self.twin.youths]
        for agent in agents:
            agent.ties = [agents[tie.row] for tie in agent.ties]
            agent.kin = [agents[tie.row] for tie in agent.kin]
            for person in agent.people:
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
        self.joining, self.youth_seconds = [], 0.0
        random = self.random.random  # the ordinary luck of a Mesa model, in place of the keyed one
        rules.luck = lambda *_: random()
        rules.lucks = lambda *_: (random(), random(), random(), random())

    def step(self):
        self.twin.advance()

    def all_youths(self, stage):
        """One stage of every youth's week."""
        getattr(self, "before_" + stage)()
        began = process_time()
        self.youths.do(stage)
        self.youth_seconds += process_time() - began

    def before_hear(self):
        p = self.p
        for cell in self.twin.cells:
            near = cell.based + p.propaganda_spill * sum(n.based for n in cell.neighbours)
            cell.propaganda_chance = p.propaganda_chance * (1.0 - math.exp(-near / p.propaganda_members))

    def before_reconsider(self):
        pass

    def before_meet(self):
        p, twin = self.p, self.twin
        for youth in self.acquainted:
            youth.acquaintances = 0
        self.acquainted = []
        links = [0] * 9
        for member in {m.youth for m in twin.roster if m.state == "member" and m.youth is not None}:
            for tie in member.ties:
                tie.acquaintances += 1
                links[tie.cell.region] += 1
                self.acquainted.append(tie)
        self.recruiters = [{} for _ in rules.REGIONS]
        for cell in twin.cells:
            for group, count in cell.recruiters.items():
                region = self.recruiters[cell.region]
                region[group] = region.get(group, 0) + count
            approaches = sum(cell.recruiters.values()) * p.approaches_per_recruiter
            met = (1.0 - p.tie_share) * approaches / max(1, len(cell.youths) * twin.ppy)
            cell.at_random = min(met, p.approach_limit)
        self.per_link = [
            p.tie_share * sum(here.values()) * p.approaches_per_recruiter / max(1, known * twin.ppy)
            for here, known in zip(self.recruiters, links, strict=True)
        ]

    acquainted: tuple | list = ()


def kumakan_seconds(country, weeks):
    """Seconds of kumakan for a week, the best of several runs of so many."""
    best = math.inf
    for _ in range(BEST_OF):
        run = country.copy()
        began = process_time()
        for _ in range(weeks):
            advance(run)
        best = min(best, (process_time() - began) / weeks)
    return best


def mesa_seconds(country):
    """Seconds of the Mesa objects for a week, and for the youths' own steps in it."""
    model = MesaModel(country)
    model.step()  # the first week fills what is worked out once
    model.youth_seconds, weeks, began = 0.0, 0, process_time()
    while weeks < MESA_WEEKS or process_time() - began < MESA_SECONDS:
        model.step()
        weeks += 1
    return (process_time() - began) / weeks, model.youth_seconds / weeks, weeks


def main():
    """Print a line for each number of youths."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--youths", type=int, nargs="+", default=[10_000, 100_000], help="about how many youths")
    parser.add_argument("--scenario", default=str(ROOT / "scenarios" / "baseline.yaml"))
    given = parser.parse_args()
    print(
        f"Mesa {mesa.__version__}, Python {sys.version.split()[0]}, {Path(given.scenario).stem}; youth-weeks per second"
    )
    row = "{:>9} {:>13} {:>12} {:>7} {:>13} {:>7} {:>9}"
    print(row.format("youths", "kumakan", "Mesa, week", "ratio", "Mesa, youths", "ratio", "weeks"))
    for youths in given.youths:
        scenario = load(given.scenario, [f"persons_per_youth={max(1, round(PERSONS / youths))}"])
        country = begin(scenario)
        for _ in range(EARLIER):
            advance(country)
        ours = kumakan_seconds(country, WEEKS)
        week, own, lived = mesa_seconds(country)
        n = country.society.size
        speeds = [f"{n / seconds:,.0f}" for seconds in (ours, week, own)]
        ratios = [f"{seconds / ours:.0f}" for seconds in (week, own)]
        print(row.format(f"{n:,}", speeds[0], speeds[1], ratios[0], speeds[2], ratios[1], lived))


if __name__ == "__main__":
    main()
