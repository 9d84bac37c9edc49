// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ERC721} from "solady/tokens/ERC721.sol";

/// @dev The least that makes a collection of Solady's library: the id is all there is.
contract SoladyWorks is ERC721 {
    function mint(uint256 id) external {
        _mint(msg.sender, id);
    }

    function name() public pure override returns (string memory) {
        return "Works";
    }

    function symbol() public pure override returns (string memory) {
        return "WORK";
    }

    function tokenURI(uint256) public pure override returns (string memory) {
        return "";
    }
}
