"""Builtins of bash: the real one."""

from __future__ import annotations

from pathlib import Path

import pytest

from knowledgegraph.entry import Coverage, Entry, Form, Piece, Relation, Trouble
from knowledgegraph.sources.base import Found, Machine, Missing
from knowledgegraph.sources.bash import BashBuiltins, builtin_names
from tests import helpers_roff as pages

_PROGRAMS = (Path("/usr/bin"), Path("/bin"), Path("/usr/local/bin"))


def read(machine: Machine) -> list[Piece]:
    source = BashBuiltins(machine)
    found = source.detect()
    assert isinstance(found, Found)
    return list(source.read(found))


def entries(pieces: list[Piece]) -> dict[str, Entry]:
    return {piece.ref: piece for piece in pieces if isinstance(piece, Entry)}


@pytest.fixture(scope="module")
def pieces() -> list[Piece]:
    return read(Machine(programs=_PROGRAMS))


def test_every_builtin_is_there(pieces: list[Piece]) -> None:
    found = entries(pieces)
    commands = {ref for ref, entry in found.items() if entry.form is Form.COMMAND}
    builtins = builtin_names(Machine(programs=_PROGRAMS))
    assert len(builtins) >= 55
    assert set(builtins) <= commands
    assert {"for", "while", "if", "case", "[[", "((", "{", "function", "time"} <= commands
    accounts = {piece.name: piece for piece in pieces if isinstance(piece, Coverage)}
    assert accounts["bash_builtins"] == Coverage("bash_builtins", len(builtins), len(builtins))
    assert accounts["bash_keywords"].total - accounts["bash_keywords"].got <= 1
    assert not [piece for piece in pieces if isinstance(piece, Trouble)]


def test_a_builtin(pieces: list[Piece]) -> None:
    found = entries(pieces)
    cd = found["cd"]
    assert (cd.kind, cd.domain, cd.headline, cd.parent) == ("linux", "linux", True, "")
    assert cd.summary.startswith("Change the")
    assert cd.text.startswith("```\ncd [-L")
    assert "bash cd" in cd.names
    assert (found["cd -P"].form, found["cd -P"].parent, found["cd -P"].headline) == (Form.OPTION, "linux:cd", False)
    assert "physical" in found["cd -P"].text
    assert "symbolic links" in found["cd -P"].text


def test_options_of_set(pieces: list[Piece]) -> None:
    found = entries(pieces)
    assert {"set -e", "set -u", "set -x", "set -o", "export -n", "read -p", "type -a"} <= set(found)
    assert "pipefail" in found["set -o"].text


def test_keywords_without_a_topic_find_their_construct(pieces: list[Piece]) -> None:
    found = entries(pieces)
    assert {"then", "elif", "else", "fi"} <= set(found["if"].names)
    assert {"do", "done"} <= set(found["while"].names)
    assert "esac" in found["case"].names


def test_a_manual_page_keeps_the_plain_name(tmp_path: Path) -> None:
    files = {"man1/echo.1": pages.page("echo"), "man1/bash.1": pages.page("bash"), "man7/cd.7": pages.page("cd", "7")}
    machine = pages.machine(tmp_path, files)
    read_pieces = read(Machine(man_path=machine.man_path, programs=_PROGRAMS))
    found = entries(read_pieces)
    assert "echo" not in found
    assert found["bash echo"].title == "echo"
    assert "bash echo -n" in found
    assert "cd" in found
    assert found["cd"].location == str(tmp_path / "man" / "man1" / "bash.1")
    assert {piece.target for piece in read_pieces if isinstance(piece, Relation)} == {"linux:bash"}


def test_ids_are_unique(pieces: list[Piece]) -> None:
    ids = [piece.id for piece in pieces if isinstance(piece, Entry)]
    assert len(ids) == len(set(ids))
    assert {piece.parent for piece in pieces if isinstance(piece, Entry) and piece.parent} <= set(ids)


def test_the_environment_of_the_user_does_not_reach_it(tmp_path: Path) -> None:
    script = tmp_path / "env.sh"
    script.write_text(f"echo ran > {tmp_path / 'ran'}\nhelp() {{ echo mine; }}\n")
    machine = Machine(
        programs=_PROGRAMS, environment={"BASH_ENV": str(script), "BASH_FUNC_help%%": "() { echo mine; }"}
    )
    assert "cd" in entries(read(machine))
    assert not (tmp_path / "ran").exists()


def test_no_bash(tmp_path: Path) -> None:
    assert isinstance(BashBuiltins(Machine(programs=(tmp_path,))).detect(), Missing)
    assert builtin_names(Machine(programs=(tmp_path,))) == ()


def test_a_bash_without_help_texts(tmp_path: Path) -> None:
    machine = pages.machine(tmp_path, {}, ("bash",))
    (tmp_path / "usr" / "bin" / "bash").write_text(
        '#!/bin/sh\ncase "$*" in *BASH_VERSION*) echo "version 5.0.1(1)-release";; *) exit 1;; esac\n'
    )
    source = BashBuiltins(machine)
    found = source.detect()
    assert isinstance(found, Found)
    assert found.version == "5.0.1"
    assert [type(piece) for piece in source.read(found)] == [Trouble]
