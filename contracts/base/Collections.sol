// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC2981} from "@openzeppelin/contracts/interfaces/IERC2981.sol";
import {IERC721} from "@openzeppelin/contracts/token/ERC721/IERC721.sol";
import {ICollections} from "../../interfaces/ICollections.sol";
import {ICreationRegistry} from "../../interfaces/ICreationRegistry.sol";
import {Till} from "./Till.sol";

/// @title Creations of any ERC-721 collection
abstract contract Collections is ICollections, Till {
    uint256 public constant override ROYALTY_BPS_MAX = 1_000;
    uint256 public constant override DOCUMENT_SECONDS_MAX = 365 days;
    uint256 public constant override FOREIGN_SECONDS_MAX = 30 days;

    // Gas that a collection gets to tell its royalty; engines with overrides use up to 60,000.
    uint256 private constant ROYALTY_GAS = 100_000;

    /// @dev What all documents about a creation have in common.
    /// @param earliest The first second at which it may expire: a document that is used, this very one.
    function _checkDocument(
        address collection,
        uint256 price,
        uint256 expiry,
        uint256 earliest
    ) internal view {
        if (price == 0 || price > PRICE_MAX) revert Price_OutOfRange(price, PRICE_MAX);
        _checkExpiry(collection, expiry, earliest);
    }

    function _checkExpiry(address collection, uint256 expiry, uint256 earliest) internal view {
        uint256 longest = collection == REGISTRY ? DOCUMENT_SECONDS_MAX : FOREIGN_SECONDS_MAX;
        uint256 latest = block.timestamp + longest;
        if (expiry < earliest || expiry > latest) {
            revert Expiry_OutOfRange(expiry, earliest, latest);
        }
    }

    function _checkRoyalty(address collection, uint256 royaltyBpsMax) internal view {
        uint256 max = collection == REGISTRY ? 0 : ROYALTY_BPS_MAX;
        if (royaltyBpsMax > max) revert Royalty_TooHigh(royaltyBpsMax, max);
    }

    function _checkTenure(address collection, uint256 creationId, uint256 tenure) internal view {
        uint256 now_ =
            collection == REGISTRY ? ICreationRegistry(REGISTRY).tenureOf(creationId) : 0;
        if (now_ != tenure) revert Creation_Moved(creationId, now_, tenure);
    }

    /// @dev Moves a creation. A foreign collection is asked afterwards whether it did.
    function _handOver(address collection, uint256 creationId, address from, address to) internal {
        if (collection == REGISTRY) {
            IERC721(collection).transferFrom(from, to, creationId);
            return;
        }
        if (collection.code.length == 0) revert Collection_HasNoCode(collection);
        IERC721(collection).transferFrom(from, to, creationId);
        address owner = IERC721(collection).ownerOf(creationId);
        if (owner != to) revert Creation_NotDelivered(collection, creationId, owner);
    }

    /// @dev Divides the price of a creation, and tells its tenure (zero in a foreign collection).
    function _divideSale(
        address collection,
        uint256 creationId,
        address seller,
        uint256 price,
        address referrer,
        uint256 referralBps,
        uint256 royaltyBpsMax
    ) internal view returns (Division memory part, uint256 tenure) {
        if (collection == REGISTRY) {
            return _divide(true, creationId, seller, price, referrer, referralBps);
        }
        _takeShares(part, price, referrer, referralBps);
        (address payee, uint256 royalty) = _royaltyIn(collection, creationId, price);
        uint256 most = (price * royaltyBpsMax) / BPS;
        if (royalty > most) royalty = most;
        if (royalty == 0 || payee == seller || payee == address(0) || payee == address(this)) {
            return (part, 0);
        }
        (part.creator, part.royalty) = (payee, royalty);
        part.seller -= royalty;
    }

    /// @dev What a foreign collection says of its royalty; nothing if it says nothing sensible.
    function _royaltyIn(
        address collection,
        uint256 creationId,
        uint256 price
    ) private view returns (address payee, uint256 royalty) {
        // Whoever sends too little gas must not save the royalty: 1/64 stays with the caller.
        uint256 needed = ROYALTY_GAS + ROYALTY_GAS / 63 + 2_000;
        if (gasleft() < needed) revert Gas_TooLittle(gasleft(), needed);
        bytes memory question = abi.encodeCall(IERC2981.royaltyInfo, (creationId, price));
        bool answered;
        uint256 receiver;
        assembly ("memory-safe") {
            answered := staticcall(
                ROYALTY_GAS,
                collection,
                add(question, 0x20),
                mload(question),
                0x00,
                0x40
            )
            answered := and(answered, gt(returndatasize(), 0x3f))
            receiver := mload(0x00)
            royalty := mload(0x20)
        }
        if (!answered || receiver > type(uint160).max) return (address(0), 0);
        payee = address(uint160(receiver));
    }
}
