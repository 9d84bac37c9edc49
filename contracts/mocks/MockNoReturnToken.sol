// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title A token in the style of USDT
/// @notice Misbehaves: `transfer`, `transferFrom` and `approve` return nothing, and an allowance must
/// go through zero to change.
contract MockNoReturnToken {
    error Allowance_NotZero();

    mapping(address holder => uint256 amount) public balanceOf;
    mapping(address holder => mapping(address spender => uint256 amount)) public allowance;

    function mint(address to, uint256 amount) external {
        balanceOf[to] += amount;
    }

    function approve(address spender, uint256 amount) external {
        if (amount != 0 && allowance[msg.sender][spender] != 0) revert Allowance_NotZero();
        allowance[msg.sender][spender] = amount;
    }

    function transfer(address to, uint256 amount) external {
        balanceOf[msg.sender] -= amount;
        balanceOf[to] += amount;
    }

    function transferFrom(address from, address to, uint256 amount) external {
        allowance[from][msg.sender] -= amount;
        balanceOf[from] -= amount;
        balanceOf[to] += amount;
    }
}
