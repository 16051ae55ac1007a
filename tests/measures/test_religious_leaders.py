"""Religious leaders: who speaks out, who is protected, and what else appeals do."""

import numpy as np
import pytest

from sim.population.imams import TRAINED, speakers
from sim.processes.messages import messages
from sim.processes.violence import violence
from tests.measures.acting import begun, by_region, lived

KEY = "religious_leaders"


def test_the_levers_move_by_their_size():
    settings = {"share_speaking": 0.4, "share_protected": 0.5, "intensity": 0.5, "regions": ["Ségou", "Mopti"]}
    effects = {"protection_effect": 0.3, "appeal_tension": 0.12}
    country = begun(KEY, {**effects}, **settings)
    levers, chosen = country.levers, np.isin(np.arange(9), [3, 4])
    np.testing.assert_allclose(levers.speaking_out, np.where(chosen, 0.2, 0.0))
    np.testing.assert_allclose(levers.imam_threats, np.where(chosen, 1 - 0.25 * 0.3, 1.0))
    np.testing.assert_allclose(by_region(levers.communal_violence), np.where(chosen, np.exp(0.12 * 0.2), 1.0))


def test_protection_may_mark_a_man():
    country = begun(KEY, {"protection_effect": -0.15}, share_protected=1.0)
    np.testing.assert_allclose(country.levers.imam_threats, 1.15)


def test_delivered_are_those_who_speak_within_the_luck_of_the_draw():
    country = begun(KEY, share_speaking=0.3)
    imams, region = country.imams, country.grid.region
    imams.training[::5] = TRAINED
    imams.away_until[1::5] = 10
    p = country.parameters
    speaks = speakers(imams, region, country.levers.speaking_out, p.moderate_stance, country.seed, 0)
    delivered = country.measures[0].report(country).count
    assert delivered.sum() == pytest.approx(speaks.sum(), abs=4.5 * np.sqrt(0.7 * delivered.sum()))
    assert not speaks[::5].any()


def test_the_cost_is_that_of_speakers_and_of_the_protected():
    settings = {
        "share_speaking": 0.2,
        "share_protected": 0.1,
        "cost_per_speaker_week": 10,
        "cost_per_protected_week": 7,
    }
    country = begun(KEY, intensity=0.5, **settings)
    moderate = (country.imams.stance < country.parameters.moderate_stance).sum()
    everyone = country.imams.cell.size
    expected = 0.5 * (0.2 * moderate * 10 + 0.1 * everyone * 7)
    assert country.measures[0].report(country).cost_xof.sum() == pytest.approx(expected)


def test_youths_hear_those_who_speak_out():
    country = begun(KEY, ppy=1000, share_speaking=0.5, regions=["Mopti"])
    messages(country)
    p, society = country.parameters, country.society
    speaks = speakers(
        country.imams, country.grid.region, country.levers.speaking_out, p.moderate_stance, country.seed, 0
    )
    hearers = np.append(speaks, False)[society.imam].sum()
    heard = country.flow("reached_sermons").sum() / 1000
    assert hearers > 50
    assert heard == pytest.approx(hearers * p.outreach_chance, abs=4.5 * np.sqrt(hearers * p.outreach_chance))
    assert not country.flow("reached_sermons")[country.grid.region != 4].any()


@pytest.mark.parametrize(("effect", "sign"), [(0.1, 1), (-0.1, -1)])
def test_what_they_say_moves_attitudes_either_way(effect, sign):
    """Two months of everybody speaking out; the sign of the effect is the sign of the change."""
    asked = {"appeal_effect": effect, "outreach_chance": 0.6}
    spoken = lived(begun(KEY, asked, world={"end": "2012-03-05"}, share_speaking=1.0))
    silent = lived(begun("", asked, world={"end": "2012-03-05"}))
    change = (spoken["attitude_mean"][-1] - silent["attitude_mean"][-1]) @ silent.weights["youths"]
    assert np.sign(change) == sign
    assert 0.01 < abs(change) / silent.weights["youths"].sum() < 0.1


def silenced(parameters, **settings):
    """Imams silenced in a week in which groups are everywhere."""
    always = {"silencing_chance": 0.1, "speaking_exposure": 1.0}
    country = begun(KEY if settings else "", {**always, **parameters}, **settings)
    country.members[0] = 1
    violence(country)
    return country.flow("imams_silenced").sum()


def test_protection_averts_threats_or_draws_them():
    none = silenced({})
    averted = silenced({"protection_effect": 0.55}, share_protected=1.0, share_speaking=0.0)
    drawn = silenced({"protection_effect": -0.15}, share_protected=1.0, share_speaking=0.0)
    assert none > 1000
    assert averted == pytest.approx(0.45 * none, rel=0.1)
    assert drawn == pytest.approx(1.15 * none, rel=0.05)
    assert averted < none < drawn


def test_who_speaks_out_is_silenced_sooner():
    none = silenced({})
    exposed = silenced({"speaking_exposure": 2.5}, share_speaking=1.0, share_protected=0.0)
    assert exposed == pytest.approx(2.5 * none, rel=0.05)


def test_appeals_raise_tension_between_communities_at_the_size_of_the_trial():
    """Where all speak out clashes are exp(tension) times as many; more is never fewer in any place."""
    counts = []
    for share in (0.0, 1.0):
        parameters = {"appeal_tension": 0.15, "communal_rate": 4000.0}
        country = begun(KEY, parameters, share_speaking=share, share_protected=0.0)
        country.insecurity[:] = 0.9
        violence(country)
        counts.append(country.flow("clashes").copy())
    without, tense = counts
    assert without.sum() > 5000
    assert (tense >= without).all()
    assert tense.sum() == pytest.approx(np.exp(0.15) * without.sum(), rel=0.02)
