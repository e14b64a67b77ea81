// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import "../../src/Constants.sol";
import {ICredentialRegistry as I} from "../../src/ICredentialRegistry.sol";
import {vm} from "../util/Vm.sol";

/// @dev One key of an issuer with two admins is stolen; the thief calls whatever the key can, and the other holders do
/// no more than veto what they did not ask for. Accounts 0x2000 and up are the thief's own.
contract ThiefHandler {
    uint64 internal constant ID = 1;
    address internal constant ADMIN = address(0x1001);
    address internal constant ADMIN2 = address(0x1002);
    address internal constant ANCHORER = address(0x1003);
    address internal constant REVOKER = address(0x1004);
    address internal constant RECOVERY = address(0x1005);

    I public immutable REGISTRY;
    address public immutable STOLEN;
    bool private immutable BY_RECOVERY;

    constructor(I registry, address stolen) {
        (REGISTRY, STOLEN, BY_RECOVERY) = (registry, stolen, stolen == RECOVERY);
        vm.warp(1_800_000_000);
        I.KeyGrant[] memory grants = new I.KeyGrant[](4);
        grants[0] = I.KeyGrant(ADMIN, ROLE_ADMIN);
        grants[1] = I.KeyGrant(ADMIN2, ROLE_ADMIN);
        grants[2] = I.KeyGrant(ANCHORER, ROLE_ANCHOR);
        grants[3] = I.KeyGrant(REVOKER, ROLE_STATUS);
        vm.prank(ADMIN);
        registry.register(grants, RECOVERY, 0);
    }

    function mine(uint256 index) public pure returns (address) {
        return address(uint160(0x2000 + index % 3));
    }

    function _any(uint256 index) private pure returns (address) {
        address[8] memory all = [ADMIN, ADMIN2, ANCHORER, REVOKER, RECOVERY, mine(0), mine(1), mine(2)];
        return all[index % 8];
    }

    /// @dev The thief acts with the stolen key, or with a key that it granted itself.
    function _steal(uint256 as_, bytes memory data) private {
        vm.prank(as_ % 2 == 0 ? STOLEN : mine(as_ / 2));
        (bool done,) = address(REGISTRY).call(data);
        done;
        _guard();
    }

    /// @dev The others veto every request of the thief.
    function _guard() private {
        for (uint256 i = 0; i < 8; ++i) {
            I.PendingChange memory change = REGISTRY.pendingChange(ID, STOLEN, _any(i));
            if (change.readyAt == 0 || change.vetoed) continue;
            vm.prank(BY_RECOVERY ? ADMIN : RECOVERY);
            REGISTRY.vetoChange(ID, STOLEN, _any(i));
        }
    }

    function warp(uint256 seconds_) external {
        vm.warp(block.timestamp + seconds_ % 10 days);
    }

    function addKey(uint256 as_, uint256 who, uint8 roles) external {
        _steal(as_, abi.encodeCall(I.addKey, (ID, _any(who), roles % 8)));
    }

    function retireKey(uint256 as_, uint256 who) external {
        _steal(as_, abi.encodeCall(I.retireKey, (ID, _any(who))));
    }

    function distrustKey(uint256 as_, uint256 who) external {
        _steal(as_, abi.encodeCall(I.distrustKey, (ID, _any(who), 1)));
    }

    function request(uint256 as_, uint8 kind, uint256 who) external {
        kind = kind % 4 + 1;
        uint8 roles = kind == CHANGE_ADD_ADMIN ? ROLE_MASK : 0;
        uint64 from = kind == CHANGE_DISTRUST_ADMIN ? 1 : 0;
        _steal(as_, abi.encodeCall(I.requestChange, (ID, kind, _any(who), roles, from)));
    }

    function veto(uint256 as_, uint256 requester, uint256 who) external {
        _steal(as_, abi.encodeCall(I.vetoChange, (ID, _any(requester), _any(who))));
    }

    function execute(uint256 as_, uint256 requester, uint256 who) external {
        _steal(as_, abi.encodeCall(I.executeChange, (ID, _any(requester), _any(who))));
    }

    function second(uint256 as_, uint256 one, uint256 two, uint256 who) external {
        _steal(as_, abi.encodeCall(I.executeSeconded, (ID, _any(one), _any(two), _any(who))));
    }

    function freeze(uint256 as_) external {
        _steal(as_, abi.encodeCall(I.freeze, (ID)));
    }

    function unfreeze(uint256 as_) external {
        _steal(as_, abi.encodeCall(I.unfreeze, (ID)));
    }

    function openStatusEpoch(uint256 as_) external {
        _steal(as_, abi.encodeCall(I.openStatusEpoch, (ID)));
    }
}

abstract contract ThiefInvariantTest {
    ThiefHandler internal handler;
    I internal registry;

    function _stolen() internal pure virtual returns (address);

    function setUp() public {
        registry = I(vm.deployCode("CredentialRegistry.sol:CredentialRegistry"));
        handler = new ThiefHandler(registry, _stolen());
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    function invariant_the_thief_does_not_take_over() public view {
        (address recovery,) = registry.recoveryOf(1);
        vm.assertEq(recovery, address(0x1005));
        for (uint256 i = 0; i < 3; ++i) {
            vm.assertEq(registry.keyOf(1, handler.mine(i)).roles & ROLE_ADMIN, 0);
        }
        vm.assertEq(registry.keyOf(1, address(0x1001)).retiredAt, 0);
        vm.assertEq(registry.keyOf(1, address(0x1002)).retiredAt, 0);
    }

    /// @dev From whatever the thief left, the others come back in command.
    function afterInvariant() public {
        _putOut();
        vm.prank(address(0x1002));
        registry.addKey(1, address(0x3002), ROLE_ANCHOR | ROLE_STATUS);
        vm.prank(address(0x3002));
        registry.anchor(1, bytes16(uint128(1)), bytes32(uint256(1)), 1);
    }

    function _putOut() internal virtual;

    function _request(address admin, uint8 kind, address account) internal {
        vm.prank(admin);
        registry.requestChange(1, kind, account, 0, 0);
    }

    function _unfreeze(address actor) internal {
        if (uint256(registry.issuerWord(1)) & 1 == 0) return;
        vm.prank(actor);
        registry.unfreeze(1);
    }
}

contract StolenAdminInvariantTest is ThiefInvariantTest {
    function _stolen() internal pure override returns (address) {
        return address(0x1001);
    }

    function _putOut() internal override {
        _request(address(0x1002), CHANGE_RETIRE_ADMIN, address(0x1001));
        vm.warp(block.timestamp + CHANGE_WAIT);
        registry.executeChange(1, address(0x1002), address(0x1001));
        _unfreeze(address(0x1005));
    }
}

contract StolenRecoveryInvariantTest is ThiefInvariantTest {
    function _stolen() internal pure override returns (address) {
        return address(0x1005);
    }

    function _putOut() internal override {
        address next = address(0x3001);
        _request(address(0x1001), CHANGE_RECOVERY, next);
        _request(address(0x1002), CHANGE_RECOVERY, next);
        vm.prank(address(0x1005));
        registry.vetoChange(1, address(0x1001), next);
        vm.warp(block.timestamp + CHANGE_WAIT);
        registry.executeSeconded(1, address(0x1001), address(0x1002), next);
        _unfreeze(next);
    }
}

contract StolenAnchorKeyInvariantTest is ThiefInvariantTest {
    function _stolen() internal pure override returns (address) {
        return address(0x1003);
    }

    function _putOut() internal override {
        vm.prank(address(0x1001));
        registry.distrustKey(1, address(0x1003), 1);
    }
}

contract StolenStatusKeyInvariantTest is ThiefInvariantTest {
    function _stolen() internal pure override returns (address) {
        return address(0x1004);
    }

    function _putOut() internal override {
        vm.prank(address(0x1001));
        registry.retireKey(1, address(0x1004));
    }
}
