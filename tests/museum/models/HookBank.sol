// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

interface IToken {
    function transfer(address to, uint256 amount) external returns (bool);

    function transferFrom(address from, address to, uint256 amount) external returns (bool);
}

/// @title A bank in the manner of Lendf.Me (2020), as little of it as fails
/// @notice Keeps its fault: it reads what a depositor has before it calls the token, and writes it after.
contract HookBank {
    mapping(address depositor => uint256 amount) public deposits;

    function supply(IToken token, uint256 amount) external {
        uint256 before = deposits[msg.sender];
        require(token.transferFrom(msg.sender, address(this), amount), "no tokens");
        deposits[msg.sender] = before + amount;
    }

    function withdraw(IToken token, uint256 amount) external {
        deposits[msg.sender] -= amount;
        require(token.transfer(msg.sender, amount), "no tokens");
    }
}
