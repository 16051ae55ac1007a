"""What French keyboards, Windows and word processors write is refused with the right spelling, or read as meant."""

import math
import unicodedata

import pytest

from sim.engine.checks import yes
from sim.engine.errors import InputError
from sim.engine.office import bare_number, iso_day
from sim.scenario import load

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
