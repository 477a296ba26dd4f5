"""How much effort XLA puts into code: a user waits for the compilation, too.

XLA's full effort on a CPU takes a fifth to two thirds longer to compile; what it saves is at most a seventh of the run
time, and often nothing. docs/decisions/compilation.md has the measurement.
"""

import functools
import os
import re
from collections.abc import Callable
from typing import Any

import jax

USUAL, LEAST = 1, 0


def jit(function: Callable) -> Any:
    """`jax.jit` for what is called from Python (it does not nest), compiled in less time."""
    return jax.jit(function, compiler_options=_options(USUAL))


def once(function: Callable) -> Any:
    """The same for what runs once on little data: compiled in the least time."""
    return jax.jit(function, compiler_options=_options(LEAST))


@functools.cache
def _options(level: int) -> dict[str, Any] | None:
    """None on other devices, and where this XLA knows the options no more. XLA_FLAGS may ask for less effort still."""
    if jax.default_backend() != "cpu":
        return None
    asked = re.search(r"xla_backend_optimization_level=(\d)", os.environ.get("XLA_FLAGS", ""))
    level = min(level, int(asked[1])) if asked else level
    options = {"xla_backend_optimization_level": level, "xla_cpu_use_fusion_emitters": False}
    try:
        jax.jit(lambda: 0, compiler_options=options).lower().compile()
    except jax.errors.JaxRuntimeError:
        return None
    return options
