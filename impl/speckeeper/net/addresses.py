"""Addresses of peers as ZooKeeper writes them: ACLs of scheme ``ip`` compare them as text."""

from ipaddress import IPv6Address, ip_address


def java_host(host: str) -> str:
    """Return a numeric address in the form of Java's ``getHostAddress``.

    IPv4 as it is, also when it came mapped into IPv6; IPv6 as eight groups without leading zeros
    and never shortened, a scope after ``%`` kept. Anything else is returned unchanged.
    """
    if ":" not in host:
        return host
    text, percent, scope = host.partition("%")
    try:
        address = ip_address(text)
    except ValueError:
        return host
    if not isinstance(address, IPv6Address):
        return host
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    groups = address.exploded.split(":")
    return ":".join(format(int(group, 16), "x") for group in groups) + percent + scope
