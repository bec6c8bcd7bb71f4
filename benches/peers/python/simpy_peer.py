"""SimPy: each customer is a process, a station a resource."""

import random

import simpy
from network import answer


def customer(env, network, stations, responses):
    arrived = env.now
    for leg, choices in zip(network.legs, stations):
        station = choices[0] if leg.choices == 1 else random.choice(choices)
        with station.request() as server:
            yield server
            yield env.timeout(random.expovariate(1 / leg.service))
        if leg.hop > 0:
            yield env.timeout(leg.hop)
    responses.add(env.now - arrived)


def arrivals(env, network, stations, customers, responses):
    for _ in range(customers):
        env.process(customer(env, network, stations, responses))
        yield env.timeout(random.expovariate(network.rate))


def simulate(network, customers, responses):
    random.seed(1)
    env = simpy.Environment()
    stations = [[simpy.Resource(env, leg.servers) for _ in range(leg.choices)] for leg in network.legs]
    env.process(arrivals(env, network, stations, customers, responses))
    env.run()


answer(simulate)
