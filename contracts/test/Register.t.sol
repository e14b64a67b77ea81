// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import "../src/Constants.sol";
import {ICredentialRegistry as I} from "../src/ICredentialRegistry.sol";
import {Fixture} from "./util/Fixture.sol";
import {vm} from "./util/Vm.sol";

contract RegisterTest is Fixture {
    function test_anyone_registers_and_ids_are_sequential() public {
        vm.prank(STRANGER);
        uint64 id = registry.register(_one(STRANGER, ROLE_ADMIN), RECOVERY, 0);
        vm.assertEq(id, 2);
        vm.assertEq(registry.issuerCount(), 2);
        vm.assertEq(registry.currentProfile(2), 0);
    }

    function test_registration_stores_keys_recovery_and_profile() public view {
        I.Key memory key = registry.keyOf(ID, ADMIN2);
        vm.assertEq(key.roles, ROLE_MASK);
        vm.assertEq(key.addedAt, START);
        vm.assertEq(key.retiredAt, 0);
        vm.assertEq(key.distrustFrom, 0);
        (address recovery, bool frozen) = registry.recoveryOf(ID);
        vm.assertEq(recovery, RECOVERY);
        vm.assertFalse(frozen);
        vm.assertEq(registry.currentProfile(ID), PROFILE);
        (uint64 since, uint64 until) = registry.profilePeriod(ID, PROFILE);
        vm.assertEq(since, START);
        vm.assertEq(until, 0);
        vm.assertEq(_sequence(), 6);
    }

    function test_actor_must_be_among_the_keys_as_admin() public {
        vm.expectRevert(abi.encodeWithSelector(I.NotAuthorized.selector, 2, STRANGER, ROLE_ADMIN));
        vm.prank(STRANGER);
        registry.register(_one(admin, ROLE_ADMIN), RECOVERY, 0);
        vm.expectRevert(abi.encodeWithSelector(I.NotAuthorized.selector, 2, STRANGER, ROLE_ADMIN));
        vm.prank(STRANGER);
        registry.register(_one(STRANGER, ROLE_ANCHOR | ROLE_STATUS), RECOVERY, 0);
        vm.expectRevert(abi.encodeWithSelector(I.NotAuthorized.selector, 2, STRANGER, ROLE_ADMIN));
        vm.prank(STRANGER);
        registry.register(new I.KeyGrant[](0), RECOVERY, 0);
        vm.assertEq(registry.issuerCount(), 1);
    }

    function test_recovery_must_not_be_zero() public {
        vm.expectRevert(abi.encodeWithSelector(I.ZeroAccount.selector));
        vm.prank(STRANGER);
        registry.register(_one(STRANGER, ROLE_ADMIN), address(0), 0);
    }

    function test_recovery_must_not_be_a_key() public {
        vm.expectRevert(abi.encodeWithSelector(I.IsRecovery.selector, 2, STRANGER));
        vm.prank(STRANGER);
        registry.register(_one(STRANGER, ROLE_ADMIN), STRANGER, 0);
    }

    function test_keys_must_not_be_zero_or_duplicate() public {
        I.KeyGrant[] memory keys = _keys();
        keys[3].account = address(0);
        vm.expectRevert(abi.encodeWithSelector(I.ZeroAccount.selector));
        vm.prank(admin);
        registry.register(keys, RECOVERY, 0);
        keys[3].account = ANCHORER;
        vm.expectRevert(abi.encodeWithSelector(I.KeyKnown.selector, 2, ANCHORER));
        vm.prank(admin);
        registry.register(keys, RECOVERY, 0);
    }

    function test_roles_must_be_known_and_not_empty() public {
        I.KeyGrant[] memory keys = _keys();
        keys[2].roles = 0;
        vm.expectRevert(abi.encodeWithSelector(I.BadRoles.selector, ANCHORER, 0));
        vm.prank(admin);
        registry.register(keys, RECOVERY, 0);
        keys[2].roles = 8;
        vm.expectRevert(abi.encodeWithSelector(I.BadRoles.selector, ANCHORER, 8));
        vm.prank(admin);
        registry.register(keys, RECOVERY, 0);
    }

    function test_an_unknown_issuer_can_do_nothing() public {
        bytes memory unknown = abi.encodeWithSelector(I.UnknownIssuer.selector, 9);
        I.BatchRef memory batch = I.BatchRef(BATCH, ROOT, 1, admin);
        vm.expectRevert(unknown);
        registry.addKey(9, NEW, ROLE_ANCHOR);
        vm.expectRevert(unknown);
        registry.retireKey(9, admin);
        vm.expectRevert(unknown);
        registry.distrustKey(9, admin, 1);
        vm.expectRevert(unknown);
        registry.requestChange(9, CHANGE_ADD_ADMIN, NEW, ROLE_ADMIN, 0);
        vm.expectRevert(unknown);
        registry.vetoChange(9, admin, NEW);
        vm.expectRevert(unknown);
        registry.executeChange(9, admin, NEW);
        vm.expectRevert(unknown);
        registry.executeSeconded(9, admin, ADMIN2, NEW);
        vm.expectRevert(unknown);
        registry.freeze(9);
        vm.expectRevert(unknown);
        registry.unfreeze(9);
        vm.expectRevert(unknown);
        registry.setProfile(9, PROFILE);
        vm.expectRevert(unknown);
        registry.anchor(9, BATCH, ROOT, 1);
        vm.expectRevert(unknown);
        registry.anchorMany(9, new I.Batch[](0));
        vm.expectRevert(unknown);
        registry.reaffirm(9, batch);
        vm.expectRevert(unknown);
        registry.setStatus(9, batch, ACTION_REVOKE, 0, _mask(0, 1));
        vm.expectRevert(unknown);
        registry.openStatusEpoch(9);
    }

    function test_keys_of_one_issuer_are_strangers_to_another() public {
        vm.prank(STRANGER);
        registry.register(_one(STRANGER, ROLE_MASK), NEW, 0);
        vm.expectRevert(_notAuthorized(STRANGER, ROLE_ANCHOR));
        vm.prank(STRANGER);
        registry.anchor(ID, BATCH, ROOT, 1);
        vm.expectRevert(_notAuthorized(STRANGER, ROLE_ADMIN));
        vm.prank(STRANGER);
        registry.addKey(ID, NEW, ROLE_ANCHOR);
        vm.expectRevert(_notAuthorized(NEW, ROLE_ADMIN));
        vm.prank(NEW);
        registry.freeze(ID);
    }
}
