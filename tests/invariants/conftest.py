"""The machines run on the deployments of the contract tests."""

from tests.contracts.conftest import (  # noqa: F401
    buyer,
    creator,
    deployer,
    isolation,
    market,
    pytest_collection_finish,
    pytest_configure,
    referrer,
    registry,
    seller,
    stranger,
    token,
    treasury,
)
