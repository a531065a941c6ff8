"""A certificate authority of our own: one for a port's device network, one for a hub. X.509 with ECDSA on P-256.

P-256 because embedded TLS stacks of device boxes have it, where Ed25519 is rare, and because a key takes no time to
make, where RSA takes a tenth of a second. A certificate serves one purpose: a client's is no good as a server's.
"""

import dataclasses
import datetime as dt
import ipaddress
import ssl
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from kouan.adapters.signing.files import create_once, read_secret
from kouan.vocabulary.clock import SECOND, Instant
from kouan.vocabulary.errors import Corrupt, NotFound

DAY = 86_400 * SECOND
"""Microseconds in a day."""

LIFETIME = 825 * DAY
"""How long a certificate is good. Our choice: the longest that browsers took before 2020 (CA/Browser Forum, ballot
193); a device box is visited once in two years."""

AUTHORITY_LIFETIME = 20 * 365 * DAY
"""How long an authority is good. Our choice: longer than a device network stands."""

SKEW = DAY
"""A certificate begins so much before it is made. Our choice: a device box that starts without a clock catches up
within a day, or is looked at."""


@dataclasses.dataclass(frozen=True)
class Certificate:
    """One certificate: ``pem`` is private key and certificate in one text, to be kept secret."""

    pem: bytes = dataclasses.field(repr=False)
    subject: str
    expires_at: Instant

    @property
    def key_pem(self) -> bytes:
        """The private key alone."""
        return self.pem[: self.pem.index(b"-----BEGIN CERTIFICATE-----")]

    @property
    def certificate_pem(self) -> bytes:
        """The certificate alone, which is no secret."""
        return self.pem[self.pem.index(b"-----BEGIN CERTIFICATE-----") :]


class CertificateAuthority:
    """Issues certificates for one network; its key stands in one file, mode 0600."""

    def __init__(self, key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate) -> None:
        self._key = key
        self._certificate = certificate

    @classmethod
    def open(cls, path: Path, name: str, now: Instant) -> Self:
        """Return the authority in a file, made where there is none.

        Raises NotAllowed where others may read the file, Corrupt where it holds no authority.
        """
        if not path.exists():
            key = ec.generate_private_key(ec.SECP256R1())
            create_once(path, _private_pem(key) + _own(key, name, now).public_bytes(Encoding.PEM))
        content = read_secret(path)
        try:
            key_found = load_pem_private_key(content, password=None)
            certificate = x509.load_pem_x509_certificate(content)
        except (ValueError, TypeError) as error:
            raise Corrupt(f"{path} holds no certificate authority: {error}") from error
        if not isinstance(key_found, ec.EllipticCurvePrivateKey):
            raise Corrupt(f"{path} holds a key of another kind than ECDSA")
        return cls(key_found, certificate)

    @property
    def certificate_pem(self) -> bytes:
        """What others need to check this authority's certificates; no secret."""
        return self._certificate.public_bytes(Encoding.PEM)

    def client(self, common_name: str, now: Instant, lifetime: int = LIFETIME) -> Certificate:
        """Issue a client's certificate to ``common_name`` (1 to 64 characters), with a fresh key."""
        return self._issue(common_name, (), ExtendedKeyUsageOID.CLIENT_AUTH, now, lifetime)

    def server(self, hosts: Sequence[str], now: Instant, lifetime: int = LIFETIME) -> Certificate:
        """Issue a server's certificate for names and IP addresses, the first of them its common name."""
        return self._issue(hosts[0], hosts, ExtendedKeyUsageOID.SERVER_AUTH, now, lifetime)

    def _issue(
        self, common_name: str, hosts: Sequence[str], usage: x509.ObjectIdentifier, now: Instant, lifetime: int
    ) -> Certificate:
        key = ec.generate_private_key(ec.SECP256R1())
        expires_at = now + lifetime
        builder = (
            _builder(common_name, self._certificate.subject, key, now, expires_at)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_key_usage(signs_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
        )
        if hosts:
            builder = builder.add_extension(
                x509.SubjectAlternativeName([_host(each) for each in hosts]), critical=False
            )
        certificate = builder.sign(self._key, SHA256())
        pem = _private_pem(key) + certificate.public_bytes(Encoding.PEM)
        return Certificate(pem, f"CN={common_name}", expires_at)


def certificate_in(path: Path) -> Certificate:
    """Return the key and certificate in a file; raise NotFound, NotAllowed where others may read it, or Corrupt."""
    try:
        content = read_secret(path)
        found = x509.load_pem_x509_certificate(content)
    except FileNotFoundError as error:
        raise NotFound(f"there is no certificate {path}") from error
    except ValueError as error:
        raise Corrupt(f"{path} holds no certificate: {error}") from error
    expires_at = round(found.not_valid_after_utc.timestamp()) * SECOND
    return Certificate(content, found.subject.rfc4514_string(), expires_at)


def tls_context(authority_pem: str) -> ssl.SSLContext:
    """Return a client's TLS settings: TLS 1.2 or later, this authority and no other, the host's name checked.

    Raises Corrupt where the authority cannot be read.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_verify_locations(cadata=authority_pem)
    except ssl.SSLError as error:
        raise Corrupt(f"the authority's certificate cannot be read: {error}") from error
    return context


def client_context(authority: Path, own: Path | None = None) -> ssl.SSLContext:
    """Return the TLS settings of a client from files: the authority's certificate, and its own key and certificate.

    Raises NotFound or Corrupt.
    """
    try:
        context = tls_context(authority.read_text("ascii"))
        if own is not None:
            context.load_cert_chain(own)
    except FileNotFoundError as error:
        raise NotFound(f"a certificate is missing: {error.filename or own}") from error
    except (ssl.SSLError, UnicodeDecodeError) as error:
        raise Corrupt(f"{own or authority} holds no key and certificate: {error}") from error
    return context


def _own(key: ec.EllipticCurvePrivateKey, name: str, now: Instant) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = (
        _builder(name, subject, key, now, now + AUTHORITY_LIFETIME)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(signs_certificates=True), critical=True)
    )
    return builder.sign(key, SHA256())


def _builder(
    common_name: str, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, now: Instant, expires_at: Instant
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)]))
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(_date(min(now, expires_at) - SKEW))
        .not_valid_after(_date(expires_at))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _host(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _date(at: Instant) -> dt.datetime:
    return dt.datetime.fromtimestamp(at // SECOND, tz=dt.UTC)


def _private_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
