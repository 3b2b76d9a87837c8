"""Stores of every kind, as openssl and keytool write them."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
)
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.net.tls.authority import Authority

from speckeeper.net.tls.jks import JksError, read_jks
from speckeeper.net.tls.settings import StoreSettings
from speckeeper.net.tls.stores import StoreError, load_key_store, load_trust_store

DATA = Path(__file__).parent / "data"
JKS = StoreSettings(DATA / "keeper.jks", "JKS", "secret1")
PKCS12 = StoreSettings(DATA / "keeper.p12", "PKCS12", "secret1")
CERTIFICATE = (DATA / "keeper.pem").read_bytes()


def test_a_key_is_the_same_from_jks_and_pkcs12():
    from_jks, from_pkcs12 = load_key_store(JKS), load_key_store(PKCS12)
    assert from_jks == from_pkcs12
    assert from_jks.chain == CERTIFICATE
    assert b"BEGIN PRIVATE KEY" in from_jks.key


def test_trusted_certificates_of_jks_and_pem():
    pem = StoreSettings(DATA / "keeper.pem", "PEM")
    assert load_trust_store(JKS) == load_trust_store(pem)


def test_a_pem_file_with_an_encrypted_key_and_a_chain(tmp_path):
    authority = Authority()
    made = authority.make("one")
    key = made.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"pw"))
    chain = made.certificate.public_bytes(Encoding.PEM)
    chain += authority.certificate.public_bytes(Encoding.PEM)
    path = tmp_path / "one.pem"
    path.write_bytes(chain + key)  # whichever comes first
    assert load_key_store(StoreSettings(path, "PEM", "pw")).chain == chain
    with pytest.raises(StoreError, match="cannot be read as PEM"):
        load_key_store(StoreSettings(path, "PEM", "other"))


@pytest.mark.parametrize(
    ("store", "said"),
    [
        (StoreSettings(DATA / "keeper.jks", "JKS", "wrong"), "the password is wrong"),
        (StoreSettings(DATA / "keeper.p12", "PKCS12", "wrong"), "Invalid password"),
        (StoreSettings(DATA / "keeper.p12", "JKS", "secret1"), "it is no JKS store"),
        (StoreSettings(DATA / "keeper.jks", "PKCS12", "secret1"), "cannot be read as PKCS12"),
        (StoreSettings(DATA / "keeper.pem", "PEM"), "there is no private key in it"),
        (StoreSettings(DATA / "none.pem", "PEM"), "no such file"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(store, said):
    with pytest.raises(StoreError) as raised:
        load_key_store(store)
    text = str(raised.value)
    assert text.startswith(str(store.path))
    assert said in text
    assert "\n" not in text


def test_a_key_with_the_certificate_of_another_is_refused(tmp_path):
    authority = Authority()
    one, other = authority.make("one"), authority.make("other")
    path = tmp_path / "mixed.pem"
    path.write_bytes(other.certificate.public_bytes(Encoding.PEM) + one.pem)
    with pytest.raises(StoreError, match="not that of the private key"):
        load_key_store(StoreSettings(path, "PEM"))


@given(st.data())
def test_damaged_jks_is_told_as_such(data):
    whole = JKS.path.read_bytes()
    kind = data.draw(st.sampled_from(["cut", "byte", "insert"]))
    at = data.draw(st.integers(0, len(whole) - 1))
    if kind == "cut":
        damaged = whole[:at]
    elif kind == "byte":
        changed = bytes([whole[at] ^ data.draw(st.integers(1, 255))])
        damaged = whole[:at] + changed + whole[at + 1 :]
    else:
        damaged = whole[:at] + data.draw(st.binary(min_size=1, max_size=8)) + whole[at:]
    with pytest.raises(JksError):
        read_jks(damaged, "secret1")
