"""Who has shown a certificate: its subject as Java writes it, and whether it is for an address.

ACLs of scheme ``x509`` compare the subject as text, so it must be Java's to the letter.

Source: ZooKeeper ``X509AuthenticationProvider`` (``X500Principal.getName()``, which is RFC 2253),
``ZKHostnameVerifier``; OpenJDK ``sun.security.x509.AVA.toRFC2253String``.
"""

from cryptography import x509
from cryptography.x509.oid import NameOID

_KEYWORDS = {
    NameOID.COMMON_NAME: "CN",
    NameOID.LOCALITY_NAME: "L",
    NameOID.STATE_OR_PROVINCE_NAME: "ST",
    NameOID.ORGANIZATION_NAME: "O",
    NameOID.ORGANIZATIONAL_UNIT_NAME: "OU",
    NameOID.COUNTRY_NAME: "C",
    NameOID.STREET_ADDRESS: "STREET",
    NameOID.DOMAIN_COMPONENT: "DC",
    NameOID.USER_ID: "UID",
}
_ESCAPED = ',=+<>#;"\\'


def subject_of(certificate: bytes) -> str:
    """Return the subject of a certificate (DER) as ``X500Principal.getName()`` does.

    Raises ValueError for bytes that are no certificate.
    """
    subject = x509.load_der_x509_certificate(certificate).subject
    return ",".join("+".join(map(_attribute, part)) for part in reversed(subject.rdns))


def _attribute(attribute: x509.NameAttribute[str | bytes]) -> str:
    keyword = _KEYWORDS.get(attribute.oid)
    if keyword is None or isinstance(attribute.value, bytes):
        return f"{attribute.oid.dotted_string}=#{_value_der(attribute).hex()}"
    return f"{keyword}={_escaped(attribute.value)}"


def _escaped(text: str) -> str:
    out = "".join(
        "\\" + letter if letter in _ESCAPED else "\\00" if letter == "\0" else letter
        for letter in text
    )
    if out[:1] in ("#", " "):
        out = "\\" + out
    if len(out) > 1 and out.endswith(" "):
        out = out[:-1] + "\\ "
    return out


def _value_der(attribute: x509.NameAttribute[str | bytes]) -> bytes:
    """Return the DER of the value alone: what stands behind the type of the only attribute."""
    whole = x509.Name([attribute]).public_bytes()
    for _ in range(3):  # the name, its only part, its only attribute
        whole = _content(whole)
    return whole[_size(whole) :]  # behind the type


def _head(der: bytes) -> tuple[int, int]:
    """Return the sizes of the head and of the content of what comes first."""
    if der[1] < 0x80:
        return 2, der[1]
    more = der[1] & 0x7F
    return 2 + more, int.from_bytes(der[2 : 2 + more], "big")


def _content(der: bytes) -> bytes:
    head, size = _head(der)
    return der[head : head + size]


def _size(der: bytes) -> int:
    return sum(_head(der))


def is_for(certificate: bytes, names: list[str]) -> bool:
    """Whether a certificate (DER) is for one of some addresses or host names.

    Names stand among the alternative names of the subject; without any, its common name counts.
    ``*.`` stands for one label. Raises ValueError for bytes that are no certificate.
    """
    parsed = x509.load_der_x509_certificate(certificate)
    try:
        extension = parsed.extensions.get_extension_for_class(x509.SubjectAlternativeName)
        own = [name.lower() for name in extension.value.get_values_for_type(x509.DNSName)]
        own += [str(address) for address in extension.value.get_values_for_type(x509.IPAddress)]
    except x509.ExtensionNotFound:
        common = parsed.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        own = [str(each.value).lower() for each in common]
    return any(_matches(pattern, name.lower()) for pattern in own for name in names)


def _matches(pattern: str, name: str) -> bool:
    if pattern.startswith("*."):
        return name.partition(".")[2] == pattern[2:]
    return pattern == name
