// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ERC721} from "@openzeppelin/contracts/token/ERC721/ERC721.sol";

/// @title A foreign collection in which anybody can mint
/// @notice Behaves well itself, with an ERC-2981 royalty that anybody can set; the other mock collections
/// start from it.
contract MockCollection is ERC721 {
    address public royaltyReceiver;
    uint256 public royaltyBps;

    constructor() ERC721("Mock", "MOCK") {}

    function mint(address to, uint256 id) external {
        _mint(to, id);
    }

    function setRoyalty(address receiver, uint256 bps) external {
        (royaltyReceiver, royaltyBps) = (receiver, bps);
    }

    function royaltyInfo(
        uint256,
        uint256 salePrice
    ) external view virtual returns (address receiver, uint256 amount) {
        return (royaltyReceiver, (salePrice * royaltyBps) / 10_000);
    }

    function supportsInterface(bytes4 interfaceId) public view override returns (bool) {
        return interfaceId == 0x2a55205a || super.supportsInterface(interfaceId);
    }
}
