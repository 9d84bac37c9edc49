"""The set-up's own parts: the compiler in between, Brownie's launcher, the leash on the nodes."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
SHIM = ["node", str(ROOT / "tools" / "solc.cjs")]
BROWNIE = ROOT / ".venv" / "bin" / "brownie"
PINNED = json.loads((ROOT / "package.json").read_text("utf-8"))["dependencies"]["solc"]
DEADLINE_SECONDS = 30


def solc(*arguments: str, given: str = "", cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*SHIM, *arguments], input=given, capture_output=True, text=True, cwd=cwd, check=False
    )


def document(source: str, *remappings: str) -> str:
    return json.dumps(
        {
            "language": "Solidity",
            "sources": {"contracts/Probe.sol": {"content": source}},
            "settings": {
                "evmVersion": "shanghai",
                "remappings": list(remappings),
                "outputSelection": {"*": {"*": ["abi", "evm.bytecode.object"]}},
            },
        }
    )


def errors(output: str) -> list[str]:
    said = json.loads(output).get("errors", [])
    return [entry["message"] for entry in said if entry["severity"] == "error"]


def wait_until(condition: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        if time.monotonic() > end:
            pytest.fail(f"waited {DEADLINE_SECONDS} s in vain until {what}")
        time.sleep(0.05)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


# The compiler


def test_the_version_is_the_pinned_one_in_every_place() -> None:
    config = yaml.safe_load((ROOT / "brownie-config.yaml").read_text("utf-8"))
    prettier = json.loads((ROOT / ".prettierrc.json").read_text("utf-8"))
    assert config["compiler"]["solc"]["version"] == PINNED
    assert prettier["overrides"][0]["options"]["compiler"] == PINNED
    assert f"Version: {PINNED}+commit." in solc("--version").stdout


def test_py_solc_x_finds_the_compiler_and_its_version() -> None:
    program = (
        f"import solcx; solcx.set_solc_version('{PINNED}', silent=True);"
        "print(solcx.get_solc_version())"
    )
    asked = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | {"SOLCX_BINARY_PATH": str(ROOT / ".solcx")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert asked.stdout.strip() == PINNED


def test_solc_compiles_imports_through_both_remappings() -> None:
    source = """pragma solidity ^0.8.20;
        import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
        import {LibString} from "solady/utils/LibString.sol";
        contract Probe is ERC20("Probe", LibString.toString(uint256(7))) {}"""
    remappings = yaml.safe_load((ROOT / "brownie-config.yaml").read_text("utf-8"))["compiler"][
        "solc"
    ]["remappings"]
    done = solc("--standard-json", "--allow-paths", str(ROOT), given=document(source, *remappings))
    assert done.returncode == 0
    assert errors(done.stdout) == []
    probe = json.loads(done.stdout)["contracts"]["contracts/Probe.sol"]["Probe"]
    assert len(probe["evm"]["bytecode"]["object"]) > 1000


def test_solc_reads_no_file_outside_the_allowed_folders(tmp_path: Path) -> None:
    (tmp_path / "inside").mkdir()
    (tmp_path / "Secret.sol").write_text("pragma solidity ^0.8.20; contract Secret {}", "utf-8")
    given = ""
    for import_path in ("../Secret.sol", str(tmp_path / "Secret.sol")):
        given = document(f'pragma solidity ^0.8.20; import "{import_path}"; contract Probe {{}}')
        done = solc("--standard-json", given=given, cwd=tmp_path / "inside")
        assert len(errors(done.stdout)) == 1
    allowed = solc(
        "--standard-json", "--allow-paths", str(tmp_path), given=given, cwd=tmp_path / "inside"
    )
    assert errors(allowed.stdout) == []


def test_solc_reports_a_faulty_contract_in_its_json() -> None:
    done = solc("--standard-json", given=document("contract Probe { uint256 x = ; }"))
    assert done.returncode == 0
    assert errors(done.stdout) != []


@pytest.mark.parametrize(
    ("arguments", "given", "said"),
    [
        (["--standard-json"], "no json", "The input is no JSON"),
        (["--standard-json"], "", "The input is no JSON"),
        (["--nonsense"], "", "unrecognised option '--nonsense'"),
        (["--standard-json", "--allow-paths"], "{}", "--allow-paths needs a value"),
        ([], "", "usage:"),
    ],
)
def test_solc_refuses_what_it_does_not_understand(
    arguments: list[str], given: str, said: str
) -> None:
    done = solc(*arguments, given=given)
    assert done.returncode == 1
    assert said in done.stderr
    assert done.stdout == ""


# Brownie's launcher


def project_ids() -> set[str]:
    networks = yaml.safe_load((ROOT / "networks.yaml").read_text("utf-8"))
    live = {network["id"] for group in networks["live"] for network in group["networks"]}
    return live | {network["id"] for network in networks["development"]}


def test_brownie_knows_the_projects_networks_and_leaves_the_home_alone(tmp_path: Path) -> None:
    listed = subprocess.run(
        [BROWNIE, "networks", "list"],
        cwd=ROOT,
        env=os.environ | {"HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    missing = {name for name in project_ids() if name not in listed.stdout}
    assert missing == set()
    assert "mainnet" not in listed.stdout
    assert list(tmp_path.iterdir()) == []


def test_brownie_sends_who_would_edit_networks_to_the_file() -> None:
    told = subprocess.run(
        [BROWNIE, "networks", "add", "live", "x", "host=y", "chainid=1"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 1
    assert "networks.yaml" in told.stderr


def test_set_up_says_nothing_when_nothing_is_to_do() -> None:
    for _ in range(2):
        done = subprocess.run(
            [ROOT / "tools" / "setup", "--no-compile"], capture_output=True, text=True, check=True
        )
    assert done.stdout == ""


# The leash


@pytest.fixture
def leashed(request: pytest.FixtureRequest) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """A process that stands for Brownie: it starts a node, then sleeps."""
    name: str = request.param
    port = free_port()
    option = "--server.port" if name == "ganache" else "--port"
    program = (
        "import subprocess, sys, time;"
        "subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL); time.sleep(600)"
    )
    owner = subprocess.Popen(
        [sys.executable, "-c", program, str(ROOT / "tools" / "bin" / name), option, str(port)],
        env=os.environ | {"DOKKAEBI_VENV_PYTHON": sys.executable},
    )
    try:
        wait_until(lambda: listens(port), f"{name} listens")
        yield owner, port
    finally:
        owner.kill()
        owner.wait()


@pytest.mark.parametrize("leashed", ["ganache", "anvil"], indirect=True)
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_no_node_outlives_its_owner(
    leashed: tuple[subprocess.Popen[bytes], int], number: signal.Signals
) -> None:
    owner, port = leashed
    owner.send_signal(number)
    owner.wait()
    wait_until(lambda: not listens(port), "the node is gone")


def test_no_node_outlives_the_first_process_of_a_run(tmp_path: Path) -> None:
    """pytest-xdist: the worker that started the node lives on, the master is killed."""
    lock, port = tmp_path / "lock", free_port()
    program = (
        "import fcntl, sys, time; file = open(sys.argv[1], 'w');"
        "fcntl.flock(file, fcntl.LOCK_EX); print('held', flush=True); time.sleep(600)"
    )
    master = subprocess.Popen([sys.executable, "-c", program, lock], stdout=subprocess.PIPE)
    assert master.stdout is not None
    node = None
    try:
        assert master.stdout.readline() == b"held\n"
        node = subprocess.Popen(
            [ROOT / "tools" / "bin" / "anvil", "--port", str(port)],
            env=os.environ | {"DOKKAEBI_NODE_OWNER": str(lock)},
            stdout=subprocess.DEVNULL,
        )
        wait_until(lambda: listens(port), "the node listens")
        master.kill()
        assert node.wait(DEADLINE_SECONDS) == 1
        assert not listens(port)
    finally:
        master.kill()
        master.wait()
        master.stdout.close()
        if node is not None:
            node.kill()
            node.wait()


def test_the_leash_answers_brownies_question_without_starting_ganache() -> None:
    asked = subprocess.run(
        [ROOT / "tools" / "bin" / "ganache", "--version"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert asked.stdout.startswith("ganache v7.")


def test_the_leash_passes_on_the_nodes_exit_code() -> None:
    done = subprocess.run(
        [ROOT / "tools" / "bin" / "anvil", "--port", "no number"], capture_output=True, check=False
    )
    assert done.returncode == 2


def test_a_killed_brownie_leaves_no_node_and_its_home_is_swept() -> None:
    """The whole chain on the real launcher, killed while its console waits for input."""
    homes = ROOT / "var" / "brownie"
    before = set(homes.glob("run-*"))
    console = subprocess.Popen(
        [BROWNIE, "console", "--network", "anvil"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        port = 0

        def node_listens() -> bool:
            nonlocal port
            for home in set(homes.glob("run-*")) - before:
                config = home / ".brownie" / "network-config.yaml"
                if (home / "owner").is_file() and (home / "owner").read_text() == str(console.pid):
                    networks = yaml.safe_load(config.read_text("utf-8"))
                    port = networks["development"][0]["cmd_settings"]["port"]
                    return listens(port)
            return False

        wait_until(node_listens, "Brownie's node listens")
    finally:
        console.kill()
        console.wait()
    wait_until(lambda: not listens(port), "Brownie's node is gone")
    subprocess.run([BROWNIE, "networks", "list"], cwd=ROOT, capture_output=True, check=True)
    owners = {path.read_text() for path in homes.glob("run-*/owner")}
    assert str(console.pid) not in owners
