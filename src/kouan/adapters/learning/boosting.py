"""Boosted trees by LightGBM; plays ``Learner``.

LightGBM (and the numpy and scipy that come with it) is imported when a model is learned, never when one scores: the
platform's start does not pay for it, and a port scores without it.
"""

import math
from collections.abc import Sequence
from typing import Any

from kouan.inspection.targeting.learning import Example
from kouan.vocabulary.errors import Unavailable

ROUNDS = 100
"""How many trees. Our choice, with the rate below: more changed nothing on the simulated trade."""

PARAMETERS = {
    "objective": "binary",
    "learning_rate": 0.08,
    "num_leaves": 12,
    "min_data_in_leaf": 25,
    "lambda_l2": 5.0,
    "feature_fraction": 0.7,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "max_bin": 127,
    "deterministic": True,
    "force_row_wise": True,
    "num_threads": 1,
    "verbosity": -1,
}
"""Our choice: small trees and much shrinkage for some thousand examples; one thread, so that a seed gives one model."""


class Boosting:
    """Learns trees with LightGBM."""

    def learn(self, names: Sequence[str], examples: Sequence[Example], weights: Sequence[float], seed: int) -> str:
        """Return boosted trees in LightGBM's text format; raise Unavailable where LightGBM cannot be loaded."""
        lightgbm, numpy = _libraries()
        rows = [
            [math.nan if each.features[name] is None else each.features[name] for name in names] for each in examples
        ]
        data = lightgbm.Dataset(
            numpy.array(rows, dtype=numpy.float64),
            label=numpy.array([each.found for each in examples], dtype=numpy.float64),
            weight=numpy.array(weights, dtype=numpy.float64),
            feature_name=list(names),
            free_raw_data=True,
        )
        booster = lightgbm.train({**PARAMETERS, "seed": seed % 2**31}, data, num_boost_round=ROUNDS)
        text: str = booster.model_to_string()
        return text

    def calibrate(
        self, log_odds: Sequence[float], found: Sequence[bool], weights: Sequence[float]
    ) -> tuple[float, float]:
        """Return slope and intercept that make log-odds into chances, the slope never negative (Platt 1999)."""
        optimize, numpy = _optimizer()
        x, y, w = (numpy.array(each, dtype=numpy.float64) for each in (log_odds, found, weights))
        w = w / w.sum()

        def loss(point: Any) -> Any:
            z = point[0] * x + point[1]
            return (w * (numpy.logaddexp(0, z) - y * z)).sum() + 1e-3 * (point[0] - 1) ** 2

        best = optimize.minimize(loss, (1.0, 0.0), method="L-BFGS-B", bounds=((0.05, 3.0), (-6.0, 6.0)))
        return float(best.x[0]), float(best.x[1])


def _libraries() -> tuple[Any, Any]:
    try:
        import lightgbm
        import numpy as np
    except (ImportError, OSError) as error:
        raise Unavailable(f"nothing can be learned here: LightGBM cannot be loaded ({str(error)[:120]})") from error
    return lightgbm, np


def _optimizer() -> tuple[Any, Any]:
    try:
        import numpy as np
        from scipy import optimize
    except (ImportError, OSError) as error:
        raise Unavailable(f"nothing can be learned here: scipy cannot be loaded ({str(error)[:120]})") from error
    return optimize, np
