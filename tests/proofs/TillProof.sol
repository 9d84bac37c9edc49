// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Till} from "../../contracts/base/Till.sol";
import {Prover} from "./Prover.sol";

contract Divider is Till {
    constructor(address registry, uint256 feeBps) Till(registry, address(0xc0), feeBps) {}

    function divide(
        uint256 price,
        address referrer,
        uint256 referralBps
    ) external view returns (uint256 seller, uint256 referral, uint256 fee) {
        Division memory part;
        _takeShares(part, price, referrer, referralBps);
        return (part.seller, part.referral, part.fee);
    }

    function divideSale(
        uint256 price,
        address seller,
        address referrer,
        uint256 referralBps
    ) external view returns (Division memory part, uint256 tenure) {
        return _divide(true, 1, seller, price, referrer, referralBps);
    }

    function _domainNameAndVersion() internal pure override returns (string memory, string memory) {
        return ("Proof", "1");
    }
}

/// @dev A registry that says anything.
contract AnyRegistry {
    bool public shared;
    uint256[3] private _royalties;

    function set(bool shared_, uint256[3] calldata royalties) external {
        (shared, _royalties) = (shared_, royalties);
    }

    function saleOf(
        uint256,
        address,
        uint256
    ) external view returns (uint256 tenure, bool shared_, address creator, uint256 royalty) {
        return shared ? (7, true, address(0), 0) : (7, false, address(0xa), _royalties[0]);
    }

    function sharesOf(
        uint256,
        address,
        uint256,
        uint256
    ) external view returns (address[] memory payees, uint256[] memory amounts) {
        payees = new address[](3);
        amounts = new uint256[](3);
        for (uint256 i = 0; i < 3; ++i) {
            (payees[i], amounts[i]) = (address(uint160(i + 1)), _royalties[i]);
        }
    }
}

/// @title A price is divided without a remainder
/// @dev That no share exceeds the price no solver answers; on paper it's a line: each is rounded down, and the
/// basis points of all are 10,000 at most.
contract TillProof is Prover {
    uint256 private constant FEE_BPS_MAX = 250;

    AnyRegistry private _registry;
    Divider private _divider;

    function setUp() external {
        _registry = new AnyRegistry();
        _divider = new Divider(address(_registry), FEE_BPS_MAX);
    }

    function check_shares_are_those_asked_for(
        uint128 price,
        address referrer,
        uint16 referralBps
    ) external view {
        (uint256 seller, uint256 referral, uint256 fee) = _divider.divide(
            price,
            referrer,
            referralBps
        );
        assert(fee == (uint256(price) * FEE_BPS_MAX) / BPS);
        assert(referral == (referrer == address(0) ? 0 : (uint256(price) * referralBps) / BPS));
        unchecked {
            assert(seller + referral + fee == price);
        }
    }

    /// @dev Whatever the registry says: the parts sum to the price, or the sale is refused.
    /// @custom:halmos --loop 4
    function check_parts_sum_to_the_price(
        uint128 price,
        uint16 referralBps,
        bool shared,
        uint128[3] calldata royalties
    ) external {
        uint256[3] memory said = [uint256(royalties[0]), royalties[1], royalties[2]];
        _registry.set(shared, said);
        (Divider.Division memory part, uint256 tenure) = _divider.divideSale(
            price,
            address(0x5e11e4),
            address(0x4efe4e4),
            referralBps
        );
        assert(tenure == 7);
        unchecked {
            assert(part.seller + part.royalty + part.referral + part.fee == price);
        }
        if (shared) {
            assert(part.creator == address(0));
            assert(part.royalty == part.amounts[0] + part.amounts[1] + part.amounts[2]);
        } else {
            assert((part.creator == address(0)) == (part.royalty == 0));
        }
    }
}
