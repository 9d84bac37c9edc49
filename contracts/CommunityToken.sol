// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
import {ICommunityToken} from "../interfaces/ICommunityToken.sol";
import {Stewardship} from "./base/Stewardship.sol";

/// @title The money inside one community
contract CommunityToken is ICommunityToken, ERC20Permit, Stewardship {
    uint256 public immutable override CAP;

    address public override minter; // after OpenZeppelin's own and the stewardship

    /// @param name_ The token's name, also of its EIP-712 domain.
    /// @param symbol_ The token's short name.
    /// @param cap The largest supply there can ever be, smallest unit.
    /// @param openingSupply What is minted now, smallest unit; may be zero.
    /// @param openingHolder Who gets the opening supply.
    /// @param firstSteward Who may name the minter, once.
    constructor(
        string memory name_,
        string memory symbol_,
        uint256 cap,
        uint256 openingSupply,
        address openingHolder,
        address firstSteward
    ) ERC20(name_, symbol_) ERC20Permit(name_) Stewardship(firstSteward) {
        if (cap == 0 || openingSupply > cap) revert Supply_OutOfRange(openingSupply, cap);
        CAP = cap;
        if (openingSupply != 0) _mint(openingHolder, openingSupply);
    }

    /* MINT */

    /// @inheritdoc ICommunityToken
    function setMinter(address newMinter) external override {
        if (minter != address(0)) revert Minter_AlreadySet(minter);
        _checkSteward();
        bytes memory code = newMinter.code;
        // 0xef0100 and an address: a person's account that lent itself code (EIP-7702), not a contract.
        bool isPerson = code.length == 23 && bytes3(code) == 0xef0100;
        if (code.length == 0 || isPerson) revert Minter_HasNoCode(newMinter);
        minter = newMinter;
        emit MinterNamed(newMinter);
        _setSteward(address(0));
    }

    /// @inheritdoc ICommunityToken
    function mint(address to, uint256 amount) external override {
        if (msg.sender != minter) revert Minter_Required(msg.sender, minter);
        // OpenZeppelin's ERC20Capped would put this check into every transfer.
        uint256 room = CAP - totalSupply();
        if (amount > room) revert Supply_CapExceeded(amount, room);
        _mint(to, amount);
    }
}
