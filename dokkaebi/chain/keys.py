"""Keys that sign: an encrypted keystore file, an environment variable, another program, or a
well-known test key."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from dokkaebi.chain.manifest import write_atomically
from dokkaebi.chain.networks import LOCAL_CHAIN_IDS
from dokkaebi.config import environment
from dokkaebi.errors import DokkaebiError

if TYPE_CHECKING:
    from eth_account.signers.local import LocalAccount

    from dokkaebi.chain.external import Note
    from dokkaebi.chain.signer import Signer

PASSWORD_LENGTH_MIN = 8
# Everybody knows these: Hardhat's and Anvil's, and the one Ganache's documentation shows.
TEST_PHRASES = {
    "test": "test test test test test test test test test test test junk",
    "ganache": "myth like bonus scare over problem client lizard pioneer submit female collect",
}
# The first twenty accounts of each, so that recognising one takes no key derivation.
TEST_ADDRESSES = {
    "test": (
        "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266",
        "0x70997970C51812dc3A010C7d01b50e0d17dc79C8",
        "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC",
        "0x90F79bf6EB2c4f870365E785982E1f101E93b906",
        "0x15d34AAf54267DB7D7c367839AAf71A00a2C6A65",
        "0x9965507D1a55bcC2695C58ba16FB37d819B0A4dc",
        "0x976EA74026E726554dB657fA54763abd0C3a0aa9",
        "0x14dC79964da2C08b23698B3D3cc7Ca32193d9955",
        "0x23618e81E3f5cdF7f54C3d65f7FBc0aBf5B21E8f",
        "0xa0Ee7A142d267C1f36714E4a8F75612F20a79720",
        "0xBcd4042DE499D14e55001CcbB24a551F3b954096",
        "0x71bE63f3384f5fb98995898A86B02Fb2426c5788",
        "0xFABB0ac9d68B0B445fB7357272Ff202C5651694a",
        "0x1CBd3b2770909D4e10f157cABC84C7264073C9Ec",
        "0xdF3e18d64BC6A983f673Ab319CCaE4f1a57C7097",
        "0xcd3B766CCDd6AE721141F452C550Ca635964ce71",
        "0x2546BcD3c84621e976D8185a91A922aE77ECEc30",
        "0xbDA5747bFD65F08deb54cb465eB87D40e51B197E",
        "0xdD2FD4581271e230360230F9337D5c0430Bf44C0",
        "0x8626f6940E2eb28930eFb4CeF49B2d1F2C9C1199",
    ),
    "ganache": (
        "0x90F8bf6A479f320ead074411a4B0e7944Ea8c9C1",
        "0xFFcf8FDEE72ac11b5c542428B35EEF5769C409f0",
        "0x22d491Bde2303f2f43325b2108D26f1eAbA1e32b",
        "0xE11BA2b4D45Eaed5996Cd0823791E0C93114882d",
        "0xd03ea8624C8C5987235048901fB614fDcA89b117",
        "0x95cED938F7991cd0dFcb48F0a06a40FA1aF46EBC",
        "0x3E5e9111Ae8eB78Fe1CC3bb8915d5D461F3Ef9A9",
        "0x28a8746e75304c0780E011BEd21C72cD78cd535E",
        "0xACa94ef8bD5ffEE41947b4585a84BdA5a3d3DA6E",
        "0x1dF62f291b2E969fB0849d99D9Ce41e2F137006e",
        "0x610Bb1573d1046FCb8A70Bbbd395754cD57C2b60",
        "0x855FA758c77D68a04990E992aA4dcdeF899F654A",
        "0xfA2435Eacf10Ca62ae6787ba2fB044f8733Ee843",
        "0x64E078A8Aa15A41B85890265648e965De686bAE6",
        "0x2F560290FEF1B3Ada194b6aA9c40aa71f8e95598",
        "0xf408f04F9b7691f7174FA2bb73ad6d45fD5d3CBe",
        "0x66FC63C2572bF3ADD0Fe5d44b97c2E614E35e9a3",
        "0xF0D5BC18421fa04D0a2A2ef540ba5A9f04014BE3",
        "0x325A621DeA613BCFb5B1A69a7aCED0ea4AfBD73A",
        "0x3fD652C93dFA333979ad762Cf581Df89BaBa6795",
    ),
}


def open_key(
    reference: str,
    chain_id: int,
    password_file: Path | None = None,
    ask_password: Callable[[str], str] | None = None,
    note: Note | None = None,
) -> Signer:
    """The key behind a reference, to sign for a chain.

    `env:NAME` is a hex key in an environment variable (or `.env`); `test:0` … `test:19` and
    `ganache:0` … are the well-known test keys; `command:PROGRAM ARGS` is a program that signs (see
    `external`), and `note` is told when it waits for a person; anything else is the path of an
    encrypted keystore (JSON, version 3). Its password comes from `password_file`, else
    DOKKAEBI_PASSWORD, else `ask_password(path)`. Test keys are refused on every chain that isn't
    local, however they came.
    """
    kind, _, rest = reference.partition(":")
    account: Signer
    if kind in TEST_PHRASES and rest:
        account = _test_key(kind, rest)
    elif kind == "env":
        account = _key_from_environment(rest)
    elif kind == "command":
        from dokkaebi.chain.external import ExternalSigner

        account = ExternalSigner(rest, note)
    elif _looks_like_a_key(Path(reference).name):
        raise DokkaebiError("key_in_the_open")
    else:
        account = _key_from_keystore(Path(reference), password_file, ask_password)
    _refuse_public_key(account, chain_id)
    return account


def new_keystore(path: Path, password_file: Path | None, ask: Callable[[bool], str]) -> str:
    """Makes a new key in an encrypted file that only its owner can read; the key's address.

    The password comes from `password_file`, else DOKKAEBI_PASSWORD, else from `ask` twice (the
    second time with True). Never overwrites a file.
    """
    from eth_account import Account

    if path.exists():
        raise DokkaebiError("key_file_exists", path=str(path))
    password = _known_password(password_file)
    if password is None:
        password = ask(False)
        if ask(True) != password:
            raise DokkaebiError("passwords_differ")
    if len(password) < PASSWORD_LENGTH_MIN:
        raise DokkaebiError("password_too_short", seen=len(password), needed=PASSWORD_LENGTH_MIN)
    account = Account.create()
    write_atomically(path, json.dumps(account.encrypt(password)) + "\n", mode=0o600)
    return str(account.address)


def new_key() -> Signer:
    """A key that was just made and is kept nowhere."""
    from eth_account import Account

    key: Signer = Account.create()
    return key


def name_of_test_key(address: str) -> str | None:
    """The name of a well-known test account, such as `test:3`; None for any other."""
    for name, addresses in TEST_ADDRESSES.items():
        for number, known in enumerate(addresses):
            if known.lower() == address.lower():
                return f"{name}:{number}"
    return None


def _refuse_public_key(account: Signer, chain_id: int) -> None:
    name = name_of_test_key(account.address)
    if name is not None and chain_id not in LOCAL_CHAIN_IDS:
        raise DokkaebiError("key_is_public", name=name, address=account.address, chain_id=chain_id)


@cache
def _test_key(kind: str, number: str) -> LocalAccount:
    from eth_account import Account

    count = len(TEST_ADDRESSES[kind])
    if not (number.isascii() and number.isdecimal()) or int(number) >= count:
        raise DokkaebiError("key_number_unknown", kind=kind, number=number, last=count - 1)
    Account.enable_unaudited_hdwallet_features()
    path = f"m/44'/60'/0'/0/{int(number)}"
    account: LocalAccount = Account.from_mnemonic(TEST_PHRASES[kind], account_path=path)
    return account


def _key_from_environment(name: str) -> LocalAccount:
    from eth_account import Account
    from eth_keys.constants import SECPK1_N

    value = environment().get(name, "").strip()
    if not value:
        raise DokkaebiError("key_variable_empty", name=name)
    # eth_account would fill up one that lost digits, and sign for somebody else; and takes zero.
    if not _looks_like_a_key(value) or not 0 < int(value, 16) < SECPK1_N:
        raise DokkaebiError("key_variable_wrong", name=name)
    try:
        account: LocalAccount = Account.from_key(value)
    except Exception:
        # eth_account's own words could show the key.
        raise DokkaebiError("key_variable_wrong", name=name) from None
    return account


def _key_from_keystore(
    path: Path, password_file: Path | None, ask_password: Callable[[str], str] | None
) -> LocalAccount:
    from eth_account import Account

    try:
        document = json.loads(path.expanduser().read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise DokkaebiError("keystore_missing", path=str(path)) from None
    except (OSError, ValueError) as problem:
        raise DokkaebiError("keystore_unreadable", path=str(path), problem=str(problem)) from None
    if not isinstance(document, dict) or not {"crypto", "Crypto"} & document.keys():
        raise DokkaebiError("keystore_malformed", path=str(path))
    password = _password(path, password_file, ask_password)
    try:
        key = Account.decrypt(document, password)
    except ValueError as problem:
        if "MAC mismatch" in str(problem):
            raise DokkaebiError("keystore_password_wrong", path=str(path)) from None
        raise DokkaebiError("keystore_malformed", path=str(path)) from None
    except (KeyError, TypeError, NotImplementedError):
        raise DokkaebiError("keystore_malformed", path=str(path)) from None
    account: LocalAccount = Account.from_key(key)
    return account


def _password(
    path: Path, password_file: Path | None, ask_password: Callable[[str], str] | None
) -> str:
    known = _known_password(password_file)
    if known is not None:
        return known
    if ask_password is None:
        raise DokkaebiError("password_missing", path=str(path))
    return ask_password(str(path))


def _known_password(password_file: Path | None) -> str | None:
    """The password that a file or the environment holds."""
    if password_file is None:
        return environment().get("DOKKAEBI_PASSWORD")
    try:
        text = password_file.read_text(encoding="utf-8")
    except (OSError, ValueError) as problem:
        raise DokkaebiError(
            "password_file_unreadable", path=str(password_file), problem=str(problem)
        ) from None
    # One line break at the end belongs to the file, not to the password.
    return text.removesuffix("\n").removesuffix("\r")


def _looks_like_a_key(reference: str) -> bool:
    digits = reference.removeprefix("0x")
    return len(digits) == 64 and all(c in "0123456789abcdefABCDEF" for c in digits)
