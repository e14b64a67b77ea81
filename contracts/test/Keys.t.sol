// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import "../src/Constants.sol";
import {ICredentialRegistry as I} from "../src/ICredentialRegistry.sol";
import {Fixture} from "./util/Fixture.sol";
import {vm} from "./util/Vm.sol";

contract KeysTest is Fixture {
    function test_admin_adds_a_key_at_once() public {
        vm.warp(START + 5);
        vm.prank(admin);
        registry.addKey(ID, NEW, ROLE_ANCHOR);
        I.Key memory key = registry.keyOf(ID, NEW);
        vm.assertEq(key.roles, ROLE_ANCHOR);
        vm.assertEq(key.addedAt, START + 5);
        vm.prank(NEW);
        registry.anchor(ID, BATCH, ROOT, 1);
    }

    function test_only_an_admin_adds_keys() public {
        address[4] memory others = [ANCHORER, REVOKER, RECOVERY, STRANGER];
        for (uint256 i = 0; i < others.length; ++i) {
            vm.expectRevert(_notAuthorized(others[i], ROLE_ADMIN));
            vm.prank(others[i]);
            registry.addKey(ID, NEW, ROLE_ANCHOR);
        }
    }

    function test_addKey_grants_no_admin_role() public {
        for (uint8 roles = ROLE_ADMIN; roles <= ROLE_MASK; roles += 2) {
            vm.expectRevert(abi.encodeWithSelector(I.BadRoles.selector, NEW, roles));
            vm.prank(admin);
            registry.addKey(ID, NEW, roles);
        }
    }

    function test_addKey_refuses_empty_and_unknown_roles() public {
        vm.expectRevert(abi.encodeWithSelector(I.BadRoles.selector, NEW, 0));
        vm.prank(admin);
        registry.addKey(ID, NEW, 0);
        vm.expectRevert(abi.encodeWithSelector(I.BadRoles.selector, NEW, 10));
        vm.prank(admin);
        registry.addKey(ID, NEW, 10);
    }

    function test_addKey_refuses_zero_recovery_and_known_accounts() public {
        vm.expectRevert(abi.encodeWithSelector(I.ZeroAccount.selector));
        vm.prank(admin);
        registry.addKey(ID, address(0), ROLE_ANCHOR);
        _reverts(I.IsRecovery.selector, RECOVERY);
        vm.prank(admin);
        registry.addKey(ID, RECOVERY, ROLE_ANCHOR);
        _reverts(I.KeyKnown.selector, REVOKER);
        vm.prank(admin);
        registry.addKey(ID, REVOKER, ROLE_ANCHOR);
    }

    function test_a_retired_key_acts_no_more_and_never_returns() public {
        vm.warp(START + 10);
        vm.prank(admin);
        registry.retireKey(ID, ANCHORER);
        I.Key memory key = registry.keyOf(ID, ANCHORER);
        vm.assertEq(key.retiredAt, START + 10);
        vm.assertEq(key.distrustFrom, 0);
        vm.expectRevert(_notAuthorized(ANCHORER, ROLE_ANCHOR));
        vm.prank(ANCHORER);
        registry.anchor(ID, BATCH, ROOT, 1);
        _reverts(I.KeyKnown.selector, ANCHORER);
        vm.prank(admin);
        registry.addKey(ID, ANCHORER, ROLE_ANCHOR);
    }

    function test_retireKey_refuses_unknown_retired_and_admin_keys() public {
        _reverts(I.KeyUnknown.selector, STRANGER);
        vm.prank(admin);
        registry.retireKey(ID, STRANGER);
        _reverts(I.IsAdmin.selector, ADMIN2);
        vm.prank(admin);
        registry.retireKey(ID, ADMIN2);
        vm.prank(admin);
        registry.retireKey(ID, ANCHORER);
        _reverts(I.KeyAlreadyRetired.selector, ANCHORER);
        vm.prank(admin);
        registry.retireKey(ID, ANCHORER);
    }

    function test_only_an_admin_retires_and_distrusts_keys() public {
        address[4] memory others = [ANCHORER, REVOKER, RECOVERY, STRANGER];
        for (uint256 i = 0; i < others.length; ++i) {
            vm.expectRevert(_notAuthorized(others[i], ROLE_ADMIN));
            vm.prank(others[i]);
            registry.retireKey(ID, ANCHORER);
            vm.expectRevert(_notAuthorized(others[i], ROLE_ADMIN));
            vm.prank(others[i]);
            registry.distrustKey(ID, ANCHORER, 1);
        }
    }

    function test_distrust_retires_and_moves_only_earlier() public {
        vm.warp(START + 100);
        _distrust(ANCHORER, START + 50);
        I.Key memory key = registry.keyOf(ID, ANCHORER);
        vm.assertEq(key.retiredAt, START + 100);
        vm.assertEq(key.distrustFrom, START + 50);
        vm.warp(START + 200);
        uint64[2] memory later = [START + 50, START + 51];
        for (uint256 i = 0; i < 2; ++i) {
            vm.expectRevert(abi.encodeWithSelector(I.BadDistrustTime.selector, ID, ANCHORER, later[i]));
            _distrust(ANCHORER, later[i]);
        }
        _distrust(ANCHORER, START + 49);
        key = registry.keyOf(ID, ANCHORER);
        vm.assertEq(key.retiredAt, START + 100);
        vm.assertEq(key.distrustFrom, START + 49);
    }

    function test_distrust_of_a_retired_key_keeps_its_retirement() public {
        vm.prank(admin);
        registry.retireKey(ID, ANCHORER);
        vm.warp(START + 7);
        _distrust(ANCHORER, START + 7);
        vm.assertEq(registry.keyOf(ID, ANCHORER).retiredAt, START);
    }

    function test_distrust_refuses_zero_and_the_future() public {
        vm.expectRevert(abi.encodeWithSelector(I.BadDistrustTime.selector, ID, ANCHORER, 0));
        _distrust(ANCHORER, 0);
        vm.expectRevert(abi.encodeWithSelector(I.BadDistrustTime.selector, ID, ANCHORER, START + 1));
        _distrust(ANCHORER, START + 1);
        _distrust(ANCHORER, START);
    }

    function test_distrust_refuses_unknown_and_admin_keys() public {
        _reverts(I.KeyUnknown.selector, STRANGER);
        _distrust(STRANGER, 1);
        _reverts(I.IsAdmin.selector, ADMIN2);
        _distrust(ADMIN2, 1);
    }

    /// @dev Every role can do its own and nothing else.
    function testFuzz_roles_are_separate(uint8 roles) public {
        roles = uint8(uint256(roles) % 3) * 2 + 2;
        vm.prank(admin);
        registry.addKey(ID, NEW, roles);
        I.BatchRef memory batch = _anchor();
        if (roles & ROLE_ANCHOR == 0) vm.expectRevert(_notAuthorized(NEW, ROLE_ANCHOR));
        vm.prank(NEW);
        registry.anchor(ID, bytes16(uint128(1)), ROOT, 1);
        if (roles & ROLE_STATUS == 0) vm.expectRevert(_notAuthorized(NEW, ROLE_STATUS));
        vm.prank(NEW);
        registry.setStatus(ID, batch, ACTION_REVOKE, 0, _mask(0, 1));
        vm.expectRevert(_notAuthorized(NEW, ROLE_ADMIN));
        vm.prank(NEW);
        registry.setProfile(ID, ROOT);
    }
}
