"""Likelihoods on two Dask workers: the same numbers, also when one is killed."""

import dataclasses
import os
import signal
import threading
import time
from typing import ClassVar
from unittest import mock

import jax
import numpy as np
import pytest

from hanknn.inference.cluster import on_cluster
from hanknn.inference.data import simulate_data
from hanknn.inference.likelihood import Bootstrap, Likelihood
from hanknn.machine.errors import SettingError

distributed = pytest.importorskip("distributed")
pytestmark = pytest.mark.filterwarnings("ignore")  # Dask and Tornado warn of their own upkeep


@pytest.fixture
def own_environment():
    """Dask's nanny sets one BLAS thread in `os.environ` for its workers and leaves it there: processes that later tests
    start would add up in another order and end, bit for bit, elsewhere."""
    with mock.patch.dict(os.environ):
        yield


def test_two_workers_give_the_same_numbers_and_a_killed_one_loses_nothing(quick, own_environment):
    data = simulate_data(quick, ["zeta", "inflation"], 10).observed
    filter = Bootstrap(200)
    space = quick.model.parameters
    thetas = np.random.default_rng(0).uniform(space.lower, space.upper, (96, len(space)))
    with jax.enable_x64(True):
        keys = jax.random.split(jax.random.key(3), len(thetas))
    here = Likelihood(quick, data, filter).rows(thetas, keys, 16)
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        distributed.Client(cluster) as client,
    ):
        evaluate = on_cluster(client, quick, data, chunk=16)(filter)
        victim = next(iter(client.run(os.getpid).values()))
        # While both workers compile their first task, one of them dies.
        threading.Timer(2.0, lambda: os.kill(victim, signal.SIGKILL)).start()
        there = evaluate(thetas, keys)
        deadline = time.monotonic() + 30
        while len(client.scheduler_info()["workers"]) < 2 and time.monotonic() < deadline:
            time.sleep(0.2)
        pids = client.run(os.getpid).values()
        assert victim not in pids, "the worker was killed"
    np.testing.assert_allclose(there, here, rtol=1e-12)


def test_a_chunk_must_be_a_chunk(quick):
    data = simulate_data(quick, ["zeta"], 5).observed
    with pytest.raises(SettingError, match="chunk"):
        on_cluster(None, quick, data, chunk=0)


def test_without_dask_the_message_names_what_to_install(quick, monkeypatch):
    data = simulate_data(quick, ["zeta"], 5).observed
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(SettingError, match=r"pip install distributed$"):
        on_cluster(None, quick, data)


def test_workers_tell_apart_solutions_data_and_filters(quick):
    """By the token under which a worker keeps a compiled likelihood."""

    class Client:
        tokens: ClassVar[list] = []

        def submit(self, function, token, *rest, **options):
            self.tokens.append(token)

        def gather(self, tasks):
            return [np.zeros(1)]

    space = quick.model.parameters
    data = simulate_data(quick, ["zeta"], 5).observed
    shifted = dataclasses.replace(data, table=data.table.iloc[::-1].set_axis(data.table.index))
    narrower = dataclasses.replace(quick, model=quick.model.only("rho"))
    thetas, keys = space.baseline[None], jax.random.split(jax.random.key(0), 1)
    for solution, series, filter in (
        (quick, data, Bootstrap(200)),
        (quick, shifted, Bootstrap(200)),
        (quick, data, Bootstrap(201)),
        (narrower, data, Bootstrap(200)),
        (quick, data, Bootstrap(200)),
    ):
        on_cluster(Client(), solution, series)(filter)(thetas, keys)
    assert len(set(Client.tokens)) == 4 and Client.tokens[0] == Client.tokens[-1]
