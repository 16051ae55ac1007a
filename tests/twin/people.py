"""Who there is, a class per kind."""

from dataclasses import dataclass, field


@dataclass(eq=False)
class Cell:
    """A place of the map."""

    number: int
    region: int
    lon: float
    lat: float
    population: float
    urban_share: float
    district: str
    town_km: float
    borders: list  # countries it touches, by number
    neighbours: list = field(default_factory=list)  # cells
    places_around: list = field(default_factory=list)  # the eight directions, None where there is no cell
    youths: list = field(default_factory=list)
    persons: range = range(0)  # numbers of the people who live here, of whom a youth may stand next door
    imams: list = field(default_factory=list)
    insecurity: float = 0.0
    trust: float = 0.0
    trust_start: float = 0.0
    state_presence: float = 0.0
    state_start: float = 0.0
    hold: float = 0.0
    herding: float = 0.0  # share of villages that live from herding
    militia: dict = field(default_factory=dict)  # side -> how far it is armed
    grudge: dict = field(default_factory=dict)  # side -> clashes suffered that it remembers
    forces: float = 0.0  # effective companies
    by_command: dict = field(default_factory=dict)  # the same of each command alone
    gap: float = 0.0  # insecurity where few are posted yet
    answers: float = 0.0  # members found for each attack
    troops: float = 0.0
    searching: float = 0.0  # companies on patrol, by their propensity to abuse
    members: dict = field(default_factory=dict)  # Group -> persons based here
    recruiters: dict = field(default_factory=dict)
    attacks_now: dict = field(default_factory=dict)  # Group -> attacks this week
    flows: dict = field(default_factory=dict)  # what happened this week
    totals: dict = field(default_factory=dict)  # what happened so far

    def happened(self, name, count=1.0):
        """Count something that happened here this week."""
        self.flows[name] = self.flows.get(name, 0.0) + count

    def count(self, name):
        """How often it happened here this week."""
        return self.flows.get(name, 0.0)

    @property
    def based(self):
        """Members of all groups based here."""
        return sum(self.members.values())

    def __hash__(self):
        return self.number


@dataclass(eq=False, slots=True)
class Youth:
    """A person of 15 to 35, standing for so many alike."""

    row: int
    cell: Cell
    town: bool
    language: int
    imam: object  # Imam or None
    turns_36: int  # week
    ties: list = field(default_factory=list)
    kin: list = field(default_factory=list)  # those of the ties that are next of kin
    disposition: float = 0.0
    settled: float = 0.0
    attitude: float = 0.0
    clips: float = 0.0
    drama: float = 0.0
    propaganda: float = 0.0
    counsel: float = 0.0
    lasting: float = 0.0  # what lasts of messages
    recent: float = 0.0  # what messages add to the attitude
    moved: set = field(default_factory=set)  # in which directions clips have moved them
    grievance: float = 0.0
    woman: bool = False
    schooling: int = 0
    religious_schooling: int = 0
    livelihood: int = 0
    channels: set = field(default_factory=set)
    abuse_week: int | None = None
    stands_for: int = 1  # so many persons
    noticed: dict = field(default_factory=dict)  # place -> Someone, for those of them to whom anything happened

    def person(self, place):
        """One of the persons they stand for."""
        if place not in self.noticed:
            self.noticed[place] = Someone(self.row * self.stands_for + place, self)
        return self.noticed[place]

    @property
    def persons(self):
        """All persons they stand for."""
        return [self.person(place) for place in range(self.stands_for)]

    @property
    def silent(self):
        """Whether everybody they stand for was killed."""
        return sum(person.status == "killed" for person in self.noticed.values()) == self.stands_for


@dataclass(eq=False, slots=True)
class Someone:
    """One of the persons a youth stands for."""

    number: int
    youth: Youth
    status: str = "civilian"
    contact_group: object = None  # Group
    contact_through: str = "nobody"  # or friend, kin
    contact_week: int | None = None
    refused_until: int | None = None
    reason: str | None = None  # why they joined

    def knows(self):
        """Friends and relatives: the persons in the same place behind the youths who are tied."""
        place = self.number - self.youth.row * self.youth.stands_for
        return [tie.person(place) for tie in self.youth.ties]


@dataclass(eq=False, slots=True)
class Imam:
    """An imam at a mosque."""

    number: int
    cell: Cell
    stance: float
    credibility: float
    training: str  # none, in training, trained
    back_week: int
    away_until: int

    def in_post(self, week):
        """Whether he preaches: neither abroad for training nor driven away."""
        return self.training != "in training" and self.away_until <= week


@dataclass(eq=False, slots=True)
class Group:
    """An armed group."""

    number: int
    key: str
    founded: int
    ended: int
    founding_core: int
    foreign_share: float  # of the first members, and of those who come later
    parent_share: float  # of the core, from the parent
    home: list  # cells
    home_weight: list  # share of the first members in each of them
    experience: float = 0.0  # attacks that it and the groups it stems from have made
    fell: int | None = None  # first week in which the last loss of a leader is felt
    parent: object = None
    heir: object = None

    def alive(self, week):
        """Whether it exists in this week."""
        return self.founded <= week < self.ended

    def __hash__(self):
        return self.number


@dataclass(eq=False, slots=True)
class Person:
    """Somebody of the roster: a member, past or present, or one wrongly held."""

    number: int
    someone: Someone | None  # None: from abroad, or no longer followed
    group: Group | None  # None: wrongly held
    cell: Cell
    abroad: int | None  # country whose sanctuary they are in
    recruiter: bool
    state: str  # member, detained, killed, returned, gone
    since: int
    convicted: bool
    leader: bool = False

    @property
    def here(self):
        """An active member in Mali."""
        return self.state == "member" and self.abroad is None


@dataclass(eq=False, slots=True)
class Unit:
    """A security unit, deployed for some weeks."""

    number: int
    force: int
    base: Cell
    cell: Cell
    nominal: float
    strength: float
    mode: str  # static guard, patrol, response
    since: int
    until: int
    effectiveness: float
    abuse_factor: float
    patrol_share: float
    present: float  # the part of it that was there when it was last posted

    def deployed(self, week):
        """Whether it belongs to a deployment of this week."""
        return self.since <= week < self.until

    def there(self, week):
        """Whether any part of it is there."""
        return self.deployed(week) and self.present > 0.0
