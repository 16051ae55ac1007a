"""Every parameter of every measure moves something, over its whole range, in a setting where it must.

A parameter that leaves every outcome bit for bit as it was, at one end of its range as at the other, is not wired to
anything: the measure only has it in name.
"""

import re
from functools import cache
from pathlib import Path

import numpy as np
import pytest

import sim
from sim.measures import MEASURES
from sim.parameters import rows
from sim.week import run

TABLE = rows()

HALF_A_YEAR = {"start": "2015-01-05", "end": "2015-07-06"}
A_YEAR_AND_MORE = {"start": "2015-01-05", "end": "2016-03-07"}

BUSY = {  # inside the ranges of the table, so that few youths see much of everything
    "attack_rate": 0.03, "raid_rate": 0.01, "communal_rate": 4.0, "h0": 0.05, "approaches_per_recruiter": 12.0,
    "approach_limit": 0.058, "wrongful_share": 0.5, "propaganda_chance": 0.3, "abuse_per_op": 1.0, "flee_chance": 0.5,
    "cross_chance": 0.8, "silencing_chance": 0.012, "give_up_chance": 0.008, "detection": 0.01, "clip_fatigue": 0.05,
    "sharing_delay": 0.5, "command_delay": 0.5, "border_effect": 0.234, "conviction_chance": 0.0126,
    "job_turn_weeks": 13.0,
}  # fmt: skip
"""Parameters of the world, and of measures where one has to be away from "no effect" for another to be seen."""

MANY = {key: {"start_members": 1500} for key in ("aqim", "mourabitoun", "ansar_dine", "macina")}

FULL = {  # settings with which a measure is done as far as it can be
    "bamako_plan": {"sites_covered": 120, "cameras": 400, "towns": ["Bamako", "Mopti", "Koulikoro", "Kayes"]},
    "community_policing": {"share_of_officers": 1.0},
    "coordination": {"partners_taking_part": 0.5},
    "economic_growth": {"places_per_year": 2_000_000},
    "imam_training": {"imams": 9000, "cohort_size": 3000, "course_weeks": 4, "weeks_between_cohorts": 4},
    "intervention_protocol": {"reach_km": 2000, "share_of_responses": 1.0},
    "joint_patrols": {"patrols": 300, "pursuit": 1.0},
    "joint_training": {"soldiers_per_year": 50_000},
    "judicial_pole": {"cases_per_year": 20_000, "judges": 2000, "investigators": 5000},
    "mali_kuma_kan": {"tv": {"capacity": 1, "coverage": 1}, "facebook": {"capacity": 1}, "end": "2015-03-30"},
    "national_reconciliation": {"dialogues_per_year": 2000},
    "operations_centre": {"hours_covered": 0.5},
    "peace_agreement": {"done": [{"after_weeks": 2, "commitments": 30}, {"after_weeks": 100, "commitments": 70}]},
    "radio_drama": {"listeners": 1.0, "season_weeks": 6, "pause_weeks": 6},
    "religious_leaders": {"share_speaking": 1.0, "share_protected": 1.0},
    "school_reform": {"schools": 1.0, "media_literacy": 1.0, "extra_year": 1.0},
    "security_restoration": {"posts": 100_000},
    "sermon_drafting": {"share_following": 1.0},
    "social_development": {"coverage": 1.0},
    "women_and_civil_society": {"groups": 5000},
}

WORLDS = {  # measure, or measures -> its parameters
    "adaptive_strategy": [],
    "bamako_plan": ["site_effect", "site_displaced", "guard_success"],
    "community_policing": ["policing_trust", "policing_tips", "policing_attacks"],
    "coordination": ["command_overlap"],
    "economic_growth": ["job_full", "job_support", "job_early", "job_turn_weeks", "job_takeup"],
    "imam_training": ["training_stance_shift", "training_credibility", "training_completion", "outreach_chance",
                      "counsel_effect", "counsel_half_life"],
    "intelligence_sharing": ["sharing_delay", "information_delay"],
    "international_forces": ["un_rebel", "un_state", "un_communal", "un_companies", "foreign_support"],
    "intervention_protocol": ["command_delay", "command_gain", "response_deterrence", "harm_delay", "arrest_delay"],
    "joint_patrols": ["border_effect", "border_displaced", "zone_attacks", "pursuit_hazard", "joint_patrol_abuse",
                      "joint_patrol_effectiveness", "partner_overlap"],
    "joint_training": ["drill_abuse", "drill_effectiveness", "drill_half_life"],
    "judicial_pole": ["ordinary_courts", "pole_clearing", "conviction_deterrence", "investigation_exposure"],
    "mali_kuma_kan": ["clip_effect", "clip_risk_effect", "clip_shock_effect", "clip_moved", "clip_half_life",
                      "clip_fatigue", "message_dose", "message_residue", "residue_half_life", "religious_content",
                      "active_format"],
    "national_reconciliation": ["reconciliation_tension"],
    "operations_centre": ["centre_delay", "centre_dispatch", "wrong_unit"],
    "peace_agreement": ["agreement_attacks", "agreement_violence", "agreement_inflow", "agreement_information",
                        "agreement_spoilers"],
    "radio_drama": ["drama_effect", "drama_dose", "drama_half_life", "drama_tips", "drama_trust"],
    "religious_leaders": ["appeal_effect", "appeal_tension", "speaking_exposure", "protection_effect"],
    "school_reform": ["school_support", "school_join", "inoculation"],
    "security_restoration": ["restoration_return", "restoration_goal"],
    "sermon_drafting": ["draft_shift", "state_brand"],
    "social_development": ["aid_contested", "aid_held"],
    "strong_institutions": ["institutions_trust", "institutions_abuse"],
    "women_and_civil_society": ["family_lapse", "family_exit", "family_referral"],
}  # fmt: skip
OTHERWISE = {  # parameters that act only with other settings, other measures beside it, or after a year
    "policing_reform_trust": ("community_policing", {"reform": True}, {}),
    "policing_abuse": ("community_policing", {"reform": True}, {}),
    "job_training_only": ("economic_growth", {"mode": "training"}, {}),
    "cash_early": ("economic_growth", {"mode": "cash"}, {}),
    "cash_late": ("economic_growth", {"mode": "cash"}, {}),
    "cash_turn_weeks": ("economic_growth", {"mode": "cash"}, {}),
    "job_weeks": ("economic_growth", {"end": "2015-03-02"}, {**A_YEAR_AND_MORE}),
    "programme_sabotage": ("social_development", {}, {**A_YEAR_AND_MORE}),
    "school_voice_support": ("school_reform", {"civic_role": True}, {}),
    "school_voice_join": ("school_reform", {"civic_role": True}, {}),
    "relief_rate": ("social_development", {}, {"persons_per_youth": 200}),  # fewer persons to a youth, more are wronged
    "aid_doubtful": ("social_development", {"sector": "schools_and_economy"}, {}),
    "women_implementation": ("women_and_civil_society", {}, {"also": "peace_agreement"}),
    "interaction": ("social_development", {}, {"also": "judicial_pole"}),
    "transport_sahel": ("radio_drama", {}, {}),
    "transport_africa": ("imam_training", {}, {}),
    "transport_west": ("judicial_pole", {}, {}),
}
NO_EFFECTS = {  # read by measures, but not the size of what one does
    "share_15_35", "imams", "imam_stance_power", "moderate_stance", "unit_persons", "kappa_att",
}  # fmt: skip
CASES = {
    **{name: (key, {}, {}) for key, names in WORLDS.items() for name in names},
    **OTHERWISE,
    **{name: (name.removeprefix("fidelity_"), {}, {}) for name in TABLE if name.startswith("fidelity_")},
}


@cache
def outcomes(key: str, settings: tuple, world: tuple, name: str, value: float) -> np.ndarray:
    """All observables by week and region but what measures deliver and cost."""
    world = dict(world)
    chosen = {key: {**FULL.get(key, {}), **dict(settings)}}
    if "also" in world:
        other = world.pop("also")
        chosen[other] = FULL.get(other, {})
    if key in ("coordination", "adaptive_strategy"):
        chosen["international_forces"] = True
    as_planned = {f"fidelity_{one}": 1.0 for one in chosen if f"fidelity_{one}" in TABLE}
    scenario = sim.Scenario.of({
        "name": "moved", "persons_per_youth": 5000, **HALF_A_YEAR, **world, "measures": chosen,
        "groups": MANY, "parameters": {**BUSY, **as_planned, name: value},
    })  # fmt: skip
    record = run(scenario)
    return np.stack([record[o] for o in record.names if not o.startswith(("delivered_", "cost_"))])


@pytest.mark.parametrize("name", sorted(CASES))
def test_it_moves_some_outcome_somewhere(name):
    key, settings, world = CASES[name]
    row = TABLE[name]
    low, high = (outcomes(key, tuple(settings.items()), tuple(world.items()), name, end) for end in (row.low, row.high))
    assert (low != high).any()


def test_no_parameter_of_a_measure_is_left_out():
    code = "\n".join(file.read_text(encoding="utf-8") for file in Path("sim/measures").glob("*.py"))
    read = set(re.findall(r"\b(?:p|parameters)\.([a-z_0-9]+)\b", code)) & set(TABLE)
    assert read - NO_EFFECTS <= set(CASES)
    assert set(WORLDS) == set(MEASURES)
    assert {key for key, _, _ in CASES.values()} == set(MEASURES)
