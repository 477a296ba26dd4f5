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
    """Those options that this XLA knows; None on other devices. XLA_FLAGS may ask for less effort still."""
    if jax.default_backend() != "cpu":
        return None
    asked = re.search(r"xla_backend_optimization_level=(\d)", os.environ.get("XLA_FLAGS", ""))
    level = min(level, int(asked[1])) if asked else level
    options = {"xla_backend_optimization_level": level, "xla_cpu_use_fusion_emitters": False}
    return {name: value for name, value in options.items() if _understood(name, value)} or None


def _understood(name: str, value: Any) -> bool:
    try:
        jax.jit(lambda: 0, compiler_options={name: value}).lower().compile()
    except jax.errors.JaxRuntimeError:
        return False
    return True
