"""The network that is asked for, and the answer, as the bench reads it: `PEER.py '{"rate": ..., "legs": [...]}' CUSTOMERS`."""

import json
import sys
import time
from types import SimpleNamespace

BATCHES = 32


class Responses:
    """The mean response of each batch of customers, in seconds."""

    def __init__(self, customers):
        self.size = -(-customers // BATCHES)
        self.seen, self.sum, self.means = 0, 0.0, []

    def add(self, seconds):
        self.sum += seconds
        self.seen += 1
        if self.seen == self.size:
            self.means.append(self.sum / self.size)
            self.seen, self.sum = 0, 0.0


def answer(simulate):
    """Runs `simulate(network, customers, responses)` and prints what the bench wants to know."""
    network = json.loads(sys.argv[1], object_hook=lambda fields: SimpleNamespace(**fields))
    customers = int(sys.argv[2])
    responses = Responses(customers)
    start = time.process_time()
    exact = simulate(network, customers, responses)
    seconds = time.process_time() - start
    print(json.dumps({"cpu_seconds": seconds, "means": responses.means, "exact": exact}))
