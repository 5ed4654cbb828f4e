"""Settings: a bad value is said and the default used, comments survive, no file can stop us."""

from __future__ import annotations

import tomllib
from dataclasses import fields
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutor import config
from tutor.config import SECTIONS, Settings, describe, get_value, load, set_value
from tutor.errors import Failed, UsageError


def _load(folder: Path, text: str | bytes) -> Settings:
    file = folder / "config.toml"
    file.write_bytes(text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text)
    return load(file)


def test_no_file_is_the_defaults(tmp_path: Path) -> None:
    assert load(tmp_path / "config.toml") == Settings()
    (tmp_path / "file").write_text("")
    assert load(tmp_path / "file/config.toml") == Settings()


def test_what_is_said_is_taken(tmp_path: Path) -> None:
    settings = _load(
        tmp_path, '[fix]\nedition = "2018"\ntests = true\n[keymap]\n"hunk.accept" = "y"\n[app]\ngrace_ms = 0\n'
    )
    assert settings.problems == ()
    assert (settings.fix.edition, settings.fix.tests, settings.app.grace_ms) == ("2018", True, 0)
    assert settings.keymap == {"hunk.accept": "y"}
    assert settings.model == config.ModelSettings()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[fix]\nedition = 2018", "fix.edition must be a text"),
        ('[fix]\nedition = "1999"', "fix.edition must be one of"),
        ("[fix]\nmax_checks = 0", "fix.max_checks must be at least 1"),
        ("[fix]\nmax_checks = true", "fix.max_checks must be a whole number"),
        ("[fix]\nseconds = 1.5", "fix.seconds must be a whole number"),
        ("[app]\nmouse = 1", "app.mouse must be true or false"),
        ("[app]\ncolour = 1", "app.colour is not a setting"),
        ("app = 3", "[app] must be a table"),
        ("keymap = 3", "[keymap] must be a table"),
        ("[keymap]\nx = 3", "keymap.x must be"),
        ("[colours]\nx = 3", "colours"),
        ("[fix", "cannot be read"),
        (b"\xff\xfe", "cannot be read"),
        ("x = " + "[" * 5000, "cannot be read"),
        ("x = " + "9" * 5000, "cannot be read"),
    ],
)
def test_what_is_wrong_is_said_and_the_default_used(text: str | bytes, said: str, tmp_path: Path) -> None:
    settings = _load(tmp_path, text)
    assert len(settings.problems) == 1
    assert said in settings.problems[0]
    assert settings == Settings(problems=settings.problems)


def test_one_bad_value_does_not_cost_the_others(tmp_path: Path) -> None:
    settings = _load(tmp_path, "[fix]\nedition = 3\nseconds = 7\n[nope]\n[app]\nmouse = false\n")
    assert len(settings.problems) == 2
    assert (settings.fix.edition, settings.fix.seconds, settings.app.mouse) == ("2021", 7, False)


VALUES = st.recursive(
    st.booleans() | st.integers(-3, 3000) | st.sampled_from(['"2018"', '"x"', "1.5", "1979-05-27"]),
    lambda inner: st.lists(inner, max_size=2).map(lambda v: f"[{', '.join(map(str, v))}]"),
)
LINES = st.one_of(
    st.sampled_from(["[app]", "[fix]", "[model]", "[log]", "[keymap]", "[other]", "# note", "[[fix]]"]),
    st.builds(
        lambda key, value: f"{key} = {str(value).lower()}",
        st.sampled_from([*(f.name for kind in SECTIONS.values() for f in fields(kind)), '"a.b"', "fix", "app.theme"]),
        VALUES,
    ),
)


@given(st.lists(LINES, max_size=8).map("\n".join) | st.text() | st.binary())
def test_no_file_can_stop_it(tmp_path_factory: pytest.TempPathFactory, text: str | bytes) -> None:
    settings = _load(tmp_path_factory.mktemp("config"), text)
    for name, default, _ in describe():
        value = get_value(settings, name)
        assert type(value) is type(default)
        section, _, key = name.partition(".")
        assert config._problem(SECTIONS[section], key, value) is None
    assert all(isinstance(value, str) for value in settings.keymap.values())


def test_every_setting_is_documented_and_its_default_is_good() -> None:
    names = [name for name, _, _ in describe()]
    assert len(names) == len(set(names))
    for name, default, doc in describe():
        section, _, key = name.partition(".")
        assert doc
        assert config._problem(SECTIONS[section], key, default) is None


COMMENTED = """\
# mine: keep this
[fix] # how
edition = "2021" # because

# keys
[keymap]
"hunk.accept" = "y"   # yes
"""


def test_a_change_keeps_everything_else_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text(COMMENTED)
    assert set_value(file, "fix.edition", "2018") == "2018"
    assert file.read_text() == COMMENTED.replace('"2021"', '"2018"')
    set_value(file, "keymap.hunk.accept", "ctrl+y")
    assert file.read_text() == COMMENTED.replace('"2021"', '"2018"').replace('"y"', '"ctrl+y"')
    set_value(file, "app.mouse", "off")
    text = file.read_text()
    assert text.startswith(COMMENTED.replace('"2021"', '"2018"').replace('"y"', '"ctrl+y"'))
    assert tomllib.loads(text)["app"] == {"mouse": False}
    assert load(file).problems == ()


@pytest.mark.parametrize(
    ("name", "text"),
    [("fix", "x"), ("fix.nope", "x"), ("", ""), ("keymap", "x"), ("keymap.", "x"), ("fix.seconds", "soon"),
     ("fix.seconds", "0"), ("fix.edition", "1999"), ("app.mouse", "perhaps"), ("app.theme", "\x1b[31m"),
     ("app.theme", "\udcff"), ("keymap.\x1b", "x"), ("fix.seconds", "9" * 5000)],
)  # fmt: skip
def test_what_cannot_be_set_is_refused_and_nothing_written(name: str, text: str, tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    with pytest.raises(UsageError):
        set_value(file, name, text)
    assert not file.exists()


def test_a_file_that_is_not_toml_is_not_overwritten(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    for text in (b"[fix", b"\xff", b"fix = 3\n"):
        file.write_bytes(text)
        with pytest.raises(UsageError):
            set_value(file, "fix.edition", "2018")
        assert file.read_bytes() == text


def test_a_place_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Failed):
        set_value(tmp_path / "file/config.toml", "fix.edition", "2018")


@given(st.sampled_from([name for name, _, _ in describe()]), st.text(max_size=12))
def test_what_can_be_set_is_read_back(tmp_path_factory: pytest.TempPathFactory, name: str, text: str) -> None:
    file = tmp_path_factory.mktemp("config") / "config.toml"
    file.write_text(COMMENTED)
    try:
        value = set_value(file, name, text)
    except UsageError:
        assert file.read_text() == COMMENTED
        return
    settings = load(file)
    assert settings.problems == ()
    assert get_value(settings, name) == value
    assert "# mine: keep this" in file.read_text()
