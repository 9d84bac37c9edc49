"""Where a creation's document is."""

from tests.contracts.support import id_of, make_work, register, reverts_with, token_uri


def test_token_uri_is_the_folders_cid_and_the_creators_document(registry, creator, work_id):
    assert registry.tokenURI(work_id) == token_uri(work_id, creator)


def test_token_uri_is_spelled_as_ipfs_does(registry, creator, work_id):
    uri = registry.tokenURI(work_id)
    assert uri.startswith("ipfs://bafybei")
    assert uri.endswith(f"/{creator.address.lower()}.json")
    assert len(uri) == len("ipfs://") + 59 + len("/0x.json") + 40


def test_token_uri_of_many_works(registry, accounts):
    for n, person in enumerate(accounts[:8]):
        id_ = register(registry, person, n)
        assert registry.tokenURI(id_) == token_uri(id_of(make_work(n), person), person)


def test_token_uri_stays_after_a_sale(registry, creator, buyer, work_id):
    before = registry.tokenURI(work_id)
    registry.transferFrom(creator, buyer, work_id, {"from": creator})
    assert registry.tokenURI(work_id) == before


def test_token_uri_reverts_when_burnt(registry, creator, work_id):
    registry.burn(work_id, {"from": creator})
    with reverts_with("TokenDoesNotExist"):
        registry.tokenURI(work_id)


def test_token_uri_reverts_when_unknown(registry):
    with reverts_with("TokenDoesNotExist"):
        registry.tokenURI(7)
