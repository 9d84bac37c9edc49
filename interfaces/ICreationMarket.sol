// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

import {ICreationRegistry} from "./ICreationRegistry.sol";

/// @title Creations that change hands at once
/// @notice Whoever owns a creation offers it, on chain or by a signature that costs nothing; whoever wants
/// one bids for it by a signature; and two owners swap. Each sale is one transaction: the creation against
/// its price, divided and paid, or nothing at all. Nothing is ever held here but credits.
/// @dev Any ERC-721 can be sold; how the registry's and other collections differ: `ICollections`.
/// @dev A document's id is its EIP-712 digest. A signed document works once, by its nonce. A published
/// offer works once by being taken off; signing what is also published gives a second consent.
/// @dev Payment in tokens goes from the payer straight to each payee, the community included; if one of
/// them can't be paid, the market takes that part in and credits it. Coins go through the market; the
/// community's part of them is always credited.
/// @dev Warning: a bid for any work of a creator takes the first that an owner chooses to give.
interface ICreationMarket {
    /// @notice What a seller offers, and on which terms. An EIP-712 struct.
    struct Offer {
        /// Who sells and is paid.
        address seller;
        /// Who may buy; zero for anybody.
        address buyer;
        /// The ERC-721 contract of the creation.
        address collection;
        /// The creation sold.
        uint256 creationId;
        /// The creation's tenure in the registry when the offer was made; zero in another collection.
        uint256 tenure;
        /// Of a falling price: when it starts to fall, and the first second to buy. Zero if it is fixed.
        uint256 start;
        /// Price in the asset's smallest unit, 1 to 2^128 - 1. Of a falling price: where it starts.
        uint256 price;
        /// Of a falling price: where it ends, at the expiry. Zero if the price is fixed.
        uint256 endPrice;
        /// ERC-20 token of the price, or zero for the chain's own coin.
        address asset;
        /// Last second at which the offer can be taken.
        uint256 expiry;
        /// The highest ERC-2981 royalty that the seller pays, basis points of the price. The royalty of the
        /// registry's own creations never changes and is always paid; zero for them.
        uint256 royaltyBpsMax;
        /// Commission for whoever brings the buyer, basis points of the price.
        uint256 referralBps;
        /// One of the seller's nonces; of a published offer, any number.
        uint256 nonce;
    }

    /// @notice What somebody would pay, in tokens. An EIP-712 struct.
    struct Bid {
        /// Who buys and pays.
        address bidder;
        /// The ERC-721 contract of the creation.
        address collection;
        /// The creation wanted, or zero for any work of `creator`.
        uint256 creationId;
        /// Whose work is wanted, of the registry's; zero for the one creation.
        address creator;
        /// The creation's tenure when the bid was made; zero for any work, and in another collection.
        uint256 tenure;
        /// ERC-20 token of the price.
        address asset;
        /// Price in the asset's smallest unit, 1 to 2^128 - 1.
        uint256 price;
        /// Last second at which the bid can be accepted.
        uint256 expiry;
        /// One of the bidder's nonces.
        uint256 nonce;
    }

    /// @notice One creation for another, without money. An EIP-712 struct.
    struct Swap {
        /// Who signs, gives the one and gets the other.
        address maker;
        /// Who may swap; zero for whoever owns what is wanted.
        address taker;
        /// What the maker gives.
        address givenCollection;
        uint256 givenId;
        uint256 givenTenure;
        /// What the maker wants.
        address wantedCollection;
        uint256 wantedId;
        uint256 wantedTenure;
        /// Last second at which it can be taken.
        uint256 expiry;
        /// One of the maker's nonces.
        uint256 nonce;
    }

    /// @notice A seller takes a bid, for whoever brings both. An EIP-712 struct.
    struct Acceptance {
        /// Who owns the creation and is paid.
        address seller;
        /// The bid that is taken.
        bytes32 bidId;
        /// The creation given: the one wanted, or any work of the wanted creator.
        uint256 creationId;
        /// The creation's tenure when this was signed; zero in another collection.
        uint256 tenure;
        /// The highest ERC-2981 royalty that the seller pays, basis points; zero for the registry's creations.
        uint256 royaltyBpsMax;
        /// Last second at which it can be brought.
        uint256 expiry;
    }

    /* ERRORS */

    /// @notice Offers are published and taken off by their seller.
    error Offer_NotSeller(address caller, address seller);

    /// @notice A price falls from its start, before the expiry, to an end below it and above zero; a fixed one
    /// has neither start nor end.
    error Offer_FallWrong(uint256 start, uint256 endPrice);

    /// @notice The commission is above what the code allows, basis points.
    error Offer_ReferralTooHigh(uint256 referralBps, uint256 max);

    /// @notice The offer comes without a signature and isn't published: never, taken off or taken.
    error Offer_NotOpen(bytes32 offerId);

    /// @notice The offer is reserved for somebody else.
    error Offer_Reserved(address caller, address buyer);

    /// @notice The price hasn't started to fall, and the offer can't be taken before.
    error Offer_NotStarted(bytes32 offerId, uint256 start, uint256 timestamp);

    /// @notice The referrer may not be a party of the sale or the market itself.
    error Referrer_NotAllowed(address referrer);

    /// @notice A bid is in tokens, for one creation or (in the registry) for any work of one creator.
    error Bid_TermsWrong(address asset, uint256 creationId, address creator);

    /// @notice This isn't what the bidder wants.
    error Bid_CreationWrong(uint256 creationId, address creator);

    /// @notice The seller accepted another bid than the one that was brought.
    error Acceptance_OtherBid(bytes32 acceptedId, bytes32 bidId);

    /// @notice The sponsor would get more than the seller's part, smallest unit.
    error Sponsor_TooDear(uint256 sponsorAmount, uint256 sellerPart);

    /// @notice The swap is reserved for somebody else.
    error Swap_Reserved(address caller, address taker);

    /// @notice The token took more from the buyer than the price, or gave the seller less than their part;
    /// balances before and after, smallest unit.
    error Payment_Wrong(
        address asset,
        uint256 buyerHad,
        uint256 buyerHas,
        uint256 sellerHad,
        uint256 sellerHas
    );

    /// @notice `buyMany` takes at least one offer, and a signature (empty for a published one) for each.
    error Offers_CountWrong(uint256 offers, uint256 signatures);

    /* EVENTS */

    /// @notice An offer can be taken from now on. Published while it is open, it is said again and no more.
    event OfferPublished(bytes32 indexed offerId, Offer offer);

    /// @notice A published offer was taken off.
    event OfferCancelled(bytes32 indexed offerId, address indexed seller);

    /// @notice An owner gave a creation for a bid. Its `SaleSettled` follows.
    event BidAccepted(bytes32 indexed bidId, address indexed bidder, address indexed seller);

    /// @notice A sale: the creation is the buyer's, the price is divided.
    /// @dev The seller gets `price - royalty - referral - fee`, less what a `SponsorRepaid` beside it says.
    /// @param documentId The offer's, the bid's or the voucher's id.
    /// @param creator Who gets all of the royalty; zero if nobody does, or several: then `RoyaltyPaid` tells.
    event SaleSettled(
        bytes32 indexed documentId,
        address indexed seller,
        address indexed buyer,
        address collection,
        uint256 creationId,
        address asset,
        uint256 price,
        address referrer,
        address creator,
        uint256 royalty,
        uint256 referral,
        uint256 fee
    );

    /// @notice Of the seller's part of a work's first sale, whoever paid gas for them gets `amount`, as the seller
    /// signed. Stands beside `SaleSettled`.
    event SponsorRepaid(bytes32 indexed documentId, address indexed sponsor, uint256 amount);

    /// @notice Two creations changed hands, without money.
    event SwapSettled(
        bytes32 indexed swapId,
        address indexed maker,
        address indexed taker,
        address givenCollection,
        uint256 givenId,
        address wantedCollection,
        uint256 wantedId
    );

    /* OFFER */

    /// @notice Publishes an offer of the caller's. The creation stays with the seller, who approves the
    /// market in its collection before somebody can take the offer.
    /// @return offerId The offer's id, `hashOffer(offer_)`.
    function offer(Offer calldata offer_) external returns (bytes32 offerId);

    /* CANCEL */

    /// @notice Takes a published offer of the caller's off. Signed documents: `cancelNonces`.
    function cancel(bytes32 offerId) external;

    /* BUY */

    /// @notice Takes an offer: pays its price, divides it and gets the creation, or nothing at all. Coins go
    /// along as value, what is too much comes back; tokens are pulled and need an approval.
    /// @param signature The seller's, or empty for a published offer.
    /// @param referrer Who brought the buyer; zero for nobody.
    function buy(
        Offer calldata offer_,
        bytes calldata signature,
        address referrer
    ) external payable;

    /// @notice `buy` in tokens with a permit of the caller's instead of an approval. That somebody else used
    /// the permit first does no harm.
    /// @param permit ERC-2612: abi.encode(value, deadline, v, r, s), 160 bytes.
    function buyWithPermit(
        Offer calldata offer_,
        bytes calldata signature,
        address referrer,
        bytes calldata permit
    ) external;

    /// @notice Takes several offers, all or none; `signatures[i]` belongs to `offers[i]`.
    function buyMany(
        Offer[] calldata offers,
        bytes[] calldata signatures,
        address referrer
    ) external payable;

    /* BUY NEW */

    /// @notice Registers a work by its creator's voucher and buys it, in one transaction: who signed is its
    /// creator, who calls its first owner. Coins go along as value, what is too much comes back; tokens are
    /// pulled and need an approval or a permit.
    /// @param voucher Its `sale.market` is this market.
    /// @param signature The creator's.
    /// @param referrer Who brought the buyer; zero for nobody.
    /// @param permit ERC-2612 as in `buyWithPermit`, or empty.
    /// @return creationId The creation's id in `REGISTRY`.
    function buyNew(
        ICreationRegistry.Voucher calldata voucher,
        bytes calldata signature,
        address referrer,
        bytes calldata permit
    ) external payable returns (uint256 creationId);

    /* ACCEPT */

    /// @notice An owner gives a creation for a bid, and is paid its price, divided.
    /// @param creationId The creation given: the one wanted, or any work of the wanted creator.
    /// @param royaltyBpsMax The highest ERC-2981 royalty that the seller pays, basis points; zero for the
    /// registry's creations.
    /// @param permit The bidder's, as in `buyWithPermit`, or empty.
    function accept(
        Bid calldata bid,
        bytes calldata signature,
        uint256 creationId,
        uint256 royaltyBpsMax,
        bytes calldata permit
    ) external;

    /// @notice `accept` for a seller who signed an `Acceptance`.
    /// @param signature The bidder's.
    /// @param permit The bidder's, as in `buyWithPermit`, or empty.
    function acceptFor(
        Bid calldata bid,
        bytes calldata signature,
        Acceptance calldata acceptance,
        bytes calldata sellerSignature,
        bytes calldata permit
    ) external;

    /* SWAP */

    /// @notice The caller gives what a maker wants, and gets what the maker gives.
    function swap(Swap calldata swap_, bytes calldata signature) external;

    /* VIEWS */

    /// @notice The id of an offer: its EIP-712 digest, which its seller signs.
    function hashOffer(Offer calldata offer_) external view returns (bytes32 offerId);

    /// @notice The id of a bid: its EIP-712 digest, which its bidder signs.
    function hashBid(Bid calldata bid) external view returns (bytes32 bidId);

    /// @notice The id of a swap: its EIP-712 digest, which its maker signs.
    function hashSwap(Swap calldata swap_) external view returns (bytes32 swapId);

    /// @notice What a seller signs to accept a bid: the EIP-712 digest.
    function hashAcceptance(Acceptance calldata acceptance) external view returns (bytes32 digest);

    /// @notice Whose published offer this is; zero if it isn't open. It can still be expired or its creation gone.
    function sellerOf(bytes32 offerId) external view returns (address seller);

    /// @notice The price of an offer at this moment, smallest unit.
    function priceOf(Offer calldata offer_) external view returns (uint256 price);

    /// @notice How the price of an offer would be divided now.
    function splitOf(
        Offer calldata offer_,
        address referrer
    ) external view returns (uint256 seller, uint256 royalty, uint256 referral, uint256 fee);

    /// @notice The highest commission an offer can promise, basis points.
    function REFERRAL_BPS_MAX() external view returns (uint256);
}
