// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {ICredentialRegistry as I} from "../../src/ICredentialRegistry.sol";
import {Vm} from "./Vm.sol";

/// @dev Extends issuer words from logs as SPEC.md 5.2 says, in code that shares nothing with the contract.
library Fold {
    bytes32 internal constant STATUS_CHANGED =
        keccak256("StatusChanged(uint64,bytes16,uint8,uint8,uint16,(uint64,uint256)[],address,bytes32)");

    /// @dev The head and sequence that must follow `previous`; and the word that the log claims.
    function step(bytes32 previous, address registry, Vm.Log memory log)
        internal
        view
        returns (bytes32 head, uint32 sequence, bytes32 claimed)
    {
        bytes32 hash;
        (hash, claimed) = payload(log);
        hash = keccak256(abi.encode(block.chainid, registry, log.topics[1], previous, hash));
        return (bytes32(bytes26(hash)), uint32(uint256(previous) >> 16) + 1, claimed);
    }

    /// @dev The indexed parameters come first in every event, so topics ‖ data is the declaration order.
    function payload(Vm.Log memory log) internal pure returns (bytes32, bytes32 word) {
        bytes memory data = log.data;
        if (log.topics[0] == STATUS_CHANGED) data = _flat(data);
        bytes memory fields = abi.encodePacked(log.topics);
        bytes memory all = new bytes(fields.length + data.length - 32);
        for (uint256 i = 0; i < all.length; ++i) {
            all[i] = i < fields.length ? fields[i] : data[i - fields.length];
        }
        for (uint256 i = data.length - 32; i < data.length; ++i) {
            word = (word << 8) | bytes32(uint256(uint8(data[i])));
        }
        return (keccak256(all), word);
    }

    function _flat(bytes memory data) private pure returns (bytes memory) {
        (uint256 action, uint256 reason, uint256 epoch, I.WordMask[] memory changes, address actor, bytes32 word) =
            abi.decode(data, (uint256, uint256, uint256, I.WordMask[], address, bytes32));
        bytes memory elements;
        for (uint256 i = 0; i < changes.length; ++i) {
            elements = bytes.concat(elements, bytes32(uint256(changes[i].wordIndex)), bytes32(changes[i].mask));
        }
        return abi.encodePacked(action, reason, epoch, keccak256(elements), uint256(uint160(actor)), word);
    }
}
