"""Who may run their own code here: only who was asked for, by real path, and it can be taken back."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutor.paths import Home
from tutor.trust import Trust


def test_nothing_is_trusted_until_somebody_says_so(home: Home, tmp_path: Path) -> None:
    trust = Trust(home.state)
    assert not trust.allows(tmp_path)
    assert trust.workspaces == ()
    assert not home.state.exists()


def test_once_is_for_this_run_and_always_is_kept(home: Home, tmp_path: Path) -> None:
    trust = Trust(home.state)
    (tmp_path / "a").mkdir()
    trust.grant(tmp_path / "a", keep=False)
    assert trust.allows(tmp_path / "a")
    assert not Trust(home.state).allows(tmp_path / "a")
    trust.grant(tmp_path / "a", keep=True)
    assert Trust(home.state).allows(tmp_path / "a")
    assert stat.S_IMODE((home.state / "trust.json").stat().st_mode) == 0o600
    trust.revoke(tmp_path / "a")
    assert not trust.allows(tmp_path / "a")
    assert not Trust(home.state).allows(tmp_path / "a")


def test_neither_parents_nor_children_nor_other_names_count(home: Home, tmp_path: Path) -> None:
    trust = Trust(home.state)
    for name in ("a", "a/in", "ab"):
        (tmp_path / name).mkdir()
    trust.grant(tmp_path / "a", keep=True)
    for other in (tmp_path, tmp_path / "a/in", tmp_path / "ab"):
        assert not trust.allows(other)
    (tmp_path / "link").symlink_to(tmp_path / "a")
    assert trust.allows(tmp_path / "link")  # the same folder
    (tmp_path / "link").unlink()
    (tmp_path / "link").symlink_to(tmp_path / "ab")
    assert not trust.allows(tmp_path / "link")  # and now another one


JSON = st.recursive(
    st.none() | st.text() | st.integers(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["version", "workspaces"]), inner),
)


@given(st.binary(max_size=60) | JSON.map(lambda value: json.dumps(value).encode()))
def test_a_damaged_file_trusts_nobody(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    state = tmp_path_factory.mktemp("state")
    (state / "trust.json").write_bytes(content)
    trust = Trust(state)
    assert not trust.allows(state)
    trust.grant(state, keep=True)
    assert Trust(state).allows(state)


def test_deeply_nested_nonsense(home: Home) -> None:
    home.ensure(home.state)
    (home.state / "trust.json").write_text("[" * 100_000)
    assert not Trust(home.state).allows(home.state)


def test_a_yes_that_cannot_be_kept_still_holds_for_this_run(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    trust = Trust(tmp_path / "file")
    with pytest.raises(OSError):
        trust.grant(tmp_path, keep=True)
    assert trust.allows(tmp_path)
