// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// @title Creations of any ERC-721 collection
/// @notice Creations of `REGISTRY` pay their creators what the registry says, and documents about them die
/// when they change hands. Other collections pay what ERC-2981 says, asked with a bounded amount of gas, and
/// at most what the seller agreed to; an answer that fails or makes no sense means no royalty.
/// @dev Warning: other collections count no tenure: until its expiry a document works again if the
/// creation left and came back. Cancel it before you give the creation away.
/// @dev Warning: a collection can lie about its owners, its royalties and what it moved. Only its own
/// sales can suffer.
/// @dev Warning: creations are handed over by `transferFrom`; a contract that buys must be able to handle them.
interface ICollections {
    /* ERRORS */

    /// @notice The collection isn't a contract.
    error Collection_HasNoCode(address collection);

    /// @notice The creation changed hands since the document was made.
    error Creation_Moved(uint256 creationId, uint256 tenure, uint256 documentTenure);

    /// @notice The collection moved the creation, as it says, and yet `owner` has it.
    error Creation_NotDelivered(address collection, uint256 creationId, address owner);

    /// @notice The price is zero or above 2^128 - 1.
    error Price_OutOfRange(uint256 price, uint256 max);

    /// @notice The document expires too far in the future, or (published) not after now.
    error Expiry_OutOfRange(uint256 expiry, uint256 min, uint256 max);

    /// @notice The highest royalty is above what the code allows, basis points; zero for the registry's creations.
    error Royalty_TooHigh(uint256 royaltyBps, uint256 max);

    /// @notice Sellers can't buy from themselves.
    error Buyer_IsSeller(address account);

    /* VIEWS */

    /// @notice The highest ERC-2981 royalty a seller can agree to, basis points.
    function ROYALTY_BPS_MAX() external view returns (uint256);

    /// @notice The longest that a document about the registry's creations can be open, seconds.
    function DOCUMENT_SECONDS_MAX() external view returns (uint256);

    /// @notice The longest that a document about another collection can be open, seconds.
    function FOREIGN_SECONDS_MAX() external view returns (uint256);
}
