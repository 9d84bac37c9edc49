// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IConsent} from "../../interfaces/IConsent.sol";
import {Signatures} from "./Signatures.sol";

/// @title Documents that people sign instead of sending transactions
abstract contract Consent is IConsent, Signatures {
    uint256 public constant override NONCES_MAX = 65_536;

    bytes32 private constant CANCELLATION_TYPEHASH = keccak256(
        "Cancellation(address signer,uint256 first,uint256 last,uint256 expiry)"
    );

    mapping(address signer => mapping(uint256 word => uint256 bits)) private _nonces;

    /* CANCEL */

    /// @inheritdoc IConsent
    function cancelNonces(uint256 first, uint256 last) external override {
        _cancelNonces(msg.sender, first, last);
    }

    /// @inheritdoc IConsent
    function cancelNoncesFor(
        address signer,
        uint256 first,
        uint256 last,
        uint256 expiry,
        bytes calldata signature
    ) external override {
        bytes32 structHash = keccak256(
            abi.encode(CANCELLATION_TYPEHASH, signer, first, last, expiry)
        );
        _checkConsent(signer, structHash, expiry, signature);
        _cancelNonces(signer, first, last);
    }

    function _cancelNonces(address signer, uint256 first, uint256 last) private {
        if (first > last || last - first >= NONCES_MAX) {
            revert Nonces_OutOfRange(first, last, NONCES_MAX);
        }
        emit NoncesCancelled(signer, first, last);
        uint256 lastWord = last >> 8;
        for (uint256 word = first >> 8; word <= lastWord; ++word) {
            uint256 mask = type(uint256).max;
            if (word == first >> 8) mask <<= first & 0xff;
            if (word == lastWord) mask &= type(uint256).max >> (0xff - (last & 0xff));
            _nonces[signer][word] |= mask;
        }
    }

    /// @dev Uses a nonce, or refuses the document that carries it.
    function _useNonce(address signer, uint256 nonce) internal {
        uint256 bits = _nonces[signer][nonce >> 8];
        uint256 bit = 1 << (nonce & 0xff);
        if (bits & bit != 0) revert Nonce_Used(signer, nonce);
        _nonces[signer][nonce >> 8] = bits | bit;
    }

    /* VIEWS */

    /// @inheritdoc IConsent
    function nonceUsed(address signer, uint256 nonce) public view override returns (bool) {
        return (_nonces[signer][nonce >> 8] >> (nonce & 0xff)) & 1 != 0;
    }
}
