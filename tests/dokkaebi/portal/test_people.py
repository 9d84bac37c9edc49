"""Nicknames and wallets: linked by both sides, ended by either, and by nobody else."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dokkaebi.chain.consents import TypedData
from dokkaebi.chain.keys import open_key
from dokkaebi.chain.persona_links import (
    AHEAD_SECONDS,
    DEADLINE_SECONDS,
    PersonaLink,
    link_text,
    read_link,
    sign_as_steward,
    sign_as_wallet,
    typed_data,
    write_link,
)
from dokkaebi.errors import DokkaebiError
from dokkaebi.portal.names import Persona
from dokkaebi.portal.people import add_link, new_link
from dokkaebi.portal.rules import Rules
from dokkaebi.portal.store import Store

LOCAL = 1337
NOW = 1_796_000_000
LEE = Persona("blog.example", "lee")
OWNER, STEWARD, STRANGER = (open_key(f"test:{n}", LOCAL, None, None) for n in (1, 2, 3))


@pytest.fixture
def ruled(rules: Rules) -> Rules:
    return replace(rules, steward=STEWARD.address.lower())


def draft(store: Store, rules: Rules, *, linked: bool = True, now: int = NOW) -> PersonaLink:
    return new_link(store, rules, LEE, OWNER.address, now, linked=linked)


def both(link: PersonaLink) -> PersonaLink:
    return sign_as_steward(STEWARD, sign_as_wallet(OWNER, link))


def refused(store: Store, rules: Rules, link: PersonaLink, now: int = NOW, closed: int = 0) -> str:
    before = store.links(2**62)
    with pytest.raises(DokkaebiError) as caught:
        add_link(store, rules, link, now, closed)
    assert store.links(2**62) == before
    return caught.value.key


def test_both_sides_link_and_either_ends_it(store: Store, ruled: Rules) -> None:
    assert add_link(store, ruled, both(draft(store, ruled)), NOW)
    assert store.links(NOW + 1) == {LEE: OWNER.address.lower()}
    for number, sign in enumerate((sign_as_wallet, sign_as_steward)):
        who = OWNER if sign is sign_as_wallet else STEWARD
        at = NOW + 10 * number + 5
        assert add_link(store, ruled, sign(who, draft(store, ruled, linked=False, now=at)), at)
        assert store.links(2**62) == {}
        assert add_link(store, ruled, both(draft(store, ruled, now=at + 1)), at + 1)
    assert store.links(NOW + 5) == {LEE: OWNER.address.lower()}


def test_handing_in_twice_changes_nothing(store: Store, ruled: Rules) -> None:
    link = both(draft(store, ruled))
    assert add_link(store, ruled, link, NOW)
    assert not add_link(store, ruled, link, NOW)
    # Nor can it be used once more after it was ended.
    end = sign_as_wallet(OWNER, draft(store, ruled, linked=False))
    assert add_link(store, ruled, end, NOW)
    assert not add_link(store, ruled, link, NOW)
    assert store.links(2**62) == {}


def test_one_side_is_not_enough(store: Store, ruled: Rules) -> None:
    link = draft(store, ruled)
    wrong = [
        link,
        sign_as_wallet(OWNER, link),
        sign_as_steward(STEWARD, link),
        sign_as_steward(STRANGER, sign_as_wallet(OWNER, link)),
        replace(both(link), wallet=STRANGER.address),
        replace(both(link), nickname="kim"),
        replace(both(link), source="other.example"),
        replace(both(link), issued_at=NOW + 1),
        replace(both(link), linked=False, nonce=2),
    ]
    for one in wrong:
        assert refused(store, ruled, one) == "portal_link_signature"


def test_a_stranger_ends_nothing(store: Store, ruled: Rules) -> None:
    assert add_link(store, ruled, both(draft(store, ruled)), NOW)
    foreign = new_link(store, ruled, LEE, STRANGER.address, NOW, linked=False)
    assert refused(store, ruled, sign_as_wallet(STRANGER, foreign)) == "portal_link_other"
    with pytest.raises(DokkaebiError) as caught:
        sign_as_wallet(STRANGER, draft(store, ruled, linked=False))
    assert caught.value.key == "portal_link_wallet"


def test_a_stranger_uses_up_no_numbers(store: Store, ruled: Rules) -> None:
    end = new_link(store, ruled, LEE, STRANGER.address, NOW, linked=False)
    assert refused(store, ruled, sign_as_wallet(STRANGER, end)) == "portal_link_other"
    assert store.next_nonce(LEE) == 1


@pytest.mark.parametrize(("nonce", "fits"), [(1, False), (2, True), (3, False)])
def test_links_are_numbered(nonce: int, fits: bool, store: Store, ruled: Rules) -> None:
    assert add_link(store, ruled, both(draft(store, ruled)), NOW)
    link = both(replace(draft(store, ruled, now=NOW + 1), nonce=nonce))
    if fits:
        assert add_link(store, ruled, link, NOW + 1)
    else:
        assert refused(store, ruled, link, NOW + 1) == "portal_link_nonce"


def test_a_later_link_is_issued_later(store: Store, ruled: Rules) -> None:
    assert add_link(store, ruled, both(draft(store, ruled)), NOW)
    assert refused(store, ruled, both(draft(store, ruled, now=NOW - 1))) == "portal_link_nonce"
    assert add_link(store, ruled, both(draft(store, ruled, now=NOW)), NOW)


@pytest.mark.parametrize(
    ("later", "fits"),
    [
        (-AHEAD_SECONDS - 1, False),
        (-AHEAD_SECONDS, True),
        (DEADLINE_SECONDS, True),
        (DEADLINE_SECONDS + 1, False),
    ],
)
def test_links_are_handed_in_in_time(later: int, fits: bool, store: Store, ruled: Rules) -> None:
    link = both(draft(store, ruled))
    if fits:
        assert add_link(store, ruled, link, NOW + later)
    else:
        assert refused(store, ruled, link, NOW + later) == "portal_link_time"


def test_a_deadline_is_a_week_at_most(store: Store, ruled: Rules) -> None:
    link = both(replace(draft(store, ruled), deadline=NOW + DEADLINE_SECONDS + 1))
    assert refused(store, ruled, link) == "portal_link_time"


@pytest.mark.parametrize(("closed", "fits"), [(NOW, True), (NOW + 1, False)])
def test_a_closed_epoch_takes_no_link(closed: int, fits: bool, store: Store, ruled: Rules) -> None:
    link = both(draft(store, ruled))
    if fits:
        assert add_link(store, ruled, link, NOW, closed)
    else:
        assert refused(store, ruled, link, NOW, closed) == "portal_link_closed"


def test_who_cant_be_linked(store: Store, ruled: Rules, rules: Rules) -> None:
    for persona in (Persona("blog.example", "~lee"), Persona("chain:1", OWNER.address.lower())):
        with pytest.raises(DokkaebiError) as caught:
            new_link(store, ruled, persona, OWNER.address, NOW, linked=True)
        assert caught.value.key == "portal_link_guest"
    link = both(draft(store, ruled))
    assert refused(store, rules, link) == "portal_no_steward"
    assert refused(store, replace(ruled, community="Else"), link) == "portal_link_community"


def test_several_names_of_one_wallet(store: Store, ruled: Rules) -> None:
    for name in ("lee", "kim"):
        persona = Persona("blog.example", name)
        link = new_link(store, ruled, persona, OWNER.address, NOW, linked=True)
        assert add_link(store, ruled, both(link), NOW)
    assert len(store.links(2**62)) == 2


def test_a_file_is_read_as_written(store: Store, ruled: Rules, tmp_path: Path) -> None:
    link = both(draft(store, ruled))
    path = tmp_path / "link.json"
    write_link(path, link)
    assert read_link(path) == link
    assert read_link(path).claim_code == link.claim_code
    assert replace(link, nickname="kim").claim_code != link.claim_code
    assert path.read_text() == link_text(link)


WRONG: list[tuple[str, Any]] = [
    ("dokkaebi", "offer"),
    ("version", 2),
    ("wallet", "0x12"),
    ("linked", 1),
    ("nonce", "1"),
    ("nonce", -1),
    ("nonce", 2**53),
    ("issuedAt", 1.5),
    ("deadline", None),
    ("walletSignature", "00"),
    ("walletSignature", "0xzz"),
    ("nickname", "a\u202eb"),
    ("nickname", "a" * 501),
    ("source", 7),
    ("more", 1),
]


@pytest.mark.parametrize(("field", "value"), WRONG)
def test_a_wrong_file_is_refused(
    field: str, value: Any, store: Store, ruled: Rules, tmp_path: Path
) -> None:
    path = tmp_path / "link.json"
    document = json.loads(link_text(both(draft(store, ruled))))
    path.write_text(json.dumps({**document, field: value}))
    with pytest.raises(DokkaebiError) as caught:
        read_link(path)
    assert caught.value.key == "portal_link_wrong"
    if field in document:
        del document[field]
        path.write_text(json.dumps(document))
        with pytest.raises(DokkaebiError):
            read_link(path)


def test_a_wallet_page_signs_the_same(store: Store, ruled: Rules) -> None:
    """The typed data as browsers take it; another account's way of hashing agrees."""
    from eth_account import Account

    link = draft(store, ruled)
    data: TypedData = typed_data(link)
    signed = Account.sign_typed_data(OWNER.key, full_message=data)
    assert bytes(signed.signature) == sign_as_wallet(OWNER, link).wallet_signature
    assert bytes(signed.message_hash) == link.digest
