"""What a dataset's fills are told apart by."""

from collections import Counter

from whaletrader.datasets.store import Dataset


def natural_keys(dataset: Dataset) -> Counter[tuple[str, str, str, int, int]]:
    """First copies of the fills by (transaction, wallet, token, side, size)."""
    trades = dataset.table("trades")
    columns = (("wallets", "address"), ("tokens", "token_id"), ("transactions", "tx_hash"))
    names = {name: dataset.table(name)[column] for name, column in columns}
    return Counter(
        (
            names["transactions"][row["transaction"]],
            names["wallets"][row["wallet"]],
            names["tokens"][row["token"]],
            row["side"],
            row["size_micro"],
        )
        for row in trades.filter(trades["dup_rank"] == 0).iter_rows(named=True)
    )
