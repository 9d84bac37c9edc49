// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ICommunityToken} from "../../interfaces/ICommunityToken.sol";

/// @title A contract that can be a token's minter
/// @notice Misbehaves: mints whatever anybody asks it to.
contract MockMinter {
    function mint(address token, address to, uint256 amount) external {
        ICommunityToken(token).mint(to, amount);
    }

    function setMinter(address token, address newMinter) external {
        ICommunityToken(token).setMinter(newMinter);
    }
}
