//! simu-des: each customer is an asynchronous process, a station a resource, as in SimPy.
use crate::answer::{Answer, Responses};
use crate::chance::Chance;
use crate::clock::cpu_seconds;
use crate::network::Network;
use simu::{EnvHandle, Resource, SimEnv};
use std::cell::RefCell;
use std::rc::Rc;

struct World {
    network: &'static Network,
    /// The stations of each leg.
    stations: Vec<Vec<Resource>>,
    chance: RefCell<Chance>,
    responses: RefCell<Responses>,
}

async fn customer(env: EnvHandle, world: Rc<World>) {
    let arrived = env.now();
    for (i, leg) in world.network.legs.iter().enumerate() {
        let choice = world.chance.borrow_mut().choice(i);
        let server = world.stations[i][choice].request().await;
        let service = world.chance.borrow_mut().service(i);
        env.timeout(service).await;
        drop(server);
        if leg.hop > 0.0 {
            env.timeout(leg.hop).await;
        }
    }
    world.responses.borrow_mut().add(env.now() - arrived);
}

async fn arrivals(env: EnvHandle, world: Rc<World>, customers: u64) {
    for _ in 0..customers {
        env.spawn(customer(env.clone(), world.clone()));
        let gap = world.chance.borrow_mut().gap();
        env.timeout(gap).await;
    }
}

pub(crate) fn run(network: &'static Network, customers: u64) -> Answer {
    let start = cpu_seconds();
    let stations = |leg: &crate::network::Leg| {
        (0..leg.choices).map(|_| Resource::new(usize::from(leg.servers))).collect()
    };
    let world = Rc::new(World {
        network,
        stations: network.legs.iter().map(stations).collect(),
        chance: RefCell::new(Chance::new(network)),
        responses: RefCell::new(Responses::of(customers)),
    });
    let mut env = SimEnv::with_seed(1);
    env.spawn(arrivals(env.handle(), world.clone(), customers));
    env.run();
    world.responses.borrow().answer(network, customers, cpu_seconds() - start)
}
