// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {MerkleProof} from "openzeppelin-4.9.3/utils/cryptography/MerkleProof.sol";

/// @title A prize for each invitation in a tree
/// @notice OpenZeppelin's library with the leaves that its documentation warns of: 64 bytes hashed once,
/// exactly like an inner node.
contract InviteDrop {
    bytes32 public immutable ROOT;
    uint256 public immutable PRIZE;
    mapping(bytes32 leaf => bool yes) public claimed;

    constructor(bytes32 root, uint256 prize) payable {
        (ROOT, PRIZE) = (root, prize);
    }

    receive() external payable {}

    function claim(bytes32 code, uint256 seat, bytes32[] calldata proof) external {
        bytes32 leaf = keccak256(abi.encode(code, seat));
        require(!claimed[leaf], "claimed");
        require(MerkleProof.verifyCalldata(proof, ROOT, leaf), "not invited");
        claimed[leaf] = true;
        payable(msg.sender).transfer(PRIZE);
    }
}
