// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {SafeTransferLib} from "solady/utils/SafeTransferLib.sol";
import {ICommunityToken} from "../interfaces/ICommunityToken.sol";
import {IRewardPool} from "../interfaces/IRewardPool.sol";
import {Offices} from "./base/Offices.sol";
import {RewardPurse} from "./base/RewardPurse.sol";

/// @title Points that become money
/// @dev The balance counts what can still be claimed: claims need no counter of their own, which would cost
/// each 2,900 gas more.
/// @dev Reentrancy: every state change precedes every call but one: a root that begins to count brings its
/// money here first, by the token, which is known and calls nobody.
contract RewardPool is IRewardPool, Offices {
    uint256 public constant override EPOCH_SECONDS_MIN = 1 days;
    uint256 public constant override EPOCH_SECONDS_MAX = 366 days;
    uint256 public constant override CHALLENGE_SECONDS_MIN = 2 days;
    uint256 public constant override CHALLENGE_SECONDS_MAX = 30 days;
    uint256 public constant override OPENING_EPOCHS_MAX = 1_000;

    uint256 private constant BPS = 10_000;

    address public immutable override TOKEN;
    address public immutable override TREASURY;
    address public immutable override PURSE;
    uint256 public immutable override START;
    uint256 public immutable override EPOCH_SECONDS;
    uint256 public immutable override CHALLENGE_SECONDS;
    uint256 public immutable override SHARE_BPS;
    uint256 public immutable override OPENING_ALLOWANCE;
    uint256 public immutable override OPENING_EPOCHS;

    /// @dev One slot, so that a claim reads one. Two trees whose roots begin alike would take 2^96 tries; two
    /// accounts with one address take 2^80.
    struct Root {
        bytes24 start; // of the root
        uint24 epoch;
        uint40 until; // when the root that waits takes its place; zero if none does
    }

    Root private _counting;
    Root private _waiting;
    uint256 private _total;
    uint256 private _pendingTotal;
    uint256 public override income;
    uint256 public override minted;
    mapping(address account => uint256 amount) public override claimedBy;

    /// @param token The community token, which has to name this pool its minter; trusted.
    /// @param treasury Who gets what isn't the rewards'.
    /// @param firstSteward Who posts roots.
    /// @param firstGuardian Who may stop them.
    /// @param epochSeconds How long an epoch is.
    /// @param challengeSeconds How long a root waits.
    /// @param shareBps The rewards' share of income, basis points.
    /// @param openingAllowance What may be minted in all, smallest unit.
    /// @param openingEpochs In how many epochs that is released.
    constructor(
        address token,
        address treasury,
        address firstSteward,
        address firstGuardian,
        uint256 epochSeconds,
        uint256 challengeSeconds,
        uint256 shareBps,
        uint256 openingAllowance,
        uint256 openingEpochs
    ) Offices(firstSteward, firstGuardian) {
        if (token.code.length == 0) revert Token_HasNoCode(token);
        _checkTimes(epochSeconds, challengeSeconds);
        if (shareBps > BPS) revert Share_TooHigh(shareBps, BPS);
        uint256 room = ICommunityToken(token).CAP() - IERC20(token).totalSupply();
        if (room > type(uint128).max) room = type(uint128).max;
        if (openingAllowance > room) revert Allowance_TooHigh(openingAllowance, room);
        if (openingEpochs == 0 || openingEpochs > OPENING_EPOCHS_MAX) {
            revert AllowanceEpochs_OutOfRange(openingEpochs, OPENING_EPOCHS_MAX);
        }
        address purse = address(new RewardPurse());
        if (treasury == address(0) || treasury == address(this) || treasury == purse) {
            revert Treasury_NotAllowed(treasury);
        }
        TOKEN = token;
        TREASURY = treasury;
        PURSE = purse;
        START = block.timestamp;
        EPOCH_SECONDS = epochSeconds;
        CHALLENGE_SECONDS = challengeSeconds;
        SHARE_BPS = shareBps;
        OPENING_ALLOWANCE = openingAllowance;
        OPENING_EPOCHS = openingEpochs;
        emit PoolOpened(
            token,
            treasury,
            purse,
            epochSeconds,
            challengeSeconds,
            shareBps,
            openingAllowance,
            openingEpochs
        );
    }

    function _checkTimes(uint256 epochSeconds, uint256 challengeSeconds) private pure {
        if (epochSeconds < EPOCH_SECONDS_MIN || epochSeconds > EPOCH_SECONDS_MAX) {
            revert EpochLength_OutOfRange(epochSeconds, EPOCH_SECONDS_MIN, EPOCH_SECONDS_MAX);
        }
        if (challengeSeconds < CHALLENGE_SECONDS_MIN || challengeSeconds > CHALLENGE_SECONDS_MAX) {
            revert ChallengeWindow_OutOfRange(
                challengeSeconds,
                CHALLENGE_SECONDS_MIN,
                CHALLENGE_SECONDS_MAX
            );
        }
    }

    /* POST */

    /// @inheritdoc IRewardPool
    function post(uint256 epoch, bytes32 root, uint256 total, bytes32 document) external override {
        _checkSteward();
        Root memory counting = _takeEffect();
        if (counting.until != 0) revert Root_Pending(_waiting.epoch, counting.until);
        uint256 last = counting.epoch;
        if (epoch <= last) revert Epoch_NotNew(epoch, last);
        uint256 over = epochsOver();
        if (epoch > over) revert Epoch_NotOver(epoch, over);
        if (root == bytes32(0)) revert Root_Zero();
        (, uint256 treasury) = _countTokens();
        uint256 most = released(epoch) + income;
        if (total < _total || total > most) revert Total_OutOfRange(total, _total, most);

        uint256 claimableFrom = block.timestamp + CHALLENGE_SECONDS;
        _counting.until = uint40(claimableFrom);
        _waiting = Root(bytes24(root), uint24(epoch), 0);
        _pendingTotal = total;
        uint256 funded = income + minted;
        uint256 missing = total > funded ? total - funded : 0;
        minted += missing;
        emit RootPosted(epoch, root, total, document, missing, claimableFrom);
        _payTreasury(TOKEN, treasury);
        if (missing != 0) ICommunityToken(TOKEN).mint(PURSE, missing);
    }

    /// @inheritdoc IRewardPool
    function stop(bytes32 reason) external override {
        _checkGuardian();
        if (block.timestamp >= _counting.until) revert Root_NotPending();
        _counting.until = 0;
        emit RootStopped(_waiting.epoch, reason);
    }

    /// @dev Lets a root count whose window has passed, and brings its money here.
    function _takeEffect() private returns (Root memory counting) {
        counting = _counting;
        if (counting.until == 0 || block.timestamp < counting.until) return counting;
        counting = _waiting;
        _counting = counting;
        uint256 more = _pendingTotal - _total;
        _total = _pendingTotal;
        RewardPurse(payable(PURSE)).pay(TOKEN, address(this), more);
    }

    /* CLAIM */

    /// @inheritdoc IRewardPool
    function claim(
        address account,
        uint256 cumulative,
        bytes32[] calldata proof
    ) external override returns (uint256 amount) {
        Root memory counting = _takeEffect();
        amount = _claim(0, counting.epoch, counting.start, account, cumulative, proof);
        if (amount == 0) revert Claim_Empty(account, claimedBy[account]);
    }

    /// @inheritdoc IRewardPool
    function claimMany(Claim[] calldata claims) external override returns (uint256 amount) {
        Root memory counting = _takeEffect();
        for (uint256 i = 0; i < claims.length; ++i) {
            Claim calldata one = claims[i];
            amount += _claim(
                i,
                counting.epoch,
                counting.start,
                one.account,
                one.cumulative,
                one.proof
            );
        }
    }

    function _claim(
        uint256 index,
        uint256 epoch,
        bytes24 root,
        address account,
        uint256 cumulative,
        bytes32[] calldata proof
    ) private returns (uint256 amount) {
        bytes32 leaf = leafOf(epoch, account, cumulative);
        if (bytes24(MerkleProof.processProofCalldata(proof, leaf)) != root) {
            revert Claim_NotInTree(index, account, cumulative);
        }
        uint256 claimed = claimedBy[account];
        if (cumulative <= claimed) return 0;
        claimedBy[account] = cumulative;
        unchecked {
            amount = cumulative - claimed;
        }
        emit Claimed(account, amount);
        SafeTransferLib.safeTransfer(TOKEN, account, amount);
    }

    /* COLLECT */

    /// @inheritdoc IRewardPool
    function collect(address asset) external override returns (uint256 rewards, uint256 treasury) {
        if (asset == TOKEN) {
            (rewards, treasury) = _countTokens();
        } else {
            treasury =
                asset == address(0) ? PURSE.balance : SafeTransferLib.balanceOf(asset, PURSE);
            if (treasury != 0) emit IncomeCollected(asset, 0, treasury);
        }
        if (rewards + treasury == 0) revert Income_Empty(asset);
        _payTreasury(asset, treasury);
    }

    /// @dev Divides what arrived; the treasury's part is still to be paid.
    function _countTokens() private returns (uint256 rewards, uint256 treasury) {
        uint256 arrived = _arrived();
        if (arrived == 0) return (0, 0);
        rewards = (arrived * SHARE_BPS) / BPS;
        treasury = arrived - rewards;
        income += rewards;
        emit IncomeCollected(TOKEN, rewards, treasury);
    }

    function _payTreasury(address asset, uint256 amount) private {
        if (amount != 0) RewardPurse(payable(PURSE)).pay(asset, TREASURY, amount);
    }

    /// @dev Tokens in the purse that aren't the rewards' yet.
    function _arrived() private view returns (uint256 amount) {
        return IERC20(TOKEN).balanceOf(PURSE) - (income + minted - _total);
    }

    /* VIEWS */

    /// @inheritdoc IRewardPool
    function claimable()
        external
        view
        override
        returns (uint256 epoch, bytes24 root, uint256 total)
    {
        uint256 until = _counting.until;
        if (until == 0 || block.timestamp < until) {
            return (_counting.epoch, _counting.start, _total);
        }
        return (_waiting.epoch, _waiting.start, _pendingTotal);
    }

    /// @inheritdoc IRewardPool
    function pending()
        external
        view
        override
        returns (uint256 epoch, bytes24 root, uint256 total, uint256 claimableFrom)
    {
        claimableFrom = _counting.until;
        if (block.timestamp >= claimableFrom) return (0, 0, 0, 0);
        return (_waiting.epoch, _waiting.start, _pendingTotal, claimableFrom);
    }

    /// @inheritdoc IRewardPool
    function budget(uint256 epoch) external view override returns (uint256 total) {
        return released(epoch) + income + (_arrived() * SHARE_BPS) / BPS;
    }

    /// @inheritdoc IRewardPool
    function released(uint256 epoch) public view override returns (uint256 amount) {
        if (epoch >= OPENING_EPOCHS) return OPENING_ALLOWANCE;
        return (OPENING_ALLOWANCE * epoch) / OPENING_EPOCHS;
    }

    /// @inheritdoc IRewardPool
    function epochsOver() public view override returns (uint256 epochs) {
        return (block.timestamp - START) / EPOCH_SECONDS;
    }

    /// @inheritdoc IRewardPool
    function leafOf(
        uint256 epoch,
        address account,
        uint256 cumulative
    ) public view override returns (bytes32 leaf) {
        return
            keccak256(
                bytes.concat(
                    keccak256(abi.encode(block.chainid, address(this), epoch, account, cumulative))
                )
            );
    }
}
