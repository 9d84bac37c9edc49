"""Starts Brownie as this project's own: its networks, its compiler, a free port, no home folder.

`make setup` installs this file as `.venv/bin/brownie`, in the place of Brownie's own launcher.
Brownie keeps its networks in `~/.brownie` and knows no other place, so each run gets a home of its
own under `var/brownie/`, in which the network file is `networks.yaml` with this run's port. What
should outlive a run (accounts, packages, history) is linked in from `var/brownie/shared/`. A home
whose owner died is swept by the next run. The real home is passed on as DOKKAEBI_USER_HOME.
"""

import atexit
import fcntl
import json
import os
import random
import runpy
import shutil
import signal
import socket
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

SHARED_FOLDERS = ("accounts", "packages", "hypothesis")
SHARED_FILES = (".history", "deployments.db")
# Below the range from which Linux and macOS hand out ports to anyone who asks. One block a run:
# pytest-xdist's workers use the ports after the first.
PORT_FIRST, PORT_LAST, PORT_BLOCK = 20_000, 32_000, 32
NETWORK_COMMANDS_THAT_EDIT = {
    "add",
    "modify",
    "delete",
    "import",
    "set_provider",
    "update_provider",
}


def project_root() -> Path:
    return Path(os.environ["DOKKAEBI_ROOT"])


@contextmanager
def locked(path: Path) -> Iterator[None]:
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def try_lock(path: Path) -> IO[str] | None:
    """A lock that lasts as long as this process, or None if another process has it."""
    file = path.open("a")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        return None
    return file


def is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def reserve_ports() -> tuple[int, IO[str]]:
    """A block of free ports that no other run of any checkout on this machine uses."""
    folder = Path(tempfile.gettempdir()) / f"dokkaebi-ports-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    blocks = list(range(PORT_FIRST, PORT_LAST, PORT_BLOCK))
    random.SystemRandom().shuffle(blocks)
    for first in blocks:
        lock = try_lock(folder / str(first))
        if lock is None:
            continue
        if all(is_free(port) for port in range(first, first + PORT_BLOCK)):
            return first, lock
        lock.close()
    sys.exit(
        f"No {PORT_BLOCK} free ports in a row between {PORT_FIRST} and {PORT_LAST} for a "
        "development node; stop some of the programs that listen there."
    )


def make_home(root: Path, port: int) -> tuple[Path, IO[str]]:
    """A home for this run; sweeps the homes of runs that are gone."""
    import yaml

    folder = root / "var" / "brownie"
    shared = folder / "shared"
    for name in SHARED_FOLDERS:
        (shared / name).mkdir(parents=True, exist_ok=True)
    for name in SHARED_FILES:
        (shared / name).touch()

    with locked(folder / ".lock"):
        for old in folder.glob("run-*"):
            with suppress(OSError):
                stale = try_lock(old / "lock")
                if stale is not None:
                    shutil.rmtree(old, ignore_errors=True)
                    stale.close()
        home = Path(tempfile.mkdtemp(prefix="run-", dir=folder))
        lock = try_lock(home / "lock")
    if lock is None:
        sys.exit(f"{home} was taken by another process; try again.")

    data = home / ".brownie"
    data.mkdir()
    for name in SHARED_FOLDERS + SHARED_FILES:
        (data / name).symlink_to(shared / name)
    networks = yaml.safe_load((root / "networks.yaml").read_text("utf-8"))
    for network in networks["development"]:
        network["cmd_settings"]["port"] = port
    (data / "network-config.yaml").write_text(yaml.safe_dump(networks), "utf-8")
    (home / "owner").write_text(str(os.getpid()), "utf-8")
    return home, lock


def remove_home(home: Path, owner: int) -> None:
    if os.getpid() == owner:
        shutil.rmtree(home, ignore_errors=True)


def drop_orphans(root: Path) -> None:
    """Removes what was compiled from contracts that are gone; Brownie stumbles over it."""
    for artifact in (root / "build").glob("*/*.json"):
        with suppress(OSError, ValueError):
            source = json.loads(artifact.read_text("utf-8")).get("sourcePath")
            if source is not None and not (root / source).is_file():
                artifact.unlink()


def leave(number: int, _frame: object) -> None:
    sys.exit(128 + number)


def main() -> None:
    root = project_root()
    arguments = sys.argv[1:]
    if arguments[:1] == ["networks"] and set(arguments[1:2]) & NETWORK_COMMANDS_THAT_EDIT:
        sys.exit(f"Networks are kept in {root / 'networks.yaml'}; edit that file.")

    from dotenv import load_dotenv

    load_dotenv(root / ".env")
    drop_orphans(root)
    port, port_lock = reserve_ports()
    home, home_lock = make_home(root, port)
    # Registered before Brownie is imported, so it runs after Brownie has stopped its node.
    atexit.register(remove_home, home, os.getpid())
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, leave)

    environment = os.environ
    environment["DOKKAEBI_USER_HOME"] = environment.get("HOME", "")
    environment["HOME"] = str(home)
    environment["SOLCX_BINARY_PATH"] = str(root / ".solcx")
    environment["DOKKAEBI_VENV_PYTHON"] = sys.executable
    environment["DOKKAEBI_NODE_OWNER"] = str(home / "lock")
    environment["DOKKAEBI_NODE_QUIET"] = "1"
    environment["PATH"] = os.pathsep.join(
        [
            str(root / "tools" / "bin"),
            str(root / "node_modules" / ".bin"),
            str(Path(sys.executable).parent),
            environment.get("PATH", os.defpath),
        ]
    )
    if arguments[:1] == ["test"]:
        # The options in pyproject.toml keep Brownie out of every other run of pytest.
        sys.argv += ["-o", "addopts=--strict-markers"]

    from brownie._cli.__main__ import main as brownie

    # By its path: with this folder on the path, `import brownie` would find this file.
    runpy.run_path(str(root / "tools" / "compile_apart.py"))["install"](root)
    try:
        brownie()
    finally:
        home_lock.flush()
        port_lock.flush()


if __name__ == "__main__":
    main()
