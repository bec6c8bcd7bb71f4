//! The networks for engines that are calendars of events and leave the model to their user: one model for all of them, so
//! that what differs is the engine.
use crate::answer::Responses;
use crate::chance::Chance;
use crate::network::Network;
use std::collections::VecDeque;

/// What happens at an instant.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Step {
    /// The next customer arrives.
    Arrive,
    /// A customer's service is over.
    Served(u32),
    /// A customer has reached what comes after its leg.
    Moved(u32),
}

/// What is to be scheduled after a step, and after how many seconds; none makes more than two.
pub(crate) type Next = [Option<(f64, Step)>; 2];

struct Customer {
    arrived: f64,
    leg: usize,
    station: usize,
}

struct Station {
    leg: usize,
    free: u16,
    waiting: VecDeque<u32>,
}

/// A network at work.
pub(crate) struct Model {
    network: &'static Network,
    stations: Vec<Station>,
    /// Where the stations of each leg begin.
    first: Vec<usize>,
    customers: Vec<Customer>,
    /// Places in `customers` that are free again.
    gone: Vec<u32>,
    to_come: u64,
    in_network: u64,
    chance: Chance,
    pub(crate) responses: Responses,
}

impl Model {
    pub(crate) fn new(network: &'static Network, customers: u64) -> Self {
        let (mut stations, mut first) = (Vec::new(), Vec::new());
        for (i, leg) in network.legs.iter().enumerate() {
            first.push(stations.len());
            let station = |_| Station { leg: i, free: leg.servers, waiting: VecDeque::new() };
            stations.extend((0..leg.choices).map(station));
        }
        Self {
            network,
            stations,
            first,
            customers: Vec::new(),
            gone: Vec::new(),
            to_come: customers,
            in_network: 0,
            chance: Chance::new(network),
            responses: Responses::of(customers),
        }
    }

    /// Whether everybody has come and gone.
    pub(crate) fn is_over(&self) -> bool {
        self.to_come == 0 && self.in_network == 0
    }

    pub(crate) fn step(&mut self, now: f64, step: Step) -> Next {
        match step {
            Step::Arrive => self.arrive(now),
            Step::Served(customer) => self.served(now, customer),
            Step::Moved(customer) => [self.moved(now, customer), None],
        }
    }

    fn arrive(&mut self, now: f64) -> Next {
        self.to_come -= 1;
        self.in_network += 1;
        let customer = Customer { arrived: now, leg: 0, station: 0 };
        let place = match self.gone.pop() {
            Some(place) => {
                self.customers[place as usize] = customer;
                place
            }
            None => {
                self.customers.push(customer);
                self.customers.len() as u32 - 1
            }
        };
        let entered = self.enter(place);
        [entered, (self.to_come > 0).then(|| (self.chance.gap(), Step::Arrive))]
    }

    /// A customer comes to its leg: a free server takes it, or it waits.
    fn enter(&mut self, customer: u32) -> Option<(f64, Step)> {
        let leg = self.customers[customer as usize].leg;
        let station = self.first[leg] + self.chance.choice(leg);
        self.customers[customer as usize].station = station;
        let at = &mut self.stations[station];
        if at.free == 0 {
            at.waiting.push_back(customer);
            return None;
        }
        at.free -= 1;
        Some((self.chance.service(leg), Step::Served(customer)))
    }

    fn served(&mut self, now: f64, customer: u32) -> Next {
        let station = &mut self.stations[self.customers[customer as usize].station];
        let leg = station.leg;
        let next = match station.waiting.pop_front() {
            Some(next) => Some((self.chance.service(leg), Step::Served(next))),
            None => {
                station.free += 1;
                None
            }
        };
        let hop = self.network.legs[leg].hop;
        let moved = if hop > 0.0 { Some((hop, Step::Moved(customer))) } else { self.moved(now, customer) };
        [next, moved]
    }

    fn moved(&mut self, now: f64, customer: u32) -> Option<(f64, Step)> {
        let who = &mut self.customers[customer as usize];
        who.leg += 1;
        if who.leg < self.network.legs.len() {
            return self.enter(customer);
        }
        self.responses.add(now - who.arrived);
        self.gone.push(customer);
        self.in_network -= 1;
        None
    }
}
