// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import "./Constants.sol";
import {ICredentialRegistry} from "./ICredentialRegistry.sol";
import {ICredentialRegistryBySig} from "./ICredentialRegistryBySig.sol";
import {ICredentialVerifier} from "./ICredentialVerifier.sol";
import {CredentialLeaf} from "./lib/CredentialLeaf.sol";
import {InclusionProof} from "./lib/InclusionProof.sol";
import {IssuerWord, IssuerWords} from "./lib/IssuerWord.sol";
import {Signatures} from "./lib/Signatures.sol";
import {TypedData} from "./lib/TypedData.sol";

/// @title Credential registry
/// @notice One immutable contract per chain: nobody owns, pauses or upgrades it, and it holds no value.
/// @dev The order of the state variables is fixed by SPEC.md, section 5.1, for `eth_getProof`. Every change of an
/// issuer's state is an event that extends the issuer word; a function works on the word as a value and stores it once.
/// Each entry point passes its actor to a private function, so that the forms by signature share every check.
contract CredentialRegistry is ICredentialRegistry, ICredentialRegistryBySig, ICredentialVerifier {
    /// @inheritdoc ICredentialRegistry
    uint64 public override issuerCount;
    mapping(uint64 issuerId => IssuerWord) private words;
    mapping(uint64 issuerId => mapping(address account => Key)) private keys;
    mapping(uint64 issuerId => mapping(bytes16 batchId => Record)) private records;
    mapping(uint64 issuerId => mapping(bytes16 batchId => Reaffirmation)) private reaffirmations;
    mapping(
        uint64 issuerId => mapping(bytes16 batchId => mapping(uint16 epoch => mapping(uint64 wordIndex => StatusWord)))
    ) private statuses;
    mapping(uint64 issuerId => mapping(bytes32 profileHash => ProfilePeriod)) private profiles;
    /// @inheritdoc ICredentialRegistry
    mapping(uint64 issuerId => bytes32) public override currentProfile;
    mapping(uint64 issuerId => Recovery) private recoveries;
    mapping(uint64 issuerId => mapping(address requester => mapping(address account => PendingChange))) private pending;
    mapping(address account => uint256 nonce) private registrations;

    // --------------------------------------------------------------------------------------- issuers and keys

    /// @inheritdoc ICredentialRegistry
    function register(KeyGrant[] calldata grants, address recovery, bytes32 profileHash)
        external
        override
        returns (uint64 issuerId)
    {
        return _register(msg.sender, grants, recovery, profileHash);
    }

    /// @inheritdoc ICredentialRegistry
    function addKey(uint64 issuerId, address account, uint8 roles) external override {
        _addKey(msg.sender, issuerId, account, roles);
    }

    /// @inheritdoc ICredentialRegistry
    function retireKey(uint64 issuerId, address account) external override {
        _retireKey(msg.sender, issuerId, account);
    }

    /// @inheritdoc ICredentialRegistry
    function distrustKey(uint64 issuerId, address account, uint64 distrustFrom) external override {
        _distrustKey(msg.sender, issuerId, account, distrustFrom);
    }

    /// @inheritdoc ICredentialRegistry
    function requestChange(uint64 issuerId, uint8 kind, address account, uint8 roles, uint64 distrustFrom)
        external
        override
    {
        _requestChange(msg.sender, issuerId, kind, account, roles, distrustFrom);
    }

    /// @inheritdoc ICredentialRegistry
    function vetoChange(uint64 issuerId, address requester, address account) external override {
        _vetoChange(msg.sender, issuerId, requester, account);
    }

    /// @inheritdoc ICredentialRegistry
    function executeChange(uint64 issuerId, address requester, address account) external override {
        IssuerWord word = _wordOf(issuerId);
        PendingChange memory change = _takeReady(issuerId, requester, account);
        if (change.vetoed) revert NoPendingChange(issuerId, requester, account);
        word = _emitChangeExecuted(word, issuerId, account, requester);
        words[issuerId] = _applyChange(word, issuerId, requester, account, change);
    }

    /// @inheritdoc ICredentialRegistry
    function executeSeconded(uint64 issuerId, address requester, address second, address account) external override {
        IssuerWord word = _wordOf(issuerId);
        PendingChange memory change = _takeReady(issuerId, requester, account);
        // Taken a second time, a request of the same account is no longer there.
        PendingChange memory same = _takeReady(issuerId, second, account);
        if (
            change.byRecovery || same.byRecovery || change.kind != same.kind || change.roles != same.roles
                || change.distrustFrom != same.distrustFrom
        ) revert ChangesDiffer(issuerId, requester, second, account);
        word = _emitChangeExecuted(word, issuerId, account, second);
        word = _emitChangeExecuted(word, issuerId, account, requester);
        words[issuerId] = _applyChange(word, issuerId, requester, account, change);
    }

    /// @inheritdoc ICredentialRegistry
    function freeze(uint64 issuerId) external override {
        _freeze(msg.sender, issuerId);
    }

    /// @inheritdoc ICredentialRegistry
    function unfreeze(uint64 issuerId) external override {
        _unfreeze(msg.sender, issuerId);
    }

    /// @inheritdoc ICredentialRegistry
    function setProfile(uint64 issuerId, bytes32 profileHash) external override {
        _setProfile(msg.sender, issuerId, profileHash);
    }

    // -------------------------------------------------------------------------------------- anchors and status

    /// @inheritdoc ICredentialRegistry
    function anchor(uint64 issuerId, bytes16 batchId, bytes32 root, uint64 leafCount) external override {
        _anchor(msg.sender, issuerId, batchId, root, leafCount);
    }

    /// @inheritdoc ICredentialRegistry
    function anchorMany(uint64 issuerId, Batch[] calldata batches)
        external
        override
        returns (uint256 count, bool[] memory anchored)
    {
        return _anchorMany(msg.sender, issuerId, batches);
    }

    /// @inheritdoc ICredentialRegistry
    function reaffirm(uint64 issuerId, BatchRef calldata batch) external override {
        _reaffirm(msg.sender, issuerId, batch);
    }

    /// @inheritdoc ICredentialRegistry
    function setStatus(
        uint64 issuerId,
        BatchRef calldata batch,
        uint8 action,
        uint8 reason,
        WordMask[] calldata changes
    ) external override {
        _setStatus(msg.sender, issuerId, batch, action, reason, changes);
    }

    /// @inheritdoc ICredentialRegistry
    function openStatusEpoch(uint64 issuerId) external override {
        _openStatusEpoch(msg.sender, issuerId);
    }

    // -------------------------------------------------------------------------------------------- by signature

    /// @inheritdoc ICredentialRegistryBySig
    function registerBySig(
        KeyGrant[] calldata grants,
        address recovery,
        bytes32 profileHash,
        Authorization calldata authorization
    ) external override returns (uint64 issuerId) {
        uint256 nonce = registrations[authorization.actor]++;
        bytes memory fields = abi.encode(TypedData.REGISTER, TypedData.hash(grants), recovery, profileHash);
        _requireSigned(authorization, fields, abi.encode(authorization.actor, nonce, authorization.deadline));
        return _register(authorization.actor, grants, recovery, profileHash);
    }

    /// @inheritdoc ICredentialRegistryBySig
    function addKeyBySig(uint64 issuerId, address account, uint8 roles, Authorization calldata authorization)
        external
        override
    {
        _requireSignedNow(issuerId, authorization, abi.encode(TypedData.ADD_KEY, issuerId, account, roles));
        _addKey(authorization.actor, issuerId, account, roles);
    }

    /// @inheritdoc ICredentialRegistryBySig
    function retireKeyBySig(uint64 issuerId, address account, Authorization calldata authorization) external override {
        _requireSignedNow(issuerId, authorization, abi.encode(TypedData.RETIRE_KEY, issuerId, account));
        _retireKey(authorization.actor, issuerId, account);
    }

    /// @inheritdoc ICredentialRegistryBySig
    function distrustKeyBySig(
        uint64 issuerId,
        address account,
        uint64 distrustFrom,
        Authorization calldata authorization
    ) external override {
        _requireSignedNow(issuerId, authorization, abi.encode(TypedData.DISTRUST_KEY, issuerId, account, distrustFrom));
        _distrustKey(authorization.actor, issuerId, account, distrustFrom);
    }

    /// @inheritdoc ICredentialRegistryBySig
    function requestChangeBySig(
        uint64 issuerId,
        uint8 kind,
        address account,
        uint8 roles,
        uint64 distrustFrom,
        Authorization calldata authorization
    ) external override {
        _requireSignedNow(
            issuerId, authorization, abi.encode(TypedData.REQUEST_CHANGE, issuerId, kind, account, roles, distrustFrom)
        );
        _requestChange(authorization.actor, issuerId, kind, account, roles, distrustFrom);
    }

    /// @inheritdoc ICredentialRegistryBySig
    function vetoChangeBySig(uint64 issuerId, address requester, address account, Authorization calldata authorization)
        external
        override
    {
        _requireSignedNow(issuerId, authorization, abi.encode(TypedData.VETO_CHANGE, issuerId, requester, account));
        _vetoChange(authorization.actor, issuerId, requester, account);
    }

    /// @inheritdoc ICredentialRegistryBySig
    function freezeBySig(uint64 issuerId, Authorization calldata authorization) external override {
        _requireSignedNow(issuerId, authorization, abi.encode(TypedData.FREEZE, issuerId));
        _freeze(authorization.actor, issuerId);
    }

    /// @inheritdoc ICredentialRegistryBySig
    function unfreezeBySig(uint64 issuerId, Authorization calldata authorization) external override {
        _requireSignedNow(issuerId, authorization, abi.encode(TypedData.UNFREEZE, issuerId));
        _unfreeze(authorization.actor, issuerId);
    }

    /// @inheritdoc ICredentialRegistryBySig
    function setProfileBySig(uint64 issuerId, bytes32 profileHash, Authorization calldata authorization)
        external
        override
    {
        _requireSignedNow(issuerId, authorization, abi.encode(TypedData.SET_PROFILE, issuerId, profileHash));
        _setProfile(authorization.actor, issuerId, profileHash);
    }

    /// @inheritdoc ICredentialRegistryBySig
    function anchorBySig(
        uint64 issuerId,
        bytes16 batchId,
        bytes32 root,
        uint64 leafCount,
        Authorization calldata authorization
    ) external override {
        bytes memory fields = abi.encode(TypedData.ANCHOR, issuerId, batchId, root, leafCount);
        _requireSigned(authorization, fields, abi.encode(authorization.actor, authorization.deadline));
        _anchor(authorization.actor, issuerId, batchId, root, leafCount);
    }

    /// @inheritdoc ICredentialRegistryBySig
    function anchorManyBySig(uint64 issuerId, Batch[] calldata batches, Authorization calldata authorization)
        external
        override
        returns (uint256 count, bool[] memory anchored)
    {
        _requireSignedNow(issuerId, authorization, abi.encode(TypedData.ANCHOR_MANY, issuerId, TypedData.hash(batches)));
        return _anchorMany(authorization.actor, issuerId, batches);
    }

    /// @inheritdoc ICredentialRegistryBySig
    function reaffirmBySig(uint64 issuerId, BatchRef calldata batch, Authorization calldata authorization)
        external
        override
    {
        _requireSignedNow(issuerId, authorization, abi.encode(TypedData.REAFFIRM, issuerId, TypedData.hash(batch)));
        _reaffirm(authorization.actor, issuerId, batch);
    }

    /// @inheritdoc ICredentialRegistryBySig
    function setStatusBySig(
        uint64 issuerId,
        BatchRef calldata batch,
        uint8 action,
        uint8 reason,
        WordMask[] calldata changes,
        Authorization calldata authorization
    ) external override {
        _requireSignedNow(
            issuerId,
            authorization,
            abi.encode(TypedData.SET_STATUS, issuerId, TypedData.hash(batch), action, reason, TypedData.hash(changes))
        );
        _setStatus(authorization.actor, issuerId, batch, action, reason, changes);
    }

    /// @inheritdoc ICredentialRegistryBySig
    function openStatusEpochBySig(uint64 issuerId, Authorization calldata authorization) external override {
        _requireSignedNow(issuerId, authorization, abi.encode(TypedData.OPEN_STATUS_EPOCH, issuerId));
        _openStatusEpoch(authorization.actor, issuerId);
    }

    /// @dev Whether the actor signed these fields for the issuer's state as it is.
    function _requireSignedNow(uint64 issuerId, Authorization calldata authorization, bytes memory fields)
        private
        view
    {
        uint32 sequence = _wordOf(issuerId).sequence();
        _requireSigned(authorization, fields, abi.encode(authorization.actor, sequence, authorization.deadline));
    }

    /// @dev Every message is fields and a tail of whole words, so that its hash is that of their concatenation.
    /// The deadline comes first, so that a signature that expired is said to be that.
    function _requireSigned(Authorization calldata authorization, bytes memory fields, bytes memory tail) private view {
        address actor = authorization.actor;
        if (block.timestamp > authorization.deadline) revert SignatureExpired(actor, authorization.deadline);
        bytes32 digest = TypedData.digest(keccak256(bytes.concat(fields, tail)));
        if (!Signatures.signed(actor, digest, authorization.signature)) revert InvalidSignature(actor, digest);
    }

    /// @inheritdoc ICredentialRegistryBySig
    function registrationNonce(address account) external view override returns (uint256) {
        return registrations[account];
    }

    /// @inheritdoc ICredentialRegistryBySig
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
        return (hex"0f", TypedData.NAME, TypedData.VERSION, block.chainid, address(this), bytes32(0), new uint256[](0));
    }

    // -------------------------------------------------------------------------------------- for other contracts

    /// @inheritdoc ICredentialVerifier
    function verify(uint64 issuerId, CredentialProof calldata proof)
        external
        view
        override
        returns (Verification memory)
    {
        return _verify(issuerId, proof);
    }

    /// @inheritdoc ICredentialVerifier
    function isValid(uint64 issuerId, CredentialProof calldata proof) external view override returns (bool) {
        Verification memory found = _verify(issuerId, proof);
        return found.included && found.counts && !found.revoked && !found.suspended;
    }

    /// @dev The root is not asked for: the path leads to it, and the record commits to it.
    function _verify(uint64 issuerId, CredentialProof calldata proof) private view returns (Verification memory found) {
        bytes32 leaf = CredentialLeaf.hash(issuerId, proof);
        (bool fits, bytes32 root) = InclusionProof.fold(leaf, proof.index, proof.leafCount, proof.path);
        Record memory record = records[issuerId][proof.batchId];
        if (!fits || record.time == 0 || record.commitment != _commitment(root, proof.leafCount, proof.account)) {
            return found;
        }
        found.included = true;
        (found.counts, found.since) = _countsSince(issuerId, proof.batchId, proof.account, record.time);
        StatusWord storage status = statuses[issuerId][proof.batchId][words[issuerId].epoch()][proof.index / 256];
        found.revoked = (status.revoked >> (proof.index % 256)) & 1 == 1;
        found.suspended = (status.suspended >> (proof.index % 256)) & 1 == 1;
    }

    // --------------------------------------------------------------------------------------------------- views

    /// @inheritdoc ICredentialRegistry
    function WAIT() external pure override returns (uint64) {
        return CHANGE_WAIT;
    }

    /// @inheritdoc ICredentialRegistry
    function issuerWord(uint64 issuerId) external view override returns (bytes32) {
        return IssuerWord.unwrap(words[issuerId]);
    }

    /// @inheritdoc ICredentialRegistry
    function keyOf(uint64 issuerId, address account) external view override returns (Key memory) {
        return keys[issuerId][account];
    }

    /// @inheritdoc ICredentialRegistry
    function recordOf(uint64 issuerId, bytes16 batchId)
        external
        view
        override
        returns (bytes27 commitment, uint64 time)
    {
        Record memory record = records[issuerId][batchId];
        return (record.commitment, record.time);
    }

    /// @inheritdoc ICredentialRegistry
    function reaffirmationOf(uint64 issuerId, bytes16 batchId)
        external
        view
        override
        returns (address account, uint64 time)
    {
        Reaffirmation memory reaffirmation = reaffirmations[issuerId][batchId];
        return (reaffirmation.account, reaffirmation.time);
    }

    /// @inheritdoc ICredentialRegistry
    function statusWord(uint64 issuerId, bytes16 batchId, uint16 epoch, uint64 wordIndex)
        external
        view
        override
        returns (uint256 revoked, uint256 suspended)
    {
        StatusWord storage status = statuses[issuerId][batchId][epoch][wordIndex];
        return (status.revoked, status.suspended);
    }

    /// @inheritdoc ICredentialRegistry
    function profilePeriod(uint64 issuerId, bytes32 profileHash)
        external
        view
        override
        returns (uint64 since, uint64 until)
    {
        ProfilePeriod memory period = profiles[issuerId][profileHash];
        return (period.since, period.until);
    }

    /// @inheritdoc ICredentialRegistry
    function recoveryOf(uint64 issuerId) external view override returns (address account, bool frozenByRecovery) {
        Recovery memory recovery = recoveries[issuerId];
        return (recovery.account, recovery.frozen);
    }

    /// @inheritdoc ICredentialRegistry
    function pendingChange(uint64 issuerId, address requester, address account)
        external
        view
        override
        returns (PendingChange memory)
    {
        return pending[issuerId][requester][account];
    }

    /// @inheritdoc ICredentialRegistry
    function anchorCounts(uint64 issuerId, BatchRef calldata batch)
        external
        view
        override
        returns (bool counts, uint64 since)
    {
        Record memory record = records[issuerId][batch.batchId];
        if (record.time == 0 || record.commitment != _commitment(batch.root, batch.leafCount, batch.account)) {
            return (false, 0);
        }
        return _countsSince(issuerId, batch.batchId, batch.account, record.time);
    }

    // --------------------------------------------------------------------------------------- who may do what

    /// @dev The word of an issuer that exists.
    function _wordOf(uint64 issuerId) private view returns (IssuerWord word) {
        word = words[issuerId];
        if (!word.exists()) revert UnknownIssuer(issuerId);
    }

    /// @dev The word of an issuer that is not frozen, after checking that the actor has the role.
    function _open(address actor, uint64 issuerId, uint8 role) private view returns (IssuerWord word) {
        word = _wordOf(issuerId);
        if (word.frozen()) revert IssuerFrozen(issuerId);
        _requireRole(actor, issuerId, role);
    }

    function _requireRole(address actor, uint64 issuerId, uint8 role) private view {
        if (!_hasRole(actor, issuerId, role)) revert NotAuthorized(issuerId, actor, role);
    }

    function _hasRole(address actor, uint64 issuerId, uint8 role) private view returns (bool) {
        Key storage key = keys[issuerId][actor];
        return key.roles & role != 0 && key.retiredAt == 0;
    }

    /// @dev Whether the actor is the recovery account; reverts unless it is that or an active admin.
    function _recoveryOrAdmin(address actor, uint64 issuerId) private view returns (bool isRecovery) {
        isRecovery = actor == recoveries[issuerId].account;
        if (!isRecovery) _requireRole(actor, issuerId, ROLE_ADMIN);
    }

    // --------------------------------------------------------------------------------------- issuers and keys

    function _register(address actor, KeyGrant[] calldata grants, address recovery, bytes32 profileHash)
        private
        returns (uint64 issuerId)
    {
        if (recovery == address(0)) revert ZeroAccount();
        issuerId = ++issuerCount;
        recoveries[issuerId].account = recovery;
        IssuerWord word = _emitIssuerRegistered(IssuerWord.wrap(0), issuerId, recovery, actor);
        for (uint256 i = 0; i < grants.length; ++i) {
            word = _grant(word, actor, issuerId, grants[i].account, grants[i].roles);
        }
        _requireRole(actor, issuerId, ROLE_ADMIN);
        if (profileHash != 0) word = _changeProfile(word, actor, issuerId, profileHash);
        words[issuerId] = word;
    }

    function _addKey(address actor, uint64 issuerId, address account, uint8 roles) private {
        IssuerWord word = _open(actor, issuerId, ROLE_ADMIN);
        if (roles & ROLE_ADMIN != 0) revert BadRoles(account, roles);
        words[issuerId] = _grant(word, actor, issuerId, account, roles);
    }

    /// @dev Adds a key. An account that was ever a key is refused, so that a retired key never returns.
    function _grant(IssuerWord word, address actor, uint64 issuerId, address account, uint8 roles)
        private
        returns (IssuerWord)
    {
        _checkNewKey(issuerId, account);
        if (roles == 0 || roles & ~ROLE_MASK != 0) revert BadRoles(account, roles);
        keys[issuerId][account] = Key({roles: roles, addedAt: _now(), retiredAt: 0, distrustFrom: 0});
        return _emitKeyAdded(word, issuerId, account, roles, actor);
    }

    function _checkNewKey(uint64 issuerId, address account) private view {
        if (account == address(0)) revert ZeroAccount();
        if (keys[issuerId][account].roles != 0) revert KeyKnown(issuerId, account);
        if (account == recoveries[issuerId].account) revert IsRecovery(issuerId, account);
    }

    function _retireKey(address actor, uint64 issuerId, address account) private {
        IssuerWord word = _wordOf(issuerId);
        _requireRole(actor, issuerId, ROLE_ADMIN);
        _checkRetirable(issuerId, account, false);
        words[issuerId] = _retire(word, actor, issuerId, account);
    }

    function _distrustKey(address actor, uint64 issuerId, address account, uint64 distrustFrom) private {
        IssuerWord word = _wordOf(issuerId);
        _requireRole(actor, issuerId, ROLE_ADMIN);
        _checkDistrustable(issuerId, account, false, distrustFrom);
        words[issuerId] = _distrust(word, actor, issuerId, account, distrustFrom);
    }

    function _checkKind(uint64 issuerId, address account, bool admin) private view {
        uint8 roles = keys[issuerId][account].roles;
        if (roles == 0) revert KeyUnknown(issuerId, account);
        if (admin && roles & ROLE_ADMIN == 0) revert IsNotAdmin(issuerId, account);
        if (!admin && roles & ROLE_ADMIN != 0) revert IsAdmin(issuerId, account);
    }

    function _checkRetirable(uint64 issuerId, address account, bool admin) private view {
        _checkKind(issuerId, account, admin);
        if (keys[issuerId][account].retiredAt != 0) revert KeyAlreadyRetired(issuerId, account);
    }

    /// @dev A time in the future would let a thief go on until then; a later time than the one that stands would make
    /// records count again.
    function _checkDistrustable(uint64 issuerId, address account, bool admin, uint64 distrustFrom) private view {
        _checkKind(issuerId, account, admin);
        uint64 stands = keys[issuerId][account].distrustFrom;
        if (distrustFrom == 0 || distrustFrom > block.timestamp || (stands != 0 && distrustFrom >= stands)) {
            revert BadDistrustTime(issuerId, account, distrustFrom);
        }
    }

    function _retire(IssuerWord word, address actor, uint64 issuerId, address account) private returns (IssuerWord) {
        keys[issuerId][account].retiredAt = _now();
        return _emitKeyRetired(word, issuerId, account, actor);
    }

    function _distrust(IssuerWord word, address actor, uint64 issuerId, address account, uint64 distrustFrom)
        private
        returns (IssuerWord)
    {
        Key storage key = keys[issuerId][account];
        if (key.retiredAt == 0) key.retiredAt = _now();
        key.distrustFrom = distrustFrom;
        return _emitKeyDistrusted(word, issuerId, account, distrustFrom, actor);
    }

    // ---------------------------------------------------------------------------------- admin-critical changes

    function _requestChange(
        address actor,
        uint64 issuerId,
        uint8 kind,
        address account,
        uint8 roles,
        uint64 distrustFrom
    ) private {
        IssuerWord word = _wordOf(issuerId);
        bool byRecovery = _recoveryOrAdmin(actor, issuerId);
        if (byRecovery && kind != CHANGE_ADD_ADMIN) revert NotAuthorized(issuerId, actor, ROLE_ADMIN);
        PendingChange memory change = PendingChange({
            kind: kind,
            roles: roles,
            distrustFrom: distrustFrom,
            readyAt: _now() + CHANGE_WAIT,
            byRecovery: byRecovery,
            vetoed: false
        });
        _checkChange(issuerId, account, change);
        pending[issuerId][actor][account] = change;
        words[issuerId] = _emitChangeRequested(word, issuerId, account, actor, change);
    }

    /// @dev Checked when requested, and again when executed, as the keys may have changed in between.
    function _checkChange(uint64 issuerId, address account, PendingChange memory change) private view {
        uint8 kind = change.kind;
        bool badRoles = (kind == CHANGE_ADD_ADMIN) == (change.roles == 0);
        bool badTime = (kind == CHANGE_DISTRUST_ADMIN) == (change.distrustFrom == 0);
        if (kind == 0 || kind > CHANGE_RECOVERY || badRoles || badTime) {
            revert BadChange(kind, change.roles, change.distrustFrom);
        }
        if (kind == CHANGE_RETIRE_ADMIN) {
            _checkRetirable(issuerId, account, true);
        } else if (kind == CHANGE_DISTRUST_ADMIN) {
            _checkDistrustable(issuerId, account, true, change.distrustFrom);
        } else {
            _checkNewKey(issuerId, account);
            if (kind == CHANGE_ADD_ADMIN && (change.roles & ROLE_ADMIN == 0 || change.roles & ~ROLE_MASK != 0)) {
                revert BadRoles(account, change.roles);
            }
        }
    }

    /// @dev A veto of the recovery account only marks the request, because another admin's like request overrules it
    /// (`executeSeconded`); a veto of anyone else clears it.
    function _vetoChange(address actor, uint64 issuerId, address requester, address account) private {
        IssuerWord word = _wordOf(issuerId);
        bool isRecovery = _recoveryOrAdmin(actor, issuerId);
        PendingChange storage change = pending[issuerId][requester][account];
        if (change.readyAt == 0 || change.vetoed) revert NoPendingChange(issuerId, requester, account);
        bool own = actor == requester;
        if (!own && isRecovery == change.byRecovery) {
            if (isRecovery) revert NotAuthorized(issuerId, actor, ROLE_ADMIN);
            revert NotRecovery(issuerId, actor);
        }
        if (!own && isRecovery) change.vetoed = true;
        else delete pending[issuerId][requester][account];
        words[issuerId] = _emitChangeVetoed(word, issuerId, account, requester, actor);
    }

    /// @dev Removes and returns a request whose wait is over and whose requester still is what it was.
    function _takeReady(uint64 issuerId, address requester, address account)
        private
        returns (PendingChange memory change)
    {
        change = pending[issuerId][requester][account];
        if (change.readyAt == 0) revert NoPendingChange(issuerId, requester, account);
        if (block.timestamp < change.readyAt) {
            revert ChangeNotReady(issuerId, requester, account, change.readyAt);
        }
        if (!change.byRecovery) _requireRole(requester, issuerId, ROLE_ADMIN);
        else if (requester != recoveries[issuerId].account) revert NotRecovery(issuerId, requester);
        delete pending[issuerId][requester][account];
    }

    function _applyChange(
        IssuerWord word,
        uint64 issuerId,
        address requester,
        address account,
        PendingChange memory change
    ) private returns (IssuerWord) {
        _checkChange(issuerId, account, change);
        if (change.kind == CHANGE_ADD_ADMIN) return _grant(word, requester, issuerId, account, change.roles);
        if (change.kind == CHANGE_RETIRE_ADMIN) return _retire(word, requester, issuerId, account);
        if (change.kind == CHANGE_DISTRUST_ADMIN) {
            return _distrust(word, requester, issuerId, account, change.distrustFrom);
        }
        recoveries[issuerId].account = account;
        return _emitRecoveryChanged(word, issuerId, account, requester);
    }

    // ------------------------------------------------------------------------------- freezing, profile, epoch

    function _freeze(address actor, uint64 issuerId) private {
        IssuerWord word = _wordOf(issuerId);
        Recovery storage recovery = recoveries[issuerId];
        bool isRecovery = _recoveryOrAdmin(actor, issuerId);
        if (word.frozen() && (!isRecovery || recovery.frozen)) revert IssuerFrozen(issuerId);
        if (isRecovery) recovery.frozen = true;
        bytes32 payload = keccak256(abi.encode(Frozen.selector, issuerId, actor));
        word = word.extendFrozen(issuerId, payload, true);
        words[issuerId] = word;
        emit Frozen(issuerId, actor, IssuerWord.unwrap(word));
    }

    function _unfreeze(address actor, uint64 issuerId) private {
        IssuerWord word = _wordOf(issuerId);
        Recovery storage recovery = recoveries[issuerId];
        bool isRecovery = _recoveryOrAdmin(actor, issuerId);
        if (!word.frozen()) revert NotFrozen(issuerId);
        if (recovery.frozen) {
            if (!isRecovery) revert NotRecovery(issuerId, actor);
            recovery.frozen = false;
        }
        bytes32 payload = keccak256(abi.encode(Unfrozen.selector, issuerId, actor));
        word = word.extendFrozen(issuerId, payload, false);
        words[issuerId] = word;
        emit Unfrozen(issuerId, actor, IssuerWord.unwrap(word));
    }

    function _setProfile(address actor, uint64 issuerId, bytes32 profileHash) private {
        IssuerWord word = _open(actor, issuerId, ROLE_ADMIN);
        if (profileHash == 0) revert ZeroProfile(issuerId);
        if (profiles[issuerId][profileHash].since != 0) revert ProfileUsed(issuerId, profileHash);
        words[issuerId] = _changeProfile(word, actor, issuerId, profileHash);
    }

    function _changeProfile(IssuerWord word, address actor, uint64 issuerId, bytes32 profileHash)
        private
        returns (IssuerWord)
    {
        bytes32 previous = currentProfile[issuerId];
        if (previous != 0) profiles[issuerId][previous].until = _now();
        profiles[issuerId][profileHash].since = _now();
        currentProfile[issuerId] = profileHash;
        bytes32 payload = keccak256(abi.encode(ProfileChanged.selector, issuerId, profileHash, previous, actor));
        word = word.extend(issuerId, payload);
        emit ProfileChanged(issuerId, profileHash, previous, actor, IssuerWord.unwrap(word));
        return word;
    }

    function _openStatusEpoch(address actor, uint64 issuerId) private {
        IssuerWord word = _open(actor, issuerId, ROLE_ADMIN);
        uint16 epoch = word.epoch();
        if (epoch == IssuerWords.MAX_EPOCH) revert EpochsExhausted(issuerId);
        epoch += 1;
        bytes32 payload = keccak256(abi.encode(StatusEpochOpened.selector, issuerId, epoch, actor));
        word = word.extendEpoch(issuerId, payload, epoch);
        words[issuerId] = word;
        emit StatusEpochOpened(issuerId, epoch, actor, IssuerWord.unwrap(word));
    }

    // -------------------------------------------------------------------------------------- anchors and status

    function _anchor(address actor, uint64 issuerId, bytes16 batchId, bytes32 root, uint64 leafCount) private {
        IssuerWord word = _open(actor, issuerId, ROLE_ANCHOR);
        _checkBatch(batchId, root, leafCount);
        if (records[issuerId][batchId].time != 0) revert AlreadyAnchored(issuerId, batchId);
        words[issuerId] = _record(word, actor, issuerId, batchId, root, leafCount);
    }

    function _anchorMany(address actor, uint64 issuerId, Batch[] calldata batches)
        private
        returns (uint256 count, bool[] memory anchored)
    {
        IssuerWord word = _open(actor, issuerId, ROLE_ANCHOR);
        anchored = new bool[](batches.length);
        for (uint256 i = 0; i < batches.length; ++i) {
            Batch calldata batch = batches[i];
            _checkBatch(batch.batchId, batch.root, batch.leafCount);
            if (records[issuerId][batch.batchId].time != 0) continue;
            word = _record(word, actor, issuerId, batch.batchId, batch.root, batch.leafCount);
            anchored[i] = true;
            ++count;
        }
        if (count != 0) words[issuerId] = word;
    }

    function _checkBatch(bytes16 batchId, bytes32 root, uint64 leafCount) private pure {
        if (batchId == 0 || root == 0 || leafCount == 0 || leafCount > MAX_LEAF_COUNT) {
            revert BadBatch(batchId, root, leafCount);
        }
    }

    /// @dev Writes a record; the caller has checked that there is none.
    function _record(IssuerWord word, address actor, uint64 issuerId, bytes16 batchId, bytes32 root, uint64 leafCount)
        private
        returns (IssuerWord)
    {
        records[issuerId][batchId] =
            Record({time: uint40(block.timestamp), commitment: _commitment(root, leafCount, actor)});
        bytes32 payload = keccak256(abi.encode(Anchored.selector, issuerId, batchId, root, leafCount, actor));
        word = word.extend(issuerId, payload);
        emit Anchored(issuerId, batchId, root, leafCount, actor, IssuerWord.unwrap(word));
        return word;
    }

    function _commitment(bytes32 root, uint64 leafCount, address account) private pure returns (bytes27) {
        return bytes27(keccak256(abi.encode(root, leafCount, account)));
    }

    /// @dev The time of the record that the reference is about; reverts if there is none or it says something else.
    function _recordTime(uint64 issuerId, BatchRef calldata batch) private view returns (uint40) {
        Record memory record = records[issuerId][batch.batchId];
        if (record.time == 0) revert NoSuchRecord(issuerId, batch.batchId);
        if (record.commitment != _commitment(batch.root, batch.leafCount, batch.account)) {
            revert BatchMismatch(issuerId, batch.batchId);
        }
        return record.time;
    }

    /// @dev Whether what the key did at that time counts.
    function _trusted(uint64 issuerId, address account, uint64 time) private view returns (bool) {
        uint64 distrustFrom = keys[issuerId][account].distrustFrom;
        return distrustFrom == 0 || time < distrustFrom;
    }

    function _countsSince(uint64 issuerId, bytes16 batchId, address account, uint64 time)
        private
        view
        returns (bool counts, uint64 since)
    {
        if (_trusted(issuerId, account, time)) return (true, time);
        Reaffirmation memory again = reaffirmations[issuerId][batchId];
        if (again.time != 0 && _trusted(issuerId, again.account, again.time)) return (true, again.time);
        return (false, 0);
    }

    function _reaffirm(address actor, uint64 issuerId, BatchRef calldata batch) private {
        IssuerWord word = _open(actor, issuerId, ROLE_ANCHOR);
        (bool counts,) = _countsSince(issuerId, batch.batchId, batch.account, _recordTime(issuerId, batch));
        if (counts) revert RecordCounts(issuerId, batch.batchId);
        reaffirmations[issuerId][batch.batchId] = Reaffirmation({account: actor, time: uint40(block.timestamp)});
        bytes32 payload = keccak256(abi.encode(Reaffirmed.selector, issuerId, batch.batchId, actor));
        word = word.extend(issuerId, payload);
        words[issuerId] = word;
        emit Reaffirmed(issuerId, batch.batchId, actor, IssuerWord.unwrap(word));
    }

    function _setStatus(
        address actor,
        uint64 issuerId,
        BatchRef calldata batch,
        uint8 action,
        uint8 reason,
        WordMask[] calldata changes
    ) private {
        IssuerWord word = _open(actor, issuerId, ROLE_STATUS);
        if (action == 0 || action > ACTION_REINSTATE) revert BadAction(action);
        if (reason > REASON_MAX || reason == REASON_UNUSED) revert BadReason(reason);
        _recordTime(issuerId, batch);
        bytes32 changesHash = _applyMasks(issuerId, batch, action, word.epoch(), changes);
        words[issuerId] =
            _emitStatusChanged(word, StatusCall(issuerId, batch.batchId, action, reason, actor), changes, changesHash);
    }

    /// @dev Applies the masks and returns keccak256 of the elements' ABI words (SPEC.md 5.2).
    function _applyMasks(
        uint64 issuerId,
        BatchRef calldata batch,
        uint8 action,
        uint16 epoch,
        WordMask[] calldata changes
    ) private returns (bytes32) {
        bytes16 batchId = batch.batchId;
        if (changes.length == 0) revert NoChanges(issuerId, batchId);
        mapping(uint64 wordIndex => StatusWord) storage statusWords = statuses[issuerId][batchId][epoch];
        uint256[] memory encoded = new uint256[](2 * changes.length);
        for (uint256 i = 0; i < changes.length; ++i) {
            uint64 wordIndex = changes[i].wordIndex;
            uint256 mask = changes[i].mask;
            if (mask == 0) revert EmptyMask(issuerId, batchId, wordIndex);
            if (!_inRange(batch.leafCount, wordIndex, mask)) {
                revert BitOutOfRange(issuerId, batchId, wordIndex, mask);
            }
            _applyMask(statusWords[wordIndex], action, mask);
            encoded[2 * i] = wordIndex;
            encoded[2 * i + 1] = mask;
        }
        return keccak256(abi.encodePacked(encoded));
    }

    function _applyMask(StatusWord storage status, uint8 action, uint256 mask) private {
        if (action == ACTION_REVOKE) status.revoked |= mask;
        else if (action == ACTION_SUSPEND) status.suspended |= mask;
        else status.suspended &= ~mask;
    }

    /// @dev Whether every bit of the mask stands for a credential of the batch.
    function _inRange(uint64 leafCount, uint64 wordIndex, uint256 mask) private pure returns (bool) {
        uint64 fullWords = leafCount / 256;
        return wordIndex < fullWords || (wordIndex == fullWords && mask >> (leafCount % 256) == 0);
    }

    // -------------------------------------------------------------------------------------------------- events

    /// @dev What `StatusChanged` says beside the epoch and the changes.
    struct StatusCall {
        uint64 issuerId;
        bytes16 batchId;
        uint8 action;
        uint8 reason;
        address actor;
    }

    function _emitIssuerRegistered(IssuerWord word, uint64 issuerId, address recovery, address actor)
        private
        returns (IssuerWord)
    {
        word = word.extend(issuerId, keccak256(abi.encode(IssuerRegistered.selector, issuerId, recovery, actor)));
        emit IssuerRegistered(issuerId, recovery, actor, IssuerWord.unwrap(word));
        return word;
    }

    function _emitKeyAdded(IssuerWord word, uint64 issuerId, address account, uint8 roles, address actor)
        private
        returns (IssuerWord)
    {
        word = word.extend(issuerId, keccak256(abi.encode(KeyAdded.selector, issuerId, account, roles, actor)));
        emit KeyAdded(issuerId, account, roles, actor, IssuerWord.unwrap(word));
        return word;
    }

    function _emitKeyRetired(IssuerWord word, uint64 issuerId, address account, address actor)
        private
        returns (IssuerWord)
    {
        word = word.extend(issuerId, keccak256(abi.encode(KeyRetired.selector, issuerId, account, actor)));
        emit KeyRetired(issuerId, account, actor, IssuerWord.unwrap(word));
        return word;
    }

    function _emitKeyDistrusted(IssuerWord word, uint64 issuerId, address account, uint64 distrustFrom, address actor)
        private
        returns (IssuerWord)
    {
        bytes32 payload = keccak256(abi.encode(KeyDistrusted.selector, issuerId, account, distrustFrom, actor));
        word = word.extend(issuerId, payload);
        emit KeyDistrusted(issuerId, account, distrustFrom, actor, IssuerWord.unwrap(word));
        return word;
    }

    function _emitChangeRequested(
        IssuerWord word,
        uint64 issuerId,
        address account,
        address actor,
        PendingChange memory change
    ) private returns (IssuerWord) {
        bytes32 payload = keccak256(
            abi.encode(
                ChangeRequested.selector,
                issuerId,
                account,
                change.kind,
                change.roles,
                change.distrustFrom,
                change.readyAt,
                actor
            )
        );
        word = word.extend(issuerId, payload);
        emit ChangeRequested(
            issuerId,
            account,
            change.kind,
            change.roles,
            change.distrustFrom,
            change.readyAt,
            actor,
            IssuerWord.unwrap(word)
        );
        return word;
    }

    function _emitChangeVetoed(IssuerWord word, uint64 issuerId, address account, address requester, address actor)
        private
        returns (IssuerWord)
    {
        bytes32 payload = keccak256(abi.encode(ChangeVetoed.selector, issuerId, account, requester, actor));
        word = word.extend(issuerId, payload);
        emit ChangeVetoed(issuerId, account, requester, actor, IssuerWord.unwrap(word));
        return word;
    }

    function _emitChangeExecuted(IssuerWord word, uint64 issuerId, address account, address requester)
        private
        returns (IssuerWord)
    {
        bytes32 payload = keccak256(abi.encode(ChangeExecuted.selector, issuerId, account, requester, msg.sender));
        word = word.extend(issuerId, payload);
        emit ChangeExecuted(issuerId, account, requester, msg.sender, IssuerWord.unwrap(word));
        return word;
    }

    function _emitRecoveryChanged(IssuerWord word, uint64 issuerId, address recovery, address actor)
        private
        returns (IssuerWord)
    {
        word = word.extend(issuerId, keccak256(abi.encode(RecoveryChanged.selector, issuerId, recovery, actor)));
        emit RecoveryChanged(issuerId, recovery, actor, IssuerWord.unwrap(word));
        return word;
    }

    function _emitStatusChanged(
        IssuerWord word,
        StatusCall memory call,
        WordMask[] calldata changes,
        bytes32 changesHash
    ) private returns (IssuerWord) {
        bytes32 payload = keccak256(
            abi.encode(
                StatusChanged.selector,
                call.issuerId,
                call.batchId,
                call.action,
                call.reason,
                word.epoch(),
                changesHash,
                call.actor
            )
        );
        word = word.extend(call.issuerId, payload);
        emit StatusChanged(
            call.issuerId,
            call.batchId,
            call.action,
            call.reason,
            word.epoch(),
            changes,
            call.actor,
            IssuerWord.unwrap(word)
        );
        return word;
    }

    function _now() private view returns (uint64) {
        return uint64(block.timestamp);
    }
}
