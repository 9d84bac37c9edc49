// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC721} from "@openzeppelin/contracts/token/ERC721/IERC721.sol";
import {LibString} from "solady/utils/LibString.sol";
import {ICreationRegistry} from "../interfaces/ICreationRegistry.sol";
import {IEscrowMarket} from "../interfaces/IEscrowMarket.sol";
import {Till} from "./base/Till.sol";
import {TradeTerms} from "./libraries/TradeTerms.sol";

/// @title Money that waits until something is delivered
/// @dev One slot a trade: its terms come back as calldata and must hash to its id.
contract EscrowMarket is IEscrowMarket, Till {
    using TradeTerms for uint256;

    uint256 public constant override REFERRAL_BPS_MAX = 5_000;
    uint256 public constant override ARBITER_FEE_BPS_MAX = 500;
    uint256 public constant override PARTS_MAX = 12;
    uint256 public constant override OFFER_SECONDS_MAX = 365 days;
    uint256 public constant override SHIP_SECONDS_MIN = 1 hours;
    uint256 public constant override SHIP_SECONDS_MAX = 60 days;
    uint256 public constant override INSPECT_SECONDS_MIN = 1 days;
    uint256 public constant override INSPECT_SECONDS_MAX = 30 days;
    uint256 public constant override RULING_SECONDS_MIN = 1 days;
    uint256 public constant override RULING_SECONDS_MAX = 60 days;

    uint256 private constant UNITS_MAX = type(uint32).max;
    uint256 private constant UNITS_SHIFT = 160;

    bytes32 private constant OFFER_TYPEHASH = keccak256(
        "Offer(address seller,address buyer,uint256 creationId,uint256 tenure,address asset,uint256 price,uint256 units,uint256 expiry,uint256 shipSeconds,uint256 inspectSeconds,uint256 referralBps,address arbiter,uint256 arbiterFeeBps,uint256 rulingSeconds,uint256 silentSellerBps,uint8[] parts,bytes32 details,uint256 nonce)"
    );
    bytes32 private constant REQUEST_TYPEHASH = keccak256(
        "Request(address seller,address buyer,uint256 creationId,uint256 tenure,address asset,uint256 price,uint256 units,uint256 expiry,uint256 shipSeconds,uint256 inspectSeconds,uint256 referralBps,address arbiter,uint256 arbiterFeeBps,uint256 rulingSeconds,uint256 silentSellerBps,uint8[] parts,bytes32 details,uint256 nonce)"
    );
    bytes32 private constant SETTLEMENT_TYPEHASH = keccak256(
        "Settlement(bytes32 tradeId,uint256 part,uint256 sellerBps,uint256 expiry)"
    );
    bytes32 private constant ACCEPTANCE_TYPEHASH = keccak256(
        "Acceptance(bytes32 requestId,address seller,uint256 expiry)"
    );
    bytes32 private constant SHIPMENT_TYPEHASH = keccak256(
        "Shipment(bytes32 tradeId,uint256 part,bytes32 shipment,uint256 expiry)"
    );
    bytes32 private constant REFUND_TYPEHASH = keccak256(
        "Refund(bytes32 tradeId,uint256 part,uint256 expiry)"
    );
    bytes32 private constant EVIDENCE_TYPEHASH = keccak256(
        "Evidence(bytes32 tradeId,address party,bytes32 evidence,uint256 expiry,uint256 nonce)"
    );

    uint256 private constant DEADLINE_SHIFT = 8;
    uint256 private constant PART_SHIFT = 72;

    // Of a published offer: its seller 160 | units left 96. Of an open request: its buyer.
    mapping(bytes32 documentId => uint256 open) private _documents;
    mapping(bytes32 offerId => uint256 units) private _taken;
    // From the lowest bit: state 8 | deadline 64 | current part. Zero once the trade ended.
    mapping(bytes32 tradeId => uint256 slot) private _trades;

    /// @param registry The registry whose creations are handed over as certificates; trusted.
    /// @param feeRecipient Who gets the community's fee.
    /// @param feeBps The community's fee, basis points, at most `FEE_BPS_MAX`.
    constructor(
        address registry,
        address feeRecipient,
        uint256 feeBps
    ) Till(registry, feeRecipient, feeBps) {}

    /* OFFER */

    /// @inheritdoc IEscrowMarket
    function offer(Offer calldata offer_) external override returns (bytes32 offerId) {
        if (msg.sender != offer_.seller) revert Document_NotOwn(msg.sender, offer_.seller);
        _checkTerms(offer_, block.timestamp + 1);
        _useNonce(msg.sender, offer_.nonce);
        offerId = hashOffer(offer_);
        // Signed before, some units may be gone already.
        uint256 left = offer_.units - _taken[offerId];
        _documents[offerId] = uint160(msg.sender) | (left << UNITS_SHIFT);
        emit OfferPublished(offerId, msg.sender, offer_);
    }

    /// @param earliest The first second at which it may expire: an offer that is taken, this very one.
    function _checkTerms(Offer calldata offer_, uint256 earliest) private view {
        uint256 units = offer_.units;
        uint256 unitsMax = offer_.creationId == 0 ? UNITS_MAX : 1;
        if (units == 0 || units > unitsMax) revert Offer_UnitsOutOfRange(units, unitsMax);
        uint256 price = offer_.price;
        if (price == 0 || price > PRICE_MAX / units) {
            revert Offer_PriceOutOfRange(price, PRICE_MAX / units);
        }
        uint256 expiry = offer_.expiry;
        uint256 latest = block.timestamp + OFFER_SECONDS_MAX;
        if (expiry < earliest || expiry > latest) {
            revert Expiry_OutOfRange(expiry, earliest, latest);
        }
        if (offer_.referralBps > REFERRAL_BPS_MAX) {
            revert Offer_ReferralTooHigh(offer_.referralBps, REFERRAL_BPS_MAX);
        }
        uint256 ship_ = offer_.shipSeconds;
        if (ship_ < SHIP_SECONDS_MIN || ship_ > SHIP_SECONDS_MAX) {
            revert Offer_ShipWindowOutOfRange(ship_, SHIP_SECONDS_MIN, SHIP_SECONDS_MAX);
        }
        uint256 inspect = offer_.inspectSeconds;
        if (inspect < INSPECT_SECONDS_MIN || inspect > INSPECT_SECONDS_MAX) {
            revert Offer_InspectWindowOutOfRange(inspect, INSPECT_SECONDS_MIN, INSPECT_SECONDS_MAX);
        }
        if (offer_.arbiter == address(0)) _checkArbitration(offer_, 0, 0, 0, 0);
        else {
            _checkArbitration(
                offer_,
                RULING_SECONDS_MIN,
                RULING_SECONDS_MAX,
                ARBITER_FEE_BPS_MAX,
                BPS
            );
        }
        _packParts(offer_.parts);
    }

    function _checkArbitration(
        Offer calldata offer_,
        uint256 rulingMin,
        uint256 rulingMax,
        uint256 feeMax,
        uint256 silentMax
    ) private pure {
        uint256 ruling = offer_.rulingSeconds;
        if (ruling < rulingMin || ruling > rulingMax) {
            revert Offer_RulingWindowOutOfRange(ruling, rulingMin, rulingMax);
        }
        if (offer_.arbiterFeeBps > feeMax) {
            revert Offer_ArbiterFeeTooHigh(offer_.arbiterFeeBps, feeMax);
        }
        if (offer_.silentSellerBps > silentMax) {
            revert Offer_DefaultOutOfRange(offer_.silentSellerBps, silentMax);
        }
    }

    /// @dev The percents in one number, the first lowest; zero for none.
    function _packParts(uint8[] calldata parts) private pure returns (uint256 packed) {
        uint256 count = parts.length;
        if (count == 0) return 0;
        uint256 sum = 0;
        bool right = count > 1 && count <= PARTS_MAX;
        for (uint256 i = 0; right && i < count; ++i) {
            uint256 percent = parts[i];
            sum += percent;
            right = percent != 0;
            packed |= percent << (8 * i);
        }
        if (!right || sum != 100) revert Offer_PartsWrong(count, sum);
    }

    /* CANCEL */

    /// @inheritdoc IEscrowMarket
    function cancel(bytes32 offerId) external override {
        // No units: also a request, which is taken back with its money.
        (address seller, uint256 units) = documentOf(offerId);
        if (units == 0) revert Offer_NotOpen(offerId);
        if (msg.sender != seller) revert Document_NotOwn(msg.sender, seller);
        delete _documents[offerId];
        emit OfferCancelled(offerId, seller);
    }

    /* FUND */

    /// @inheritdoc IEscrowMarket
    function fund(
        Offer calldata offer_,
        bytes calldata signature,
        uint256 units,
        address referrer
    ) external payable override returns (bytes32 tradeId) {
        return _fund(offer_, signature, units, referrer);
    }

    /// @inheritdoc IEscrowMarket
    function fundWithPermit(
        Offer calldata offer_,
        bytes calldata signature,
        uint256 units,
        address referrer,
        bytes calldata permit
    ) external override returns (bytes32 tradeId) {
        _usePermit(offer_.asset, msg.sender, permit);
        return _fund(offer_, signature, units, referrer);
    }

    function _fund(
        Offer calldata offer_,
        bytes calldata signature,
        uint256 units,
        address referrer
    ) private returns (bytes32 tradeId) {
        bytes32 offerId = hashOffer(offer_);
        _checkOpen(offerId, offer_, msg.sender, offer_.seller);
        if (offer_.buyer != address(0) && offer_.buyer != msg.sender) {
            revert Document_Reserved(msg.sender, offer_.buyer);
        }
        if (
            referrer != address(0) &&
            (referrer == msg.sender || referrer == offer_.seller || referrer == address(this))
        ) revert Referrer_NotAllowed(referrer);
        uint256 serial =
            signature.length == 0
                ? _takePublished(offerId, offer_, units)
                : _takeSigned(offerId, offer_, signature, units);
        tradeId = _open(offerId, offer_, offer_.seller, msg.sender, referrer, units, serial);
        _collect(offer_.asset, offer_.price * units);
    }

    /// @dev What an offer that is taken and a request that is accepted must be, whoever else agreed to it.
    function _checkOpen(
        bytes32 documentId,
        Offer calldata offer_,
        address buyer,
        address seller
    ) private view {
        _checkExpired(documentId, offer_.expiry);
        if (buyer == seller) revert Buyer_IsSeller(seller);
        address arbiter = offer_.arbiter;
        if (
            arbiter != address(0) &&
            (arbiter == buyer || arbiter == seller || arbiter == address(this))
        ) revert Arbiter_NotAllowed(arbiter);
        uint256 creationId = offer_.creationId;
        if (creationId == 0) return;
        uint256 tenure = ICreationRegistry(REGISTRY).tenureOf(creationId);
        if (tenure != offer_.tenure) revert Creation_Moved(creationId, tenure, offer_.tenure);
    }

    /// @return serial How many units were taken before.
    function _takePublished(
        bytes32 offerId,
        Offer calldata offer_,
        uint256 units
    ) private returns (uint256 serial) {
        (, uint256 left) = documentOf(offerId);
        if (left == 0) revert Offer_NotOpen(offerId);
        if (units == 0 || units > left) revert Offer_UnitsWrong(offerId, units, left);
        _documents[offerId] =
            units == left ? 0 : uint160(offer_.seller) | ((left - units) << UNITS_SHIFT);
        return offer_.units - left;
    }

    /// @return serial How many units were taken before.
    function _takeSigned(
        bytes32 offerId,
        Offer calldata offer_,
        bytes calldata signature,
        uint256 units
    ) private returns (uint256 serial) {
        _checkTerms(offer_, block.timestamp);
        _checkSignature(offer_.seller, offerId, signature);
        uint256 all = offer_.units;
        if (all != 1) serial = _taken[offerId];
        uint256 left = all - serial;
        if (units == 0 || units > left) revert Offer_UnitsWrong(offerId, units, left);
        if (units == left) {
            _useNonce(offer_.seller, offer_.nonce);
        } else if (nonceUsed(offer_.seller, offer_.nonce)) {
            revert Nonce_Used(offer_.seller, offer_.nonce);
        }
        if (all != 1) _taken[offerId] = serial + units;
    }

    /// @dev Opens a trade and takes its creation in.
    function _open(
        bytes32 documentId,
        Offer calldata offer_,
        address seller,
        address buyer,
        address referrer,
        uint256 units,
        uint256 serial
    ) private returns (bytes32 tradeId) {
        Trade memory trade = Trade({
            offerId: documentId,
            seller: seller,
            buyer: buyer,
            referrer: referrer,
            arbiter: offer_.arbiter,
            creationId: offer_.creationId,
            asset: offer_.asset,
            amount: offer_.price * units,
            terms: TradeTerms.pack(
                offer_.shipSeconds,
                offer_.inspectSeconds,
                offer_.rulingSeconds,
                offer_.referralBps,
                offer_.arbiterFeeBps,
                offer_.silentSellerBps,
                serial,
                _packParts(offer_.parts)
            )
        });
        tradeId = keccak256(abi.encode(trade));
        uint256 deadline = block.timestamp + offer_.shipSeconds;
        _setTrade(tradeId, TradeState.Funded, deadline, 0);
        emit EscrowFunded(tradeId, documentId, buyer, trade, units, offer_.details, deadline);
        // The registry calls nobody, so it comes before the token. The other way round, a hook of the
        // token could end this trade first, and be handed the creation that another trade has here.
        _moveCertificate(trade.creationId, seller, address(this));
    }

    function _moveCertificate(uint256 creationId, address from, address to) private {
        if (creationId != 0) IERC721(REGISTRY).transferFrom(from, to, creationId);
    }

    /* REQUEST */

    /// @inheritdoc IEscrowMarket
    function request(
        Offer calldata request_,
        bytes calldata permit
    ) external payable override returns (bytes32 requestId) {
        if (msg.sender != request_.buyer) revert Document_NotOwn(msg.sender, request_.buyer);
        if (msg.sender == request_.seller) revert Buyer_IsSeller(msg.sender);
        if (msg.sender == request_.arbiter) revert Arbiter_NotAllowed(msg.sender);
        if (request_.units != 1 || request_.referralBps != 0) {
            revert Request_TermsWrong(request_.units, request_.referralBps);
        }
        _checkTerms(request_, block.timestamp + 1);
        _useNonce(msg.sender, request_.nonce);
        requestId = hashRequest(request_);
        _documents[requestId] = uint160(msg.sender);
        emit WorkRequested(requestId, msg.sender, request_);
        _usePermit(request_.asset, msg.sender, permit);
        _collect(request_.asset, request_.price);
    }

    /// @inheritdoc IEscrowMarket
    function retract(Offer calldata request_) external override {
        address buyer = request_.buyer;
        if (msg.sender != buyer && block.timestamp <= request_.expiry) {
            revert Document_NotOwn(msg.sender, buyer);
        }
        bytes32 requestId = _closeRequest(request_);
        emit RequestRetracted(requestId, buyer);
        _pay(requestId, request_.asset, buyer, request_.price);
    }

    /// @inheritdoc IEscrowMarket
    function accept(Offer calldata request_) external override returns (bytes32 tradeId) {
        return _accept(_closeRequest(request_), request_, msg.sender);
    }

    /// @inheritdoc IEscrowMarket
    function acceptFor(
        Offer calldata request_,
        address seller,
        uint256 expiry,
        bytes calldata signature
    ) external override returns (bytes32 tradeId) {
        bytes32 requestId = _closeRequest(request_);
        bytes32 structHash = keccak256(abi.encode(ACCEPTANCE_TYPEHASH, requestId, seller, expiry));
        _checkConsent(seller, structHash, expiry, signature);
        return _accept(requestId, request_, seller);
    }

    function _accept(
        bytes32 requestId,
        Offer calldata request_,
        address seller
    ) private returns (bytes32 tradeId) {
        _checkOpen(requestId, request_, request_.buyer, seller);
        address wanted = request_.seller;
        if (wanted != address(0) && wanted != seller) revert Document_Reserved(seller, wanted);
        return _open(requestId, request_, seller, request_.buyer, address(0), 1, 0);
    }

    function _closeRequest(Offer calldata request_) private returns (bytes32 requestId) {
        requestId = hashRequest(request_);
        if (_documents[requestId] == 0) revert Request_NotOpen(requestId);
        delete _documents[requestId];
    }

    /* SHIP */

    /// @inheritdoc IEscrowMarket
    function ship(Trade calldata trade, bytes32 shipment) external override {
        (bytes32 tradeId, uint256 slot) = _tradeOf(trade);
        if (msg.sender != trade.seller) revert Trade_NotSeller(msg.sender, trade.seller);
        _ship(tradeId, slot, trade, shipment);
    }

    /// @inheritdoc IEscrowMarket
    function shipFor(
        Trade calldata trade,
        bytes32 shipment,
        uint256 expiry,
        bytes calldata signature
    ) external override {
        (bytes32 tradeId, uint256 slot) = _tradeOf(trade);
        bytes32 structHash = keccak256(
            abi.encode(SHIPMENT_TYPEHASH, tradeId, slot >> PART_SHIFT, shipment, expiry)
        );
        _checkConsent(trade.seller, structHash, expiry, signature);
        _ship(tradeId, slot, trade, shipment);
    }

    function _ship(bytes32 tradeId, uint256 slot, Trade calldata trade, bytes32 shipment) private {
        _checkStep(tradeId, slot, TradeState.Funded);
        uint256 deadline = block.timestamp + trade.terms.inspectSeconds();
        _setTrade(tradeId, TradeState.Shipped, deadline, slot >> PART_SHIFT);
        emit EscrowShipped(tradeId, shipment, deadline);
    }

    function _setTrade(bytes32 tradeId, TradeState state, uint256 deadline, uint256 part) private {
        _trades[tradeId] = uint256(state) | (deadline << DEADLINE_SHIFT) | (part << PART_SHIFT);
    }

    /// @dev What a live trade is; its id commits to the terms, so a live slot proves them.
    function _tradeOf(Trade calldata trade) private view returns (bytes32 tradeId, uint256 slot) {
        tradeId = hashTrade(trade);
        slot = _trades[tradeId];
        if (slot == 0) revert Trade_StateWrong(tradeId, TradeState.None, TradeState.Funded);
    }

    function _stateIn(uint256 slot) private pure returns (TradeState) {
        return TradeState(slot & 0xff);
    }

    function _deadlineIn(uint256 slot) private pure returns (uint256) {
        return uint64(slot >> DEADLINE_SHIFT);
    }

    /// @dev A step that is open in one state until its deadline.
    function _checkStep(bytes32 tradeId, uint256 slot, TradeState needed) private view {
        if (_stateIn(slot) != needed) {
            revert Trade_StateWrong(tradeId, _stateIn(slot), needed);
        }
        if (block.timestamp > _deadlineIn(slot)) {
            revert Trade_DeadlinePassed(tradeId, _deadlineIn(slot), block.timestamp);
        }
    }

    /* CONFIRM */

    /// @inheritdoc IEscrowMarket
    function confirm(Trade calldata trade) external override {
        (bytes32 tradeId, uint256 slot) = _tradeOf(trade);
        if (msg.sender != trade.buyer) revert Trade_NotBuyer(msg.sender, trade.buyer);
        _release(tradeId, trade, slot >> PART_SHIFT, Reason.Confirmed);
    }

    /// @dev Pays the current part to the seller. The last one ends the trade.
    function _release(bytes32 tradeId, Trade calldata trade, uint256 part, Reason reason) private {
        // Read once: each look into calldata checks anew that it is an address.
        (address asset, address seller, address referrer) = (
            trade.asset,
            trade.seller,
            trade.referrer
        );
        uint256 creationId = trade.creationId;
        uint256 terms = trade.terms;
        (, uint256 worth, bool last) = terms.rest(trade.amount, part);
        (Division memory division, ) = _divide(
            creationId != 0,
            creationId,
            seller,
            worth,
            referrer,
            terms.referralBps()
        );
        if (last) {
            delete _trades[tradeId];
            emit EscrowReleased(tradeId, reason, division.fee);
            _moveCertificate(creationId, address(this), trade.buyer);
        } else {
            uint256 deadline = block.timestamp + terms.shipSeconds();
            _setTrade(tradeId, TradeState.Funded, deadline, part + 1);
            emit PartReleased(tradeId, part, reason, worth, division.fee, deadline);
        }
        _credit(asset, FEE_RECIPIENT, division.fee);
        _announce(tradeId, referrer, division);
        _distribute(tradeId, asset, seller, referrer, division);
    }

    /* REFUND */

    /// @inheritdoc IEscrowMarket
    function refund(Trade calldata trade) external override {
        (bytes32 tradeId, uint256 slot) = _tradeOf(trade);
        if (msg.sender != trade.seller) revert Trade_NotSeller(msg.sender, trade.seller);
        _refund(tradeId, trade, slot >> PART_SHIFT, Reason.SellerRefund);
    }

    /// @inheritdoc IEscrowMarket
    function refundFor(
        Trade calldata trade,
        uint256 expiry,
        bytes calldata signature
    ) external override {
        (bytes32 tradeId, uint256 slot) = _tradeOf(trade);
        uint256 part = slot >> PART_SHIFT;
        bytes32 structHash = keccak256(abi.encode(REFUND_TYPEHASH, tradeId, part, expiry));
        _checkConsent(trade.seller, structHash, expiry, signature);
        _refund(tradeId, trade, part, Reason.SellerRefund);
    }

    /// @dev Ends a trade in the buyer's favour.
    function _refund(bytes32 tradeId, Trade calldata trade, uint256 part, Reason reason) private {
        delete _trades[tradeId];
        emit EscrowRefunded(tradeId, reason);
        _moveCertificate(trade.creationId, address(this), trade.seller);
        (uint256 left, , ) = trade.terms.rest(trade.amount, part);
        _pay(tradeId, trade.asset, trade.buyer, left);
    }

    /* TIMEOUT */

    /// @inheritdoc IEscrowMarket
    function claimTimeout(Trade calldata trade) external override {
        (bytes32 tradeId, uint256 slot) = _tradeOf(trade);
        if (block.timestamp <= _deadlineIn(slot)) {
            revert Trade_DeadlineNotPassed(tradeId, _deadlineIn(slot), block.timestamp);
        }
        TradeState state = _stateIn(slot);
        if (state == TradeState.Funded) {
            _refund(tradeId, trade, slot >> PART_SHIFT, Reason.ShipTimeout);
        } else if (state == TradeState.Shipped) {
            _release(tradeId, trade, slot >> PART_SHIFT, Reason.InspectionTimeout);
        } else {
            uint256 sellerBps = trade.terms.silentSellerBps();
            _split(tradeId, trade, slot >> PART_SHIFT, sellerBps, Reason.ArbiterSilent, address(0));
        }
    }

    /* DISPUTE */

    /// @inheritdoc IEscrowMarket
    function dispute(Trade calldata trade, bytes32 evidence) external override {
        (bytes32 tradeId, uint256 slot) = _tradeOf(trade);
        if (msg.sender != trade.buyer) revert Trade_NotBuyer(msg.sender, trade.buyer);
        address arbiter = trade.arbiter;
        if (arbiter == address(0)) revert Trade_NotArbiter(msg.sender, arbiter);
        _checkStep(tradeId, slot, TradeState.Shipped);
        uint256 deadline = block.timestamp + trade.terms.rulingSeconds();
        _setTrade(tradeId, TradeState.Disputed, deadline, slot >> PART_SHIFT);
        emit EscrowDisputed(tradeId, arbiter, deadline);
        if (evidence != bytes32(0)) _emitEvidence(tradeId, arbiter, msg.sender, evidence);
    }

    /// @inheritdoc IEscrowMarket
    function submitEvidence(Trade calldata trade, bytes32 evidence) external override {
        (bytes32 tradeId, uint256 slot) = _tradeOf(trade);
        _submitEvidence(tradeId, slot, trade, msg.sender, evidence);
    }

    /// @inheritdoc IEscrowMarket
    function submitEvidenceFor(
        Trade calldata trade,
        address party,
        bytes32 evidence,
        uint256 expiry,
        uint256 nonce,
        bytes calldata signature
    ) external override {
        (bytes32 tradeId, uint256 slot) = _tradeOf(trade);
        bytes32 structHash = keccak256(
            abi.encode(EVIDENCE_TYPEHASH, tradeId, party, evidence, expiry, nonce)
        );
        _checkConsent(party, structHash, expiry, signature);
        _useNonce(party, nonce);
        _submitEvidence(tradeId, slot, trade, party, evidence);
    }

    function _submitEvidence(
        bytes32 tradeId,
        uint256 slot,
        Trade calldata trade,
        address party,
        bytes32 evidence
    ) private {
        if (party != trade.buyer && party != trade.seller) revert Trade_NotParty(party);
        _checkStep(tradeId, slot, TradeState.Disputed);
        _emitEvidence(tradeId, trade.arbiter, party, evidence);
    }

    function _emitEvidence(
        bytes32 tradeId,
        address arbiter,
        address party,
        bytes32 evidence
    ) private {
        // In base 16, which costs a tenth of base 32.
        string memory digest = LibString.toHexStringNoPrefix(uint256(evidence), 32);
        string memory place = string.concat("ipfs://f01551220", digest);
        emit Evidence(arbiter, uint256(tradeId), party, place);
    }

    /// @inheritdoc IEscrowMarket
    function rule(Trade calldata trade, uint256 sellerBps, address feeRecipient) external override {
        (bytes32 tradeId, uint256 slot) = _tradeOf(trade);
        if (msg.sender != trade.arbiter) revert Trade_NotArbiter(msg.sender, trade.arbiter);
        _checkStep(tradeId, slot, TradeState.Disputed);
        _checkRecipient(feeRecipient);
        _split(tradeId, trade, slot >> PART_SHIFT, sellerBps, Reason.Ruled, feeRecipient);
    }

    /// @dev Ends a trade by dividing what is left of it.
    /// @param arbiterPayee Who gets the arbiter's fee; zero if it isn't due.
    function _split(
        bytes32 tradeId,
        Trade calldata trade,
        uint256 part,
        uint256 sellerBps,
        Reason reason,
        address arbiterPayee
    ) private {
        if (sellerBps > BPS) revert Division_OutOfRange(sellerBps, BPS);
        delete _trades[tradeId];
        (address asset, address seller, address referrer) = (
            trade.asset,
            trade.seller,
            trade.referrer
        );
        uint256 terms = trade.terms;
        (uint256 left, , ) = terms.rest(trade.amount, part);
        uint256 arbiterFee = arbiterPayee == address(0) ? 0 : (left * terms.arbiterFeeBps()) / BPS;
        left -= arbiterFee;
        uint256 toBuyer = (left * (BPS - sellerBps)) / BPS;
        bool sold = sellerBps * 2 >= BPS;
        uint256 creationId = trade.creationId;
        (Division memory division, ) = _divide(
            sold && creationId != 0,
            creationId,
            seller,
            left - toBuyer,
            referrer,
            terms.referralBps()
        );
        emit EscrowDivided(tradeId, reason, toBuyer, arbiterFee, arbiterPayee, division.fee);
        _credit(asset, FEE_RECIPIENT, division.fee);
        _announce(tradeId, referrer, division);
        _moveCertificate(creationId, address(this), sold ? trade.buyer : seller);
        _pay(tradeId, asset, trade.buyer, toBuyer);
        _distribute(tradeId, asset, seller, referrer, division);
        _pay(tradeId, asset, arbiterPayee, arbiterFee);
    }

    /* SETTLE */

    /// @inheritdoc IEscrowMarket
    function settle(
        Trade calldata trade,
        uint256 sellerBps,
        uint256 expiry,
        bytes calldata buyerSignature,
        bytes calldata sellerSignature
    ) external override {
        (bytes32 tradeId, uint256 slot) = _tradeOf(trade);
        bytes32 digest = hashSettlement(tradeId, slot >> PART_SHIFT, sellerBps, expiry);
        _checkExpired(digest, expiry);
        if (msg.sender != trade.buyer) _checkSignature(trade.buyer, digest, buyerSignature);
        if (msg.sender != trade.seller) _checkSignature(trade.seller, digest, sellerSignature);
        _split(tradeId, trade, slot >> PART_SHIFT, sellerBps, Reason.Settled, address(0));
    }

    function _domainNameAndVersion()
        internal
        pure
        override
        returns (string memory name, string memory version)
    {
        return ("Dokkaebi EscrowMarket", "1");
    }

    /* VIEWS */

    /// @inheritdoc IEscrowMarket
    function hashOffer(Offer calldata offer_) public view override returns (bytes32 offerId) {
        return _hashDocument(OFFER_TYPEHASH, offer_);
    }

    /// @inheritdoc IEscrowMarket
    function hashRequest(Offer calldata request_) public view override returns (bytes32 requestId) {
        return _hashDocument(REQUEST_TYPEHASH, request_);
    }

    /// @dev keccak256(abi.encode(typehash, …)): 18 words, as calldata has them, but for the parts.
    function _hashDocument(bytes32 typehash, Offer calldata offer_) private view returns (bytes32) {
        uint8[] calldata parts = offer_.parts;
        bytes32 structHash;
        assembly ("memory-safe") {
            let words := mload(0x40)
            let size := shl(5, parts.length)
            calldatacopy(words, parts.offset, size)
            let partsHash := keccak256(words, size)
            mstore(words, typehash)
            calldatacopy(add(words, 0x20), offer_, 0x240)
            mstore(add(words, 0x200), partsHash)
            structHash := keccak256(words, 0x260)
        }
        return _hashTypedData(structHash);
    }

    /// @inheritdoc IEscrowMarket
    function hashSettlement(
        bytes32 tradeId,
        uint256 part,
        uint256 sellerBps,
        uint256 expiry
    ) public view override returns (bytes32 digest) {
        return
            _hashTypedData(
                keccak256(abi.encode(SETTLEMENT_TYPEHASH, tradeId, part, sellerBps, expiry))
            );
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
    function documentOf(
        bytes32 documentId
    ) public view override returns (address owner, uint256 units) {
        uint256 open = _documents[documentId];
        return (address(uint160(open)), open >> UNITS_SHIFT);
    }

    /// @inheritdoc IEscrowMarket
    function unitsTaken(bytes32 offerId) external view override returns (uint256 units) {
        return _taken[offerId];
    }

    /// @inheritdoc IEscrowMarket
    function tradeState(
        bytes32 tradeId
    ) external view override returns (TradeState state, uint256 deadline, uint256 part) {
        uint256 slot = _trades[tradeId];
        return (_stateIn(slot), _deadlineIn(slot), slot >> PART_SHIFT);
    }

    /// @inheritdoc IEscrowMarket
    function splitOf(
        Offer calldata offer_,
        address referrer
    )
        external
        view
        override
        returns (uint256 seller, uint256 royalty, uint256 referral, uint256 fee)
    {
        (Division memory division, ) = _divide(
            offer_.creationId != 0,
            offer_.creationId,
            offer_.seller,
            offer_.price,
            referrer,
            offer_.referralBps
        );
        return (division.seller, division.royalty, division.referral, division.fee);
    }
}
