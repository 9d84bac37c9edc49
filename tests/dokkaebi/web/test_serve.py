"""The command `serve`: as an operator starts and stops it."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests

from dokkaebi.config import project_root

Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def start(books: Path, tmp_path: Path) -> Iterator[Start]:
    """Starts the program in an empty folder."""
    started = []

    def start(*words: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", "from dokkaebi.cli import main; main()", "serve", *words],
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={
                **os.environ,
                "DOKKAEBI_DATABASE": str(books),
                "PYTHONPATH": str(project_root()),
                "PYTHONUNBUFFERED": "1",
            },
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_it_serves_until_it_is_stopped(start: Start) -> None:
    process = start("--port", "0", "--lang", "en")
    assert process.stdout is not None
    found = re.search(r"http://127\.0\.0\.1:\d+", process.stdout.readline())
    assert found is not None
    answer = requests.get(f"{found[0]}/v1/market", timeout=10)
    assert answer.json()["market"] == "도깨비 장터"
    process.send_signal(signal.SIGINT)
    assert process.wait(20) in {0, 130}
    assert process.stderr is not None
    assert "Traceback" not in process.stderr.read()


@pytest.mark.parametrize(
    ("words", "key"),
    [
        (["--rate", "often"], "rate_wrong"),
        (["--port", "70000"], "usage_wrong"),
        (["--host", "256.0.0.1"], "serve_port_taken"),
    ],
)
def test_it_refuses_with_a_sentence(start: Start, words: list[str], key: str) -> None:
    said, _ = start(*words, "--json").communicate(timeout=30)
    assert json.loads(said)["error"] == key


def test_a_port_that_is_taken_is_said(start: Start) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        process = start("--port", port, "--lang", "ko")
        _, said = process.communicate(timeout=30)
    assert process.returncode == 2
    assert port in said
    assert len(said.strip().splitlines()) == 1
