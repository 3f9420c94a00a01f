"""The venue's contracts on Polygon by role, and the addresses that are never wallets of traders.

Source: FACTS 7.1 (the venue's documentation and its package). Which of them an order is settled by is told in
`domain.order_hash`.
"""

from enum import StrEnum

ZERO_ADDRESS = "0x" + "0" * 40


class VenueContract(StrEnum):
    """Lower-case addresses."""

    PUSD = "0xc011a7e12a19f7b1f670d46f03b03f3342e82dfb"
    ONRAMP = "0x93070a847efef7f70739046a929d47a521f5b8ee"
    OFFRAMP = "0x2957922eb93258b93368531d39facca3b4dc5854"
    PERMISSIONED_RAMP = "0xebc2459ec962869ca4c0bd1e06368272732bcb08"
    USDC_E = "0x2791bca1f2de4661ed88a30c99a7a9449aa84174"
    USDC = "0x3c499c542cef5e3811e1192ce70d8cc03d5c3359"
    CONDITIONAL_TOKENS = "0x4d97dcd97ec945f40cf65f87097ace5ea0476045"
    EXCHANGE = "0xe111180000d2663c0091e4f400237545b87b996b"
    NEG_RISK_EXCHANGE = "0xe2222d279d744050d28e00520010520000310f59"
    NEG_RISK_EXCHANGE_B = "0xe2222d002000ba0053cef3375333610f64600036"
    EXCHANGE_V3 = "0xe3333700ca9d93003f00f0f71f8515005f6c00aa"
    POSITION_MANAGER = "0x006f54f7f9a22e0000cc2ab60031000000ae9fef"
    ROUTER = "0x12121212006e4cd160d18e3f00711da5c3372600"
    AUTO_REDEEMER = "0xa1200000d0002264c9a1698e001292d00e1b00af"
    BINARY_MODULE = "0x1000008dd9001b968442c1000017eae6e0da00ba"
    NEG_RISK_MODULE = "0x200000900045e3b6259600682756002200028933"
    COMBO_MODULE = "0x30000034706c7d8e12009dab006be20000c031a8"
    EXCHANGE_V1 = "0x4bfb41d5b3570defd03c39a9a4d8de6bd8b8982e"
    NEG_RISK_EXCHANGE_V1 = "0xc5d563a36ae78145c45a50134d48a1215220f80a"
    NEG_RISK_ADAPTER = "0xd91e80cf2e7be2e162c6513ced06f1dd0da35296"
    WRAPPED_COLLATERAL = "0x3a3bd7bb9528e159577f7c2e685cc81a765002e2"
    NEG_RISK_OPERATOR = "0x71523d0f655b41e805cec45b17163f528b59b820"
    COLLATERAL_ADAPTER = "0xada100db00ca00073811820692005400218fce1f"
    NEG_RISK_COLLATERAL_ADAPTER = "0xada2005600dec949baf300f4c6120000bdb6eaab"
    FEE_MODULE_V1 = "0xe3f18acc55091e2c48d883fc8c8413319d4ab7b0"
    NEG_RISK_FEE_MODULE_V1 = "0xb768891e3130f6df18214ac804d4db76c2c37730"
    PROXY_FACTORY = "0xab45c5a4b0c941a2f231c04c3f49182e1a254052"
    SAFE_FACTORY = "0xaacfeea03eb1561c4e67d661e40682bd20e3541b"
    DEPOSIT_WALLET_FACTORY = "0x00000000000fb5c9adea0298d729a0cb3823cc07"
    UMA_ADAPTER = "0x6a9d222616c90fca5754cd1333cfd9b7fb6a4f74"
    UMA_ORACLE = "0xcb1822859cef82cd2eb4e6276c7916e692995130"


EXCHANGES_V1 = (VenueContract.EXCHANGE_V1, VenueContract.NEG_RISK_EXCHANGE_V1)
"""Dead since 2026-04-28; in every archive."""
LIVE_EXCHANGES = (VenueContract.EXCHANGE, VenueContract.NEG_RISK_EXCHANGE, VenueContract.EXCHANGE_V3)
"""Whose fills are followed; a fill's `taker` is one of them in the taker's own log."""
EXCHANGES = (*EXCHANGES_V1, *LIVE_EXCHANGES, VenueContract.NEG_RISK_EXCHANGE_B)
EXCLUDED_ADDRESSES = frozenset({ZERO_ADDRESS, *(contract.value for contract in VenueContract)})
"""They trade in every match and are never ranked as wallets; lower case, for look-ups only."""
