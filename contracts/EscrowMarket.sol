// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC721} from "@openzeppelin/contracts/token/ERC721/IERC721.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SafeTransferLib} from "solady/utils/SafeTransferLib.sol";
import {ICreationRegistry} from "../interfaces/ICreationRegistry.sol";
import {IEscrowMarket} from "../interfaces/IEscrowMarket.sol";

/// @title A market that nobody can tax or freeze
/// @dev Reentrancy: every state change precedes every call to a stranger, except credits, which only
/// ever record money that the market holds for nobody else. What comes in is measured exactly, so a
/// call nested inside a deposit must leave the market's balance as the books say, or all is undone.
contract EscrowMarket is IEscrowMarket, EIP712 {
    uint256 public constant override FEE_BPS_MAX = 250;
    uint256 public constant override REFERRAL_BPS_MAX = 5_000;
    uint256 public constant override PRICE_MAX = type(uint128).max;
    uint256 public constant override OFFER_SECONDS_MAX = 365 days;
    uint256 public constant override SHIP_SECONDS_MIN = 1 hours;
    uint256 public constant override SHIP_SECONDS_MAX = 60 days;
    uint256 public constant override INSPECT_SECONDS_MIN = 1 days;
    uint256 public constant override INSPECT_SECONDS_MAX = 30 days;

    uint256 private constant BPS = 10_000;
    address private constant COIN = address(0);
    // Nobody holds a key of the ecrecover precompile, so it can't be a seller.
    address private constant FILLED = address(1);
    // Gas that a payee's receive function, or a token, gets when it's paid; a Safe needs 7,000.
    uint256 private constant COIN_GAS = 50_000;
    uint256 private constant TOKEN_GAS = 200_000;

    bytes32 private constant OFFER_TYPEHASH = keccak256(
        "Offer(address seller,uint8 kind,uint256 creationId,uint256 tenure,address asset,uint256 price,uint256 expiry,uint256 shipSeconds,uint256 inspectSeconds,uint256 referralBps,bytes32 details,uint256 salt)"
    );

    address public immutable override REGISTRY;
    address public immutable override FEE_RECIPIENT;
    uint256 public immutable override FEE_BPS;

    struct TradeSlot {
        TradeState state; // slot 0
        uint64 deadline; // slot 0
    }

    // The seller while the offer is open, FILLED for ever once it was taken.
    mapping(bytes32 offerId => address seller) private _offers; // slot 2, after EIP712's
    mapping(bytes32 tradeId => TradeSlot slot) private _trades; // slot 3
    mapping(address asset => mapping(address payee => uint256 amount)) private _credits; // slot 4

    /// @param registry The registry whose creations are sold here; trusted.
    /// @param feeRecipient Who gets the community's fee.
    /// @param feeBps The community's fee, basis points, at most `FEE_BPS_MAX`.
    constructor(
        address registry,
        address feeRecipient,
        uint256 feeBps
    ) EIP712("Dokkaebi EscrowMarket", "1") {
        if (registry.code.length == 0) revert Registry_HasNoCode(registry);
        if (feeRecipient == address(0) || feeRecipient == address(this)) {
            revert FeeRecipient_NotAllowed(feeRecipient);
        }
        if (feeBps > FEE_BPS_MAX) revert Fee_TooHigh(feeBps, FEE_BPS_MAX);
        REGISTRY = registry;
        FEE_RECIPIENT = feeRecipient;
        FEE_BPS = feeBps;
        emit MarketOpened(registry, feeRecipient, feeBps);
    }

    /* OFFER */

    /// @inheritdoc IEscrowMarket
    function offer(Offer calldata offer_) external override returns (bytes32 offerId) {
        if (msg.sender != offer_.seller) revert Offer_NotSeller(msg.sender, offer_.seller);
        _checkTerms(offer_);
        offerId = hashOffer(offer_);
        if (_offers[offerId] != address(0)) {
            revert Offer_AlreadyPublished(offerId, offerState(offerId));
        }
        _offers[offerId] = msg.sender;
        emit OfferPublished(offerId, msg.sender, offer_);
    }

    function _checkTerms(Offer calldata offer_) private view {
        uint256 price = offer_.price;
        if (price == 0 || price > PRICE_MAX) revert Offer_PriceOutOfRange(price, PRICE_MAX);
        uint256 expiry = offer_.expiry;
        uint256 latest = block.timestamp + OFFER_SECONDS_MAX;
        if (expiry <= block.timestamp || expiry > latest) {
            revert Offer_ExpiryOutOfRange(expiry, block.timestamp + 1, latest);
        }
        if (offer_.referralBps > REFERRAL_BPS_MAX) {
            revert Offer_ReferralTooHigh(offer_.referralBps, REFERRAL_BPS_MAX);
        }
        if (offer_.kind == Kind.Instant) {
            if (offer_.creationId == 0) revert Offer_CreationMissing();
            _checkWindows(offer_, 0, 0, 0, 0);
        } else {
            _checkWindows(
                offer_,
                SHIP_SECONDS_MIN,
                SHIP_SECONDS_MAX,
                INSPECT_SECONDS_MIN,
                INSPECT_SECONDS_MAX
            );
        }
    }

    function _checkWindows(
        Offer calldata offer_,
        uint256 shipMin,
        uint256 shipMax,
        uint256 inspectMin,
        uint256 inspectMax
    ) private pure {
        uint256 ship_ = offer_.shipSeconds;
        if (ship_ < shipMin || ship_ > shipMax) {
            revert Offer_ShipWindowOutOfRange(ship_, shipMin, shipMax);
        }
        uint256 inspect = offer_.inspectSeconds;
        if (inspect < inspectMin || inspect > inspectMax) {
            revert Offer_InspectWindowOutOfRange(inspect, inspectMin, inspectMax);
        }
    }

    /* CANCEL */

    /// @inheritdoc IEscrowMarket
    function cancel(bytes32 offerId) external override {
        address seller = _offers[offerId];
        if (seller == address(0) || seller == FILLED) {
            revert Offer_NotOpen(offerId, offerState(offerId));
        }
        if (msg.sender != seller) revert Offer_NotSeller(msg.sender, seller);
        delete _offers[offerId];
        emit OfferCancelled(offerId, seller);
    }

    /* BUY */

    /// @inheritdoc IEscrowMarket
    function buy(Offer calldata offer_, address referrer) external payable override {
        bytes32 offerId = _take(offer_, Kind.Instant, referrer);
        Division memory part = _divide(
            offer_.creationId,
            offer_.seller,
            offer_.price,
            referrer,
            offer_.referralBps
        );
        emit SaleSettled(
            offerId,
            offer_.seller,
            msg.sender,
            offer_.creationId,
            offer_.asset,
            offer_.price,
            referrer,
            part.royalty,
            part.referral,
            part.fee
        );
        _collect(offer_.asset, offer_.price);
        IERC721(REGISTRY).transferFrom(offer_.seller, msg.sender, offer_.creationId);
        _distribute(offerId, offer_.asset, offer_.seller, referrer, part);
    }

    /// @dev Checks that the caller may take an open offer now, and closes it for ever.
    function _take(
        Offer calldata offer_,
        Kind kind,
        address referrer
    ) private returns (bytes32 offerId) {
        offerId = hashOffer(offer_);
        address seller = offer_.seller;
        // The id commits to the seller, so anything else here means: not open.
        if (_offers[offerId] != seller || seller == address(0)) {
            revert Offer_NotOpen(offerId, offerState(offerId));
        }
        if (offer_.kind != kind) revert Offer_KindWrong(offerId, offer_.kind, kind);
        if (block.timestamp > offer_.expiry) {
            revert Offer_Expired(offerId, offer_.expiry, block.timestamp);
        }
        if (msg.sender == seller) revert Buyer_IsSeller(seller);
        if (referrer == msg.sender || referrer == seller || referrer == address(this)) {
            revert Referrer_NotAllowed(referrer);
        }
        uint256 creationId = offer_.creationId;
        if (creationId != 0) {
            uint256 tenure = ICreationRegistry(REGISTRY).tenureOf(creationId);
            if (tenure != offer_.tenure) {
                revert Offer_CreationMoved(creationId, tenure, offer_.tenure);
            }
        }
        _offers[offerId] = FILLED;
    }

    /// @dev Takes the price in, exactly.
    function _collect(address asset, uint256 price) private {
        if (asset == COIN) {
            if (msg.value != price) revert Value_Wrong(msg.value, price);
            return;
        }
        if (msg.value != 0) revert Value_Wrong(msg.value, 0);
        if (asset.code.length == 0) revert Asset_HasNoCode(asset);
        uint256 before = SafeTransferLib.balanceOf(asset, address(this));
        SafeTransferLib.safeTransferFrom(asset, msg.sender, address(this), price);
        uint256 received = SafeTransferLib.balanceOf(asset, address(this)) - before;
        if (received != price) revert Asset_AmountWrong(asset, received, price);
    }

    /* FUND */

    /// @inheritdoc IEscrowMarket
    function fund(
        Offer calldata offer_,
        address referrer
    ) external payable override returns (bytes32 tradeId) {
        Trade memory trade = Trade({
            offerId: _take(offer_, Kind.Delivered, referrer),
            seller: offer_.seller,
            buyer: msg.sender,
            referrer: referrer,
            creationId: offer_.creationId,
            asset: offer_.asset,
            amount: offer_.price,
            inspectSeconds: offer_.inspectSeconds,
            referralBps: offer_.referralBps
        });
        tradeId = keccak256(abi.encode(trade));
        uint256 deadline = block.timestamp + offer_.shipSeconds;
        _trades[tradeId] = TradeSlot(TradeState.Funded, uint64(deadline));
        emit EscrowFunded(tradeId, trade.offerId, msg.sender, trade, deadline);
        // The registry calls nobody, so it comes before the token. The other way round, a hook of the
        // token could end this trade first, and be handed the creation that another trade has here.
        _moveCertificate(trade.creationId, trade.seller, address(this));
        _collect(trade.asset, trade.amount);
    }

    function _moveCertificate(uint256 creationId, address from, address to) private {
        if (creationId != 0) IERC721(REGISTRY).transferFrom(from, to, creationId);
    }

    /* SHIP */

    /// @inheritdoc IEscrowMarket
    function ship(Trade calldata trade, bytes32 shipment) external override {
        (bytes32 tradeId, TradeState state, uint256 deadline) = _tradeOf(trade);
        if (msg.sender != trade.seller) revert Trade_NotSeller(msg.sender, trade.seller);
        if (state != TradeState.Funded) {
            revert Trade_StateWrong(tradeId, state, TradeState.Funded);
        }
        if (block.timestamp > deadline) {
            revert Trade_DeadlinePassed(tradeId, deadline, block.timestamp);
        }
        deadline = block.timestamp + trade.inspectSeconds;
        _trades[tradeId] = TradeSlot(TradeState.Shipped, uint64(deadline));
        emit EscrowShipped(tradeId, shipment, deadline);
    }

    /// @dev What a live trade is; its id commits to the terms, so a live slot proves them.
    function _tradeOf(
        Trade calldata trade
    ) private view returns (bytes32 tradeId, TradeState state, uint256 deadline) {
        tradeId = hashTrade(trade);
        (state, deadline) = tradeState(tradeId);
        if (state == TradeState.None) {
            revert Trade_StateWrong(tradeId, TradeState.None, TradeState.Funded);
        }
    }

    /* CONFIRM */

    /// @inheritdoc IEscrowMarket
    function confirm(Trade calldata trade) external override {
        (bytes32 tradeId, , ) = _tradeOf(trade);
        if (msg.sender != trade.buyer) revert Trade_NotBuyer(msg.sender, trade.buyer);
        _release(tradeId, trade, Reason.Confirmed);
    }

    /// @dev Ends a trade in the seller's favour.
    function _release(bytes32 tradeId, Trade calldata trade, Reason reason) private {
        delete _trades[tradeId];
        Division memory part = _divide(
            trade.creationId,
            trade.seller,
            trade.amount,
            trade.referrer,
            trade.referralBps
        );
        emit EscrowReleased(tradeId, reason, part.royalty, part.referral, part.fee);
        _moveCertificate(trade.creationId, address(this), trade.buyer);
        _distribute(tradeId, trade.asset, trade.seller, trade.referrer, part);
    }

    /* REFUND */

    /// @inheritdoc IEscrowMarket
    function refund(Trade calldata trade) external override {
        (bytes32 tradeId, , ) = _tradeOf(trade);
        if (msg.sender != trade.seller) revert Trade_NotSeller(msg.sender, trade.seller);
        _refund(tradeId, trade, Reason.SellerRefund);
    }

    /// @dev Ends a trade in the buyer's favour.
    function _refund(bytes32 tradeId, Trade calldata trade, Reason reason) private {
        delete _trades[tradeId];
        emit EscrowRefunded(tradeId, reason);
        _moveCertificate(trade.creationId, address(this), trade.seller);
        _pay(tradeId, trade.asset, trade.buyer, trade.amount);
    }

    /* TIMEOUT */

    /// @inheritdoc IEscrowMarket
    function claimTimeout(Trade calldata trade) external override {
        (bytes32 tradeId, TradeState state, uint256 deadline) = _tradeOf(trade);
        if (block.timestamp <= deadline) {
            revert Trade_DeadlineNotPassed(tradeId, deadline, block.timestamp);
        }
        if (state == TradeState.Funded) _refund(tradeId, trade, Reason.ShipTimeout);
        else _release(tradeId, trade, Reason.InspectionTimeout);
    }

    /* DIVIDE AND PAY */

    /// @dev `royalties[i]` is for `creators[i]`, zero where that is the seller.
    struct Division {
        uint256 seller;
        uint256 royalty;
        uint256 referral;
        uint256 fee;
        address[] creators;
        uint256[] royalties;
    }

    function _divide(
        uint256 creationId,
        address seller,
        uint256 price,
        address referrer,
        uint256 referralBps
    ) private view returns (Division memory part) {
        part.fee = (price * FEE_BPS) / BPS;
        if (referrer != address(0)) part.referral = (price * referralBps) / BPS;
        if (creationId != 0) {
            (part.creators, part.royalties) = ICreationRegistry(REGISTRY).royaltiesOf(
                creationId,
                price
            );
            for (uint256 i = 0; i < part.creators.length; ++i) {
                if (part.creators[i] == seller) part.royalties[i] = 0;
                part.royalty += part.royalties[i];
            }
        }
        part.seller = price - part.fee - part.referral - part.royalty;
    }

    function _distribute(
        bytes32 tradeId,
        address asset,
        address seller,
        address referrer,
        Division memory part
    ) private {
        if (part.fee != 0) _credits[asset][FEE_RECIPIENT] += part.fee;
        _pay(tradeId, asset, seller, part.seller);
        for (uint256 i = 0; i < part.creators.length; ++i) {
            uint256 royalty = part.royalties[i];
            if (royalty == 0) continue;
            emit RoyaltyPaid(tradeId, part.creators[i], royalty);
            _pay(tradeId, asset, part.creators[i], royalty);
        }
        _pay(tradeId, asset, referrer, part.referral);
    }

    /// @dev Pays at once, or credits. A payee can make neither fail for the others.
    function _pay(bytes32 tradeId, address asset, address payee, uint256 amount) private {
        if (amount == 0) return;
        if (_send(asset, payee, amount, asset == COIN ? COIN_GAS : TOKEN_GAS)) return;
        _credits[asset][payee] += amount;
        emit Credited(tradeId, payee, asset, amount);
    }

    /// @dev Sends with at most `gasLimit` gas and reads nothing of what comes back. A token is called
    /// from a call of our own, so that what it did is undone unless it did exactly what was asked.
    function _send(
        address asset,
        address to,
        uint256 amount,
        uint256 gasLimit
    ) private returns (bool success) {
        if (asset == COIN) return SafeTransferLib.trySafeTransferETH(to, amount, gasLimit);
        // Through `try` it would cost 500 gas more; our own function returns nothing to read.
        // solhint-disable-next-line avoid-low-level-calls
        (success, ) = address(this).call{gas: gasLimit}(
            abi.encodeCall(this.sendToken, (asset, to, amount))
        );
    }

    /// @inheritdoc IEscrowMarket
    function sendToken(address asset, address to, uint256 amount) external override {
        if (msg.sender != address(this)) revert Caller_NotMarket(msg.sender);
        uint256 before = SafeTransferLib.balanceOf(asset, address(this));
        SafeTransferLib.safeTransfer(asset, to, amount);
        uint256 sent = before - SafeTransferLib.balanceOf(asset, address(this));
        if (sent != amount) revert Asset_AmountWrong(asset, sent, amount);
    }

    /* WITHDRAW */

    /// @inheritdoc IEscrowMarket
    function withdraw(address asset, address to) external override returns (uint256 amount) {
        if (to == address(0) || to == address(this)) revert Recipient_NotAllowed(to);
        return _withdraw(asset, msg.sender, to);
    }

    /// @inheritdoc IEscrowMarket
    function withdrawFor(address asset, address payee) external override returns (uint256 amount) {
        return _withdraw(asset, payee, payee);
    }

    function _withdraw(address asset, address payee, address to) private returns (uint256 amount) {
        amount = _credits[asset][payee];
        if (amount == 0) revert Credit_Empty(asset, payee);
        delete _credits[asset][payee];
        emit Withdrawn(payee, asset, to, amount);
        if (!_send(asset, to, amount, gasleft())) revert Withdrawal_Failed(asset, to, amount);
    }

    /* VIEWS */

    /// @inheritdoc IEscrowMarket
    function hashOffer(Offer calldata offer_) public view override returns (bytes32 offerId) {
        bytes32 typehash = OFFER_TYPEHASH;
        bytes32 structHash;
        // keccak256(abi.encode(OFFER_TYPEHASH, offer_)): an Offer is 12 words, in calldata as in its hash.
        assembly ("memory-safe") {
            let words := mload(0x40)
            mstore(words, typehash)
            calldatacopy(add(words, 0x20), offer_, 0x180)
            structHash := keccak256(words, 0x1a0)
        }
        return _hashTypedDataV4(structHash);
    }

    /// @inheritdoc IEscrowMarket
    function hashTrade(Trade calldata trade) public pure override returns (bytes32 tradeId) {
        // keccak256(abi.encode(trade)): a Trade is 9 words.
        assembly ("memory-safe") {
            let words := mload(0x40)
            calldatacopy(words, trade, 0x120)
            tradeId := keccak256(words, 0x120)
        }
    }

    /// @inheritdoc IEscrowMarket
    function offerState(bytes32 offerId) public view override returns (OfferState state) {
        address seller = _offers[offerId];
        if (seller == address(0)) return OfferState.None;
        return seller == FILLED ? OfferState.Filled : OfferState.Open;
    }

    /// @inheritdoc IEscrowMarket
    function tradeState(
        bytes32 tradeId
    ) public view override returns (TradeState state, uint256 deadline) {
        TradeSlot storage slot = _trades[tradeId];
        return (slot.state, slot.deadline);
    }

    /// @inheritdoc IEscrowMarket
    function creditOf(
        address asset,
        address payee
    ) external view override returns (uint256 amount) {
        return _credits[asset][payee];
    }

    /// @inheritdoc IEscrowMarket
    function splitOf(
        Offer calldata offer_,
        address referrer
    ) external view override returns (Split memory) {
        Division memory part = _divide(
            offer_.creationId,
            offer_.seller,
            offer_.price,
            referrer,
            offer_.referralBps
        );
        return Split(part.seller, part.royalty, part.referral, part.fee);
    }
}
