"""Sign JSON documents, and check who wrote them by public key and signature.

Signed is the canonical text of the document without its signature: keys sorted, no blanks, ASCII. It begins with the
document's kind, so that a signature under one kind of document is none under another. Method: Ed25519 (RFC 8032) by
the library `cryptography`, which is loaded on first use (extra `[clinic]`); keys are 32 bytes, written as hexadecimal
digits.
A signature says that a holder of the key wrote the document, and nothing of who holds it.
"""

import json
from collections.abc import Mapping
from types import ModuleType
from typing import TYPE_CHECKING, Final

from coach.errors import InterchangeError, UserError
from coach.model.documents import JsonObject

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


KEY_BYTES: Final = 32
VERSION: Final = 1
MISSING: Final = "sealing runs needs the extra [clinic]: pip install 'running-coach[clinic]'"


def public_key_of(key: bytes) -> str:
    """Return the public key of a private one (32 bytes), as 64 hexadecimal digits.

    Raises:
        UserError: the extra is not installed.
    """
    return str(_private(key).public_key().public_bytes_raw().hex())


def signed(kind: str, fields: JsonObject, key: bytes) -> JsonObject:
    """Return a document of a kind with these fields (JSON values), signed by the private key.

    Raises:
        UserError: the extra is not installed.
    """
    document = {"kind": kind, "version": VERSION, **fields, "public_key": public_key_of(key)}
    return {**document, "signature": _private(key).sign(_canonical(document)).hex()}


def verified(kind: str, document: object) -> JsonObject:
    """Return the fields of a signed document, `public_key` among them, once the signature was found to fit.

    Raises:
        InterchangeError: it is no document of this kind, or was changed after it was signed. UserError: the extra is
            not installed.
    """
    if not isinstance(document, dict) or document.get("kind") != kind:
        raise InterchangeError(f"this is no signed document of the kind {kind!r}")
    if document.get("version") != VERSION:
        raise InterchangeError("this document was signed by a newer program: update this one")
    ed25519, invalid = _library()
    fields = {name: value for name, value in document.items() if name != "signature"}
    try:
        public = ed25519.Ed25519PublicKey.from_public_bytes(bytes.fromhex(document["public_key"]))
        public.verify(bytes.fromhex(document["signature"]), _canonical(fields))
    except (ValueError, KeyError, TypeError, RecursionError, invalid) as error:
        raise InterchangeError("the signature does not fit: this document was changed after it was signed") from error
    return {name: value for name, value in fields.items() if name not in ("kind", "version")}


def _canonical(document: Mapping[str, object]) -> bytes:
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    return f"running-coach {document['kind']}\n{text}".encode()


def _private(key: bytes) -> "Ed25519PrivateKey":
    private: Ed25519PrivateKey = _library()[0].Ed25519PrivateKey.from_private_bytes(key)
    return private


def _library() -> tuple[ModuleType, type[Exception]]:
    try:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric import ed25519
    except ImportError as error:
        raise UserError(MISSING) from error
    return ed25519, InvalidSignature
