// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

interface ICollection {
    function transferFrom(address from, address to, uint256 id) external;
}

/// @title A shop that fills signed offers
/// @notice Fails by what its signatures leave out: neither the shop nor the chain is signed along.
contract DomainlessShop {
    mapping(bytes32 digest => bool yes) public filled;

    function fill(
        ICollection collection,
        address payable seller,
        uint256 id,
        uint256 price,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external payable {
        bytes32 digest = keccak256(abi.encode(address(collection), seller, id, price));
        require(!filled[digest] && ecrecover(digest, v, r, s) == seller, "not offered");
        require(msg.value == price, "wrong value");
        filled[digest] = true;
        collection.transferFrom(seller, msg.sender, id);
        seller.transfer(price);
    }
}
