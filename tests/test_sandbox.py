"""Attempts to break out, all real: each succeeds outside, so that its failure inside means something."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tutor import process, sandbox
from tutor.errors import Failed, MissingTool, Refused
from tutor.sandbox import Limits, Sandbox, probe
from tutor.toolchain import Toolchain, find_toolchain

LIMITS = Limits(seconds=60.0)
ATTACK = Path(__file__).with_name("helpers_attack.py")


@dataclass
class World:
    """A user's machine in small: a home with secrets, a workspace, listeners, a running process."""

    root: Path
    home: Path
    workspace: Path
    outside: Path
    scratch: Path
    plan: dict[str, Any]
    before: dict[Path, bytes]
    heard: list[socket.socket]

    def files(self) -> dict[Path, bytes]:
        return {p: p.read_bytes() for p in self.root.rglob("*") if p.is_file() and not p.is_relative_to(self.scratch)}

    def untouched(self) -> bool:
        """Nothing was written, and nobody has called."""
        for listener in self.heard:
            listener.setblocking(False)
            with pytest.raises(BlockingIOError):
                listener.accept()
        return self.files() == self.before


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    # Not in tmp_path: an unprivileged user has to be able to reach it in one of the tests.
    with tempfile.TemporaryDirectory(prefix="tutor-world-") as folder:
        root = Path(folder).resolve()
        root.chmod(0o755)
        home, workspace, outside, scratch = (root / name for name in ("home", "work", "outside", "scratch"))
        for path in (home / ".ssh", home / ".cargo" / "registry", workspace, outside, scratch):
            path.mkdir(parents=True)
        (home / ".ssh" / "id_ed25519").write_text("key")
        (home / ".cargo" / "credentials.toml").write_text("token")
        (home / ".cargo" / "registry" / "package").write_text("downloaded")
        (home / ".bashrc").write_text("alias")
        (workspace / "src.rs").write_text("fn main() {}\n")
        (outside / "note").write_text("note")
        listeners = [socket.socket(family) for family in (socket.AF_INET, socket.AF_UNIX, socket.AF_UNIX)]
        abstract = f"tutor-{uuid.uuid4().hex}"
        listeners[0].bind(("127.0.0.1", 0))
        listeners[1].bind(str(outside / "socket"))
        listeners[2].bind(f"\0{abstract}")
        for listener in listeners:
            listener.listen()
        children = set(process._children(os.getpid()))
        victim = subprocess.Popen(["sleep", "1000"])
        secret = uuid.uuid4().hex
        monkeypatch.setenv("GITHUB_TOKEN", secret)
        toolchain = find_toolchain(None)
        monkeypatch.setenv("HOME", str(home))
        monkeypatch.delenv("CARGO_HOME", raising=False)
        if toolchain is not None:  # remembered by what is on PATH; the fake home would hide rustup's
            monkeypatch.setenv("PATH", f"{toolchain.rustc.parent}:/usr/bin:/bin")
        plan = {
            "home": str(home),
            "workspace": str(workspace),
            "outside": str(outside),
            "port": listeners[0].getsockname()[1],
            "abstract": abstract,
            "victim": victim.pid,
            "secret": secret,
            "kernel": False,
        }
        world = World(root, home, workspace, outside, scratch, plan, {}, listeners)
        world.before = world.files()
        yield world
        victim.kill()
        victim.wait()
        for listener in listeners:
            listener.close()
        assert set(process._children(os.getpid())) == children


def run(world: World, *argv: str | Path, limits: Limits = LIMITS, **options: Any) -> process.Completed:
    settings: dict[str, Any] = {"cwd": world.scratch, "env": process.clean_env(), "read_only": [world.workspace]}
    python = [Path(sys.base_prefix).resolve()] if argv[0] == sys.executable else []
    settings |= options
    settings["read_only"] = [*settings["read_only"], *python]
    words = [os.path.realpath(word) if word == sys.executable else word for word in argv]
    return Sandbox().run(words, scratch=world.scratch, limits=limits, **settings)


def shell(world: World, text: str, **options: Any) -> process.Completed:
    return run(world, "/bin/sh", "-c", text, **options)


def carrying(mark: str) -> list[Path]:
    """All processes that carry the mark in their environment."""
    return [
        path.parent
        for path in Path("/proc").glob("[0-9]*/environ")
        if mark.encode() in process._proc(int(path.parent.name), "environ")
    ]


def test_this_machine_has_a_sandbox() -> None:
    capability = probe()
    assert (capability.kind, capability.fix) == ("bubblewrap", None)
    assert "no network" in capability.detail
    assert "\n" not in capability.detail
    counted = "from outside" if os.geteuid() == 0 else "by the kernel"
    assert counted in capability.detail
    assert probe() is capability


def attack(world: World) -> Path:
    (world.scratch / "plan.json").write_text(json.dumps(world.plan))
    return Path(shutil.copy(ATTACK, world.scratch / "attack.py"))


def test_every_attack_fails_inside_and_works_outside(world: World) -> None:
    inside = {**world.plan, "kernel": True}  # harmless where they fail, so they are not tried outside
    script = attack(world)
    (world.scratch / "inside.json").write_text(json.dumps(inside))
    done = run(world, sys.executable, "-I", "-S", script, "inside.json")
    assert done.succeeded, done.stderr.decode()
    tried, succeeded = json.loads(done.stdout)
    assert len(tried) == 18
    assert succeeded == []
    assert world.untouched()
    assert (world.scratch / "link").readlink() == world.workspace / "src.rs"

    argv = [os.path.realpath(sys.executable), "-I", "-S", str(script), "plan.json"]
    control = process.run(argv, cwd=world.scratch, env=dict(os.environ), timeout=60, max_output=10_000)
    tried, succeeded = json.loads(control.stdout)
    assert succeeded == tried


def test_the_same_for_an_unprivileged_user(world: World, project_root: Path) -> None:
    """The other half of users: root runs it as nobody, anyone else as they are."""
    script = attack(world)
    shutil.copytree(project_root / "tutor", world.outside / "lib" / "tutor", ignore=shutil.ignore_patterns("*.pyc"))
    for path in (world.scratch, world.home, *world.scratch.iterdir()):
        path.chmod(0o777)
    world.before = world.files()
    code = (
        "import sys; from pathlib import Path; from tutor import process, sandbox\n"
        "capability = sandbox.probe(); print(capability.kind, capability.detail)\n"
        f"scratch = Path({str(world.scratch)!r})\n"
        "def run(*argv):\n"
        "    done = sandbox.Sandbox().run(argv, scratch=scratch, cwd=scratch, env=process.clean_env(),\n"
        "        read_only=[Path(sys.base_prefix)], limits=sandbox.Limits(seconds=60.0, processes=16))\n"
        "    print(done.outcome, done.returncode, (done.stdout + done.stderr).decode().strip())\n"
        f"run(sys.executable, '-I', '-S', {str(script)!r}, 'plan.json')\n"
        "run('/bin/sh', '-c', 'for i in $(seq 40); do sleep 1000 & done; echo all')\n"
    )
    # Root's own Python may lie in a folder that nobody else can enter; the system's is for all.
    as_nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "/usr/bin/python3"]
    command = as_nobody if os.geteuid() == 0 else [os.path.realpath(sys.executable)]
    done = subprocess.run(
        [*command, "-B", "-c", code],
        cwd="/",
        env={**os.environ, "PYTHONPATH": str(world.outside / "lib")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    capability, attacks, bomb = done.stdout.splitlines()
    assert capability.startswith("bubblewrap ")
    assert capability.endswith("(counted by the kernel)")
    assert attacks.startswith("ok 0 [[")
    assert attacks.endswith(", []]")
    assert bomb.startswith("ok 2 ")  # the kernel refused: the shell could not fork
    assert "fork" in bomb
    assert world.untouched()


def test_what_is_allowed_works(world: World) -> None:
    done = shell(
        world,
        "cat ../work/src.rs && echo made > made && echo x > /tmp/x && echo x > ~/x && echo x > /dev/shm/x && "
        "hostname && pwd && cat /proc/net/dev | grep -c :",
    )
    assert done.succeeded, done.stderr.decode()
    assert done.stdout.decode() == f"fn main() {{}}\nsandbox\n{world.scratch}\n1\n"
    assert (world.scratch / "made").read_text() == "made\n"
    assert world.untouched()


def test_private_folders_are_new_each_time_and_bounded(world: World) -> None:
    limits = Limits(seconds=60.0, private=4 << 20)
    for folder in ("/tmp", "/var/tmp", "/dev/shm", "$HOME"):
        for _ in range(2):
            done = shell(world, f"cd {folder}; ls full; head -c 8M /dev/zero > full; wc -c < full", limits=limits)
            assert b"No such file" in done.stderr
            assert b"No space left" in done.stderr
            assert int(done.stdout) == 4 << 20


def test_only_the_scratch_folder_can_be_written(world: World) -> None:
    places = "/ /usr /usr/bin /etc /dev /proc /proc/sys/kernel /var /lib /bin"
    done = shell(world, f"for place in {places}; do (: > $place/hostile) 2>/dev/null && echo $place; done; :")
    assert (done.outcome, done.stdout) == ("ok", b"")


def test_no_capabilities_and_no_way_to_more(world: World) -> None:
    done = shell(world, "grep -E 'Cap(Prm|Eff|Bnd|Amb)|NoNewPrivs' /proc/self/status; ps -e | wc -l; tty")
    lines = done.stdout.decode().split()
    assert lines[1:9:2] == ["0" * 16] * 4
    assert lines[9] == "1"
    assert "not" in lines  # "not a tty"


def test_processes_are_bounded(world: World) -> None:
    mark = uuid.uuid4().hex
    limits = Limits(seconds=60.0, processes=16)
    text = "for i in $(seq 40); do sleep 1000 & done; echo all; wait"
    done = shell(world, text, limits=limits, env=process.clean_env({"MARK": mark}))
    assert done.outcome == "too-many-processes" if os.geteuid() == 0 else b"all" not in done.stdout
    assert carrying(mark) == []


def test_memory_is_bounded(world: World) -> None:
    limits = Limits(seconds=60.0, memory=300 << 20)
    take = "x = b'x' * (600 << 20); print('taken')"
    done = run(world, sys.executable, "-I", "-S", "-c", take, limits=limits)
    assert b"MemoryError" in done.stderr
    hog = "import os, time\nfor _ in range(4):\n    if os.fork() == 0: break\nx = b'x' * (120 << 20)\ntime.sleep(1000)"
    assert run(world, sys.executable, "-I", "-S", "-c", hog, limits=limits).outcome == "too-much-memory"


def test_output_and_files_are_bounded(world: World) -> None:
    limits = Limits(seconds=60.0, output=10_000, file_size=1_000_000)
    done = shell(world, "head -c 1G /dev/zero", limits=limits)
    assert (done.outcome, len(done.stdout)) == ("too-much-output", 10_000)
    assert not shell(world, "head -c 3M /dev/zero > big", limits=limits).succeeded
    assert (world.scratch / "big").stat().st_size == 1_000_000


@pytest.mark.parametrize("text", [
    "for i in 1 2 3 4 5 6 7 8; do head -c 16M /dev/zero > f$i; done; sync; sleep 1000",
    "exec 5> f; rm f; head -c 128M /dev/zero >&5; sync; sleep 1000",  # on no list of files
])  # fmt: skip
def test_many_files_cannot_fill_the_disk(world: World, text: str) -> None:
    limits = Limits(seconds=60.0, file_size=1 << 30, disk=32 << 20)
    with pytest.raises(Failed) as caught:
        shell(world, text, limits=limits)
    assert "more than 32 MiB of the disk" in caught.value.msg
    assert shell(world, "echo small > f", limits=limits).succeeded


def test_a_limit_on_the_disk_leaves_cancelling_as_it_is(world: World) -> None:
    cancel = threading.Event()
    cancel.set()
    assert shell(world, "sleep 1000", cancel=cancel).outcome == "cancelled"


DAEMON = "(setsid sh -c 'setsid sleep 1000 & sleep 1000' &) ; setsid -f sleep 1000"


@pytest.mark.parametrize(
    ("text", "outcome"), [(DAEMON, "ok"), (f"{DAEMON}; trap '' TERM HUP INT; sleep 1000", "timeout")]
)
def test_nothing_stays_behind(world: World, text: str, outcome: str) -> None:
    mark = uuid.uuid4().hex
    done = shell(world, text, limits=Limits(seconds=2.0), env=process.clean_env({"MARK": mark}))
    assert done.outcome == outcome
    assert carrying(mark) == []


def test_cancelling_ends_all_of_it(world: World) -> None:
    mark = uuid.uuid4().hex
    ready = world.scratch / "ready"
    os.mkfifo(ready)
    cancel, running = threading.Event(), []

    def watch() -> None:
        ready.read_bytes()
        running.extend(carrying(mark))
        cancel.set()

    watcher = threading.Thread(target=watch)
    watcher.start()
    env = process.clean_env({"MARK": mark})
    done = shell(world, f"{DAEMON}; echo > ready; sleep 1000", env=env, cancel=cancel)
    watcher.join()
    assert done.outcome == "cancelled"
    assert running
    assert carrying(mark) == []


def test_nothing_outlives_a_killed_parent(world: World, project_root: Path) -> None:
    ready = world.scratch / "ready"
    os.mkfifo(ready)
    code = (
        "from pathlib import Path; from tutor import process, sandbox\n"
        f"scratch = Path({str(world.scratch)!r})\n"
        f"sandbox.Sandbox().run(['/bin/sh', '-c', {DAEMON + '; echo > ready; sleep 1000'!r}], scratch=scratch,"
        " cwd=scratch, env=process.clean_env(), limits=sandbox.Limits(seconds=1000.0))"
    )
    assert shell(world, ":").succeeded  # from now on orphans become children of this process
    before = set(process._children(os.getpid()))
    parent = subprocess.Popen([sys.executable, "-c", code], cwd=project_root)
    ready.read_bytes()
    below = process._descendants(parent.pid)
    assert len(below) >= 4
    parent.kill()
    parent.wait()
    while orphans := set(process._children(os.getpid())) - before:
        for pid in orphans:
            os.waitpid(pid, 0)
    assert [pid for pid in below if Path(f"/proc/{pid}").exists()] == []


def test_folders_with_secrets_are_refused(world: World) -> None:
    link = world.outside / "shortcut"
    link.symlink_to(world.home)
    for folder in (world.home, world.home.parent, Path("/"), link, world.home / ".cargo"):
        with pytest.raises(Refused, match="private files"):
            run(world, "true", read_only=[folder])
        with pytest.raises(Refused):
            Sandbox().run(["true"], scratch=folder, cwd=folder, env={}, limits=LIMITS)
    with pytest.raises(FileNotFoundError):
        run(world, "true", read_only=[world.outside / "absent"])


def test_without_a_home_folder(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for value in ("/", "", "relative"):
        monkeypatch.setenv("HOME", value)
        assert shell(world, "echo x > made && echo x > ~/made").succeeded


@pytest.fixture
def toolchain(world: World) -> Toolchain:
    found = find_toolchain(None)
    assert found is not None
    assert found.cargo is not None
    return found


@pytest.mark.parametrize(
    ("config", "shown"),
    [
        ('[build]\nrustflags = ["-Cdebuginfo=0"]\n', True),
        ('[source.crates-io]\nreplace-with = "near"\n[source.near]\nregistry = "https://crates.example"\n', True),
        ('[registry]\ntoken = "abc"\n', False),
        ('[http]\nproxy = "user:pass@host"\n', False),
        ('[env]\nSERVICE_KEY = "abc"\n', False),
    ],
)
def test_cargo_finds_its_packages_and_no_secrets(world: World, toolchain: Toolchain, config: str, shown: bool) -> None:
    (world.home / ".cargo" / "config.toml").write_text(config)
    text = "cd ~/.cargo; ls; cat registry/package; (: > registry/hostile) 2>/dev/null || echo ' kept'"
    argv = ["/bin/sh", "-c", text]
    done = Sandbox(toolchain).run(argv, scratch=world.scratch, cwd=world.scratch, env=toolchain.env(), limits=LIMITS)
    names = ["config.toml", "registry"] if shown else ["registry"]
    assert done.stdout.decode().split() == [*names, "downloaded", "kept"]


def test_a_cargo_home_elsewhere_is_as_private(
    world: World, toolchain: Toolchain, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In some images it lies below /usr, which is shown: its credentials must not be."""
    elsewhere = world.outside / "system" / "cargo"
    (elsewhere / "registry").mkdir(parents=True)
    (elsewhere / "credentials.toml").write_text("token")
    monkeypatch.setenv("CARGO_HOME", str(elsewhere))
    monkeypatch.setattr(sandbox, "_SYSTEM", (*sandbox._SYSTEM, str(elsewhere.parent)))
    done = Sandbox(toolchain).run(
        ["/bin/sh", "-c", f"ls {elsewhere} && cargo init -q --name p --vcs none p && cd p && cargo check -q --offline"],
        scratch=world.scratch,
        cwd=world.scratch,
        env=toolchain.env(),
        limits=LIMITS,
    )
    assert (done.returncode, done.stdout.decode().split()) == (0, ["registry"]), done.stderr


BUILD_SCRIPT = """
use std::{{env, fs, net, os::unix::net::UnixStream, process::{{Command, Stdio}}}};

fn main() {{
    let append = |path: &str| fs::OpenOptions::new().append(true).open(path).is_ok();
    let attempts = [
        ("outside", fs::write("{outside}/new", "hostile").is_ok()),
        ("workspace", append("{workspace}/src.rs")),
        ("home", append("{home}/.bashrc")),
        ("key", fs::read("{home}/.ssh/id_ed25519").is_ok()),
        ("token", fs::read("{home}/.cargo/credentials.toml").is_ok()),
        ("secret", env::vars().any(|(_, value)| value.contains("{secret}"))),
        ("port", net::TcpStream::connect("127.0.0.1:{port}").is_ok()),
        ("socket", UnixStream::connect("{outside}/socket").is_ok()),
        ("environ", fs::read("/proc/{victim}/environ").is_ok()),
        ("kill", Command::new("kill").arg("{victim}").status().unwrap().success()),
    ];
    let mut daemon = Command::new("setsid");
    daemon.args(["-f", "sleep", "1000"]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    daemon.status().unwrap();
    let done: Vec<_> = attempts.iter().filter(|(_, worked)| *worked).map(|(name, _)| *name).collect();
    println!("cargo::warning=worked: {{}} of {{}} {{}}.", done.len(), attempts.len(), done.join(" "));
}}
"""


@pytest.mark.parametrize("kind", ["build script", "procedural macro", "test"])
def test_cargo_runs_foreign_code_and_it_achieves_nothing(world: World, toolchain: Toolchain, kind: str) -> None:
    package = world.scratch / "package"
    (package / "src").mkdir(parents=True)
    body = BUILD_SCRIPT.format_map(world.plan)
    manifest = '[package]\nname = "p"\nversion = "0.1.0"\nedition = "2021"\n'
    if kind == "build script":
        (package / "build.rs").write_text(body)
        (package / "src" / "lib.rs").write_text("")
    elif kind == "procedural macro":
        manifest += "[lib]\nproc-macro = true\n"
        hook = "#[proc_macro] pub fn go(stream: proc_macro::TokenStream) -> proc_macro::TokenStream { main(); stream }"
        (package / "src" / "lib.rs").write_text(body + hook)
        (package / "src" / "main.rs").write_text("p::go!();\nfn main() {}\n")
    else:
        (package / "src" / "main.rs").write_text(body + "#[test]\nfn go() { main() }\n")
    (package / "Cargo.toml").write_text(manifest)
    argv = [str(toolchain.cargo), "test", "--offline", "--", "--nocapture"]
    env = toolchain.env({"MARK": world.plan["secret"][::-1]})
    done = Sandbox(toolchain).run(argv, scratch=world.scratch, cwd=package, env=env, limits=LIMITS)
    assert done.succeeded, done.stderr.decode()
    assert b"worked: 0 of 10 ." in done.stdout + done.stderr
    assert carrying(world.plan["secret"][::-1]) == []
    assert world.untouched()

    # Outside, the same code does all of it, but for what is not there in a clean environment; and even its daemon dies.
    shutil.rmtree(package / "target")
    control = process.run(argv, cwd=package, env=env, timeout=120, max_output=100_000)
    worked = b"worked: 9 of 10 outside workspace home key token port socket environ kill."
    assert worked in control.stdout + control.stderr
    assert carrying(world.plan["secret"][::-1]) == []


@pytest.fixture
def unprobed() -> Iterator[None]:
    """As in a new process, before and after."""
    for cached in (probe, sandbox._bwrap):
        cached.cache_clear()
    yield
    for cached in (probe, sandbox._bwrap):
        cached.cache_clear()


def pretend(folder: Path, text: str) -> str:
    program = folder / "bwrap"
    program.write_text(f"#!/bin/sh\n{text}\n")
    program.chmod(0o755)
    return f"{folder}:/usr/bin:/bin"


@pytest.mark.usefixtures("unprobed")
def test_not_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    capability = probe()
    assert (capability.kind, capability.detail) == ("none", "bubblewrap is not installed")
    assert capability.fix == "sudo apt install bubblewrap"
    with pytest.raises(MissingTool, match="not installed"):
        Sandbox().run(["true"], scratch=tmp_path, cwd=tmp_path, env={}, limits=LIMITS)


@pytest.mark.usefixtures("unprobed")
def test_installed_and_not_working(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", pretend(tmp_path, "echo 'bwrap: setting up uid map: Permission denied' >&2; exit 1"))
    capability = probe()
    assert capability.kind == "none"
    assert "uid map: Permission denied" in capability.detail
    assert capability.fix


@pytest.mark.usefixtures("unprobed")
def test_a_sandbox_that_holds_nothing_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is judged by what it holds: these leave the network, or the files, as they are."""
    real = shutil.which("bwrap")
    network = pretend(
        tmp_path, f'[ "$1" = --help ] && exec {real} --help; shift; exec {real} --unshare-pid --unshare-uts "$@"'
    )
    monkeypatch.setenv("PATH", network)
    capability = probe()
    assert (capability.kind, capability.detail) == ("none", "bubblewrap starts, but the network can be reached")
    for cached in (probe, sandbox._bwrap):
        cached.cache_clear()
    while_scratch = 'cd /; while [ "$1" != --chdir ]; do shift; done; cd "$2"; shift 3; exec "$@"'
    monkeypatch.setenv("PATH", pretend(tmp_path, f'[ "$1" = --help ] && exec {real} --help; {while_scratch}'))
    capability = probe()
    assert capability.kind == "none"
    assert "the network can be reached" in capability.detail
    assert ("files outside can be written" in capability.detail) == os.access("/usr", os.W_OK)


@pytest.mark.usefixtures("unprobed")
def test_an_older_bubblewrap_without_newer_options(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """0.6 knows neither ``--size`` nor ``--disable-userns`` and stops at an option that it does not know."""
    text = f"""
for word; do case "$word" in --size | --disable-userns) echo "bwrap: Unknown option $word" >&2; exit 1 ;; esac; done
if [ "$1" = --help ]; then {shutil.which("bwrap")} --help 2>&1 | sed '/--size/d; /--disable-userns/d'
else exec {shutil.which("bwrap")} "$@"; fi
"""
    monkeypatch.setenv("PATH", pretend(tmp_path, text))
    assert probe().kind == "bubblewrap"
    assert shell(world, "echo x > made").succeeded
