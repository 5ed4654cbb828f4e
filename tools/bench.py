"""Measures what the product promises and writes docs/benchmarks.md: ``make bench``.

Times are of whole processes, each the median of several runs taken in turns with what they are compared to, so that a
busy machine slows both. What counts is the ratio; the seconds are there to be doubted.
"""

from __future__ import annotations

import json
import os
import platform
import pty
import select
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
TUTOR = Path(sys.executable).parent / "tutor"

_BARE_APP = """
from textual.app import App
from textual.widgets import Static
class Bare(App):
    def compose(self):
        yield Static("chat")
Bare().run()
"""
_PAINTED = b"chat"  # the first pane's title: once it is written, the first frame is

_ONE_ERROR = """\
fn main() {
    let names = vec![String::from("Ada"), String::from("Grace")];
    let mine = names;
    println!("{} and {}", names.len(), mine.len());
}
"""

Watch = Callable[[subprocess.Popen[bytes], bytes], bool]


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table."""

    what: str
    figure: str
    target: str
    detail: str


def seconds_of(argv: list[str], *, env: dict[str, str], cwd: Path) -> float:
    """The wall-clock seconds of one whole process."""
    started = time.perf_counter()
    subprocess.run(argv, env=env, cwd=cwd, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    return time.perf_counter() - started


def seconds_to_paint(argv: list[str], *, env: dict[str, str], cwd: Path) -> float:
    """The seconds from the start of a program in a pseudo-terminal until its first frame has been written."""
    started = time.perf_counter()
    painted = 0.0
    written = b""

    def watch(process: subprocess.Popen[bytes], output: bytes) -> bool:
        nonlocal painted, written
        written += output
        if not painted and _PAINTED in written:
            painted = time.perf_counter() - started
        return painted > 0

    _in_terminal(argv, env, cwd, watch)
    if not painted:
        sys.exit(f"{argv[0]} ended without painting: {written[-300:]!r}")
    return painted


def _in_terminal(argv: list[str], env: dict[str, str], cwd: Path, watch: Watch) -> None:
    """Runs a program in a pseudo-terminal of 120×40, giving ``watch`` what it writes, until ``watch`` ends it."""
    import fcntl
    import struct
    import termios

    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    process = subprocess.Popen(
        argv, env=env, cwd=cwd, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
    )
    os.close(theirs)
    while process.poll() is None:
        if watch(process, _drain(ours, 0.01)):
            process.kill()
            process.wait()
    os.close(ours)


def _drain(terminal: int, wait: float) -> bytes:
    if select.select([terminal], [], [], wait)[0]:
        try:
            return os.read(terminal, 65536)
        except OSError:
            return b""
    return b""


def compare(ours: Callable[[], float], theirs: Callable[[], float], runs: int) -> tuple[float, float, float]:
    """Medians of both, run in turns, and the median of the ratios of neighbours."""
    ours(), theirs()  # the first of each warms the file cache
    pairs = [(ours(), theirs()) for _ in range(runs)]
    return (
        statistics.median(a for a, _ in pairs),
        statistics.median(b for _, b in pairs),
        statistics.median(a / b for a, b in pairs),
    )


def _ratio(what: str, target: str, result: tuple[float, float, float], against: str) -> Row:
    ours, theirs, ratio = result
    return Row(what, f"{ratio:.2f} ×", target, f"{ours * 1000:.0f} ms against {theirs * 1000:.0f} ms for {against}")


def measure(work: Path) -> list[Row]:
    """All rows, measured in ``work``, an empty folder."""
    env = {**os.environ, "TUTOR_HOME": str(work / "home"), "OLLAMA_HOST": "127.0.0.1:9", "TERM": "xterm-256color"}
    unwanted = {"PYTHONDONTWRITEBYTECODE", "COLUMNS", "LINES"}  # a user's Python keeps what it compiled
    env = {key: value for key, value in env.items() if key not in unwanted}
    # The lessons alone, except where the knowledge itself is measured.
    settings = work / "home" / "config" / "config.toml"
    settings.parent.mkdir(parents=True, mode=0o700)
    settings.write_text('[knowledge]\nbuild = "never"\n')
    rows = [_version(env, work), _first_paint(env, work)]
    rows += _fix(env, work)
    rows += [_append(work), _memory(env, work)]
    rows += _knowledge(env | {"TUTOR_HOME": str(work / "knowing")}, work)
    return rows


def _version(env: dict[str, str], work: Path) -> Row:
    result = compare(
        lambda: seconds_of([str(TUTOR), "--version"], env=env, cwd=work),
        lambda: seconds_of([sys.executable, "-c", "pass"], env=env, cwd=work),
        15,
    )
    return _ratio("`tutor --version`", "< 3 ×", result, "the bare interpreter")


def _first_paint(env: dict[str, str], work: Path) -> Row:
    folder = work / "empty"
    folder.mkdir()
    result = compare(
        lambda: seconds_to_paint([str(TUTOR), str(folder)], env=env, cwd=work),
        lambda: seconds_to_paint([sys.executable, "-c", _BARE_APP], env=env, cwd=work),
        9,
    )
    return _ratio("first paint of the app", "< 1.3 ×", result, "an empty Textual app")


def _fix(env: dict[str, str], work: Path) -> list[Row]:
    from tutor.toolchain import find_toolchain

    toolchain = find_toolchain(None)
    if toolchain is None:
        return [Row("`tutor fix`", "not measured", "< 4 ×", "no Rust on this machine")]
    file = work / "main.rs"
    file.write_text(_ONE_ERROR)
    check = [str(toolchain.rustc), "--edition=2021", "--emit=metadata", "--error-format=json", "--out-dir", str(work),
             str(file)]  # fmt: skip
    result = compare(
        lambda: seconds_of([str(TUTOR), "fix", "--no-model", str(file)], env=env, cwd=work),
        lambda: seconds_of(check, env=env, cwd=work),
        15,
    )
    return [_ratio("`tutor fix` on a lone file with one error", "< 4 ×", result, "one rustc check of it")]


def _append(work: Path) -> Row:
    from sessions.log import SessionLog

    log = SessionLog.create(work / "sessions", root=str(work), tool="bench", version="0")
    data = {"text": "borrow of moved value: `names`", "file": "src/main.rs", "line": 4, "column": 28,
            "note": "move occurs because `names` has type `Vec<String>`"}  # fmt: skip
    count = 2000
    started = time.perf_counter()
    for _ in range(count):
        log.append("notice", data)
    each = (time.perf_counter() - started) / count
    log.close()
    return Row("appending an event to the session log, without fsync", f"{each * 1000:.3f} ms", "< 0.2 ms",
               f"mean of {count}, redaction included")  # fmt: skip


def _memory(env: dict[str, str], work: Path) -> Row:
    """Resident memory of the app, idle on an empty folder, once its start-up work has been quiet for a while."""
    resident = 0
    deadline = time.monotonic() + 6

    def watch(process: subprocess.Popen[bytes], output: bytes) -> bool:
        nonlocal resident
        status = Path(f"/proc/{process.pid}/status").read_text()
        resident = next((int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")), resident)
        return time.monotonic() > deadline

    _in_terminal([str(TUTOR), str(work / "empty")], env, work, watch)
    return Row("resident memory of the idle app", f"{resident / 1024:.0f} MiB", "–", "VmRSS after 6 s")


def _told(env: dict[str, str], work: Path, *arguments: str) -> dict[str, Any]:
    """What a call of ours with --json says."""
    done = subprocess.run([str(TUTOR), *arguments, "--json"], env=env, cwd=work, stdin=subprocess.DEVNULL,
                          capture_output=True, check=False)  # fmt: skip
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def _knowledge(env: dict[str, str], work: Path) -> list[Row]:
    """Building what is on this machine, and asking it."""
    first = seconds_of([str(TUTOR), "knowledge", "build"], env=env, cwd=work)
    again = statistics.median(seconds_of([str(TUTOR), "knowledge", "build"], env=env, cwd=work) for _ in range(3))
    status = _told(env, work, "knowledge", "status")
    entries = f"{status['concepts']:,} entries, {status['relations']:,} relations"
    ask = [str(TUTOR), "ask", "--no-model", "how do I undo the last commit but keep my changes"]
    answer = statistics.median(seconds_of(ask, env=env, cwd=work) for _ in range(9))
    found = _told(env, work, "eval", "retrieval")
    size = (work / "knowing" / "data" / "knowledge.sqlite").stat().st_size
    return [
        Row("reading all documentation of this machine", f"{first:.1f} s", "< 60 s", entries),
        Row("reading it again, nothing changed", f"{again:.1f} s", "–", f"{again / first:.2f} of the first time"),
        Row("size of the knowledge", f"{size / 2**20:.0f} MiB", "–", "one SQLite file"),
        Row("first answer in a fresh process", f"{answer:.2f} s", "< 0.7 s", "`tutor ask`, whole process, median of 9"),
        Row("an answer in a warm process", f"{found['median_ms']:.1f} ms", "< 20 ms",
            f"median; 95 of 100 under {found['p95_ms']:.1f} ms (< 60 ms), {found['overall']['questions']} questions"),
    ]  # fmt: skip


def report(rows: list[Row]) -> str:
    """The page, in Markdown."""
    model = platform.processor() or platform.machine()
    for line in Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []:
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
            break
    rustc = shutil.which("rustc")
    version = (
        subprocess.run([rustc, "--version"], capture_output=True, text=True, check=False).stdout.strip()
        if rustc
        else "no Rust"
    )
    lines = [
        "# Benchmarks", "",
        "Written by `make bench`. Whole processes, medians of runs taken in turns with what they are compared to.", "",
        f"Machine: {os.cpu_count()} cores of {model}, {platform.system()} {platform.release()}, "
        f"Python {platform.python_version()}, {version}.", "",
        "| what | measured | target | in full |", "|---|---|---|---|",
        *(f"| {row.what} | {row.figure} | {row.target} | {row.detail} |" for row in rows),
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measures, prints, and replaces the table in docs/benchmarks.md; what stands below its end mark is kept."""
    with tempfile.TemporaryDirectory(prefix="tutor-bench-") as folder:
        page = report(measure(Path(folder)))
    sys.stdout.write(page)
    target = ROOT / "docs" / "benchmarks.md"
    mark = "<!-- below: written by hand -->\n"
    kept = target.read_text().partition(mark)[2] if target.exists() else ""
    target.write_text(f"{page}\n{mark}{kept}")


if __name__ == "__main__":
    main()
