"""`brownie run offer main CREATION PRICE --network ID`: offers a creation for coins."""

from brownie import web3

from dokkaebi.cli import scripted


def main(creation: str, price: str) -> None:
    scripted.offer(web3.provider.endpoint_uri, creation, price)
