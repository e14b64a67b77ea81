// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import "../src/Constants.sol";
import {ICredentialRegistry as I} from "../src/ICredentialRegistry.sol";
import {Fixture} from "./util/Fixture.sol";
import {vm} from "./util/Vm.sol";

contract ChangesTest is Fixture {
    function _veto(address actor, address requester, address account) private {
        vm.prank(actor);
        registry.vetoChange(ID, requester, account);
    }

    function _noPending(address requester, address account) private {
        vm.expectRevert(abi.encodeWithSelector(I.NoPendingChange.selector, ID, requester, account));
    }

    function _badChange(uint8 kind, uint8 roles, uint64 from) private {
        vm.expectRevert(abi.encodeWithSelector(I.BadChange.selector, kind, roles, from));
        _request(admin, kind, NEW, roles, from);
    }

    // ------------------------------------------------------------------------------------------------ requests

    function test_wait_is_seven_days() public view {
        vm.assertEq(registry.WAIT(), 7 days);
    }

    function test_a_request_is_stored_and_waits() public {
        _request(admin, CHANGE_ADD_ADMIN, NEW, ROLE_ADMIN | ROLE_ANCHOR, 0);
        I.PendingChange memory change = registry.pendingChange(ID, admin, NEW);
        vm.assertEq(change.kind, CHANGE_ADD_ADMIN);
        vm.assertEq(change.roles, ROLE_ADMIN | ROLE_ANCHOR);
        vm.assertEq(change.readyAt, START + 7 days);
        vm.assertFalse(change.byRecovery);
        vm.assertFalse(change.vetoed);
        vm.warp(START + 7 days - 1);
        vm.expectRevert(abi.encodeWithSelector(I.ChangeNotReady.selector, ID, admin, NEW, START + 7 days));
        registry.executeChange(ID, admin, NEW);
        vm.warp(START + 7 days);
        vm.prank(STRANGER);
        registry.executeChange(ID, admin, NEW);
        vm.assertEq(registry.keyOf(ID, NEW).roles, ROLE_ADMIN | ROLE_ANCHOR);
        vm.assertEq(registry.keyOf(ID, NEW).addedAt, START + 7 days);
        _noPending(admin, NEW);
        registry.executeChange(ID, admin, NEW);
    }

    function test_a_new_request_starts_the_wait_again() public {
        _request(admin, CHANGE_ADD_ADMIN, NEW, ROLE_ADMIN, 0);
        vm.warp(START + 6 days);
        _request(admin, CHANGE_RECOVERY, NEW, 0, 0);
        vm.warp(START + 8 days);
        vm.expectRevert(abi.encodeWithSelector(I.ChangeNotReady.selector, ID, admin, NEW, START + 13 days));
        registry.executeChange(ID, admin, NEW);
        vm.warp(START + 13 days);
        registry.executeChange(ID, admin, NEW);
        (address recovery,) = registry.recoveryOf(ID);
        vm.assertEq(recovery, NEW);
        vm.assertEq(registry.keyOf(ID, NEW).roles, 0);
    }

    function test_requests_of_unknown_form_are_refused() public {
        _badChange(0, 0, 0);
        _badChange(5, 0, 0);
        _badChange(CHANGE_ADD_ADMIN, 0, 0);
        _badChange(CHANGE_ADD_ADMIN, ROLE_ADMIN, 1);
        _badChange(CHANGE_RETIRE_ADMIN, ROLE_ADMIN, 0);
        _badChange(CHANGE_RETIRE_ADMIN, 0, 1);
        _badChange(CHANGE_DISTRUST_ADMIN, 0, 0);
        _badChange(CHANGE_DISTRUST_ADMIN, 1, 1);
        _badChange(CHANGE_RECOVERY, 1, 0);
        _badChange(CHANGE_RECOVERY, 0, 1);
    }

    function test_a_new_admin_needs_the_admin_role_and_known_roles() public {
        uint8[3] memory roles = [ROLE_ANCHOR, ROLE_ANCHOR | ROLE_STATUS, 9];
        for (uint256 i = 0; i < 3; ++i) {
            vm.expectRevert(abi.encodeWithSelector(I.BadRoles.selector, NEW, roles[i]));
            _request(admin, CHANGE_ADD_ADMIN, NEW, roles[i], 0);
        }
    }

    function test_a_new_admin_or_recovery_must_be_a_fresh_account() public {
        uint8[2] memory kinds = [CHANGE_ADD_ADMIN, CHANGE_RECOVERY];
        for (uint256 i = 0; i < 2; ++i) {
            uint8 roles = kinds[i] == CHANGE_ADD_ADMIN ? ROLE_ADMIN : 0;
            vm.expectRevert(abi.encodeWithSelector(I.ZeroAccount.selector));
            _request(admin, kinds[i], address(0), roles, 0);
            _reverts(I.KeyKnown.selector, ANCHORER);
            _request(admin, kinds[i], ANCHORER, roles, 0);
            _reverts(I.IsRecovery.selector, RECOVERY);
            _request(admin, kinds[i], RECOVERY, roles, 0);
        }
    }

    function test_retiring_and_distrusting_by_request_is_for_admins() public {
        _reverts(I.KeyUnknown.selector, NEW);
        _request(admin, CHANGE_RETIRE_ADMIN, NEW, 0, 0);
        _reverts(I.IsNotAdmin.selector, ANCHORER);
        _request(admin, CHANGE_RETIRE_ADMIN, ANCHORER, 0, 0);
        _reverts(I.KeyUnknown.selector, NEW);
        _request(admin, CHANGE_DISTRUST_ADMIN, NEW, 0, 1);
        _reverts(I.IsNotAdmin.selector, ANCHORER);
        _request(admin, CHANGE_DISTRUST_ADMIN, ANCHORER, 0, 1);
        vm.expectRevert(abi.encodeWithSelector(I.BadDistrustTime.selector, ID, ADMIN2, START + 1));
        _request(admin, CHANGE_DISTRUST_ADMIN, ADMIN2, 0, START + 1);
    }

    function test_recovery_requests_new_admins_and_nothing_else() public {
        for (uint8 kind = CHANGE_RETIRE_ADMIN; kind <= CHANGE_RECOVERY; ++kind) {
            vm.expectRevert(_notAuthorized(RECOVERY, ROLE_ADMIN));
            _request(RECOVERY, kind, ADMIN2, 0, 0);
        }
        _request(RECOVERY, CHANGE_ADD_ADMIN, NEW, ROLE_ADMIN, 0);
        vm.assertTrue(registry.pendingChange(ID, RECOVERY, NEW).byRecovery);
        _afterWait();
        registry.executeChange(ID, RECOVERY, NEW);
        vm.assertEq(registry.keyOf(ID, NEW).roles, ROLE_ADMIN);
    }

    function test_others_request_and_veto_nothing() public {
        _request(admin, CHANGE_ADD_ADMIN, NEW, ROLE_ADMIN, 0);
        address[3] memory others = [ANCHORER, REVOKER, STRANGER];
        for (uint256 i = 0; i < others.length; ++i) {
            vm.expectRevert(_notAuthorized(others[i], ROLE_ADMIN));
            _request(others[i], CHANGE_ADD_ADMIN, STRANGER, ROLE_ADMIN, 0);
            vm.expectRevert(_notAuthorized(others[i], ROLE_ADMIN));
            _veto(others[i], admin, NEW);
        }
    }

    // ------------------------------------------------------------------------------------------------- effects

    function test_retire_admin() public {
        _request(admin, CHANGE_RETIRE_ADMIN, ADMIN2, 0, 0);
        _afterWait();
        registry.executeChange(ID, admin, ADMIN2);
        vm.assertEq(registry.keyOf(ID, ADMIN2).retiredAt, START + 7 days);
        vm.expectRevert(_notAuthorized(ADMIN2, ROLE_ANCHOR));
        vm.prank(ADMIN2);
        registry.anchor(ID, BATCH, ROOT, 1);
        _reverts(I.KeyAlreadyRetired.selector, ADMIN2);
        _request(admin, CHANGE_RETIRE_ADMIN, ADMIN2, 0, 0);
    }

    function test_distrust_admin_also_after_retirement() public {
        _request(admin, CHANGE_RETIRE_ADMIN, ADMIN2, 0, 0);
        _afterWait();
        registry.executeChange(ID, admin, ADMIN2);
        _request(admin, CHANGE_DISTRUST_ADMIN, ADMIN2, 0, START);
        _afterWait();
        registry.executeChange(ID, admin, ADMIN2);
        I.Key memory key = registry.keyOf(ID, ADMIN2);
        vm.assertEq(key.distrustFrom, START);
        vm.assertEq(key.retiredAt, START + 7 days);
    }

    function test_what_no_longer_fits_is_not_executed() public {
        _request(admin, CHANGE_RETIRE_ADMIN, ADMIN2, 0, 0);
        _request(ADMIN2, CHANGE_RETIRE_ADMIN, admin, 0, 0);
        _request(admin, CHANGE_ADD_ADMIN, NEW, ROLE_ADMIN, 0);
        vm.prank(admin);
        registry.addKey(ID, NEW, ROLE_ANCHOR);
        _afterWait();
        _reverts(I.KeyKnown.selector, NEW);
        registry.executeChange(ID, admin, NEW);
        registry.executeChange(ID, admin, ADMIN2);
        vm.expectRevert(_notAuthorized(ADMIN2, ROLE_ADMIN));
        registry.executeChange(ID, ADMIN2, admin);
    }

    function test_a_change_of_recovery_needs_an_account_that_is_still_no_key() public {
        _request(admin, CHANGE_RECOVERY, NEW, 0, 0);
        vm.prank(admin);
        registry.addKey(ID, NEW, ROLE_ANCHOR);
        _afterWait();
        _reverts(I.KeyKnown.selector, NEW);
        registry.executeChange(ID, admin, NEW);
    }

    function test_a_replaced_recovery_account_can_do_nothing() public {
        _request(RECOVERY, CHANGE_ADD_ADMIN, STRANGER, ROLE_ADMIN, 0);
        _request(admin, CHANGE_RECOVERY, NEW, 0, 0);
        _afterWait();
        registry.executeChange(ID, admin, NEW);
        _reverts(I.NotRecovery.selector, RECOVERY);
        registry.executeChange(ID, RECOVERY, STRANGER);
        vm.expectRevert(_notAuthorized(RECOVERY, ROLE_ADMIN));
        vm.prank(RECOVERY);
        registry.freeze(ID);
        vm.prank(NEW);
        registry.freeze(ID);
    }

    function test_a_request_as_recovery_does_not_live_on_as_an_admins() public {
        _request(RECOVERY, CHANGE_ADD_ADMIN, STRANGER, ROLE_ADMIN, 0);
        _request(admin, CHANGE_RECOVERY, NEW, 0, 0);
        _afterWait();
        registry.executeChange(ID, admin, NEW);
        _request(admin, CHANGE_ADD_ADMIN, RECOVERY, ROLE_ADMIN, 0);
        _afterWait();
        registry.executeChange(ID, admin, RECOVERY);
        _reverts(I.NotRecovery.selector, RECOVERY);
        registry.executeChange(ID, RECOVERY, STRANGER);
    }

    function test_a_freeze_by_recovery_outlives_its_account() public {
        vm.prank(RECOVERY);
        registry.freeze(ID);
        _request(admin, CHANGE_RECOVERY, NEW, 0, 0);
        _afterWait();
        registry.executeChange(ID, admin, NEW);
        _reverts(I.NotRecovery.selector, admin);
        vm.prank(admin);
        registry.unfreeze(ID);
        vm.prank(NEW);
        registry.unfreeze(ID);
        vm.assertFalse(_frozen());
    }

    // --------------------------------------------------------------------------------------------------- vetoes

    function test_recovery_vetoes_an_admins_request_even_after_the_wait() public {
        _request(admin, CHANGE_RETIRE_ADMIN, ADMIN2, 0, 0);
        _afterWait();
        _veto(RECOVERY, admin, ADMIN2);
        vm.assertTrue(registry.pendingChange(ID, admin, ADMIN2).vetoed);
        _noPending(admin, ADMIN2);
        registry.executeChange(ID, admin, ADMIN2);
        _noPending(admin, ADMIN2);
        _veto(RECOVERY, admin, ADMIN2);
    }

    function test_an_admin_does_not_veto_an_admin() public {
        _request(admin, CHANGE_RETIRE_ADMIN, ADMIN2, 0, 0);
        _reverts(I.NotRecovery.selector, ADMIN2);
        _veto(ADMIN2, admin, ADMIN2);
    }

    function test_any_admin_vetoes_recoverys_request() public {
        _request(RECOVERY, CHANGE_ADD_ADMIN, NEW, ROLE_ADMIN, 0);
        _veto(ADMIN2, RECOVERY, NEW);
        vm.assertEq(registry.pendingChange(ID, RECOVERY, NEW).readyAt, 0);
        _afterWait();
        _noPending(RECOVERY, NEW);
        registry.executeChange(ID, RECOVERY, NEW);
    }

    function test_a_requester_withdraws_its_own() public {
        _request(admin, CHANGE_ADD_ADMIN, NEW, ROLE_ADMIN, 0);
        _veto(admin, admin, NEW);
        vm.assertEq(registry.pendingChange(ID, admin, NEW).readyAt, 0);
        _request(RECOVERY, CHANGE_ADD_ADMIN, NEW, ROLE_ADMIN, 0);
        _veto(RECOVERY, RECOVERY, NEW);
        vm.assertEq(registry.pendingChange(ID, RECOVERY, NEW).readyAt, 0);
    }

    function test_a_new_recovery_account_does_not_veto_its_predecessors_request() public {
        _request(RECOVERY, CHANGE_ADD_ADMIN, STRANGER, ROLE_ADMIN, 0);
        _request(admin, CHANGE_RECOVERY, NEW, 0, 0);
        _afterWait();
        registry.executeChange(ID, admin, NEW);
        vm.expectRevert(_notAuthorized(NEW, ROLE_ADMIN));
        _veto(NEW, RECOVERY, STRANGER);
        _veto(admin, RECOVERY, STRANGER);
    }

    function test_what_was_not_requested_is_not_vetoed() public {
        _noPending(admin, NEW);
        _veto(RECOVERY, admin, NEW);
        _noPending(admin, NEW);
        _veto(admin, admin, NEW);
    }

    // -------------------------------------------------------------------------------------------- two admins

    function test_two_admins_overrule_a_veto() public {
        _request(admin, CHANGE_RECOVERY, NEW, 0, 0);
        _veto(RECOVERY, admin, NEW);
        vm.warp(START + 1 days);
        _request(ADMIN2, CHANGE_RECOVERY, NEW, 0, 0);
        _veto(RECOVERY, ADMIN2, NEW);
        vm.warp(START + 7 days);
        vm.expectRevert(abi.encodeWithSelector(I.ChangeNotReady.selector, ID, ADMIN2, NEW, START + 8 days));
        registry.executeSeconded(ID, admin, ADMIN2, NEW);
        vm.warp(START + 8 days);
        registry.executeSeconded(ID, admin, ADMIN2, NEW);
        (address recovery,) = registry.recoveryOf(ID);
        vm.assertEq(recovery, NEW);
        vm.assertEq(registry.pendingChange(ID, admin, NEW).readyAt, 0);
        vm.assertEq(registry.pendingChange(ID, ADMIN2, NEW).readyAt, 0);
    }

    function _differ(address requester, address second, address account) private {
        vm.expectRevert(abi.encodeWithSelector(I.ChangesDiffer.selector, ID, requester, second, account));
        registry.executeSeconded(ID, requester, second, account);
    }

    function test_one_admin_does_not_second_itself() public {
        _request(admin, CHANGE_RECOVERY, NEW, 0, 0);
        _veto(RECOVERY, admin, NEW);
        _afterWait();
        _noPending(admin, NEW);
        registry.executeSeconded(ID, admin, admin, NEW);
    }

    function test_recovery_does_not_second() public {
        _request(admin, CHANGE_ADD_ADMIN, NEW, ROLE_ADMIN, 0);
        _request(RECOVERY, CHANGE_ADD_ADMIN, NEW, ROLE_ADMIN, 0);
        _afterWait();
        _differ(admin, RECOVERY, NEW);
        _differ(RECOVERY, admin, NEW);
    }

    function test_requests_that_differ_do_not_second_each_other() public {
        _request(admin, CHANGE_ADD_ADMIN, NEW, ROLE_ADMIN, 0);
        _request(ADMIN2, CHANGE_ADD_ADMIN, NEW, ROLE_MASK, 0);
        _afterWait();
        _differ(admin, ADMIN2, NEW);
        _request(ADMIN2, CHANGE_RECOVERY, NEW, 0, 0);
        _afterWait();
        _differ(admin, ADMIN2, NEW);
        _request(admin, CHANGE_DISTRUST_ADMIN, admin, 0, 1);
        _request(ADMIN2, CHANGE_DISTRUST_ADMIN, admin, 0, 2);
        _afterWait();
        _differ(admin, ADMIN2, admin);
    }

    function test_a_retired_or_withdrawn_second_does_not_count() public {
        _request(admin, CHANGE_ADD_ADMIN, NEW, ROLE_ADMIN, 0);
        _request(ADMIN2, CHANGE_ADD_ADMIN, NEW, ROLE_ADMIN, 0);
        _veto(RECOVERY, admin, NEW);
        _request(admin, CHANGE_RETIRE_ADMIN, ADMIN2, 0, 0);
        _afterWait();
        registry.executeChange(ID, admin, ADMIN2);
        vm.expectRevert(_notAuthorized(ADMIN2, ROLE_ADMIN));
        registry.executeSeconded(ID, admin, ADMIN2, NEW);
    }

    // --------------------------------------------------------------------------------- one stolen or lost key

    function test_a_retired_admins_pending_change_is_void() public {
        _request(ADMIN2, CHANGE_ADD_ADMIN, STRANGER, ROLE_ADMIN, 0);
        _request(admin, CHANGE_RETIRE_ADMIN, ADMIN2, 0, 0);
        _afterWait();
        registry.executeChange(ID, admin, ADMIN2);
        vm.expectRevert(_notAuthorized(ADMIN2, ROLE_ADMIN));
        registry.executeChange(ID, ADMIN2, STRANGER);
    }

    function test_a_stolen_recovery_key_cannot_hold_the_issuer() public {
        vm.prank(RECOVERY);
        registry.freeze(ID);
        _request(RECOVERY, CHANGE_ADD_ADMIN, STRANGER, ROLE_ADMIN, 0);
        _veto(admin, RECOVERY, STRANGER);
        _request(admin, CHANGE_RECOVERY, NEW, 0, 0);
        _request(ADMIN2, CHANGE_RECOVERY, NEW, 0, 0);
        _veto(RECOVERY, admin, NEW);
        _veto(RECOVERY, ADMIN2, NEW);
        _afterWait();
        registry.executeSeconded(ID, admin, ADMIN2, NEW);
        vm.prank(NEW);
        registry.unfreeze(ID);
        vm.assertFalse(_frozen());
    }

    function test_a_stolen_admin_key_is_put_out_by_the_others() public {
        _request(ADMIN2, CHANGE_RETIRE_ADMIN, admin, 0, 0);
        _request(ADMIN2, CHANGE_ADD_ADMIN, STRANGER, ROLE_ADMIN, 0);
        _request(ADMIN2, CHANGE_RECOVERY, STRANGER, 0, 0);
        vm.prank(RECOVERY);
        registry.freeze(ID);
        _request(admin, CHANGE_RETIRE_ADMIN, ADMIN2, 0, 0);
        _veto(RECOVERY, ADMIN2, admin);
        _veto(RECOVERY, ADMIN2, STRANGER);
        _afterWait();
        registry.executeChange(ID, admin, ADMIN2);
        vm.prank(RECOVERY);
        registry.unfreeze(ID);
        vm.assertEq(registry.keyOf(ID, admin).retiredAt, 0);
        vm.assertEq(registry.keyOf(ID, STRANGER).roles, 0);
    }

    function test_all_admins_lost_and_recovery_names_a_new_one() public {
        _request(RECOVERY, CHANGE_ADD_ADMIN, NEW, ROLE_ADMIN, 0);
        _afterWait();
        registry.executeChange(ID, RECOVERY, NEW);
        vm.prank(NEW);
        registry.addKey(ID, STRANGER, ROLE_ANCHOR);
    }

    function test_recovery_lost_and_an_admin_names_a_new_one() public {
        _request(admin, CHANGE_RECOVERY, NEW, 0, 0);
        _afterWait();
        registry.executeChange(ID, admin, NEW);
        (address recovery,) = registry.recoveryOf(ID);
        vm.assertEq(recovery, NEW);
    }
}
