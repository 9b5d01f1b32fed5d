"""kill -9 of the worker at any moment: no inquiry is lost, none happens twice."""

import random

from tests.linkage import kill_worker


def test_a_worker_killed_at_random_moments_loses_and_doubles_nothing(house, master_key_file):
    kill_worker.run(house, master_key_file, kills=3, each=4, chance=random.Random(20261122))
