// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title Credential registry
/// @notice Issuers anchor batches of credentials as roots of salted hashes, and revoke or suspend single credentials.
/// @dev Structs, errors, events and functions of SPEC.md, section 5. Times are seconds since 1970, of the block.
interface ICredentialRegistry {
    // ------------------------------------------------------------------------------------------------- structs

    /// @notice A key that an issuer starts with.
    /// @param account The account that acts.
    /// @param roles Bits: 1 admin, 2 anchor, 4 status.
    struct KeyGrant {
        address account;
        uint8 roles;
    }

    /// @notice A batch to be anchored.
    /// @param batchId 16 bytes chosen by the issuer before hashing; taken once for ever.
    /// @param root RFC 9162 root over the batch's leaves.
    /// @param leafCount Number of credentials, 1 to 2^40.
    struct Batch {
        bytes16 batchId;
        bytes32 root;
        uint64 leafCount;
    }

    /// @notice A record together with what its commitment hides.
    /// @param batchId The batch.
    /// @param root Its root.
    /// @param leafCount Its number of credentials.
    /// @param account The account that anchored it.
    struct BatchRef {
        bytes16 batchId;
        bytes32 root;
        uint64 leafCount;
        address account;
    }

    /// @notice Credentials of one status word.
    /// @param wordIndex The word: credential index div 256.
    /// @param mask Bit `index mod 256` is set for each credential that is meant.
    struct WordMask {
        uint64 wordIndex;
        uint256 mask;
    }

    /// @notice A key slot. All zero: the account was never a key of this issuer.
    /// @param roles Bits that never change.
    /// @param addedAt When the key was added.
    /// @param retiredAt When it was retired; 0: active.
    /// @param distrustFrom Records of this time and later do not count; 0: never distrusted.
    struct Key {
        uint8 roles;
        uint64 addedAt;
        uint64 retiredAt;
        uint64 distrustFrom;
    }

    /// @notice A record slot, written once. All zero: the batchId was never anchored.
    /// @param time When it was anchored.
    /// @param commitment First 27 bytes of keccak256(abi.encode(root, leafCount, account)).
    struct Record {
        uint40 time;
        bytes27 commitment;
    }

    /// @notice A reaffirmation slot. All zero: none.
    /// @param account The key that reaffirmed the record.
    /// @param time When; the record counts from then on.
    struct Reaffirmation {
        address account;
        uint40 time;
    }

    /// @notice Status bits of 256 credentials.
    /// @param revoked Bits that never clear within an epoch.
    /// @param suspended Bits that may clear.
    struct StatusWord {
        uint256 revoked;
        uint256 suspended;
    }

    /// @notice The time in which a profile was in force. All zero: never.
    /// @param since Start.
    /// @param until End; 0: still in force.
    struct ProfilePeriod {
        uint64 since;
        uint64 until;
    }

    /// @notice The recovery slot of an issuer.
    /// @param account The account that vetoes, freezes, and names new admins after the wait.
    /// @param frozen Whether the recovery account froze the issuer, so that admins cannot unfreeze it.
    struct Recovery {
        address account;
        bool frozen;
    }

    /// @notice A requested admin-critical change. All zero: none.
    /// @param kind 1 add admin, 2 retire admin, 3 distrust admin, 4 change recovery.
    /// @param roles For kind 1: the roles of the new key.
    /// @param distrustFrom For kind 3: records of this time and later will not count.
    /// @param readyAt From when it can be executed.
    /// @param byRecovery Whether the requester was the recovery account, not an admin.
    /// @param vetoed Whether the recovery account vetoed it; then only a second admin's same request carries it.
    struct PendingChange {
        uint8 kind;
        uint8 roles;
        uint64 distrustFrom;
        uint64 readyAt;
        bool byRecovery;
        bool vetoed;
    }

    // -------------------------------------------------------------------------------------------------- errors

    /// @notice No issuer has this id.
    /// @param issuerId The id asked for.
    error UnknownIssuer(uint64 issuerId);
    /// @notice The issuer is frozen.
    /// @param issuerId The issuer.
    error IssuerFrozen(uint64 issuerId);
    /// @notice The issuer is not frozen.
    /// @param issuerId The issuer.
    error NotFrozen(uint64 issuerId);
    /// @notice The account is no active key with all of these roles.
    /// @param issuerId The issuer.
    /// @param account The account that tried.
    /// @param neededRoles The role bits that are needed.
    error NotAuthorized(uint64 issuerId, address account, uint8 neededRoles);
    /// @notice Only the recovery account may do this.
    /// @param issuerId The issuer.
    /// @param account The account that tried.
    error NotRecovery(uint64 issuerId, address account);
    /// @notice The zero address cannot be a key or a recovery account.
    error ZeroAccount();
    /// @notice The roles are empty, unknown, or not those that this call can grant.
    /// @param account The account meant to have them.
    /// @param roles The role bits given.
    error BadRoles(address account, uint8 roles);
    /// @notice The account is, or once was, a key of this issuer.
    /// @param issuerId The issuer.
    /// @param account The account.
    error KeyKnown(uint64 issuerId, address account);
    /// @notice The account is no key of this issuer.
    /// @param issuerId The issuer.
    /// @param account The account.
    error KeyUnknown(uint64 issuerId, address account);
    /// @notice The key was retired before.
    /// @param issuerId The issuer.
    /// @param account The key.
    error KeyAlreadyRetired(uint64 issuerId, address account);
    /// @notice The account is the recovery account, which must not be a key.
    /// @param issuerId The issuer.
    /// @param account The account.
    error IsRecovery(uint64 issuerId, address account);
    /// @notice A key with the admin role is retired or distrusted by `requestChange`.
    /// @param issuerId The issuer.
    /// @param account The key.
    error IsAdmin(uint64 issuerId, address account);
    /// @notice The key has no admin role; it is retired or distrusted at once.
    /// @param issuerId The issuer.
    /// @param account The key.
    error IsNotAdmin(uint64 issuerId, address account);
    /// @notice The time is 0, in the future, or not earlier than the one that stands.
    /// @param issuerId The issuer.
    /// @param account The key.
    /// @param distrustFrom The time given.
    error BadDistrustTime(uint64 issuerId, address account, uint64 distrustFrom);
    /// @notice The kind of change does not exist, or a parameter that it does not use is not zero.
    /// @param kind The kind given.
    /// @param roles The roles given.
    /// @param distrustFrom The time given.
    error BadChange(uint8 kind, uint8 roles, uint64 distrustFrom);
    /// @notice No such request stands, or it was vetoed.
    /// @param issuerId The issuer.
    /// @param requester Who would have requested it.
    /// @param account The account that it is about.
    error NoPendingChange(uint64 issuerId, address requester, address account);
    /// @notice The wait is not over.
    /// @param issuerId The issuer.
    /// @param requester Who requested the change.
    /// @param account The account that it is about.
    /// @param readyAt When the wait is over.
    error ChangeNotReady(uint64 issuerId, address requester, address account, uint64 readyAt);
    /// @notice Two requests do not ask for the same, or are not by two admins.
    /// @param issuerId The issuer.
    /// @param requester The first requester.
    /// @param second The second requester.
    /// @param account The account that they are about.
    error ChangesDiffer(uint64 issuerId, address requester, address second, address account);
    /// @notice The profile hash is zero.
    /// @param issuerId The issuer.
    error ZeroProfile(uint64 issuerId);
    /// @notice The profile is or was in force before.
    /// @param issuerId The issuer.
    /// @param profileHash Its hash.
    error ProfileUsed(uint64 issuerId, bytes32 profileHash);
    /// @notice batchId or root is zero, or leafCount is outside 1 to 2^40.
    /// @param batchId The batchId given.
    /// @param root The root given.
    /// @param leafCount The count given.
    error BadBatch(bytes16 batchId, bytes32 root, uint64 leafCount);
    /// @notice The issuer anchored this batchId before.
    /// @param issuerId The issuer.
    /// @param batchId The batch.
    error AlreadyAnchored(uint64 issuerId, bytes16 batchId);
    /// @notice The issuer never anchored this batchId.
    /// @param issuerId The issuer.
    /// @param batchId The batch.
    error NoSuchRecord(uint64 issuerId, bytes16 batchId);
    /// @notice Root, leafCount or account are not those of the record.
    /// @param issuerId The issuer.
    /// @param batchId The batch.
    error BatchMismatch(uint64 issuerId, bytes16 batchId);
    /// @notice The record counts, so that there is nothing to reaffirm.
    /// @param issuerId The issuer.
    /// @param batchId The batch.
    error RecordCounts(uint64 issuerId, bytes16 batchId);
    /// @notice The status action does not exist.
    /// @param action The action given.
    error BadAction(uint8 action);
    /// @notice The reason code does not exist in RFC 5280.
    /// @param reason The code given.
    error BadReason(uint8 reason);
    /// @notice The call changes nothing: no words.
    /// @param issuerId The issuer.
    /// @param batchId The batch.
    error NoChanges(uint64 issuerId, bytes16 batchId);
    /// @notice A word's mask is zero.
    /// @param issuerId The issuer.
    /// @param batchId The batch.
    /// @param wordIndex The word.
    error EmptyMask(uint64 issuerId, bytes16 batchId, uint64 wordIndex);
    /// @notice A bit lies beyond the batch's last credential.
    /// @param issuerId The issuer.
    /// @param batchId The batch.
    /// @param wordIndex The word.
    /// @param mask Its mask.
    error BitOutOfRange(uint64 issuerId, bytes16 batchId, uint64 wordIndex, uint256 mask);
    /// @notice The issuer opened all 32,767 status epochs.
    /// @param issuerId The issuer.
    error EpochsExhausted(uint64 issuerId);
    /// @notice The issuer's 2^32 − 1 events are used up.
    /// @param issuerId The issuer.
    error SequenceExhausted(uint64 issuerId);

    // -------------------------------------------------------------------------------------------------- events

    /// @notice A new issuer; its first event, followed by its keys and, if there is one, its profile.
    /// @param issuerId Sequential, from 1.
    /// @param recovery Its recovery account.
    /// @param actor The admin that registered it.
    /// @param word The issuer word after this event.
    event IssuerRegistered(uint64 indexed issuerId, address recovery, address actor, bytes32 word);
    /// @notice A key was added.
    /// @param issuerId The issuer.
    /// @param account The key.
    /// @param roles Its role bits, for ever.
    /// @param actor Who added it.
    /// @param word The issuer word after this event.
    event KeyAdded(uint64 indexed issuerId, address indexed account, uint8 roles, address actor, bytes32 word);
    /// @notice A key was retired; it never returns.
    /// @param issuerId The issuer.
    /// @param account The key.
    /// @param actor Who retired it.
    /// @param word The issuer word after this event.
    event KeyRetired(uint64 indexed issuerId, address indexed account, address actor, bytes32 word);
    /// @notice A key was distrusted and, if it was not, retired.
    /// @param issuerId The issuer.
    /// @param account The key.
    /// @param distrustFrom Its records of this time and later do not count.
    /// @param actor Who distrusted it.
    /// @param word The issuer word after this event.
    event KeyDistrusted(
        uint64 indexed issuerId, address indexed account, uint64 distrustFrom, address actor, bytes32 word
    );
    /// @notice An admin-critical change was requested; it waits.
    /// @param issuerId The issuer.
    /// @param account The account that the change is about.
    /// @param kind 1 add admin, 2 retire admin, 3 distrust admin, 4 change recovery.
    /// @param roles For kind 1.
    /// @param distrustFrom For kind 3.
    /// @param readyAt From when it can be executed.
    /// @param actor The requester.
    /// @param word The issuer word after this event.
    event ChangeRequested(
        uint64 indexed issuerId,
        address indexed account,
        uint8 kind,
        uint8 roles,
        uint64 distrustFrom,
        uint64 readyAt,
        address actor,
        bytes32 word
    );
    /// @notice A requested change was vetoed, or withdrawn by its requester (actor and requester are the same).
    /// @param issuerId The issuer.
    /// @param account The account that the change is about.
    /// @param requester Who requested it.
    /// @param actor Who vetoed it.
    /// @param word The issuer word after this event.
    event ChangeVetoed(
        uint64 indexed issuerId, address indexed account, address requester, address actor, bytes32 word
    );
    /// @notice A requested change was executed; the event of its effect follows, whose actor is the requester.
    /// @param issuerId The issuer.
    /// @param account The account that the change is about.
    /// @param requester Who requested it.
    /// @param actor Who executed it.
    /// @param word The issuer word after this event.
    event ChangeExecuted(
        uint64 indexed issuerId, address indexed account, address requester, address actor, bytes32 word
    );
    /// @notice The recovery account was replaced.
    /// @param issuerId The issuer.
    /// @param recovery The new one.
    /// @param actor Who requested it.
    /// @param word The issuer word after this event.
    event RecoveryChanged(uint64 indexed issuerId, address indexed recovery, address actor, bytes32 word);
    /// @notice Another profile is in force.
    /// @param issuerId The issuer.
    /// @param profileHash The new profile.
    /// @param previous The one before; zero: none.
    /// @param actor Who changed it.
    /// @param word The issuer word after this event.
    event ProfileChanged(
        uint64 indexed issuerId, bytes32 indexed profileHash, bytes32 previous, address actor, bytes32 word
    );
    /// @notice A batch was anchored.
    /// @param issuerId The issuer.
    /// @param batchId The batch.
    /// @param root Its RFC 9162 root.
    /// @param leafCount Its number of credentials.
    /// @param account The key that anchored it.
    /// @param word The issuer word after this event.
    event Anchored(
        uint64 indexed issuerId, bytes16 indexed batchId, bytes32 root, uint64 leafCount, address account, bytes32 word
    );
    /// @notice A record of a distrusted key was reaffirmed and counts from now on.
    /// @param issuerId The issuer.
    /// @param batchId The batch.
    /// @param account The key that reaffirmed it.
    /// @param word The issuer word after this event.
    event Reaffirmed(uint64 indexed issuerId, bytes16 indexed batchId, address account, bytes32 word);
    /// @notice Credentials were revoked, suspended or reinstated.
    /// @param issuerId The issuer.
    /// @param batchId Their batch.
    /// @param action 1 revoke, 2 suspend, 3 reinstate.
    /// @param reason Code of RFC 5280, section 5.3.1.
    /// @param epoch The status epoch of the bits.
    /// @param changes The words and masks.
    /// @param actor The key that did it.
    /// @param word The issuer word after this event.
    event StatusChanged(
        uint64 indexed issuerId,
        bytes16 indexed batchId,
        uint8 action,
        uint8 reason,
        uint16 epoch,
        WordMask[] changes,
        address actor,
        bytes32 word
    );
    /// @notice A new status epoch: all bits of all batches start at zero.
    /// @param issuerId The issuer.
    /// @param epoch The new epoch.
    /// @param actor Who opened it.
    /// @param word The issuer word after this event.
    event StatusEpochOpened(uint64 indexed issuerId, uint16 epoch, address actor, bytes32 word);
    /// @notice The issuer was frozen, or the recovery account took over a freeze.
    /// @param issuerId The issuer.
    /// @param actor Who froze it.
    /// @param word The issuer word after this event.
    event Frozen(uint64 indexed issuerId, address actor, bytes32 word);
    /// @notice The issuer was unfrozen.
    /// @param issuerId The issuer.
    /// @param actor Who unfroze it.
    /// @param word The issuer word after this event.
    event Unfrozen(uint64 indexed issuerId, address actor, bytes32 word);

    // --------------------------------------------------------------------------------------- issuers and keys

    /// @notice Registers an issuer; anyone may.
    /// @param keys Its first keys; the actor must be one of them, with the admin role.
    /// @param recovery Its recovery account, which is none of the keys.
    /// @param profileHash Its profile, or zero for none yet.
    /// @return issuerId The new id.
    function register(KeyGrant[] calldata keys, address recovery, bytes32 profileHash)
        external
        returns (uint64 issuerId);

    /// @notice Adds a key without the admin role, at once.
    /// @param issuerId The issuer.
    /// @param account The key; never a key of this issuer before.
    /// @param roles Its roles, for ever.
    function addKey(uint64 issuerId, address account, uint8 roles) external;

    /// @notice Retires a key without the admin role, at once. Works while frozen.
    /// @param issuerId The issuer.
    /// @param account The key.
    function retireKey(uint64 issuerId, address account) external;

    /// @notice Distrusts a key without the admin role, at once, and retires it. Works while frozen.
    /// @param issuerId The issuer.
    /// @param account The key.
    /// @param distrustFrom Its records of this time and later do not count; not in the future, and only ever earlier.
    function distrustKey(uint64 issuerId, address account, uint64 distrustFrom) external;

    /// @notice Requests an admin-critical change, which can be executed after the wait. A new request by the same
    /// account about the same account takes the place of the old one and starts the wait again. Works while frozen.
    /// @param issuerId The issuer.
    /// @param kind 1 add admin (an admin or the recovery account); by admins only: 2 retire admin, 3 distrust admin,
    /// 4 change recovery.
    /// @param account The account that it is about.
    /// @param roles For kind 1 the new key's roles, admin among them; otherwise 0.
    /// @param distrustFrom For kind 3 the time; otherwise 0.
    function requestChange(uint64 issuerId, uint8 kind, address account, uint8 roles, uint64 distrustFrom) external;

    /// @notice Vetoes a requested change: an admin's by the recovery account, the recovery account's by any admin.
    /// A requester may withdraw its own. Works while frozen and until the change is executed.
    /// @param issuerId The issuer.
    /// @param requester Who requested it.
    /// @param account The account that it is about.
    function vetoChange(uint64 issuerId, address requester, address account) external;

    /// @notice Executes a requested change after its wait; anyone may. The requester must still be an active admin,
    /// or the recovery account, as it was. Works while frozen.
    /// @param issuerId The issuer.
    /// @param requester Who requested it.
    /// @param account The account that it is about.
    function executeChange(uint64 issuerId, address requester, address account) external;

    /// @notice Executes a change that two admins requested alike, after the wait of both, whether or not the recovery
    /// account vetoed it; anyone may. So a stolen recovery key cannot hold an issuer. Works while frozen.
    /// @param issuerId The issuer.
    /// @param requester One admin, the actor of the effect's event.
    /// @param second Another admin.
    /// @param account The account that it is about.
    function executeSeconded(uint64 issuerId, address requester, address second, address account) external;

    /// @notice Freezes the issuer. The recovery account may also take over a freeze of an admin.
    /// @param issuerId The issuer.
    function freeze(uint64 issuerId) external;

    /// @notice Unfreezes the issuer: the recovery account always, an admin unless the recovery account froze it.
    /// @param issuerId The issuer.
    function unfreeze(uint64 issuerId) external;

    /// @notice Puts another profile in force.
    /// @param issuerId The issuer.
    /// @param profileHash Its hash; never in force before for this issuer.
    function setProfile(uint64 issuerId, bytes32 profileHash) external;

    // -------------------------------------------------------------------------------------- anchors and status

    /// @notice Anchors a batch, once.
    /// @param issuerId The issuer.
    /// @param batchId The batch.
    /// @param root Its root.
    /// @param leafCount Its number of credentials.
    function anchor(uint64 issuerId, bytes16 batchId, bytes32 root, uint64 leafCount) external;

    /// @notice Anchors the batches whose batchId is not taken and skips the others.
    /// @param issuerId The issuer.
    /// @param batches The batches.
    /// @return count How many were anchored.
    /// @return anchored Which were anchored, in the order given.
    function anchorMany(uint64 issuerId, Batch[] calldata batches)
        external
        returns (uint256 count, bool[] memory anchored);

    /// @notice Makes a record of a distrusted key count again, from now on.
    /// @param issuerId The issuer.
    /// @param batch The record.
    function reaffirm(uint64 issuerId, BatchRef calldata batch) external;

    /// @notice Revokes, suspends or reinstates credentials of a batch, in the issuer's current status epoch.
    /// @param issuerId The issuer.
    /// @param batch The record.
    /// @param action 1 revoke, 2 suspend, 3 reinstate.
    /// @param reason Code of RFC 5280, section 5.3.1.
    /// @param changes The words and masks.
    function setStatus(
        uint64 issuerId,
        BatchRef calldata batch,
        uint8 action,
        uint8 reason,
        WordMask[] calldata changes
    ) external;

    /// @notice Opens a new status epoch, in which no bit is set yet; for use after a status key was stolen.
    /// @param issuerId The issuer.
    function openStatusEpoch(uint64 issuerId) external;

    // --------------------------------------------------------------------------------------------------- views

    /// @notice Seconds between the request and the execution of an admin-critical change.
    /// @return The wait.
    function WAIT() external view returns (uint64);

    /// @notice Number of issuers; ids run from 1 to this.
    /// @return The count.
    function issuerCount() external view returns (uint64);

    /// @notice The issuer word: head (26 bytes), sequence u32, status epoch u15, frozen u1.
    /// @param issuerId The issuer.
    /// @return The word; zero: no such issuer.
    function issuerWord(uint64 issuerId) external view returns (bytes32);

    /// @notice A key slot.
    /// @param issuerId The issuer.
    /// @param account The account.
    /// @return The key; all zero: never one.
    function keyOf(uint64 issuerId, address account) external view returns (Key memory);

    /// @notice A record slot.
    /// @param issuerId The issuer.
    /// @param batchId The batch.
    /// @return commitment First 27 bytes of keccak256(abi.encode(root, leafCount, account)).
    /// @return time When it was anchored; 0: never.
    function recordOf(uint64 issuerId, bytes16 batchId) external view returns (bytes27 commitment, uint64 time);

    /// @notice A reaffirmation slot.
    /// @param issuerId The issuer.
    /// @param batchId The batch.
    /// @return account The key that reaffirmed the record; zero: none.
    /// @return time When.
    function reaffirmationOf(uint64 issuerId, bytes16 batchId) external view returns (address account, uint64 time);

    /// @notice Status bits of 256 credentials.
    /// @param issuerId The issuer.
    /// @param batchId The batch.
    /// @param epoch The status epoch.
    /// @param wordIndex Credential index div 256.
    /// @return revoked Bit `index mod 256` is set: revoked.
    /// @return suspended Bit `index mod 256` is set: suspended.
    function statusWord(uint64 issuerId, bytes16 batchId, uint16 epoch, uint64 wordIndex)
        external
        view
        returns (uint256 revoked, uint256 suspended);

    /// @notice When a profile was in force.
    /// @param issuerId The issuer.
    /// @param profileHash The profile.
    /// @return since Start; 0: never.
    /// @return until End; 0: still in force.
    function profilePeriod(uint64 issuerId, bytes32 profileHash) external view returns (uint64 since, uint64 until);

    /// @notice The profile in force.
    /// @param issuerId The issuer.
    /// @return Its hash; zero: none.
    function currentProfile(uint64 issuerId) external view returns (bytes32);

    /// @notice The recovery slot.
    /// @param issuerId The issuer.
    /// @return account The recovery account.
    /// @return frozenByRecovery Whether it froze the issuer.
    function recoveryOf(uint64 issuerId) external view returns (address account, bool frozenByRecovery);

    /// @notice A requested change.
    /// @param issuerId The issuer.
    /// @param requester Who requested it.
    /// @param account The account that it is about.
    /// @return The change; all zero: none.
    function pendingChange(uint64 issuerId, address requester, address account)
        external
        view
        returns (PendingChange memory);

    /// @notice Whether an anchor counts: its record exists, and its key was not distrusted then, or a reaffirmation
    /// counts by the same rule.
    /// @param issuerId The issuer.
    /// @param batch The record.
    /// @return counts Whether it counts now.
    /// @return since From when; 0 if it does not.
    function anchorCounts(uint64 issuerId, BatchRef calldata batch) external view returns (bool counts, uint64 since);
}
