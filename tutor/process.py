"""Run one child process, bounded in time, memory, processes, output and file size, and leave nothing behind.

How the end is made certain, whichever way it comes:

- The child leads a session of its own. A small watcher shell sits in the same process group and reads a pipe whose
  only writing end is ours: when this program dies, even by SIGKILL, the pipe closes and the watcher kills the group.
- This process is a *child subreaper* (``prctl(2)``): whatever a child leaves behind becomes our child and not init's,
  so it can be found, killed and reaped. It is told from the children of other threads by a mark that every descendant
  inherits and that also the dead still carry: a resource limit that is too high to matter, of a value that only this
  run has. What lowers that limit on purpose is a case for ``tutor.sandbox``, whose process namespace nothing leaves.
- The child itself is reaped last, so its process id, which is also the id of its group, cannot be reused while the
  group is being killed.

The kernel enforces memory per process (``RLIMIT_AS``), file size and processor time. The number of processes and their
memory together are looked at every ``POLL_SECONDS``, because no per-process limit covers them.
"""

from __future__ import annotations

import contextlib
import functools
import os
import resource
import selectors
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, Literal

from tutor.errors import MissingTool
from tutor.values import Value

Outcome = Literal["ok", "timeout", "cancelled", "too-much-output", "too-many-processes", "too-much-memory"]

POLL_SECONDS: Final = 0.04
"""How long a cancellation or an overrun can go unnoticed."""

_READ_BYTES: Final = 65_536
_PAGE_BYTES: Final = resource.getpagesize()
_RLIMIT_RTTIME: Final = 15  # asm-generic/resource.h: microseconds that a real-time process may run without a pause
_MARK_CEILING: Final = 1 << 60  # of those, 36,000 years
_MARK_BYTES: Final = 5
_PR_SET_CHILD_SUBREAPER: Final = 36  # linux/prctl.h

# fd 0 is the control pipe: one line on it says that the limits are set. The watcher is forked twice, so that the
# command does not find a child that it never started. `$1` is what the command gets as its standard input.
_LAUNCH: Final = (
    "exec 3<&0; read -r go || exit 125; "
    "( (read -r gone; kill -s KILL 0) <&3 >/dev/null 2>&1 & ); "
    'input=$1; shift; exec "$@" <"$input" 3<&-'
)

_KEPT: Final = ("HOME", "USER", "LOGNAME", "TZ", "CARGO_HOME", "RUSTUP_HOME")


class Completed(Value):
    """How a child ended.

    ``returncode``: its exit status, or minus the signal that ended it (-9 when it was stopped here).
    ``stdout``, ``stderr``: what it wrote; together never more than the limit given.
    ``outcome``: ``"ok"`` when it ended by itself, else why it was stopped. ``seconds``: wall-clock time.
    """

    returncode: int
    stdout: bytes
    stderr: bytes
    outcome: Outcome
    seconds: float

    @property
    def succeeded(self) -> bool:
        """It ended by itself with exit status 0."""
        return self.outcome == "ok" and self.returncode == 0


def clean_env(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment for other people's code: a short allow-list of ours, never tokens, keys, agents or preloads.

    PATH keeps absolute folders only: an empty or relative entry would find programs in the folder being worked on.
    ``extra`` is laid over it.
    """
    env = {name: value for name in _KEPT if (value := os.environ.get(name))}
    folders = os.environ.get("PATH", os.defpath).split(os.pathsep)
    env["PATH"] = os.pathsep.join(folder for folder in folders if folder.startswith(os.sep))
    env |= {"LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", "TERM": "dumb"}
    return env | dict(extra or {})


def is_program(path: Path) -> bool:
    """Whether this is a file that this user may run."""
    return path.is_file() and os.access(path, os.X_OK)


def find_program(name: str, path: str) -> str | None:
    """The first program called ``name`` in the folders of ``path``, as :func:`shutil.which` finds it; but importing
    shutil, with all the archive formats that it knows, takes a tenth of a compiler run."""
    places = (Path(folder, name) for folder in path.split(os.pathsep) if folder)
    return next((str(place) for place in places if is_program(place)), None)


_MEANWHILE: list[Callable[[], None]] = []


def meanwhile(*works: Callable[[], None]) -> None:
    """Has the first of ``works`` done while the next child runs, in the thread that would only wait for it, the second
    during the child after that, and so on. Replaces what is left of an earlier call.

    For the command line, where all that the answer needs can be imported while the compiler works. Limits and
    cancellation are looked at again afterwards: each takes some hundredths of a second at most.
    """
    _MEANWHILE[:] = works


def run(
    argv: Sequence[str | os.PathLike[str]],
    *,
    cwd: Path,
    env: Mapping[str, str],
    stdin: bytes = b"",
    timeout: float,
    max_output: int,
    memory: int | None = None,
    cpu: int | None = None,
    processes: int | None = None,
    file_size: int | None = None,
    cancel: threading.Event | None = None,
) -> Completed:
    """Run ``argv`` to its end, and no further than the limits; afterwards nothing that it started is left.

    ``timeout``: seconds of wall-clock time. ``max_output``: bytes of stdout and stderr together.
    ``memory``: bytes, of address space for each process and of memory in use for all of them together.
    ``cpu``: seconds of processor time for each process. ``processes``: how many may run at once.
    ``file_size``: bytes for each file written. ``cancel``: setting it stops the child within ``POLL_SECONDS`` or so.

    Meant for worker threads: it blocks. Raises MissingTool when there is no such program, OSError when ``cwd`` is not
    a folder that can be entered.
    """
    started = time.monotonic()
    child = _Child(_resolved(argv, cwd, env), cwd, env, stdin, max_output)
    try:
        child.limit({"AS": memory, "CPU": cpu, "FSIZE": file_size, "CORE": 0})
        if _MEANWHILE:
            _MEANWHILE.pop(0)()
        outcome = child.follow(started + timeout, _Watch(child.pid, processes, memory), cancel)
    finally:
        returncode = child.end()
    if outcome == "ok" and child.overflowed:
        outcome = "too-much-output"
    stdout, stderr = (bytes(kept) for kept in child.kept)
    return Completed(returncode, stdout, stderr, outcome, time.monotonic() - started)


def _resolved(argv: Sequence[str | os.PathLike[str]], cwd: Path, env: Mapping[str, str]) -> list[str]:
    """``argv`` with the program as an absolute path, looked up in the child's PATH."""
    program, *arguments = (os.fspath(word) for word in argv)
    if os.sep in program:
        found = str(cwd / program) if is_program(cwd / program) else None
    else:
        found = find_program(program, env.get("PATH", ""))
    if found is None:
        raise MissingTool("Program not found", f"There is no program {program!r} that can be run.")
    return [os.path.abspath(found), *arguments]  # noqa: PTH100 (resolving links would change what rustup's proxies are)


class _Child:
    """A started process, its two pipes, and the certainty that it ends."""

    def __init__(self, argv: list[str], cwd: Path, env: Mapping[str, str], stdin: bytes, max_output: int) -> None:
        self.kept = (bytearray(), bytearray())
        self.overflowed = False
        self._room = max_output
        with contextlib.ExitStack() as theirs:
            start, self._control = os.pipe()
            theirs.callback(os.close, start)
            inherited = (_in_memory(stdin, theirs),) if stdin else ()
            source = f"/proc/self/fd/{inherited[0]}" if inherited else os.devnull
            try:
                self._popen = subprocess.Popen(
                    ["/bin/sh", "-c", _LAUNCH, "sh", source, *argv],
                    cwd=cwd,
                    env=dict(env),
                    stdin=start,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    bufsize=0,
                    pass_fds=inherited,
                    start_new_session=True,
                )
            except BaseException:
                os.close(self._control)
                raise
        self.pid = self._popen.pid
        self._mark = _new_mark()

    def limit(self, limits: Mapping[str, int | None]) -> None:
        """Set the kernel's limits and the mark, then let the command start. Until then nothing else was started, so
        it is early enough to become the subreaper here, where the shell gets ready at the same time."""
        _become_subreaper()
        resource.prlimit(self.pid, _RLIMIT_RTTIME, (self._mark, self._mark))
        for name, value in limits.items():
            if value is not None:
                kind: int = getattr(resource, f"RLIMIT_{name}")
                hard = resource.prlimit(self.pid, kind)[1]
                bound = value if hard == resource.RLIM_INFINITY else min(value, hard)
                resource.prlimit(self.pid, kind, (bound, bound))
        with contextlib.suppress(BrokenPipeError):  # it is dead already: what follows finds out
            os.write(self._control, b"go\n")

    def follow(self, deadline: float, watch: _Watch, cancel: threading.Event | None) -> Outcome:
        """Read both pipes until the child ends or has to be stopped."""
        with selectors.DefaultSelector() as selector, _pidfd(self.pid) as ended:
            selector.register(ended, selectors.EVENT_READ)
            for stream, kept in self._streams():
                os.set_blocking(stream, False)
                selector.register(stream, selectors.EVENT_READ, kept)
            while True:
                now = time.monotonic()
                if now >= deadline:
                    return "timeout"
                if cancel is not None and cancel.is_set():
                    return "cancelled"
                if overrun := watch.overrun(now):
                    return overrun
                polled = cancel is not None or watch.needed
                for key, _ in selector.select(min(POLL_SECONDS, deadline - now) if polled else deadline - now):
                    if key.data is None:
                        return "ok"
                    if not self._read(key.fd, key.data):
                        selector.unregister(key.fd)
                if self.overflowed:
                    return "too-much-output"

    def end(self) -> int:
        """Kill and reap all that is left, take what is still in the pipes, close everything."""
        with _REAPING:
            self._sweep()
            returncode = self._popen.wait()
        for stream, kept in self._streams():
            os.set_blocking(stream, False)
            with contextlib.suppress(BlockingIOError):  # held open by something that could not be found
                while not self.overflowed and self._read(stream, kept):
                    pass
        for pipe in (self._popen.stdout, self._popen.stderr):
            if pipe is not None:
                pipe.close()
        os.close(self._control)
        return returncode

    def _streams(self) -> Iterator[tuple[int, bytearray]]:
        for pipe, kept in zip((self._popen.stdout, self._popen.stderr), self.kept, strict=True):
            if pipe is not None:
                yield pipe.fileno(), kept

    def _read(self, stream: int, kept: bytearray) -> bool:
        """Take what is there, as far as there is room; False at the end of the stream."""
        data = os.read(stream, _READ_BYTES)
        kept += data[: self._room]
        self.overflowed |= len(data) > self._room
        self._room -= min(len(data), self._room)
        return bool(data)

    def _sweep(self) -> None:
        """Kill the group, whoever left it, and whatever they leave to us, until none is left."""
        known = set(_descendants(self.pid))  # before its death: afterwards their parentage is lost
        with contextlib.suppress(ProcessLookupError, PermissionError):  # empty, or all of it belongs to other users
            os.killpg(self.pid, signal.SIGKILL)
        _kill(known)
        os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOWAIT)
        while ours := [p for p in _children(os.getpid()) if p != self.pid and (p in known or self._belongs(p))]:
            known.update(ours, *map(_descendants, ours))
            _kill(known)
            for pid in ours:
                with contextlib.suppress(ChildProcessError):
                    os.waitpid(pid, 0)
            known.difference_update(ours)

    def _belongs(self, pid: int) -> bool:
        """Whether an adopted child, dead or alive, comes from this run."""
        return str(self._mark).encode() in _proc(pid, "limits").split()


class _Watch:
    """The limits on all processes together, looked at every ``POLL_SECONDS``."""

    def __init__(self, pid: int, processes: int | None, memory: int | None) -> None:
        self._pid, self._processes, self._memory = pid, processes, memory
        self._next = 0.0

    @property
    def needed(self) -> bool:
        return self._processes is not None or self._memory is not None

    def overrun(self, now: float) -> Outcome | None:
        """What is exceeded, if anything; shared memory is not counted, it has limits of its own (tmpfs)."""
        if not self.needed or now < self._next:
            return None
        self._next = now + POLL_SECONDS
        tree = [self._pid, *_descendants(self._pid, at_most=self._processes)]
        if self._processes is not None and len(tree) > self._processes:
            return "too-many-processes"
        if self._memory is not None and sum(map(_private_bytes, tree)) > self._memory:
            return "too-much-memory"
        return None


_REAPING = threading.Lock()
"""One sweep at a time: the kernel's list of our children may skip entries while another thread reaps some."""


@functools.cache
def _become_subreaper() -> None:
    import ctypes

    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "cannot become a child subreaper")


def _new_mark() -> int:
    """A value for the marking limit; below our own, which is one already when this program itself was so started."""
    own = resource.getrlimit(_RLIMIT_RTTIME)[1]
    return (
        (_MARK_CEILING if own == resource.RLIM_INFINITY else own) - 1 - int.from_bytes(os.urandom(_MARK_BYTES), "big")
    )


def _in_memory(data: bytes, stack: contextlib.ExitStack) -> int:
    """A file without a name that holds ``data``, closed with ``stack``: a pipe would have to be fed while we read."""
    file = os.memfd_create("stdin")
    stack.callback(os.close, file)
    view = memoryview(data)
    while view:
        view = view[os.write(file, view) :]
    return file


@contextlib.contextmanager
def _pidfd(pid: int) -> Iterator[int]:
    """A descriptor that becomes readable when the process has ended (``pidfd_open(2)``)."""
    descriptor = os.pidfd_open(pid)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _kill(pids: Iterable[int]) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)


def _proc(pid: int, name: str) -> bytes:
    """A file of ``/proc/PID``; empty when the process is gone or belongs to someone else."""
    try:
        return Path(f"/proc/{pid}/{name}").read_bytes()
    except OSError:
        return b""


def _children(pid: int) -> list[int]:
    """The children of all threads of a process, in no order (``proc_pid_task_tid_children(5)``)."""
    try:
        threads = os.listdir(f"/proc/{pid}/task")  # noqa: PTH208 (names only, and it is on the hot path)
    except OSError:
        return []
    return [int(child) for thread in threads for child in _proc(pid, f"task/{thread}/children").split()]


def _descendants(pid: int, at_most: int | None = None) -> list[int]:
    """All below ``pid``, nearest first; stops soon after ``at_most`` so that a fork bomb is cheap to recognise."""
    found = [pid]
    for parent in found:  # grows while it is walked: breadth first
        found += _children(parent)
        if at_most is not None and len(found) > at_most + 1:
            break
    return found[1:]


def _private_bytes(pid: int) -> int:
    """Memory in use that is not shared with files or other processes, from ``proc_pid_statm(5)``."""
    pages = _proc(pid, "statm").split()
    return (int(pages[1]) - int(pages[2])) * _PAGE_BYTES if pages else 0
