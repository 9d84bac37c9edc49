import pytest

from tests.contracts.support import register


@pytest.fixture
def work_id(registry, creator):
    """The creator's registered work number 1."""
    return register(registry, creator, 1)
