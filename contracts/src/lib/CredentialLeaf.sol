// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {ICredentialVerifier} from "../ICredentialVerifier.sol";
import {InclusionProof} from "./InclusionProof.sol";

/// @title Credential leaves
/// @notice The entry of a credential (SPEC.md, section 2), which names its chain, contract, issuer, batch and index, so
/// that the same credential anchored elsewhere is another leaf.
library CredentialLeaf {
    /// @notice ASCII "hallmark-leaf-01".
    bytes16 internal constant TAG = "hallmark-leaf-01";

    /// @notice Hash of a credential's leaf on this chain and under this contract.
    /// @param issuerId The issuer.
    /// @param proof The credential.
    /// @return SHA-256(0x00 ‖ the 172 bytes of its entry).
    function hash(uint64 issuerId, ICredentialVerifier.CredentialProof calldata proof) internal view returns (bytes32) {
        bytes memory place =
            abi.encodePacked(TAG, uint64(block.chainid), address(this), issuerId, proof.batchId, proof.index);
        return InclusionProof.leafHash(bytes.concat(place, proof.salt, proof.cfgHash, proof.docHash));
    }
}
