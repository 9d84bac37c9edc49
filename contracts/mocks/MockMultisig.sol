// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title A contract that acts when enough of its owners want it
/// @notice Speaks of its owners, threshold and modules as a Safe does; owners confirm by transactions.
contract MockMultisig {
    error Owner_Required(address caller);

    uint256 public getThreshold; // slot 0
    address[] private _owners; // slot 1
    mapping(address module => bool enabled) public isModuleEnabled; // slot 2
    mapping(bytes32 act => mapping(address owner => bool confirmed)) private _confirmed; // slot 3
    mapping(bytes32 act => uint256 count) private _counts; // slot 4

    constructor(address[] memory owners, uint256 threshold) {
        _owners = owners;
        getThreshold = threshold;
    }

    receive() external payable {}

    /// @notice Confirms a call, and makes it once the threshold is reached.
    function execute(address target, bytes calldata data) external {
        _checkOwner();
        bytes32 act = keccak256(abi.encode(target, data));
        if (_confirmed[act][msg.sender]) return;
        _confirmed[act][msg.sender] = true;
        if (++_counts[act] != getThreshold) return;
        (bool success, bytes memory answer) = target.call(data);
        if (!success) {
            assembly ("memory-safe") {
                revert(add(answer, 0x20), mload(answer))
            }
        }
    }

    /// @dev Of one owner, which no real one would take.
    function enableModule(address module) external {
        _checkOwner();
        isModuleEnabled[module] = true;
    }

    function _checkOwner() private view {
        for (uint256 i = 0; i < _owners.length; ++i) {
            if (_owners[i] == msg.sender) return;
        }
        revert Owner_Required(msg.sender);
    }

    function getOwners() external view returns (address[] memory) {
        return _owners;
    }
}
