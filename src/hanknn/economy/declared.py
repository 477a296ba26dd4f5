"""What a model declares, checked before any of its functions runs."""

from collections.abc import Mapping

from ..machine.errors import ModelError
from .bounds import MOST
from .exogenous import Process
from .model import Model, Variable
from .parameters import ParameterSpace
from .points import Point


def require_declared(model: Model) -> None:
    """Raise `ModelError` where names, variables or constraints of a model do not fit together."""
    for attribute in ("name", "parameters", "states", "shocks", "policies"):
        if not hasattr(model, attribute):
            raise ModelError(f"model {type(model).__name__} has no '{attribute}'; see docs/extend")
    _require_variables(model)
    _require_names(model)
    _require_bounds(model)


def _require_variables(model: Model) -> None:
    if not isinstance(model.parameters, ParameterSpace):
        raise ModelError(f"parameters of model '{model.name}' are {model.parameters!r:.40}; write ParameterSpace(...)")
    for kind in ("states", "shocks", "policies", "outputs", "observables", "constraints"):
        variables = getattr(model, kind)
        if not isinstance(variables, Mapping):
            raise ModelError(f"{kind} of model '{model.name}' are {variables!r:.40}; write {{'name': Variable(...)}}")
        for name, variable in variables.items():
            if not isinstance(variable, Variable):
                only = " (a process belongs among the states)" if isinstance(variable, Process) else ""
                raise ModelError(
                    f"'{name}' among the {kind} of model '{model.name}' is {variable!r:.40}{only}; "
                    "write Variable(label, text, unit)"
                )


def _require_names(model: Model) -> None:
    name, states, policies = model.name, tuple(model.states), tuple(model.policies)
    shared = [state for state in states if state in policies]
    if shared:
        raise ModelError(f"'{shared[0]}' is both a state and a policy of model '{name}'; rename one")
    known = (*model.parameters.names, *states, *model.shocks, *policies, *model.outputs)
    own = [variable for variable in known if hasattr(Point, variable)]
    if own:
        raise ModelError(f"'{own[0]}' of model '{name}' is what a point says of itself; rename the variable")
    beside = [n for n in ("steady", "linear") if n in model.parameters.names] if model.linearises else []
    if beside:
        raise ModelError(f"parameter '{beside[0]}' of model '{name}' has the name of what the library adds; rename it")
    variables = {**model.states, **model.policies, **model.outputs}
    positive = [n for n, variable in variables.items() if variable.positive]
    if positive and not model.linearises:
        raise ModelError(
            f"'{positive[0]}' of model '{name}' is declared positive, which the library keeps only where it "
            "linearises the economy: leave state_scale to it, or write the logarithm yourself"
        )
    taken = [shown for shown in model.observables if shown in (*states, *policies)]
    if taken:
        raise ModelError(
            f"observable '{taken[0]}' of model '{name}' has the name of a state or policy, which data "
            "can show without a definition; remove or rename it"
        )


def _require_bounds(model: Model) -> None:
    if not model.bounded:
        return
    if not model.linearises:
        raise ModelError(
            f"model '{model.name}' has bounds, for which the library needs its linear solution: leave state_scale "
            "to it, and let states and policies be scalars"
        )
    for function in ("slackness", "policies_from"):
        if getattr(type(model), function) is not getattr(Model, function):
            raise ModelError(f"model '{model.name}' has bounds, from which {function} follows; remove it")
    if model.outputs:
        raise ModelError(f"model '{model.name}' has bounds and outputs; beside bounds outputs are the policies")
    if not 0 < len(model.constraints) <= MOST:
        raise ModelError(
            f"model '{model.name}' has bounds and names {len(model.constraints)} constraints; name one or two"
        )
