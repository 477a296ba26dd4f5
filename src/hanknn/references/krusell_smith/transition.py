"""The joint chain of productivity and employment, built from durations and unemployment rates."""

import numpy as np
from jaxtyping import Float

from ...machine.errors import SettingError


def joint_transition(
    duration: float,
    unemployment: tuple[float, float],
    spells: tuple[float, float],
    entering: tuple[float, float],
) -> Float[np.ndarray, "2 2 2 2"]:
    """Probabilities [z, e, z', e'] of next quarter's state; z: 0 bad, 1 good; e: 0 unemployed, 1 employed.

    `duration`: of bad and of good times, in quarters, on average. `unemployment`: rates in bad and in good times.
    `spells`: mean duration of unemployment while times stay bad, and while they stay good. `entering`: who is
    unemployed stays so when times turn bad, or turn good, with the probability of times that are bad, or good, already,
    times this factor (1.25 and 0.75; Krusell and Smith 1998, section III.A; Den Haan, Judd and Juillard 2010, section
    2). The employed lose their job as often as it takes for unemployment to depend on z alone. Raises `SettingError`
    where that is no probability.
    """
    rates, remains = np.array(unemployment, float), 1 - 1 / np.array(spells, float)
    lasting = np.diag(remains)
    lasting[1, 0], lasting[0, 1] = entering[0] * remains[0], entering[1] * remains[1]
    losing = (rates - rates[:, None] * lasting) / (1 - rates[:, None])
    times = np.full((2, 2), 1 / duration)
    np.fill_diagonal(times, 1 - 1 / duration)
    within = np.stack([np.stack([lasting, 1 - lasting], -1), np.stack([losing, 1 - losing], -1)], axis=1)
    joint = times[:, None, :, None] * within
    if not joint.min() >= 0:
        raise SettingError(
            f"no chain has states of {duration} quarters, unemployment {unemployment}, spells of it {spells} and "
            f"factors {entering}: some probability would be negative; give longer durations or rates closer together"
        )
    return joint
