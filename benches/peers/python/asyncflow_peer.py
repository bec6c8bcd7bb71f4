"""AsyncFlow: its servers work for constant times only, so it can be one network of the three, and that as an M/D/1."""

import simpy
from asyncflow.runtime.simulation_runner import SimulationRunner
from asyncflow.schemas.payload import SimulationPayload
from network import answer

# Its number of users is drawn anew in each window: so many users vary by a thousandth.
USERS = 1_000_000
# Its shortest edges: constant latencies are not offered, so a nearly constant one.
EDGE = 1e-6


def simulate(network, customers, responses):
    leg = network.legs[0]
    if len(network.legs) > 1 or leg.servers > 1:
        raise SystemExit("not in its terms")
    edge = lambda name, source, target: {
        "id": name, "source": source, "target": target, "latency": {"mean": EDGE, "distribution": "exponential"},
    }  # fmt: skip
    step = {"kind": "initial_parsing", "step_operation": {"cpu_time": leg.service}}
    server = {
        "id": "server",
        "server_resources": {"cpu_cores": 1, "ram_mb": 1024},
        "endpoints": [{"endpoint_name": "/", "steps": [step]}],
    }
    payload = {
        "rqs_input": {
            "id": "users",
            "avg_active_users": {"mean": USERS, "distribution": "poisson"},
            "avg_request_per_minute_per_user": {"mean": network.rate * 60 / USERS, "distribution": "poisson"},
            "user_sampling_window": 60,
        },
        "topology_graph": {
            "nodes": {"client": {"id": "client"}, "servers": [server]},
            "edges": [edge("in", "users", "client"), edge("to", "client", "server"), edge("back", "server", "client")],
        },
        "sim_settings": {"total_simulation_time": round(customers / network.rate), "sample_period_s": 0.1},
    }
    runner = SimulationRunner(env=simpy.Environment(), simulation_input=SimulationPayload.model_validate(payload))
    runner.run()
    for begin, end in runner._client_runtime[next(iter(runner._client_runtime))].rqs_clock:
        responses.add(end - begin)
    utilization = network.rate * leg.service
    # Pollaczek and Khinchine, with constant service; and three edges.
    return leg.service * (1 + utilization / 2 / (1 - utilization)) + 3 * EDGE


answer(simulate)
