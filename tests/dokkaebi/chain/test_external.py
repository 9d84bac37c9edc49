"""Keys that another program keeps, as a real process: it signs, it refuses, it lies, it hangs."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account

from dokkaebi.chain.consents import digest_of_typed, recover, sign_typed
from dokkaebi.chain.external import TIMEOUT_SECONDS, ExternalSigner
from dokkaebi.chain.keys import TEST_ADDRESSES, open_key
from dokkaebi.chain.sender import Sender
from dokkaebi.config import project_root
from tests.dokkaebi.chain.conftest import refused
from tests.dokkaebi.conftest import CREATOR, OPERATOR, Market

OWN = Account.from_key("0x" + "7b" * 32)
OTHER = Account.from_key("0x" + "7c" * 32)
SEPOLIA = 11_155_111
TO = "0x" + "12" * 20
FIELDS = {
    "chainId": 1337,
    "nonce": 7,
    "gas": 21_000,
    "value": 5,
    "data": "0x1234",
    "to": TO,
    "maxFeePerGas": 9,
    "maxPriorityFeePerGas": 2,
}
LEGACY = {
    **{k: v for k, v in FIELDS.items() if not k.startswith("max")},
    "gasPrice": 11,
}
CREATION = {k: v for k, v in FIELDS.items() if k != "to"}
TYPED = {
    "types": {
        "EIP712Domain": [{"name": "name", "type": "string"}],
        "Note": [{"name": "text", "type": "string"}],
    },
    "primaryType": "Note",
    "domain": {"name": "somewhere"},
    "message": {"text": "something"},
}


def keystore_command(folder: Path, key: Any = OWN) -> str:
    """The example signer, for a key."""
    keystore, password = folder / "key.json", folder / "password"
    # Few rounds: only the protocol is tried here.
    keystore.write_text(json.dumps(key.encrypt("right password", iterations=2)))
    password.write_text("right password\n")
    program = project_root() / "examples" / "signers" / "keystore.py"
    return shlex.join([sys.executable, str(program), str(keystore), str(password)])


@pytest.fixture
def program(tmp_path: Path) -> Callable[[str], str]:
    """Makes a signer of a line of Python, which has the request as `asked`."""

    def make(line: str) -> str:
        path = tmp_path / "signer program.py"
        path.write_text(
            "import json, sys, time\n"
            "asked = json.load(sys.stdin)\n"
            f"if asked['request'] == 'address': print(json.dumps({{'address': '{OWN.address}'}}))\n"
            f"else: {line}\n"
        )
        return shlex.join([sys.executable, str(path)])

    return make


def says(**answer: str) -> str:
    """A line that gives an answer."""
    return f"print({json.dumps(json.dumps(answer))})"


def raw_of(fields: dict[str, Any], key: Any = OWN) -> str:
    return "0x" + key.sign_transaction(fields).raw_transaction.hex()


@pytest.mark.parametrize("fields", [FIELDS, LEGACY, CREATION], ids=["1559", "legacy", "creation"])
def test_what_it_signs_is_what_the_key_itself_signs(tmp_path: Path, fields: dict[str, Any]) -> None:
    signer = ExternalSigner(keystore_command(tmp_path))
    made, wanted = signer.sign_transaction(fields), OWN.sign_transaction(fields)
    assert signer.address == OWN.address
    assert (made.hash, made.raw_transaction) == (wanted.hash, wanted.raw_transaction)


def test_typed_data_is_signed_as_by_the_key_itself(tmp_path: Path) -> None:
    signature = sign_typed(ExternalSigner(keystore_command(tmp_path)), TYPED)
    assert signature == sign_typed(OWN, TYPED)
    assert recover(digest_of_typed(TYPED), signature) == OWN.address


def test_a_transaction_of_it_is_mined(market: Market, tmp_path: Path) -> None:
    told: list[str] = []
    market.send(OPERATOR, OWN.address, value=10**18)
    key = open_key(
        f"command:{keystore_command(tmp_path)}", 1337, note=lambda key, **values: told.append(key)
    )
    assert told == []
    receipt = Sender(market.chain, key).transact(TO, "0x", 3)
    assert receipt["from"] == OWN.address.lower()
    assert told == ["signer_waits"]


def test_a_command_signs_with_it_and_says_that_it_waits(
    market: Market, work: Path, tmp_path: Path
) -> None:
    market.send(OPERATOR, OWN.address, value=10**18)
    key = f"command:{keystore_command(tmp_path)}"
    answer = market.say("publish", work, "--json", "--lang", "en", key=key)
    assert answer.code == 0, answer
    assert answer.json["creations"]
    assert f"{sys.executable} waits for you" in answer.err
    assert str(TIMEOUT_SECONDS) in answer.err
    # Its arguments are nobody's business.
    assert "key.json" not in answer.err


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("chainId", 1),
        ("nonce", 8),
        ("gas", 21_001),
        ("value", 6),
        ("data", "0x1235"),
        ("data", "0x"),
        ("to", "0x" + "13" * 20),
        ("to", None),
        ("maxFeePerGas", 10),
        ("maxPriorityFeePerGas", 3),
        ("accessList", [{"address": TO, "storageKeys": []}]),
    ],
)
def test_another_transaction_than_asked_is_refused(
    program: Callable[[str], str], name: str, value: Any
) -> None:
    right = ExternalSigner(program(says(raw=raw_of(FIELDS))))
    assert right.sign_transaction(FIELDS).hash == OWN.sign_transaction(FIELDS).hash
    other = {k: v for k, v in {**FIELDS, name: value}.items() if v is not None}
    wrong = ExternalSigner(program(says(raw=raw_of(other))))
    assert refused(lambda: wrong.sign_transaction(FIELDS)) == "signer_other_fields"


@pytest.mark.parametrize(
    ("asked", "signed"),
    [
        (FIELDS, LEGACY),
        (LEGACY, FIELDS),
        # Without EIP-155 it would be good on every chain.
        (LEGACY, {k: v for k, v in LEGACY.items() if k != "chainId"}),
        (LEGACY, {**LEGACY, "chainId": 1}),
        (LEGACY, {**LEGACY, "gasPrice": 12}),
    ],
)
def test_another_kind_of_transaction_is_refused(
    program: Callable[[str], str], asked: dict[str, Any], signed: dict[str, Any]
) -> None:
    signer = ExternalSigner(program(says(raw=raw_of(signed))))
    assert refused(lambda: signer.sign_transaction(asked)) == "signer_other_fields"


def test_another_keys_signature_is_refused(program: Callable[[str], str]) -> None:
    signer = ExternalSigner(program(says(raw=raw_of(FIELDS, OTHER))))
    assert refused(lambda: signer.sign_transaction(FIELDS)) == "signer_other_address"
    theirs = "0x" + sign_typed(OTHER, TYPED).hex()
    signer = ExternalSigner(program(says(signature=theirs)))
    assert refused(lambda: sign_typed(signer, TYPED)) == "signer_other_address"


def test_a_signature_of_other_typed_data_is_refused(program: Callable[[str], str]) -> None:
    other = {**TYPED, "message": {"text": "something else"}}
    signer = ExternalSigner(program(says(signature="0x" + sign_typed(OWN, other).hex())))
    assert refused(lambda: sign_typed(signer, TYPED)) == "signer_other_address"


def test_devices_that_count_v_from_0_are_understood(program: Callable[[str], str]) -> None:
    wanted = sign_typed(OWN, TYPED)
    counted = wanted[:64] + bytes([wanted[64] - 27])
    signer = ExternalSigner(program(says(signature="0x" + counted.hex())))
    assert sign_typed(signer, TYPED) == wanted


@pytest.mark.parametrize(
    ("line", "key"),
    [
        (f"{says(error='no thanks')}; sys.exit(1)", "signer_refused"),
        ("sys.exit(1)", "signer_failed"),
        (f"{says(error='a crash')}; sys.exit(3)", "signer_failed"),
        (f"{says(raw='0x')}; sys.exit(3)", "signer_failed"),
        ("print('signed!')", "signer_unclear"),
        ("print()", "signer_unclear"),
        ("print('[]')", "signer_unclear"),
        (says(signature="0x12"), "signer_unclear"),
        (says(raw="0x"), "signer_unclear"),
        (says(raw="0xzz"), "signer_unclear"),
        (says(raw="0x12"), "signer_unclear"),
        (says(raw="0x02c0"), "signer_unclear"),
        (says(raw=raw_of(FIELDS)[:-2]), "signer_unclear"),
        (says(raw=raw_of(FIELDS) + "00"), "signer_unclear"),
        ("print(json.dumps({'raw': 5}))", "signer_unclear"),
        ("sys.stdout.buffer.write(b'\\xff')", "signer_unclear"),
    ],
)
def test_what_is_no_answer_is_refused(program: Callable[[str], str], line: str, key: str) -> None:
    signer = ExternalSigner(program(line))
    assert refused(lambda: signer.sign_transaction(FIELDS)) == key


def test_the_persons_own_words_are_said(program: Callable[[str], str]) -> None:
    signer = ExternalSigner(program(f"{says(error='pressed no' + chr(27))}; sys.exit(1)"))
    with pytest.raises(Exception, match="doesn't sign: pressed no\\."):
        signer.sign_transaction(FIELDS)


def test_a_device_that_nobody_touches_is_given_up(
    program: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    signer = ExternalSigner(program("time.sleep(60)"))
    assert signer.address == OWN.address
    monkeypatch.setattr("dokkaebi.chain.external.TIMEOUT_SECONDS", 0.3)
    assert refused(lambda: signer.sign_transaction(FIELDS)) == "signer_timeout"


@pytest.mark.parametrize(
    ("command", "key"),
    [
        ("", "signer_command_wrong"),
        ("  ", "signer_command_wrong"),
        ("sign 'with", "signer_command_wrong"),
        ("no-such-program-anywhere", "signer_missing"),
        ("/dev/null", "signer_missing"),
    ],
)
def test_a_program_that_is_none_is_refused(command: str, key: str) -> None:
    assert refused(lambda: open_key(f"command:{command}", 1337)) == key


@pytest.mark.parametrize("address", ["0x12", "", OWN.address[:-1] + "g"])
def test_an_address_that_is_none_is_refused(tmp_path: Path, address: str) -> None:
    path = tmp_path / "signer.py"
    path.write_text(says(address=address))
    command = f"command:{shlex.join([sys.executable, str(path)])}"
    assert refused(lambda: open_key(command, 1337)) == "signer_unclear"


def test_no_shell_reads_the_command(tmp_path: Path) -> None:
    trap = tmp_path / "trap"
    path = tmp_path / "signer.py"
    path.write_text(f"import sys; {says(address=OWN.address)}; sys.exit(len(sys.argv) - 5)")
    words = f"{shlex.join([sys.executable, str(path)])} ; touch {shlex.quote(str(trap))} $(id)"
    assert open_key(f"command:{words}", SEPOLIA).address == OWN.address
    assert not trap.exists()


def test_a_test_key_is_refused_behind_a_program_too(tmp_path: Path) -> None:
    key = Account.from_key(open_key(CREATOR, 1337).key)  # type: ignore[attr-defined]
    command = f"command:{keystore_command(tmp_path, key)}"
    assert open_key(command, 1337).address == TEST_ADDRESSES["test"][1]
    assert refused(lambda: open_key(command, SEPOLIA)) == "key_is_public"


def test_the_example_without_cast_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    program = project_root() / "examples" / "signers" / "cast.py"
    command = f"command:{shlex.join([sys.executable, str(program), '--ledger'])}"
    assert refused(lambda: open_key(command, SEPOLIA)) == "signer_refused"


@pytest.mark.parametrize("fields", [FIELDS, LEGACY, CREATION], ids=["1559", "legacy", "creation"])
def test_the_example_tells_cast_every_field(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fields: dict[str, Any]
) -> None:
    """Without a device only that can be looked at: a `cast` that says what it was told."""
    (tmp_path / "cast").write_text(f"#!{sys.executable}\nimport sys; print('|'.join(sys.argv[1:]))")
    (tmp_path / "cast").chmod(0o700)
    monkeypatch.setenv("PATH", str(tmp_path))
    program = project_root() / "examples" / "signers" / "cast.py"
    signer = ExternalSigner(shlex.join([sys.executable, str(program), "--trezor"]))
    signer.__dict__["address"] = OWN.address
    request = {"request": "transaction", "fields": {k: hex(v) if isinstance(v, int) else v
                                                    for k, v in fields.items()}}  # fmt: skip
    told = signer._ask("raw", request).split("|")
    assert told[:2] == ["mktx", "--trezor"]
    options = dict(zip(told[2::2], told[3::2], strict=False))
    for option, name in (("chain", "chainId"), ("nonce", "nonce"), ("gas-limit", "gas")):
        assert options[f"--{option}"] == str(fields[name])
    if "gasPrice" in fields:
        assert "--legacy" in told
        assert told[told.index("--gas-price") + 1] == str(fields["gasPrice"])
    else:
        assert options["--gas-price"] == str(fields["maxFeePerGas"])
        assert options["--priority-gas-price"] == str(fields["maxPriorityFeePerGas"])
    assert told[-2:] == [fields.get("to", "--create"), fields["data"]]
