// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {ICredentialRegistry} from "./ICredentialRegistry.sol";

/// @title Credential registry, by signature
/// @notice Each state change of `ICredentialRegistry` in a form that the actor signs (EIP-712) and anybody sends, so
/// that an issuer needs no gas and a relayer needs no trust. `executeChange` and `executeSeconded` have none, because
/// anybody may call them.
/// @dev A signature names its actor and the issuer's current sequence, which every event moves on: it works once, and
/// only on the state that its signer saw. `anchorBySig` alone names no sequence, so that batches can be signed ahead and
/// sent in any order; a batchId is taken only once. Registration names the actor's nonce instead. SPEC.md, section 5.5.
interface ICredentialRegistryBySig {
    /// @notice Who signed, until when it holds, and the signature.
    /// @param actor The account whose roles count.
    /// @param deadline Last second in which it can be used.
    /// @param signature 65 bytes r ‖ s ‖ v (v 27 or 28, s in the lower half) of the actor's key, or whatever the actor,
    /// being a contract, accepts (EIP-1271).
    struct Authorization {
        address actor;
        uint256 deadline;
        bytes signature;
    }

    /// @notice The deadline is over.
    /// @param actor Who signed.
    /// @param deadline The deadline.
    error SignatureExpired(address actor, uint256 deadline);
    /// @notice The actor did not sign this: other values, sequence, chain or contract, or no signature of the actor.
    /// @param actor Who should have signed.
    /// @param digest What should have been signed.
    error InvalidSignature(address actor, bytes32 digest);

    /// @notice As `register`.
    /// @param keys Its first keys.
    /// @param recovery Its recovery account.
    /// @param profileHash Its profile, or zero.
    /// @param authorization By one of the keys, with the admin role.
    /// @return issuerId The new id.
    function registerBySig(
        ICredentialRegistry.KeyGrant[] calldata keys,
        address recovery,
        bytes32 profileHash,
        Authorization calldata authorization
    ) external returns (uint64 issuerId);

    /// @notice As `addKey`.
    /// @param issuerId The issuer.
    /// @param account The key.
    /// @param roles Its roles.
    /// @param authorization By an admin.
    function addKeyBySig(uint64 issuerId, address account, uint8 roles, Authorization calldata authorization) external;

    /// @notice As `retireKey`.
    /// @param issuerId The issuer.
    /// @param account The key.
    /// @param authorization By an admin.
    function retireKeyBySig(uint64 issuerId, address account, Authorization calldata authorization) external;

    /// @notice As `distrustKey`.
    /// @param issuerId The issuer.
    /// @param account The key.
    /// @param distrustFrom Its records of this time and later do not count.
    /// @param authorization By an admin.
    function distrustKeyBySig(
        uint64 issuerId,
        address account,
        uint64 distrustFrom,
        Authorization calldata authorization
    ) external;

    /// @notice As `requestChange`.
    /// @param issuerId The issuer.
    /// @param kind 1 add admin, 2 retire admin, 3 distrust admin, 4 change recovery.
    /// @param account The account that it is about.
    /// @param roles For kind 1.
    /// @param distrustFrom For kind 3.
    /// @param authorization By an admin or the recovery account.
    function requestChangeBySig(
        uint64 issuerId,
        uint8 kind,
        address account,
        uint8 roles,
        uint64 distrustFrom,
        Authorization calldata authorization
    ) external;

    /// @notice As `vetoChange`.
    /// @param issuerId The issuer.
    /// @param requester Who requested the change.
    /// @param account The account that it is about.
    /// @param authorization By whom may veto.
    function vetoChangeBySig(uint64 issuerId, address requester, address account, Authorization calldata authorization)
        external;

    /// @notice As `freeze`.
    /// @param issuerId The issuer.
    /// @param authorization By an admin or the recovery account.
    function freezeBySig(uint64 issuerId, Authorization calldata authorization) external;

    /// @notice As `unfreeze`.
    /// @param issuerId The issuer.
    /// @param authorization By whom may unfreeze.
    function unfreezeBySig(uint64 issuerId, Authorization calldata authorization) external;

    /// @notice As `setProfile`.
    /// @param issuerId The issuer.
    /// @param profileHash The profile.
    /// @param authorization By an admin.
    function setProfileBySig(uint64 issuerId, bytes32 profileHash, Authorization calldata authorization) external;

    /// @notice As `anchor`; the signature names no sequence.
    /// @param issuerId The issuer.
    /// @param batchId The batch.
    /// @param root Its root.
    /// @param leafCount Its number of credentials.
    /// @param authorization By an anchor key.
    function anchorBySig(
        uint64 issuerId,
        bytes16 batchId,
        bytes32 root,
        uint64 leafCount,
        Authorization calldata authorization
    ) external;

    /// @notice As `anchorMany`.
    /// @param issuerId The issuer.
    /// @param batches The batches.
    /// @param authorization By an anchor key.
    /// @return count How many were anchored.
    /// @return anchored Which were anchored.
    function anchorManyBySig(
        uint64 issuerId,
        ICredentialRegistry.Batch[] calldata batches,
        Authorization calldata authorization
    ) external returns (uint256 count, bool[] memory anchored);

    /// @notice As `reaffirm`.
    /// @param issuerId The issuer.
    /// @param batch The record.
    /// @param authorization By an anchor key.
    function reaffirmBySig(
        uint64 issuerId,
        ICredentialRegistry.BatchRef calldata batch,
        Authorization calldata authorization
    ) external;

    /// @notice As `setStatus`.
    /// @param issuerId The issuer.
    /// @param batch The record.
    /// @param action 1 revoke, 2 suspend, 3 reinstate.
    /// @param reason Code of RFC 5280, section 5.3.1.
    /// @param changes The words and masks.
    /// @param authorization By a status key.
    function setStatusBySig(
        uint64 issuerId,
        ICredentialRegistry.BatchRef calldata batch,
        uint8 action,
        uint8 reason,
        ICredentialRegistry.WordMask[] calldata changes,
        Authorization calldata authorization
    ) external;

    /// @notice As `openStatusEpoch`.
    /// @param issuerId The issuer.
    /// @param authorization By an admin.
    function openStatusEpochBySig(uint64 issuerId, Authorization calldata authorization) external;

    /// @notice Number of issuers that an account registered by signature; the nonce that the next one signs.
    /// @param account The account.
    /// @return The nonce.
    function registrationNonce(address account) external view returns (uint256);

    /// @notice The EIP-712 domain, as ERC-5267 has it.
    /// @return fields 0x0f: name, version, chainId and verifyingContract are used.
    /// @return name "Hallmark Credential Registry".
    /// @return version "1".
    /// @return chainId Of this chain.
    /// @return verifyingContract This contract.
    /// @return salt Zero, not used.
    /// @return extensions None.
    function eip712Domain()
        external
        view
        returns (
            bytes1 fields,
            string memory name,
            string memory version,
            uint256 chainId,
            address verifyingContract,
            bytes32 salt,
            uint256[] memory extensions
        );
}
