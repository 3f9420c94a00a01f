import pytest

from whaletrader.domain.addresses import address_bytes, address_of_hash, checksum_address, is_address

EIP_55 = (
    "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
    "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
    "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB",
    "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
    "0x52908400098527886E0F7030069857D2E4169EE7",
    "0xde709f2102306220921060314715629080e2fb77",
)


@pytest.mark.parametrize("address", EIP_55)
def test_addresses_are_spelt_as_the_standards_examples(address):
    assert checksum_address(address.lower()) == address
    assert checksum_address("0x" + address[2:].upper()) == address
    assert address_bytes(address).hex() == address[2:].lower()


@pytest.mark.parametrize("text", ["", "0x", "0x12", EIP_55[0][2:], EIP_55[0] + "0", "0x" + "g" * 40, "0x" + "１" * 40])
def test_what_is_no_address_is_refused(text):
    assert not is_address(text)
    with pytest.raises(ValueError, match="not an address"):
        address_bytes(text)
    with pytest.raises(ValueError, match="not an address"):
        checksum_address(text)


def test_an_address_is_the_end_of_a_hash():
    assert address_of_hash(bytes(12) + b"\xab" * 20) == "0x" + "ab" * 20
