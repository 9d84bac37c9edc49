"""The commands about works: publish, verify."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dokkaebi.cli.dealing import (
    AssetName,
    OfferDays,
    Output,
    Referral,
    days_of,
    expiry_in,
    sign_and_write,
)
from dokkaebi.cli.output import DOCUMENTS, EXIT_NO, NODE, SIGN, Result, Session, command
from dokkaebi.errors import DokkaebiError
from dokkaebi.texts import t

if TYPE_CHECKING:
    from dokkaebi.chain.creation_registry import Registration
    from dokkaebi.chain.documents import Document, FileDigest
    from dokkaebi.chain.terms import Work
    from dokkaebi.cli.sending import Steps

app = typer.Typer()

# About 100,000 gas each: well within a block.
BATCH_SIZE = 50


@command(app, NODE, SIGN, DOCUMENTS)
def publish(
    session: Session,
    files: Annotated[list[Path], typer.Argument(help=t("arg_files"), metavar="FILE…")],
    title: Annotated[str | None, typer.Option(help=t("option_title"))] = None,
    description: Annotated[str, typer.Option(help=t("option_description"))] = "",
    royalty: Annotated[str, typer.Option(metavar="PERCENT", help=t("option_royalty"))] = "5",
    creator_name: Annotated[str, typer.Option(help=t("option_creator_name"))] = "",
    parent: Annotated[list[str] | None, typer.Option(metavar="ID", help=t("option_parent"))] = None,
) -> Result:
    """Registers works."""
    if title is not None and len(files) > 1:
        raise DokkaebiError("title_for_many", count=len(files))
    works = _works_of(session, files, title, description, royalty, creator_name, parent)
    return _register(session, works)


@command(app, NODE, SIGN, DOCUMENTS)
def sign_voucher(
    session: Session,
    file: Annotated[Path, typer.Argument(help=t("arg_voucher_file"), metavar="FILE")],
    price: Annotated[
        str | None, typer.Option(metavar="AMOUNT", help=t("option_voucher_price"))
    ] = None,
    asset: AssetName = "eth",
    buyer: Annotated[str | None, typer.Option(metavar="ADDRESS", help=t("option_buyer"))] = None,
    referral: Referral = "0",
    expires_days: OfferDays = None,
    title: Annotated[str | None, typer.Option(help=t("option_title"))] = None,
    description: Annotated[str, typer.Option(help=t("option_description"))] = "",
    royalty: Annotated[str, typer.Option(metavar="PERCENT", help=t("option_royalty"))] = "5",
    creator_name: Annotated[str, typer.Option(help=t("option_creator_name"))] = "",
    parent: Annotated[list[str] | None, typer.Option(metavar="ID", help=t("option_parent"))] = None,
    sponsor: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help=t("option_voucher_sponsor"))
    ] = None,
    sponsor_amount: Annotated[
        str, typer.Option(metavar="AMOUNT", help=t("option_voucher_sponsor_amount"))
    ] = "0",
    output: Output = None,
) -> Result:
    """Signs a work instead of registering it, which costs nothing."""
    from dokkaebi.chain.assets import named_asset, parse_address, parse_percent
    from dokkaebi.chain.terms import NOBODY
    from dokkaebi.chain.vouchers import new_voucher

    suite = session.suite
    paid_in = named_asset(suite, asset)
    [work] = _works_of(session, [file], title, description, royalty, creator_name, parent)
    days = days_of(session, "offer_days", expires_days)
    terms = new_voucher(
        suite,
        session.account.address,
        work.struct(),
        expiry=expiry_in(session, days, suite.creation_market, "DOCUMENT_SECONDS_MAX"),
        price=paid_in.parse(price) if price is not None else 0,
        asset=paid_in.address,
        buyer=parse_address(buyer) if buyer else NOBODY,
        referral_bps=parse_percent(referral),
        sponsor=parse_address(sponsor) if sponsor else NOBODY,
        sponsor_amount=paid_in.parse(sponsor_amount),
    )
    consent, path = sign_and_write(session, terms, output, work.document.text)
    return {"voucher": consent.id, "file": str(path), "creation": work.result("no", path.parent)}


class _Work:
    """A file on its way into the registry."""

    def __init__(
        self,
        path: Path,
        digest: FileDigest,
        document: Document,
        royalty_bps: int,
        parents: Sequence[int],
    ) -> None:
        self.path, self.digest, self.document = path, digest, document
        self.royalty_bps, self.parents = royalty_bps, parents
        self.id = document.id

    def struct(self) -> Work:
        """`ICreationRegistry.Work`."""
        from dokkaebi.chain.creation_registry import work_of

        return work_of(self.document, self.digest, self.royalty_bps, self.parents)

    def result(self, registered: str, documents: Path) -> dict[str, Any]:
        """What `--json` shows of it."""
        from dokkaebi.chain.documents import creation_cid, document_name

        cid = creation_cid(self.id)
        return {
            "file": str(self.path),
            "id": str(self.id),
            "cid": cid,
            "token_uri": f"ipfs://{cid}/{document_name(self.document.creator)}",
            "content": {
                "size": self.digest.size,
                "sha256": self.digest.sha256.hex(),
                "cid": self.digest.cid,
            },
            "creator": self.document.creator,
            "royalty_bps": self.royalty_bps,
            "parents": [str(parent) for parent in self.parents],
            "document": str(documents / self.document.place),
            "registered": registered,
        }


def _check_work(session: Session, royalty_bps: int, parents: Sequence[int]) -> None:
    """Refuses what the registry would refuse, before long files are read."""
    from dokkaebi.chain.creation_registry import creation
    from dokkaebi.chain.documents import creation_cid
    from dokkaebi.texts.figures import percent_text

    highest = session.suite.registry.call("ROYALTY_BPS_MAX")
    if royalty_bps > highest:
        raise DokkaebiError(
            "royalty_too_high", seen=percent_text(royalty_bps), max=percent_text(highest)
        )
    for parent in parents:
        if creation(session.suite, parent) is None:
            raise DokkaebiError("parent_unknown", seen=creation_cid(parent))


def _works_of(
    session: Session,
    files: Sequence[Path],
    title: str | None,
    description: str,
    royalty: str,
    creator_name: str,
    parent: Sequence[str] | None,
) -> list[_Work]:
    """The session's works of files, as options describe them; without a title by their names."""
    from dokkaebi.chain.assets import parse_percent
    from dokkaebi.chain.documents import hash_file, make_document, parse_creation_id

    royalty_bps = parse_percent(royalty)
    parents = sorted({parse_creation_id(text) for text in parent or []})
    _check_work(session, royalty_bps, parents)
    creator, works = session.account.address, []
    total = sum(path.stat().st_size for path in files if path.is_file())
    with session.progress("hashing", total) as advance:
        for path in files:
            digest = hash_file(path, advance)
            document = make_document(
                digest,
                path.name,
                creator,
                title or path.stem,
                description=description,
                creator_name=creator_name,
                royalty_bps=royalty_bps,
                parents=parents,
            )
            works.append(_Work(path, digest, document, royalty_bps, parents))
    return works


def _register(session: Session, works: Sequence[_Work]) -> Result:
    from dokkaebi.chain.creation_registry import creation
    from dokkaebi.cli.sending import Steps

    folder = session.settings.documents
    steps = Steps(session)
    known = {work.id for work in works if creation(session.suite, work.id) is not None}
    fresh = list({work.id: work for work in works if work.id not in known}.values())
    for work in works:
        if work.id in known:
            _say_known(session, work)
    for start in range(0, len(fresh), BATCH_SIZE):
        _send_batch(session, steps, fresh[start : start + BATCH_SIZE])
    if not session.dry_run:
        for work in works:
            _write_document(folder, work)
    now = "no" if session.dry_run else "now"
    results = {w.id: w.result("before" if w.id in known else now, folder) for w in works}
    return steps.result(creations=list(results.values()))


def _send_batch(session: Session, steps: Steps, works: Sequence[_Work]) -> None:
    from dokkaebi.chain.creation_registry import register

    folder = session.settings.documents
    plan = steps.plan(*register(session.suite, [work.struct() for work in works]))
    if session.dry_run:
        steps.do("register", plan)
        return
    with _documents_of(folder, works):
        steps.do("register", plan)
    for work in works:
        _say_registered(session, work, folder)


@contextmanager
def _documents_of(folder: Path, works: Sequence[_Work]) -> Iterator[None]:
    """Writes the documents of works that are about to be sent; takes them back if nothing was."""
    written: list[Path] = []
    try:
        for work in works:
            if _write_document(folder, work):
                written.append(folder / work.document.place)
        yield
    except (DokkaebiError, OSError) as error:
        if isinstance(error, OSError) or "transaction" not in error.details:
            for path in written:
                path.unlink(missing_ok=True)
                path.parent.rmdir()
        raise


def _write_document(folder: Path, work: _Work) -> bool:
    """Writes a work's metadata document; False if it is there already."""
    from dokkaebi.chain.manifest import write_atomically

    path = folder / work.document.place
    if path.is_file() and path.read_bytes() == work.document.text:
        return False
    write_atomically(path, work.document.text.decode("utf-8"))
    return True


def _say_known(session: Session, work: _Work) -> None:
    from dokkaebi.chain.creation_registry import creation
    from dokkaebi.chain.documents import creation_cid
    from dokkaebi.texts.figures import time_text

    found = creation(session.suite, work.id)
    when = time_text(found.created_at) if found else ""
    session.say("registered_before", file=work.path.name, cid=creation_cid(work.id), when=when)


def _say_registered(session: Session, work: _Work, folder: Path) -> None:
    from dokkaebi.chain.documents import creation_cid
    from dokkaebi.texts.figures import size_text

    session.say(
        "registered",
        file=work.path.name,
        size=size_text(work.digest.size),
        cid=creation_cid(work.id),
        document=folder / work.document.place,
    )


@command(app, NODE)
def verify(
    session: Session,
    file: Annotated[Path, typer.Argument(help=t("arg_file"))],
) -> Result:
    """Says whether a file is registered, by whom and since when; exit code 1 if it isn't."""
    from dokkaebi.chain.creation_registry import registrations
    from dokkaebi.chain.documents import content_commitment, creation_cid, hash_file
    from dokkaebi.texts.figures import time_text

    suite = session.suite
    with session.progress("hashing", file.stat().st_size if file.is_file() else 0) as advance:
        digest = hash_file(file, advance)
    all_known = registrations(suite)
    commitments = {
        creator: content_commitment(digest.sha256, creator)
        for creator in {known.creator for known in all_known}
    }
    found = [r for r in all_known if commitments[r.creator] == r.content_commitment]
    times = session.chain.timestamps(r.block_number for r in found)
    if not found:
        session.say("verify_no", file=file.name, count=len(all_known))
        session.exit_code = EXIT_NO
    for number, registration in enumerate(found):
        session.say(
            "verify_yes" if number == 0 else "verify_also",
            file=file.name,
            creator=registration.creator,
            when=time_text(times[registration.block_number]),
            cid=creation_cid(registration.creation_id),
            transaction=registration.transaction_hash,
        )
    return {
        "file": str(file),
        "registered": bool(found),
        "sha256": digest.sha256.hex(),
        "cid": digest.cid,
        "size": digest.size,
        "registrations": [_registration(r, times[r.block_number]) for r in found],
    }


def _registration(registration: Registration, timestamp: int) -> dict[str, Any]:
    from dokkaebi.chain.documents import creation_cid

    return {
        "id": str(registration.creation_id),
        "cid": creation_cid(registration.creation_id),
        "creator": registration.creator,
        "timestamp": timestamp,
        "block": registration.block_number,
        "transaction": registration.transaction_hash,
    }
