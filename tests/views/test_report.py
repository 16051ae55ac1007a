"""The report says what was asked, found, paid and left open, in this order, and needs nothing but itself."""

import json
import re
from html.parser import HTMLParser
from importlib import import_module

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

import sim
from sim import cli
from sim.comparison.delivered import delivered, own_delivered
from sim.comparison.effects import effects
from sim.comparison.outcomes import LEDGER, SOUGHT
from sim.comparison.worth import cost_per_spared
from sim.engine.errors import InputError
from sim.engine.kept import sealed
from sim.measures import MEASURES
from sim.parameters import rows
from sim.scenario import Scenario
from sim.stores.run import Key
from sim.views.report import page, parts, pictures, report
from sim.views.report.answer import answer, by_outcome, covered, effect, in_force
from sim.views.words import delivery, measure, money
from tests.views.comparisons import comparison, of_measures

NOBODY = pd.DataFrame(columns=["scenario", "measure", "change", "delivered_nothing", "weeks"])
VOID = {"meta", "link", "br", "wbr", "img", "line", "circle"}


class Reader(HTMLParser):
    """What a page holds: the tags that are open where a text stands, all attributes, texts by tag."""

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.texts, self.ids = [], [], [], []
        self.feed(text)
        assert not self.open, "all tags are closed"

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.ids += [value for name, value in attrs if name == "id"]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append((self.open[-1] if self.open else "", data))

    def all(self, tag):
        return [attributes for name, attributes in self.tags if name == tag]

    def within(self, tag):
        return [text for where, text in self.texts if where == tag and text.strip()]

    @property
    def text(self):
        return re.sub(r"\s+", " ", "".join(text for where, text in self.texts if where != "style"))


@pytest.fixture(scope="module")
def compared(every_measure):
    return of_measures(every_measure, "joint_patrols", "imam_training", "sermon_drafting")


@pytest.fixture(scope="module")
def text(compared):
    return page(compared)


@pytest.fixture
def quick(monkeypatch):
    """Pages without the time that drawing maps takes."""
    monkeypatch.setattr(pictures, "map_effect", lambda *args, **more: None)
    monkeypatch.setattr(pictures, "embedded", lambda figure, about: "data:image/png;base64,")


def row(**changes):
    plain = {
        "scenario": "patrols", "outcome": "joined", "group": SOUGHT, "unit": "persons", "region": "Mali", "draws": 0,
        "seeds": 20, "mean": -40.0, "low": -90.0, "high": -3.0, "median": -30.0, "p5": -200.0, "p95": 50.0,
        "helped": 0.7, "harmed": 0.2, "nothing": 0.1, "better": "fewer", "baseline": "baseline", "baseline_mean": 400.0,
    }  # fmt: skip
    return {**plain, **changes}


def said(*rows):
    """The sentences of the answer for rows of effects."""
    table = pd.DataFrame(rows)
    return " ".join(answer("patrols", table, NOBODY, 550, 0.05).sentences)


# --- the answer ---------------------------------------------------------------------------------------------


def test_what_lies_on_one_side_of_zero_is_said_with_its_interval():
    assert "Better: fewer people who joined (−40; −90 to −3)." in said(row())
    assert "Worse: more people who joined (+40; +3 to +90)." in said(row(mean=40, low=3, high=90))
    trust = row(outcome="trust", unit="0..1", better="more", mean=-0.02, low=-0.03, high=-0.01)
    assert "Worse: lower trust in the security forces" in said(trust)


def test_what_includes_zero_is_nothing_that_can_be_told_from_luck():
    unclear = row(high=3.0), row(outcome="attacks", low=0.0, mean=4.0, high=9.0)
    assert said(*unclear) == "No effect can be told apart from luck in any of the 2 outcomes examined."
    text = said(*unclear, row(outcome="abuses", mean=0, low=0, high=0))
    assert "No effect that counts can be told apart from luck." in text
    assert "Not distinguishable from luck: people who joined and attacks by armed groups." in text
    assert "Better:" not in text


def test_over_draws_the_median_and_its_range_decide():
    assert "told apart from luck and uncertain parameters in the one outcome" in said(row(draws=30))
    clear = row(draws=30, p95=-1.0)
    assert "Better: fewer people who joined (−30; −200 to −1)." in said(clear)


def test_many_scenarios_are_answered_outcome_by_outcome_the_largest_effect_first():
    table = pd.DataFrame([
        row(scenario="a"), row(scenario="b", mean=-80, low=-90, high=-70), row(scenario="c", mean=9, low=1, high=17),
        row(scenario="d", high=3.0), row(scenario="e", mean=0, low=0, high=0), row(scenario="f", nothing=0.9),
    ])  # fmt: skip
    assert by_outcome("joined", table, {}) == (
        "People who joined",
        ["Better with b (−80) and a (−40).", "Worse with c (+9).", "Too small a difference to count with 1.",
         "The same as in the baseline, in every run, with 1.", "Not distinguishable from luck with 1 of 6 scenarios."],
    )  # fmt: skip


def test_an_effect_that_mostly_counts_as_nothing_is_too_small_to_count():
    text = said(row(nothing=0.9, helped=0.1, harmed=0.0))
    assert "Too small to count (mostly within 5 % of the baseline): fewer people who joined." in text
    assert "Better:" not in text


def test_an_exact_zero_is_told_apart_from_what_is_not_known():
    assert "The same as in the baseline in every run: people who joined." in said(row(mean=0, low=0, high=0))


def test_one_seed_tells_nothing_from_luck():
    nan = float("nan")
    text = said(row(seeds=1, low=nan, high=nan, p5=nan, p95=nan))
    assert "One seed gives no interval, so no effect can be told apart from luck." in text
    assert "Better:" not in text


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (5.5e9, "It costs 5.5 bn XOF (10 m USD) more than the baseline."),
        (-5.5e9, "It costs 5.5 bn XOF (10 m USD) less than the baseline."),
        (0.0, "It costs as much as the baseline."),
    ],
)
def test_the_price_is_said_in_both_currencies(more, words):
    assert words in said(row(outcome="cost", group=LEDGER, unit="XOF", better="none", mean=more, low=more, high=more))


def test_a_scenario_without_a_pair_of_runs_is_said_to_tell_nothing():
    table = pd.DataFrame([row()])
    assert "nothing can be said" in answer("other", table, NOBODY, 550, 0.05).sentences[0]


def test_what_the_intervals_do_not_cover_is_said():
    seeds, draws = pd.DataFrame([row(seeds=3)]), pd.DataFrame([row(draws=30)])
    text = " ".join(covered(seeds))
    assert "so their uncertainty is not covered" in text
    assert "3 seeds are few" in text
    text = " ".join(covered(draws))
    assert "cover luck and uncertain parameters, but not whether the rules of the model are right" in text
    assert "are few" not in text


def test_a_measure_that_acts_in_no_week_is_named_in_the_answer(compared):
    table = effects(compared.records, compared.baseline)
    given = delivered(compared.records, compared.baseline).assign(weeks=0, delivered_nothing=1.0)
    said = answer("joint_patrols", table, given, None, 0.01).sentences
    assert f"Acts in no week of the run: {measure('joint_patrols')}." in said
    assert not any("Delivered nothing" in sentence for sentence in said)


def test_a_measure_that_delivered_nothing_is_named_in_the_answer(text):
    assert f"Delivered nothing in any run: {measure('sermon_drafting')}." in Reader(text).text


# --- the page -----------------------------------------------------------------------------------------------


def test_the_parts_of_the_page_stand_in_order(text):
    read = Reader(text)
    order = ["question", "answer", "scenarios", "effects", "maps", "harm", "uncertain", "reproduce"]
    assert read.ids == order, "and no other id, so that none is there twice"
    assert read.all("html") == [{"lang": "en"}]
    assert read.within("title") == ["imam_training, joint_patrols and sermon_drafting compared with baseline"]
    assert {link["href"].removeprefix("#") for link in read.all("a")} <= set(order)
    assert "12 draws of parameters, 1 seed each" in read.text
    for words in ("No outcome evaluation was found", "Responsible use", "What joint_patrols is."):
        assert words in read.text
    assumed = sum(row.quality == "assumed" for row in rows().values())
    assert f"{assumed} are assumed ({round(100 * assumed / len(rows()))} %)" in read.text


def test_the_page_loads_nothing(text):
    assert not re.search(r"https?:|//[a-z]|url\(|@import", re.sub(r"base64,[\w+/=]+", "", text))
    read = Reader(text)
    assert not read.all("script")
    assert [link["href"] for link in read.all("link")] == ["data:,"]
    assert all(image["src"].startswith("data:image/") for image in read.all("img"))


def test_every_effect_on_mali_has_a_line_with_its_numbers_and_shares(compared, text):
    table = effects(compared.records, "baseline")
    nation = table[(table["region"] == "Mali") & table["mean"].notna()]
    read = Reader(text)
    for one in nation.to_dict("records"):
        shown = effect(one, 550)
        assert shown.middle in read.text
        assert not shown.interval or shown.interval in read.text
    lines = re.findall(r'<tr><th scope="row">.*?</th><td class="[\w ]+">.*?</tr>', text)
    lines = [line for line in lines if "<small>" in line or "svg" in line or 'colspan="3"' in line]
    assert len(lines) >= len(nation)


def test_every_region_has_its_effects_in_a_table(text):
    tables = re.findall(r'<table class="regional">.*?</table>', text, re.DOTALL)
    assert len(tables) == 3
    for one in tables:
        assert one.count('scope="col"') == 10
        assert one.count('<td class="number">') == 3 * 9


def test_cells_of_tables_have_headings(text):
    read = Reader(text)
    assert len(read.all("caption")) == len(read.all("table")) > 8
    assert all(heading.get("scope") in ("col", "row", "rowgroup") for heading in read.all("th"))


def test_maps_say_in_words_what_they_show(text):
    lead, *images = Reader(text).all("img")
    assert lead["alt"].startswith("Effects of 3 scenarios on Mali, with intervals: ")
    assert re.search(r"joint_patrols, abuses by security forces: [+−\d]", lead["alt"]), "the ledger, too"
    *first, image = sorted(images, key=lambda image: image["alt"].startswith("Lines"))
    assert image["alt"].startswith("Lines of each scenario minus baseline, added up week by week. At the end:")
    assert "joint_patrols, people who joined: " in image["alt"]
    assert first
    for image in first:
        assert re.match(r"Map of Mali by region\. .*: \w+ minus baseline, \w+, whole run\. Kayes [+−\d]", image["alt"])
        assert all(region in image["alt"] for region in ("Gao", "Bamako"))


def test_what_a_person_kept_from_joining_costs_is_told_only_where_any_are_shown_to_be(compared):
    lines = {line["scenario"]: line for line in parts.worth(compared, 550.0)}
    table = cost_per_spared(compared.records, "baseline").set_index("scenario")
    assert lines.keys() <= set(table.index)
    for name, line in lines.items():
        assert line["verdict"] == table.loc[name, "verdict"]
        assert (line["each"] == "–") == (line["verdict"] != "spared at a cost")


def test_how_many_draws_would_do_and_what_the_same_luck_saves_is_said(text):
    assert re.search(r"\d+ draws (would )?give the mean effect on joining in every scenario to within \d+ %", text)
    assert "Scenarios and baseline share their random numbers." in text


def test_the_measures_of_the_baseline_say_what_they_delivered(every_measure):
    names = ("joint_patrols", "imam_training")
    turned = of_measures(every_measure, *names)
    turned = turned._replace(baseline="joint_patrols", manifest={**turned.manifest, "baseline": "joint_patrols"})
    own = own_delivered(turned.records["joint_patrols"])["joint_patrols"]
    measures = page(turned).partition('id="scenarios"')[2].partition('id="effects"')[0]
    assert delivery(own) in measures
    assert money(own["cost_xof"], 550.0) in measures


def test_maps_are_left_out_where_there_are_many_scenarios_but_every_line_is_there(every_measure):
    text = page(of_measures(every_measure, *MEASURES))
    read = Reader(text)
    assert len(read.all("img")) == 1, "all effects in one figure"
    assert not any(word in read.text for word in ("No description.", "planned:"))
    assert read.within("title") == [f"{len(MEASURES)} scenarios compared with baseline"]
    for key in MEASURES:
        assert f">{measure(key)}</th><td" in text
        assert MEASURES[key].title in read.text


def test_what_a_scenario_does_is_told_in_words(text, compared):
    read = Reader(text)
    measure = MEASURES["joint_patrols"]
    for words in (measure.title, "all regions", "2012-01-02 to the end", "100 % of the full measure",
                  f"planned: 10 {measure.delivers}", "delivered nothing"):  # fmt: skip
        assert words in read.text


def test_settings_that_are_not_the_usual_ones_are_told(every_measure, quick):
    records = of_measures(every_measure, "joint_patrols").records
    setting = {"joint_patrols": {"patrols": 33, "regions": ["Gao", "Mopti"], "intensity": 0.5, "end": "2016-01-04",
                                 "when": {"observable": "attacks", "above": 5}}}  # fmt: skip
    read = Reader(page(comparison(records, measures={"joint_patrols": setting})))
    for words in ("patrols out at a time: 33", "Mopti, Gao", "50 % of the full measure", "to 2016-01-04",
                  "only while attacks in Mali over 13 weeks are above 5"):  # fmt: skip
        assert words in read.text


def test_a_measure_left_out_is_told_as_such(every_measure, quick):
    records = of_measures(every_measure, "joint_patrols").records
    turned = {"joint_patrols": records["joint_patrols"], "baseline": records["baseline"]}
    read = Reader(page(comparison(turned, measures={"joint_patrols": {"joint_patrols": {}}})))
    assert f"{MEASURES['joint_patrols'].title} (left out)" in read.text
    assert "baseline compared with joint_patrols" in read.text


def test_a_scenario_of_which_no_run_was_finished_is_still_told(every_measure, quick):
    given = of_measures(every_measure, "joint_patrols", "imam_training")
    read = Reader(page(given._replace(records={**given.records, "imam_training": {}})))
    assert "None of its runs has a finished run of the baseline beside it: nothing can be said." in read.text
    assert MEASURES["imam_training"].title in read.text
    assert "The same measures as in baseline" not in read.text


def test_names_and_descriptions_are_written_as_text_and_never_as_code(every_measure, quick):
    records = of_measures(every_measure, "joint_patrols").records
    evil = "<script>alert(1)<b>&"
    renamed = {"base<i>": records["baseline"], evil: records["joint_patrols"]}
    text = page(comparison(renamed, {evil: "</dd></html><img src='http://x.org'> & so on"}, command="kumakan <u>"))
    read = Reader(text)
    assert not read.all("script") + read.all("b") + read.all("i") + read.all("u")
    assert all("src" not in a or a["src"].startswith("data:") for a in read.all("img"))
    assert evil in read.text
    assert "</dd></html><img src='http://x.org'> & so on" in read.text


def test_the_same_runs_give_the_same_page(compared, text):
    assert page(compared) == text, "with its maps, to the last byte"


def test_every_run_is_named_with_its_digest_and_large_batches_with_one_for_each_scenario(
    compared, text, quick, monkeypatch
):
    read = Reader(text)
    for one in compared.manifest["runs"]:
        assert one["digest"] in read.text
    assert "kumakan compare a.yaml b.yaml" in read.text
    monkeypatch.setattr(parts, "MOST_RUNS", 10)
    short = Reader(page(compared)).text
    assert not any(one["digest"] in short for one in compared.manifest["runs"])
    assert all(settings["digest"] in short for settings in compared.manifest["scenarios"].values())


def test_digests_are_not_given_where_the_program_cannot_repeat_the_runs(compared, quick, monkeypatch):
    monkeypatch.setattr(import_module("sim.views.report.page"), "sources_digest", lambda: "another")
    for runs in compared.records.values():
        for record in runs.values():
            monkeypatch.setitem(record.about, "run", {"sources": "those of then"})
    text = Reader(page(compared)).text
    assert "another state of the program" in text
    assert not any(one["digest"] in text for one in compared.manifest["runs"])


def test_runs_that_failed_and_comparisons_that_were_not_finished_are_told(compared, quick):
    failed = {"scenario": "joint_patrols", "seed": 2, "draw": 0, "state": "failed", "digest": "",
              "error": "no recruiters left", "repeat": "kumakan run it"}  # fmt: skip
    manifest = {**compared.manifest, "state": "interrupted", "runs": [*compared.manifest["runs"], failed]}
    text = Reader(page(compared._replace(manifest=manifest))).text
    assert "Not complete: 1 run failed; the comparison was not finished" in text
    assert "no recruiters left. To repeat it: kumakan run it" in text


def test_seeds_are_reported_as_seeds(every_measure, quick):
    read = Reader(page(of_measures(every_measure, "joint_patrols", by_seed=True)))
    assert "The scenario was run with 12 seeds and compared with baseline under the same seeds." in read.text
    assert "Draws of parametersnone" in read.text
    assert "so their uncertainty is not covered" in read.text


# --- files --------------------------------------------------------------------------------------------------


@pytest.fixture
def store(compared, quick, tmp_path):
    """A results folder of two scenarios under draws 1 to 3."""
    manifest = json.loads(json.dumps(compared.manifest))
    manifest["draws"] = [1, 2, 3]
    manifest["scenarios"] = {name: manifest["scenarios"][name] for name in ("baseline", "joint_patrols")}
    for name, settings in manifest["scenarios"].items():
        for draw in manifest["draws"]:
            kept = compared.records[name][Key(draw, 1)]
            folder = kept.save(tmp_path / "store" / "runs" / name / f"seed-1-draw-{draw}")
            there = json.loads((folder / "manifest.json").read_text())
            there["run"] = {"scenario_digest": settings["digest"]}
            (folder / "manifest.json").write_text(sealed(there))
    (tmp_path / "store" / "manifest.json").write_text(sealed(manifest))
    return tmp_path / "store"


def kumakan(*args):
    return CliRunner().invoke(cli.kumakan, [str(a) for a in args], prog_name="kumakan")


def test_the_report_stands_in_the_folder_or_where_it_is_asked_for(store, tmp_path):
    assert report(store) == store / "report.html"
    done = kumakan("report", store, "--out", tmp_path / "new" / "mine.html")
    assert (done.exit_code, done.output) == (0, f"Report: {tmp_path / 'new' / 'mine.html'}\n")
    assert (tmp_path / "new" / "mine.html").read_bytes() == (store / "report.html").read_bytes()
    assert [file.name for file in (tmp_path / "new").iterdir()] == ["mine.html"]
    assert "3 draws of parameters, 1 seed each" in (store / "report.html").read_text(encoding="utf-8")


def test_a_folder_that_was_moved_can_be_reported_on(store, tmp_path):
    before = report(store).read_bytes()
    assert report(store.rename(tmp_path / "elsewhere")).read_bytes() == before


def test_runs_of_other_settings_are_not_mixed_in(store):
    file = store / "runs" / "joint_patrols" / "seed-1-draw-2" / "manifest.json"
    file.write_text(sealed({**json.loads(file.read_text()), "run": {"scenario_digest": "another"}}))
    assert "2 draws of parameters, 1 seed each" in report(store).read_text(encoding="utf-8")


def test_folders_without_a_comparison_are_refused(store, tmp_path):
    manifest = json.loads((store / "manifest.json").read_text())

    def refused(folder, words):
        done = kumakan("report", folder)
        assert done.exit_code == 2
        assert words in done.stderr
        assert len(done.stderr.splitlines()) == 1

    refused(
        tmp_path / "none", "is not a folder; a report is made from a folder or store that kumakan compare has written"
    )
    (tmp_path / "empty").mkdir()
    refused(tmp_path / "empty", "holds no comparison")
    refused(store / "runs" / "baseline" / "seed-1-draw-1", "holds no comparison")
    alone = {"baseline": manifest["scenarios"]["baseline"]}
    (store / "manifest.json").write_text(sealed({**manifest, "scenarios": alone}))
    refused(store, "only one scenario")
    (store / "manifest.json").write_text(sealed({**manifest, "seeds": [7]}))
    refused(store, "no scenario and the baseline have finished the same run")
    assert not (store / "report.html").exists()


def test_a_file_that_cannot_be_written_is_told(store, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="name another file with --out"):
        report(store, tmp_path / "file" / "report.html")


def test_a_place_in_a_picture_lies_within_it(compared):
    table = effects(compared.records, "baseline")
    for group in (SOUGHT, LEDGER):
        for block in parts.blocks(table, group, 550):
            for line in block["lines"]:
                places = np.array([line["zero"], *line["marks"]])
                assert ((places >= 0) & (places <= parts.WIDTH)).all()


def test_a_report_is_made_from_a_store_too(tmp_path):
    short = {"end": "2012-02-06", "persons_per_youth": 2000}
    scenarios = [Scenario.of({"name": "base", **short}),
                 Scenario.of({"name": "patrols", **short, "measures": {"joint_patrols": True}})]  # fmt: skip
    place = str(tmp_path / "store")
    batch = sim.compare(scenarios, seeds=2, store=place, out=tmp_path / "out", workers=1)
    text = Reader(report(place).read_text(encoding="utf-8")).text
    assert batch.rows[0].digest[:12] in text
    assert "patrols" in text
    with pytest.raises(InputError, match="name a file for the report with --out"):
        report("memory://somewhere")


def test_of_many_regions_that_are_worse_off_the_worst_are_named(every_measure):
    table = sim.comparison.effects.effects(
        {name: runs for name, runs in every_measure.items() if name in ("baseline", "economic_growth")}, "baseline"
    )
    lines = parts.worse_regions(table, {"economic_growth": "growth"})
    rows = table[(table["outcome"] == "joined") & (table["region"] != "Mali")]
    [line] = [line for line in lines if line.startswith("growth, more people who joined: ")]
    worst = rows.loc[rows["median"].abs().idxmax(), "region"]
    assert line.partition(": ")[2].startswith(worst)
    assert line.endswith("and 6 more regions")
    assert line.count("(") == parts.MOST_WORSE


def test_the_answer_counts_the_comparisons_of_the_window_that_it_speaks_of():
    """Verdicts are corrected within a window, so those over the whole run do not count here."""
    row = {"scenario": "patrols", "outcome": "abuses", "verdict": "worse", "weeks": 254, "mean": 207.0, "low": 90.0,
           "high": 326.0, "unit": "events", "better": "fewer", "q": 0.02}  # fmt: skip
    others = [{**row, "outcome": name, "verdict": "not shown"} for name in ("joined", "attacks")]
    windows = [{**one, "window": window} for one in (row, *others) for window in ("whole run", "in force")]
    [said] = in_force("patrols", pd.DataFrame(windows))
    assert said.startswith("While in force (254 weeks), corrected for 3 comparisons: worse: ")
    assert "+207; +90 to +326" in said
    assert in_force("another", pd.DataFrame(windows)) == []
