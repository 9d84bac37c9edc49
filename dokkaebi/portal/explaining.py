"""Where each of somebody's points came from, and why others didn't count, in sentences."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from dokkaebi.errors import DokkaebiError
from dokkaebi.portal.epoch import Document, epoch_of, scored, terms_of
from dokkaebi.portal.market import Market
from dokkaebi.portal.names import Persona
from dokkaebi.portal.rules import BPS, MILLI, Rules
from dokkaebi.portal.scoring import Step, wallet_of
from dokkaebi.portal.store import Store
from dokkaebi.texts import t
from dokkaebi.texts.figures import percent_text, units_text

POINT_DECIMALS = 3
TOKEN_DECIMALS = 18


def explain(
    store: Store,
    rules: Rules,
    document: Document,
    previous: Document | None,
    market: Market,
    persona: Persona,
) -> list[str]:
    """The sentences about a persona in a closed epoch; raises `portal_person_unknown`."""
    found = {Persona(one["source"], one["nickname"]): one for one in document["people"]}
    links = store.links(document["end"])
    epoch = epoch_of(terms_of(document), previous, len(document["inputs"]["files"]))
    seen = store.first_seen(epoch.files)
    trail = scored(store, rules, epoch, market, links, seen, watched=persona).trail
    if not trail and persona not in found:
        raise DokkaebiError("portal_person_unknown", persona=str(persona), epoch=epoch.number)
    in_time = sorted(trail, key=lambda step: step.values.get("at", epoch.end))
    sentences = [_sentence(step) for step in in_time]
    state = found.get(persona)
    if state is not None:
        sentences += _state(rules, state, wallet_of(persona, links))
    return sentences


def points_text(milli: int) -> str:
    """Points, exact."""
    return units_text(milli, POINT_DECIMALS)


def token_text(amount: int) -> str:
    """An amount of the community token, exact."""
    return units_text(amount, TOKEN_DECIMALS)


def _sentence(step: Step) -> str:
    values: dict[str, Any] = dict(step.values)
    if "at" in values:
        values["day"] = datetime.fromtimestamp(values["at"], UTC).strftime("%Y-%m-%d")
    for name in ("points", "room", "mutual"):
        if name in values:
            values[name] = points_text(values[name])
    for name in ("amount", "share"):
        if name in values:
            values[name] = token_text(values[name])
    said = t(f"portal_why_{step.key}", **values)
    age_bps = values.get("age_bps", BPS)
    if age_bps < BPS:
        said = f"{said} {t('portal_why_age', percent=percent_text(age_bps))}"
    return said


def _state(rules: Rules, state: dict[str, Any], wallet: str) -> list[str]:
    """What is saved, and what it waits for."""
    waiting, paid = int(state["waiting"]), int(state["paid"])
    values = {"points": points_text(state["points"]), "amount": token_text(waiting)}
    said = [t("portal_state_saved", **values)]
    if paid:
        said.append(t("portal_state_paid", amount=token_text(paid), wallet=wallet))
        if waiting:
            said.append(t("portal_state_budget"))
    elif not wallet:
        said.append(t("portal_state_unlinked"))
    elif state["points"] < rules.threshold_points * MILLI:
        said.append(t("portal_state_threshold", points=rules.threshold_points))
    elif waiting < max(rules.payout_min, 1):
        said.append(t("portal_state_little", amount=token_text(rules.payout_min)))
    else:
        said.append(t("portal_state_budget"))
    return said
