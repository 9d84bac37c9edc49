// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeTransferLib} from "solady/utils/SafeTransferLib.sol";
import {ICreationMarket} from "../interfaces/ICreationMarket.sol";
import {ICreationRegistry} from "../interfaces/ICreationRegistry.sol";
import {Collections} from "./base/Collections.sol";
import {Till} from "./base/Till.sol";

/// @title Creations that change hands at once
/// @dev Tokens go from payer to payee by `transferFrom`. The market holds none of them but credits, so
/// a token can only cheat those who agreed to it; what is checked protects them from the honest odd ones.
contract CreationMarket is ICreationMarket, Collections {
    uint256 public constant override REFERRAL_BPS_MAX = 5_000;

    bytes32 private constant OFFER_TYPEHASH = keccak256(
        "Offer(address seller,address buyer,address collection,uint256 creationId,uint256 tenure,uint256 start,uint256 price,uint256 endPrice,address asset,uint256 expiry,uint256 royaltyBpsMax,uint256 referralBps,uint256 nonce)"
    );
    bytes32 private constant BID_TYPEHASH = keccak256(
        "Bid(address bidder,address collection,uint256 creationId,address creator,uint256 tenure,address asset,uint256 price,uint256 expiry,uint256 nonce)"
    );
    bytes32 private constant SWAP_TYPEHASH = keccak256(
        "Swap(address maker,address taker,address givenCollection,uint256 givenId,uint256 givenTenure,address wantedCollection,uint256 wantedId,uint256 wantedTenure,uint256 expiry,uint256 nonce)"
    );

    bytes32 private constant ACCEPTANCE_TYPEHASH = keccak256(
        "Acceptance(address seller,bytes32 bidId,uint256 creationId,uint256 tenure,uint256 royaltyBpsMax,uint256 expiry)"
    );

    mapping(bytes32 offerId => address seller) private _offers;

    /// @param registry The registry whose creators and tenures count here; trusted.
    /// @param feeRecipient Who gets the community's fee.
    /// @param feeBps The community's fee, basis points, at most `FEE_BPS_MAX`.
    constructor(
        address registry,
        address feeRecipient,
        uint256 feeBps
    ) Till(registry, feeRecipient, feeBps) {}

    /* OFFER */

    /// @inheritdoc ICreationMarket
    function offer(Offer calldata offer_) external override returns (bytes32 offerId) {
        if (msg.sender != offer_.seller) revert Offer_NotSeller(msg.sender, offer_.seller);
        _checkTerms(offer_, block.timestamp + 1);
        offerId = hashOffer(offer_);
        _offers[offerId] = msg.sender;
        _emitPublished(offerId, offer_);
    }

    /// @dev `emit OfferPublished(offerId, offer_)`, without taking the words of calldata one by one.
    function _emitPublished(bytes32 offerId, Offer calldata offer_) private {
        // Reading them makes sure that they are addresses; the others were read before.
        (offer_.buyer, offer_.asset);
        bytes32 topic = OfferPublished.selector;
        assembly ("memory-safe") {
            let words := mload(0x40)
            calldatacopy(words, offer_, 0x1a0)
            log2(words, 0x1a0, topic, offerId)
        }
    }

    function _checkTerms(Offer calldata offer_, uint256 earliest) private view {
        _checkDocument(offer_.collection, offer_.price, offer_.expiry, earliest);
        _checkRoyalty(offer_.collection, offer_.royaltyBpsMax);
        _checkReferral(offer_.referralBps);
        uint256 start = offer_.start;
        uint256 end = offer_.endPrice;
        bool right =
            start == 0 ? end == 0 : start < offer_.expiry && end != 0 && end < offer_.price;
        if (!right) revert Offer_FallWrong(start, end);
    }

    function _checkReferral(uint256 referralBps) private pure {
        if (referralBps > REFERRAL_BPS_MAX) {
            revert Offer_ReferralTooHigh(referralBps, REFERRAL_BPS_MAX);
        }
    }

    /* CANCEL */

    /// @inheritdoc ICreationMarket
    function cancel(bytes32 offerId) external override {
        address seller = _offers[offerId];
        if (seller == address(0)) revert Offer_NotOpen(offerId);
        if (msg.sender != seller) revert Offer_NotSeller(msg.sender, seller);
        delete _offers[offerId];
        emit OfferCancelled(offerId, seller);
    }

    /* BUY */

    /// @inheritdoc ICreationMarket
    function buy(
        Offer calldata offer_,
        bytes calldata signature,
        address referrer
    ) external payable override {
        _giveChange(_buy(offer_, signature, referrer, msg.value));
    }

    /// @inheritdoc ICreationMarket
    function buyWithPermit(
        Offer calldata offer_,
        bytes calldata signature,
        address referrer,
        bytes calldata permit
    ) external override {
        _usePermit(offer_.asset, msg.sender, permit);
        _buy(offer_, signature, referrer, 0);
    }

    /// @inheritdoc ICreationMarket
    function buyMany(
        Offer[] calldata offers,
        bytes[] calldata signatures,
        address referrer
    ) external payable override {
        if (offers.length == 0 || offers.length != signatures.length) {
            revert Offers_CountWrong(offers.length, signatures.length);
        }
        uint256 spent = 0;
        for (uint256 i = 0; i < offers.length; ++i) {
            spent += _buy(offers[i], signatures[i], referrer, msg.value - spent);
        }
        _giveChange(spent);
    }

    /// @dev Coins along with a sale that takes none are a mistake; those too many are change.
    function _giveChange(uint256 spent) private {
        if (msg.value == spent) return;
        if (spent == 0) revert Value_Wrong(msg.value, 0);
        _pay(bytes32(0), COIN, msg.sender, msg.value - spent);
    }

    /// @dev Takes an offer, with at most `coins` of what the caller sent along.
    /// @return spent How many coins it took.
    function _buy(
        Offer calldata offer_,
        bytes calldata signature,
        address referrer,
        uint256 coins
    ) private returns (uint256 spent) {
        bytes32 offerId = hashOffer(offer_);
        address seller = offer_.seller;
        _checkExpired(offerId, offer_.expiry);
        if (signature.length == 0) {
            // The id commits to the seller, so anything else here means: not open.
            if (_offers[offerId] != seller || seller == address(0)) revert Offer_NotOpen(offerId);
            delete _offers[offerId];
        } else {
            _checkTerms(offer_, block.timestamp);
            _useNonce(seller, offer_.nonce);
            _checkSignature(seller, offerId, signature);
        }
        _checkParties(seller, offer_.buyer, referrer);
        uint256 price = _priceOf(offerId, offer_);
        spent = _coinsFor(offer_.asset, price, coins);
        Sale memory sale = Sale({
            documentId: offerId,
            seller: seller,
            buyer: msg.sender,
            collection: offer_.collection,
            creationId: offer_.creationId,
            tenure: offer_.tenure,
            asset: offer_.asset,
            price: price,
            referrer: referrer,
            referralBps: offer_.referralBps,
            royaltyBpsMax: offer_.royaltyBpsMax
        });
        _settle(sale, true);
    }

    function _coinsFor(address asset, uint256 price, uint256 coins) private pure returns (uint256) {
        if (asset != COIN) return 0;
        if (coins < price) revert Value_Wrong(coins, price);
        return price;
    }

    function _checkParties(address seller, address buyer, address referrer) private view {
        if (msg.sender == seller) revert Buyer_IsSeller(seller);
        if (buyer != address(0) && buyer != msg.sender) revert Offer_Reserved(msg.sender, buyer);
        if (referrer == address(0)) return;
        if (referrer == msg.sender || referrer == seller || referrer == address(this)) {
            revert Referrer_NotAllowed(referrer);
        }
    }

    /// @dev Rounds a falling price up.
    function _priceOf(bytes32 offerId, Offer calldata offer_) private view returns (uint256 price) {
        price = offer_.price;
        uint256 start = offer_.start;
        if (start == 0) return price;
        if (block.timestamp < start) {
            revert Offer_NotStarted(offerId, start, block.timestamp);
        }
        uint256 fall = price - offer_.endPrice;
        return price - (fall * (block.timestamp - start)) / (offer_.expiry - start);
    }

    /* BUY NEW */

    /// @inheritdoc ICreationMarket
    function buyNew(
        ICreationRegistry.Voucher calldata voucher,
        bytes calldata signature,
        address referrer,
        bytes calldata permit
    ) external payable override returns (uint256 creationId) {
        ICreationRegistry.Sale calldata terms = voucher.sale;
        uint256 price = terms.price;
        if (price == 0 || price > PRICE_MAX) revert Price_OutOfRange(price, PRICE_MAX);
        _checkReferral(terms.referralBps);
        _checkParties(voucher.creator, terms.buyer, referrer);
        uint256 spent = _coinsFor(terms.asset, price, msg.value);
        Sale memory sale;
        (sale.creationId, sale.documentId) = _register(voucher, signature);
        (sale.seller, sale.buyer, sale.collection) = (voucher.creator, msg.sender, REGISTRY);
        (sale.asset, sale.price) = (terms.asset, price);
        (sale.referrer, sale.referralBps) = (referrer, terms.referralBps);
        Division memory part;
        if (voucher.work.parents.length == 0 && voucher.partners.length == 0) {
            // Nobody but its creator made it, and who sells their own work pays no royalty.
            _takeShares(part, price, referrer, terms.referralBps);
        } else {
            (part, ) = _divide(
                true,
                sale.creationId,
                sale.seller,
                price,
                referrer,
                terms.referralBps
            );
        }
        uint256 sponsorAmount = terms.sponsorAmount;
        if (sponsorAmount > part.seller) revert Sponsor_TooDear(sponsorAmount, part.seller);
        part.seller -= sponsorAmount;
        _announceSale(sale, part);
        if (sponsorAmount != 0) {
            _checkRecipient(terms.sponsor);
            emit SponsorRepaid(sale.documentId, terms.sponsor, sponsorAmount);
        }
        _usePermit(terms.asset, msg.sender, permit);
        _payAll(sale, part, terms.sponsor, sponsorAmount);
        _giveChange(spent);
        return sale.creationId;
    }

    /// @dev `ICreationRegistry.registerFor(voucher, signature, msg.sender)`, in the words that came: this function's
    /// caller put them where that function looks for them, and both read the same.
    function _register(
        ICreationRegistry.Voucher calldata,
        bytes calldata
    ) private returns (uint256 creationId, bytes32 voucherId) {
        address registry = REGISTRY;
        bytes4 selector = ICreationRegistry.registerFor.selector;
        assembly ("memory-safe") {
            let order := mload(0x40)
            calldatacopy(order, 0, calldatasize())
            let first := mload(order)
            mstore(order, or(selector, shr(32, shl(32, first))))
            mstore(add(order, 0x44), caller())
            if iszero(call(gas(), registry, 0, order, calldatasize(), 0x00, 0x40)) {
                returndatacopy(order, 0, returndatasize())
                revert(order, returndatasize())
            }
            creationId := mload(0x00)
            voucherId := mload(0x20)
        }
    }

    /* ACCEPT */

    /// @inheritdoc ICreationMarket
    function accept(
        Bid calldata bid,
        bytes calldata signature,
        uint256 creationId,
        uint256 royaltyBpsMax,
        bytes calldata permit
    ) external override {
        _accept(bid, signature, msg.sender, creationId, royaltyBpsMax, permit);
    }

    /// @inheritdoc ICreationMarket
    function acceptFor(
        Bid calldata bid,
        bytes calldata signature,
        Acceptance calldata acceptance,
        bytes calldata sellerSignature,
        bytes calldata permit
    ) external override {
        bytes32 bidId = hashBid(bid);
        if (acceptance.bidId != bidId) revert Acceptance_OtherBid(acceptance.bidId, bidId);
        _checkExpiry(bid.collection, acceptance.expiry, block.timestamp);
        _checkTenure(bid.collection, acceptance.creationId, acceptance.tenure);
        _checkSignature(acceptance.seller, hashAcceptance(acceptance), sellerSignature);
        _accept(
            bid,
            signature,
            acceptance.seller,
            acceptance.creationId,
            acceptance.royaltyBpsMax,
            permit
        );
    }

    function _accept(
        Bid calldata bid,
        bytes calldata signature,
        address seller,
        uint256 creationId,
        uint256 royaltyBpsMax,
        bytes calldata permit
    ) private {
        bytes32 bidId = hashBid(bid);
        address bidder = bid.bidder;
        _checkExpired(bidId, bid.expiry);
        _checkDocument(bid.collection, bid.price, bid.expiry, block.timestamp);
        _checkRoyalty(bid.collection, royaltyBpsMax);
        if (seller == bidder) revert Buyer_IsSeller(bidder);
        uint256 tenure = _checkWanted(bid, creationId);
        _useNonce(bidder, bid.nonce);
        _checkSignature(bidder, bidId, signature);
        _usePermit(bid.asset, bidder, permit);
        emit BidAccepted(bidId, bidder, seller);
        Sale memory sale = Sale({
            documentId: bidId,
            seller: seller,
            buyer: bidder,
            collection: bid.collection,
            creationId: creationId,
            tenure: tenure,
            asset: bid.asset,
            price: bid.price,
            referrer: address(0),
            referralBps: 0,
            royaltyBpsMax: royaltyBpsMax
        });
        _settle(sale, bid.creator == address(0));
    }

    /// @dev Checks that a bidder wants this creation.
    /// @return tenure The tenure that the bid demands.
    function _checkWanted(
        Bid calldata bid,
        uint256 creationId
    ) private view returns (uint256 tenure) {
        address creator = bid.creator;
        bool one = creator == address(0);
        bool any = bid.creationId == 0 && bid.tenure == 0 && bid.collection == REGISTRY;
        if (bid.asset == COIN || !(one || any)) {
            revert Bid_TermsWrong(bid.asset, bid.creationId, creator);
        }
        bool wanted =
            one
                ? creationId == bid.creationId
                : ICreationRegistry(REGISTRY).creationOf(creationId).creator == creator;
        if (!wanted) revert Bid_CreationWrong(creationId, creator);
        return bid.tenure;
    }

    /* SWAP */

    /// @inheritdoc ICreationMarket
    function swap(Swap calldata swap_, bytes calldata signature) external override {
        bytes32 swapId = hashSwap(swap_);
        address maker = swap_.maker;
        _checkExpired(swapId, swap_.expiry);
        _checkExpiry(swap_.givenCollection, swap_.expiry, block.timestamp);
        _checkExpiry(swap_.wantedCollection, swap_.expiry, block.timestamp);
        if (msg.sender == maker) revert Buyer_IsSeller(maker);
        address taker = swap_.taker;
        if (taker != address(0) && taker != msg.sender) revert Swap_Reserved(msg.sender, taker);
        _checkTenure(swap_.givenCollection, swap_.givenId, swap_.givenTenure);
        _checkTenure(swap_.wantedCollection, swap_.wantedId, swap_.wantedTenure);
        _useNonce(maker, swap_.nonce);
        _checkSignature(maker, swapId, signature);
        emit SwapSettled(
            swapId,
            maker,
            msg.sender,
            swap_.givenCollection,
            swap_.givenId,
            swap_.wantedCollection,
            swap_.wantedId
        );
        _handOver(swap_.givenCollection, swap_.givenId, maker, msg.sender);
        _handOver(swap_.wantedCollection, swap_.wantedId, msg.sender, maker);
    }

    /* SETTLE */

    struct Sale {
        bytes32 documentId;
        address seller;
        address buyer;
        address collection;
        uint256 creationId;
        uint256 tenure;
        address asset;
        uint256 price;
        address referrer;
        uint256 referralBps;
        uint256 royaltyBpsMax;
    }

    /// @dev The creation against the price. The creation goes first: the registry calls nobody.
    /// @param bound Whether the sale is bound to the creation's tenure.
    function _settle(Sale memory sale, bool bound) private {
        (Division memory part, uint256 tenure) = _divideSale(
            sale.collection,
            sale.creationId,
            sale.seller,
            sale.price,
            sale.referrer,
            sale.referralBps,
            sale.royaltyBpsMax
        );
        if (bound && tenure != sale.tenure) {
            revert Creation_Moved(sale.creationId, tenure, sale.tenure);
        }
        _announceSale(sale, part);
        _handOver(sale.collection, sale.creationId, sale.seller, sale.buyer);
        _payAll(sale, part, address(0), 0);
    }

    function _announceSale(Sale memory sale, Division memory part) private {
        emit SaleSettled(
            sale.documentId,
            sale.seller,
            sale.buyer,
            sale.collection,
            sale.creationId,
            sale.asset,
            sale.price,
            sale.referrer,
            part.creator,
            part.royalty,
            part.referral,
            part.fee
        );
        if (sale.asset == COIN) _credit(COIN, FEE_RECIPIENT, part.fee);
    }

    /// @param sponsor Who is repaid of the seller's part; `repaid` is what.
    function _payAll(
        Sale memory sale,
        Division memory part,
        address sponsor,
        uint256 repaid
    ) private {
        if (sale.asset == COIN) {
            _distribute(sale.documentId, COIN, sale.seller, sale.referrer, part);
            _pay(sale.documentId, COIN, sponsor, repaid);
        } else {
            _payTokens(sale, part, sponsor, repaid);
        }
    }

    /// @dev From the buyer straight to everybody. What goes wrong with a payee is credited; a token that
    /// takes more from the buyer than the price, or gives the seller less than their part, is refused.
    function _payTokens(
        Sale memory sale,
        Division memory part,
        address sponsor,
        uint256 repaid
    ) private {
        address asset = sale.asset;
        if (asset.code.length == 0) revert Asset_HasNoCode(asset);
        uint256 buyerHad = SafeTransferLib.balanceOf(asset, sale.buyer);
        uint256 sellerHad = SafeTransferLib.balanceOf(asset, sale.seller);
        bool direct = _payFrom(sale, sale.seller, part.seller);
        if (part.creator != address(0)) _payFrom(sale, part.creator, part.royalty);
        for (uint256 i = 0; i < part.payees.length; ++i) {
            uint256 amount = part.amounts[i];
            if (amount == 0) continue;
            emit RoyaltyPaid(sale.documentId, part.payees[i], amount);
            _payFrom(sale, part.payees[i], amount);
        }
        _payFrom(sale, sale.referrer, part.referral);
        _payFrom(sale, FEE_RECIPIENT, part.fee);
        _payFrom(sale, sponsor, repaid);
        uint256 buyerHas = SafeTransferLib.balanceOf(asset, sale.buyer);
        uint256 sellerHas = SafeTransferLib.balanceOf(asset, sale.seller);
        bool overpaid = buyerHas + sale.price < buyerHad;
        bool underpaid = direct && sellerHas < sellerHad + part.seller;
        if (overpaid || underpaid) {
            revert Payment_Wrong(asset, buyerHad, buyerHas, sellerHad, sellerHas);
        }
    }

    /// @return direct Whether the payee has it; otherwise the market took it in and credited it.
    function _payFrom(
        Sale memory sale,
        address payee,
        uint256 amount
    ) private returns (bool direct) {
        if (amount == 0) return true;
        address asset = sale.asset;
        address payer = sale.buyer;
        uint256 gasLimit = TOKEN_GAS;
        uint256 gasBefore = gasleft();
        bytes4 selector = IERC20.transferFrom.selector;
        // Reads one word at most of what comes back: true, or nothing at all.
        assembly ("memory-safe") {
            let order := mload(0x40)
            mstore(order, selector)
            mstore(add(order, 0x04), payer)
            mstore(add(order, 0x24), payee)
            mstore(add(order, 0x44), amount)
            direct := call(gasLimit, asset, 0, order, 0x64, 0x00, 0x20)
            let said := or(
                iszero(returndatasize()),
                and(gt(returndatasize(), 0x1f), eq(mload(0x00), 1))
            )
            direct := and(direct, said)
        }
        if (direct) return true;
        _checkGas(gasBefore, gasLimit);
        _pull(asset, sale.buyer, amount);
        _credit(asset, payee, amount);
        emit Credited(sale.documentId, payee, asset, amount);
    }

    function _domainNameAndVersion()
        internal
        pure
        override
        returns (string memory name, string memory version)
    {
        return ("Dokkaebi CreationMarket", "1");
    }

    /* VIEWS */

    /// @inheritdoc ICreationMarket
    function hashOffer(Offer calldata offer_) public view override returns (bytes32 offerId) {
        uint256 position;
        assembly {
            position := offer_
        }
        return _hashTypedData(_hashWords(OFFER_TYPEHASH, position, 13));
    }

    /// @inheritdoc ICreationMarket
    function hashBid(Bid calldata bid) public view override returns (bytes32 bidId) {
        uint256 position;
        assembly {
            position := bid
        }
        return _hashTypedData(_hashWords(BID_TYPEHASH, position, 9));
    }

    /// @inheritdoc ICreationMarket
    function hashSwap(Swap calldata swap_) public view override returns (bytes32 swapId) {
        uint256 position;
        assembly {
            position := swap_
        }
        return _hashTypedData(_hashWords(SWAP_TYPEHASH, position, 10));
    }

    /// @inheritdoc ICreationMarket
    function hashAcceptance(
        Acceptance calldata acceptance
    ) public view override returns (bytes32 digest) {
        uint256 position;
        assembly {
            position := acceptance
        }
        return _hashTypedData(_hashWords(ACCEPTANCE_TYPEHASH, position, 6));
    }

    /// @inheritdoc ICreationMarket
    function sellerOf(bytes32 offerId) external view override returns (address seller) {
        return _offers[offerId];
    }

    /// @inheritdoc ICreationMarket
    function priceOf(Offer calldata offer_) external view override returns (uint256 price) {
        return _priceOf(hashOffer(offer_), offer_);
    }

    /// @inheritdoc ICreationMarket
    function splitOf(
        Offer calldata offer_,
        address referrer
    )
        external
        view
        override
        returns (uint256 seller, uint256 royalty, uint256 referral, uint256 fee)
    {
        (Division memory part, ) = _divideSale(
            offer_.collection,
            offer_.creationId,
            offer_.seller,
            _priceOf(hashOffer(offer_), offer_),
            referrer,
            offer_.referralBps,
            offer_.royaltyBpsMax
        );
        return (part.seller, part.royalty, part.referral, part.fee);
    }
}
