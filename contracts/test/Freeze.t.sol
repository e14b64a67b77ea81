// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import "../src/Constants.sol";
import {ICredentialRegistry as I} from "../src/ICredentialRegistry.sol";
import {Fixture} from "./util/Fixture.sol";
import {vm} from "./util/Vm.sol";

contract FreezeTest is Fixture {
    function _freeze(address actor) private {
        vm.prank(actor);
        registry.freeze(ID);
    }

    function _unfreeze(address actor) private {
        vm.prank(actor);
        registry.unfreeze(ID);
    }

    function test_an_admin_freezes_and_any_admin_unfreezes() public {
        _freeze(admin);
        vm.assertTrue(_frozen());
        (, bool byRecovery) = registry.recoveryOf(ID);
        vm.assertFalse(byRecovery);
        _unfreeze(ADMIN2);
        vm.assertFalse(_frozen());
    }

    function test_a_freeze_by_recovery_is_lifted_by_recovery_only() public {
        _freeze(RECOVERY);
        (, bool byRecovery) = registry.recoveryOf(ID);
        vm.assertTrue(byRecovery);
        _reverts(I.NotRecovery.selector, admin);
        _unfreeze(admin);
        _unfreeze(RECOVERY);
        (, byRecovery) = registry.recoveryOf(ID);
        vm.assertFalse(byRecovery);
        vm.assertFalse(_frozen());
    }

    function test_recovery_takes_over_a_freeze_and_lifts_one() public {
        _freeze(admin);
        _freeze(RECOVERY);
        _reverts(I.NotRecovery.selector, admin);
        _unfreeze(admin);
        _unfreeze(RECOVERY);
        _freeze(admin);
        _unfreeze(RECOVERY);
        vm.assertFalse(_frozen());
    }

    function test_what_is_frozen_is_not_frozen_again() public {
        _freeze(admin);
        _reverts(I.IssuerFrozen.selector);
        _freeze(ADMIN2);
        _freeze(RECOVERY);
        _reverts(I.IssuerFrozen.selector);
        _freeze(RECOVERY);
        _reverts(I.IssuerFrozen.selector);
        _freeze(admin);
    }

    function test_what_is_not_frozen_is_not_unfrozen() public {
        _reverts(I.NotFrozen.selector);
        _unfreeze(admin);
        _reverts(I.NotFrozen.selector);
        _unfreeze(RECOVERY);
    }

    function test_others_neither_freeze_nor_unfreeze() public {
        address[3] memory others = [ANCHORER, REVOKER, STRANGER];
        for (uint256 i = 0; i < others.length; ++i) {
            vm.expectRevert(_notAuthorized(others[i], ROLE_ADMIN));
            _freeze(others[i]);
            vm.expectRevert(_notAuthorized(others[i], ROLE_ADMIN));
            _unfreeze(others[i]);
        }
    }

    function test_frozen_nothing_is_anchored_granted_or_set() public {
        I.BatchRef memory batch = _anchor();
        _freeze(admin);
        _reverts(I.IssuerFrozen.selector);
        vm.prank(ANCHORER);
        registry.anchor(ID, bytes16(uint128(1)), ROOT, 1);
        _reverts(I.IssuerFrozen.selector);
        vm.prank(ANCHORER);
        registry.anchorMany(ID, new I.Batch[](0));
        _reverts(I.IssuerFrozen.selector);
        vm.prank(ANCHORER);
        registry.reaffirm(ID, batch);
        _reverts(I.IssuerFrozen.selector);
        _set(batch, ACTION_REVOKE, 0, 1);
        _reverts(I.IssuerFrozen.selector);
        vm.prank(admin);
        registry.addKey(ID, NEW, ROLE_ANCHOR);
        _reverts(I.IssuerFrozen.selector);
        vm.prank(admin);
        registry.setProfile(ID, ROOT);
        _reverts(I.IssuerFrozen.selector);
        vm.prank(admin);
        registry.openStatusEpoch(ID);
    }

    function test_frozen_keys_are_still_retired_and_distrusted() public {
        _freeze(RECOVERY);
        vm.prank(admin);
        registry.retireKey(ID, REVOKER);
        _distrust(ANCHORER, 1);
        vm.assertTrue(_frozen());
    }

    function test_frozen_changes_are_requested_vetoed_and_executed() public {
        _freeze(RECOVERY);
        _request(admin, CHANGE_ADD_ADMIN, NEW, ROLE_ADMIN, 0);
        _request(admin, CHANGE_RETIRE_ADMIN, ADMIN2, 0, 0);
        vm.prank(RECOVERY);
        registry.vetoChange(ID, admin, ADMIN2);
        _afterWait();
        registry.executeChange(ID, admin, NEW);
        vm.assertEq(registry.keyOf(ID, NEW).roles, ROLE_ADMIN);
        vm.assertTrue(_frozen());
    }
}
