// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title Credential verifier
/// @notice Lets another contract check a credential. Who the issuer is, whether the document is well formed, and its
/// validity period are for the caller to judge: this is about its place in a batch, the batch's anchor, and its status.
interface ICredentialVerifier {
    /// @notice A credential's place and its path to the root (SPEC.md, sections 2 and 3).
    /// @param batchId The batch.
    /// @param leafCount Its number of credentials.
    /// @param account The account that anchored it.
    /// @param index The credential's place, from 0.
    /// @param salt The credential's salt.
    /// @param cfgHash SHA-256 of the anchor proof without proofValue.
    /// @param docHash SHA-256 of the document without its proofs.
    /// @param path The inclusion proof, leaf end first.
    struct CredentialProof {
        bytes16 batchId;
        uint64 leafCount;
        address account;
        uint64 index;
        bytes32 salt;
        bytes32 cfgHash;
        bytes32 docHash;
        bytes32[] path;
    }

    /// @notice What the chain says about a credential now. All zero unless it is included.
    /// @param included Whether it is in a batch that the issuer anchored.
    /// @param counts Whether that anchor counts: not of a distrusted key, or reaffirmed.
    /// @param revoked Whether it is revoked in the current status epoch.
    /// @param suspended Whether it is suspended in the current status epoch.
    /// @param since From when the anchor counts; 0 if it does not.
    struct Verification {
        bool included;
        bool counts;
        bool revoked;
        bool suspended;
        uint64 since;
    }

    /// @notice Says what the chain holds about a credential. Never reverts on a wrong proof: it is not included.
    /// @param issuerId The issuer.
    /// @param proof The credential.
    /// @return What is known.
    function verify(uint64 issuerId, CredentialProof calldata proof) external view returns (Verification memory);

    /// @notice Whether a credential is included, its anchor counts, and it is neither revoked nor suspended.
    /// @param issuerId The issuer.
    /// @param proof The credential.
    /// @return Whether all of that holds.
    function isValid(uint64 issuerId, CredentialProof calldata proof) external view returns (bool);
}
