// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// @title Money that waits until something is delivered
/// @notice Goods, services and commissions: the buyer pays in coins or in an ERC-20 token, and the price
/// stays in escrow until the buyer confirms, the seller refunds, both settle, an arbiter whom both agreed to
/// divides it, or a deadline passes that anybody may trigger. A seller offers on chain or by a signature that
/// costs nothing; or a buyer funds a request first, and a maker accepts it. An offer may have several units; a
/// trade may have several parts, each delivered and paid on its own.
/// @dev A document's id is its EIP-712 digest. Each uses one nonce of its signer's, published ones too, so
/// no document and no trade ever comes back. A trade's id is keccak256(abi.encode(trade)). Terms live in the
/// events (`OfferPublished`, `WorkRequested`, `EscrowFunded`); later calls bring them back, and they must hash to the id.
/// @dev Life of a trade, each arrow once for each part, and every end is final:
/// `Funded -ship-> Shipped`, `Shipped -dispute-> Disputed`, any of them `-confirm-> part paid`,
/// `-refund-> rest refunded`, `-settle-> rest divided`, `Disputed -rule-> rest divided`;
/// after the deadline `Funded -> rest refunded`, `Shipped -> part paid`, `Disputed -> rest divided by
/// default`. A part paid that isn't the last leads to `Funded` for the next part.
/// @dev Parts: percents of the amount, the last part takes what rounding leaves. Fees, royalty and
/// commission are taken from what the seller gets, part by part, each rounded down.
/// @dev Dividing: the arbiter's fee first, then the buyer's share rounded down, the rest to the seller. A
/// creation in escrow goes to the buyer if the seller gets at least half, else back to the seller.
/// @dev The creation handed over with goods (certificate) is one of `REGISTRY`; an offer of it dies when the
/// creation changes hands.
/// @dev Warning: an arbiter can be wrong, silent or friends with a party. Agree only to one whom you know;
/// without one (`arbiter` zero) nobody can dispute.
/// @dev Warning: a request that names no maker goes to whoever accepts it first; who then doesn't ship keeps
/// the money waiting until the ship deadline.
/// @dev Warning: creations are handed over by `transferFrom`; a contract that buys must be able to handle them.
/// @dev Warning: creations sent to the market outside of `fund` and `accept` belong to nobody.
interface IEscrowMarket {
    /// @notice What a trade is.
    enum TradeState {
        /// Never funded, or ended.
        None,
        /// In escrow, the current part not shipped.
        Funded,
        /// The current part is shipped, under inspection by the buyer.
        Shipped,
        /// Disputed; the arbiter rules.
        Disputed
    }

    /// @notice Why money left a trade.
    enum Reason {
        /// The buyer confirmed: the seller was paid.
        Confirmed,
        /// The buyer neither confirmed nor disputed in time: the seller was paid.
        InspectionTimeout,
        /// The seller refunded: the buyer was paid back.
        SellerRefund,
        /// The seller didn't ship in time: the buyer was paid back.
        ShipTimeout,
        /// The arbiter divided it.
        Ruled,
        /// Both divided it.
        Settled,
        /// The arbiter was silent: it was divided by default.
        ArbiterSilent
    }

    /// @notice What a seller offers, or a buyer requests, and on which terms. An EIP-712 struct, signed as
    /// `Offer` by a seller, or funded as `Request` by a buyer.
    struct Offer {
        /// Who delivers and is paid. Of a request: who may accept it, zero for anybody.
        address seller;
        /// Who pays. Of an offer: who may take it, zero for anybody.
        address buyer;
        /// The creation of the registry handed over as certificate; zero without one.
        uint256 creationId;
        /// The creation's tenure when the document was made; the document dies with it.
        uint256 tenure;
        /// ERC-20 token of the price, or zero for the chain's own coin.
        address asset;
        /// Price of one unit, smallest unit, at least 1; all units together at most 2^128 - 1.
        uint256 price;
        /// How many units there are, 1 to 2^32 - 1. One if there is a certificate, and of a request.
        uint256 units;
        /// Last second at which the document can be taken or accepted.
        uint256 expiry;
        /// Seconds that the seller has to ship a part, from the payment or the part before it on.
        uint256 shipSeconds;
        /// Seconds that the buyer has to inspect a part, from shipping on.
        uint256 inspectSeconds;
        /// Commission for whoever brings the buyer, basis points of what the seller gets. Zero in a request.
        uint256 referralBps;
        /// Who rules if the buyer disputes: a person, or a contract such as `ArbitrationDesk`; zero for nobody.
        address arbiter;
        /// What ruling costs, basis points of what is divided, at most `ARBITER_FEE_BPS_MAX`.
        uint256 arbiterFeeBps;
        /// Seconds that the arbiter has to rule, from the dispute on. Zero without an arbiter.
        uint256 rulingSeconds;
        /// What the seller gets if the arbiter is silent, basis points of what is divided.
        uint256 silentSellerBps;
        /// Percents of the parts, 2 to 12 of them that make 100; empty for a single one.
        uint8[] parts;
        /// sha2-256 of a document that describes goods or services; zero without one.
        bytes32 details;
        /// One of the seller's nonces; of a request, the buyer's.
        uint256 nonce;
    }

    /// @notice A trade: who took which offer, and the terms that still matter.
    struct Trade {
        /// The offer that was taken, or the request that was accepted.
        bytes32 offerId;
        /// Who delivers and is paid.
        address seller;
        /// Who paid.
        address buyer;
        /// Who brought the buyer; zero for nobody.
        address referrer;
        /// Who rules if the buyer disputes; zero for nobody.
        address arbiter;
        /// The creation held as certificate; zero without one.
        uint256 creationId;
        /// What was paid: an ERC-20 token, or zero for the chain's own coin.
        address asset;
        /// How much was paid, smallest unit.
        uint256 amount;
        /// The other terms, from the lowest bit: shipSeconds 24 | inspectSeconds 24 | rulingSeconds 24 |
        /// referralBps 16 | arbiterFeeBps 16 | silentSellerBps 16 | units taken of the offer before 32 |
        /// percents of up to 12 parts, 8 each, the first lowest, all zero for a single part.
        uint256 terms;
    }

    /* ERRORS */

    /// @notice Offers are published by their seller, requests by their buyer.
    error Document_NotOwn(address caller, address owner);

    /// @notice The price is zero, or the price of all units above 2^128 - 1.
    error Offer_PriceOutOfRange(uint256 price, uint256 max);

    /// @notice The number of units is out of bounds.
    error Offer_UnitsOutOfRange(uint256 units, uint256 max);

    /// @notice The document expires too far in the future, or (published) not after now.
    error Expiry_OutOfRange(uint256 expiry, uint256 min, uint256 max);

    /// @notice The commission is above what the code allows, basis points.
    error Offer_ReferralTooHigh(uint256 referralBps, uint256 max);

    /// @notice The time to ship is out of bounds, seconds.
    error Offer_ShipWindowOutOfRange(uint256 shipSeconds, uint256 min, uint256 max);

    /// @notice The time to inspect is out of bounds, seconds.
    error Offer_InspectWindowOutOfRange(uint256 inspectSeconds, uint256 min, uint256 max);

    /// @notice The time to rule is out of bounds, seconds; zero, and only zero, without an arbiter.
    error Offer_RulingWindowOutOfRange(uint256 rulingSeconds, uint256 min, uint256 max);

    /// @notice The arbiter's fee is above what the code allows, basis points; zero without an arbiter.
    error Offer_ArbiterFeeTooHigh(uint256 arbiterFeeBps, uint256 max);

    /// @notice The division by default is above the whole, basis points; zero without an arbiter.
    error Offer_DefaultOutOfRange(uint256 sellerBps, uint256 max);

    /// @notice Parts are 2 to `PARTS_MAX` percents above zero that make 100, or none.
    error Offer_PartsWrong(uint256 count, uint256 percents);

    /// @notice The offer comes without a signature and isn't published: never, taken off or sold out.
    error Offer_NotOpen(bytes32 offerId);

    /// @notice Fewer units are left than wanted, or none is wanted.
    error Offer_UnitsWrong(bytes32 offerId, uint256 wanted, uint256 left);

    /// @notice The document is reserved for somebody else.
    error Document_Reserved(address caller, address reservedFor);

    /// @notice The creation changed hands since the document was made.
    error Creation_Moved(uint256 creationId, uint256 tenure, uint256 documentTenure);

    /// @notice Sellers can't buy from themselves.
    error Buyer_IsSeller(address account);

    /// @notice The referrer may not be a party of the trade or the market itself.
    error Referrer_NotAllowed(address referrer);

    /// @notice The arbiter may not be a party of the trade or the market itself.
    error Arbiter_NotAllowed(address arbiter);

    /// @notice A request has one unit and no commission.
    error Request_TermsWrong(uint256 units, uint256 referralBps);

    /// @notice The request isn't open: never funded, retracted or accepted.
    error Request_NotOpen(bytes32 requestId);

    /// @notice Only the seller of the trade may do this.
    error Trade_NotSeller(address caller, address seller);

    /// @notice Only the buyer of the trade may do this.
    error Trade_NotBuyer(address caller, address buyer);

    /// @notice Only the buyer and the seller of the trade may do this.
    error Trade_NotParty(address caller);

    /// @notice Only the arbiter of the trade may do this; zero if it has none.
    error Trade_NotArbiter(address caller, address arbiter);

    /// @notice The trade isn't in the state that this needs. `None` means never funded, ended, or
    /// that the terms brought along aren't those of any trade.
    error Trade_StateWrong(bytes32 tradeId, TradeState seen, TradeState needed);

    /// @notice The deadline for this has passed.
    error Trade_DeadlinePassed(bytes32 tradeId, uint256 deadline, uint256 timestamp);

    /// @notice The deadline for this hasn't passed.
    error Trade_DeadlineNotPassed(bytes32 tradeId, uint256 deadline, uint256 timestamp);

    /// @notice Nobody can give the seller more than all, basis points.
    error Division_OutOfRange(uint256 sellerBps, uint256 max);

    /* EVENTS */

    /// @notice An offer can be taken from now on.
    event OfferPublished(bytes32 indexed offerId, address indexed seller, Offer offer);

    /// @notice A published offer was taken off, with all units that are left.
    event OfferCancelled(bytes32 indexed offerId, address indexed seller);

    /// @notice A buyer paid for work that somebody may accept.
    event WorkRequested(bytes32 indexed requestId, address indexed buyer, Offer request);

    /// @notice A buyer took a request and the money back.
    event RequestRetracted(bytes32 indexed requestId, address indexed buyer);

    /// @notice The price of an offer is in escrow, or a request was accepted; the creation (if any) with it.
    /// @param trade The terms that later calls bring back.
    /// @param units How many units were taken.
    /// @param details As in the document.
    /// @param shipDeadline Last second at which the seller can ship the first part.
    event EscrowFunded(
        bytes32 indexed tradeId,
        bytes32 indexed offerId,
        address indexed buyer,
        Trade trade,
        uint256 units,
        bytes32 details,
        uint256 shipDeadline
    );

    /// @notice The seller shipped the current part; the buyer inspects until `inspectDeadline`.
    /// @param shipment sha2-256 of a document about the shipment; zero without one.
    event EscrowShipped(bytes32 indexed tradeId, bytes32 shipment, uint256 inspectDeadline);

    /// @notice A part that isn't the last was paid; the next can be shipped until `shipDeadline`.
    /// @param part Which, from zero.
    /// @dev The seller gets `amount - fee` less what the `RoyaltyPaid` and `ReferralPaid` beside it say.
    event PartReleased(
        bytes32 indexed tradeId,
        uint256 part,
        Reason reason,
        uint256 amount,
        uint256 fee,
        uint256 shipDeadline
    );

    /// @notice The trade ended: the last part was paid.
    /// @dev The seller gets what was left in escrow less `fee` and what the `RoyaltyPaid` and `ReferralPaid`
    /// beside it say.
    event EscrowReleased(bytes32 indexed tradeId, Reason reason, uint256 fee);

    /// @notice The trade ended: the buyer gets back all that was left in escrow.
    event EscrowRefunded(bytes32 indexed tradeId, Reason reason);

    /// @notice The buyer disputes; the arbiter can rule until `rulingDeadline`.
    event EscrowDisputed(bytes32 indexed tradeId, address indexed arbiter, uint256 rulingDeadline);

    /// @notice ERC-1497: a party says something about a trade; `evidence` is where the document is,
    /// `ipfs://f01551220<sha2-256>`: a CIDv1, raw, in base 16.
    /// @param evidenceGroupID The trade's id.
    event Evidence(
        address indexed arbitrator,
        uint256 indexed evidenceGroupID,
        address indexed party,
        string evidence
    );

    /// @notice The trade ended: what was left in escrow was divided.
    /// @param toBuyer What the buyer gets.
    /// @param arbiterFee What `feeRecipient` gets.
    /// @dev The seller gets the rest less `fee` and what the `RoyaltyPaid` and `ReferralPaid` beside it say.
    event EscrowDivided(
        bytes32 indexed tradeId,
        Reason reason,
        uint256 toBuyer,
        uint256 arbiterFee,
        address feeRecipient,
        uint256 fee
    );

    /* OFFER */

    /// @notice Publishes an offer of the caller's and uses its nonce. Of a creation it keeps nothing: the
    /// creation stays with the seller, who approves the market in the registry before somebody can take the offer.
    /// @return offerId The offer's id, `hashOffer(offer_)`.
    function offer(Offer calldata offer_) external returns (bytes32 offerId);

    /* CANCEL */

    /// @notice Takes a published offer of the caller's off. Signed ones: `cancelNonces`.
    function cancel(bytes32 offerId) external;

    /* FUND */

    /// @notice Takes units of an offer: their price goes into escrow, with the creation if it names one.
    /// Coins go along as value, exactly; tokens are pulled and need an approval.
    /// @param signature The seller's, or empty for a published offer.
    /// @param units How many units.
    /// @param referrer Who brought the buyer; zero for nobody.
    /// @return tradeId The trade's id, `hashTrade`.
    function fund(
        Offer calldata offer_,
        bytes calldata signature,
        uint256 units,
        address referrer
    ) external payable returns (bytes32 tradeId);

    /// @notice `fund` in tokens with a permit of the caller's instead of an approval. That somebody else used
    /// the permit first does no harm.
    /// @param permit ERC-2612: abi.encode(value, deadline, v, r, s), 160 bytes.
    function fundWithPermit(
        Offer calldata offer_,
        bytes calldata signature,
        uint256 units,
        address referrer,
        bytes calldata permit
    ) external returns (bytes32 tradeId);

    /* REQUEST */

    /// @notice The caller pays for work that somebody may accept, and uses the request's nonce.
    /// @param permit As in `fundWithPermit`, or empty.
    /// @return requestId The request's id, `hashRequest(request_)`.
    function request(
        Offer calldata request_,
        bytes calldata permit
    ) external payable returns (bytes32 requestId);

    /// @notice Gives an open request's money back to its buyer: at any time if the buyer calls, after the expiry
    /// if anybody does.
    function retract(Offer calldata request_) external;

    /// @notice The caller becomes the seller of what was requested; a creation that it names comes along.
    /// @return tradeId The trade's id, `hashTrade`.
    function accept(Offer calldata request_) external returns (bytes32 tradeId);

    /// @notice `accept` for a maker who signed EIP-712
    /// `Acceptance(bytes32 requestId,address seller,uint256 expiry)`. The request is accepted once.
    /// @param expiry Last second at which the acceptance can be brought.
    function acceptFor(
        Offer calldata request_,
        address seller,
        uint256 expiry,
        bytes calldata signature
    ) external returns (bytes32 tradeId);

    /* SHIP */

    /// @notice The seller says that the goods are on their way, or the part is done. Until the ship
    /// deadline, its last second included.
    /// @param shipment sha2-256 of a document about the shipment; zero without one.
    function ship(Trade calldata trade, bytes32 shipment) external;

    /// @notice `ship` for a seller who signed EIP-712
    /// `Shipment(bytes32 tradeId,uint256 part,bytes32 shipment,uint256 expiry)`. A part is shipped once.
    /// @param expiry Last second at which it can be brought; of use only before the ship deadline.
    function shipFor(
        Trade calldata trade,
        bytes32 shipment,
        uint256 expiry,
        bytes calldata signature
    ) external;

    /* CONFIRM */

    /// @notice The buyer is content: the current part is divided and paid. Also before shipping, for goods
    /// handed over in person, and in a dispute, to concede; then it is the current part as well.
    function confirm(Trade calldata trade) external;

    /* REFUND */

    /// @notice The seller gives all that is left in escrow back to the buyer, at any time before the end.
    function refund(Trade calldata trade) external;

    /// @notice `refund` for a seller who signed EIP-712
    /// `Refund(bytes32 tradeId,uint256 part,uint256 expiry)`. Dead when the part has been paid.
    /// @param expiry Last second at which it can be brought.
    function refundFor(Trade calldata trade, uint256 expiry, bytes calldata signature) external;

    /* TIMEOUT */

    /// @notice What a passed deadline means, for anybody to call: not shipped, then the buyer gets the rest
    /// back; shipped and neither confirmed nor disputed, then the part is paid; disputed and not ruled, then the
    /// rest is divided by default.
    function claimTimeout(Trade calldata trade) external;

    /* DISPUTE */

    /// @notice The buyer calls the arbiter, until the inspect deadline, its last second included.
    /// @param evidence sha2-256 of a document; zero without one.
    function dispute(Trade calldata trade, bytes32 evidence) external;

    /// @notice A party says something about a disputed trade.
    /// @param evidence sha2-256 of a document.
    function submitEvidence(Trade calldata trade, bytes32 evidence) external;

    /// @notice `submitEvidence` for a party that signed EIP-712
    /// `Evidence(bytes32 tradeId,address party,bytes32 evidence,uint256 expiry,uint256 nonce)`.
    /// @param expiry Last second at which it can be brought.
    /// @param nonce One of the party's nonces.
    function submitEvidenceFor(
        Trade calldata trade,
        address party,
        bytes32 evidence,
        uint256 expiry,
        uint256 nonce,
        bytes calldata signature
    ) external;

    /// @notice The arbiter divides what is left in escrow, until the ruling deadline, its last second included.
    /// @param sellerBps The seller's share of it less the arbiter's fee, basis points.
    /// @param feeRecipient Who gets the arbiter's fee.
    function rule(Trade calldata trade, uint256 sellerBps, address feeRecipient) external;

    /* SETTLE */

    /// @notice Both divide what is left in escrow, at any time before the end, without the arbiter.
    /// @param sellerBps The seller's share, basis points.
    /// @param expiry Last second at which this can be carried out.
    /// @param buyerSignature The buyer's under `hashSettlement`; empty if the buyer calls.
    /// @param sellerSignature The seller's; empty if the seller calls.
    function settle(
        Trade calldata trade,
        uint256 sellerBps,
        uint256 expiry,
        bytes calldata buyerSignature,
        bytes calldata sellerSignature
    ) external;

    /* VIEWS */

    /// @notice The id of an offer: its EIP-712 digest, which its seller signs.
    function hashOffer(Offer calldata offer_) external view returns (bytes32 offerId);

    /// @notice The id of a request: its EIP-712 digest as `Request`.
    function hashRequest(Offer calldata request_) external view returns (bytes32 requestId);

    /// @notice What both sign to settle: EIP-712
    /// `Settlement(bytes32 tradeId,uint256 part,uint256 sellerBps,uint256 expiry)`.
    /// @param part The current part, from zero: what was left when they agreed.
    function hashSettlement(
        bytes32 tradeId,
        uint256 part,
        uint256 sellerBps,
        uint256 expiry
    ) external view returns (bytes32 digest);

    /// @notice The id of a trade.
    function hashTrade(Trade calldata trade) external pure returns (bytes32 tradeId);

    /// @notice Whose published offer or open request this is, zero if it isn't open, and how many units of an
    /// offer are left, zero for a request. An open document can still be expired or its creation gone.
    function documentOf(bytes32 documentId) external view returns (address owner, uint256 units);

    /// @notice How many units of a signed offer were taken, if it has more than one.
    function unitsTaken(bytes32 offerId) external view returns (uint256 units);

    /// @notice What a trade is, the last second of its current window, and its current part, from zero.
    function tradeState(
        bytes32 tradeId
    ) external view returns (TradeState state, uint256 deadline, uint256 part);

    /// @notice How the price of one unit of an offer would be divided now, if paid in one part.
    function splitOf(
        Offer calldata offer_,
        address referrer
    ) external view returns (uint256 seller, uint256 royalty, uint256 referral, uint256 fee);

    /// @notice The highest commission an offer can promise, basis points.
    function REFERRAL_BPS_MAX() external view returns (uint256);

    /// @notice The highest fee for ruling, basis points.
    function ARBITER_FEE_BPS_MAX() external view returns (uint256);

    /// @notice The most parts of a trade.
    function PARTS_MAX() external view returns (uint256);

    /// @notice The longest an offer or a request can be open, seconds.
    function OFFER_SECONDS_MAX() external view returns (uint256);

    /// @notice The shortest time to ship, seconds.
    function SHIP_SECONDS_MIN() external view returns (uint256);

    /// @notice The longest time to ship, seconds.
    function SHIP_SECONDS_MAX() external view returns (uint256);

    /// @notice The shortest time to inspect, seconds.
    function INSPECT_SECONDS_MIN() external view returns (uint256);

    /// @notice The longest time to inspect, seconds.
    function INSPECT_SECONDS_MAX() external view returns (uint256);

    /// @notice The shortest time to rule, seconds.
    function RULING_SECONDS_MIN() external view returns (uint256);

    /// @notice The longest time to rule, seconds.
    function RULING_SECONDS_MAX() external view returns (uint256);
}
