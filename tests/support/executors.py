"""A small Ray cluster for tests: two nodes of this machine, each with one processor and a small store, ended after use.

Without `CI=true` it is left out where Ray is not installed; with it, Ray must be there.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

STORE_BYTES = 80 * 1024 * 1024


@contextmanager
def ray_cluster(nodes: int) -> Iterator[str]:
    """Start a cluster of so many nodes and give its address."""
    try:
        import ray
        from ray.cluster_utils import Cluster
    except ModuleNotFoundError:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip("the extra ray is not installed")
    node = {"num_cpus": 1, "object_store_memory": STORE_BYTES, "include_dashboard": False}
    cluster = Cluster(initialize_head=True, head_node_args=node)
    try:
        for _ in range(nodes - 1):
            cluster.add_node(num_cpus=1, object_store_memory=STORE_BYTES)
        yield cluster.address
    finally:
        ray.shutdown()
        cluster.shutdown()
