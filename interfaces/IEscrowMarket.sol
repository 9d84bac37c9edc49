// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// @title A market that nobody can tax or freeze
/// @notice Sellers publish offers; buyers pay in coins or in an ERC-20 token. An *instant* offer swaps
/// a creation for its price in one transaction. A *delivered* offer (goods, services, commissions)
/// keeps the price in escrow until the buyer confirms, the seller refunds, or a deadline passes that
/// anybody may trigger. There is no owner, no pause, no upgrade; the fee and its recipient are fixed at
/// deployment.
/// @dev Amounts are in the asset's smallest unit (wei for coins), shares in basis points (1/10,000),
/// times in seconds since 1970 (UTC). The asset `address(0)` is the chain's own coin.
/// @dev An offer's id is its EIP-712 digest, so it names this chain and this contract. A trade's id is
/// keccak256(abi.encode(trade)); an instant sale is over at once and goes by its offer's id. Terms live
/// in the events (`OfferPublished`, `EscrowFunded`); later calls bring them back, and they must hash to
/// the id.
/// @dev Life of a delivered trade, each arrow once, and every end is final:
/// `Funded -ship-> Shipped`, `Funded -confirm-> paid`, `Funded -refund-> refunded`,
/// `Funded -deadline-> refunded`, `Shipped -confirm-> paid`, `Shipped -refund-> refunded`,
/// `Shipped -deadline-> paid`.
/// @dev Splits: royalty to the creators, commission to the referrer, fee to the community, all rounded
/// down; the rest, and whatever rounding leaves, to the seller. Royalties that would go to the seller
/// stay with the seller.
/// @dev Payment: sellers, buyers, creators and referrers are paid at once with a bounded amount of gas;
/// if that fails for whatever reason, the amount is credited and waits for `withdraw`. The community's
/// fee is always credited. So no payee can stop another's money.
/// @dev Warning: a token must move exactly what it is asked to. One that moves less is refused when paid
/// in; one that starts to move less or more afterwards can't be paid out while it does. Tokens whose
/// balances change by themselves, or whose issuer can freeze or seize, can fail their own trades; no
/// other asset is touched.
/// @dev Warning: creations are handed over by `transferFrom`; a contract that buys must be able to
/// handle them.
/// @dev Warning: a tenure counts to 2^18. An offer could be taken in a later round of 262,144 transfers, if
/// its seller owns the creation again, still lets the market hand it over, and never cancelled.
/// @dev Warning: creations that are sent to the market outside of `fund`, and coins forced into it,
/// belong to nobody.
interface IEscrowMarket {
    /// @notice How an offer is fulfilled.
    enum Kind {
        /// A creation changes hands in the transaction that pays for it.
        Instant,
        /// Goods or services are delivered while the price waits in escrow.
        Delivered
    }

    /// @notice What an offer is.
    enum OfferState {
        /// Never published, or cancelled.
        None,
        /// Can be taken until it expires.
        Open,
        /// Taken. Never again.
        Filled
    }

    /// @notice What a delivered trade is.
    enum TradeState {
        /// Never funded, or ended.
        None,
        /// Paid into escrow, not shipped.
        Funded,
        /// Shipped, under inspection by the buyer.
        Shipped
    }

    /// @notice Why a trade ended.
    enum Reason {
        /// The buyer confirmed: the seller was paid.
        Confirmed,
        /// The buyer neither confirmed nor disputed in time: the seller was paid.
        InspectionTimeout,
        /// The seller refunded: the buyer was paid back.
        SellerRefund,
        /// The seller didn't ship in time: the buyer was paid back.
        ShipTimeout
    }

    /// @notice What a seller offers, and on which terms. An EIP-712 struct.
    struct Offer {
        /// Who sells and is paid.
        address seller;
        /// Instant or delivered.
        Kind kind;
        /// The creation sold, or (delivered) handed over as certificate; zero without one.
        uint256 creationId;
        /// The creation's tenure in the registry when the offer was made; the offer dies with it.
        uint256 tenure;
        /// ERC-20 token of the price, or zero for the chain's own coin.
        address asset;
        /// Price in the asset's smallest unit, 1 to 2^128 - 1.
        uint256 price;
        /// Last second at which the offer can be taken.
        uint256 expiry;
        /// Delivered: seconds that the seller has to ship, from the payment on. Instant: zero.
        uint256 shipSeconds;
        /// Delivered: seconds that the buyer has to inspect, from shipping on. Instant: zero.
        uint256 inspectSeconds;
        /// Commission for whoever brings the buyer, basis points of the price.
        uint256 referralBps;
        /// sha2-256 of a document that describes goods or services; zero without one.
        bytes32 details;
        /// Any number; tells otherwise equal offers apart.
        uint256 salt;
    }

    /// @notice A delivered trade: who took which offer, and the terms that still matter.
    struct Trade {
        /// The offer that was taken; it can be taken once.
        bytes32 offerId;
        /// Who delivers and is paid.
        address seller;
        /// Who paid.
        address buyer;
        /// Who brought the buyer; zero for nobody.
        address referrer;
        /// The creation held as certificate; zero without one.
        uint256 creationId;
        /// What was paid: an ERC-20 token, or zero for the chain's own coin.
        address asset;
        /// How much is in escrow, smallest unit.
        uint256 amount;
        /// Seconds that the buyer has to inspect, from shipping on.
        uint256 inspectSeconds;
        /// Commission for the referrer, basis points of the amount.
        uint256 referralBps;
    }

    /// @notice Where each unit of a price goes.
    struct Split {
        uint256 seller;
        uint256 royalty;
        uint256 referral;
        uint256 fee;
    }

    /* ERRORS */

    /// @notice The fee is above what the code allows, basis points.
    error Fee_TooHigh(uint256 feeBps, uint256 max);

    /// @notice The community's fee needs a recipient other than the market itself.
    error FeeRecipient_NotAllowed(address feeRecipient);

    /// @notice The registry named at deployment isn't a contract.
    error Registry_HasNoCode(address registry);

    /// @notice Offers are published by their seller.
    error Offer_NotSeller(address caller, address seller);

    /// @notice An offer with this id is open or was taken.
    error Offer_AlreadyPublished(bytes32 offerId, OfferState state);

    /// @notice The price is zero or above 2^128 - 1.
    error Offer_PriceOutOfRange(uint256 price, uint256 max);

    /// @notice The offer expires now, in the past, or too far in the future.
    error Offer_ExpiryOutOfRange(uint256 expiry, uint256 min, uint256 max);

    /// @notice The commission is above what the code allows, basis points.
    error Offer_ReferralTooHigh(uint256 referralBps, uint256 max);

    /// @notice The time to ship is out of bounds, seconds. Zero, and only zero, for instant offers.
    error Offer_ShipWindowOutOfRange(uint256 shipSeconds, uint256 min, uint256 max);

    /// @notice The time to inspect is out of bounds, seconds. Zero, and only zero, for instant offers.
    error Offer_InspectWindowOutOfRange(uint256 inspectSeconds, uint256 min, uint256 max);

    /// @notice An instant offer sells a creation and names none.
    error Offer_CreationMissing();

    /// @notice The offer isn't open: never published, cancelled or taken.
    error Offer_NotOpen(bytes32 offerId, OfferState state);

    /// @notice The offer can't be taken any more.
    error Offer_Expired(bytes32 offerId, uint256 expiry, uint256 timestamp);

    /// @notice `buy` takes instant offers, `fund` delivered ones.
    error Offer_KindWrong(bytes32 offerId, Kind seen, Kind needed);

    /// @notice The creation changed hands since the offer was made.
    error Offer_CreationMoved(uint256 creationId, uint256 tenure, uint256 offeredTenure);

    /// @notice Sellers can't buy from themselves.
    error Buyer_IsSeller(address account);

    /// @notice The referrer may not be a party of the trade or the market itself.
    error Referrer_NotAllowed(address referrer);

    /// @notice The coins sent along aren't the coins needed, wei.
    error Value_Wrong(uint256 sent, uint256 needed);

    /// @notice The token moved something else than what was asked, smallest unit.
    error Asset_AmountWrong(address asset, uint256 moved, uint256 needed);

    /// @notice The asset isn't a contract.
    error Asset_HasNoCode(address asset);

    /// @notice Only the seller of the trade may do this.
    error Trade_NotSeller(address caller, address seller);

    /// @notice Only the buyer of the trade may do this.
    error Trade_NotBuyer(address caller, address buyer);

    /// @notice The trade isn't in the state that this needs. `None` means never funded, ended, or
    /// that the terms brought along aren't those of any trade.
    error Trade_StateWrong(bytes32 tradeId, TradeState seen, TradeState needed);

    /// @notice The deadline for this has passed.
    error Trade_DeadlinePassed(bytes32 tradeId, uint256 deadline, uint256 timestamp);

    /// @notice The deadline for this hasn't passed.
    error Trade_DeadlineNotPassed(bytes32 tradeId, uint256 deadline, uint256 timestamp);

    /// @notice There is nothing to withdraw.
    error Credit_Empty(address asset, address payee);

    /// @notice Withdrawals can't go to zero or to the market itself.
    error Recipient_NotAllowed(address to);

    /// @notice Only the market itself may do this.
    error Caller_NotMarket(address caller);

    /// @notice The asset refused the withdrawal; the credit stays.
    error Withdrawal_Failed(address asset, address to, uint256 amount);

    /* EVENTS */

    /// @notice The market exists; these never change.
    event MarketOpened(address indexed registry, address indexed feeRecipient, uint256 feeBps);

    /// @notice An offer can be taken from now on.
    event OfferPublished(bytes32 indexed offerId, address indexed seller, Offer offer);

    /// @notice An offer was taken back. The same terms may be published again.
    event OfferCancelled(bytes32 indexed offerId, address indexed seller);

    /// @notice An instant sale: the creation is the buyer's, the price is divided.
    /// @dev The seller gets `price - royalty - referral - fee`.
    event SaleSettled(
        bytes32 indexed offerId,
        address indexed seller,
        address indexed buyer,
        uint256 creationId,
        address asset,
        uint256 price,
        address referrer,
        uint256 royalty,
        uint256 referral,
        uint256 fee
    );

    /// @notice The price of a delivered offer is in escrow, its creation (if any) with it.
    /// @param trade The terms that later calls bring back.
    /// @param shipDeadline Last second at which the seller can ship.
    event EscrowFunded(
        bytes32 indexed tradeId,
        bytes32 indexed offerId,
        address indexed buyer,
        Trade trade,
        uint256 shipDeadline
    );

    /// @notice The seller shipped; the buyer inspects until `inspectDeadline`.
    /// @param shipment sha2-256 of a document about the shipment; zero without one.
    event EscrowShipped(bytes32 indexed tradeId, bytes32 shipment, uint256 inspectDeadline);

    /// @notice A delivered trade ended in the seller's favour.
    /// @dev The seller gets the trade's amount less royalty, referral and fee.
    event EscrowReleased(
        bytes32 indexed tradeId,
        Reason reason,
        uint256 royalty,
        uint256 referral,
        uint256 fee
    );

    /// @notice A delivered trade ended in the buyer's favour, who gets all of its amount.
    event EscrowRefunded(bytes32 indexed tradeId, Reason reason);

    /// @notice A creator's part of a trade's royalty, in the trade's asset.
    event RoyaltyPaid(bytes32 indexed tradeId, address indexed payee, uint256 amount);

    /// @notice A payment couldn't be made at once and waits for `payee` to withdraw it.
    /// @dev The community's fee always waits for `FEE_RECIPIENT`; what `SaleSettled` and
    /// `EscrowReleased` say of it isn't said again here.
    event Credited(
        bytes32 indexed tradeId,
        address indexed payee,
        address indexed asset,
        uint256 amount
    );

    /// @notice A payee's whole credit in an asset left the market.
    event Withdrawn(
        address indexed payee,
        address indexed asset,
        address indexed to,
        uint256 amount
    );

    /* OFFER */

    /// @notice Publishes an offer of the caller's. Of a creation it keeps nothing: the creation stays
    /// with the seller, who approves the market in the registry before somebody can take the offer.
    /// @return offerId The offer's id, `hashOffer(offer_)`.
    function offer(Offer calldata offer_) external returns (bytes32 offerId);

    /* CANCEL */

    /// @notice Takes an open offer of the caller's back.
    function cancel(bytes32 offerId) external;

    /* BUY */

    /// @notice Takes an instant offer: pays its price, divides it and gets the creation, or nothing at all.
    /// Coins go along as value, exactly; tokens are pulled and need an approval.
    /// @param referrer Who brought the buyer; zero for nobody.
    function buy(Offer calldata offer_, address referrer) external payable;

    /* FUND */

    /// @notice Takes a delivered offer: its price goes into escrow, with the creation if it names one.
    /// Coins go along as value, exactly; tokens are pulled and need an approval.
    /// @param referrer Who brought the buyer; zero for nobody.
    /// @return tradeId The trade's id, `hashTrade`.
    function fund(
        Offer calldata offer_,
        address referrer
    ) external payable returns (bytes32 tradeId);

    /* SHIP */

    /// @notice The seller says that the goods are on their way, or the work is done. Until the ship
    /// deadline, its last second included.
    /// @param shipment sha2-256 of a document about the shipment; zero without one.
    function ship(Trade calldata trade, bytes32 shipment) external;

    /* CONFIRM */

    /// @notice The buyer is content: the price is divided and paid. Also before shipping, for goods
    /// handed over in person.
    function confirm(Trade calldata trade) external;

    /* REFUND */

    /// @notice The seller gives all of the price back to the buyer, at any time before the end.
    function refund(Trade calldata trade) external;

    /* TIMEOUT */

    /// @notice Ends a trade whose deadline has passed, for anybody to call: not shipped, then the buyer
    /// gets all back; shipped and not confirmed, then the seller is paid.
    function claimTimeout(Trade calldata trade) external;

    /* PAY */

    /// @notice For the market itself only: sends exactly `amount` of a token or undoes whatever the token
    /// did. Being a call, it can fail for one payee alone.
    function sendToken(address asset, address to, uint256 amount) external;

    /* WITHDRAW */

    /// @notice Sends the caller's whole credit in an asset to `to`.
    /// @return amount What was sent, smallest unit.
    function withdraw(address asset, address to) external returns (uint256 amount);

    /// @notice Sends a payee's whole credit in an asset to that payee, for anybody to call.
    /// @return amount What was sent, smallest unit.
    function withdrawFor(address asset, address payee) external returns (uint256 amount);

    /* VIEWS */

    /// @notice The id of an offer: its EIP-712 digest.
    function hashOffer(Offer calldata offer_) external view returns (bytes32 offerId);

    /// @notice The id of a trade.
    function hashTrade(Trade calldata trade) external view returns (bytes32 tradeId);

    /// @notice What an offer is. An open offer can still be expired or its creation gone.
    function offerState(bytes32 offerId) external view returns (OfferState state);

    /// @notice What a delivered trade is, and the last second of its current window.
    function tradeState(bytes32 tradeId) external view returns (TradeState state, uint256 deadline);

    /// @notice What a payee can withdraw, smallest unit.
    function creditOf(address asset, address payee) external view returns (uint256 amount);

    /// @notice How the price of an offer would be divided now.
    function splitOf(Offer calldata offer_, address referrer) external view returns (Split memory);

    /// @notice The registry whose creations are sold here.
    function REGISTRY() external view returns (address);

    /// @notice Who gets the community's fee.
    function FEE_RECIPIENT() external view returns (address);

    /// @notice The community's fee, basis points of the price.
    function FEE_BPS() external view returns (uint256);

    /// @notice The highest fee a market can be deployed with, basis points.
    function FEE_BPS_MAX() external view returns (uint256);

    /// @notice The highest commission an offer can promise, basis points.
    function REFERRAL_BPS_MAX() external view returns (uint256);

    /// @notice The highest price, smallest unit.
    function PRICE_MAX() external view returns (uint256);

    /// @notice The longest an offer can be open, seconds.
    function OFFER_SECONDS_MAX() external view returns (uint256);

    /// @notice The shortest time to ship, seconds.
    function SHIP_SECONDS_MIN() external view returns (uint256);

    /// @notice The longest time to ship, seconds.
    function SHIP_SECONDS_MAX() external view returns (uint256);

    /// @notice The shortest time to inspect, seconds.
    function INSPECT_SECONDS_MIN() external view returns (uint256);

    /// @notice The longest time to inspect, seconds.
    function INSPECT_SECONDS_MAX() external view returns (uint256);
}
