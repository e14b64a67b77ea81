// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {ICredentialRegistry as I} from "../../src/ICredentialRegistry.sol";
import {vm} from "../util/Vm.sol";
import {Handler} from "./Handler.sol";

/// @dev Heads only grow, issuers are isolated, records are written once, revoked bits stay, keys act within their roles
/// and not after their retirement: `Handler` checks each after every call.
contract RegistryInvariantTest {
    Handler private handler;

    function setUp() public {
        handler = new Handler(I(vm.deployCode("CredentialRegistry.sol:CredentialRegistry")));
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    function invariant_nothing_that_must_not_happen_happened() public view {
        vm.assertEq(handler.failure(), "");
    }
}
