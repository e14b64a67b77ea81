"""DID methods that need no key directory of ours: where a did:web lies, and which account a did:pkh is."""

import re
from urllib.parse import unquote

from registry.errors import MalformedError
from registry.patterns import Pattern

_PKH = Pattern(r"did:pkh:(eip155:[1-9]\d{0,19}:0x[0-9a-fA-F]{40})", re.ASCII)
_HOST = Pattern(r"(?!\.)[a-z0-9.-]{1,253}(:[1-9]\d{0,4})?", re.ASCII)
_SEGMENT = Pattern(r"[A-Za-z0-9._~%-]+", re.ASCII)


def web_address(controller: str) -> str:
    """The https URL of the document that controls a did:web or https identifier (did:web method, section 2.5.2).

    Raises:
        MalformedError: Not such an identifier.
    """
    if controller.startswith("https://"):
        return controller
    host, *segments = controller.removeprefix("did:web:").split(":")
    host = unquote(host).lower()
    well = _HOST.fullmatch(host) and all(_SEGMENT.fullmatch(part) and part not in (".", "..") for part in segments)
    if not controller.startswith("did:web:") or not well:
        raise MalformedError(f"{controller[:120]!r} is no did:web.")
    return f"https://{host}/{'/'.join(segments) if segments else '.well-known'}/did.json"


def is_on_the_web(controller: str) -> bool:
    """Whether the identifier's document would have to be fetched."""
    return controller.startswith(("did:web:", "https://"))


def account_of_pkh(did: str) -> str | None:
    """The CAIP-10 account (lower-case hex) of a did:pkh on an EVM chain; None for anything else (section 2)."""
    match = _PKH.fullmatch(did) if did.startswith("did:pkh:") else None
    return match[1].lower() if match else None
