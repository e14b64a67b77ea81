// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import "../../src/Constants.sol";
import {ICredentialRegistry as I} from "../../src/ICredentialRegistry.sol";
import {Fold} from "../util/Fold.sol";
import {Vm, vm} from "../util/Vm.sol";

/// @dev Random calls by a small cast on two issuers. After each call it checks what must hold after any call, against a
/// memory of its own; what failed is kept in `failure`, because a revert here would only be counted as a revert.
contract Handler {
    uint64 internal constant ISSUERS = 2;
    uint256 internal constant CAST = 10;
    uint256 internal constant BATCHES = 6;
    uint64 internal constant LEAVES = 300;

    I internal immutable REGISTRY;
    string public failure;
    uint256 public succeeded;

    mapping(uint64 issuerId => bytes32) private words;
    mapping(uint64 issuerId => mapping(bytes16 batchId => bytes32)) private records;
    mapping(uint64 issuerId => mapping(address account => bytes32)) private keys;
    mapping(bytes32 place => uint256) private revoked;

    constructor(I registry) {
        REGISTRY = registry;
        vm.warp(1_800_000_000);
        for (uint64 id = 1; id <= ISSUERS; ++id) {
            I.KeyGrant[] memory grants = new I.KeyGrant[](4);
            for (uint256 i = 0; i < 4; ++i) {
                grants[i] = I.KeyGrant(account(i + id), i < 2 ? ROLE_MASK : i == 2 ? ROLE_ANCHOR : ROLE_STATUS);
            }
            vm.prank(account(id));
            registry.register(grants, account(0), bytes32(uint256(id)));
            words[id] = registry.issuerWord(id);
        }
        _look();
    }

    function account(uint256 index) public pure returns (address) {
        return address(uint160(0x1000 + index % CAST));
    }

    function _id(uint256 seed) internal pure returns (uint64) {
        return uint64(seed % ISSUERS) + 1;
    }

    function _batch(uint64 id, uint256 seed, uint256 by) internal pure returns (I.BatchRef memory) {
        bytes16 batchId = bytes16(uint128(seed % BATCHES + 1));
        return I.BatchRef(batchId, keccak256(abi.encode(id, batchId)), LEAVES, account(by));
    }

    /// @dev Three times in four somebody who may, so that calls succeed; otherwise anybody of the cast.
    function _actor(uint256 by, uint64 id, uint8 role) private view returns (address) {
        (address recovery,) = REGISTRY.recoveryOf(id);
        for (uint256 i = 0; by % 4 != 0 && i < CAST; ++i) {
            address candidate = account(by / 4 + i);
            I.Key memory key = REGISTRY.keyOf(id, candidate);
            if (key.retiredAt == 0 && key.roles & (role == 0 ? ROLE_ADMIN : role) != 0) return candidate;
            if (role == 0 && candidate == recovery) return candidate;
        }
        return account(by);
    }

    /// @dev A requested change, if there is one; the search starts anywhere.
    function _requested(uint64 id, uint256 seed) private view returns (address requester, address who) {
        for (uint256 i = 0; i < CAST * CAST; ++i) {
            (requester, who) = (account(seed % CAST + i), account(seed / CAST + i / CAST));
            if (REGISTRY.pendingChange(id, requester, who).readyAt != 0) return (requester, who);
        }
    }

    /// @dev A record with the account that anchored it, if there is one.
    function _recorded(uint64 id, uint256 seed) private view returns (I.BatchRef memory batch) {
        for (uint256 i = 0; i < BATCHES; ++i) {
            batch = _batch(id, seed % BATCHES + i, 0);
            (bytes27 commitment,) = REGISTRY.recordOf(id, batch.batchId);
            for (uint256 by = 0; by < CAST && commitment != 0; ++by) {
                batch.account = account(by);
                bytes32 hash = keccak256(abi.encode(batch.root, batch.leafCount, batch.account));
                if (commitment == bytes27(hash)) return batch;
            }
        }
    }

    // --------------------------------------------------------------------------------------------------- calls

    function warp(uint256 seconds_) external {
        vm.warp(block.timestamp + seconds_ % 5 days);
    }

    function addKey(uint256 by, uint256 issuer, uint256 who, uint8 roles) external {
        _call(by, _id(issuer), ROLE_ADMIN, abi.encodeCall(I.addKey, (_id(issuer), account(who), roles % 8)));
    }

    function retireKey(uint256 by, uint256 issuer, uint256 who) external {
        _call(by, _id(issuer), ROLE_ADMIN, abi.encodeCall(I.retireKey, (_id(issuer), account(who))));
    }

    function distrustKey(uint256 by, uint256 issuer, uint256 who, uint64 back) external {
        uint64 from = uint64(block.timestamp) - back % 20 days;
        _call(by, _id(issuer), ROLE_ADMIN, abi.encodeCall(I.distrustKey, (_id(issuer), account(who), from)));
    }

    function requestChange(uint256 by, uint256 issuer, uint8 kind, uint256 who) external {
        kind = kind % 4 + 1;
        uint8 roles = kind == CHANGE_ADD_ADMIN ? ROLE_MASK : 0;
        uint64 from = kind == CHANGE_DISTRUST_ADMIN ? uint64(block.timestamp) : 0;
        bytes memory data = abi.encodeCall(I.requestChange, (_id(issuer), kind, account(who), roles, from));
        _call(by, _id(issuer), 0, data);
    }

    function vetoChange(uint256 by, uint256 issuer, uint256 seed) external {
        (address requester, address who) = _requested(_id(issuer), seed);
        _call(by, _id(issuer), 0, abi.encodeCall(I.vetoChange, (_id(issuer), requester, who)));
    }

    function executeChange(uint256 by, uint256 issuer, uint256 seed) external {
        (address requester, address who) = _requested(_id(issuer), seed);
        I.PendingChange memory change = REGISTRY.pendingChange(_id(issuer), requester, who);
        if (change.readyAt > block.timestamp && seed % 3 != 0) vm.warp(change.readyAt);
        bool done = _call(by, _id(issuer), 0, abi.encodeCall(I.executeChange, (_id(issuer), requester, who)));
        if (done && (change.readyAt == 0 || block.timestamp < change.readyAt || change.vetoed)) {
            failure = "executed before its time or vetoed";
        }
    }

    /// @dev The second admin asks for the same, so that there is something to second.
    function executeSeconded(uint256 by, uint256 issuer, uint256 seed, uint256 two) external {
        uint64 id = _id(issuer);
        (address one, address who) = _requested(id, seed);
        I.PendingChange memory change = REGISTRY.pendingChange(id, one, who);
        bytes memory data = abi.encodeCall(I.requestChange, (id, change.kind, who, change.roles, change.distrustFrom));
        if (change.readyAt != 0) _call(two, id, 0, data);
        address second = _actor(two, id, 0);
        if (seed % 3 != 0) vm.warp(block.timestamp + CHANGE_WAIT);
        bool done = _call(by, id, 0, abi.encodeCall(I.executeSeconded, (id, one, second, who)));
        if (done && (one == second || change.byRecovery)) failure = "seconded by itself or for the recovery account";
    }

    function freeze(uint256 by, uint256 issuer) external {
        if (issuer % 3 != 0) return;
        _call(by, _id(issuer), 0, abi.encodeCall(I.freeze, (_id(issuer))));
    }

    function unfreeze(uint256 by, uint256 issuer) external {
        _call(by, _id(issuer), 0, abi.encodeCall(I.unfreeze, (_id(issuer))));
    }

    function setProfile(uint256 by, uint256 issuer, uint8 hash) external {
        _call(by, _id(issuer), ROLE_ADMIN, abi.encodeCall(I.setProfile, (_id(issuer), bytes32(uint256(hash)))));
    }

    function openStatusEpoch(uint256 by, uint256 issuer) external {
        _call(by, _id(issuer), ROLE_ADMIN, abi.encodeCall(I.openStatusEpoch, (_id(issuer))));
    }

    function anchor(uint256 by, uint256 issuer, uint256 seed) external {
        uint64 id = _id(issuer);
        I.BatchRef memory batch = _batch(id, seed, 0);
        _call(by, id, ROLE_ANCHOR, abi.encodeCall(I.anchor, (id, batch.batchId, batch.root, LEAVES)));
    }

    function anchorMany(uint256 by, uint256 issuer, uint256 seed) external {
        uint64 id = _id(issuer);
        I.Batch[] memory batches = new I.Batch[](2);
        for (uint256 i = 0; i < 2; ++i) {
            I.BatchRef memory batch = _batch(id, seed % BATCHES + i, 0);
            batches[i] = I.Batch(batch.batchId, batch.root, LEAVES);
        }
        _call(by, id, ROLE_ANCHOR, abi.encodeCall(I.anchorMany, (id, batches)));
    }

    function reaffirm(uint256 by, uint256 issuer, uint256 seed) external {
        uint64 id = _id(issuer);
        _call(by, id, ROLE_ANCHOR, abi.encodeCall(I.reaffirm, (id, _recorded(id, seed))));
    }

    function setStatus(uint256 by, uint256 issuer, uint256 seed, uint8 action, uint256 mask) external {
        uint64 id = _id(issuer);
        I.WordMask[] memory changes = new I.WordMask[](1);
        uint64 wordIndex = uint64(mask % 2);
        changes[0] = I.WordMask(wordIndex, wordIndex == 0 || seed % 8 == 0 ? mask : mask % (1 << 44));
        I.BatchRef memory batch = _recorded(id, seed);
        _call(by, id, ROLE_STATUS, abi.encodeCall(I.setStatus, (id, batch, action % 3 + 1, 0, changes)));
        _revokedOnlyGrows(id, batch.batchId, wordIndex);
    }

    // -------------------------------------------------------------------------------------------------- checks

    /// @dev Makes the call as a member of the cast, who must have had `role` (0: looked at elsewhere) if it succeeds.
    function _call(uint256 by, uint64 id, uint8 role, bytes memory data) private returns (bool done) {
        address actor = _actor(by, id, role);
        I.Key memory key = REGISTRY.keyOf(id, actor);
        (address recovery,) = REGISTRY.recoveryOf(id);
        bool frozen = uint256(REGISTRY.issuerWord(id)) & 1 == 1;
        vm.recordLogs();
        vm.prank(actor);
        (done,) = address(REGISTRY).call(data);
        bytes4 selector = bytes4(data);
        if (done) {
            ++succeeded;
            bool active = key.retiredAt == 0;
            if (role != 0 && (key.roles & role == 0 || !active)) failure = "acted outside its roles or retired";
            if (role == 0 && selector != I.executeChange.selector && selector != I.executeSeconded.selector) {
                if (actor != recovery && (key.roles & ROLE_ADMIN == 0 || !active)) {
                    failure = "neither admin nor recovery";
                }
            }
            bool allowed = role == 0 || selector == I.retireKey.selector || selector == I.distrustKey.selector;
            if (frozen && !allowed) failure = "acted while frozen";
        }
        _fold(id, done);
        _look();
    }

    /// @dev Every word that changed was reached by the logs, and only the issuer that was called has any. (Forge also
    /// records what a reverted call had logged.)
    function _fold(uint64 id, bool done) private {
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i = 0; done && i < logs.length; ++i) {
            if (uint64(uint256(logs[i].topics[1])) != id) failure = "an event of another issuer";
            (bytes32 head, uint32 sequence, bytes32 word) = Fold.step(words[id], address(REGISTRY), logs[i]);
            if (bytes32(bytes26(word)) != head || uint32(uint256(word) >> 16) != sequence) {
                failure = "word not extended";
            }
            words[id] = word;
        }
        for (uint64 issuer = 1; issuer <= ISSUERS; ++issuer) {
            if (REGISTRY.issuerWord(issuer) != words[issuer]) failure = "stored word is not the folded one";
        }
    }

    /// @dev Records are written once, key slots only move one way, and the recovery account is no active key.
    function _look() private {
        for (uint64 id = 1; id <= ISSUERS; ++id) {
            (address recovery,) = REGISTRY.recoveryOf(id);
            for (uint256 i = 0; i < CAST; ++i) {
                _keyMovesOneWay(id, account(i));
            }
            if (REGISTRY.keyOf(id, recovery).roles != 0) failure = "the recovery account is a key";
            for (uint256 i = 0; i < BATCHES; ++i) {
                bytes16 batchId = bytes16(uint128(i + 1));
                (bytes27 commitment, uint64 time) = REGISTRY.recordOf(id, batchId);
                bytes32 record = keccak256(abi.encode(commitment, time));
                bytes32 before = records[id][batchId];
                if (before != 0 && record != before) failure = "a record changed";
                if (time != 0) records[id][batchId] = record;
            }
        }
    }

    function _keyMovesOneWay(uint64 id, address who) private {
        I.Key memory key = REGISTRY.keyOf(id, who);
        bytes32 packed = bytes32(abi.encodePacked(key.roles, key.addedAt, key.retiredAt, key.distrustFrom));
        bytes32 before = keys[id][who];
        if (packed == before) return;
        uint64 retiredBefore = uint64(uint256(before) >> 120);
        uint64 distrustBefore = uint64(uint256(before) >> 56);
        if (before != 0 && (bytes9(before) != bytes9(packed))) failure = "roles or start of a key changed";
        if (retiredBefore != 0 && key.retiredAt != retiredBefore) failure = "a retired key came back";
        if (distrustBefore != 0 && (key.distrustFrom == 0 || key.distrustFrom > distrustBefore)) {
            failure = "a distrusted key was trusted again";
        }
        if (key.distrustFrom != 0 && key.retiredAt == 0) failure = "a distrusted key is active";
        keys[id][who] = packed;
    }

    function _revokedOnlyGrows(uint64 id, bytes16 batchId, uint64 wordIndex) private {
        uint16 epoch = uint16(uint256(words[id]) >> 1) & 0x7fff;
        for (uint16 e = 0; e <= epoch; ++e) {
            bytes32 place = keccak256(abi.encode(id, batchId, e, wordIndex));
            (uint256 bits,) = REGISTRY.statusWord(id, batchId, e, wordIndex);
            if (bits & revoked[place] != revoked[place]) failure = "a revoked bit cleared";
            if (e < epoch && bits != revoked[place]) failure = "an old epoch changed";
            if (wordIndex == 1 && bits >> 44 != 0) failure = "a bit beyond the last credential";
            revoked[place] = bits;
        }
    }
}
