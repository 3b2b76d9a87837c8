"""Subjects as Java writes them (the expected texts are those of ``X500Principal.getName()``)."""

import datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from tests.unit.net.tls.authority import Authority

from speckeeper.net.tls.identity import is_for, subject_of


def certificate_of(*parts):
    """A certificate (DER) whose subject has these parts, each of (oid, text) pairs."""
    subject = x509.Name(
        [
            x509.RelativeDistinguishedName([x509.NameAttribute(oid, text) for oid, text in part])
            for part in parts
        ]
    )
    key = ec.generate_private_key(ec.SECP256R1())
    now = datetime.datetime.now(datetime.UTC)
    builder = x509.CertificateBuilder(subject, subject, key.public_key(), 1, now, now)
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        (
            [
                [(NameOID.STATE_OR_PROVINCE_NAME, "X")],
                [(NameOID.ORGANIZATION_NAME, "lead and trail")],
                [(NameOID.COMMON_NAME, "a=b#c+d,e")],
            ],
            r"CN=a\=b\#c\+d\,e,O=lead and trail,ST=X",
        ),
        (
            [
                [(NameOID.COUNTRY_NAME, "DE")],
                [(NameOID.COMMON_NAME, "#hash")],
                [(NameOID.EMAIL_ADDRESS, "x@y.org")],
            ],
            r"1.2.840.113549.1.9.1=#16077840792e6f7267,CN=\#hash,C=DE",
        ),
        (
            [[(NameOID.COMMON_NAME, "two"), (NameOID.ORGANIZATIONAL_UNIT_NAME, "ä中")]],
            "CN=two+OU=ä中",
        ),
        ([[(NameOID.USER_ID, " u ")]], r"UID=\ u\ "),
    ],
)
def test_a_subject_is_written_as_java_writes_it(parts, expected):
    assert subject_of(certificate_of(*parts)) == expected


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["127.0.0.1"], True),
        (["10.0.0.1"], False),
        (["LOCALHOST"], True),
        (["zk1.example.org"], True),
        (["a.zk1.example.org"], False),
        (["10.0.0.1", "localhost"], True),
    ],
)
def test_whom_a_certificate_is_for(names, expected):
    made = Authority().make("one", hosts=("localhost", "*.example.org"))
    assert is_for(made.certificate.public_bytes(Encoding.DER), names) is expected


def test_without_alternative_names_the_common_name_counts():
    assert is_for(certificate_of([(NameOID.COMMON_NAME, "host")]), ["host"])
