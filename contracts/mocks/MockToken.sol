// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @title A plain token that anybody can mint
/// @notice Behaves well itself; the other mock tokens start from it. Any script can mint. Refuses calldata
/// that is longer than it has to be, so that a word too many is noticed.
contract MockToken is ERC20 {
    constructor() ERC20("Mock", "MOCK") {}

    error Calldata_TooLong(uint256 length);

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function transfer(address to, uint256 amount) public virtual override returns (bool) {
        _checkLength(68);
        return super.transfer(to, amount);
    }

    function transferFrom(
        address from,
        address to,
        uint256 amount
    ) public virtual override returns (bool) {
        _checkLength(100);
        return super.transferFrom(from, to, amount);
    }

    function _checkLength(uint256 needed) private pure {
        if (msg.data.length != needed) revert Calldata_TooLong(msg.data.length);
    }
}
