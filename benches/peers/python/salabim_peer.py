"""salabim: each customer is a component, a station a resource; without what can be switched off by one argument."""

import random

import salabim as sim
from network import answer

sim.yieldless(False)


class Customer(sim.Component):
    def setup(self, network, stations, responses):
        self.network, self.stations, self.responses = network, stations, responses

    def process(self):
        arrived = self.env.now()
        for leg, choices in zip(self.network.legs, self.stations):
            station = choices[0] if leg.choices == 1 else random.choice(choices)
            yield self.request(station)
            yield self.hold(random.expovariate(1 / leg.service))
            self.release(station)
            if leg.hop > 0:
                yield self.hold(leg.hop)
        self.responses.add(self.env.now() - arrived)


class Arrivals(sim.Component):
    def setup(self, network, stations, customers, responses):
        self.network, self.stations, self.customers, self.responses = network, stations, customers, responses

    def process(self):
        for _ in range(self.customers):
            Customer(network=self.network, stations=self.stations, responses=self.responses)
            yield self.hold(random.expovariate(self.network.rate))


def simulate(network, customers, responses):
    random.seed(1)
    env = sim.Environment(trace=False)
    station = lambda leg: sim.Resource(capacity=leg.servers, monitor=False)
    stations = [[station(leg) for _ in range(leg.choices)] for leg in network.legs]
    Arrivals(network=network, stations=stations, customers=customers, responses=responses)
    env.run()


answer(simulate)
