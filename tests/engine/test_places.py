"""YAML into plain data with the place of every key."""

import time

import pytest

from sim.engine.errors import InputError
from sim.engine.places import MOST_ALIASES, MOST_DEPTH, MOST_VALUES, Place, merged, parse, read


def test_every_key_and_item_knows_its_line():
    tree = parse("a: 1\nb:\n  c: 2\n  d:\n    - 3\n    - 4\n", "f.yaml")
    assert tree.data == {"a": 1, "b": {"c": 2, "d": [3, 4]}}
    assert tree.place(("b", "c")) == Place("f.yaml", 3)
    assert tree.place(("b", "d", 1)) == Place("f.yaml", 6)
    assert tree.place(("b", "c", "unheard of")) == Place("f.yaml", 3)


def test_a_tree_over_another_wins_key_by_key_and_takes_its_places_along():
    below = parse("a: 1\nb: {c: 2, d: [1, 2]}\n", "below.yaml")
    above = parse("\n\nb: {d: [3], e: 4}\n", "above.yaml")
    both = above.over(below)
    assert both.data == {"a": 1, "b": {"c": 2, "d": [3], "e": 4}}
    assert both.place(("a",)).file == "below.yaml"
    assert both.place(("b", "c")).file == "below.yaml"
    assert both.place(("b", "d", 1)) == Place("above.yaml", 3), "a replaced list keeps no old places"
    assert below.data == {"a": 1, "b": {"c": 2, "d": [1, 2]}}, "what lies below is not changed"


def test_a_plain_value_replaces_a_block_and_the_other_way_round():
    assert merged({"a": {"b": 1}}, {"a": 2}) == {"a": 2}
    assert merged({"a": 2}, {"a": {"b": 1}}) == {"a": {"b": 1}}


@pytest.mark.parametrize(
    ("written", "read_as"),
    [
        ("1e3", 1000.0),
        ("-2.5E-1", -0.25),
        ("010", "010"),  # YAML 1.1: eight
        ("12:30", "12:30"),  # YAML 1.1: 750
        ("1:02:03.5", "1:02:03.5"),
        ("2013-02-30", "2013-02-30"),  # no such day
        ("=", "="),
        ("9" * 5000, "9" * 5000),
        ("0x" + "f" * 4300, "0x" + "f" * 4300),
        ("'1e3'", "1e3"),
        ("0x1F", 31),
        ("0.5", 0.5),
        ("yes", True),
        ("~", None),
    ],
)
def test_traps_of_yaml_1_1_are_put_right_or_left_as_text(written, read_as):
    value = parse(f"a: {written}").data["a"]
    assert value == read_as
    assert type(value) is type(read_as)


def test_keys_are_read_as_written():
    assert set(parse("no: 1\non: 2\n2012-01-02: 3\n'1': 4\n").data) == {"no", "on", "2012-01-02", "1"}


LAUGHS = "".join(f"a{k}: &a{k} [{', '.join([f'*a{k - 1}'] * 9)}]\n" for k in range(1, 10))


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("a: 1\na: 2\n", 2, "the key 'a' twice, first on line 1"),
        ("a: 1\nb: [1, 2\nc: 3\n", 3, "is not YAML: while parsing a flow sequence"),
        ("a: 1\n b: 2\n", 2, "is not YAML"),
        ("a: \x00\n", 1, "is not YAML"),
        ("a: 1\nb: \x07\n", None, "is not YAML"),
        ("a: *nobody\n", 1, "is not YAML: found undefined alias"),
        ("a: 1\n---\nb: 2\n", 2, "second document"),
        (
            "a: 1\nb: !!python/object/apply:os.system [ls]\n",
            2,
            "has the tag 'tag:yaml.org,2002:python/object",
        ),
        ("a: !mine 3\n", 1, "has the tag '!mine'"),
        ("a: !!str 3\n", 1, "tags (!name) are not supported"),
        ("a: &x {b: 1}\nc:\n  <<: *x\n", 3, "merge key (<<), which is not supported; use extends"),
        ("? [1, 2]\n: 3\n", 1, "a block or a list as a key"),
        ("a: " + "[" * (MOST_DEPTH + 1) + "]" * (MOST_DEPTH + 1), 1, f"deeper than {MOST_DEPTH} levels"),
        ("a: &x [*x]\n", 1, f"deeper than {MOST_DEPTH} levels"),
        ("a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1]\n" + LAUGHS, None, f"more than {MOST_VALUES:,} values"),
        ("a: &x 1\nb: [" + "*x, " * (MOST_ALIASES + 1) + "]\n", 2, f"more than {MOST_ALIASES} aliases"),
        ("\n".join(f"k{k}: {k}" for k in range(2 * MOST_VALUES)), None, f"more than {MOST_VALUES:,} values"),
    ],
)
def test_what_is_not_plain_data_is_refused_with_its_line(text, line, said):
    with pytest.raises(InputError) as caught:
        parse(text, "f.yaml")
    assert said in str(caught.value)
    assert str(caught.value).startswith("f.yaml")
    if line is not None:
        assert caught.value.line == line


def test_hostile_files_are_refused_quickly(tmp_path):
    bombs = {
        "deep": "[" * 900_000,
        "wide": "a: [" + "1, " * 300_000 + "]",
        "laughs": "a0: &a0 [1, 1]\n" + LAUGHS,
        "keys": "{" * 500_000,
        "dashes": "- " * 400_000,
    }
    for name, bomb in bombs.items():
        (tmp_path / name).write_text(bomb)
        began = time.perf_counter()
        with pytest.raises(InputError):
            read(tmp_path / name)
        assert time.perf_counter() - began < 5, name


def test_files_that_cannot_be_read_say_why(tmp_path):
    (tmp_path / "baseline.yaml").write_text("a: 1\n")
    (tmp_path / "latin.yaml").write_bytes("a: 1\nb: Ségou\n".encode("latin-1"))
    (tmp_path / "binary.yaml").write_bytes(bytes(range(256)))
    (tmp_path / "large.yaml").write_bytes(b"#" * 1_000_001)

    def said(path) -> str:
        with pytest.raises(InputError) as caught:
            read(path)
        return str(caught.value)

    assert said(tmp_path / "basline.yaml").endswith("basline.yaml'; did you mean 'baseline.yaml'?")
    assert said(tmp_path / "nowhere" / "a.yaml").startswith("there is no folder")
    assert said(tmp_path).endswith("is a folder; name one YAML file in it")
    assert "latin.yaml, line 2: is not UTF-8 text" in said(tmp_path / "latin.yaml")
    assert "is not UTF-8 text" in said(tmp_path / "binary.yaml")
    assert "large.yaml: is larger than 1 MB" in said(tmp_path / "large.yaml")
    assert "is not an ordinary file" in said("/dev/zero")
    assert said("a\0b.yaml")
    assert "cannot be read" in said("x" * 5000)
    assert "cannot be read" in said(tmp_path / "baseline.yaml" / "a.yaml") or "there is no" in said(
        tmp_path / "baseline.yaml" / "a.yaml"
    )


def test_a_file_that_may_not_be_read_says_so(tmp_path, monkeypatch):
    file = tmp_path / "closed.yaml"
    file.write_text("a: 1\n")

    def refuse(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("sim.engine.places.open", refuse, raising=False)
    with pytest.raises(InputError, match=r"closed\.yaml' cannot be read: Permission denied"):
        read(file)


def test_a_byte_order_mark_and_windows_line_ends_are_fine(tmp_path):
    (tmp_path / "w.yaml").write_bytes(b"\xef\xbb\xbfa: 1\r\nb: 2\r\n")
    tree = read(tmp_path / "w.yaml")
    assert tree.data == {"a": 1, "b": 2}
    assert tree.place(("b",)).line == 2
