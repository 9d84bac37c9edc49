"""A world to play in: every contract deployed on a chain, its model beside it, and people, agents,
tokens and collections of every kind of malice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.lane.abi import functions_of
from tests.lane.chain import WEALTH, Contract, Lane, Node
from tests.lane.keys import Person, person
from tests.models import town as models
from tests.models.arbitration_desk import ArbitrationDesk, Arbitrator
from tests.models.auction_house import AuctionHouse
from tests.models.books import Book
from tests.models.community_token import CommunityToken
from tests.models.creation_market import CreationMarket
from tests.models.creation_registry import CreationRegistry
from tests.models.escrow_market import EscrowMarket
from tests.models.reward_pool import RewardPool, Root, Terms
from tests.models.till import Till
from tests.models.town import COIN, ENDLESS, NOBODY, Town

DAY = 86_400
FEE_BPS = 100
TOKENS = 10**18
CAP, YOUNG_CAP = 10**26, 10**20
TRADERS = ("ada", "ben", "cho", "dan")
OFFICES = ("deployer", "mia", "referrer", "clerk", "steward", "guardian", "treasury", "stranger")
AGENTS = ("eve", "fox")
# Of each mock token, to everybody who trades; prices reach 2^128 - 1.
HOARD = 2**130
MOCKS = {
    "MockBlocklistToken": models.BlocklistToken,
    "MockFeeToken": models.FeeToken,
    "MockSenderFeeToken": models.SenderFeeToken,
    "MockLyingToken": models.LyingToken,
    "MockReturnBombToken": models.BombToken,
    "MockGasBurnerToken": models.BurnerToken,
    "MockHookToken": models.HookToken,
}
COLLECTIONS = {
    "MockCollection": models.Collection,
    "MockRefusingCollection": models.RefusingCollection,
    "MockLyingCollection": models.LyingCollection,
    "MockHookCollection": models.HookCollection,
}
EACH_OWNS = 3
POOL_TERMS = (3 * DAY, 2 * DAY, 4_001, 100 * TOKENS + 7, 5)


class World:
    """`names`: who or what an address is. `core`: the contracts whose events are compared."""

    def __init__(self, chain: Lane | Node) -> None:
        self.chain = chain
        self.town = Town(chain.now, chain.chain_id)
        self.people: dict[str, Person] = {name: person(name) for name in (*TRADERS, *OFFICES)}
        self.names = {one.address: name for name, one in self.people.items()}
        for address in self.names:
            chain.endow(address)
            self.town.money.put_back((COIN, address), WEALTH)
        self.town.people.update({one.address: one for one in self.people.values()})
        self.contracts: dict[str, Contract] = {}
        self._deploy_core()
        self._deploy_mocks()
        self.core = {
            contract.address: contract.name
            for name, contract in self.contracts.items()
            if contract.name in {*self._core_names, "MockSigner"}
        }
        self._watch()
        self._furnish()
        self.coins = sum(v for (asset, _), v in self.town.money.items() if asset == COIN)
        self._now = chain.now
        self._mark = chain.snapshot()
        self._books = [dict(book) for book in self.town.books.all]

    def begin_again(self) -> None:
        """As it was at first."""
        self.chain.revert(self._mark)
        self._mark = self.chain.snapshot()
        self.chain.at(self._now)
        self.town.now = self._now
        self.town.books.close()
        for book, entries in zip(self.town.books.all, self._books, strict=True):
            book.clear()
            book.update(entries)

    _core_names = (
        "CommunityToken", "CreationRegistry", "EscrowMarket", "CreationMarket", "AuctionHouse",
        "RewardPool", "ArbitrationDesk",
    )  # fmt: skip

    def address(self, name: str) -> str:
        """Of a person, an agent or a contract."""
        found = self.people.get(name)
        return found.address if found else self.contracts[name].address

    def deploy(self, contract: str, *arguments: Any, name: str | None = None) -> Contract:
        made = self.chain.deploy(self.address("deployer"), contract, *arguments)
        self.contracts[name or contract] = made
        self.names[made.address] = name or contract
        return made

    # Deploy

    def _deploy_core(self) -> None:
        town, deployer = self.town, self.address("deployer")
        name = "Dokkaebi Community Token"
        self.token = self._token(self.deploy(
            "CommunityToken", name, "DKB", CAP, CAP // 2, deployer, deployer
        ), name, CAP, CAP // 2)  # fmt: skip
        young = self.deploy("CommunityToken", "Young", "YNG", YOUNG_CAP, TOKENS, deployer,
                            self.address("steward"), name="YoungToken")  # fmt: skip
        self.young = self._token(young, "Young", YOUNG_CAP, TOKENS)
        registry = self.deploy("CreationRegistry", "Creations", "DKC", bytes(32))
        self.registry = CreationRegistry(town, registry.address)
        offices = (self.token.address, *map(self.address, ("treasury", "steward", "guardian")))
        pool = self.deploy("RewardPool", *offices, *POOL_TERMS)
        purse = functions_of("RewardPool")["PURSE"].read(
            self.chain.ask(pool.address, functions_of("RewardPool")["PURSE"]())
        )
        self.names[purse] = "purse"
        self.pool = RewardPool(
            town, pool.address, purse, self.token, *offices[1:], Terms(self.chain.now, *POOL_TERMS)
        )
        self.markets: dict[str, Till] = {}
        for kind in (EscrowMarket, CreationMarket, AuctionHouse):
            made = self.deploy(kind.__name__, registry.address, purse, FEE_BPS)
            self.markets[made.name] = kind(
                town, made.name, made.address, self.registry, purse, FEE_BPS
            )
        self.escrow: EscrowMarket = self.markets["EscrowMarket"]  # type: ignore[assignment]
        self.creations: CreationMarket = self.markets["CreationMarket"]  # type: ignore[assignment]
        self.auctions: AuctionHouse = self.markets["AuctionHouse"]  # type: ignore[assignment]
        self._deploy_desk()

    def _deploy_desk(self) -> None:
        arbitrator = self.deploy("MockCrookedArbitrator").address
        made = self.deploy(
            "ArbitrationDesk", self.escrow.address, arbitrator, b"court 7", bytes(32)
        )
        self.desk = ArbitrationDesk(
            self.town, made.address, self.escrow, Arbitrator(self.town, arbitrator)
        )

    def _token(self, made: Contract, name: str, cap: int, supply: int) -> CommunityToken:
        holder = self.address("deployer")
        steward = holder if name != "Young" else self.address("steward")
        token = CommunityToken(self.town, made.address, name, cap, steward)
        token.supply.put_back(0, supply)
        self.town.money.put_back((made.address, holder), supply)
        return token

    def _deploy_mocks(self) -> None:
        for name in AGENTS:
            self.town.agents.add(self.deploy("MockSigner", name=name).address)
        for name, token in MOCKS.items():
            made = token(self.town, self.deploy(name).address)
            if name == "MockFeeToken":
                made.flags.put_back("fee", 100)
        for name, collection in COLLECTIONS.items():
            collection(self.town, self.deploy(name).address)
        self.minter = self.deploy("MockMinter")
        contracts = {made.address for made in self.contracts.values()}
        self.token.contracts |= contracts
        self.young.contracts |= contracts

    # Furnish

    def side(self, sender: str, contract: Contract, function: str, *arguments: Any) -> None:
        """A call that has nothing to prove, and must succeed."""
        data = contract.functions[function](*arguments)
        outcome = self.chain.send(sender, contract.address, data)
        assert outcome.error is None, (contract.name, function, arguments, outcome)

    def by(self, holder: str, contract: Contract, function: str, *arguments: Any) -> None:
        """The same, by somebody who may be an agent."""
        if holder in self.town.agents:
            data = contract.functions[function](*arguments)
            agent = Contract("MockSigner", holder)
            self.side(self.address("deployer"), agent, "execute", contract.address, 0, data)
        else:
            self.side(holder, contract, function, *arguments)

    @property
    def traders(self) -> list[str]:
        return [self.address(name) for name in (*TRADERS, *AGENTS)]

    def _furnish(self) -> None:
        deployer, books = self.address("deployer"), self.town.books
        token = self.contracts["CommunityToken"]
        for agent in AGENTS:
            address = self.address(agent)
            self.chain.send(deployer, address, b"", 10**24)
            self.town.move(COIN, deployer, address, 10**24)
        for holder in self.traders:
            self.side(deployer, token, "transfer", holder, 10**5 * TOKENS)
            self.token.transfer(deployer, holder, 10**5 * TOKENS)
        self.side(deployer, token, "setMinter", self.pool.address)
        self.token.set_minter(deployer, self.pool.address)
        for name in MOCKS:
            mock, model = self.contracts[name], self.town.tokens[self.address(name)]
            for holder in self.traders:
                self.side(deployer, mock, "mint", holder, HOARD)
                model.mint(holder, HOARD)
            if name == "MockHookToken":
                for agent in map(self.address, AGENTS):
                    self.side(deployer, mock, "setHooked", agent, True)
                    model.flags[agent] = True
        for market in self.markets.values():
            for holder in self.traders:
                for asset, model in self.town.tokens.items():
                    if model is not self.young:
                        contract = Contract("MockToken", asset)
                        self.by(holder, contract, "approve", market.address, ENDLESS)
                        model.allowances[holder, market.address] = ENDLESS
                for collection, found in self.town.collections.items():
                    contract = Contract("MockCollection", collection)
                    self.by(holder, contract, "setApprovalForAll", market.address, True)
                    found.operators[holder, market.address] = True
        number = 0
        for name in COLLECTIONS:
            mock = self.contracts[name]
            found = self.town.collections[mock.address]
            found.royalty_receiver, found.royalty_bps = self.address("mia"), 700
            self.side(deployer, mock, "setRoyalty", self.address("mia"), 700)
            for holder in self.traders[: EACH_OWNS * 2]:
                number += 1
                self.side(deployer, mock, "mint", holder, number)
                found.owners[number] = holder
        books.close()

    # Look

    def ask(self, name: str, function: str, *arguments: Any) -> Any:
        contract = self.contracts[name]
        found = contract.functions[function]
        return found.read(self.chain.ask(contract.address, found(*arguments)))

    def ask_or(self, otherwise: Any, name: str, function: str, *arguments: Any) -> Any:
        """The same of a view that may refuse."""
        try:
            return self.ask(name, function, *arguments)
        except RuntimeError:
            return otherwise

    def balance(self, asset: str, account: str) -> int:
        if asset == COIN:
            return self.chain.balance(account)
        found = functions_of("MockToken")["balanceOf"]
        return int(found.read(self.chain.ask(asset, found(account))))

    def _watch(self) -> None:
        """Tells the models' books where on the chain to look."""
        town, registry, pool = self.town, self.registry, self.pool
        town.money.look = lambda key, value: (self.balance(*key), value)
        for name, market in self.markets.items():
            self._watch_market(name, market)
        see = self._see
        see(registry.owners, lambda id_: self.ask_or(NOBODY, "CreationRegistry", "ownerOf", id_))
        see(registry.operators, lambda key: self.ask("CreationRegistry", "isApprovedForAll", *key))
        registry.approved.look = lambda id_, value: (
            self.ask_or(value, "CreationRegistry", "getApproved", id_), value)  # fmt: skip
        registry.works.look = self._look_at_work
        registry.least.look = lambda id_, value: (
            self.ask_or(value, "CreationRegistry", "leastVersionOf", id_), value)  # fmt: skip
        for name in COLLECTIONS:
            found = town.collections[self.address(name)]
            see(found.owners, lambda id_, name=name: self.ask_or(NOBODY, name, "ownerOf", id_))
        for name, token in (("CommunityToken", self.token), ("YoungToken", self.young)):
            see(token.supply, lambda _, name=name: self.ask(name, "totalSupply"))
            see(token.minter, lambda _, name=name: self.ask(name, "minter"))
            see(token.nonces, lambda key, name=name: self.ask(name, "nonces", key))
            see(token.allowances, lambda key, name=name: self.ask(name, "allowance", *key))
            self._watch_office(name, token.steward.holder, "steward")
        self._watch_office("RewardPool", pool.steward.holder, "steward")
        self._watch_office("RewardPool", pool.guardian.holder, "guardian")
        see(self.desk.cases, lambda key: self.ask("ArbitrationDesk", "disputeOf", key))
        see(pool.claimed, lambda key: self.ask("RewardPool", "claimedBy", key))
        pool.state.look = self._look_at_pool

    def _see(self, book: Book, look: Callable[[Any], Any]) -> None:
        book.look = lambda key, value: (look(key), value)

    def _watch_market(self, name: str, market: Till) -> None:
        see = self._see
        see(market.credits, lambda key: self.ask(name, "creditOf", *key))
        see(market.used, lambda key: self.ask(name, "nonceUsed", *key))
        market.used.look = lambda key, _: (
            self.ask(name, "nonceUsed", *key), market.nonce_used(*key))  # fmt: skip
        if market is self.escrow:
            see(self.escrow.documents, lambda id_: self.ask(name, "documentOf", id_))
            see(self.escrow.taken, lambda id_: self.ask(name, "unitsTaken", id_))
            self.escrow.trades.look = lambda key, _: (
                self.ask(name, "tradeState", key), self.escrow.state_of(key))  # fmt: skip
        elif market is self.creations:
            see(self.creations.offers, lambda id_: self.ask(name, "sellerOf", id_))
        else:
            see(self.auctions.held, lambda key: self.ask(name, "heldFor", *key))
            self.auctions.lots.look = lambda id_, _: (
                self.ask(name, "auctionState", id_), self.auctions.state_of(id_))  # fmt: skip

    def _watch_office(self, name: str, book: Book, office: str) -> None:
        views = {"now": office, "next": f"pending{office.capitalize()}"}
        self._see(book, lambda key: self.ask(name, views[key]))

    def _look_at_work(self, id_: int, work: Any) -> tuple[Any, Any]:
        found = self.ask_or(None, "CreationRegistry", "creationOf", id_)
        if found is None or work is None:
            return found, work
        parents = self.ask("CreationRegistry", "parentsOf", id_)
        partners = self.ask("CreationRegistry", "partnersOf", id_)
        creator, created, royalty, count, tenure = found
        seen = (creator, created, royalty, parents, partners, tenure, count)
        return seen, (*work, len(work.parents))

    def _look_at_pool(self, key: str, value: Any) -> tuple[Any, Any]:
        if key in {"income", "minted"}:
            return self.ask("RewardPool", key), value
        counts, waits = self.pool.effective, self.pool.waiting
        seen = (self.ask("RewardPool", "claimable"), self.ask("RewardPool", "pending"))
        waiting = (*_shown(waits), waits.counts_from) if waits else (0, bytes(24), 0, 0)
        return seen, (_shown(counts), waiting)


def _shown(root: Root) -> tuple[int, bytes, int]:
    return root.epoch, root.root[:24], root.total
