// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {ICredentialVerifier} from "../../src/ICredentialVerifier.sol";

/// @dev An example of a contract that relies on the registry: it lets whoever shows a valid credential of one issuer
/// enrol. The credential is named by its document hash, which the consumer learns off chain from the document.
contract CourseGate {
    error NotQualified(bytes32 docHash);
    error EnrolledBefore(bytes32 docHash);

    event Enrolled(bytes32 indexed docHash, address student);

    ICredentialVerifier public immutable REGISTRY;
    uint64 public immutable ISSUER;
    mapping(bytes32 docHash => bool) public enrolled;

    constructor(ICredentialVerifier registry, uint64 issuerId) {
        REGISTRY = registry;
        ISSUER = issuerId;
    }

    function enrol(ICredentialVerifier.CredentialProof calldata proof) external {
        if (!REGISTRY.isValid(ISSUER, proof)) revert NotQualified(proof.docHash);
        if (enrolled[proof.docHash]) revert EnrolledBefore(proof.docHash);
        enrolled[proof.docHash] = true;
        emit Enrolled(proof.docHash, msg.sender);
    }
}
