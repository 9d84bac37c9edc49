"""The scan for secrets finds each that is planted, and leaves hashes alone. Every secret is made
here, so that this file holds none."""

from __future__ import annotations

import json
import random
import string
from pathlib import Path

import pytest
from eth_account import Account
from eth_account.hdaccount import generate_mnemonic
from eth_account.types import Language

from dokkaebi.chain.keys import TEST_PHRASES, open_key
from tests.house.secret_scan import secrets_in

HEX = "0123456789abcdef"
LETTERS = string.ascii_letters + string.digits
# The same each time: a scan that finds nine of ten isn't to pass by luck.
DICE = random.Random(7)


def some(length: int, letters: str = HEX) -> str:
    return "".join(DICE.choice(letters) for _ in range(length))


def found(folder: Path, name: str, text: str) -> set[str]:
    """What the scan finds in a file that is written so."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return {one.kind for one in secrets_in(name, path.read_text(encoding="utf-8"))}


@pytest.mark.parametrize(
    "line",
    [
        "PRIVATE_KEY={}",
        "export DEPLOYER_KEY=0x{}",
        'account = Account.from_key("0x{}")',
        '{{"privateKey": "{}"}}',
        "secret: {}",
        "0x{}",
        "the key is {}.",
        "DOKKAEBI_KEY='{}'  # the hash of nothing",
        "private key of block 7: {}",
        "KEYS = ['{}', ",
    ],
)
@pytest.mark.parametrize("upper", [False, True])
def test_a_private_key_is_found(tmp_path: Path, line: str, upper: bool) -> None:
    for _ in range(20):
        key = some(64)
        text = "first line\n" + line.format(key.upper() if upper else key)
        assert found(tmp_path, "notes.md", text) == {"private key"}, text
        assert secrets_in("notes.md", text)[0].line == 2


def test_a_well_known_key_is_found_where_nobody_says_that_it_is_one(tmp_path: Path) -> None:
    for name in ("test:0", "test:9", "ganache:3"):
        key = open_key(name, 1337).key.hex()  # type: ignore[attr-defined]
        assert found(tmp_path, "a.md", f"anvil's first key is {key}") == set()
        assert found(tmp_path, "a.md", f"# Of Ganache, which prints it:\nKEY={key}") == set()
        assert found(tmp_path, "a.md", f"deployer = {key}") == {"private key"}


@pytest.mark.parametrize(
    "line",
    [
        "    --hash=sha256:{} \\",
        '"transaction_hash": "0x{}",',
        '"init_code_hash": "0x{}",',
        "TYPEHASH = 0x{};",
        "bytes32 private constant SLOT = 0x{};",
        "topics: ['0x{}']",
        "cid: {}",
        "# The digest of the document:\n{}",
        "https://sepolia.etherscan.io/tx/0x{}",
        "https://github.com/owner/name/commit/{}",
        "0x{}00",
    ],
)
def test_a_hash_is_none(tmp_path: Path, line: str) -> None:
    for _ in range(20):
        text = line.format(some(40 if "commit" in line else 64))
        assert found(tmp_path, "file.json", text) == set(), text


@pytest.mark.parametrize(
    "word", ["12" * 32, "f" * 64, "0" * 63 + "1", "7" + "f" * 31 + some(32), "00" * 12 + some(40)]
)
def test_what_chance_does_not_make_is_no_key(tmp_path: Path, word: str) -> None:
    assert found(tmp_path, "a.py", f"OWN = '0x{word}'") == set()


def test_a_keystore_is_found_by_content_and_by_name(tmp_path: Path) -> None:
    document = Account.encrypt(Account.create().key, "right password", iterations=2)
    assert "keystore" in found(tmp_path, "some.json", json.dumps(document))
    assert "keystore" in found(tmp_path, "some.json", json.dumps(document, indent=2))
    for name in ("UTC--2026-01-01T00-00-00Z--12", "var/maker.keystore.json"):
        assert found(tmp_path, name, "{}") == {"keystore"}
    assert found(tmp_path, "some.json", '{"version": 3, "crypto": {"kdf": "x"}}') == set()


@pytest.mark.parametrize("words", [12, 15, 18, 21, 24])
@pytest.mark.parametrize("form", ["{}", "mnemonic: {}", 'PHRASE = "{}"', "my words are {} you see"])
def test_a_phrase_is_found(tmp_path: Path, words: int, form: str) -> None:
    phrase = generate_mnemonic(words, Language.ENGLISH)
    assert found(tmp_path, "a.md", form.format(phrase)) == {"phrase"}
    assert found(tmp_path, "a.md", form.format(phrase.replace(" ", "\n"))) == {"phrase"}
    listed = '", "'.join(phrase.split())
    assert found(tmp_path, "a.py", f'WORDS = ["{listed}"]') == {"phrase"}


def test_prose_and_the_well_known_phrases_are_none(tmp_path: Path) -> None:
    for phrase in TEST_PHRASES.values():
        assert found(tmp_path, "a.md", f"mnemonic: {phrase}") == set()
    eleven = " ".join(generate_mnemonic(12, Language.ENGLISH).split()[:11])
    assert found(tmp_path, "a.md", eleven) == set()
    prose = "a market that one person or one group can own with tools to run it and read its books"
    assert found(tmp_path, "a.md", prose) == set()


@pytest.mark.parametrize("name", [".env", "sub/.env", ".env.local", ".env.production"])
def test_an_environment_file_is_found(tmp_path: Path, name: str) -> None:
    assert found(tmp_path, name, "") == {"environment"}
    assert found(tmp_path, ".env.example", "DOKKAEBI_KEY=\n") == set()


@pytest.mark.parametrize(
    ("form", "length", "letters"),
    [
        ("https://sepolia.infura.io/v3/{}", 32, HEX),
        ("wss://mainnet.infura.io/ws/v3/{}", 32, HEX),
        (
            "https://eth-sepolia.g.alchemy.com/v2/{}",
            32,
            LETTERS + "-_",
        ),
        ("https://some-name-here.base-sepolia.quiknode.pro/{}/", 40, HEX),
        ("https://rpc.example/{}", 40, LETTERS),
        ("https://rpc.example/v1?apikey={}", 24, LETTERS),
    ],
)
def test_a_nodes_token_is_found(tmp_path: Path, form: str, length: int, letters: str) -> None:
    for _ in range(20):
        url = form.format(some(length, letters))
        assert "token in a URL" in found(tmp_path, "a.md", f"--rpc {url}"), url
        assert "token in a URL" in found(tmp_path, "a.yaml", f'host: "{url}"'), url


def test_a_password_in_a_url_is_found(tmp_path: Path) -> None:
    url = f"postgresql://user:{some(12)}@host/name"
    assert found(tmp_path, "a.md", url) == {"password in a URL"}


def test_an_explorers_key_is_found(tmp_path: Path) -> None:
    for _ in range(20):
        key = some(34, string.ascii_uppercase + string.digits)
        assert found(tmp_path, "a.sh", f"ETHERSCAN_TOKEN={key}") == {"explorer key"}


def test_a_pem_key_is_found(tmp_path: Path) -> None:
    for kind in ("", "RSA ", "OPENSSH "):
        text = f"-----BEGIN {kind}PRIVATE" + " KEY-----"
        assert found(tmp_path, "a.txt", text) == {"PEM key"}


@pytest.mark.parametrize(
    "text",
    [
        "https://one.example/…,wss://two.example/…",
        "https://mainnet.infura.io/v3/YOUR_KEY",
        "https://eth-sepolia.g.alchemy.com/v2/$KEY",
        "export DOKKAEBI_DATABASE_URL=postgresql://user@host/name",
        "https://docs.soliditylang.org/en/latest/internals/layout_in_storage.html",
        "https://eips.ethereum.org/EIPS/eip-712",
        "FACTORY = '0x4e59b44847b379578588920cA78FbF26c0B4956C'",
        '"integrity": "sha512-' + "A1b2C3d4E5f6G7h8" * 5 + '=="',
        "CONSTANT_WITH_A_VERY_LONG_NAME_INDEED_2",
    ],
)
def test_what_only_looks_like_one_is_none(tmp_path: Path, text: str) -> None:
    assert found(tmp_path, "a.md", text) == set()
