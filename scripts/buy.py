"""`brownie run buy main OFFER --network ID`: buys an instant offer."""

from brownie import web3

from dokkaebi.cli import scripted


def main(offer: str) -> None:
    scripted.buy(web3.provider.endpoint_uri, offer)
