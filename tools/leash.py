"""Runs a development node that dies with the process that asked for it.

    leash.py ganache|anvil|hardhat [the node's own arguments]

A node that outlives its test run holds a port and a few hundred megabytes for ever. Whoever starts
the node may be killed with SIGKILL, so it can't be trusted to clean up; this process stands between
the two, watches its parent, and takes the node along. On Linux the kernel does the same if this
process is killed. Ctrl-C in a console reaches neither: only the parent's end ends the node.

DOKKAEBI_NODE_OWNER may name a file that the whole run's first process holds locked: the node ends
with that one too. (A worker of pytest-xdist outlives its killed master until its test is over.)
DOKKAEBI_NODE_QUIET=1 throws away what the node prints. Brownie gives the node a pipe and never
reads it, so a node that prints each call would stop for ever when the pipe is full.
"""

import fcntl
import json
import os
import platform
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MODULES = ROOT / "node_modules"
WATCH_SECONDS = 0.1
PR_SET_PDEATHSIG = 1
MACHINES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}


def anvil_of_the_machine() -> str | None:
    """package.json has Anvil for Linux on x86-64; elsewhere one that is installed will do."""
    folders = os.environ.get("PATH", os.defpath).split(os.pathsep)
    kept = [name for name in folders if Path(name).resolve() != ROOT / "tools" / "bin"]
    return shutil.which("anvil", path=os.pathsep.join(kept))


def node_command(name: str) -> list[str]:
    """The program itself, without the wrappers that would survive or be survived by it."""
    if name == "ganache":
        node = shutil.which("node")
        program = MODULES / "ganache" / "dist" / "node" / "cli.js"
        if node is None:
            sys.exit("node was not found in PATH; install Node 20 or newer.")
        command = [node, str(program)]
    elif name == "hardhat":
        program = MODULES / "hardhat" / "internal" / "cli" / "cli.js"
        config = ROOT / "tools" / "hardhat.config.cjs"
        command = ["node", str(program), "--config", str(config)]
    elif name == "anvil":
        system = platform.system().lower()
        machine = MACHINES.get(platform.machine().lower(), platform.machine())
        program = MODULES / "@foundry-rs" / f"anvil-{system}-{machine}" / "bin" / "anvil"
        if not program.is_file() and (other := anvil_of_the_machine()):
            return [other]
        command = [str(program)]
    else:
        sys.exit(f"'{name}' is no node that the leash knows; it knows ganache, anvil and hardhat.")
    if not program.is_file():
        hint = ", or install Foundry's anvil" if name == "anvil" else ""
        sys.exit(f"{program.relative_to(ROOT)} is missing; run 'make setup'{hint}.")
    return command


def hardhat_manners() -> dict[str, str]:
    """Hardhat asks and reports nothing, and keeps its files out of the home folder."""
    folders = dict.fromkeys(("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME"), "var/hardhat")
    quiet = {"HARDHAT_DISABLE_TELEMETRY_PROMPT": "true"}
    return quiet | {name: str(ROOT / folder) for name, folder in folders.items()}


def die_with_leash() -> None:
    """Runs in the child on Linux: the kernel kills the node when the leash is gone."""
    import ctypes

    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def is_gone(owner: str) -> bool:
    """Whether nobody holds the owner's lock; the kernel lets go of it however the owner ended."""
    try:
        with Path(owner).open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True


def main() -> int:
    parent = os.getppid()
    owner = os.environ.get("DOKKAEBI_NODE_OWNER")
    if len(sys.argv) < 2:
        sys.exit("Say which node: leash.py ganache|anvil|hardhat [arguments]")
    name, arguments = sys.argv[1], sys.argv[2:]
    if name == "ganache" and arguments == ["--version"]:
        # Brownie asks before each launch; the answer is not worth a second of starting Ganache.
        package = json.loads((MODULES / "ganache" / "package.json").read_text("utf-8"))
        print(f"ganache v{package['version']}")
        return 0

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    on_linux = sys.platform == "linux"
    node = subprocess.Popen(
        node_command(name) + arguments,
        # Hardhat wants to be called from inside of its project.
        cwd=ROOT if name == "hardhat" else None,
        env=os.environ | (hardhat_manners() if name == "hardhat" else {}),
        stdout=subprocess.DEVNULL if os.environ.get("DOKKAEBI_NODE_QUIET") == "1" else None,
        start_new_session=True,
        preexec_fn=die_with_leash if on_linux else None,
    )

    def stop(_signal: int, _frame: object) -> None:
        node.kill()

    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)
    while node.poll() is None:
        if os.getppid() != parent or (owner and is_gone(owner)):
            node.kill()
            node.wait()
            return 1
        time.sleep(WATCH_SECONDS)
    return node.returncode if node.returncode >= 0 else 128 - node.returncode


if __name__ == "__main__":
    sys.exit(main())
