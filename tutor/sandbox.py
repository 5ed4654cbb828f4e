"""Run a command in which other people's code may run: build scripts, procedural macros, tests, programs.

``bubblewrap`` (``bwrap(1)``) makes a world of its own for the command: no network, no other processes, no host name, no
capabilities, no new user namespaces. Its files are an allow-list: the system's programs and libraries, the toolchain,
cargo's downloaded packages and what the caller names, all read-only; one scratch folder, writable, as long as that does
not fill the disk; empty private folders of limited size for the home folder and ``/tmp``. Anything else, such as keys,
tokens, sockets and other projects, is not there at all. ``tutor.process`` bounds time, memory, processes and output,
and leaves nothing behind.

What it does not do: hide which processor or kernel this is, or defend against a hole in the kernel. Files that the
command left in the scratch folder were made by foreign code: do not follow links among them.

This is mechanics only. Whether code may also run without a sandbox is the caller's decision.
"""

from __future__ import annotations

import functools
import os
import re
import shutil
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from tutor import process
from tutor.errors import Failed, MissingTool, Refused
from tutor.toolchain import Toolchain

# Only what programs, compilers and linkers need: no shadow file, no host keys, no machine id.
_SYSTEM: Final = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/nix/store", "/run/current-system")
_SETTINGS: Final = ("alternatives", "ld.so.cache", "ld.so.conf", "ld.so.conf.d", "localtime", "passwd", "group")
_CARGO_PACKAGES: Final = ("registry", "git")
_CARGO_SETTINGS: Final = ("config.toml", "config")
_SECRET: Final = re.compile(rb"token|secret|passw|_key|:[^/\s]*@", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Capability:
    """What can hold foreign code on this machine, found out by trying it.

    ``detail``: one line for the user: which limits hold, or why there is no sandbox. ``fix``: how to get one.
    """

    kind: Literal["bubblewrap", "none"]
    detail: str
    fix: str | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """``seconds`` of wall-clock time; bytes of ``memory`` (address space of each process, and memory in use of all),
    of ``output`` (stdout and stderr together), of each file (``file_size``) and of the private folders together with
    ``/dev/shm`` (``private``, each); ``processes`` at once, threads included where the kernel counts them; ``disk``:
    bytes by which the free space of the scratch folder's disk may shrink while the command runs; three quarters of
    it at most."""

    seconds: float = 120.0
    memory: int = 4 * 1024**3
    processes: int = 1024
    output: int = 8 * 1024**2
    file_size: int = 1024**3
    private: int = 512 * 1024**2
    disk: int = 8 * 1024**3


class Sandbox:
    """A way to run commands that cannot reach beyond their scratch folder."""

    def __init__(self, toolchain: Toolchain | None = None) -> None:
        """``toolchain``: visible inside, with cargo's downloaded packages."""
        self._toolchain = toolchain

    def run(
        self,
        argv: Sequence[str | os.PathLike[str]],
        *,
        scratch: Path,
        read_only: Sequence[Path] = (),
        cwd: Path,
        env: Mapping[str, str],
        limits: Limits,
        cancel: threading.Event | None = None,
    ) -> process.Completed:
        """Run ``argv`` with ``scratch`` writable and ``read_only`` visible, at the paths that they have outside.

        ``env`` is passed as it is but for HOME, which names the private folder (see ``process.clean_env`` and
        ``Toolchain.env``). ``cwd`` is a folder inside.
        Raises MissingTool when no sandbox works here (see ``probe``), Failed when it filled the disk, Refused when a
        folder would show or give away the home folder, OSError when one is missing.
        """
        capability = probe()
        if capability.kind == "none":
            raise MissingTool("No sandbox", f"{capability.detail}.", capability.fix)
        return self._run(_bwrap(), argv, scratch, read_only, cwd, env, limits, cancel)

    def _run(
        self,
        bwrap: _Bwrap,
        argv: Sequence[str | os.PathLike[str]],
        scratch: Path,
        read_only: Sequence[Path],
        cwd: Path,
        env: Mapping[str, str],
        limits: Limits,
        cancel: threading.Event | None = None,
    ) -> process.Completed:
        shown = [path.absolute() for path in read_only]
        for path in (scratch, *shown):
            _refuse_private(path)
        cargo_home = _cargo_home()
        command = [
            *bwrap.world(limits.private),
            *_bound(shown),
            # After what is shown, and before what is shown of it: it may lie below a folder that is shown.
            *(bwrap.private_folder(cargo_home, limits.private) if cargo_home.is_dir() else ()),
            *_bound(self._toolchain_files()),
            *("--bind", str(scratch.absolute()), str(scratch.absolute())),
            *("--remount-ro", "/", "--chdir", str(cwd.absolute()), "--"),
            *bwrap.process_limit(limits.processes),
            *argv,
        ]
        stop = _Stop(scratch, limits.disk, cancel)
        done = process.run(
            command,
            cwd=Path("/"),
            env={**env, "HOME": str(_home())},
            timeout=limits.seconds,
            max_output=limits.output,
            memory=limits.memory,
            processes=limits.processes + bwrap.own_processes,
            file_size=limits.file_size,
            cancel=stop,
        )
        if done.outcome == "cancelled" and stop.filled:
            program = Path(argv[0]).name
            raise Failed(
                "The disk was filling up",
                f"{program} was stopped: more than {stop.most >> 20} MiB of the disk were filled while it ran.",
            )
        return done

    def _toolchain_files(self) -> Iterator[Path]:
        """The toolchain and what cargo has downloaded; never its credentials."""
        if self._toolchain is None:
            return
        yield self._toolchain.sysroot
        cargo_home = _cargo_home()
        yield from (cargo_home / name for name in _CARGO_PACKAGES if (cargo_home / name).is_dir())
        yield from (cargo_home / name for name in _CARGO_SETTINGS if _harmless(cargo_home / name))


class _Stop(threading.Event):
    """Set when ``cancel`` is, or when the disk of ``folder`` has lost more than ``most`` bytes of its free space.

    What the disk says is cheap to ask and counts files that were deleted and are still open, which walking the folder
    would not. If another program fills it at the same time, stopping is right as well.
    """

    def __init__(self, folder: Path, most: int, cancel: threading.Event | None) -> None:
        super().__init__()
        self.filled = False
        self._folder, self._cancel = folder, cancel
        free = _free(folder)
        self.most = min(most, free * 3 // 4)
        self._least = free - self.most

    def is_set(self) -> bool:
        self.filled = self.filled or _free(self._folder) < self._least
        return self.filled or (self._cancel is not None and self._cancel.is_set())


def _free(folder: Path) -> int:
    """The free bytes of a folder's disk."""
    disk = os.statvfs(folder)
    return disk.f_bfree * disk.f_frsize


@dataclass(frozen=True, slots=True)
class _Bwrap:
    """The installed program, the options that it knows, and where ``prlimit(1)`` is."""

    program: str
    options: frozenset[str]
    prlimit: str | None
    own_processes: int = 2  # itself, and the first process of the new process namespace

    def world(self, private: int) -> list[str]:
        """The arguments that make the world, up to the folders that a run adds."""
        words = [self.program, "--unshare-all", "--unshare-user", "--die-with-parent", "--new-session"]
        words += ["--cap-drop", "ALL", "--hostname", "sandbox"]
        if "--disable-userns" in self.options:  # a new namespace would bring back capabilities
            words += ["--disable-userns"]
        for path in map(Path, _SYSTEM):
            if path.is_symlink():
                words += ["--symlink", str(path.readlink()), str(path)]
            elif path.exists():
                words += ["--ro-bind", str(path), str(path)]
        for name in _SETTINGS:
            words += ["--ro-bind-try", f"/etc/{name}", f"/etc/{name}"]
        words += ["--proc", "/proc", "--dev", "/dev"]
        for folder in ("/dev/shm", "/tmp", "/var/tmp", str(_home())):  # noqa: S108 (the sandbox's own)
            words += self.private_folder(Path(folder), private)
        # Root has no capabilities inside and would still own the kernel's settings below /proc/sys.
        return [*words, "--remount-ro", "/dev", "--remount-ro", "/proc"]

    def private_folder(self, folder: Path, size: int) -> list[str]:
        """An empty folder that is gone afterwards."""
        return [*(("--size", str(size)) if "--size" in self.options else ()), "--tmpfs", str(folder)]

    def process_limit(self, processes: int) -> list[str]:
        """What sets the kernel's limit inside, where it counts the sandbox's processes and not all of the user's."""
        return [self.prlimit, f"--nproc={processes}", "--"] if self.prlimit else []


@functools.cache
def probe() -> Capability:
    """Try a sandbox once for this process: it has to start, and to hold what it promises."""
    import tempfile

    try:
        bwrap = _bwrap()
    except MissingTool as error:
        return Capability("none", error.msg.rstrip("."), error.hint)
    with tempfile.TemporaryDirectory(prefix="tutor-probe-") as folder:
        scratch = Path(folder).resolve()
        limits = Limits(seconds=20.0, output=64 * 1024, memory=512 * 1024**2)
        done = Sandbox()._run(bwrap, ["/bin/sh", "-c", _PROBE], scratch, (), scratch, process.clean_env(), limits)
        wrote = (scratch / "inside").is_file()
    words = done.stdout.decode(errors="replace").split()
    if "started" not in words:
        return _why_not(done)
    broken = ["files outside can be written"] if "can-write-outside" in words else []
    broken += ["the network can be reached"] if str(Path("/proc/self/ns/net").readlink()) in words else []
    broken += [] if wrote else ["the scratch folder cannot be written"]
    if broken:
        return Capability("none", "bubblewrap starts, but " + " and ".join(broken))
    counted = "counted by the kernel" if "processes-held" in words else "counted from outside"
    memory = "memory" if "memory-held" in words else "memory (as a whole only)"
    return Capability(
        "bubblewrap",
        f"bubblewrap: no network, writes only in the scratch copy; limits on time, {memory}, output, "
        f"file size and processes ({counted})",
    )


_PROBE: Final = """
echo started; echo > inside
for place in / /usr /etc /etc/passwd /dev /proc/sys/kernel/core_pattern; do
  [ -w "$place" ] && echo can-write-outside
done
readlink /proc/self/ns/net
dd if=/dev/null of=/dev/null bs=1024M count=1 2>/dev/null || echo memory-held
if command -v prlimit >/dev/null; then
  prlimit --nproc=1 -- sh -c '(:); :' 2>/dev/null || echo processes-held
fi
"""

# Switches of the kernel that forbid what bubblewrap needs: file below /proc/sys, the value that forbids, what helps.
_SWITCHES: Final = (
    ("user/max_user_namespaces", "0", "sudo sysctl -w user.max_user_namespaces=10000"),
    ("kernel/unprivileged_userns_clone", "0", "sudo sysctl -w kernel.unprivileged_userns_clone=1"),
    (
        "kernel/apparmor_restrict_unprivileged_userns",
        "1",
        "allow bwrap user namespaces by an AppArmor profile, "
        "or sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0",
    ),
)


def _why_not(done: process.Completed) -> Capability:
    """bubblewrap is there and a sandbox did not start: its own words, and what helps if a known switch is off."""
    said = done.stderr.decode(errors="replace").strip().splitlines()
    reason = said[-1] if said else f"it ended with {done.returncode} ({done.outcome})"
    for name, forbids, fix in _SWITCHES:
        switch = Path("/proc/sys", name)
        if switch.is_file() and switch.read_text(encoding="ascii").strip() == forbids:
            return Capability("none", f"bubblewrap cannot make user namespaces here: {reason}", fix)
    return Capability(
        "none",
        f"bubblewrap does not work here: {reason}",
        "inside a container: allow user namespaces and mounts for it",
    )


@functools.cache
def _bwrap() -> _Bwrap:
    path = process.clean_env()["PATH"]
    program = shutil.which("bwrap", path=path)
    if program is None:
        raise MissingTool("No sandbox", "bubblewrap is not installed.", "sudo apt install bubblewrap")
    done = process.run([program, "--help"], cwd=Path("/"), env=process.clean_env(), timeout=20.0, max_output=64 * 1024)
    options = frozenset(word for word in (done.stdout + done.stderr).decode(errors="replace").split() if "--" in word)
    return _Bwrap(program, options, shutil.which("prlimit", path=path))


def _bound(paths: Iterable[Path]) -> Iterator[str]:
    """Arguments that show the paths read-only where they are; a folder before what lies in it."""
    for path in sorted(set(paths)):
        yield from ("--ro-bind", str(path), str(path))


def _home() -> Path:
    """The user's home folder; one that exists only inside when there is none that can be hidden."""
    home = Path(os.environ.get("HOME") or "/")
    return home if home.is_absolute() and home != Path("/") and home.is_dir() else Path("/nonexistent")


def _cargo_home() -> Path:
    return Path(os.environ.get("CARGO_HOME") or _home() / ".cargo").absolute()


def _refuse_private(path: Path) -> None:
    """Raise Refused when showing ``path`` would show the home folder, or cargo's folder with its credentials."""
    real = path.resolve(strict=True)
    for private in (_home(), _cargo_home()):
        if private.resolve().is_relative_to(real):
            raise Refused("Not in the sandbox", f"{str(path)!r} holds private files: name a folder inside it.")


def _harmless(file: Path) -> bool:
    """Whether a configuration of cargo is there and says nothing that looks like a secret."""
    try:
        return not _SECRET.search(file.read_bytes())
    except OSError:
        return False
