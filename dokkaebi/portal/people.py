"""Who is linked to which wallet, by documents that both sides signed."""

from __future__ import annotations

from dokkaebi.chain.persona_links import (
    DEADLINE_SECONDS,
    PersonaLink,
    check_link,
    link_text,
)
from dokkaebi.errors import DokkaebiError
from dokkaebi.portal.names import Persona
from dokkaebi.portal.rules import Rules
from dokkaebi.portal.store import LinkRow, Store
from dokkaebi.spelling import folded


def new_link(
    store: Store, rules: Rules, persona: Persona, wallet: str, now: int, *, linked: bool
) -> PersonaLink:
    """A link (or its end) to be signed, with the persona's next nonce. Raises
    `portal_link_guest`."""
    _check_persona(persona)
    return PersonaLink(
        community=rules.community,
        source=persona.source,
        nickname=persona.nickname,
        wallet=wallet,
        linked=linked,
        nonce=store.next_nonce(persona),
        issued_at=now,
        deadline=now + DEADLINE_SECONDS,
    )


def add_link(
    store: Store, rules: Rules, link: PersonaLink, now: int, closed_until: int = 0
) -> bool:
    """Keeps a signed link, in force from when it was issued; False if it was here before.

    An epoch that was closed already doesn't change any more: `closed_until` is its end. Raises
    what `check_link` raises, `portal_link_guest`, `portal_link_nonce`, `portal_link_other`,
    `portal_link_closed`.
    """
    persona = Persona(link.source, link.nickname)
    _check_persona(persona)
    check_link(link, rules.community, rules.steward, now)
    if store.has_link(link.digest.hex()):
        return False
    if link.issued_at < closed_until:
        raise DokkaebiError("portal_link_closed", issued=link.issued_at, closed=closed_until)
    linked_now = store.links(2**62).get(persona)
    if not link.linked and linked_now != link.wallet.lower():
        # Else a stranger could use up its nonces.
        raise DokkaebiError("portal_link_other", persona=str(persona), wallet=link.wallet)
    row = LinkRow(
        link.digest.hex(),
        persona,
        link.wallet.lower(),
        link.linked,
        link.nonce,
        link.issued_at,
        link_text(link),
    )
    store.add_link(row)
    return True


def _check_persona(persona: Persona) -> None:
    """Nobody vouches for a guest's name, and a wallet is linked to itself."""
    if persona.is_guest or folded(persona.source).startswith("chain:"):
        raise DokkaebiError("portal_link_guest", persona=str(persona))
