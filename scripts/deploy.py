"""`brownie run deploy [STEP] --network ID`: `dokkaebi deploy` on a network of Brownie's.

Without a step it deploys the market of `market.toml`, once a chain, and exports the addresses.
"""

from brownie import web3

from dokkaebi.cli import scripted


def main() -> None:
    scripted.deploy(web3.provider.endpoint_uri)


def init() -> None:
    scripted.deploy_init()


def plan() -> None:
    scripted.deploy_step(web3.provider.endpoint_uri, "plan")


def apply(digest: str = "") -> None:
    scripted.deploy_step(web3.provider.endpoint_uri, "apply", digest)


def status() -> None:
    scripted.deploy_step(web3.provider.endpoint_uri, "status")


def verify(service: str = "") -> None:
    scripted.deploy_step(web3.provider.endpoint_uri, "verify", service and f"--service={service}")


def handover(to: str) -> None:
    scripted.deploy_step(web3.provider.endpoint_uri, "handover", to)


def audit() -> None:
    scripted.deploy_step(web3.provider.endpoint_uri, "audit")


def smoke() -> None:
    scripted.deploy_step(web3.provider.endpoint_uri, "smoke")
