// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {ICredentialRegistryBySig as S} from "../../src/ICredentialRegistryBySig.sol";
import {Fixture} from "./Fixture.sol";
import {vm} from "./Vm.sol";

/// @dev Signs messages, with types and domain written anew from SPEC.md. Keys: every role has a private key here.
abstract contract Signing is Fixture {
    uint256 internal constant ANCHOR_PRIVATE = 0xA0C4;
    uint256 internal constant STATUS_PRIVATE = 0x57A7;
    uint256 internal constant ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141;
    string internal constant BATCH_REF = "BatchRef(bytes16 batchId,bytes32 root,uint64 leafCount,address account)";

    S internal bySig;
    address internal anchorKey = vm.addr(ANCHOR_PRIVATE);
    address internal statusKey = vm.addr(STATUS_PRIVATE);

    function setUp() public virtual override {
        super.setUp();
        bySig = S(address(registry));
        vm.prank(admin);
        registry.addKey(ID, anchorKey, 2);
        vm.prank(admin);
        registry.addKey(ID, statusKey, 4);
    }

    function _domain() internal view returns (bytes32) {
        return keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("Hallmark Credential Registry"),
                keccak256("1"),
                block.chainid,
                address(registry)
            )
        );
    }

    function _digest(bytes memory message) internal view returns (bytes32) {
        return keccak256(abi.encodePacked(hex"1901", _domain(), keccak256(message)));
    }

    function _signature(uint256 privateKey, bytes memory message) internal view returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(privateKey, _digest(message));
        return abi.encodePacked(r, s, v);
    }

    /// @dev Signs fields followed by actor, sequence and a deadline of one hour.
    function _auth(uint256 privateKey, bytes memory fields) internal view returns (S.Authorization memory) {
        return _authAt(privateKey, fields, _sequence());
    }

    function _authAt(uint256 privateKey, bytes memory fields, uint32 sequence)
        internal
        view
        returns (S.Authorization memory)
    {
        address actor = vm.addr(privateKey);
        uint256 deadline = block.timestamp + 1 hours;
        bytes memory message = bytes.concat(fields, abi.encode(actor, sequence, deadline));
        return S.Authorization(actor, deadline, _signature(privateKey, message));
    }

    function _anchorFields(bytes16 batchId) internal pure returns (bytes memory) {
        bytes32 typeHash = keccak256(
            "Anchor(uint64 issuerId,bytes16 batchId,bytes32 root,uint64 leafCount,address actor,uint256 deadline)"
        );
        return abi.encode(typeHash, ID, batchId, ROOT, 600);
    }

    function _anchorAuth(uint256 privateKey, bytes16 batchId) internal view returns (S.Authorization memory) {
        address actor = vm.addr(privateKey);
        uint256 deadline = block.timestamp + 1 hours;
        bytes memory message = bytes.concat(_anchorFields(batchId), abi.encode(actor, deadline));
        return S.Authorization(actor, deadline, _signature(privateKey, message));
    }

    function _simple(string memory name) internal pure returns (bytes memory) {
        bytes32 typeHash =
            keccak256(abi.encodePacked(name, "(uint64 issuerId,address actor,uint32 sequence,uint256 deadline)"));
        return abi.encode(typeHash, ID);
    }
}
