from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from whaletrader.adapters.polymarket.chain_window import KEPT_BLOCKS, ChainWindow


def log(tx: str, index: int, block: int, fork: str = "a") -> dict[str, Any]:
    return {
        "transactionHash": tx,
        "logIndex": hex(index),
        "blockNumber": hex(block),
        "blockHash": f"{fork}{block}",
        "removed": False,
    }


def test_a_log_is_told_once_whether_pushed_or_read() -> None:
    window = ChainWindow(confirmations=3)
    one = log("0xA", 0, 10)
    assert window.pushed([one, one]) == [one]
    assert window.read([one], 5, 11) == []
    two = log("0xb", 1, 11)
    assert window.read([one, two], window.first, 12) == [two]


def test_two_logs_of_one_transaction_are_two() -> None:
    window = ChainWindow(confirmations=0)
    assert len(window.read([log("0xa", 0, 1), log("0xa", 1, 1)], 1, 1)) == 2


def test_what_one_reading_lacks_is_believed_gone_at_the_second() -> None:
    window = ChainWindow(confirmations=5)
    one = log("0xa", 0, 10)
    window.read([one], 1, 10)
    assert window.read([], window.first, 11) == []
    assert window.read([], window.first, 12) == [one | {"removed": True}]
    assert window.read([], window.first, 13) == []


def test_a_node_that_lags_takes_nothing_back() -> None:
    window = ChainWindow(confirmations=5)
    window.read([log("0xa", 0, 10)], 1, 10)
    for _ in range(5):
        assert window.read([], 1, 9) == []


def test_a_log_is_looked_for_until_it_is_decided_even_when_its_block_became_final() -> None:
    window = ChainWindow(confirmations=1)
    one = log("0xa", 0, 10)
    window.read([one], 1, 10)
    assert window.read([], window.first, 30) == []
    assert window.first == 10
    assert window.read([], window.first, 31) == [one | {"removed": True}]


def test_a_log_that_comes_back_was_never_gone() -> None:
    window = ChainWindow(confirmations=5)
    one = log("0xa", 0, 10)
    window.read([one], 1, 10)
    window.read([], 1, 11)
    assert window.read([one], 1, 12) == []
    assert window.read([], 1, 13) == []


def test_a_log_that_moved_to_another_block_is_taken_back_and_told_anew() -> None:
    window = ChainWindow(confirmations=5)
    one, moved = log("0xa", 0, 10), log("0xa", 0, 11, "b")
    window.pushed([one])
    assert window.read([moved], 1, 12) == [one | {"removed": True}, moved]


def test_a_transaction_that_moved_takes_all_its_logs_along_though_their_indices_change() -> None:
    window = ChainWindow(confirmations=5)
    old, moved = [log("0xa", 0, 10), log("0xa", 1, 10)], [log("0xa", 4, 11, "b"), log("0xa", 5, 11, "b")]
    window.pushed(old)
    assert window.pushed(moved[:1]) == [*(each | {"removed": True} for each in old), moved[0]]
    assert window.pushed(moved[1:]) == moved[1:]
    assert window.read(moved, 1, 12) == []


def test_a_reorganisation_deeper_than_the_confirmations_takes_back_too() -> None:
    window = ChainWindow(confirmations=1)
    one, moved = log("0xa", 0, 10), log("0xa", 3, 14, "b")
    window.read([one], 1, 13)
    assert window.read([moved], window.first, 14) == [one | {"removed": True}, moved]


def test_the_memory_of_final_logs_ends() -> None:
    window = ChainWindow(confirmations=1)
    for block in range(1, 1_000):
        window.read([log(f"0x{block}", 0, block)], block, block)
    assert len(window._open) == len(window._keys) == KEPT_BLOCKS + 1


def test_a_pushed_removal_is_passed_on_and_the_log_may_come_again() -> None:
    window = ChainWindow(confirmations=5)
    one = log("0xa", 0, 10)
    window.pushed([one])
    assert window.pushed([one | {"removed": True}]) == [one | {"removed": True}]
    assert window.pushed([one]) == [one]


def test_what_is_final_is_not_told_again() -> None:
    window = ChainWindow(confirmations=2)
    one = log("0xa", 0, 10)
    window.read([one], 1, 20)
    assert window.final == 18
    assert window.read([one], 1, 20) == []


def test_what_is_no_log_is_left_to_the_decoder() -> None:
    window = ChainWindow(confirmations=2)
    odd = {"logIndex": "0xzz", "transactionHash": "0xa", "blockNumber": "0x1"}
    assert window.pushed([odd]) == [odd]
    assert window.read([odd], 0, 1) == [odd]


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_with_reorganisations_what_was_told_less_what_was_taken_back_is_the_chain(data: st.DataObject) -> None:
    """Blocks behind the head are rewritten within the confirmations; afterwards the told set is the chain's."""
    window = ChainWindow(confirmations=4)
    chain: dict[int, list[dict[str, Any]]] = {}
    told: dict[tuple[str, str], str] = {}

    def note(logs: list[dict[str, Any]]) -> None:
        for each in logs:
            key = (each["transactionHash"], each["logIndex"])
            if each["removed"]:
                assert told.pop(key) == each["blockHash"]
            else:
                assert key not in told
                told[key] = each["blockHash"]

    def read(head: int) -> None:
        first = window.first
        note(window.read([each for block in range(first, head + 1) for each in chain.get(block, [])], first, head))

    steps = data.draw(st.integers(1, 25))
    for head in range(1, steps + 1):
        chain[head] = [log(f"0x{head}", n, head) for n in range(data.draw(st.integers(0, 2)))]
        for block in range(max(window.final + 1, 1), head):
            if data.draw(st.integers(0, 9)) == 0:
                chain[block] = [each for each in chain[block] if data.draw(st.booleans())]
        if data.draw(st.booleans()):
            note(window.pushed(chain[head]))
        read(head)
    for head in range(steps, steps + 3):
        read(head)
    assert told == {
        (each["transactionHash"], each["logIndex"]): each["blockHash"] for logs in chain.values() for each in logs
    }
