"""Ciw: a network of nodes with a routing matrix; hops are nodes with a server for everybody."""

import ciw
from network import answer


def simulate(network, customers, responses):
    ciw.seed(1)
    services, servers, legs = [], [], []
    for leg in network.legs:
        legs.append(range(len(services), len(services) + leg.choices))
        services += [ciw.dists.Exponential(1 / leg.service)] * leg.choices
        servers += [leg.servers] * leg.choices
        if leg.hop > 0:
            legs.append(range(len(services), len(services) + 1))
            services.append(ciw.dists.Deterministic(leg.hop))
            servers.append(float("inf"))
    routing = [[0.0] * len(services) for _ in services]
    for here, there in zip(legs, legs[1:]):
        for i in here:
            for j in there:
                routing[i][j] = 1 / len(there)
    # A Poisson stream that is split at random is as many Poisson streams.
    first = legs[0]
    arrivals = [ciw.dists.Exponential(network.rate / len(first)) if i in first else None for i in range(len(services))]
    described = ciw.create_network(
        arrival_distributions=arrivals,
        service_distributions=services,
        number_of_servers=servers,
        routing=routing,
    )
    simulation = ciw.Simulation(described)
    simulation.simulate_until_max_customers(customers, method="Finish")
    for individual in simulation.nodes[-1].all_individuals:
        records = individual.data_records
        responses.add(records[-1].exit_date - records[0].arrival_date)


answer(simulate)
