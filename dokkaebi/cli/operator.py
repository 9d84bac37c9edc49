"""The operator's tools: chain, export, key."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dokkaebi.cli.output import Result, Session, command
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
