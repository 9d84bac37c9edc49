"""`brownie run deploy --network ID`: deploys the market of `market.toml`, once a chain."""

from brownie import network, web3

from dokkaebi.cli import scripted


def main() -> None:
    scripted.deploy(web3.provider.endpoint_uri, network.show_active())
