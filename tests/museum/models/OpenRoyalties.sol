// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

interface ICollection {
    function royaltyInfo(uint256 id, uint256 price) external view returns (address, uint256);
}

/// @title A royalty engine that hands on what a collection says (ERC-2981)
/// @notice Manifold's, which Zora used, in as little as the exhibit needs.
contract OpenRoyalties {
    function getRoyalty(
        address collection,
        uint256 id,
        uint256 price
    ) external view returns (address[] memory receivers, uint256[] memory amounts) {
        (receivers, amounts) = (new address[](1), new uint256[](1));
        (receivers[0], amounts[0]) = ICollection(collection).royaltyInfo(id, price);
    }
}
