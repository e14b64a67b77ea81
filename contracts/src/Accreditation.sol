// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import "./Constants.sol";
import {IAccreditation} from "./IAccreditation.sol";
import {ICredentialRegistry} from "./ICredentialRegistry.sol";
import {ICredentialRegistryBySig} from "./ICredentialRegistryBySig.sol";
import {AccreditationData} from "./lib/AccreditationData.sol";
import {IssuerWord, IssuerWords} from "./lib/IssuerWord.sol";
import {Signatures} from "./lib/Signatures.sol";

/// @title Accreditation
/// @notice Beside the credential registry of the same chain, off its hot path: nobody owns, pauses or upgrades it, and
/// it holds no value. It never walks further than the chain that a caller gives it.
/// @dev The order of the state variables is fixed by SPEC.md, section 5.10. The registry stands in storage and not in
/// the code, so that the code hash is the same everywhere.
contract Accreditation is IAccreditation {
    ICredentialRegistry private credentialRegistry;
    /// @inheritdoc IAccreditation
    uint64 public override accreditorCount;
    mapping(uint64 issuerId => IssuerWord) private words;
    mapping(uint64 issuerId => mapping(uint64 subject => mapping(bytes32 scope => Statement))) private statements;
    mapping(uint64 issuerId => Link[]) private links;

    /// @param registry_ The credential registry whose issuers these are.
    constructor(ICredentialRegistry registry_) {
        if (address(registry_).code.length == 0) revert NotARegistry(address(registry_));
        credentialRegistry = registry_;
    }

    /// @inheritdoc IAccreditation
    function accredit(uint64 issuerId, uint64 subject, bytes32 scope, uint64 since, uint64 until) external override {
        _accredit(msg.sender, issuerId, subject, scope, since, until);
    }

    /// @inheritdoc IAccreditation
    function withdraw(uint64 issuerId, uint64 subject, bytes32 scope) external override {
        _withdraw(msg.sender, issuerId, subject, scope);
    }

    // -------------------------------------------------------------------------------------------- by signature

    /// @inheritdoc IAccreditation
    function accreditBySig(
        uint64 issuerId,
        uint64 subject,
        bytes32 scope,
        uint64 since,
        uint64 until,
        ICredentialRegistryBySig.Authorization calldata authorization
    ) external override {
        bytes memory fields = abi.encode(AccreditationData.ACCREDIT, issuerId, subject, scope, since, until);
        _requireSigned(issuerId, authorization, fields);
        _accredit(authorization.actor, issuerId, subject, scope, since, until);
    }

    /// @inheritdoc IAccreditation
    function withdrawBySig(
        uint64 issuerId,
        uint64 subject,
        bytes32 scope,
        ICredentialRegistryBySig.Authorization calldata authorization
    ) external override {
        _requireSigned(issuerId, authorization, abi.encode(AccreditationData.WITHDRAW, issuerId, subject, scope));
        _withdraw(authorization.actor, issuerId, subject, scope);
    }

    /// @dev As in the registry; the sequence is that of the accreditor's word here.
    function _requireSigned(
        uint64 issuerId,
        ICredentialRegistryBySig.Authorization calldata authorization,
        bytes memory fields
    ) private view {
        address actor = authorization.actor;
        if (block.timestamp > authorization.deadline) {
            revert ICredentialRegistryBySig.SignatureExpired(actor, authorization.deadline);
        }
        bytes memory tail = abi.encode(actor, words[issuerId].sequence(), authorization.deadline);
        bytes32 digest = AccreditationData.digest(keccak256(bytes.concat(fields, tail)));
        if (!Signatures.signed(actor, digest, authorization.signature)) {
            revert ICredentialRegistryBySig.InvalidSignature(actor, digest);
        }
    }

    /// @inheritdoc IAccreditation
    function eip712Domain()
        external
        view
        override
        returns (
            bytes1 fields,
            string memory name,
            string memory version,
            uint256 chainId,
            address verifyingContract,
            bytes32 salt,
            uint256[] memory extensions
        )
    {
        (name, version) = (AccreditationData.NAME, AccreditationData.VERSION);
        return (hex"0f", name, version, block.chainid, address(this), bytes32(0), new uint256[](0));
    }

    // --------------------------------------------------------------------------------------------------- views

    /// @inheritdoc IAccreditation
    function registry() external view override returns (address) {
        return address(credentialRegistry);
    }

    /// @inheritdoc IAccreditation
    function accreditorWord(uint64 issuerId) external view override returns (bytes32) {
        return IssuerWord.unwrap(words[issuerId]);
    }

    /// @inheritdoc IAccreditation
    function statement(uint64 issuerId, uint64 subject, bytes32 scope)
        external
        view
        override
        returns (Statement memory)
    {
        return statements[issuerId][subject][scope];
    }

    /// @inheritdoc IAccreditation
    function linkCount(uint64 issuerId) external view override returns (uint256) {
        return links[issuerId].length;
    }

    /// @inheritdoc IAccreditation
    function link(uint64 issuerId, uint256 index) external view override returns (Link memory found) {
        if (index < links[issuerId].length) return links[issuerId][index];
    }

    /// @inheritdoc IAccreditation
    function holds(uint64 issuerId, uint64 subject, bytes32 scope, uint64 at) external view override returns (bool) {
        return _holds(issuerId, subject, scope, at);
    }

    /// @inheritdoc IAccreditation
    function chainHolds(uint64[] calldata issuers, bytes32[] calldata scopes, uint64 at)
        external
        view
        override
        returns (bool)
    {
        if (issuers.length != scopes.length + 1) return false;
        for (uint256 i = 0; i < scopes.length; ++i) {
            if (!_holds(issuers[i], issuers[i + 1], scopes[i], at)) return false;
        }
        return true;
    }

    function _holds(uint64 issuerId, uint64 subject, bytes32 scope, uint64 at) private view returns (bool) {
        Statement memory said = statements[issuerId][subject][scope];
        if (said.since == 0 || at < said.since) return false;
        return (said.until == 0 || at < said.until) && (said.withdrawnAt == 0 || at < said.withdrawnAt);
    }

    // ------------------------------------------------------------------------------------------------- changes

    function _requireAdmin(address actor, uint64 issuerId) private view {
        ICredentialRegistry.Key memory key = credentialRegistry.keyOf(issuerId, actor);
        if (key.roles & ROLE_ADMIN == 0 || key.retiredAt != 0) revert NotAdmin(issuerId, actor);
    }

    function _accredit(address actor, uint64 issuerId, uint64 subject, bytes32 scope, uint64 since, uint64 until)
        private
    {
        _requireAdmin(actor, issuerId);
        if (IssuerWord.wrap(credentialRegistry.issuerWord(issuerId)).frozen()) revert AccreditorFrozen(issuerId);
        if (credentialRegistry.issuerWord(subject) == 0) revert UnknownSubject(subject);
        if (scope == 0) revert ZeroScope(issuerId, subject);
        if (since == 0 || (until != 0 && until <= since)) revert BadPeriod(since, until);
        Statement storage said = statements[issuerId][subject][scope];
        if (said.since == 0) links[issuerId].push(Link(subject, scope));
        statements[issuerId][subject][scope] =
            Statement({since: since, until: until, statedAt: uint64(block.timestamp), withdrawnAt: 0});
        bytes32 payload = keccak256(abi.encode(Accredited.selector, issuerId, subject, scope, since, until, actor));
        emit Accredited(issuerId, subject, scope, since, until, actor, _extend(issuerId, payload));
    }

    function _withdraw(address actor, uint64 issuerId, uint64 subject, bytes32 scope) private {
        _requireAdmin(actor, issuerId);
        Statement storage said = statements[issuerId][subject][scope];
        if (said.since == 0 || said.withdrawnAt != 0) revert NotAccredited(issuerId, subject, scope);
        said.withdrawnAt = uint64(block.timestamp);
        bytes32 payload = keccak256(abi.encode(Withdrawn.selector, issuerId, subject, scope, actor));
        emit Withdrawn(issuerId, subject, scope, actor, _extend(issuerId, payload));
    }

    /// @dev Extends and stores the accreditor's word; its first event makes it count.
    function _extend(uint64 issuerId, bytes32 payload) private returns (bytes32) {
        IssuerWord word = words[issuerId];
        if (!word.exists()) ++accreditorCount;
        word = word.extend(issuerId, payload);
        words[issuerId] = word;
        return IssuerWord.unwrap(word);
    }
}
