"""PDF files that carry a credential as an attachment (PDF 32000-1, section 7.11.4)."""

from io import BytesIO

from registry.errors import ContainerError

FILE_NAME = "credential.json"
JWS_NAME = "credential.jwt"
MAX_TEXT = 1024 * 1024


def name_of(credential: bytes) -> str:
    """The attachment's name: by what it is, a JSON document or a compact JWS."""
    return FILE_NAME if credential.lstrip().startswith(b"{") else JWS_NAME


def attach(page: bytes, credential: bytes) -> bytes:
    """The PDF with the credential's bytes as its one attachment."""
    from pypdf import PdfReader, PdfWriter

    writer = PdfWriter(clone_from=PdfReader(BytesIO(page)))
    writer.add_attachment(name_of(credential), credential)
    whole = BytesIO()
    writer.write(whole)
    return whole.getvalue()


def extract(document: bytes) -> bytes:
    """The credential's bytes in a PDF.

    Raises:
        ContainerError: A file that cannot be read, or that does not carry exactly one credential.
    """
    found = _attachments(document)
    if len(found) != 1:
        raise ContainerError(f"The PDF carries {len(found)} credentials ({FILE_NAME}); a certificate carries one.")
    if len(found[0]) > MAX_TEXT:
        raise ContainerError(f"The credential in the PDF is longer than {MAX_TEXT:,} bytes.")
    return found[0]


def _attachments(document: bytes) -> list[bytes]:
    from pypdf import PdfReader

    try:
        reader = PdfReader(BytesIO(document))
        return [data for name in (FILE_NAME, JWS_NAME) for data in reader.attachments.get(name, [])]
    # A reader of damaged files meets errors of every kind; none of them says anything about a credential.
    except Exception as error:
        raise ContainerError(f"The PDF cannot be read: {type(error).__name__}.") from None
