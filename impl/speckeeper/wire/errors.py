"""The one error of this package: bytes that are not what the format says."""


class WireError(Exception):
    """Bytes that cannot be decoded.

    Every decoder in ``speckeeper.wire`` raises this and nothing else, whatever bytes it is given.
    The text names what was expected and the offset (from the start of the buffer) where it was
    not found.
    """
