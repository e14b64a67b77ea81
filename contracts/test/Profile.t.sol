// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import "../src/Constants.sol";
import {ICredentialRegistry as I} from "../src/ICredentialRegistry.sol";
import {Fixture} from "./util/Fixture.sol";
import {vm} from "./util/Vm.sol";

contract ProfileTest is Fixture {
    bytes32 private constant NEXT = keccak256("next");

    function _setProfile(address actor, bytes32 profileHash) private {
        vm.prank(actor);
        registry.setProfile(ID, profileHash);
    }

    function test_a_new_profile_closes_the_period_before() public {
        vm.warp(START + 60);
        _setProfile(admin, NEXT);
        vm.assertEq(registry.currentProfile(ID), NEXT);
        (uint64 since, uint64 until) = registry.profilePeriod(ID, PROFILE);
        vm.assertEq(since, START);
        vm.assertEq(until, START + 60);
        (since, until) = registry.profilePeriod(ID, NEXT);
        vm.assertEq(since, START + 60);
        vm.assertEq(until, 0);
    }

    function test_a_first_profile_can_come_later() public {
        vm.prank(admin);
        registry.register(_keys(), RECOVERY, 0);
        vm.prank(admin);
        registry.setProfile(2, PROFILE);
        vm.assertEq(registry.currentProfile(2), PROFILE);
        (uint64 since, uint64 until) = registry.profilePeriod(2, 0);
        vm.assertEq(since + until, 0);
    }

    function test_a_profile_in_force_now_or_before_is_refused() public {
        vm.expectRevert(abi.encodeWithSelector(I.ProfileUsed.selector, ID, PROFILE));
        _setProfile(admin, PROFILE);
        _setProfile(admin, NEXT);
        vm.expectRevert(abi.encodeWithSelector(I.ProfileUsed.selector, ID, PROFILE));
        _setProfile(admin, PROFILE);
    }

    function test_zero_is_no_profile() public {
        _reverts(I.ZeroProfile.selector);
        _setProfile(admin, 0);
    }

    function test_only_an_admin_sets_the_profile() public {
        address[4] memory others = [ANCHORER, REVOKER, RECOVERY, STRANGER];
        for (uint256 i = 0; i < others.length; ++i) {
            vm.expectRevert(_notAuthorized(others[i], ROLE_ADMIN));
            _setProfile(others[i], NEXT);
        }
    }
}
