"""An Ed25519 seed in a file that only a passphrase opens: argon2id and XSalsa20-Poly1305, both libsodium's.

Not PKCS#8, whose writer in `cryptography` derives its key with 2,048 rounds of PBKDF2; not keystore v3 either, which
names the address that the seed would have on another curve.
"""

import json
from typing import TYPE_CHECKING, Any

from nacl import pwhash, secret, utils
from nacl.exceptions import CryptoError

from registry.credential.did_key import did_of
from registry.credential.signer import SeedSigner
from registry.errors import SigningError

if TYPE_CHECKING:
    from pydantic import SecretStr

TYPE = "HallmarkSealedKey"
_MOST_MEMORY = 1 << 30
_KDF = pwhash.argon2id


def seal(signer: SeedSigner, passphrase: "SecretStr") -> bytes:
    """The file of a key: JSON with the parameters, and the DID in clear."""
    salt, nonce = utils.random(_KDF.SALTBYTES), utils.random(secret.SecretBox.NONCE_SIZE)
    cost = {"opsLimit": _KDF.OPSLIMIT_MODERATE, "memLimit": _KDF.MEMLIMIT_MODERATE}
    box = secret.SecretBox(_derive(passphrase, salt, **cost)).encrypt(signer.reveal(), nonce).ciphertext
    body = {
        "type": TYPE,
        "version": 1,
        "did": did_of(signer.public_key),
        "kdf": {"name": "argon2id", **cost, "salt": salt.hex()},
        "cipher": "xsalsa20-poly1305",
        "nonce": nonce.hex(),
        "box": box.hex(),
    }
    return json.dumps(body, indent=2).encode() + b"\n"


def unseal(data: bytes, passphrase: "SecretStr") -> SeedSigner:
    """The key in a sealed file.

    Raises:
        SigningError: Another passphrase, or a file that is damaged.
    """
    try:
        body: dict[str, Any] = json.loads(data)
        kdf = body["kdf"]
        if (body["type"], body["version"], kdf["name"]) != (TYPE, 1, "argon2id") or kdf["memLimit"] > _MOST_MEMORY:
            raise SigningError("It is no sealed key of version 1.")
        lock = secret.SecretBox(_derive(passphrase, bytes.fromhex(kdf["salt"]), kdf["opsLimit"], kdf["memLimit"]))
        signer = SeedSigner(lock.decrypt(bytes.fromhex(body["box"]), bytes.fromhex(body["nonce"])))
    except (ValueError, KeyError, TypeError):
        signer = None
    except CryptoError:
        raise SigningError("The passphrase does not open it.", todo="give the passphrase it was sealed with") from None
    if signer is None or did_of(signer.public_key) != body["did"]:
        raise SigningError("It is damaged.", todo="restore it from your backup")
    return signer


def _derive(passphrase: "SecretStr", salt: bytes, opsLimit: int, memLimit: int) -> bytes:  # noqa: N803  names of the file
    size = secret.SecretBox.KEY_SIZE
    return bytes(_KDF.kdf(size, passphrase.get_secret_value().encode(), salt, opsLimit, memLimit))
