"""A sealed run says what it is and who says so; a changed letter, key or kind is found."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from coach.errors import InterchangeError
from coach.seal.manifest import Manifest, Scope, may_leave, read_manifest, seal
from coach.seal.signing import public_key_of, signed, verified

KEY, OTHER = bytes(range(32)), bytes(range(1, 33))
MANIFEST = Manifest(
    run_id="20260504-063000-1a2b",
    sha256="ab" * 32,
    n_bytes=7_600_000,
    algorithm="71e9b6f85838bb13",
    created=datetime(2026, 5, 4, 7, 30, tzinfo=UTC),
    scopes=(Scope.CARE, Scope.RAW_LOGS),
    public_key=public_key_of(KEY),
)


def test_a_manifest_comes_back_as_it_was_sealed() -> None:
    assert read_manifest(seal(MANIFEST, KEY)) == MANIFEST


def test_keys_and_signatures_are_those_of_the_standard() -> None:
    """RFC 8032, 7.1, test 1: secret and public key."""
    secret = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
    assert public_key_of(secret) == "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("run_id", "20260504-063000-1a2c"),
        ("sha256", "ac" * 32),
        ("n_bytes", 7_600_001),
        ("algorithm", ""),
        ("created", "2026-05-04T07:30:01+00:00"),
        ("scopes", ["care", "raw_logs", "positions"]),
        ("public_key", public_key_of(OTHER)),
        ("signature", "00" * 64),
        ("signature", "no digits"),
        ("signature", None),
        ("kind", "consent"),
        ("version", 2),
        ("more", 1),
    ],
)
def test_whatever_is_changed_is_found(name: str, value: Any) -> None:
    document = {**json.loads(seal(MANIFEST, KEY)), name: value}
    with pytest.raises(InterchangeError):
        read_manifest(json.dumps(document))


@pytest.mark.parametrize("name", ["run_id", "sha256", "scopes", "public_key", "signature", "kind", "created"])
def test_whatever_is_missing_is_found(name: str) -> None:
    document = json.loads(seal(MANIFEST, KEY))
    del document[name]
    with pytest.raises(InterchangeError):
        read_manifest(json.dumps(document))


@pytest.mark.parametrize("text", ["", "[]", "null", "{", "[" * 100_000, '{"kind": "run", "version": 1}'])
def test_what_is_no_manifest_is_refused_in_words(text: str) -> None:
    with pytest.raises(InterchangeError):
        read_manifest(text)


@pytest.mark.parametrize(
    "fields",
    [
        {"run_id": "../../etc"},
        {"sha256": "AB" * 32},
        {"n_bytes": -1},
        {"n_bytes": 0},
        {"n_bytes": True},
        {"created": "2026-05-04T07:30:00"},
        {"scopes": ["everything"]},
        {"scopes": None},
        {"run_id": 3},
    ],
)
def test_a_signed_manifest_must_make_sense_too(fields: dict[str, Any]) -> None:
    """Whoever signs may be a foe."""
    sound = json.loads(seal(MANIFEST, KEY))
    rest = {k: v for k, v in sound.items() if k not in ("kind", "version", "public_key", "signature")}
    with pytest.raises(InterchangeError):
        read_manifest(json.dumps(signed("run", {**rest, **fields}, KEY)))


def test_nobody_seals_in_anothers_name() -> None:
    with pytest.raises(ValueError, match="key that it names"):
        seal(MANIFEST, OTHER)


def test_a_signature_of_one_kind_is_none_of_another() -> None:
    document = signed("consent", {"scopes": []}, KEY)
    assert verified("consent", document)["scopes"] == []
    with pytest.raises(InterchangeError):
        verified("withdrawal", {**document, "kind": "withdrawal"})


@pytest.mark.parametrize(
    ("scopes", "leaves"),
    [
        ((), False),
        ((Scope.RAW_LOGS, Scope.POSITIONS), False),
        ((Scope.CARE,), True),
        ((Scope.RESEARCH, Scope.RAW_LOGS), True),
    ],
)
def test_nothing_leaves_that_nobody_may_see(scopes: tuple[Scope, ...], leaves: bool) -> None:
    assert may_leave(scopes) is leaves
