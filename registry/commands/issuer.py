"""hallmark issuer register | show | profile | add-key | retire-key | distrust-key | freeze | unfreeze | accredit, …."""

import json
from argparse import ArgumentParser, Namespace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from registry.commands import accreditation, changes, options

if TYPE_CHECKING:
    from registry.config import Settings

_ROLES = {"admin": 1, "anchor": 2, "status": 4}


def add(parser: ArgumentParser) -> None:
    """Declare the options."""
    acts = parser.add_subparsers(dest="act", required=True, metavar="ACT")
    register = acts.add_parser("register", help="a new issuer, with this account as its first key")
    register.add_argument("--name", required=True, help="the issuer's name, as people read it")
    register.add_argument("--url", help="the issuer's web site")
    register.add_argument("--contact", help="recovery contact, e.g. mailto:…")
    register.add_argument("--recovery", required=True, metavar="0x…", help="recovery account: another, offline key")
    profile = acts.add_parser("profile", help="replace the profile")
    profile.add_argument("--name", required=True)
    profile.add_argument("--url")
    profile.add_argument("--contact")
    profile.add_argument("--issuer", type=int, metavar="N", help="which issuer, where this folder does not know it yet")
    for act in (register, profile):
        options.add_many(act, "--method", "DID#KEY", "this signing key's id in a DID document of yours on the web")
        act.add_argument(
            "--status-delegate", dest="delegate", metavar="DID", help="who may sign status lists besides the issuer"
        )
    acts.add_parser("protect", help="seal the signing key with a passphrase")
    acts.add_parser("show", help="the issuer of this folder; with an endpoint also whether it is frozen, and by whom")
    grant = acts.add_parser("add-key", help="let another account act")
    grant.add_argument("account", metavar="0x…")
    grant.add_argument("--role", action="append", required=True, choices=["anchor", "status"])
    acts.add_parser("retire-key", help="stop a key; what it did stands").add_argument("account", metavar="0x…")
    distrust = acts.add_parser("distrust-key", help="stop a key; what it anchored from a time on does not count")
    distrust.add_argument("account", metavar="0x…")
    distrust.add_argument("--since", type=int, required=True, metavar="SECONDS", help="block time since 1970")
    acts.add_parser("freeze", help="stop everything but containment")
    acts.add_parser("unfreeze", help="go on")
    accreditation.add(acts)
    changes.add(acts)
    for act in acts.choices.values():
        options.add_chain(act)
        options.add_account(act)
        options.add_home(act)
        options.add_signing(act)
        options.add_relay(act)


def run(args: Namespace) -> int:
    """Carry out the act."""
    settings = options.settings_of(args)
    if args.act == "register":
        return _register(args, settings)
    if args.act == "show":
        return _show(settings)
    if args.act == "protect":
        return _protect(settings)
    if args.act == "profile":
        return _profile(args, settings)
    if args.act in accreditation.ACTS:
        return accreditation.run(args, settings)
    if args.act in changes.ACTS:
        return changes.run(args, settings)
    return _act(args, settings)


def _register(args: Namespace, settings: "Settings") -> int:
    from registry import bootstrap

    recovery = options.account_of(args.recovery)
    contract, home = bootstrap.contract(settings), bootstrap.workspace(settings)
    home.refuse_second_identity(contract.contract)
    home.signing.make(), home.batch_secret()
    if settings.signing_passphrase_file and home.signing.is_plain:
        home.signing.protect()  # made by a registration that failed, before there was a passphrase
    issuer_id = contract.register([(contract.account, 7)], recovery)
    print(f"registered issuer {issuer_id} of {contract.contract}")
    return _publish_profile(args, settings, issuer_id)


def _profile(args: Namespace, settings: "Settings") -> int:
    from registry import bootstrap
    from registry.errors import ConfigError

    known, here = bootstrap.identity_at_home(settings), bootstrap.deployment(settings).contract
    if args.issuer is None or (known is not None and (known.contract, known.issuer_id) == (here, args.issuer)):
        return _publish_profile(args, settings, bootstrap.identity(settings).issuer_id)
    contract, home = bootstrap.contract(settings), bootstrap.workspace(settings)
    if not contract.is_admin(args.issuer):
        what = f"0x{contract.account.hex()} is no admin of issuer {args.issuer}."
        raise ConfigError(what, todo="check the number that the relayer told, and the account")
    home.refuse_second_identity(contract.contract)
    return _publish_profile(args, settings, args.issuer)


def _publish_profile(args: Namespace, settings: "Settings", issuer_id: int) -> int:
    """The folder learns the profile before the chain does: a crash between the two is mended by `issuer profile`."""
    from registry import bootstrap
    from registry.credential.canonical import canonical_hash
    from registry.credential.profile import build_profile
    from registry.credential.times import format_stamp

    contract, home = bootstrap.contract(settings), bootstrap.workspace(settings)
    signer = home.signing.make()
    profile = build_profile(
        contract.contract,
        issuer_id,
        args.name,
        signers=[signer],
        accounts=[contract.account],
        created=format_stamp(datetime.now(UTC)),
        methods=[_method(text) for text in args.method],
        extra={"url": args.url, "recoveryContact": args.contact, "statusDelegate": args.delegate},
    )
    home.save_identity(contract.contract, issuer_id, profile)
    contract.send("setProfile", issuer_id, canonical_hash(profile))
    print(f"profile {canonical_hash(profile).hex()} of {profile['dids'][0]} is on chain; kept in {home.home}")
    return 0


def _show(settings: "Settings") -> int:
    from registry import bootstrap

    who = bootstrap.identity(settings)
    print(f"issuer {who.issuer_id} of {who.contract}, {who.did}")
    if settings.rpc:
        print(_on_chain(settings, who.issuer_id))
    print(json.dumps(who.profile, indent=2, ensure_ascii=False))
    return 0


def _on_chain(settings: "Settings", issuer_id: int) -> str:
    from registry import bootstrap
    from registry.chain.records import thawing
    from registry.errors import HallmarkError

    chain = bootstrap.chain(settings)
    try:
        chain.check_identity()
        return thawing(chain, issuer_id)
    except HallmarkError as error:  # the folder's own words can be shown without an endpoint
        return f"whether it is frozen cannot be told: {error}"


def _protect(settings: "Settings") -> int:
    from registry.config import passphrase_of
    from registry.issuing.home.signing import SigningKey, SigningOptions

    passphrase = passphrase_of(settings.signing_passphrase_file, "the signing key (a new one)")
    did = SigningKey(settings.home, SigningOptions(passphrase)).protect()
    print(
        f"the key of {did} is sealed in {settings.home / 'signing.json'}; backups of signing.key still hold it plainly"
    )
    return 0


def _act(args: Namespace, settings: "Settings") -> int:
    from registry import bootstrap

    contract, issuer_id = bootstrap.contract(settings), bootstrap.identity(settings).issuer_id
    match args.act:
        case "add-key":
            roles = sum(_ROLES[role] for role in set(args.role))
            receipt, _ = contract.send("addKey", issuer_id, options.account_of(args.account), roles)
        case "retire-key":
            receipt, _ = contract.send("retireKey", issuer_id, options.account_of(args.account))
        case "distrust-key":
            receipt, _ = contract.send("distrustKey", issuer_id, options.account_of(args.account), args.since)
        case act:
            receipt, _ = contract.send(act, issuer_id)
    print(f"{args.act}: done in block {receipt.block.number}, {receipt.gas_used:,} gas")
    return 0


def _method(text: str) -> str:
    from registry.credential.identifiers import is_on_the_web
    from registry.errors import InputError

    controller, _, fragment = text.partition("#")
    if not is_on_the_web(controller) or not fragment:
        raise InputError(f"{text[:80]!r} is no key's id on the web.", todo="write did:web:your.host#key-1, say")
    return text
