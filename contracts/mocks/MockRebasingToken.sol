// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title A token whose balances change by themselves
/// @notice Misbehaves: balances are shares times a factor that anybody can set, so they grow or shrink
/// without a transfer.
contract MockRebasingToken {
    uint256 private constant UNIT = 1e18;

    uint256 public factor = UNIT;
    mapping(address holder => uint256 shares) public sharesOf;
    mapping(address holder => mapping(address spender => uint256 amount)) public allowance;

    /// @param newFactor What a share is worth, 10^-18.
    function rebase(uint256 newFactor) external {
        factor = newFactor;
    }

    function mint(address to, uint256 amount) external {
        sharesOf[to] += (amount * UNIT) / factor;
    }

    function approve(address spender, uint256 amount) external returns (bool) {
        allowance[msg.sender][spender] = amount;
        return true;
    }

    function transfer(address to, uint256 amount) external returns (bool) {
        return _move(msg.sender, to, amount);
    }

    function transferFrom(address from, address to, uint256 amount) external returns (bool) {
        allowance[from][msg.sender] -= amount;
        return _move(from, to, amount);
    }

    function balanceOf(address holder) external view returns (uint256) {
        return (sharesOf[holder] * factor) / UNIT;
    }

    function _move(address from, address to, uint256 amount) private returns (bool) {
        uint256 shares = (amount * UNIT) / factor;
        sharesOf[from] -= shares;
        sharesOf[to] += shares;
        return true;
    }
}
