"""Figures; the only place that imports matplotlib. Every function returns a figure; `save` writes it."""

from .canvas import Figure as Figure, save as save
from .determinacy import determinacy_map as determinacy_map, require_map as require_map
from .estimation import (
    fan_chart as fan_chart,
    likelihood_panels as likelihood_panels,
    prior_posterior as prior_posterior,
    surrogate_history as surrogate_history,
    traces as traces,
    tracked_states as tracked_states,
)
from .households import (
    lorenz_curves as lorenz_curves,
    moments_by_risk as moments_by_risk,
    policies_by_risk as policies_by_risk,
    steady_maps as steady_maps,
)
from .published import phased_history as phased_history, posterior_cuts as posterior_cuts
from .solution import (
    every_policy_panels as every_policy_panels,
    generalised_responses as generalised_responses,
    impulse_responses as impulse_responses,
    loss_history as loss_history,
    policy_panels as policy_panels,
    responses_by_state as responses_by_state,
)
from .trust import trust_map as trust_map
