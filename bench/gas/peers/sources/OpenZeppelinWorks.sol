// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ERC721} from "@openzeppelin/contracts/token/ERC721/ERC721.sol";
import {ERC721URIStorage} from "@openzeppelin/contracts/token/ERC721/extensions/ERC721URIStorage.sol";

/// @dev The least that makes a collection of OpenZeppelin's library: each work with its address as text.
contract OpenZeppelinWorks is ERC721URIStorage {
    constructor() ERC721("Works", "WORK") {}

    function mint(uint256 id, string calldata uri) external {
        _mint(msg.sender, id);
        _setTokenURI(id, uri);
    }
}
