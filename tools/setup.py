"""Brings the checkout to a state in which everything runs. Used through `make setup`.

    setup.py [--no-compile] [--prove]

Each step leaves a stamp that names what it was made from, written after the step has ended. A step
whose stamp still fits is passed over, so a second run does nothing, and a run that was killed is
taken up where it stopped. What the tools say goes to var/setup/, and is shown when a step fails.
Only the standard library is used here: nothing else is there yet.
"""

import fcntl
import hashlib
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
# Of the tools of `make prove`, whose pins clash with Brownie's.
PROVE = ROOT / ".venv-prove"
SOLCX = ROOT / ".solcx"
LOGS = ROOT / "var" / "setup"
NODE_MAJOR = 20
NATIVE_SOLC_SECONDS = 90
# A contract for asking two compilers whether they are the same one.
SPECIMEN = {
    "language": "Solidity",
    "sources": {
        "Specimen.sol": {
            "content": "pragma solidity ^0.8.20; contract Specimen {"
            " mapping(uint256 => string) public names;"
            " function name(uint256 id, string calldata to) external { names[id] = to; } }"
        }
    },
    "settings": {
        "evmVersion": "shanghai",
        "optimizer": {"enabled": True, "runs": 1000000},
        "outputSelection": {"*": {"*": ["evm.bytecode.object"]}},
    },
}


def say(text: str) -> None:
    print(f"setup: {text}", flush=True)


def give_up(text: str) -> None:
    print(f"setup: {text}", file=sys.stderr)
    sys.exit(2)


def digest(*parts: str | Path) -> str:
    """One name for all that a step is made from: words, files, and folders with what they hold."""
    result = hashlib.sha256()
    for part in parts:
        if isinstance(part, str):
            result.update(f"word {part}\n".encode())
        elif part.is_dir():
            for file in sorted(p for p in part.rglob("*") if p.is_file()):
                result.update(f"file {file.relative_to(ROOT)}\n".encode() + file.read_bytes())
        elif part.is_file():
            result.update(f"file {part.relative_to(ROOT)}\n".encode() + part.read_bytes())
        else:
            result.update(f"missing {part.relative_to(ROOT)}\n".encode())
    return result.hexdigest()


def is_done(stamp: Path, key: str) -> bool:
    return stamp.is_file() and stamp.read_text("utf-8") == key


def write_whole(path: Path, text: str, *, executable: bool = False) -> None:
    """All of the text or, if we're killed, none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    part.write_text(text, "utf-8")
    part.chmod(0o755 if executable else 0o644)
    part.replace(path)


def environment() -> dict[str, str]:
    result = dict(os.environ)
    for name in ("PYTHONHOME", "PYTHONPATH", "VIRTUAL_ENV", "PIP_USER", "PIP_TARGET", "PIP_PREFIX"):
        result.pop(name, None)
    if not result.get("HOME"):
        home = ROOT / "var" / "home"
        home.mkdir(parents=True, exist_ok=True)
        result["HOME"] = str(home)
    return result


def run(name: str, command: Iterable[str | Path], **more: str) -> None:
    """Runs a command quietly; if it fails, shows the end of what it said and stops."""
    words = [str(word) for word in command]
    LOGS.mkdir(parents=True, exist_ok=True)
    log = LOGS / f"{name}.log"
    with log.open("w", encoding="utf-8") as file:
        file.write(f"$ {shlex.join(words)}\n")
        file.flush()
        code = subprocess.run(
            words,
            cwd=ROOT,
            env=environment() | more,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            check=False,
        ).returncode
    if code != 0:
        lines = log.read_text("utf-8", errors="replace").splitlines()
        if len(lines) > 40:
            lines = [*lines[:20], "…", *lines[-20:]]
        print("\n".join(lines), file=sys.stderr)
        give_up(
            f"'{Path(words[0]).name}' failed with exit code {code} (all it said: "
            f"{log.relative_to(ROOT)}). Mend that, then run 'make setup' again; "
            "it goes on from here."
        )


# The steps


def make_venv(venv: Path = VENV) -> None:
    key = digest("venv 1", str(ROOT), sys.version)
    stamp = venv / ".made-venv"
    if is_done(stamp, key) and (venv / "bin" / "python").exists():
        return
    say(f"making {venv.name}")
    if venv.exists():
        shutil.rmtree(venv)
    try:
        import ensurepip  # noqa: F401
    except ImportError:
        give_up(
            f"{sys.executable} has no ensurepip, so it can't make a .venv. "
            "Install the venv module of Python 3.11 (Debian: apt-get install python3.11-venv)."
        )
    run("venv", [sys.executable, "-m", "venv", venv])
    write_whole(stamp, key)


def install_prove_tools() -> None:
    """What `make prove` needs. Nothing else does, so nothing else waits for it."""
    make_venv(PROVE)
    lock = ROOT / "requirements-prove.lock"
    key = digest("prove 1", lock)
    stamp = PROVE / ".made-packages"
    if is_done(stamp, key):
        return
    say("fetching halmos and slither into .venv-prove (a minute)")
    pip = [PROVE / "bin" / "python", "-m", "pip", "install", "--disable-pip-version-check"]
    run("prove", [*pip, "--no-input", "--require-hashes", "-r", lock])
    write_whole(stamp, key)


def compiled_brownie_modules() -> list[Path]:
    return list((VENV / "lib").glob("python3*/site-packages/brownie/**/*.so"))


def install_python_packages() -> None:
    lock = ROOT / "requirements.lock"
    key = digest("python 1", lock)
    stamp = VENV / ".made-packages"
    if is_done(stamp, key):
        return
    count = len(re.findall(r"(?m)^\S+==", lock.read_text("utf-8")))
    say(f"fetching {count} Python packages (a minute or two)")
    pip = [PYTHON, "-m", "pip", "install", "--disable-pip-version-check", "--no-input"]
    run("python", [*pip, "--require-hashes", "-r", lock], BROWNIE_NOCOMPILE="1")
    if compiled_brownie_modules():
        # pip had a build of Brownie in its cache that was made without the switch.
        say("building Brownie once more, uncompiled")
        again = [*pip, "--no-cache-dir", "--force-reinstall", "--no-deps", "--require-hashes"]
        only = LOGS / "brownie.lock"
        text = lock.read_text("utf-8")
        start = text.index("eth-brownie==")
        end = re.search(r"(?m)^(?!\s)\S", text[start + 1 :])
        body = text[start : start + 1 + end.start()] if end else text[start:]
        only.write_text(f"--no-binary eth-brownie\n{body}", "utf-8")
        run("brownie", [*again, "-r", only], BROWNIE_NOCOMPILE="1")
        if compiled_brownie_modules():
            give_up("Brownie was installed compiled, and its compiled modules are faulty.")
    write_whole(stamp, key)


def check_node() -> None:
    for name in ("node", "npm"):
        if shutil.which(name) is None:
            give_up(f"{name} was not found in PATH. Install Node {NODE_MAJOR} or newer, with npm.")
    asked = subprocess.run(["node", "--version"], capture_output=True, text=True, check=False)
    seen = re.match(r"v(\d+)\.", asked.stdout)
    if seen is None or int(seen[1]) < NODE_MAJOR:
        give_up(f"Node {NODE_MAJOR} or newer is needed, 'node --version' says {asked.stdout!r}.")


def install_npm_packages() -> None:
    key = digest("npm 1", ROOT / "package-lock.json", ROOT / "package.json")
    stamp = ROOT / "node_modules" / ".made-packages"
    if is_done(stamp, key):
        return
    check_node()
    say("fetching the npm packages: compiler, contract libraries, nodes, formatters (a minute)")
    run("npm", ["npm", "ci", "--include=dev", "--include=optional", "--ignore-scripts"])
    write_whole(stamp, key)


def fetch_packages() -> None:
    """From both registries at once: while the one is waited for, the other is unpacked."""
    with ThreadPoolExecutor() as pool:
        at_work = [pool.submit(step) for step in (install_python_packages, install_npm_packages)]
        for step in at_work:
            step.result()


def solc_version() -> str:
    package = ROOT / "node_modules" / "solc" / "package.json"
    return str(json.loads(package.read_text("utf-8"))["version"])


def compile_specimen(command: list[str]) -> str | None:
    try:
        done = subprocess.run(
            [*command, "--standard-json"],
            input=json.dumps(SPECIMEN),
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        contract = json.loads(done.stdout)["contracts"]["Specimen.sol"]["Specimen"]
        return str(contract["evm"]["bytecode"]["object"])
    except (OSError, subprocess.SubprocessError, ValueError, KeyError):
        return None


NATIVE_SOLC_PROGRAM = """
import functools, sys, requests
requests.get = functools.partial(requests.get, timeout=(5, 15))
import solcx
solcx.install_solc(sys.argv[1], show_progress=False)
"""


def fetch_native_solc(version: str, into: Path, expected: str) -> Path | None:
    """The native compiler, which is faster, if it can be had and agrees with the locked one."""
    shutil.rmtree(into, ignore_errors=True)
    into.mkdir(parents=True)
    command = [str(PYTHON), "-I", "-c", NATIVE_SOLC_PROGRAM, version]
    try:
        subprocess.run(
            command,
            cwd=ROOT,
            env=environment() | {"SOLCX_BINARY_PATH": str(into)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=NATIVE_SOLC_SECONDS,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    binary = into / f"solc-v{version}"
    if not binary.is_file() or compile_specimen([str(binary)]) != expected:
        return None
    return binary


def install_solc() -> None:
    choice = os.environ.get("DOKKAEBI_SOLC", "auto")
    if choice not in ("auto", "npm", "native"):
        give_up(f"DOKKAEBI_SOLC is '{choice}'; it may be auto, npm or native.")
    version = solc_version()
    key = digest("solc 1", version, ROOT / "tools" / "solc.cjs", "" if choice == "auto" else choice)
    stamp, binary = SOLCX / ".made-solc", SOLCX / f"solc-v{version}"
    if is_done(stamp, key) and binary.is_file():
        return
    check_node()
    shim = ["node", str(ROOT / "tools" / "solc.cjs")]
    cache = SOLCX / f"solc-v{version}.version"
    cache.unlink(missing_ok=True)
    asked = subprocess.run([*shim, "--version"], capture_output=True, text=True, check=False)
    full = re.search(r"Version: (\S+)", asked.stdout)
    if full is None or not full[1].startswith(version):
        give_up(f"npm's Solidity compiler doesn't answer: {asked.stdout}{asked.stderr}")
        return
    expected = compile_specimen(shim)
    if expected is None:
        give_up("npm's Solidity compiler can't compile a small contract; remove node_modules/.")
        return

    native = None
    trial = SOLCX / "trial"
    if choice != "npm":
        say(f"looking for a native Solidity {version}")
        native = fetch_native_solc(version, trial, expected)
        if native is None and choice == "native":
            give_up("The native compiler can't be fetched here, and DOKKAEBI_SOLC is 'native'.")
    if native is not None:
        native.chmod(0o755)
        native.replace(binary)
    else:
        if choice != "npm":
            say("none to be had here; the one from npm does the same, slower")
        write_whole(cache, full[1] + "\n")
        # py-solc-x asks for the version before each call: answered without starting Node.
        write_whole(
            binary,
            "#!/bin/sh\n"
            "# Made by tools/setup.py: npm's Solidity compiler, to py-solc-x a native one.\n"
            'if [ "$*" = --version ]; then\n'
            f"    echo 'Version: {full[1]}'\n"
            "    exit 0\n"
            "fi\n"
            'exec node "$(dirname "$0")/../tools/solc.cjs" "$@"\n',
            executable=True,
        )
    shutil.rmtree(trial, ignore_errors=True)
    write_whole(stamp, key)


def install_own_package() -> None:
    present = "with package" if (ROOT / "dokkaebi" / "__init__.py").is_file() else "without package"
    key = digest("own 1", str(ROOT), present, ROOT / "pyproject.toml")
    stamp = VENV / ".made-own"
    if is_done(stamp, key) and (VENV / "bin" / "dokkaebi").is_file():
        return
    say("putting the dokkaebi command into .venv")
    pip = [PYTHON, "-m", "pip", "install", "--disable-pip-version-check", "--no-input"]
    run("own", [*pip, "--no-deps", "--no-build-isolation", "--no-index", "--editable", ROOT])
    write_whole(stamp, key)


def install_brownie_launcher() -> None:
    launcher = VENV / "bin" / "brownie"
    source = (ROOT / "tools" / "brownie.py").read_text("utf-8")
    # The root is told, not found: the launcher may be called from anywhere, through any link.
    text = (
        f"#!{PYTHON}\n# A copy of tools/brownie.py, put here by tools/setup.py.\n"
        f"import os\n\nos.environ['DOKKAEBI_ROOT'] = {str(ROOT)!r}\n\n{source}"
    )
    if not launcher.is_file() or launcher.read_text("utf-8") != text:
        write_whole(launcher, text, executable=True)


def compile_contracts() -> None:
    sources = [ROOT / name for name in ("contracts", "interfaces")]
    for folder in sources + [ROOT / name for name in ("scripts", "tests")]:
        folder.mkdir(exist_ok=True)
    config, networks = ROOT / "brownie-config.yaml", ROOT / "networks.yaml"
    compiler = SOLCX / ".made-solc"
    key = digest("build 1", *sources, config, networks, compiler)
    stamp = ROOT / "build" / ".made-contracts"
    if is_done(stamp, key):
        return
    if any((ROOT / "contracts").rglob("*.sol")):
        say("compiling the contracts (half a minute)")
    # Brownie doesn't see that a compiler setting changed, so all of it is compiled.
    run("compile", [VENV / "bin" / "brownie", "compile", "--all"])
    write_whole(stamp, key)


def build_page() -> None:
    """The wallet page, of its source and of what it knows of the contracts."""
    page = ROOT / "web"
    if not (page / "index.html").is_file():
        return
    sources = [page / "src", page / "index.html", page / "vite.config.mjs", ROOT / "frontend-abi"]
    key = digest("page 1", *sources, ROOT / "package-lock.json")
    stamp = page / "dist" / ".made-page"
    if is_done(stamp, key):
        return
    say("building the wallet page")
    vite = ROOT / "node_modules" / "vite" / "bin" / "vite.js"
    run("page", ["node", vite, "build", page], VITE_CONFIG_NATIVE_IGNORE_WARNING="true")
    write_whole(stamp, key)


def one_at_a_time() -> object:
    """Held until this process ends: two set-ups in one checkout would undo each other's work."""
    folder = ROOT / "var"
    folder.mkdir(exist_ok=True)
    file = (folder / "setup.lock").open("a")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        say("another set-up is at work here; waiting for it")
        fcntl.flock(file, fcntl.LOCK_EX)
    return file


def main(arguments: list[str]) -> None:
    if unknown := [word for word in arguments if word not in ("--no-compile", "--prove")]:
        give_up(f"unknown option {unknown[0]}; there are --no-compile and --prove.")
    started = time.monotonic()
    lock = one_at_a_time()
    steps: list[Callable[[], None]] = [
        make_venv,
        fetch_packages,
        install_solc,
        install_own_package,
        install_brownie_launcher,
        build_page,
    ]
    if "--no-compile" not in arguments:
        steps.append(compile_contracts)
    if "--prove" in arguments:
        steps.append(install_prove_tools)
    for step in steps:
        step()
    seconds = time.monotonic() - started
    if seconds > 5:
        say(f"ready after {seconds:.0f} s")
    del lock


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except KeyboardInterrupt:
        give_up("stopped; the next 'make setup' goes on from here.")
    except OSError as error:
        give_up(f"{error}. Mend that, then run 'make setup' again; it goes on from here.")
