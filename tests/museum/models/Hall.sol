// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

// All that is compiled for the museum, at once.
import {CountingAuction} from "museum/CountingAuction.sol";
import {DomainlessShop} from "museum/DomainlessShop.sol";
import {HookBank} from "museum/HookBank.sol";
import {InviteDrop} from "museum/InviteDrop.sol";
import {OpenRoyalties} from "museum/OpenRoyalties.sol";
import {OriginEscrow} from "museum/OriginEscrow.sol";
import {SpoofedToken} from "museum/SpoofedToken.sol";
import {MinimalForwarder} from "openzeppelin-4.9.3/metatx/MinimalForwarder.sol";
