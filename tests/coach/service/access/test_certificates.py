"""The local authority: kept, renewed, and able to vouch for the local network only."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509

from coach.service.access.certificates import make_certificates


def read(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(path.read_bytes())


def test_certificates_are_made_once_and_their_keys_are_private(tmp_path: Path) -> None:
    first = make_certificates(tmp_path / "https", ["192.168.1.20"])
    before = first.chain.read_bytes()
    again = make_certificates(tmp_path / "https", ["192.168.1.20"])
    assert again.chain.read_bytes() == before
    assert first.key.stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "https" / "ca.key").stat().st_mode & 0o777 == 0o600
    first.context()


def test_a_new_address_and_a_late_day_make_a_new_leaf_under_the_same_authority(tmp_path: Path) -> None:
    first = make_certificates(tmp_path, ["192.168.1.20"])
    authority, leaf = first.authority.read_bytes(), first.chain.read_bytes()
    moved = make_certificates(tmp_path, ["192.168.7.7"])
    assert moved.authority.read_bytes() == authority
    assert moved.chain.read_bytes() != leaf
    later = make_certificates(tmp_path, ["192.168.7.7"], datetime.now(UTC) + timedelta(days=380))
    assert read(later.chain).not_valid_after_utc > datetime.now(UTC) + timedelta(days=700)
    assert later.authority.read_bytes() == authority


def test_the_authority_is_held_to_private_addresses(tmp_path: Path) -> None:
    made = make_certificates(tmp_path)
    limits = read(made.authority).extensions.get_extension_for_class(x509.NameConstraints)
    assert limits.critical
    permitted = [str(name.value) for name in limits.value.permitted_subtrees or ()]
    assert {"192.168.0.0/16", "10.0.0.0/8", "local"} <= set(permitted)
    assert "0.0.0.0/0" not in permitted
    read(made.chain).verify_directly_issued_by(read(made.authority))


def test_a_torn_file_is_made_again(tmp_path: Path) -> None:
    made = make_certificates(tmp_path)
    made.chain.write_bytes(made.chain.read_bytes()[:100])
    assert read(make_certificates(tmp_path).chain)
