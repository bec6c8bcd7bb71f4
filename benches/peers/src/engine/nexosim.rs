//! nexosim: actors with ports, that send one another messages and schedule their own inputs; on one thread.
use crate::answer::{Answer, Responses};
use crate::chance::Chance;
use crate::clock::cpu_seconds;
use crate::network::Network;
use nexosim::model::{Context, Model, schedulable};
use nexosim::ports::{EventSource, Output};
use nexosim::simulation::{Address, Mailbox, SimInit};
use nexosim::time::MonotonicTime;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// When a customer arrived, in nanoseconds.
type Arrived = u64;

/// What nexosim could not write down, were it asked to save a simulation; here it is not.
type Unsaved<T> = Option<T>;

const THERE: &str = "every model is made with its chance, and none is saved";

/// Where customers come from.
#[derive(Serialize, Deserialize)]
struct Source {
    out: Way,
    to_come: u64,
    #[serde(skip)]
    chance: Unsaved<Chance>,
}

/// The stations of a leg, of which each customer takes one at random.
#[derive(Default, Serialize, Deserialize)]
struct Way {
    leg: usize,
    outputs: Vec<Output<Arrived>>,
}

impl Way {
    async fn send(&mut self, chance: &mut Chance, customer: Arrived) {
        let choice = if self.outputs.len() == 1 { 0 } else { chance.choice(self.leg) };
        self.outputs[choice].send(customer).await;
    }
}

fn now(cx: &Context<impl Model>) -> u64 {
    cx.time().duration_since(MonotonicTime::EPOCH).as_nanos() as u64
}

#[Model]
impl Source {
    #[nexosim(schedulable)]
    async fn arrive(&mut self, _: (), cx: &Context<Self>) {
        self.to_come -= 1;
        let chance = self.chance.as_mut().expect(THERE);
        if self.to_come > 0 {
            let gap = Duration::from_secs_f64(chance.gap().max(1e-9));
            cx.schedule_event(gap, schedulable!(Self::arrive), ()).expect("the gap is not zero");
        }
        self.out.send(chance, now(cx)).await;
    }
}

#[derive(Serialize, Deserialize)]
struct Station {
    leg: usize,
    hop: Duration,
    free: u16,
    waiting: VecDeque<Arrived>,
    out: Way,
    #[serde(skip)]
    chance: Unsaved<Chance>,
}

#[Model]
impl Station {
    fn enter(&mut self, customer: Arrived, cx: &Context<Self>) {
        if self.free == 0 {
            return self.waiting.push_back(customer);
        }
        self.free -= 1;
        self.serve(customer, cx);
    }

    fn serve(&mut self, customer: Arrived, cx: &Context<Self>) {
        let service = self.chance.as_mut().expect(THERE).service(self.leg).max(1e-9);
        let service = Duration::from_secs_f64(service);
        cx.schedule_event(service, schedulable!(Self::served), customer).expect("the time is not zero");
    }

    #[nexosim(schedulable)]
    async fn served(&mut self, customer: Arrived, cx: &Context<Self>) {
        match self.waiting.pop_front() {
            Some(next) => self.serve(next, cx),
            None => self.free += 1,
        }
        if self.hop > Duration::ZERO {
            cx.schedule_event(self.hop, schedulable!(Self::moved), customer).expect("the hop is not zero");
        } else {
            self.moved(customer).await;
        }
    }

    #[nexosim(schedulable)]
    async fn moved(&mut self, customer: Arrived) {
        self.out.send(self.chance.as_mut().expect(THERE), customer).await;
    }
}

/// Where they leave.
#[derive(Serialize, Deserialize)]
struct Exit {
    #[serde(skip)]
    responses: Unsaved<Arc<Mutex<Responses>>>,
}

#[Model]
impl Exit {
    fn leave(&mut self, arrived: Arrived, cx: &Context<Self>) {
        let seconds = (now(cx) - arrived) as f64 / 1e9;
        let responses = self.responses.as_ref().expect(THERE);
        responses.lock().expect("nobody panics with it").add(seconds);
    }
}

pub(crate) fn run(network: &'static Network, customers: u64) -> Answer {
    let start = cpu_seconds();
    let responses = Arc::new(Mutex::new(Responses::of(customers)));
    let exit = Mailbox::new();
    let (bench, first) = with_stations(SimInit::with_num_threads(1), network, &exit.address());
    let mut source =
        Source { out: Way::default(), to_come: customers, chance: Some(Chance::of(network, "source")) };
    connect(&mut source.out, &first);
    let mailbox = Mailbox::new();
    let mut bench = bench.add_model(Exit { responses: Some(responses.clone()) }, exit, "exit");
    let begin = EventSource::new().connect(Source::arrive, &mailbox).register(&mut bench);
    let bench = bench.add_model(source, mailbox, "source");
    let mut simulation = bench.init(MonotonicTime::EPOCH).expect("the bench is connected");
    simulation.process_event(&begin, ()).expect("the source is there");
    simulation.run().expect("no model fails");
    let cpu_seconds = cpu_seconds() - start;
    responses.lock().expect("nobody panics with it").answer(network, customers, cpu_seconds)
}

/// Adds the stations, from the last leg to the first, since each is connected to the next; gives those of the first.
fn with_stations(
    mut bench: SimInit,
    network: &Network,
    exit: &Address<Exit>,
) -> (SimInit, Vec<Address<Station>>) {
    let mut next: Vec<Address<Station>> = Vec::new();
    for leg in (0..network.legs.len()).rev() {
        let mut here = Vec::new();
        for i in 0..network.legs[leg].choices {
            let mut station = station(network, leg, i);
            match next.as_slice() {
                [] => station.out.outputs[0].connect(Exit::leave, exit.clone()),
                stations => connect(&mut station.out, stations),
            }
            let mailbox = Mailbox::new();
            here.push(mailbox.address());
            bench = bench.add_model(station, mailbox, &format!("station {leg}/{i}"));
        }
        next = here;
    }
    (bench, next)
}

fn station(network: &Network, leg: usize, number: u16) -> Station {
    let spec = network.legs[leg];
    Station {
        leg,
        hop: Duration::from_secs_f64(spec.hop),
        free: spec.servers,
        waiting: VecDeque::new(),
        out: Way { leg: leg + 1, outputs: vec![Output::default()] },
        chance: Some(Chance::of(network, &format!("station {leg}/{number}"))),
    }
}

fn connect(way: &mut Way, stations: &[Address<Station>]) {
    way.outputs = stations.iter().map(|_| Output::default()).collect();
    for (output, station) in way.outputs.iter_mut().zip(stations) {
        output.connect(Station::enter, station.clone());
    }
}
