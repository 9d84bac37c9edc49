// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC721} from "@openzeppelin/contracts/token/ERC721/IERC721.sol";
import {IAuctionHouse} from "../interfaces/IAuctionHouse.sol";
import {Collections} from "./base/Collections.sol";
import {Till} from "./base/Till.sol";

/// @title English auctions that nobody can freeze
contract AuctionHouse is IAuctionHouse, Collections {
    uint256 public constant override STEP_BPS_MIN = 100;
    uint256 public constant override STEP_BPS_MAX = 5_000;
    uint256 public constant override EXTENSION_SECONDS_MAX = 1 hours;
    uint256 public constant override EXTENSION_SECONDS_TOTAL = 1 days;

    // Gas that a foreign collection gets to hand a creation to the winner.
    uint256 private constant HAND_OVER_GAS = 500_000;

    bytes32 private constant AUCTION_TYPEHASH = keccak256(
        "Auction(address seller,address collection,uint256 creationId,uint256 tenure,address asset,uint256 reserve,uint256 stepBps,uint256 endsAt,uint256 extensionSeconds,uint256 royaltyBpsMax,uint256 nonce)"
    );

    struct Lot {
        address bidder; // slot 0; zero before the first bid
        uint64 deadline; // slot 0; zero if the auction isn't open
        uint128 amount; // slot 1
    }

    mapping(bytes32 auctionId => Lot lot) private _lots;
    mapping(address collection => mapping(uint256 creationId => address owner)) private _held;

    /// @param registry The registry whose creators and tenures count here; trusted.
    /// @param feeRecipient Who gets the community's fee.
    /// @param feeBps The community's fee, basis points, at most `FEE_BPS_MAX`.
    constructor(
        address registry,
        address feeRecipient,
        uint256 feeBps
    ) Till(registry, feeRecipient, feeBps) {}

    /* OPEN */

    /// @inheritdoc IAuctionHouse
    function open(Auction calldata auction) external override returns (bytes32 auctionId) {
        if (msg.sender != auction.seller) revert Auction_NotSeller(msg.sender, auction.seller);
        auctionId = hashAuction(auction);
        _open(auctionId, auction, block.timestamp + 1);
        _lots[auctionId].deadline = uint64(auction.endsAt);
    }

    function _open(bytes32 auctionId, Auction calldata auction, uint256 earliest) private {
        _checkDocument(auction.collection, auction.reserve, auction.endsAt, earliest);
        _checkRoyalty(auction.collection, auction.royaltyBpsMax);
        uint256 stepBps = auction.stepBps;
        if (stepBps < STEP_BPS_MIN || stepBps > STEP_BPS_MAX) {
            revert Auction_StepOutOfRange(stepBps, STEP_BPS_MIN, STEP_BPS_MAX);
        }
        if (auction.extensionSeconds > EXTENSION_SECONDS_MAX) {
            revert Auction_ExtensionOutOfRange(auction.extensionSeconds, EXTENSION_SECONDS_MAX);
        }
        _useNonce(auction.seller, auction.nonce);
        emit AuctionOpened(auctionId, auction.seller, auction);
    }

    /* CANCEL */

    /// @inheritdoc IAuctionHouse
    function cancel(Auction calldata auction) external override {
        if (msg.sender != auction.seller) revert Auction_NotSeller(msg.sender, auction.seller);
        bytes32 auctionId = hashAuction(auction);
        Lot storage lot = _lots[auctionId];
        if (lot.deadline == 0) revert Auction_NotOpen(auctionId);
        if (lot.bidder != address(0)) revert Auction_HasBid(auctionId, lot.bidder);
        delete _lots[auctionId];
        emit AuctionCancelled(auctionId, msg.sender);
    }

    /* BID */

    /// @inheritdoc IAuctionHouse
    function bid(
        Auction calldata auction,
        bytes calldata signature,
        uint256 amount
    ) external payable override {
        _bid(auction, signature, amount);
    }

    /// @inheritdoc IAuctionHouse
    function bidWithPermit(
        Auction calldata auction,
        bytes calldata signature,
        uint256 amount,
        bytes calldata permit
    ) external override {
        _usePermit(auction.asset, msg.sender, permit);
        _bid(auction, signature, amount);
    }

    function _bid(Auction calldata auction, bytes calldata signature, uint256 amount) private {
        bytes32 auctionId = hashAuction(auction);
        Lot storage lot = _lots[auctionId];
        (address before, uint256 deadline) = (lot.bidder, lot.deadline);
        if (deadline == 0) {
            // The first bid in a signed auction opens it; its nonce lets that happen once.
            if (signature.length == 0) revert Auction_NotOpen(auctionId);
            _checkSignature(auction.seller, auctionId, signature);
            _open(auctionId, auction, block.timestamp);
            deadline = auction.endsAt;
        }
        if (block.timestamp > deadline) {
            revert Auction_Ended(auctionId, deadline, block.timestamp);
        }
        if (msg.sender == auction.seller) revert Buyer_IsSeller(msg.sender);
        uint256 amountBefore = before == address(0) ? 0 : lot.amount;
        uint256 least =
            before == address(0)
                ? auction.reserve
                : amountBefore + _step(amountBefore, auction.stepBps);
        if (amount < least || amount > PRICE_MAX) revert Bid_OutOfRange(amount, least, PRICE_MAX);

        deadline = _extended(auction, deadline);
        (lot.bidder, lot.deadline, lot.amount) = (msg.sender, uint64(deadline), uint128(amount));
        emit AuctionBid(auctionId, msg.sender, amount, deadline);
        if (before == address(0)) {
            _checkTenure(auction.collection, auction.creationId, auction.tenure);
            _handOver(auction.collection, auction.creationId, auction.seller, address(this));
        }
        _collect(auction.asset, amount);
        _pay(auctionId, auction.asset, before, amountBefore);
    }

    /// @dev At least 1, rounded down.
    function _step(uint256 amount, uint256 stepBps) private pure returns (uint256 step) {
        step = (amount * stepBps) / BPS;
        return step == 0 ? 1 : step;
    }

    function _extended(
        Auction calldata auction,
        uint256 deadline
    ) private view returns (uint256 moved) {
        moved = block.timestamp + auction.extensionSeconds;
        if (moved <= deadline) return deadline;
        uint256 latest = auction.endsAt + EXTENSION_SECONDS_TOTAL;
        return moved < latest ? moved : latest;
    }

    /* SETTLE */

    /// @inheritdoc IAuctionHouse
    function settle(Auction calldata auction) external override {
        bytes32 auctionId = hashAuction(auction);
        Lot memory lot = _lots[auctionId];
        if (lot.deadline == 0) revert Auction_NotOpen(auctionId);
        if (block.timestamp <= lot.deadline) {
            revert Auction_NotEnded(auctionId, lot.deadline, block.timestamp);
        }
        if (lot.bidder == address(0)) revert Auction_HasNoBid(auctionId);
        delete _lots[auctionId];
        (Division memory part, ) = _divideSale(
            auction.collection,
            auction.creationId,
            auction.seller,
            lot.amount,
            address(0),
            0,
            auction.royaltyBpsMax
        );
        emit AuctionSettled(auctionId, lot.bidder, lot.amount, part.fee);
        _credit(auction.asset, FEE_RECIPIENT, part.fee);
        _announce(auctionId, address(0), part);
        _handOut(auctionId, auction.collection, auction.creationId, lot.bidder);
        _distribute(auctionId, auction.asset, auction.seller, address(0), part);
    }

    /// @dev Hands a creation to the winner, or keeps it for them if its collection won't.
    function _handOut(
        bytes32 auctionId,
        address collection,
        uint256 creationId,
        address winner
    ) private {
        if (collection == REGISTRY) {
            IERC721(collection).transferFrom(address(this), winner, creationId);
            return;
        }
        // Whoever sends too little gas must not keep the creation from its winner.
        uint256 needed = HAND_OVER_GAS + HAND_OVER_GAS / 63 + 2_000;
        if (gasleft() < needed) revert Gas_TooLittle(gasleft(), needed);
        // solhint-disable-next-line avoid-low-level-calls
        (bool moved, ) = address(this).call{gas: HAND_OVER_GAS}(
            abi.encodeCall(this.handOut, (collection, creationId, winner))
        );
        if (moved) return;
        _held[collection][creationId] = winner;
        emit CreationHeld(auctionId, winner, collection, creationId);
    }

    /// @inheritdoc IAuctionHouse
    function handOut(address collection, uint256 creationId, address to) external override {
        if (msg.sender != address(this)) revert Caller_NotMarket(msg.sender);
        _handOver(collection, creationId, address(this), to);
    }

    /* RETRIEVE */

    /// @inheritdoc IAuctionHouse
    function retrieve(address collection, uint256 creationId, address to) external override {
        address owner = _held[collection][creationId];
        if (msg.sender != owner) {
            revert Creation_NotHeld(collection, creationId, msg.sender, owner);
        }
        _checkRecipient(to);
        delete _held[collection][creationId];
        emit CreationRetrieved(collection, creationId, owner, to);
        _handOver(collection, creationId, address(this), to);
    }

    function _domainNameAndVersion()
        internal
        pure
        override
        returns (string memory name, string memory version)
    {
        return ("Dokkaebi AuctionHouse", "1");
    }

    /* VIEWS */

    /// @inheritdoc IAuctionHouse
    function hashAuction(
        Auction calldata auction
    ) public view override returns (bytes32 auctionId) {
        uint256 position;
        assembly {
            position := auction
        }
        return _hashTypedData(_hashWords(AUCTION_TYPEHASH, position, 11));
    }

    /// @inheritdoc IAuctionHouse
    function auctionState(
        bytes32 auctionId
    ) external view override returns (address bidder, uint256 amount, uint256 deadline) {
        Lot memory lot = _lots[auctionId];
        return (lot.bidder, lot.amount, lot.deadline);
    }

    /// @inheritdoc IAuctionHouse
    function heldFor(
        address collection,
        uint256 creationId
    ) external view override returns (address owner) {
        return _held[collection][creationId];
    }
}
