// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ERC2771Context} from "openzeppelin-4.9.3/metatx/ERC2771Context.sol";
import {ERC20} from "openzeppelin-4.9.3/token/ERC20/ERC20.sol";
import {Context} from "openzeppelin-4.9.3/utils/Context.sol";
import {Multicall} from "openzeppelin-4.9.3/utils/Multicall.sol";

/// @title A token of OpenZeppelin's 4.9.3 parts, which takes meta-transactions and several calls at once
/// @notice Puts together what thirdweb's tokens put together; nothing of its own but the names.
contract SpoofedToken is ERC20, ERC2771Context, Multicall {
    constructor(address forwarder) ERC20("Spoofed", "SPOOF") ERC2771Context(forwarder) {}

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function _msgSender() internal view override(Context, ERC2771Context) returns (address) {
        return ERC2771Context._msgSender();
    }

    function _msgData() internal view override(Context, ERC2771Context) returns (bytes calldata) {
        return ERC2771Context._msgData();
    }
}
