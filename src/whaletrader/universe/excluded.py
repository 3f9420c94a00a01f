"""Addresses that are the venue's own contracts: they trade in every match and are never ranked as wallets."""

import polars as pl

VENUE_ADDRESSES = frozenset(
    {
        "0xc011a7e12a19f7b1f670d46f03b03f3342e82dfb",  # pUSD
        "0x93070a847efef7f70739046a929d47a521f5b8ee",  # onramp
        "0x2957922eb93258b93368531d39facca3b4dc5854",  # offramp
        "0xebc2459ec962869ca4c0bd1e06368272732bcb08",  # permissioned ramp
        "0x2791bca1f2de4661ed88a30c99a7a9449aa84174",  # USDC.e
        "0x3c499c542cef5e3811e1192ce70d8cc03d5c3359",  # native USDC
        "0x4d97dcd97ec945f40cf65f87097ace5ea0476045",  # ConditionalTokens
        "0xe111180000d2663c0091e4f400237545b87b996b",  # CTFExchange V2
        "0xe2222d279d744050d28e00520010520000310f59",  # NegRisk exchange V2
        "0xe2222d002000ba0053cef3375333610f64600036",  # NegRisk exchange "B"
        "0xe3333700ca9d93003f00f0f71f8515005f6c00aa",  # ExchangeV3
        "0x006f54f7f9a22e0000cc2ab60031000000ae9fef",  # PositionManager
        "0x12121212006e4cd160d18e3f00711da5c3372600",  # Router
        "0xa1200000d0002264c9a1698e001292d00e1b00af",  # AutoRedeemer
        "0x1000008dd9001b968442c1000017eae6e0da00ba",  # module binary
        "0x200000900045e3b6259600682756002200028933",  # module negRisk
        "0x30000034706c7d8e12009dab006be20000c031a8",  # module combo
        "0x4bfb41d5b3570defd03c39a9a4d8de6bd8b8982e",  # V1 exchange
        "0xc5d563a36ae78145c45a50134d48a1215220f80a",  # V1 negRisk exchange
        "0xd91e80cf2e7be2e162c6513ced06f1dd0da35296",  # NegRiskAdapter
        "0x3a3bd7bb9528e159577f7c2e685cc81a765002e2",  # wrapped collateral
        "0x71523d0f655b41e805cec45b17163f528b59b820",  # negRisk operator
        "0xada100db00ca00073811820692005400218fce1f",  # collateral adapter CTF
        "0xada2005600dec949baf300f4c6120000bdb6eaab",  # collateral adapter negRisk
        "0xe3f18acc55091e2c48d883fc8c8413319d4ab7b0",  # V1 fee module
        "0xb768891e3130f6df18214ac804d4db76c2c37730",  # V1 fee module negRisk
        "0xab45c5a4b0c941a2f231c04c3f49182e1a254052",  # proxy factory
        "0xaacfeea03eb1561c4e67d661e40682bd20e3541b",  # safe factory
        "0x00000000000fb5c9adea0298d729a0cb3823cc07",  # deposit-wallet factory
        "0x6a9d222616c90fca5754cd1333cfd9b7fb6a4f74",  # UMA adapter
        "0xcb1822859cef82cd2eb4e6276c7916e692995130",  # UMA optimistic oracle
        "0x0000000000000000000000000000000000000000",
    }
)
"""Lower case."""


def venue_wallets(wallets: pl.DataFrame) -> pl.Series:
    """Codes of the wallets that are the venue's own."""
    return wallets.filter(pl.col("address").is_in(sorted(VENUE_ADDRESSES)))["wallet"]
