// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {MockCollection} from "./MockCollection.sol";

/// @title A collection that lies about what it moved and who owns it
/// @notice Misbehaves: once it lies, transfers move nothing; an owner that was set is the answer to
/// `ownerOf`, whoever owns the creation.
contract MockLyingCollection is MockCollection {
    bool public lying;
    mapping(uint256 id => address owner) public claimed;

    function setLying(bool yes) external {
        lying = yes;
    }

    function setClaimed(uint256 id, address owner) external {
        claimed[id] = owner;
    }

    function transferFrom(address from, address to, uint256 id) public override {
        if (!lying) super.transferFrom(from, to, id);
    }

    function ownerOf(uint256 id) public view override returns (address) {
        return claimed[id] == address(0) ? super.ownerOf(id) : claimed[id];
    }
}
