"""The example of a lesson is compiled and run in the sandbox, and nowhere else."""

from __future__ import annotations

from pathlib import Path

import pytest

from commands.example import run_example
from tutor.errors import Missing
from tutor.paths import Home


def test_it_prints_what_the_program_prints(home: Home) -> None:
    assert run_example('fn main() { println!("{}", 6 * 7); }\n', home) == ("42\n", True)
    assert list(home.cache.glob("example-*")) == []


def test_a_program_that_ends_badly_or_does_not_compile_says_so(home: Home) -> None:
    text, good = run_example('fn main() { panic!("oh no") }\n', home)
    assert not good and "oh no" in text
    text, good = run_example("fn main() { missing() }\n", home)
    assert not good and "E0425" in text


def test_it_sees_no_file_of_the_user(home: Home, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("key")
    text, good = run_example(f'fn main() {{ println!("{{}}", std::fs::read_to_string({str(secret)!r:}).is_err()); }}\n'
                             .replace("'", '"'), home)  # fmt: skip
    assert (text, good) == ("true\n", True)


def test_without_rust_it_says_how_to_get_it(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PATH", "HOME", "CARGO_HOME", "RUSTUP_HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    with pytest.raises(Missing) as caught:
        run_example("fn main() {}\n", home)
    assert "rustup.rs" in (caught.value.hint or "")
