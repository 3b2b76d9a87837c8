"""Hosts as people write them: an IPv6 address with brackets or without."""

import ipaddress


def bracketed(host: str) -> str:
    """Return ``host[:port]`` with brackets around a bare IPv6 address; anything else as it is.

    The last group is a port only where the whole is no address: ``::1:23832``, not ``::1:2181``.
    """
    if is_ipv6(host):
        return f"[{host}]"
    name, _, port = host.rpartition(":")
    if is_ipv6(name) and port.isascii() and port.isdigit():
        return f"[{name}]:{port}"
    return host


def bracketed_all(connect_string: str) -> str:
    """Return a connect string (``host[:port][,...][/chroot]``), each host :func:`bracketed`."""
    hosts, slash, chroot = connect_string.partition("/")
    return ",".join(bracketed(host.strip()) for host in hosts.split(",")) + slash + chroot


def is_ipv6(text: str) -> bool:
    """Say whether the text is an IPv6 address, without brackets."""
    try:
        ipaddress.IPv6Address(text)
    except ValueError:
        return False
    return True
