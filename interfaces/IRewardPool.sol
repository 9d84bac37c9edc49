// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// @title Points that become money
/// @notice Pays community tokens to those whose contributions earned them. For each epoch the steward posts
/// the root of a Merkle tree that says how much each account has earned in all; after a challenge window
/// anybody may claim for anybody, and the money goes to the account alone.
/// @dev Amounts are in the token's smallest unit, shares in basis points (1/10,000), times in seconds since
/// 1970 (UTC). Epoch n, from 1 on, lasts from `START + (n - 1) * EPOCH_SECONDS` until just before
/// `START + n * EPOCH_SECONDS`.
/// @dev Leaves: keccak256(keccak256(abi.encode(chain id, this contract, epoch, account, cumulative amount))).
/// Nodes: keccak256 of both children, the smaller one first.
/// @dev Budget: totals never exceed `released(epoch)` plus `SHARE_BPS` of the tokens that arrived at `PURSE`,
/// whatever a root says. Totals are paid from what arrived; only what is missing is minted, so that in all
/// at most `OPENING_ALLOWANCE` ever is.
/// @dev The purse is the markets' fee recipient. What isn't the rewards' goes to `TREASURY`, as do all other
/// assets, which count nothing: no price that the code could know makes them worth tokens.
/// @dev A total's money comes into this contract when its root begins to count, and leaves it by claims only.
/// So roots can't pay out more than their totals, and none touches what a later one will bring.
/// @dev Warning: the steward alone says who earned what. A root that nobody stopped may name fewer or other
/// accounts than the one before, so what was left unclaimed until then goes to others. But the root before pays
/// during the whole window, and anybody can claim for everybody.
/// @dev Warning: the guardian can stop every root, and so all new rewards; never claims of the root before.
/// @dev Warning: without a steward no root is ever posted again, without a guardian none is stopped. The last
/// root stays claimable for ever.
/// @dev Warning: tokens sent straight to this contract belong to nobody; send gifts to `PURSE`.
interface IRewardPool {
    /// @notice What somebody claims for an account.
    struct Claim {
        /// Who has the right and gets the money.
        address account;
        /// All that the account has earned, smallest unit, as in the tree.
        uint256 cumulative;
        /// The siblings of the leaf's path, from the leaf up.
        bytes32[] proof;
    }

    /* ERRORS */

    /// @notice The token named at deployment isn't a contract.
    error Token_HasNoCode(address token);

    /// @notice What isn't the rewards' needs a recipient other than the pool and its purse.
    error Treasury_NotAllowed(address treasury);

    /// @notice The rewards' share of income is above the whole, basis points.
    error Share_TooHigh(uint256 shareBps, uint256 max);

    /// @notice Epochs are too short or too long, seconds.
    error EpochLength_OutOfRange(uint256 epochSeconds, uint256 min, uint256 max);

    /// @notice The challenge window is too short or too long, seconds.
    error ChallengeWindow_OutOfRange(uint256 challengeSeconds, uint256 min, uint256 max);

    /// @notice The opening allowance is more than can be minted, or above 2^128 - 1; smallest unit.
    error Allowance_TooHigh(uint256 allowance, uint256 room);

    /// @notice The opening allowance is released over 1 to so many epochs.
    error AllowanceEpochs_OutOfRange(uint256 epochs, uint256 max);

    /// @notice Roots go forward: this epoch isn't after the last one that counts.
    error Epoch_NotNew(uint256 epoch, uint256 last);

    /// @notice The epoch isn't over yet.
    /// @param over The last epoch that is; zero before the first one is.
    error Epoch_NotOver(uint256 epoch, uint256 over);

    /// @notice No tree has the root zero.
    error Root_Zero();

    /// @notice Another root waits for its window to pass.
    error Root_Pending(uint256 epoch, uint256 claimableFrom);

    /// @notice No root waits that could be stopped.
    error Root_NotPending();

    /// @notice Totals never fall and never exceed the budget, smallest unit.
    error Total_OutOfRange(uint256 total, uint256 min, uint256 max);

    /// @notice The root that counts now has no such leaf.
    /// @param index Which claim it is, from 0 on.
    error Claim_NotInTree(uint256 index, address account, uint256 cumulative);

    /// @notice The account has got that much already, smallest unit.
    error Claim_Empty(address account, uint256 claimed);

    /// @notice Nothing of this asset has arrived.
    error Income_Empty(address asset);

    /* EVENTS */

    /// @notice The pool exists; these never change.
    event PoolOpened(
        address indexed token,
        address indexed treasury,
        address indexed purse,
        uint256 epochSeconds,
        uint256 challengeSeconds,
        uint256 shareBps,
        uint256 openingAllowance,
        uint256 openingEpochs
    );

    /// @notice A root counts from `claimableFrom` on, unless it is stopped before.
    /// @param total What all accounts have earned in all epochs together, smallest unit.
    /// @param document sha2-256 of the epoch document, from which anybody can make the tree.
    /// @param minted What was minted for it, smallest unit.
    event RootPosted(
        uint256 indexed epoch,
        bytes32 root,
        uint256 total,
        bytes32 document,
        uint256 minted,
        uint256 claimableFrom
    );

    /// @notice The guardian stopped a root; another one may be posted.
    /// @param reason sha2-256 of the document that says why.
    event RootStopped(uint256 indexed epoch, bytes32 reason);

    /// @notice An account got tokens.
    event Claimed(address indexed account, uint256 amount);

    /// @notice What arrived at the purse was divided.
    /// @param rewards What rewards may cost more from now on; zero for other assets.
    event IncomeCollected(address indexed asset, uint256 rewards, uint256 treasury);

    /* POST */

    /// @notice Posts an epoch's root, for the steward. Collects the token's income before.
    /// @param epoch An epoch that is over, after the last one that counts; some may be left out.
    /// @param root The tree's root.
    /// @param total The sum of its cumulative amounts, smallest unit.
    /// @param document sha2-256 of the epoch document.
    function post(uint256 epoch, bytes32 root, uint256 total, bytes32 document) external;

    /// @notice Stops the root that waits, for the guardian.
    /// @param reason sha2-256 of the document that says why.
    function stop(bytes32 reason) external;

    /* CLAIM */

    /// @notice Pays an account what it has earned and not got yet, for anybody to call.
    /// @return amount What was paid, smallest unit.
    function claim(
        address account,
        uint256 cumulative,
        bytes32[] calldata proof
    ) external returns (uint256 amount);

    /// @notice `claim` for many. Accounts that have got everything already are skipped.
    /// @return amount What was paid in all, smallest unit.
    function claimMany(Claim[] calldata claims) external returns (uint256 amount);

    /* COLLECT */

    /// @notice Divides what arrived at the purse between rewards and treasury, for anybody to call.
    /// @param asset The token, any other ERC-20, or zero for the chain's own coin.
    /// @return rewards What rewards may cost more, smallest unit of the token.
    /// @return treasury What the treasury got, smallest unit of the asset.
    function collect(address asset) external returns (uint256 rewards, uint256 treasury);

    /* VIEWS */

    /// @notice The root that counts now, its first 24 bytes; zero before the first one does.
    function claimable() external view returns (uint256 epoch, bytes24 root, uint256 total);

    /// @notice The root that waits, its first 24 bytes, and from when on it counts; zero if none waits.
    function pending()
        external
        view
        returns (uint256 epoch, bytes24 root, uint256 total, uint256 claimableFrom);

    /// @notice What an account got so far, smallest unit.
    function claimedBy(address account) external view returns (uint256 amount);

    /// @notice The highest total that a root of this epoch could have now, smallest unit.
    function budget(uint256 epoch) external view returns (uint256 total);

    /// @notice What of the opening allowance is released with an epoch, smallest unit; in equal parts.
    function released(uint256 epoch) external view returns (uint256 amount);

    /// @notice The last epoch that is over; zero before the first one is.
    function epochsOver() external view returns (uint256 epochs);

    /// @notice An account's leaf in an epoch's tree.
    function leafOf(
        uint256 epoch,
        address account,
        uint256 cumulative
    ) external view returns (bytes32 leaf);

    /// @notice The rewards' share of all income collected so far, smallest unit.
    function income() external view returns (uint256);

    /// @notice What was minted so far, smallest unit.
    function minted() external view returns (uint256);

    /// @notice The community token.
    function TOKEN() external view returns (address);

    /// @notice Who gets what isn't the rewards'.
    function TREASURY() external view returns (address);

    /// @notice Where income arrives: the markets' fee recipient.
    function PURSE() external view returns (address);

    /// @notice When the first epoch began: at deployment.
    function START() external view returns (uint256);

    /// @notice How long an epoch is, seconds.
    function EPOCH_SECONDS() external view returns (uint256);

    /// @notice How long a root waits, seconds.
    function CHALLENGE_SECONDS() external view returns (uint256);

    /// @notice The rewards' share of income, basis points.
    function SHARE_BPS() external view returns (uint256);

    /// @notice What may be minted in all, smallest unit.
    function OPENING_ALLOWANCE() external view returns (uint256);

    /// @notice In how many epochs the opening allowance is released.
    function OPENING_EPOCHS() external view returns (uint256);

    /// @notice The shortest epoch, seconds.
    function EPOCH_SECONDS_MIN() external view returns (uint256);

    /// @notice The longest epoch, seconds.
    function EPOCH_SECONDS_MAX() external view returns (uint256);

    /// @notice The shortest challenge window, seconds.
    function CHALLENGE_SECONDS_MIN() external view returns (uint256);

    /// @notice The longest challenge window, seconds.
    function CHALLENGE_SECONDS_MAX() external view returns (uint256);

    /// @notice The most epochs over which the opening allowance is released.
    function OPENING_EPOCHS_MAX() external view returns (uint256);
}
