"""Sponsors as operators run them: what was taken is done, whatever becomes of the process."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
import requests

from dokkaebi.chain.consent_files import read_consent
from dokkaebi.chain.creation_registry import creation
from dokkaebi.chain.documents import parse_creation_id
from dokkaebi.chain.vouchers import register_for
from tests.commands import WAIT_SECONDS, running_command
from tests.dokkaebi.conftest import BUYER, CREATOR, STRANGER, Market, address

SERVE = ("serve", "--port", "0", "--without-board", "--sponsor", STRANGER)


@pytest.fixture
def members(tmp_path: Path) -> Path:
    path = tmp_path / "members.txt"
    path.write_text(f"{address(CREATOR)}\n", "utf-8")
    return path


def settings_of(market: Market, folder: Path) -> dict[str, str]:
    return {
        "DOKKAEBI_RPC": market.chain.url,
        "DOKKAEBI_MANIFEST": str(market.manifest),
        "DOKKAEBI_DATABASE": str(folder / "ledger.sqlite3"),
        "DOKKAEBI_BOARD": str(folder / "board"),
    }


def signed_act(market: Market, work: Path, key: str) -> tuple[int, dict[str, str]]:
    """A voucher of somebody's, as it is brought; its creation."""
    made = market.do("sign-voucher", work, "--output", f"{key[-1]}.json", key=key)
    consent = read_consent(Path(made["file"]))
    call = register_for(market.suite, consent.terms, consent.signature)  # type: ignore[arg-type]
    id_ = parse_creation_id(made["creation"]["cid"])
    return id_, {"to": call.to, "data": call.data}


def post(url: str, act: dict[str, str]) -> Any:
    return requests.post(f"{url}/v1/sponsor/acts", json=act, timeout=30)


def wait_for(market: Market, id_: int) -> None:
    until = time.monotonic() + WAIT_SECONDS
    while creation(market.suite, id_) is None:
        assert time.monotonic() < until
        time.sleep(0.1)


def shown(market: Market, folder: Path) -> Any:
    place = ("--board", folder / "board")
    return market.do("sponsor", "show", *place, key=None)


def test_act_that_a_killed_process_took_is_done_by_the_next(
    market: Market, work: Path, members: Path, tmp_path: Path
) -> None:
    settings = settings_of(market, tmp_path)
    id_, act = signed_act(market, work, CREATOR)
    with running_command(tmp_path, settings, *SERVE, "--members", str(members)) as serving:
        answer = post(serving.url, act)
        assert answer.status_code == 201, answer.text
        serving.process.kill()
        serving.process.wait()
    left = shown(market, tmp_path)
    assert [entry["id"] for entry in left["acts"]] == [answer.json()["item"]["id"]]
    more = ("--sponsor", STRANGER, "--members", str(members))
    with running_command(tmp_path, settings, "sponsor", "run", *more) as sponsor:
        sponsor.says(address(STRANGER))
        wait_for(market, id_)
        # A second one would sign the same nonces.
        with running_command(tmp_path, settings, *SERVE, "--members", str(members)) as other:
            refused = requests.get(f"{other.url}/v1/sponsor", timeout=30)
            assert (refused.status_code, refused.json()["error"]) == (503, "sponsor_shut")
    after = shown(market, tmp_path)
    told = [(entry["kind"], entry["member"]) for entry in after["acts"]]
    assert told == [("CreationRegistry.registerFor", address(CREATOR))]


def test_whoever_is_no_member_is_told_so(
    market: Market, work: Path, members: Path, tmp_path: Path
) -> None:
    settings = settings_of(market, tmp_path)
    _, act = signed_act(market, work, BUYER)
    with running_command(tmp_path, settings, *SERVE, "--members", str(members)) as serving:
        answer = post(serving.url, act)
    assert (answer.status_code, answer.json()["error"]) == (403, "sponsor_no_member")
    assert shown(market, tmp_path)["acts"] == []
