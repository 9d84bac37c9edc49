"""Documents in sentences: every field, so that nobody has to sign what they can't read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from dokkaebi.chain.assets import Asset, read_asset
from dokkaebi.chain.consents import Consent, kind_of
from dokkaebi.chain.documents import creation_text
from dokkaebi.chain.standing import problems_of
from dokkaebi.chain.suite import Suite
from dokkaebi.chain.terms import (
    BPS,
    NO_SALE,
    NOBODY,
    ZERO_WORD,
    Bid,
    Delivery,
    Settlement,
    Terms,
    Voucher,
    worths_of,
)
from dokkaebi.chain.vouchers import creation_of
from dokkaebi.errors import DokkaebiError
from dokkaebi.texts import catalogue, t
from dokkaebi.texts.figures import percent_text, span_text

_AMOUNTS = {"price", "end_price", "reserve", "sponsor_amount"}
_IDS = {"creation_id", "given_id", "wanted_id"}
_MOMENTS = {"expiry", "start", "ends_at"}
_LATEST = int(datetime(9999, 1, 1, tzinfo=UTC).timestamp())


@dataclass(frozen=True)
class Facts:
    """What a chain tells beside a document: how amounts are read, and which registry is ours."""

    asset: Asset | None = None
    registry: str | None = None


def facts_of(suite: Suite, terms: Terms) -> Facts:
    """The facts of a document's chain. An asset that can't say its decimals stays unread."""
    address = getattr(terms, "asset", None)
    try:
        asset = None if address is None else read_asset(suite, address)
    except DokkaebiError:
        asset = None
    return Facts(asset, suite.registry.address)


def explain(
    document: Consent | Terms, facts: Facts | None = None, lang: str | None = None
) -> list[str]:
    """A document in sentences, one or more for each field, in the order of the fields."""
    terms = document.terms if isinstance(document, Consent) else document
    kind = kind_of(terms)
    known = facts or Facts()
    values = _values(terms, known, lang)
    lines = [t(f"explain_{kind.name}", lang)]
    lines += [t(_key(terms, name, known), lang, **values) for name in _names(terms)]
    if isinstance(document, Consent):
        lines += _signature(document, known, lang)
    return lines


def explain_state(suite: Suite, consent: Consent) -> list[str]:
    """Whether a document can be used now; else why not, in sentences."""
    problems = problems_of(suite, consent)
    return [str(problem) for problem in problems] or [t("explain_good")]


def _names(terms: Terms) -> list[str]:
    """The fields that are told, in their order; those of a voucher's structs as if they were its
    own, and of its sale one alone where there is none."""
    if not isinstance(terms, Voucher):
        return list(terms._fields)
    sale = terms.sale._fields if terms.sale != NO_SALE else ("market",)
    return ["creator", *terms.work._fields, "partners", *sale, "expiry", "version"]


def _field_values(terms: Terms) -> dict[str, Any]:
    if not isinstance(terms, Voucher):
        return terms._asdict()
    return {**terms._asdict(), **terms.work._asdict(), **terms.sale._asdict()}


def _signature(consent: Consent, facts: Facts, lang: str | None) -> list[str]:
    name, signer = consent.kind.contract, consent.signer
    lines = [
        t("explain_place", lang, chain=consent.chain_id, name=name, market=consent.market),
        t("explain_digest", lang, digest=consent.id),
    ]
    if consent.permit is not None:
        value, deadline = consent.permit.value, consent.permit.deadline
        shown = {"value": _amount(value, facts, lang), "deadline": _moment(deadline)}
        lines.append(t("explain_permit", lang, **shown))
    key = "explain_signed_by_party" if signer is None else "explain_signed_by"
    return [*lines, t(key, lang, signer=signer)]


def _key(terms: Terms, field: str, facts: Facts) -> str:
    """The text of a field: of this kind or of all, and in the variant that its value asks for."""
    texts, kind = catalogue(), kind_of(terms).name
    kinds = [f"{kind}_", "delivery_", ""] if kind == "request" else [f"{kind}_", ""]
    names = [f"explain_{prefix}{field}" for prefix in kinds]
    variant = _variant(terms, field, facts)
    return next(name for name in [n + variant for n in names] + names if name in texts)


def _variant(terms: Terms, field: str, facts: Facts) -> str:
    """What else a field's text depends on: `_none` if it says nothing, `_ours`, `_any`, or ``."""
    value = _field_values(terms)[field]
    if field.endswith("collection"):
        return "_ours" if value == facts.registry else ""
    if isinstance(terms, Bid) and terms.creator != NOBODY and field in {"creation_id", "tenure"}:
        return "_any"
    if value not in {0, NOBODY, ZERO_WORD, ()}:
        return ""
    if field.endswith("tenure"):
        return "" if _is_bound(terms, field, facts) else "_none"
    if field == "silent_seller_bps":
        return "_none" if getattr(terms, "arbiter", NOBODY) == NOBODY else ""
    return "_none"


def _is_bound(terms: Terms, field: str, facts: Facts) -> bool:
    """Whether tenure 0 means a first owner, or nothing since nothing counts tenures there."""
    if isinstance(terms, Delivery):
        return terms.creation_id != 0
    collection = getattr(terms, field.replace("tenure", "collection"))
    return bool(collection == facts.registry)


def _values(terms: Terms, facts: Facts, lang: str | None) -> dict[str, str]:
    """All values as people read them, and those that follow from them."""
    raw = _field_values(terms)
    shown = {name: _show(name, value, facts, lang) for name, value in raw.items()}
    if facts.asset is not None and not facts.asset.is_coin:
        shown["asset"] = f"{facts.asset.symbol} ({facts.asset.address})"
    if isinstance(terms, Delivery):
        total = terms.price * terms.units
        shown["total"] = _amount(total, facts, lang)
        shown["parts"] = ", ".join(
            f"{number}: {percent} % ({_amount(worth, facts, lang)})"
            for number, (percent, worth) in enumerate(
                zip(terms.parts, worths_of(terms.price, terms.parts), strict=False), 1
            )
        )
        shown["silent_buyer"] = percent_text(BPS - terms.silent_seller_bps)
    if isinstance(terms, Voucher):
        shown["parents"] = ", ".join(map(creation_text, terms.work.parents))
        shown["partners"] = ", ".join(
            f"{partner.account}: {percent_text(partner.share_bps)}" for partner in terms.partners
        )
        shown["creation_id"] = creation_text(creation_of(terms))
    if isinstance(terms, Settlement):
        shown["buyer_share"] = percent_text(max(0, BPS - terms.seller_bps))
        shown["part"] = str(terms.part + 1)
    return shown


def _show(name: str, value: Any, facts: Facts, lang: str | None) -> str:
    if isinstance(value, bytes):
        return "0x" + value.hex()
    if name in _AMOUNTS:
        return _amount(value, facts, lang)
    if name in _IDS:
        return creation_text(value)
    if name in _MOMENTS:
        return _moment(value)
    if name.endswith(("_bps", "_bps_max")):
        return percent_text(value)
    return span_text(value, lang) if name.endswith("_seconds") else str(value)


def _amount(amount: int, facts: Facts, lang: str | None) -> str:
    if facts.asset is None:
        return t("explain_raw_amount", lang, amount=amount)
    return facts.asset.text(amount)


def _moment(seconds: int) -> str:
    """A moment in the local time zone, ISO 8601 to the second."""
    if not 0 <= seconds < _LATEST:
        return str(seconds)
    return datetime.fromtimestamp(seconds, UTC).astimezone().isoformat(sep=" ")
