// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import "../../src/Constants.sol";
import {ICredentialRegistry as I} from "../../src/ICredentialRegistry.sol";
import {Vm, vm} from "./Vm.sol";

/// @dev A registry with issuer 1, which has two admins, one key per other role, and a recovery account.
abstract contract Fixture {
    I internal registry;

    uint256 internal constant ADMIN_PRIVATE = 0xA11CE;
    address internal immutable admin = vm.addr(ADMIN_PRIVATE);
    address internal constant ADMIN2 = address(0xA2);
    address internal constant ANCHORER = address(0xB1);
    address internal constant REVOKER = address(0xC1);
    address internal constant RECOVERY = address(0xD1);
    address internal constant STRANGER = address(0xE1);
    address internal constant NEW = address(0xF1);

    uint64 internal constant ID = 1;
    uint64 internal constant START = 1_800_000_000;
    bytes16 internal constant BATCH = bytes16(uint128(0xBA7C));
    bytes32 internal constant ROOT = keccak256("root");
    bytes32 internal constant PROFILE = keccak256("profile");

    function setUp() public virtual {
        vm.warp(START);
        registry = I(vm.deployCode("CredentialRegistry.sol:CredentialRegistry"));
        vm.prank(admin);
        registry.register(_keys(), RECOVERY, PROFILE);
    }

    function _keys() internal view returns (I.KeyGrant[] memory keys) {
        keys = new I.KeyGrant[](4);
        keys[0] = I.KeyGrant(admin, ROLE_ADMIN);
        keys[1] = I.KeyGrant(ADMIN2, ROLE_MASK);
        keys[2] = I.KeyGrant(ANCHORER, ROLE_ANCHOR);
        keys[3] = I.KeyGrant(REVOKER, ROLE_STATUS);
    }

    function _one(address account, uint8 roles) internal pure returns (I.KeyGrant[] memory keys) {
        keys = new I.KeyGrant[](1);
        keys[0] = I.KeyGrant(account, roles);
    }

    function _anchor() internal returns (I.BatchRef memory) {
        return _anchor(BATCH, 600);
    }

    function _anchor(bytes16 batchId, uint64 leafCount) internal returns (I.BatchRef memory) {
        vm.prank(ANCHORER);
        registry.anchor(ID, batchId, ROOT, leafCount);
        return I.BatchRef(batchId, ROOT, leafCount, ANCHORER);
    }

    function _mask(uint64 wordIndex, uint256 mask) internal pure returns (I.WordMask[] memory changes) {
        changes = new I.WordMask[](1);
        changes[0] = I.WordMask(wordIndex, mask);
    }

    function _set(I.BatchRef memory batch, uint8 action, uint64 wordIndex, uint256 mask) internal {
        vm.prank(REVOKER);
        registry.setStatus(ID, batch, action, 0, _mask(wordIndex, mask));
    }

    function _distrust(address account, uint64 from) internal {
        vm.prank(admin);
        registry.distrustKey(ID, account, from);
    }

    function _request(address requester, uint8 kind, address account, uint8 roles, uint64 from) internal {
        vm.prank(requester);
        registry.requestChange(ID, kind, account, roles, from);
    }

    function _afterWait() internal {
        vm.warp(block.timestamp + CHANGE_WAIT);
    }

    function _epoch() internal view returns (uint16) {
        return uint16((uint256(registry.issuerWord(ID)) >> 1) & 0x7fff);
    }

    function _sequence() internal view returns (uint32) {
        return uint32(uint256(registry.issuerWord(ID)) >> 16);
    }

    function _frozen() internal view returns (bool) {
        return uint256(registry.issuerWord(ID)) & 1 == 1;
    }

    /// @dev Arguments of `NotAuthorized`, the error met most.
    function _notAuthorized(address account, uint8 roles) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(I.NotAuthorized.selector, ID, account, roles);
    }

    function _reverts(bytes4 selector) internal {
        vm.expectRevert(abi.encodeWithSelector(selector, ID));
    }

    function _reverts(bytes4 selector, address account) internal {
        vm.expectRevert(abi.encodeWithSelector(selector, ID, account));
    }

    function _reverts(bytes4 selector, bytes16 batchId) internal {
        vm.expectRevert(abi.encodeWithSelector(selector, ID, batchId));
    }
}
