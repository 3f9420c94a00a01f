import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.vectors import vectors
from whaletrader.domain.contract_ids import (
    BINARY,
    COMBO,
    FIELD_PRIME,
    NEG_RISK,
    PositionId,
    binary_position,
    collection_id,
    condition_id,
    neg_risk_condition_id,
    neg_risk_position,
    neg_risk_question_id,
    position_token,
    token_id,
    unpack_position_id,
)
from whaletrader.domain.order_hash import is_position_id, keccak256
from whaletrader.domain.venue_contracts import VenueContract

FILE = vectors("ctf_ids")
CASES = FILE["vectors"]
OBSERVED = FILE["protocol_v2_position_ids"]["observed"]
WORD = st.binary(min_size=32, max_size=32).map(lambda raw: "0x" + raw.hex())


@pytest.mark.parametrize("case", CASES, ids=[case["condition_id"][:10] for case in CASES])
def test_collections_and_tokens_are_the_real_ones(case):
    condition = case["condition_id"]
    for outcome in (0, 1):
        collection = collection_id(condition, 1 << outcome)
        assert collection == case["collection_ids"][outcome]
        assert token_id(condition, outcome, neg_risk=False) == case["derived"]["USDC.e"][outcome]
        assert token_id(condition, outcome, neg_risk=True) == case["derived"]["WCOL"][outcome]
        assert position_token(VenueContract.PUSD, collection) == case["derived"]["pUSD"][outcome]
    for real, matches in case["match"].items():
        for match in matches:
            outcome = {1: 0, 2: 1}[match["index_set"]]
            assert token_id(condition, outcome, neg_risk=match["collateral"] == "WCOL") == real


@pytest.mark.parametrize("case", OBSERVED, ids=lambda case: case["market"][:12])
def test_position_ids_of_the_venue_are_read_and_made_again(case):
    for outcome, text in enumerate(case["positionIds"]):
        position = unpack_position_id(int(text))
        assert position.pack() == int(text)
        assert f"{int(text):064x}".startswith(case["hex0"][:62])
        assert is_position_id(int(text))
        if "negRiskMarketID" in case:
            place = (position.arity, position.condition_index)
            assert position == neg_risk_position(case["negRiskMarketID"], *place, outcome)
            assert f"arity {position.arity}" in case["reading"]
        else:
            assert position == binary_position(case["conditionId"], outcome)
        assert position.condition == f"0x{int(text) >> 8:062x}"
        assert len(position.condition) == 64


@settings(max_examples=200, deadline=None)
@given(
    st.tuples(
        st.sampled_from([BINARY, NEG_RISK, COMBO]),
        st.integers(0, 2**128 - 1),
        st.integers(0, 2**16 - 1),
        st.integers(0, 2**16 - 1),
        st.integers(0, 2**16 - 1),
        st.integers(0, 255),
    )
)
def test_a_position_id_survives_packing(fields):
    position = PositionId(*fields)
    number = position.pack()
    assert unpack_position_id(number) == position
    assert is_position_id(number)
    assert number >> 40 & (2**64 - 1) == 0
    assert number.to_bytes(32, "big")[0] == position.module


@pytest.mark.parametrize(
    "fields",
    [(256, 0), (1, 2**128), (1, 0, 2**16), (1, 0, 0, 2**16), (1, 0, 0, 0, 2**16), (1, 0, 0, 0, 0, 256), (-1, 0)],
)
def test_a_field_beyond_its_bits_is_refused(fields):
    with pytest.raises(ValueError, match="bits"):
        PositionId(*fields).pack()


@pytest.mark.parametrize("number", [1 << 40, 1 << 103, -1, 1 << 256, int(CASES[0]["real_token_ids"][0])])
def test_another_kind_of_id_is_no_position(number):
    with pytest.raises(ValueError, match="Protocol V2"):
        unpack_position_id(number)


def test_a_condition_is_the_hash_of_oracle_question_and_outcomes():
    oracle, question = VenueContract.UMA_ADAPTER, "0x" + "ab" * 32
    packed = bytes.fromhex(oracle[2:]) + bytes.fromhex("ab" * 32) + (2).to_bytes(32, "big")
    assert condition_id(oracle, question) == "0x" + keccak256(packed).hex()
    assert condition_id(oracle, question, 3) != condition_id(oracle, question)


def test_a_neg_risk_question_is_the_market_with_its_index_last():
    market = "0x5aac4b53c59681df77d9cf1168ffe88e920a0bbbbaddeaae43b3a39d1ab17600"
    assert neg_risk_question_id(market, 0) == market
    assert neg_risk_question_id(market, 255) == market[:-2] + "ff"
    assert neg_risk_condition_id(market, 1) == condition_id(VenueContract.NEG_RISK_ADAPTER, market[:-2] + "01")


def test_an_id_of_another_length_is_refused():
    with pytest.raises(ValueError, match="32 bytes"):
        collection_id("0x12", 1)


@settings(max_examples=60, deadline=None)
@given(WORD, st.sampled_from([1, 2]))
def test_a_collection_is_a_point_of_the_curve_whose_y_has_the_told_parity(condition, index_set):
    told = int(collection_id(condition, index_set), 16)
    odd, x = told >> 254, told & (2**254 - 1)
    assert x < FIELD_PRIME
    square = (x**3 + 3) % FIELD_PRIME
    root = pow(square, (FIELD_PRIME + 1) // 4, FIELD_PRIME)
    assert root * root % FIELD_PRIME == square
    digest = int.from_bytes(keccak256(bytes.fromhex(condition[2:]) + index_set.to_bytes(32, "big")), "big")
    assert odd == digest >> 255


@settings(max_examples=20, deadline=None)
@given(WORD)
def test_the_two_outcomes_and_the_two_kinds_of_market_have_four_tokens(condition):
    tokens = {token_id(condition, outcome, neg_risk=kind) for outcome in (0, 1) for kind in (False, True)}
    assert len(tokens) == 4
    assert all(not is_position_id(int(token)) for token in tokens)
