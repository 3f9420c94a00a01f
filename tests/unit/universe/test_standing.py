"""Standing among all judged wallets: against the formula one at a time, and who is compared with whom."""

import warnings

import numpy as np
import pytest
from numpy.typing import NDArray

from whaletrader.domain.scoring import COMPONENTS
from whaletrader.domain.skill import VERDICTS, Verdict
from whaletrader.quant.sharpe import deflated_sharpe_ratio
from whaletrader.universe.evidence import Evidence
from whaletrader.universe.selection import Selection
from whaletrader.universe.standing import NEEDED, Standing, components, deflated, standing

Floats = NDArray[np.float64]


def values_of(wallets: int, seed: int = 1) -> dict[str, Floats]:
    rng = np.random.default_rng(seed)
    found = {name: rng.uniform(0.01, 1.0, wallets) for name in NEEDED}
    found["mean_edge"] = rng.normal(0.0, 50_000.0, wallets)
    found["sharpe_bet"] = rng.normal(0.0, 0.2, wallets)
    found["kurt"] = rng.uniform(3.0, 9.0, wallets)
    found["n_effective"] = rng.uniform(20.0, 200.0, wallets)
    return found


def evidence_of(values: dict[str, Floats], enough: NDArray[np.bool_], error: float = 30_000.0) -> Evidence:
    edge = values["mean_edge"]
    nothing = np.full(edge.size, np.nan)
    return Evidence(
        enough=enough, withheld=np.zeros(edge.size, np.int64), lower=edge - error, upper=edge + error,
        interval=np.ones(edge.size, np.int64), p_value=nothing, log_p=nothing, log_e=nothing, log_e_peak=nothing,
    )  # fmt: skip


def stand(
    values: dict[str, Floats], enough: NDArray[np.bool_] | None = None, policies: tuple[str, ...] = ("taker",)
) -> Standing:
    wallets = values["mean_edge"].size
    enough = np.ones(wallets, np.bool_) if enough is None else enough
    policy = np.array([policies[u % len(policies)] for u in range(wallets)], object)
    chosen = Selection(np.where(enough, 0.01, np.nan), np.full(wallets, np.nan), np.zeros(wallets, np.bool_))
    shrunk = np.where(enough, values["mean_edge"] / 2.0, np.nan)
    kind = np.array(["fill"] * wallets, object)
    return standing(kind, policy, values, evidence_of(values, enough), chosen, shrunk)


def test_records_of_one_length_are_deflated_as_in_the_paper() -> None:
    values = values_of(30) | {"n_effective": np.full(30, 57.0)}
    kind = np.array(["fill"] * 20 + ["position"] * 10, object)
    found = deflated(kind, values)
    for rows in (slice(0, 20), slice(20, 30)):
        trials = values["sharpe_bet"][rows]
        for u in range(*rows.indices(30)):
            expected = deflated_sharpe_ratio(
                float(values["sharpe_bet"][u]), 57, float(values["skew"][u]), float(values["kurt"][u]),
                n_trials=trials.size, variance_of_trial_sharpes=float(trials.var(ddof=1)),
            )  # fmt: skip
            assert found[u] == pytest.approx(expected, abs=1e-12)


def test_each_record_is_deflated_by_the_trials_at_its_own_length() -> None:
    values = values_of(20)
    found = deflated(np.array(["fill"] * 20, object), values)
    lengths = np.floor(values["n_effective"])
    for u in range(20):
        at_its_length = values["sharpe_bet"] * np.sqrt((lengths - 1) / (lengths[u] - 1))
        expected = deflated_sharpe_ratio(
            float(values["sharpe_bet"][u]), int(lengths[u]), float(values["skew"][u]), float(values["kurt"][u]),
            n_trials=20, variance_of_trial_sharpes=float(at_its_length.var(ddof=1)),
        )  # fmt: skip
        assert found[u] == pytest.approx(expected, abs=1e-12)


def test_a_long_good_record_among_short_lucky_ones_is_not_deflated_to_nothing() -> None:
    rng = np.random.default_rng(7)
    lengths = np.append(np.full(400, 31.0), 301.0)
    values = {
        "sharpe_bet": np.append(rng.normal(0.0, 1.0, 400) / np.sqrt(30.0), 0.35), "n_effective": lengths,
        "skew": np.zeros(401), "kurt": np.full(401, 3.0),
    }  # fmt: skip
    found = deflated(np.array(["fill"] * 401, object), values)
    assert values["sharpe_bet"].argmax() < 400
    assert found.argmax() == 400
    assert found[400] > 0.99
    assert found[:400].max() < 0.8


@pytest.mark.parametrize(
    ("feature", "component", "better"),
    [
        ("shrunk", "profitability", 1), ("dsr", "profitability", 1), ("psr", "profitability", 1),
        ("roi_trimmed", "profitability", 1), ("slippage", "market_impact", -1), ("buy_volume_usd", "size", 1),
        ("stake_median_usd", "size", 1), ("breadth", "size", 1), ("drawdown_sd", "risk_control", -1),
        ("loss_tail", "risk_control", -1), ("concentration", "risk_control", -1), ("priced_share", "liquidity", 1),
        ("spread", "liquidity", -1), ("wait_s", "liquidity", -1),
    ],
)  # fmt: skip
def test_every_feature_moves_its_component_the_right_way(feature: str, component: str, better: int) -> None:
    judged = values_of(12) | {"shrunk": np.linspace(0, 1, 12), "dsr": np.linspace(1, 0, 12)}
    worst, best = judged[feature].copy(), judged[feature].copy()
    worst[5], best[5] = -1e9 * better, 1e9 * better
    before, after = (components(judged | {feature: moved}) for moved in (worst, best))
    assert after[component][5] > before[component][5]
    for other in set(COMPONENTS) - {component}:
        assert np.array_equal(after[other], before[other]), other


def test_wallets_of_different_policies_are_not_compared() -> None:
    values = values_of(20)
    both = stand(values, policies=("taker", "passive")).columns
    taker = stand({name: value[::2] for name, value in values.items()}).columns
    for name in (*COMPONENTS[1:], "percentile"):
        assert np.array_equal(both[name][::2], taker[name]), name


def test_who_is_not_judged_has_no_standing_and_moves_nobody() -> None:
    values = values_of(15)
    enough = np.ones(15, np.bool_)
    enough[[3, 8]] = False
    found, alone = stand(values, enough), stand({name: value[enough] for name, value in values.items()})
    for name, value in found.columns.items():
        assert np.isnan(value[~enough]).all(), name
        assert np.array_equal(value[enough], alone.columns[name]), name
    assert [VERDICTS[code] for code in found.verdicts[~enough]] == [Verdict.INSUFFICIENT_DATA] * 2


def test_the_verdicts_follow_the_rule() -> None:
    values = values_of(4)
    values["mean_edge"] = np.array([50_000.0, 50_000.0, 10_000.0, np.nan])
    values["later_edge"] = np.array([0.1, -0.1, 0.1, 0.1])
    expected = [Verdict.HIGH_SKILL, Verdict.MODERATE_SKILL, Verdict.LIKELY_LUCK, Verdict.INSUFFICIENT_DATA]
    assert [VERDICTS[code] for code in stand(values).verdicts] == expected


@pytest.mark.parametrize("wallets", [0, 1])
def test_a_universe_of_none_or_one_has_its_columns(wallets: int) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = stand(values_of(wallets))
    expected = {"dsr", *COMPONENTS, "composite", "composite_lower", "composite_upper", "percentile"}
    assert set(found.columns) == expected
    assert all(value.shape == (wallets,) and not np.isnan(value).any() for value in found.columns.values())


def test_duplicated_wallets_stand_alike() -> None:
    values = {name: np.repeat(value, 2) for name, value in values_of(6).items()}
    found = stand(values).columns
    for name, value in found.items():
        assert np.array_equal(value[::2], value[1::2]), name
