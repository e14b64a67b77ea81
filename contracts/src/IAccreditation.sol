// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {ICredentialRegistryBySig} from "./ICredentialRegistryBySig.sol";

/// @title Accreditation
/// @notice Issuers of one credential registry accredit each other, for a scope and a period. Nobody is accredited as
/// such: whoever verifies chooses the issuers that count as roots, and follows statements from these down to an issuer.
/// @dev For an issuer speaks whoever is an active admin of it in the registry at that moment. SPEC.md, section 5.10.
interface IAccreditation {
    /// @notice The newest statement of an issuer about another for a scope.
    /// @param since Block time from which the accreditation holds; never 0 in a statement.
    /// @param until Block time at which it ends by itself; 0: never.
    /// @param statedAt Time of the block that the statement is in: a `since` before it was said afterwards.
    /// @param withdrawnAt Time of the block that it was withdrawn in; 0: it was not.
    struct Statement {
        uint64 since;
        uint64 until;
        uint64 statedAt;
        uint64 withdrawnAt;
    }

    /// @notice Whom an issuer accredited, once for each pair.
    /// @param subject The accredited issuer.
    /// @param scope Hash of the document that says what for.
    struct Link {
        uint64 subject;
        bytes32 scope;
    }

    /// @notice An issuer accredited another, or changed the period.
    /// @param issuerId Who accredits.
    /// @param subject Who is accredited.
    /// @param scope Hash of the document that says what for.
    /// @param since Block time from which it holds.
    /// @param until Block time at which it ends; 0: never.
    /// @param actor The acting key.
    /// @param word The accreditor's word in this contract after the event.
    event Accredited(
        uint64 indexed issuerId,
        uint64 indexed subject,
        bytes32 indexed scope,
        uint64 since,
        uint64 until,
        address actor,
        bytes32 word
    );

    /// @notice An issuer withdrew what it stated, from this block on.
    /// @param issuerId Who accredited.
    /// @param subject Who was accredited.
    /// @param scope Hash of the document that says what for.
    /// @param actor The acting key.
    /// @param word The accreditor's word in this contract after the event.
    event Withdrawn(
        uint64 indexed issuerId, uint64 indexed subject, bytes32 indexed scope, address actor, bytes32 word
    );

    /// @notice There is no contract at the address that should be the registry.
    /// @param registry The address.
    error NotARegistry(address registry);
    /// @notice The account is no active admin of the issuer.
    /// @param issuerId The issuer.
    /// @param account The account.
    error NotAdmin(uint64 issuerId, address account);
    /// @notice The accreditor is frozen in the registry; it can withdraw, but not accredit.
    /// @param issuerId The issuer.
    error AccreditorFrozen(uint64 issuerId);
    /// @notice The registry knows no such issuer.
    /// @param subject The issuer that should be accredited.
    error UnknownSubject(uint64 subject);
    /// @notice An accreditation names its scope.
    /// @param issuerId The accreditor.
    /// @param subject The issuer that should be accredited.
    error ZeroScope(uint64 issuerId, uint64 subject);
    /// @notice A period starts after 0, and before it ends.
    /// @param since Its start.
    /// @param until Its end.
    error BadPeriod(uint64 since, uint64 until);
    /// @notice Nothing was stated, or it is withdrawn already.
    /// @param issuerId The accreditor.
    /// @param subject The subject.
    /// @param scope The scope.
    error NotAccredited(uint64 issuerId, uint64 subject, bytes32 scope);

    /// @notice Accredits an issuer. The newest statement for the same subject and scope replaces the one before, also a
    /// withdrawn one. To accredit oneself, or in a circle, is possible and worth nothing: no root leads there.
    /// @param issuerId Who accredits; the caller is an active admin of it.
    /// @param subject Who is accredited.
    /// @param scope Hash of the document that says what for.
    /// @param since Block time from which it holds; may lie in the past or ahead.
    /// @param until Block time at which it ends; 0: never.
    function accredit(uint64 issuerId, uint64 subject, bytes32 scope, uint64 since, uint64 until) external;

    /// @notice Withdraws a statement, from this block on; also while the issuer is frozen.
    /// @param issuerId Who accredited; the caller is an active admin of it.
    /// @param subject Who is accredited.
    /// @param scope The scope.
    function withdraw(uint64 issuerId, uint64 subject, bytes32 scope) external;

    /// @notice As `accredit`.
    /// @param issuerId Who accredits.
    /// @param subject Who is accredited.
    /// @param scope Hash of the document that says what for.
    /// @param since Block time from which it holds.
    /// @param until Block time at which it ends; 0: never.
    /// @param authorization By an admin of the accreditor.
    function accreditBySig(
        uint64 issuerId,
        uint64 subject,
        bytes32 scope,
        uint64 since,
        uint64 until,
        ICredentialRegistryBySig.Authorization calldata authorization
    ) external;

    /// @notice As `withdraw`.
    /// @param issuerId Who accredited.
    /// @param subject Who is accredited.
    /// @param scope The scope.
    /// @param authorization By an admin of the accreditor.
    function withdrawBySig(
        uint64 issuerId,
        uint64 subject,
        bytes32 scope,
        ICredentialRegistryBySig.Authorization calldata authorization
    ) external;

    /// @notice The credential registry whose issuers these are.
    /// @return Its address.
    function registry() external view returns (address);

    /// @notice Number of issuers that ever accredited: of those whose word is not zero.
    /// @return The number.
    function accreditorCount() external view returns (uint64);

    /// @notice The word of an accreditor, which every event of it in this contract extends.
    /// @param issuerId The accreditor.
    /// @return SPEC.md, section 5.2, with epoch and frozen always 0; zero before its first event.
    function accreditorWord(uint64 issuerId) external view returns (bytes32);

    /// @notice The newest statement.
    /// @param issuerId The accreditor.
    /// @param subject The subject.
    /// @param scope The scope.
    /// @return All zero where nothing was stated.
    function statement(uint64 issuerId, uint64 subject, bytes32 scope) external view returns (Statement memory);

    /// @notice Number of different pairs of subject and scope that an issuer ever stated something about.
    /// @param issuerId The accreditor.
    /// @return The number.
    function linkCount(uint64 issuerId) external view returns (uint256);

    /// @notice One of these pairs, in the order in which they came to be; only the accreditor adds to them.
    /// @param issuerId The accreditor.
    /// @param index From 0.
    /// @return Subject and scope; all zero from `linkCount` on.
    function link(uint64 issuerId, uint256 index) external view returns (Link memory);

    /// @notice Whether the newest statement held at a moment.
    /// @param issuerId The accreditor.
    /// @param subject The subject.
    /// @param scope The scope.
    /// @param at Seconds since 1970; not only the present.
    /// @return Whether it had begun, and had neither ended nor been withdrawn.
    function holds(uint64 issuerId, uint64 subject, bytes32 scope, uint64 at) external view returns (bool);

    /// @notice Whether every link of a chain held at a moment. The caller chose the first issuer, who needs no
    /// accreditation, and judges whether the scopes suit and whether each of them allows to accredit others.
    /// @param issuers The chain, from the root down to the issuer in question.
    /// @param scopes Of each link: one less than issuers.
    /// @param at Seconds since 1970.
    /// @return False also where the numbers do not fit; true for a root alone.
    function chainHolds(uint64[] calldata issuers, bytes32[] calldata scopes, uint64 at) external view returns (bool);

    /// @notice The EIP-712 domain, as ERC-5267 has it.
    /// @return fields 0x0f: name, version, chainId and verifyingContract are used.
    /// @return name "Hallmark Accreditation".
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
