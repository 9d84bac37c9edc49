// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {SafeTransferLib} from "solady/utils/SafeTransferLib.sol";
import {ICreationRegistry} from "../../interfaces/ICreationRegistry.sol";
import {ITill} from "../../interfaces/ITill.sol";
import {Consent} from "./Consent.sol";

/// @title Money that can't be held up
/// @dev Reentrancy: every state change precedes every call to a stranger, except credits, which only
/// ever record money that the market holds for nobody else. What comes in is measured exactly, so a
/// call nested inside a deposit must leave the market's balance as the books say, or all is undone.
abstract contract Till is ITill, Consent {
    uint256 public constant override FEE_BPS_MAX = 250;
    uint256 public constant override PRICE_MAX = type(uint128).max;

    uint256 internal constant BPS = 10_000;
    address internal constant COIN = address(0);
    // Gas that a payee's receive function, or a token, gets when it's paid; a Safe needs 7,000.
    uint256 private constant COIN_GAS = 50_000;
    uint256 internal constant TOKEN_GAS = 200_000;
    // What a call costs on top of its own gas: coins 9,000, an account not yet touched 2,600.
    uint256 private constant CALL_GAS = 12_000;

    bytes32 private constant WITHDRAWAL_TYPEHASH = keccak256(
        "Withdrawal(address payee,address asset,address to,uint256 expiry,uint256 nonce)"
    );

    address public immutable override REGISTRY;
    address public immutable override FEE_RECIPIENT;
    uint256 public immutable override FEE_BPS;

    mapping(address asset => mapping(address payee => uint256 amount)) private _credits;

    /// @param registry The registry whose creators and tenures count here; trusted.
    /// @param feeRecipient Who gets the community's fee.
    /// @param feeBps The community's fee, basis points, at most `FEE_BPS_MAX`.
    constructor(address registry, address feeRecipient, uint256 feeBps) {
        if (registry.code.length == 0) revert Registry_HasNoCode(registry);
        if (feeRecipient == address(0) || feeRecipient == address(this)) {
            revert FeeRecipient_NotAllowed(feeRecipient);
        }
        if (feeBps > FEE_BPS_MAX) revert Fee_TooHigh(feeBps, FEE_BPS_MAX);
        REGISTRY = registry;
        FEE_RECIPIENT = feeRecipient;
        FEE_BPS = feeBps;
        emit MarketOpened(registry, feeRecipient, feeBps);
    }

    /* COLLECT */

    /// @dev Takes an amount in from the caller, exactly.
    function _collect(address asset, uint256 amount) internal {
        if (asset == COIN) {
            if (msg.value != amount) revert Value_Wrong(msg.value, amount);
            return;
        }
        if (msg.value != 0) revert Value_Wrong(msg.value, 0);
        _pull(asset, msg.sender, amount);
    }

    /// @dev Takes tokens in, exactly.
    function _pull(address asset, address payer, uint256 amount) internal {
        if (asset.code.length == 0) revert Asset_HasNoCode(asset);
        uint256 before = SafeTransferLib.balanceOf(asset, address(this));
        SafeTransferLib.safeTransferFrom(asset, payer, address(this), amount);
        uint256 balance = SafeTransferLib.balanceOf(asset, address(this));
        uint256 received = balance < before ? 0 : balance - before;
        if (received != amount) revert Asset_AmountWrong(asset, received, amount);
    }

    /// @dev Uses a permit, if there is one. That it fails says nothing: somebody may have used it first.
    function _usePermit(address asset, address payer, bytes calldata permit) internal {
        if (permit.length == 0) return;
        if (permit.length != 160) revert Permit_Malformed(permit.length, 160);
        (uint256 value, uint256 deadline, uint8 v, bytes32 r, bytes32 s) = abi.decode(
            permit,
            (uint256, uint256, uint8, bytes32, bytes32)
        );
        // solhint-disable-next-line avoid-low-level-calls
        (bool ignored, ) = asset.call(
            abi.encodeCall(IERC20Permit.permit, (payer, address(this), value, deadline, v, r, s))
        );
        ignored;
    }

    /* DIVIDE AND PAY */

    /// @dev The royalty is the creator's alone or, where that is zero, `amounts[i]` for `payees[i]`.
    struct Division {
        uint256 seller;
        address creator;
        uint256 royalty;
        uint256 referral;
        uint256 fee;
        address[] payees;
        uint256[] amounts;
    }

    /// @dev Divides a price, and tells the tenure of the registry's creation that is sold for it, if one is.
    function _divide(
        bool ofCreation,
        uint256 creationId,
        address seller,
        uint256 price,
        address referrer,
        uint256 referralBps
    ) internal view returns (Division memory part, uint256 tenure) {
        _takeShares(part, price, referrer, referralBps);
        if (!ofCreation) return (part, 0);
        bool shared;
        address creator;
        uint256 royalty;
        (tenure, shared, creator, royalty) = ICreationRegistry(REGISTRY).saleOf(
            creationId,
            seller,
            price
        );
        if (shared) {
            (part.payees, part.amounts) = ICreationRegistry(REGISTRY).sharesOf(
                creationId,
                seller,
                price,
                part.seller
            );
            for (uint256 i = 0; i < part.amounts.length; ++i) {
                royalty += part.amounts[i];
            }
        } else if (royalty != 0) {
            part.creator = creator;
        }
        part.royalty = royalty;
        part.seller -= royalty;
    }

    /// @dev Leaves to the seller what isn't the community's or the referrer's.
    function _takeShares(
        Division memory part,
        uint256 price,
        address referrer,
        uint256 referralBps
    ) internal view {
        // Prices are below 2^128 and shares below the whole: nothing overflows.
        unchecked {
            uint256 fee = (price * FEE_BPS) / BPS;
            uint256 referral = referrer == address(0) ? 0 : (price * referralBps) / BPS;
            (part.fee, part.referral, part.seller) = (fee, referral, price - fee - referral);
        }
    }

    /// @dev Says what creators and the referrer get, where the sale's own event doesn't.
    function _announce(bytes32 tradeId, address referrer, Division memory part) internal {
        if (part.creator != address(0)) emit RoyaltyPaid(tradeId, part.creator, part.royalty);
        if (part.referral != 0) emit ReferralPaid(tradeId, referrer, part.referral);
    }

    /// @dev Pays everybody's part but the community's of money that the market holds. That one is credited
    /// beside the event that says it, before any stranger is called: a withdrawal from inside a call finds
    /// all that events have said.
    function _distribute(
        bytes32 tradeId,
        address asset,
        address seller,
        address referrer,
        Division memory part
    ) internal {
        _pay(tradeId, asset, seller, part.seller);
        if (part.royalty != 0) {
            if (part.creator != address(0)) _pay(tradeId, asset, part.creator, part.royalty);
            for (uint256 i = 0; i < part.payees.length; ++i) {
                uint256 amount = part.amounts[i];
                if (amount == 0) continue;
                emit RoyaltyPaid(tradeId, part.payees[i], amount);
                _pay(tradeId, asset, part.payees[i], amount);
            }
        }
        if (part.referral != 0) _pay(tradeId, asset, referrer, part.referral);
    }

    /// @dev Pays at once, or credits. A payee can make neither fail for the others.
    function _pay(bytes32 tradeId, address asset, address payee, uint256 amount) internal {
        if (amount == 0) return;
        uint256 gasBefore = gasleft();
        uint256 gasLimit;
        if (asset == COIN) {
            gasLimit = COIN_GAS;
            if (SafeTransferLib.trySafeTransferETH(payee, amount, COIN_GAS)) return;
        } else {
            gasLimit = TOKEN_GAS;
            if (_sendTokens(asset, payee, amount, TOKEN_GAS)) return;
        }
        _checkGas(gasBefore, gasLimit);
        _credit(asset, payee, amount);
        emit Credited(tradeId, payee, asset, amount);
    }

    /// @dev Whoever sends too little gas must not make a credit of a payment: 1/64 stays with the caller.
    function _checkGas(uint256 gasBefore, uint256 gasLimit) internal pure {
        uint256 needed = gasLimit + gasLimit / 63 + CALL_GAS;
        if (gasBefore < needed) revert Gas_TooLittle(gasBefore, needed);
    }

    function _credit(address asset, address payee, uint256 amount) internal {
        if (amount == 0) return;
        // Below 2^128 each: 2^128 of them don't overflow.
        unchecked {
            _credits[asset][payee] += amount;
        }
    }

    /// @dev Sends with at most `gasLimit` gas and reads nothing of what comes back. The token is called from a
    /// call of our own, so that what it did is undone unless it did exactly what was asked.
    function _sendTokens(
        address asset,
        address to,
        uint256 amount,
        uint256 gasLimit
    ) private returns (bool success) {
        bytes4 selector = this.transferOut.selector;
        // In words of our own: encoding and reading an empty answer cost 300 gas.
        assembly ("memory-safe") {
            let order := mload(0x40)
            mstore(order, selector)
            mstore(add(order, 0x04), asset)
            mstore(add(order, 0x24), to)
            mstore(add(order, 0x44), amount)
            success := call(gasLimit, address(), 0, order, 0x64, 0x00, 0x00)
        }
    }

    /// @inheritdoc ITill
    function transferOut(address asset, address to, uint256 amount) external override {
        if (msg.sender != address(this)) revert Caller_NotMarket(msg.sender);
        uint256 before = SafeTransferLib.balanceOf(asset, address(this));
        SafeTransferLib.safeTransfer(asset, to, amount);
        uint256 sent;
        // A balance that rose is no amount that anybody asked for.
        unchecked {
            sent = before - SafeTransferLib.balanceOf(asset, address(this));
        }
        if (sent != amount) revert Asset_AmountWrong(asset, sent, amount);
    }

    /* WITHDRAW */

    /// @inheritdoc ITill
    function withdraw(address asset, address to) external override returns (uint256 amount) {
        _checkRecipient(to);
        return _withdraw(asset, msg.sender, to);
    }

    /// @inheritdoc ITill
    function withdrawToFor(
        address payee,
        address asset,
        address to,
        uint256 expiry,
        uint256 nonce,
        bytes calldata signature
    ) external override returns (uint256 amount) {
        bytes32 structHash = keccak256(
            abi.encode(WITHDRAWAL_TYPEHASH, payee, asset, to, expiry, nonce)
        );
        _checkConsent(payee, structHash, expiry, signature);
        _useNonce(payee, nonce);
        _checkRecipient(to);
        return _withdraw(asset, payee, to);
    }

    /// @inheritdoc ITill
    function withdrawFor(address asset, address payee) external override returns (uint256 amount) {
        return _withdraw(asset, payee, payee);
    }

    function _withdraw(address asset, address payee, address to) private returns (uint256 amount) {
        amount = _credits[asset][payee];
        if (amount == 0) revert Credit_Empty(asset, payee);
        delete _credits[asset][payee];
        emit Withdrawn(payee, asset, to, amount);
        bool sent =
            asset == COIN
                ? SafeTransferLib.trySafeTransferETH(to, amount, gasleft())
                : _sendTokens(asset, to, amount, gasleft());
        if (!sent) revert Withdrawal_Failed(asset, to, amount);
    }

    function _checkRecipient(address to) internal view {
        if (to == address(0) || to == address(this)) revert Recipient_NotAllowed(to);
    }

    /* VIEWS */

    /// @inheritdoc ITill
    function creditOf(
        address asset,
        address payee
    ) external view override returns (uint256 amount) {
        return _credits[asset][payee];
    }
}
