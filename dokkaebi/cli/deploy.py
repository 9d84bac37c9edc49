"""The operator's commands: chain, deploy, export, key."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from dokkaebi.cli.output import DOCUMENTS, NODE, SIGN, Result, Session, command
from dokkaebi.texts import t

app = typer.Typer()


@command(app)
def chain(
    session: Session,
    port: Annotated[int, typer.Option(help=t("option_chain_port"))] = 8545,
) -> Result:
    """Runs Ganache in the foreground."""
    import signal

    from dokkaebi.chain.node import start_node
    from dokkaebi.chain.rpc import connect

    with start_node("ganache", port) as node:
        session.say("chain_running", url=node.url, chain_id=connect(node.url).chain_id)
        signal.sigwait({signal.SIGINT, signal.SIGTERM})
    return {"url": node.url}


@command(app, NODE, SIGN, DOCUMENTS)
def deploy(
    session: Session,
    market: Annotated[Path | None, typer.Option(help=t("option_market_file"))] = None,
    network: Annotated[str, typer.Option(help=t("option_network_name"))] = "",
    plan: Annotated[str | None, typer.Option(metavar="DIGEST", help=t("option_plan"))] = None,
    salt: Annotated[str, typer.Option(help=t("option_salt"))] = "",
    max_fee: Annotated[str | None, typer.Option(metavar="GWEI", help=t("option_max_fee"))] = None,
    mainnet: Annotated[bool, typer.Option("--mainnet", help=t("option_mainnet"))] = False,
) -> Result:
    """Deploys a market once."""
    from dokkaebi.chain.assets import parse_decimal
    from dokkaebi.deploy import deploy_here

    def confirm(chain_id: int) -> bool:
        if not mainnet or not sys.stdin.isatty():
            return False
        return input(t("mainnet_prompt", chain_id=chain_id)).strip() == str(chain_id)

    return deploy_here(
        session.chain,
        session.account,
        session.settings,
        network=network,
        market_file=market,
        dry_run=session.dry_run,
        reviewed=plan,
        salt=salt,
        fee_ceiling=None if max_fee is None else parse_decimal(max_fee, 9, "fee_too_fine"),
        confirm=confirm,
        say=lambda key, values: session.say(key, **values),
    )


@command(app)
def export(
    session: Session,
    folder: Annotated[Path | None, typer.Option(help=t("option_export_folder"))] = None,
) -> Result:
    """Writes frontend-abi/."""
    from dokkaebi.deploy import export_frontend_abi

    files = export_frontend_abi(folder)
    session.say("exported", count=len(files), folder=files[0].parent)
    return {"files": [str(file) for file in files]}


@command(app, name="key")
def key(
    session: Session,
    path: Annotated[Path, typer.Argument(help=t("arg_key_path"))],
) -> Result:
    """Makes a new key."""
    from getpass import getpass

    from dokkaebi.chain.keys import new_keystore

    address = new_keystore(
        path,
        session.settings.password_file,
        lambda again: getpass(t("password_prompt_again" if again else "password_prompt")),
    )
    session.say("key_made", address=address, path=path)
    return {"address": address, "path": str(path)}
