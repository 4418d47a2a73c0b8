"""A certificate authority of this machine's own, so that phones on the local network may open the page by https.

The authority is name-constrained (RFC 5280, 4.2.1.10): even if its key were stolen, it could vouch only for private
addresses, `.local` names and this machine. Needs the extra `[https]`; the library is loaded on first use.
"""

import ipaddress
import socket
import ssl
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

from coach.errors import UserError
from coach.model.frozen import dataclass
from coach.service.whole_files import write_whole
from coach.wall_clock import utc_now

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey


_AUTHORITY_DAYS: Final = 3650
_LEAF_DAYS: Final = 397  # phones refuse certificates for more than 398 days
_RENEW: Final = timedelta(days=30)
_PRIVATE: Final = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "100.64.0.0/10", "127.0.0.0/8")
_PRIVATE_V6: Final = ("fc00::/7", "fe80::/10", "::1/128")


@dataclass(frozen=True, slots=True)
class Certificates:
    """Files of this machine's https. authority: to be trusted by phones; chain and key: shown by the server."""

    authority: Path
    chain: Path
    key: Path

    def context(self) -> ssl.SSLContext:
        """Return the server's side of TLS 1.2 and newer."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(self.chain, self.key)
        return context


def make_certificates(folder: Path, names: Sequence[str] = (), now: datetime | None = None) -> Certificates:
    """Return the certificates in `folder`, made or renewed as needed,
    for this machine and the addresses or names given.

    Raises:
        UserError: the extra is not installed, or the folder cannot be written.
    """
    moment = now or utc_now()
    try:
        import cryptography  # noqa: F401  (only whether it is there)
    except ImportError as error:
        raise UserError("https needs the extra [https]: pip install 'running-coach[https]'") from error
    certificates = Certificates(folder / "ca.crt", folder / "server.crt", folder / "server.key")
    wanted = _wanted(names)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if _ends_soon(certificates.authority, moment) or not (folder / "ca.key").exists():
            _make_authority(folder, certificates, moment)
            certificates.chain.unlink(missing_ok=True)
        if _ends_soon(certificates.chain, moment) or _names_of(certificates.chain) != wanted:
            _make_leaf(folder, certificates, wanted, moment)
    except OSError as error:
        raise UserError(f"cannot keep certificates in {folder}: {error.strerror or error}") from error
    return certificates


def _wanted(names: Sequence[str]) -> frozenset[str]:
    own = socket.gethostname().lower().split(".")[0]
    return frozenset({"localhost", "127.0.0.1", "::1", "coach.local", own, f"{own}.local", *(n.lower() for n in names)})


def _load(path: Path) -> "x509.Certificate":
    from cryptography import x509

    return x509.load_pem_x509_certificate(path.read_bytes())


def _ends_soon(path: Path, moment: datetime) -> bool:
    if not path.exists():
        return True
    try:
        return bool(_load(path).not_valid_after_utc - moment < _RENEW)
    except ValueError:
        return True  # torn by a crash while writing


def _names_of(path: Path) -> frozenset[str]:
    from cryptography import x509

    names = _load(path).extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return frozenset(str(name.value) for name in names)


def _make_authority(folder: Path, certificates: Certificates, moment: datetime) -> None:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    own = socket.gethostname().lower().split(".")[0]
    permitted: list[x509.GeneralName] = [x509.DNSName(name) for name in ("localhost", "local", own)]
    permitted += [x509.IPAddress(ipaddress.ip_network(net)) for net in (*_PRIVATE, *_PRIVATE_V6)]
    usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
    certificate = (
        _builder(f"Running coach on {own}", f"Running coach on {own}", key, moment, _AUTHORITY_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.NameConstraints(permitted, None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    _write_key(folder / "ca.key", key)
    write_whole(certificates.authority, _pem(certificate), 0o644)


def _make_leaf(folder: Path, certificates: Certificates, names: frozenset[str], moment: datetime) -> None:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import ExtendedKeyUsageOID

    authority = _load(certificates.authority)
    signer = serialization.load_pem_private_key((folder / "ca.key").read_bytes(), None)
    if not isinstance(signer, ec.EllipticCurvePrivateKey):
        raise UserError(f"{folder / 'ca.key'} is no key of this program: remove the folder to make new certificates")
    key = ec.generate_private_key(ec.SECP256R1())
    issuer = authority.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)[0].value
    usage = x509.KeyUsage(True, False, False, False, False, False, False, False, False)
    certificate = (
        _builder("Running coach", str(issuer), key, moment, _LEAF_DAYS)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName([_general(name) for name in sorted(names)]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
        .sign(signer, hashes.SHA256())
    )
    _write_key(certificates.key, key)
    write_whole(certificates.chain, _pem(certificate) + _pem(authority), 0o644)


def _builder(
    subject: str, issuer: str, key: "EllipticCurvePrivateKey", moment: datetime, days: int
) -> "x509.CertificateBuilder":
    from cryptography import x509

    def named(text: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text[:64])])

    start = moment - timedelta(days=1)  # a phone's clock may be behind
    return (
        x509.CertificateBuilder()
        .subject_name(named(subject))
        .issuer_name(named(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=days))
    )


def _general(name: str) -> "x509.GeneralName":
    from cryptography import x509

    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _pem(certificate: "x509.Certificate") -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding

    return bytes(certificate.public_bytes(Encoding.PEM))


def _write_key(path: Path, key: "EllipticCurvePrivateKey") -> None:
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    write_whole(path, bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())), 0o600)
