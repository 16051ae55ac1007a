"""Files of figures: the same bits each time, whole or not there, with what was run inside."""

import pytest
from PIL import Image

from sim.engine.errors import InputError
from sim.version import __version__
from sim.views import about, map_record, plot_series, save
from sim.views.figures import saving


@pytest.fixture
def short(make):
    return {"a": [make(1, "a", weeks=60), make(2, "a", weeks=60)], "b": make(1, "b", weeks=60)}


def test_a_png_says_what_was_run(short, tmp_path):
    facts = about(short)
    (path,) = save(plot_series(short, "joined", regions="Mali"), tmp_path / "new" / "joined.png", facts)
    with Image.open(path) as picture:
        text = picture.text
        assert picture.info["dpi"] == pytest.approx((150, 150), abs=0.1)
    assert text["Title"] == "People who joined, Mali"
    assert text["Software"] == f"kumakan {__version__}"
    assert text["Scenario"] == "a, b"
    assert text["Seeds"] == "1-2"
    assert text["Digest"] == facts["Digest"]
    assert not {"Creation Time", "Created", "Date"} & set(text)


def test_without_an_ending_both_kinds_are_written(short, tmp_path):
    paths = save(plot_series(short, "joined", regions="Mali"), tmp_path / "joined", about(short))
    assert [path.name for path in paths] == ["joined.png", "joined.svg"]
    svg = paths[1].read_text(encoding="utf-8")
    assert f"<dc:title>kumakan {__version__}</dc:title>" in svg
    assert "Scenario: a, b" in svg
    assert "<dc:date>" not in svg
    assert sorted(path.name for path in tmp_path.iterdir()) == ["joined.png", "joined.svg"]


def test_a_figure_is_written_as_savefig_would_and_stays_as_it_was(short, tmp_path):
    figure = map_record(short["a"], "attacks")
    canvas, dots = figure.canvas, figure.dpi
    (path,) = save(figure, tmp_path / "map.png", {})
    assert (figure.canvas, figure.dpi) == (canvas, dots)
    figure.savefig(tmp_path / "same.png", dpi=150)
    with Image.open(path) as one, Image.open(tmp_path / "same.png") as other:
        assert one.size == other.size
        assert one.tobytes() == other.tobytes()


def test_drawn_and_written_twice_the_bits_are_the_same(short, tmp_path):
    files = []
    keep = []  # other objects in memory, so that addresses differ between the two times
    for time in ("first", "second"):
        keep.append([object() for _ in range(1000)])
        for name, figure in (
            ("map", map_record(short["a"], "attacks")),
            ("series", plot_series(short, "joined")),
        ):
            files += save(figure, tmp_path / time / name, about(short))
    half = len(files) // 2
    for one, other in zip(files[:half], files[half:], strict=True):
        assert one.read_bytes() == other.read_bytes(), one.name


@pytest.mark.parametrize("kind", ["png", "svg"])
def test_a_failed_write_leaves_nothing_and_the_old_file_stays(short, tmp_path, monkeypatch, kind):
    path = tmp_path / f"joined.{kind}"
    path.write_text("old")
    figure = plot_series(short, "joined", regions="Mali")

    def fails(name, **_):
        name.write_text("half")
        raise OSError("disk full")

    monkeypatch.setattr(figure, "savefig", fails)
    monkeypatch.setattr(saving, "_draw_png", lambda _, name, facts: fails(name))
    with pytest.raises(OSError, match="disk full"):
        save(figure, path, about(short))
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_other_endings_are_refused(short, tmp_path):
    with pytest.raises(InputError, match=r"\.png or \.svg"):
        save(plot_series(short, "joined", regions="Mali"), tmp_path / "joined.docx", about(short))


def test_the_digest_depends_on_the_runs_and_not_on_their_order(make):
    one, two = make(1, weeks=20), make(2, weeks=20)
    assert about(one)["Digest"] == one.digest
    assert about([one, two])["Digest"] == about([two, one])["Digest"] != one.digest
    assert about([one, two]) | {"Digest": ""} == {
        "Scenario": "baseline",
        "Seeds": "1-2",
        "Runs": "2",
        "Digest": "",
    }


def test_a_picture_that_is_cut_tight_keeps_heading_and_footer(short, tmp_path):
    """As notebooks cut it once pyplot is imported, and the page in the browser."""
    figure = plot_series(short, "joined", regions="Mali")
    (path,) = save(figure, tmp_path / "whole.png", about(short))
    figure.savefig(tmp_path / "tight.png", dpi=150, bbox_inches="tight", pad_inches=0)
    with Image.open(path) as whole, Image.open(tmp_path / "tight.png") as tight:
        assert whole.size == tight.size
        assert whole.tobytes() == tight.tobytes()
