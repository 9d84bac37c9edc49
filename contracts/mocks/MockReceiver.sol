// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {SSTORE2} from "solady/utils/SSTORE2.sol";
import {MockBuyer} from "./MockBuyer.sol";

/// @title A contract that misbehaves when it's paid
/// @notice Misbehaves as told by `setMode` when it gets coins, a creation (`onERC721Received`) or a hook
/// of `MockHookToken`: accepts, reverts, burns all gas, answers or reverts with a bomb, answers an
/// ERC-721 transfer wrongly, or first makes the calls that `addCall` scripted, each once.
/// @dev Scripts lie in code and outcomes in events, so that reentering fits into the gas that a payee gets.
contract MockReceiver is MockBuyer {
    error Receiver_Refused();

    /// @notice What a scripted call came to. Lost if whoever called this contract reverts.
    event Reentered(address indexed target, bool success, bytes answer);

    enum Mode {
        Accept,
        Reject,
        BurnGas,
        ReturnBomb,
        RevertBomb,
        Reenter,
        WrongAnswer
    }

    struct Call {
        address target;
        uint96 value;
        address data;
    }

    uint256 private constant BOMB_BYTES = 100_000;

    Mode public mode; // slot 0
    uint64 private _next; // slot 0
    uint64 private _end; // slot 0
    mapping(uint256 index => Call scripted) private _script; // slot 1

    receive() external payable override {
        _misbehave();
    }

    /* SCRIPT */

    function setMode(Mode newMode) external {
        mode = newMode;
    }

    /// @notice Adds a call that is made, once, when something arrives in mode `Reenter`.
    function addCall(address target, uint96 value, bytes calldata data) external {
        _script[_end++] = Call(target, value, SSTORE2.write(data));
    }

    /* ARRIVALS */

    function onERC721Received(address, address, uint256, bytes calldata) external returns (bytes4) {
        _misbehave();
        return mode == Mode.WrongAnswer ? bytes4(0xffffffff) : this.onERC721Received.selector;
    }

    function tokensToSend(address, address, uint256) external {
        _misbehave();
    }

    function tokensReceived(address, address, uint256) external {
        _misbehave();
    }

    function _misbehave() private {
        Mode now_ = mode;
        if (now_ == Mode.Reject) revert Receiver_Refused();
        if (now_ == Mode.Reenter) _reenter();
        uint256 length = BOMB_BYTES;
        if (now_ == Mode.BurnGas) {
            assembly ("memory-safe") {
                invalid()
            }
        }
        if (now_ == Mode.ReturnBomb) {
            assembly ("memory-safe") {
                return(0x200, length)
            }
        }
        if (now_ == Mode.RevertBomb) {
            assembly ("memory-safe") {
                revert(0x200, length)
            }
        }
    }

    function _reenter() private {
        uint256 first = _next;
        uint256 end = _end;
        if (first == end) return;
        _next = uint64(end);
        for (uint256 i = first; i < end; ++i) {
            Call memory scripted = _script[i];
            (bool success, bytes memory answer) = scripted.target.call{value: scripted.value}(
                SSTORE2.read(scripted.data)
            );
            emit Reentered(scripted.target, success, answer);
        }
    }
}
