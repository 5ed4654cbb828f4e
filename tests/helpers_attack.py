"""What hostile code would try, as a program: prints a JSON list of the names of what succeeded.

Usage: ``attack.py PLAN`` where PLAN is a JSON object of the targets. Run outside a sandbox it shows that the attacks
are real; every target belongs to the test that runs it.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path

PTRACE_ATTACH, PTRACE_DETACH = 16, 17
CLONE_NEWUSER = 0x10000000


def write(path: str) -> None:
    with Path(path).open("a") as file:
        file.write("hostile")


def change(path: str) -> None:
    """Append to a file that is there: a private folder may well let a new one be made."""
    with Path(path).open("r+") as file:
        file.seek(0, os.SEEK_END)
        file.write("hostile")


def read(path: str) -> None:
    if not Path(path).read_bytes():
        raise OSError("empty")


def connect(address: str | tuple[str, int]) -> None:
    family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as connection:
        connection.settimeout(10)
        connection.connect(address)
        connection.sendall(b"hostile")


def call(name: str, *arguments: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if getattr(libc, name)(*arguments) != 0:
        raise OSError(ctypes.get_errno(), name)


def trace(pid: int) -> None:
    call("ptrace", PTRACE_ATTACH, pid, 0, 0)
    os.waitpid(pid, 0x40000000)  # __WALL: it stops first
    call("ptrace", PTRACE_DETACH, pid, 0, 0)


def secret(word: str) -> None:
    if not any(word in value for value in os.environ.values()):
        raise OSError("not there")


def through_link(path: str) -> None:
    link = Path("link")
    link.unlink(missing_ok=True)
    link.symlink_to(path)
    change("link")


def in_child(action: Callable[[], None]) -> None:
    """For what would change this process."""
    if (pid := os.fork()) == 0:
        with contextlib.suppress(OSError):
            action()
            os._exit(0)
        os._exit(1)
    if os.waitpid(pid, 0)[1] != 0:
        raise OSError("refused")


def open_to_write(path: str) -> None:
    os.close(os.open(path, os.O_WRONLY))


def main() -> None:
    plan = json.loads(Path(sys.argv[1]).read_text())
    attempts: dict[str, Callable[[], None]] = {
        "write outside": lambda: write(plan["outside"] + "/new"),
        "change the workspace": lambda: change(plan["workspace"] + "/src.rs"),
        "write through a link": lambda: through_link(plan["workspace"] + "/src.rs"),
        "change the home folder": lambda: change(plan["home"] + "/.bashrc"),
        "read a key": lambda: read(plan["home"] + "/.ssh/id_ed25519"),
        "read cargo's token": lambda: read(plan["home"] + "/.cargo/credentials.toml"),
        "read outside": lambda: read(plan["outside"] + "/note"),
        "find a secret in the environment": lambda: secret(plan["secret"]),
        "connect to a port": lambda: connect(("127.0.0.1", plan["port"])),
        "connect to a socket": lambda: connect(plan["outside"] + "/socket"),
        "connect to an abstract socket": lambda: connect("\0" + plan["abstract"]),
        "read another's environment": lambda: read(f"/proc/{plan['victim']}/environ"),
        "trace another process": lambda: trace(plan["victim"]),
        "make a user namespace": lambda: in_child(lambda: call("unshare", CLONE_NEWUSER)),
        "kill another process": lambda: os.kill(plan["victim"], signal.SIGKILL),
    }
    if plan["kernel"]:
        attempts |= {
            "set the kernel": lambda: open_to_write("/proc/sys/kernel/core_pattern"),
            "request of the kernel": lambda: open_to_write("/proc/sysrq-trigger"),
            "read password hashes": lambda: read("/etc/shadow"),
        }
    done = []
    for name, attempt in attempts.items():
        with contextlib.suppress(OSError):
            attempt()
            done.append(name)
    print(json.dumps([list(attempts), done]))


if __name__ == "__main__":
    main()
