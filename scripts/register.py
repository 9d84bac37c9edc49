"""`brownie run register main FILE [TITLE] --network ID`: registers a file as a creation."""

from brownie import web3

from dokkaebi.cli import scripted


def main(file: str, title: str = "") -> None:
    scripted.register(web3.provider.endpoint_uri, file, title)
