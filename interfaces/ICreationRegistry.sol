// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// @title Who made what, and when
/// @notice An ERC-721 registry of creations with ERC-2981 royalties. A creation's id *is* the address
/// (IPFS CIDv1) of a folder that holds one file: the creation's ERC-721 metadata document, under its
/// creator's name `0x….json`. So an id names both the document and its creator, costs no storage, and
/// nobody who watches the mempool can take another's work or its id: the same document under another
/// creator is another id.
/// @dev id = sha2-256 of the dag-pb block of that UnixFS folder, exactly as `ipfs add -r --cid-version=1`
/// makes it: 96 bytes,
/// `12 5a 0a 24 01 55 12 20 <document digest, 32> 12 2f "0x<creator, 40 hex>.json" 18 <size, 2> 0a 02 08 01`.
/// @dev What a registration shows of the work's file is a commitment, keccak256(sha2-256 of the file ‖
/// creator): whoever holds the file can check it, whoever watches the mempool learns nothing.
/// @dev Royalties and shares are in basis points (1/10,000), times in seconds since 1970 (UTC).
/// @dev Warning: a registration proves that its creator knew the document at that time, not that
/// nobody made the work before.
/// @dev Warning: whoever sees a document before it is registered, in a voucher on a notice board or in the
/// mempool, can register the same under their own name first. The ids differ, and each names its creator; the
/// dates then prove nothing. Who minds registers before showing.
/// @dev Warning: `transferFrom` doesn't ask a receiving contract; `safeTransferFrom` does.
/// @dev Warning: a foreign market that reads only ERC-2981 pays the whole royalty to the creator, and
/// nothing to partners or to the creators of a derivative's parents.
/// @dev Warning: partners depend on their creator, who owns the work at first: given away instead of sold,
/// it brings them royalties only.
interface ICreationRegistry {
    /// @notice A work to be registered.
    struct Work {
        /// sha2-256 of the metadata document.
        bytes32 documentDigest;
        /// Length of the metadata document in bytes, 128 to 16,383.
        uint16 documentSize;
        /// Royalty on each sale, basis points, at most `ROYALTY_BPS_MAX`.
        uint16 royaltyBps;
        /// keccak256(abi.encodePacked(sha2-256 of the work's file, creator)); zero without a file.
        bytes32 contentCommitment;
        /// Ids of the creations that this one is derived from: registered, ascending, at most `PARENTS_MAX`.
        uint256[] parents;
    }

    /// @notice What the registry knows of a creation.
    struct Creation {
        /// Who registered it.
        address creator;
        /// When, seconds since 1970.
        uint40 createdAt;
        /// Royalty on each sale, basis points.
        uint16 royaltyBps;
        /// How many creations it is derived from.
        uint8 parentCount;
        /// How often it changed hands; an offer made in one tenure is dead in the next.
        uint32 tenure;
    }

    /// @notice Somebody who made a work together with its creator.
    struct Partner {
        /// Who.
        address account;
        /// Share of what the work brings its makers, basis points.
        uint16 shareBps;
    }

    /// @notice How a voucher's work is sold for the first time; all zero if it is only to be registered. An
    /// EIP-712 struct.
    struct Sale {
        /// The market that may sell it, and hands over whatever the buyer pays; zero for none.
        address market;
        /// Who may buy; zero for anybody.
        address buyer;
        /// ERC-20 token of the price, or zero for the chain's own coin.
        address asset;
        /// Price in the asset's smallest unit.
        uint256 price;
        /// Commission for whoever brings the buyer, basis points of the price.
        uint256 referralBps;
        /// Who is repaid of the creator's part for gas spent on the creator; zero for nobody.
        address sponsor;
        /// What the sponsor gets, in the asset's smallest unit.
        uint256 sponsorAmount;
    }

    /// @notice A work that its creator wants to be registered, by whoever brings the creator's signature. An
    /// EIP-712 struct.
    struct Voucher {
        /// Who made the work and signs.
        address creator;
        /// The work.
        Work work;
        /// Who made it together with the creator; empty for nobody.
        Partner[] partners;
        /// How it is sold; all zero if it isn't.
        Sale sale;
        /// Last second at which the voucher can be used.
        uint256 expiry;
        /// Dead below `leastVersionOf` the work.
        uint256 version;
    }

    /* ERRORS */

    /// @notice Works made together have one to `PARTNERS_MAX` partners besides their creator.
    error Partners_CountOutOfRange(uint256 count, uint256 max);

    /// @notice Partners are in ascending order, each once, and neither zero nor the creator.
    error Partner_NotAllowed(address partner);

    /// @notice Each partner has a share, and something is left to the creator; basis points.
    error Partners_SharesOutOfRange(uint256 sharesBps);

    /// @notice The metadata document is shorter or longer than the registry takes, bytes.
    error Document_SizeOutOfRange(uint256 size, uint256 min, uint256 max);

    /// @notice The royalty is above the highest one allowed, basis points.
    error Royalty_TooHigh(uint256 royaltyBps, uint256 max);

    /// @notice A derivative names more parents than the registry takes.
    error Parents_TooMany(uint256 count, uint256 max);

    /// @notice Parents must be in ascending order, each once.
    error Parents_NotAscending(uint256 parent, uint256 next);

    /// @notice This creation was registered before (a burnt one never comes back).
    error Creation_AlreadyRegistered(uint256 id);

    /// @notice No creation with this id was ever registered.
    error Creation_Unknown(uint256 id);

    /// @notice The voucher names a market, and only that one can use it.
    error Voucher_NotMarket(address caller, address market);

    /// @notice The voucher names no market: its work can be registered for nobody but its creator.
    error Voucher_NotCreator(address owner, address creator);

    /// @notice The work's creator cancelled vouchers below `leastVersion`.
    error Voucher_Cancelled(uint256 id, uint256 version, uint256 leastVersion);

    /// @notice The least version of a work's vouchers only rises, up to `VERSION_MAX`.
    error Version_OutOfRange(uint256 version, uint256 min, uint256 max);

    /// @notice Only its owner may burn a creation; an approval isn't enough.
    error Creation_NotOwned(uint256 id, address caller, address owner);

    /// @notice The registry takes no money; coins were sent along, wei.
    error Value_NotAccepted(uint256 value);

    /// @notice More creators than the registry can number (2^30).
    error Creators_TooMany(uint256 max);

    /* EVENTS */

    /// @notice A work of `creator` is registered.
    /// @dev Its first owner is whoever the ERC-721 `Transfer` from zero beside it names: the creator, or the buyer
    /// of a voucher.
    event CreationRegistered(
        uint256 indexed id,
        address indexed creator,
        bytes32 documentDigest,
        uint256 documentSize,
        uint256 royaltyBps,
        bytes32 contentCommitment
    );

    /// @notice A registered work was made together with `partners`. Stands beside `CreationRegistered`.
    event CreationShared(uint256 indexed id, Partner[] partners);

    /// @notice A registered work is derived from `parents`. Stands beside `CreationRegistered`.
    event CreationDerived(uint256 indexed id, uint256[] parents);

    /// @notice Vouchers of an unregistered work with a lower version are dead.
    event VouchersCancelled(uint256 indexed id, address indexed creator, uint256 leastVersion);

    /// @notice ERC-7572: the document about the registry itself is set. Once, at deployment.
    event ContractURIUpdated();

    /* REGISTER */

    /// @notice Registers a work of the caller's, who becomes its creator and first owner.
    /// @return id The creation's id, `idOf(documentDigest, documentSize, msg.sender)`.
    function register(Work calldata work) external returns (uint256 id);

    /// @notice Registers several works of the caller's, all or none.
    /// @return ids The creations' ids, in the order of `works`.
    function registerBatch(Work[] calldata works) external returns (uint256[] memory ids);

    /// @notice Registers a work that the caller, its creator and first owner, made together with others.
    /// @param partners The others, by ascending address, and their shares; the rest is the creator's.
    /// @return id The creation's id, `idOf(documentDigest, documentSize, msg.sender)`.
    function registerTogether(
        Work calldata work,
        Partner[] calldata partners
    ) external returns (uint256 id);

    /* VOUCHER */

    /// @notice Registers a work for its creator, who signed a `Voucher`; for anybody to bring or, if the voucher names
    /// a market, for that market, which sells it at once. It works once, since a work is registered once.
    /// @param owner The first owner: the creator, or the market's buyer.
    /// @return id The creation's id, `idOf(documentDigest, documentSize, creator)`.
    /// @return voucherId The voucher's EIP-712 digest.
    function registerFor(
        Voucher calldata voucher,
        bytes calldata signature,
        address owner
    ) external returns (uint256 id, bytes32 voucherId);

    /// @notice Kills all vouchers below `version` of a work of the caller's that isn't registered. The caller can
    /// still register it, or sign another voucher.
    function cancelVouchers(bytes32 documentDigest, uint256 documentSize, uint256 version) external;

    /// @notice The same for a creator who signed EIP-712 `VoucherCancellation(address creator,
    /// bytes32 documentDigest,uint256 documentSize,uint256 version,uint256 expiry)`.
    /// @param expiry Last second at which it can be brought.
    function cancelVouchersFor(
        address creator,
        bytes32 documentDigest,
        uint256 documentSize,
        uint256 version,
        uint256 expiry,
        bytes calldata signature
    ) external;

    /* PERMIT */

    /// @notice ERC-4494: approves `spender` for a creation whose owner signed EIP-712
    /// `Permit(address spender,uint256 tokenId,uint256 nonce,uint256 deadline)`.
    /// @dev Warning: the nonce counts transfers, as the standard wants: until the deadline, and while the owner
    /// stays, a permit can be brought again after the approval was taken back.
    /// @param deadline Last second at which it can be brought.
    function permit(
        address spender,
        uint256 tokenId,
        uint256 deadline,
        bytes calldata signature
    ) external;

    /* BURN */

    /// @notice Destroys a creation of the caller's. Its record stays, and it can never be registered again.
    function burn(uint256 id) external;

    /* VIEWS */

    /// @notice The id that a document has under a creator.
    function idOf(
        bytes32 documentDigest,
        uint256 documentSize,
        address creator
    ) external view returns (uint256 id);

    /// @notice What the registry knows of a creation, burnt ones included.
    function creationOf(uint256 id) external view returns (Creation memory);

    /// @notice How often a creation changed hands.
    function tenureOf(uint256 id) external view returns (uint256);

    /// @notice ERC-4494: what a permit of this creation must name; its tenure.
    function nonces(uint256 tokenId) external view returns (uint256);

    /// @notice EIP-712: the hash of this contract's domain, "Dokkaebi CreationRegistry" version "1".
    function DOMAIN_SEPARATOR() external view returns (bytes32);

    /// @notice The id of a voucher: its EIP-712 digest, which its creator signs.
    function hashVoucher(Voucher calldata voucher) external view returns (bytes32 voucherId);

    /// @notice The least version that vouchers of an unregistered work need; zero unless some were cancelled.
    function leastVersionOf(uint256 id) external view returns (uint256);

    /// @notice The creations that one is derived from; empty for an original.
    function parentsOf(uint256 id) external view returns (uint256[] memory);

    /// @notice Who made a creation together with its creator; empty where nobody did.
    function partnersOf(uint256 id) external view returns (Partner[] memory);

    /// @notice What a market needs of a creation that is sold.
    /// @param salePrice The price, in the smallest unit of whatever is paid, at most 2^128 - 1.
    /// @return tenure As `tenureOf`.
    /// @return shared Whether several people may get something: then `sharesOf` says what, and the rest
    /// of this answer is zero.
    /// @return creator Who made it.
    /// @return royalty What the creator gets; nothing for selling it.
    function saleOf(
        uint256 id,
        address seller,
        uint256 salePrice
    ) external view returns (uint256 tenure, bool shared, address creator, uint256 royalty);

    /// @notice Who but the seller gets what of a sale. If somebody else than its creator sells it, the
    /// creators get the royalty, as `royaltiesOf` says. If its creator does, its parents' creators get
    /// theirs, and partners their shares of what is left of `net`.
    /// @param salePrice The price, in the smallest unit of whatever is paid, at most 2^128 - 1.
    /// @param net What the market leaves of it to the seller and the creators.
    /// @return payees Who gets something; may name somebody twice.
    /// @return amounts What each of them gets, zero for the seller.
    function sharesOf(
        uint256 id,
        address seller,
        uint256 salePrice,
        uint256 net
    ) external view returns (address[] memory payees, uint256[] memory amounts);

    /// @notice Who gets which part of the royalty of a sale. Of a derivative's royalty,
    /// `PARENTS_SHARE_BPS` goes to its parents in equal parts, the rest to its own creator; partners get their
    /// shares of their work's part.
    /// @param salePrice The price, in the smallest unit of whatever is paid, at most 2^128 - 1.
    /// @return receivers The creator first, then the partners, then the same for each parent.
    /// @return amounts What each of them gets; together exactly what `royaltyInfo` says.
    function royaltiesOf(
        uint256 id,
        uint256 salePrice
    ) external view returns (address[] memory receivers, uint256[] memory amounts);

    /// @notice ERC-2981: the creator and the royalty in all, rounded down.
    function royaltyInfo(
        uint256 id,
        uint256 salePrice
    ) external view returns (address receiver, uint256 royaltyAmount);

    /// @notice ERC-7572: where the document about this registry is, `ipfs://<CIDv1, raw>`.
    function contractURI() external view returns (string memory);

    /// @notice The highest royalty, basis points.
    function ROYALTY_BPS_MAX() external view returns (uint256);

    /// @notice The royalty that tools propose, basis points.
    function ROYALTY_BPS_DEFAULT() external view returns (uint256);

    /// @notice How much of a derivative's royalty goes to its parents' creators, basis points of the royalty.
    function PARENTS_SHARE_BPS() external view returns (uint256);

    /// @notice The most parents a derivative can have.
    function PARENTS_MAX() external view returns (uint256);

    /// @notice The highest version of a voucher that a cancellation can name.
    function VERSION_MAX() external view returns (uint256);

    /// @notice The most partners that a work's creator can have.
    function PARTNERS_MAX() external view returns (uint256);
}
