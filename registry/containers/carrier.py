"""Find the credential in whatever it came in: by its first bytes, never by a file's name."""

from registry.patterns import Pattern

_XML = Pattern(rb"\s*<(?:\?xml|!--|!DOCTYPE|(?:[\w.-]+:)?svg[\s>/])")
_UTF8_BOM = b"\xef\xbb\xbf"


def read_container(data: bytes) -> bytes:
    """The credential's bytes in a baked PNG or SVG, a PDF, a learner's zip or a code's text; other data as it is.

    Raises:
        ContainerError: It is such a file, but does not carry exactly one credential.
    """
    if data[:1] in (b"{", b"e"):  # JSON or a compact JWS: nothing else starts so, and nothing has to be imported
        return data
    from registry.containers import pdf, png, qr, svg, zipped

    if data.startswith(png.SIGNATURE):
        return png.extract(data)
    if data.startswith(zipped.SIGNATURE):
        return zipped.extract(data)
    if data.startswith(b"%PDF-"):
        return pdf.extract(data)
    if data.startswith(qr.PREFIX):
        return qr.extract(data.strip())
    if _XML.match(data.removeprefix(_UTF8_BOM)):
        return svg.extract(data)
    return data
