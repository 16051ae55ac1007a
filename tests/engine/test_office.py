"""What French keyboards, Windows and word processors write is refused with the right spelling, or read as meant."""

import io
import math
import unicodedata

import pandas as pd
import pytest
from click.testing import CliRunner
from rich.console import Console

from sim import cli
from sim.engine.checks import yes
from sim.engine.errors import InputError
from sim.engine.office import as_csv, bare_number, iso_day
from sim.scenario import Scenario, load
from sim.stores.run import Row
from sim.sweeps.file import load_sweep
from sim.views.tables import show_failures

TEXT = "description: écrit à Ségou\nmeasures:\n  joint_patrols: {regions: [Ségou, Mopti], intensity: 0.5}\n"


@pytest.fixture
def said(tmp_path):
    """What is said about a file with these bytes."""

    def said(content):
        (tmp_path / "s.yaml").write_bytes(content if isinstance(content, bytes) else content.encode())
        with pytest.raises(InputError) as caught:
            load(tmp_path / "s.yaml")
        return str(caught.value).removeprefix(f"{tmp_path}/")

    return said


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("0,5", "0.5"), ("“0.5”", "0.5"), ("50 %", "0.5"), ("50\u202f%", "0.5"), ("12,5 %", "0.125"), (",5", "0.5"),
        ("0.5 ", "0.5"), ("'0,25'", "0.25"),
    ],
)  # fmt: skip
def test_a_share_is_offered_as_a_bare_number(written, meant):
    assert bare_number(written, 0, 1, False).endswith(f": {meant}")


def test_thousands_are_read_where_only_whole_numbers_can_stand():
    assert bare_number("1 000", 0, math.inf, True).endswith(": 1000")
    assert bare_number("1\u00a0000", 0, math.inf, True).endswith(": 1000")
    assert bare_number("1,000", 0, math.inf, True).endswith(": 1000")
    assert bare_number("1,000", 0, math.inf, False) == "; write a decimal point, and no commas", "it may be one"
    assert bare_number("2,5", 0, math.inf, True).endswith("quotes")
    assert bare_number("half", 0, 1, False) == ""


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("05/01/2015", "2015-01-05"), ("5.1.2015", "2015-01-05"), ("01/25/2015", "2015-01-25"),
        ("2015-1-5", "2015-01-05"), ("2015/01/05", "2015-01-05"), ("2015-01-05\u00a0", "2015-01-05"),
        ("“2015-01-05”", "2015-01-05"), ("2015-01-05 08:00", "2015-01-05"), ("30/02/2015", ""), ("05/01/15", ""),
        ("in May", ""),
    ],
)  # fmt: skip
def test_a_date_is_offered_as_it_should_be_written(written, meant):
    assert iso_day(written) == meant


def test_files_as_windows_leaves_them_are_read_or_named(tmp_path, said):
    plain = tmp_path / "plain.yaml"
    plain.write_text("name: s\n" + TEXT, encoding="utf-8")
    for content in (
        b"\xef\xbb\xbf" + TEXT.replace("\n", "\r\n").encode(),
        unicodedata.normalize("NFD", TEXT).encode(),
    ):
        (tmp_path / "s.yaml").write_bytes(content)
        assert load(tmp_path / "s.yaml").measures == load(plain).measures
    assert said(TEXT.encode("utf-16")) == "s.yaml: is UTF-16 text, which Windows calls Unicode; save it as UTF-8"
    assert said(TEXT.encode("cp1252")) == "s.yaml, line 1: is not UTF-8 text; save it as UTF-8"


def test_the_line_with_the_slip_is_named_with_what_to_write(said):
    assert said(TEXT.replace("0.5", "0,5")) == (
        "s.yaml, line 3: has 0,5, which YAML reads as two entries; write a decimal point: 0.5"
    )
    assert "joint_patrols.intensity is the text '0,5'" in said("measures:\n  joint_patrols:\n    intensity: 0,5\n")
    assert said(TEXT.replace("intensity: 0.5", "intensity: '0,5'")).endswith(": 0.5")
    assert said(TEXT.replace("intensity: ", "intensity:\u00a0")) == (
        "s.yaml, line 3: has a hard space or an invisible character (U+00A0) in 'intensity:\\xa00.5';"
        " write plain spaces: intensity: 0.5"
    )
    assert "line 2: has a hard space or an invisible character (U+00A0)" in said(
        "measures:\n\u00a0 joint_patrols: true\n"
    )
    assert said("end:\u00a02013-01-07\nstart: 2012-01-02\n").startswith("s.yaml, line 1: has a hard space")
    assert said("measures:\n\tjoint_patrols: true\n") == "s.yaml, line 2: has a tab; write spaces instead"
    assert said("measures:\n  joint_patrols: {start: 2012-03-05 00:00:00}\n").endswith("YYYY-MM-DD: 2012-03-05")
    assert said("end: 05/03/2013\n").endswith("it must be a date as YYYY-MM-DD: 2013-03-05")
    assert said("measures:\n  joint_patrols: {regions: [“Mopti”]}\n").endswith("did you mean 'Mopti'?")


def test_true_and_false_in_french_are_named():
    for written, meant in (("oui", "true"), ("Faux", "false")):
        with pytest.raises(Exception, match=f"it must be true or false; write {meant}"):
            yes(written)


# --- shown, never obeyed ------------------------------------------------------------------------------------

HOSTILE = ["=HYPERLINK(1)", "+1+cmd", "@SUM(A1)", "-2+3", "\tx"]


@pytest.mark.parametrize("cell", HOSTILE)
def test_no_cell_of_a_table_is_a_formula(cell):
    table = pd.DataFrame({"scenario": [cell, "a"], "mean": [-1.5, 2.0], "value": ["-3", None]})
    again = pd.read_csv(io.StringIO(as_csv(table)))
    assert again["scenario"].tolist() == [f"'{cell}", "a"]
    assert again["mean"].tolist() == [-1.5, 2.0]
    assert again["value"][0] == -3, "numbers stay numbers"
    assert table["scenario"][0] == cell, "the table itself stays as it is"


def test_a_hostile_path_is_shown_and_not_obeyed(tmp_path):
    folder = tmp_path / "[" / "d]\x1b]0;x\a\u202e"
    folder.mkdir(parents=True)
    (folder / "ok.yaml").write_text("end: 2012-02-06\ndescription: 50\u00a0%\n", encoding="utf-8")
    result = CliRunner().invoke(cli.kumakan, ["check", str(folder / "ok.yaml"), str(folder / "gone.yaml")])
    assert result.exit_code == 2, "of the file that is not there"
    assert "d]\\x1b]0;x\\x07\\u202e" in result.stdout.replace("\n", "")
    assert not {"\x1b", "\a", "\u202e"} & set(result.output)
    assert "50\u00a0%" in result.stdout


def test_a_hostile_error_of_a_run_is_shown_and_not_obeyed():
    out = Console(file=io.StringIO(), width=200)
    show_failures([Row("a", 1, 0, "failed", error="[/d] \x1b[2J\u202e", repeat="kumakan")], out)
    assert "[/d] \\x1b[2J\\u202e" in out.file.getvalue()


@pytest.mark.parametrize("key", ['"\\e]0;x\\a.y": {values: [1]}', '"parameters.\\u202e": {values: [1]}'])
def test_hostile_paths_of_a_sweep_are_shown_and_not_obeyed(tmp_path, key):
    (tmp_path / "base.yaml").write_text("end: 2012-02-06\n")
    (tmp_path / "s.yaml").write_text(f"scenario: base.yaml\nvary: {{{key}}}\ndesign: {{method: grid}}\n")
    with pytest.raises(InputError) as caught:
        load_sweep(tmp_path / "s.yaml")
    assert all(line.isprintable() for line in str(caught.value).splitlines())


@pytest.mark.parametrize("name", ["a\u202eb", "a\x1b[2J", "=x"])
def test_hostile_names_are_refused(name):
    with pytest.raises(InputError, match="name is"):
        Scenario.of({"name": name})
