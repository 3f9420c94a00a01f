"""What a market is about, inferred from its type, tags and slug; a guess from text is marked as one.

`category` is one of the words of the schema; `category_basis` says how it was found: `declared` (the venue's own
type, category or tags), `slug` (a pattern of the slug), `none` (nothing matched: `other`).
"""

import polars as pl

CATEGORIES = (
    "crypto",
    "sports",
    "politics",
    "finance",
    "economics",
    "culture",
    "weather",
    "tech",
    "mentions",
    "geopolitics",
    "other",
)

_COINS = "btc|bitcoin|eth|ethereum|sol|solana|xrp|doge|dogecoin|bnb|hype|hyperliquid|crypto|megaeth"
_LEAGUES = (
    "nba|wnba|mlb|nhl|nfl|cfb|cbb|cwbb|ncaa|epl|lal|sea|bun|fl1|ucl|uel|uwcl|mls|nwsl|atp|wta|itf|ufc|f1|cs2|lol|dota2|val|codmw|"
    "r6siege|mlbb|hok|ow|sc2|rl|pubg|kbo|npb|fifwc|fif|fifa|elc|bra|bra2|j1100|j2100|j1|j2|es2|chi|chi1|spl|col|col1|arg|tur|por|bl2|"
    "lib|nor|ere|kor|aus|mex|sud|per1|fr2|rou1|scop|den|cze1|egy1|rus|isp|efa|mar1|bkcba|uef|ukr1|ahl|euroleague|el1|el2|bol1|"
    "brco|itsb|bkligend|bkjpn|bkbbl|khl|hr1|itc|cdr|shl|ccc|wch|dfb|acn|efl|cdl|ruprem|rusrp|rutopft|ruurc|wwcquefa|pga|nascar|liv|crint|cric[a-z0-9]*|bk[a-z0-9]+"
)
_SPORT_WORDS = (
    "super-bowl|stanley-cup|world-series|world-cup|champions-league|europa-league|premier-league|la-liga|serie-a|bundesliga|playoffs|"
    "grand-prix|drivers-champion|masters-tournament|the-masters|wimbledon|french-open|roland-garros|us-open|ballon-dor|olympics|"
    "march-madness|champion|(?:nba|wnba|nhl)-finals|goal-contributions|defender-of-the-year|coppa-|heritage-winner|"
    "boxing|heisman|mvp|golden-boot|championship|nfc|afc|formula-1|esports|chess|fantasy|draft-"
)
_STOCKS = (
    "spx|spy|ndx|qqq|dji|hsi|nik|dax|ftse|ewy|xauusd|xagusd|gold|silver|gc|si|cl|wti|ng|crude|brent|oil|copper|nvda|tsla|googl|meta|amzn|msft|aapl|"
    "nflx|pltr|coin|abnb|rut|vix|usdjpy|eurusd|gbpusd|usdkrw|opendoor|largest-company|microstrategy|net-worth|acquire|what-price-will|ipo|earnings|stock|market-cap"
)
_RULES: tuple[tuple[str, str], ...] = (
    ("culture", r"-of-tweets|truth-social-posts|-views-of-"),
    (
        "mentions",
        r"what-(?:will|animals)[a-z0-9-]*-say|will-[a-z0-9-]+-say-|mention|-say-during|-say-in-|say-[a-z0-9-]+-times",
    ),
    (
        "weather",
        r"highest-temperature|lowest-temperature|temperature|hurricane|-inches-of|snow-in-|rainfall|hottest|precipitation|earthquake|tornado",
    ),
    (
        "crypto",
        rf"(?:^|-)(?:{_COINS})(?:-|$)|updown-(?:5m|15m|1h|4h)|airdrop|token-launch|launch-a-token|public-sale|metadao|fdv|stablecoin|tether|usdc|memecoin",
    ),
    ("sports", rf"^(?:{_LEAGUES})-|{_SPORT_WORDS}|-vs-|-(?:spread|total|moneyline|btts)-"),
    ("finance", rf"(?:^|-)(?:{_STOCKS})(?:-|$)"),
    (
        "economics",
        r"(?:^|-)fed-(?:decision|rate|interest|cut|hike|fund|emergency)|bank-of-|reserve-bank|rate-change|jobs-added|interest-rate|inflation|(?:^|-)cpi|gdp|unemployment|jobs-report|payroll|recession|tariff|rate-cut|bps|treasury",
    ),
    ("politics", r"election|trump-visit|leader-end-of|next-prime-minister|fed-chair|-out-(?:in|by|before|as)-"),
    (
        "geopolitics",
        (
            r"iran|ukrain|russia|putin|zelensk|israel|gaza|hamas|hezbollah|houthi|lebanon|syria|china-|taiwan|ceasefire|military|nuclear|nato|hormuz|"
            r"khamenei|north-korea|venezuela|maduro|invade|airstrike|us-strike-on|peace-deal|kharg|greenland|strikes-"
        ),
    ),
    (
        "politics",
        (
            r"election|president|senate|house-|governor|mayor|nominee|primary|trump|biden|congress|parliament|minister|chancellor|cabinet|impeach|"
            r"shutdown|supreme-court|epstein|midterm|democrat|republican|newsom|doge-|pardon|vote|approval|resign|-charged-|-fired-by|insurrection|aliens|signed-into-law"
        ),
    ),
    (
        "tech",
        r"openai|gpt|anthropic|claude|gemini|grok|llm|(?:^|-)ai(?:-|$)|apple|google-|spacex|starship|iphone|app-store|model|robot",
    ),
    (
        "culture",
        (
            r"elon-musk-of-tweets|tweets|truth-social|movie|box-office|oscar|grammy|emmy|eurovision|album|song|spotify|billboard|netflix|taylor-swift|"
            r"mrbeast|youtube|rotten-tomatoes|bachelor|love-island|survivor|dancing-with|celebrity|pregnan|engaged|married|person-of-the-year|"
            r"james-bond|season-|gta|game-of-the-year|miss-universe|time-person|hatch"
        ),
    ),
)
_TAGS: tuple[tuple[str, str], ...] = (
    ("mentions", "mention-markets"),
    ("sports", "sports|esports|nba|nfl|mlb|nhl|soccer|tennis"),
    ("crypto", "crypto|bitcoin|ethereum"),
    ("weather", "weather|temperature"),
    ("economics", "economy|fed|inflation|macro"),
    ("finance", "finance|stocks|commodities"),
    ("geopolitics", "geopolitics|middle-east|ukraine|israel|gaza|iran|ukraine-map|foreign-policy"),
    ("politics", "politics|elections|global-elections|world-elections|trump-presidency|trump"),
    ("tech", "tech|ai|openai"),
    ("culture", "pop-culture|music|awards|celebrities|movies|eurovision|grammys"),
)
_VENUE_WORDS: tuple[tuple[str, str], ...] = (
    ("crypto", "crypto|nfts"),
    ("sports", "sports|nba playoffs|olympics|chess"),
    ("politics", "us-current-affairs|global politics"),
    ("finance", "business"),
    ("tech", "tech|science|space"),
    ("culture", "pop-culture|art"),
    ("other", "coronavirus"),
)


def categorise(markets: pl.LazyFrame) -> pl.LazyFrame:
    """Add `category_found` and `category_basis` to markets with category, fee_type, sports_market_type, tags, slug,
    event_slug and question, which is read where there is no slug.
    """
    asked = pl.col("question").str.to_lowercase().str.replace_all(r"[^a-z0-9]+", "-")
    either = [pl.col("event_slug").str.to_lowercase(), pl.coalesce(pl.col("slug").str.to_lowercase(), asked)]
    declared = _first(
        [
            (pl.col("fee_type").str.starts_with("crypto"), "crypto"),
            (pl.col("fee_type").str.starts_with("sports") | pl.col("sports_market_type").is_not_null(), "sports"),
            *(
                (pl.col("category").str.to_lowercase().str.contains(f"^(?:{words})$"), name)
                for name, words in _VENUE_WORDS
            ),
            *((pl.col("tags").str.contains(rf"(?:^|\|)(?:{words})(?:\||$)"), name) for name, words in _TAGS),
        ]
    )
    guessed = _first(
        [(pl.any_horizontal(part.str.contains(pattern) for part in either), name) for name, pattern in _RULES]
    )
    return (
        markets.with_columns(_declared=declared, _guessed=guessed)
        .with_columns(
            category_found=pl.coalesce("_declared", "_guessed", pl.lit("other")),
            category_basis=pl.when(pl.col("_declared").is_not_null())
            .then(pl.lit("declared"))
            .when(pl.col("_guessed").is_not_null())
            .then(pl.lit("slug"))
            .otherwise(pl.lit("none")),
        )
        .drop("_declared", "_guessed")
    )


def _first(rules: list[tuple[pl.Expr, str]]) -> pl.Expr:
    chain = pl.lit(None, dtype=pl.String)
    for condition, name in reversed(rules):
        chain = pl.when(condition.fill_null(value=False)).then(pl.lit(name)).otherwise(chain)
    return chain
