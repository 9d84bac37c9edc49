// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title What halmos can do to a chain, as far as the proofs need it
interface Vm {
    function assume(bool fact) external pure;
    function deal(address account, uint256 balance) external;
    function load(address account, bytes32 slot) external view returns (bytes32);
    function prank(address sender) external;
    function store(address account, bytes32 slot, bytes32 value) external;
    function warp(uint256 timestamp) external;
}

/// @title A proof: each `check_…` holds for every value of its parameters
abstract contract Prover {
    Vm internal constant vm = Vm(0x7109709ECfa91a80626fF3989D68f67F5b1DD12D);

    uint256 internal constant BPS = 10_000;
}
