"""`dokkaebi deploy …`: from a market file to a market that nobody holds power over."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dokkaebi.cli.findings import sentence_of, tell_findings
from dokkaebi.cli.help import HelpfulGroup
from dokkaebi.cli.output import (
    DOCUMENTS,
    EXIT_NO,
    NODE,
    SIGN,
    Result,
    Session,
    command,
    to_json,
)
from dokkaebi.errors import DokkaebiError
from dokkaebi.texts import t

if TYPE_CHECKING:
    from dokkaebi.deploy.apply import Say
    from dokkaebi.deploy.site import Site
    from dokkaebi.findings import Finding

group = typer.Typer(name="deploy", cls=HelpfulGroup, no_args_is_help=True, help=t("help_deploy"))
app = typer.Typer()
app.add_typer(group)

KEY = SIGN[:1]
MarketFile = Annotated[Path | None, typer.Option(metavar="FILE", help=t("option_market_file"))]
Salt = Annotated[str, typer.Option(metavar="WORD", help=t("option_salt"))]
MaxFee = Annotated[str | None, typer.Option(metavar="GWEI", help=t("option_max_fee"))]


@command(group, name="init")
def deploy_init(
    session: Session,
    path: Annotated[Path | None, typer.Argument(metavar="FILE", help=t("arg_market_file"))] = None,
    set_: Annotated[
        list[str] | None, typer.Option("--set", metavar="FIELD=VALUE", help=t("option_set"))
    ] = None,
) -> Result:
    """Writes a market file, or adds what one lacks."""
    from dokkaebi.deploy.init import init_market
    from dokkaebi.deploy.spec import market_path

    file = market_path(path)
    asks = sys.stdin.isatty() and not session.as_json
    is_new, fields = init_market(file, _pairs(set_ or []), _ask if asks else None)
    said = "market_written" if is_new else "market_completed" if fields else "market_complete"
    session.say(said, path=file, fields=", ".join(fields))
    return {"path": str(file), "new": is_new, "fields": fields}


def _pairs(texts: list[str]) -> dict[str, str]:
    from dokkaebi.deploy.spec import FIELDS

    known = [field.path for field in FIELDS]
    pairs = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or name.strip() not in known:
            raise DokkaebiError("market_field_unknown", seen=text, known=", ".join(known))
        pairs[name.strip()] = value
    return pairs


def _ask(question: str, usual: str) -> str:
    return input(f"{question} [{usual}]: " if usual else f"{question}: ")


@command(group, NODE, KEY, DOCUMENTS, name="plan")
def deploy_plan(
    session: Session,
    market: MarketFile = None,
    salt: Salt = "",
    deployer: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help=t("option_deployer"))
    ] = None,
    max_fee: MaxFee = None,
) -> Result:
    """Says what a deployment would do."""
    from dokkaebi.chain.assets import parse_address
    from dokkaebi.deploy.site import look_at_plan

    who = parse_address(deployer) if deployer else session.account.address
    site = _site(session, market, salt)
    return look_at_plan(site, who, say=_say(session), fee_ceiling=_ceiling(max_fee))


@command(group, NODE, KEY, DOCUMENTS, name="apply")
def deploy_apply(
    session: Session,
    digest: Annotated[str | None, typer.Argument(metavar="DIGEST", help=t("arg_plan"))] = None,
    market: MarketFile = None,
    salt: Salt = "",
    max_fee: MaxFee = None,
    restore: Annotated[bool, typer.Option("--restore", help=t("option_restore"))] = False,
    mainnet: Annotated[bool, typer.Option("--mainnet", help=t("option_mainnet"))] = False,
) -> Result:
    """Carries a plan out."""
    from dokkaebi.deploy.site import apply_plan

    def confirm(chain_id: int) -> bool:
        if not mainnet or not sys.stdin.isatty():
            return False
        return input(t("mainnet_prompt", chain_id=chain_id)).strip() == str(chain_id)

    return apply_plan(
        _site(session, market, salt),
        session.account,
        reviewed=digest,
        restore=restore,
        fee_ceiling=_ceiling(max_fee),
        confirm=confirm,
        say=_say(session),
    )


@command(group, NODE, name="status")
def deploy_status(session: Session) -> Result:
    """Says how the deployment is."""
    from dokkaebi.deploy.status import look_at_site

    return tell_findings(session, look_at_site(_site(session)))


@command(group, NODE, name="verify")
def deploy_verify(
    session: Session,
    service: Annotated[
        str | None,
        typer.Option(metavar="sourcify|etherscan|blockscout", help=t("option_service")),
    ] = None,
    url: Annotated[str | None, typer.Option(metavar="URL", help=t("option_service_url"))] = None,
    export: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help=t("option_export_inputs"))
    ] = None,
) -> Result:
    """Compares a deployment with its sources, or publishes them."""
    from dokkaebi.chain.manifest import VERIFIED
    from dokkaebi.deploy.submit import submit
    from dokkaebi.deploy.verify import export_inputs, verify_offline

    if export is not None:
        files = export_inputs(session.manifest, export)
        session.say("verify_exported", count=len(files), folder=export)
        return {"files": [str(file) for file in files]}
    if service is None:
        found = verify_offline(session.chain, session.manifest, _note(session))
        return tell_findings(session, found, _of_contract)
    path, chain_id = session.manifest_path, session.chain.chain_id
    states = submit(path, chain_id, service, url, say=_say(session))
    if any(state != VERIFIED for state in states.values()):
        session.exit_code = EXIT_NO
    return {"service": service, "contracts": states}


def _of_contract(finding: Finding) -> str:
    """A sentence about one contract."""
    facts = finding.facts
    return f"{facts['contract']}, {t('verify_' + str(facts['check']))}: {sentence_of(finding)}"


@command(group, NODE, SIGN, name="handover")
def deploy_handover(
    session: Session,
    to: Annotated[str | None, typer.Argument(metavar="ADDRESS", help=t("arg_heir"))] = None,
    guardian: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help=t("option_guardian"))
    ] = None,
    renounce: Annotated[bool, typer.Option("--renounce", help=t("option_renounce"))] = False,
    folder: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help=t("option_handover_folder"))
    ] = None,
) -> Result:
    """Gives every right away."""
    from dokkaebi.chain.assets import parse_address
    from dokkaebi.deploy.handover import handover

    return handover(
        session.chain,
        session.account,
        session.manifest,
        parse_address(to) if to else None,
        _say(session),
        guardian=parse_address(guardian) if guardian else None,
        renounce=renounce,
        folder=folder,
        dry_run=session.dry_run,
    )


@command(group, NODE, name="audit")
def deploy_audit(
    session: Session,
    who: Annotated[str | None, typer.Option(metavar="ADDRESS", help=t("option_who"))] = None,
    block: Annotated[int | None, typer.Option(min=0, help=t("option_audit_block"))] = None,
    output: Annotated[Path | None, typer.Option(metavar="FILE", help=t("option_proof"))] = None,
) -> Result:
    """Proves that somebody holds nothing."""
    from dokkaebi.chain.assets import parse_address
    from dokkaebi.chain.manifest import write_atomically
    from dokkaebi.deploy.audit import audit

    account = parse_address(who) if who else None
    manifest = session.manifest
    first = manifest.first_block
    with session.progress_to("audit_reading", first, session.chain.block_number) as reach:
        found = audit(
            session.chain,
            manifest,
            account,
            block=block,
            progress=lambda reached, last: reach(reached),
        )
    tell_findings(session, found.findings)
    if output is not None:
        write_atomically(output, to_json(found.as_json()) + "\n")
    said = "audit_clean" if found.clean else "audit_not_clean"
    session.say(said, who=found.who, block=found.block_number)
    return found.as_json()


@command(group, NODE, KEY, DOCUMENTS, name="smoke")
def deploy_smoke(session: Session) -> Result:
    """Plays two trades of one wei."""
    from dokkaebi.deploy.smoke import smoke

    return smoke(session.suite, session.account, session.settings.documents, say=_say(session))


def _ceiling(max_fee: str | None) -> int | None:
    """Gwei, in wei."""
    from dokkaebi.chain.assets import parse_decimal

    return None if max_fee is None else parse_decimal(max_fee, 9, "fee_too_fine")


def _site(session: Session, market: Path | None = None, salt: str = "") -> Site:
    from dokkaebi.deploy.site import Site

    documents = session.settings.documents
    return Site(session.chain, session.manifest_path, documents, market, salt=salt)


def _say(session: Session) -> Say:
    return lambda key, values: session.say(key, **values)


def _note(session: Session) -> Say:
    """For progress: not a part of the answer."""
    return lambda key, values: session.note(key, **values)
