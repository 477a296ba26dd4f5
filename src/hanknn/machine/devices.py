"""Rows of independent work, split over JAX's devices."""

from collections.abc import Callable

import jax
import numpy as np

from .compiled import jit

AXIS = "rows"


def split_over_devices(function: Callable, rows: int) -> Callable:
    """`function` of arrays with `rows` leading rows, compiled; each device takes an equal part where they divide."""
    devices = jax.local_devices()
    if len(devices) > 1 and rows % len(devices) == 0:
        mesh, split = jax.sharding.Mesh(np.array(devices), (AXIS,)), jax.sharding.PartitionSpec(AXIS)
        function = jax.shard_map(function, mesh=mesh, in_specs=split, out_specs=split, check_vma=False)
    return jit(function)
