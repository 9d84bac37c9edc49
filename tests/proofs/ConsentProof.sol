// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Consent} from "../../contracts/base/Consent.sol";
import {Prover} from "./Prover.sol";

contract Signed is Consent {
    function use(address signer, uint256 nonce) external {
        _useNonce(signer, nonce);
    }

    function _domainNameAndVersion() internal pure override returns (string memory, string memory) {
        return ("Proof", "1");
    }
}

/// @title A signed document counts once
contract ConsentProof is Prover {
    Signed private _signed;

    function setUp() external {
        _signed = new Signed();
    }

    function check_a_nonce_is_used_once(address signer, uint256 nonce) external {
        _signed.use(signer, nonce);
        assert(_signed.nonceUsed(signer, nonce));
        try _signed.use(signer, nonce) {
            assert(false);
        } catch {}
    }

    function check_a_nonce_uses_no_other(
        address signer,
        uint256 nonce,
        address other,
        uint256 unused
    ) external {
        vm.assume(signer != other || nonce != unused);
        bool before = _signed.nonceUsed(other, unused);
        _signed.use(signer, nonce);
        assert(_signed.nonceUsed(other, unused) == before);
    }

    /// @dev Over two words of nonces; each word more is written by the same line.
    /// @custom:halmos --loop 3 --solver-timeout-branching 2s
    function check_cancelling_uses_exactly_those_between(
        address signer,
        uint240 word,
        uint8 from,
        uint8 to,
        bool further,
        uint256 nonce
    ) external {
        uint256 first = (uint256(word) << 8) | from;
        uint256 last = ((uint256(word) + (further ? 1 : 0)) << 8) | to;
        vm.assume(further || from <= to);
        vm.prank(signer);
        _signed.cancelNonces(first, last);
        assert(_signed.nonceUsed(signer, nonce) == (first <= nonce && nonce <= last));
    }
}
