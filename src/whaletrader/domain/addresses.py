"""Ethereum addresses as bytes, as lower-case ids, and in the mixed case of EIP-55 that the venue's JSON carries."""

from functools import lru_cache

from whaletrader.domain.order_hash import keccak256

_HEX = frozenset("0123456789abcdefABCDEF")
ADDRESS_LENGTH = 42


def is_address(text: str) -> bool:
    """Whether a text is 0x and 40 hex digits of any case (a mixed-case checksum is not looked at)."""
    return len(text) == ADDRESS_LENGTH and text[:2] in ("0x", "0X") and _HEX.issuperset(text[2:])


def address_bytes(text: str) -> bytes:
    """The 20 bytes of an address.

    Raises
    ------
    ValueError
        Where the text is no address.
    """
    if not is_address(text):
        raise ValueError("not an address: 0x and 40 hex digits are wanted")
    return bytes.fromhex(text[2:])


@lru_cache(maxsize=65_536)
def checksum_address(text: str) -> str:
    """Spell an address in the mixed case of EIP-55: a letter is upper case where its digit of the hash is above 7.

    Parameters
    ----------
    text : str
        An address of any case.

    Raises
    ------
    ValueError
        Where the text is no address.

    Examples
    --------
    >>> checksum_address("0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266")
    '0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266'
    """
    digits = address_bytes(text).hex()
    digest = keccak256(digits.encode()).hex()
    return "0x" + "".join(
        letter.upper() if int(nibble, 16) > 7 else letter for letter, nibble in zip(digits, digest, strict=False)
    )


def address_of_hash(digest: bytes) -> str:
    """The address in the last 20 bytes of a hash, lower case."""
    return "0x" + digest[-20:].hex()
