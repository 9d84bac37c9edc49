// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// @title English auctions that nobody can freeze
/// @notice A seller opens an auction on chain, or signs it and the first bidder opens it. The first bid
/// locks the creation here; each later one is higher by the step that the seller set, and the bidder before is
/// repaid in the same transaction. A bid near the end moves the end. After it anybody may settle: the creation
/// goes to the highest bidder, the price is divided and paid.
/// @dev An auction's id is its EIP-712 digest. Opening uses one of the seller's nonces, by signature or not,
/// so an auction never comes back. Terms live in `AuctionOpened`; later calls bring them back.
/// @dev Any ERC-721 can be auctioned; how the registry's and other collections differ: `ICollections`.
/// @dev Bound: an auction ends at `endsAt`, or later if bids move it, at most `EXTENSION_SECONDS_TOTAL` later.
/// @dev Warning: a collection that refuses to hand the creation to the winner doesn't stop the money; the
/// creation stays here for the winner, who may `retrieve` it to any address.
/// @dev Warning: creations sent here outside of `bid` belong to nobody.
interface IAuctionHouse {
    /// @notice What a seller auctions, and on which terms. An EIP-712 struct.
    struct Auction {
        /// Who sells and is paid.
        address seller;
        /// The ERC-721 contract of the creation.
        address collection;
        /// The creation sold.
        uint256 creationId;
        /// The creation's tenure in the registry when the auction was made; zero in another collection.
        uint256 tenure;
        /// ERC-20 token of the bids, or zero for the chain's own coin.
        address asset;
        /// The lowest first bid, smallest unit, 1 to 2^128 - 1.
        uint256 reserve;
        /// How much higher than the last a bid must be, basis points of it, `STEP_BPS_MIN` to `STEP_BPS_MAX`.
        uint256 stepBps;
        /// Last second for bids, unless bids near it move it.
        uint256 endsAt;
        /// A bid within so many seconds of the end moves it so far from the bid; 0 to `EXTENSION_SECONDS_MAX`.
        uint256 extensionSeconds;
        /// The highest ERC-2981 royalty that the seller pays, basis points; zero for the registry's creations.
        uint256 royaltyBpsMax;
        /// One of the seller's nonces.
        uint256 nonce;
    }

    /* ERRORS */

    /// @notice Auctions are opened and cancelled by their seller.
    error Auction_NotSeller(address caller, address seller);

    /// @notice The step is out of bounds, basis points.
    error Auction_StepOutOfRange(uint256 stepBps, uint256 min, uint256 max);

    /// @notice The extension is out of bounds, seconds.
    error Auction_ExtensionOutOfRange(uint256 extensionSeconds, uint256 max);

    /// @notice The auction isn't open: never opened, cancelled or settled.
    error Auction_NotOpen(bytes32 auctionId);

    /// @notice Somebody bids already.
    error Auction_HasBid(bytes32 auctionId, address bidder);

    /// @notice Nobody bid.
    error Auction_HasNoBid(bytes32 auctionId);

    /// @notice Bidding is over.
    error Auction_Ended(bytes32 auctionId, uint256 deadline, uint256 timestamp);

    /// @notice Bidding isn't over.
    error Auction_NotEnded(bytes32 auctionId, uint256 deadline, uint256 timestamp);

    /// @notice The bid is too low, or above 2^128 - 1; smallest unit.
    error Bid_OutOfRange(uint256 amount, uint256 min, uint256 max);

    /// @notice The creation isn't waiting for the caller.
    error Creation_NotHeld(address collection, uint256 creationId, address caller, address owner);

    /* EVENTS */

    /// @notice Bids can be made from now on. Of a signed auction: with its first bid.
    event AuctionOpened(bytes32 indexed auctionId, address indexed seller, Auction auction);

    /// @notice The seller took an auction off that nobody bid in.
    event AuctionCancelled(bytes32 indexed auctionId, address indexed seller);

    /// @notice Somebody bids most. The first bid locks the creation; a later one repays the bidder before.
    /// @param deadline Last second for a higher bid.
    event AuctionBid(
        bytes32 indexed auctionId,
        address indexed bidder,
        uint256 amount,
        uint256 deadline
    );

    /// @notice The auction is over: the creation is the winner's, the price is divided.
    /// @dev The seller gets `price - fee` less what the `RoyaltyPaid` beside it say.
    event AuctionSettled(
        bytes32 indexed auctionId,
        address indexed winner,
        uint256 price,
        uint256 fee
    );

    /// @notice The collection didn't hand the creation over; it waits here for its owner.
    event CreationHeld(
        bytes32 indexed auctionId,
        address indexed owner,
        address collection,
        uint256 creationId
    );

    /// @notice Its owner took a waiting creation out.
    event CreationRetrieved(
        address indexed collection,
        uint256 indexed creationId,
        address indexed owner,
        address to
    );

    /* OPEN */

    /// @notice Opens an auction of the caller's. The creation stays with the seller until the first bid.
    /// @return auctionId The auction's id, `hashAuction(auction)`.
    function open(Auction calldata auction) external returns (bytes32 auctionId);

    /* CANCEL */

    /// @notice The seller takes an open auction off that nobody bid in. Signed ones: `cancelNonces`.
    function cancel(Auction calldata auction) external;

    /* BID */

    /// @notice Bids `amount`. Coins go along as value, exactly; tokens are pulled and need an approval.
    /// @param signature The seller's, for the first bid in a signed auction; empty otherwise.
    function bid(
        Auction calldata auction,
        bytes calldata signature,
        uint256 amount
    ) external payable;

    /// @notice `bid` in tokens with a permit of the caller's instead of an approval. That somebody else used
    /// the permit first does no harm.
    /// @param permit ERC-2612: abi.encode(value, deadline, v, r, s), 160 bytes.
    function bidWithPermit(
        Auction calldata auction,
        bytes calldata signature,
        uint256 amount,
        bytes calldata permit
    ) external;

    /* SETTLE */

    /// @notice Ends an auction whose time is over, for anybody to call.
    function settle(Auction calldata auction) external;

    /// @notice For the market itself only: hands a creation of a foreign collection out. Being a call, it can
    /// fail without stopping the money.
    function handOut(address collection, uint256 creationId, address to) external;

    /* RETRIEVE */

    /// @notice Sends a creation that waits for the caller to `to`.
    function retrieve(address collection, uint256 creationId, address to) external;

    /* VIEWS */

    /// @notice The id of an auction: its EIP-712 digest, which its seller signs.
    function hashAuction(Auction calldata auction) external view returns (bytes32 auctionId);

    /// @notice The highest bid and its bidder (zero without one), and the last second for a higher one (zero
    /// if the auction isn't open).
    function auctionState(
        bytes32 auctionId
    ) external view returns (address bidder, uint256 amount, uint256 deadline);

    /// @notice Who may retrieve a creation; zero if nobody.
    function heldFor(address collection, uint256 creationId) external view returns (address owner);

    /// @notice The lowest step, basis points.
    function STEP_BPS_MIN() external view returns (uint256);

    /// @notice The highest step, basis points.
    function STEP_BPS_MAX() external view returns (uint256);

    /// @notice The longest extension by one bid, seconds.
    function EXTENSION_SECONDS_MAX() external view returns (uint256);

    /// @notice The longest extension by all bids together, seconds.
    function EXTENSION_SECONDS_TOTAL() external view returns (uint256);
}
