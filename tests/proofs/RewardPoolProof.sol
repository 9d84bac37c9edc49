// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {CommunityToken} from "../../contracts/CommunityToken.sol";
import {RewardPool} from "../../contracts/RewardPool.sol";
import {Prover} from "./Prover.sol";

/// @title Claims never pay twice, and never more than income and allowance
contract RewardPoolProof is Prover {
    uint256 private constant CAP = 1_000_000e18;
    uint256 private constant SHARE_BPS = 5_000;
    uint256 private constant ALLOWANCE = 1_000_000;
    // Where the compiler puts them; `_put` sees to it that this is so.
    uint256 private constant COUNTING_SLOT = 4;
    uint256 private constant TOTAL_SLOT = 6;
    uint256 private constant INCOME_SLOT = 8;
    uint256 private constant MINTED_SLOT = 9;
    uint256 private constant CLAIMED_SLOT = 10;

    CommunityToken private _token;
    RewardPool private _pool;

    function setUp() external {
        vm.warp(1 days);
        _token = new CommunityToken("Proof", "P", CAP, CAP / 2, address(this), address(this));
        _pool = new RewardPool(
            address(_token),
            address(0x74ea5),
            address(this),
            address(0x94a4d),
            7 days,
            2 days,
            SHARE_BPS,
            ALLOWANCE,
            10
        );
        _token.setMinter(address(_pool));
    }

    function check_a_claim_pays_the_difference_once(
        address account,
        uint24 epoch,
        uint128 cumulative,
        uint128 claimed,
        address anybody
    ) external {
        vm.assume(account != address(0) && account != address(_pool) && account != address(this));
        _token.transfer(address(_pool), CAP / 2);
        _store(keccak256(abi.encode(account, CLAIMED_SLOT)), claimed);
        assert(_pool.claimedBy(account) == claimed);
        bytes24 root = bytes24(_pool.leafOf(epoch, account, cumulative));
        _store(bytes32(COUNTING_SLOT), uint192(root) | (uint256(epoch) << 192));
        uint256 before = _token.balanceOf(account);

        vm.prank(anybody);
        uint256 amount = _pool.claim(account, cumulative, new bytes32[](0));
        assert(cumulative > claimed);
        assert(amount == cumulative - claimed);
        assert(_token.balanceOf(account) - before == amount);
        assert(_pool.claimedBy(account) == cumulative);
        try _pool.claim(account, cumulative, new bytes32[](0)) {
            assert(false);
        } catch {}
    }

    /// @dev From any state in which the books are right, a post leaves them right. Of amounts below 2^32.
    /// @custom:halmos --solver-timeout-branching 100ms
    function check_a_post_stays_within_income_and_allowance(
        uint24 epoch,
        bytes32 root,
        uint32 total,
        uint32 income,
        uint32 minted,
        uint32 counting,
        uint32 arrived,
        uint40 time
    ) external {
        vm.assume(minted <= ALLOWANCE && counting <= uint256(income) + minted);
        _store(bytes32(INCOME_SLOT), income);
        _store(bytes32(MINTED_SLOT), minted);
        _store(bytes32(TOTAL_SLOT), counting);
        assert(_pool.income() == income && _pool.minted() == minted);
        (, , uint256 seen) = _pool.claimable();
        assert(seen == counting);
        _token.transfer(_pool.PURSE(), uint256(income) + minted - counting + arrived);
        vm.warp(time);

        _pool.post(epoch, root, total, bytes32(0));
        assert(total >= counting);
        assert(_pool.minted() == minted || _pool.minted() <= _pool.released(epoch));
        assert(total <= _pool.income() + _pool.minted());
        assert(_pool.income() == income + (uint256(arrived) * SHARE_BPS) / BPS);
        assert(_token.balanceOf(_pool.PURSE()) == _pool.income() + _pool.minted() - counting);
    }

    function check_no_epoch_releases_more_than_the_allowance(uint24 epoch) external view {
        assert(_pool.released(epoch) <= ALLOWANCE);
    }

    function check_no_second_root_while_one_waits(
        uint24 epoch,
        bytes32 root,
        uint96 total
    ) external {
        vm.warp(100 days);
        _pool.post(1, bytes32(uint256(1)), 0, bytes32(0));
        try _pool.post(epoch, root, total, bytes32(0)) {
            assert(false);
        } catch {}
    }

    function _store(bytes32 slot, uint256 value) private {
        vm.store(address(_pool), slot, bytes32(value));
    }
}
