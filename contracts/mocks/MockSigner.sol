// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {MockReceiver} from "./MockReceiver.sol";

/// @title A contract that signs by ERC-1271
/// @notice Misbehaves: agrees to whatever anybody tells it to, and answers wrongly, not at all or with a
/// bomb if told so. Being a `MockReceiver`, it can sell and be paid.
contract MockSigner is MockReceiver {
    error Signer_Refused();

    enum Answer {
        Honest,
        Wrong,
        Revert,
        BurnGas,
        Bomb
    }

    bytes4 private constant MAGIC = 0x1626ba7e;

    Answer public answer;
    mapping(bytes32 digest => bytes32 signatureHash) public signed;

    function setAnswer(Answer newAnswer) external {
        answer = newAnswer;
    }

    /// @notice From now on `signature` is this contract's under `digest`.
    function sign(bytes32 digest, bytes calldata signature) external {
        signed[digest] = keccak256(signature);
    }

    function isValidSignature(
        bytes32 digest,
        bytes calldata signature
    ) external view returns (bytes4) {
        Answer now_ = answer;
        if (now_ == Answer.Revert) revert Signer_Refused();
        if (now_ == Answer.BurnGas) {
            assembly ("memory-safe") {
                invalid()
            }
        }
        if (now_ == Answer.Bomb) {
            assembly ("memory-safe") {
                return(0x200, 100000)
            }
        }
        if (now_ == Answer.Wrong) return 0xffffffff;
        return signed[digest] == keccak256(signature) ? MAGIC : bytes4(0xffffffff);
    }
}
