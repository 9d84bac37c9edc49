import pytest


@pytest.fixture
def minter(token, MockMinter, deployer):
    """A contract that mints whatever it's asked to; the token's minter."""
    minter = MockMinter.deploy({"from": deployer})
    token.setMinter(minter, {"from": deployer})
    return minter
