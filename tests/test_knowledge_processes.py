"""Several tutors at once on one home: builders exclude each other, readers see whole builds only, nobody hangs."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

from knowledgegraph.build import lock_file
from tests.helpers_build import HandMade, built, entry

# Builds VERSION of a source of 3,000 entries, again and again; a builder that finds the lock held says so and goes on.
BUILDER = """
    import sys
    from pathlib import Path
    from knowledgegraph.build import Built, build
    from knowledgegraph.lock import LockHeld
    from tests.helpers_build import HandMade, entry

    path, name = Path(sys.argv[1]), sys.argv[2]
    done = held = 0
    while done < 8:
        version = f"{name}{done}"
        pieces = [entry(f"{number}.html", title=version) for number in range(3000)]
        try:
            for step in build(path, [HandMade("hand", pieces, fingerprint=version)]):
                pass
            done += 1
        except LockHeld:
            held += 1
    print(done)
"""
# Reads until the builders have ended: every look must see 3,000 entries of one and the same version.
READER = """
    import sys
    from pathlib import Path
    from knowledgegraph.store import Store

    store = Store.open(Path(sys.argv[1]))
    looks = 0
    while not Path(sys.argv[2]).exists() or looks == 0:
        with store.reading() as database:
            seen = database.execute("SELECT count(*), count(DISTINCT title) FROM concepts").fetchone()
        if seen != (3000, 1):
            sys.exit(f"saw {seen}")
        looks += 1
    print(looks)
"""


def start(code: str, root: Path, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code), *arguments],
        cwd=root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def test_two_builders_and_two_readers(tmp_path: Path, project_root: Path) -> None:
    path, over = tmp_path / "knowledge.sqlite", tmp_path / "over"
    built(path, HandMade("hand", [entry(f"{number}.html", title="first") for number in range(3000)]))
    readers = [start(READER, project_root, str(path), str(over)) for _ in range(2)]
    builders = [start(BUILDER, project_root, str(path), name) for name in "ab"]
    told = [process.communicate(timeout=200) for process in builders]
    over.touch()
    told += [process.communicate(timeout=60) for process in readers]
    assert [process.returncode for process in (*builders, *readers)] == [0, 0, 0, 0], told
    assert [text.strip() for text, _ in told[:2]] == ["8", "8"]
    assert all(int(text) > 0 for text, _ in told[2:])
    assert sorted(file.name for file in tmp_path.iterdir()) == [path.name, lock_file(path).name, "over"]
