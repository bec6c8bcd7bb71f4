//! The wait before one of a node's stations, from its load and the variation of gaps and service times.
use super::flow::{NodeFlow, Rates};
use super::formula::{ErlangA, PowerOfChoices, allen_cunneen, erlang_c, power_of_choices_wait};
use super::keys::{ALL, Placement};
use super::length::{Length, mixture};
use super::station::Station;
use crate::math::pow;
use crate::order;

/// Groups of instances of like load: more would say no more.
const GROUPS: usize = 8;
/// Power of two choices among stations of more servers than this hardly ever makes anyone wait.
const MANY_SERVERS: u32 = 64;

/// How long the servers of a node are taken.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Holding {
    pub(super) read: Length,
    pub(super) write: Length,
    /// A fill or a delete.
    pub(super) upkeep: Length,
}

impl Holding {
    fn of(&self, rates: Rates) -> Length {
        mixture([(rates.reads, self.read), (rates.writes, self.write), (rates.upkeep, self.upkeep)])
    }
}

/// A node's queue.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Waiting {
    pub(super) wait: Length,
    /// Of all instances together.
    pub(super) utilization: f64,
    /// Of the busiest.
    pub(super) hottest: f64,
    /// The share of calls that meets a full queue, as far as the tail of an endless one says.
    pub(super) refused: f64,
    /// Squared coefficient of variation of the gaps between departures.
    pub(super) departures: f64,
}

/// How calls reach a node's instances, in the formula's terms.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Spread {
    /// Each instance has its own queue, in turn.
    Turn,
    /// Each has its own, by chance or by key.
    Chance,
    /// By what is in flight at so many of them.
    InFlight(u16),
}

impl From<&Placement> for Spread {
    fn from(placement: &Placement) -> Self {
        match placement {
            Placement::Turn => Self::Turn,
            Placement::InFlight(choices) => Self::InFlight(*choices),
            Placement::Key { .. } | Placement::Chance => Self::Chance,
        }
    }
}

/// How the arrivals of a node come.
#[derive(Clone, Copy, Debug)]
pub(super) struct Arriving {
    /// Squared coefficient of variation of the gaps, all instances together.
    pub(super) gaps: f64,
    /// How they reach the instances.
    pub(super) spread: Spread,
    /// The part of the node's own load that an arrival meets, in (0, 1]: one, or (N-1)/N where it comes from N workers who
    /// all call (Schweitzer 1979).
    pub(super) met: f64,
}

/// The queue of a node.
pub(super) fn waiting(station: &Station, flow: &NodeFlow, holding: Holding, arriving: Arriving) -> Waiting {
    let Arriving { gaps, spread, met } = arriving;
    let all = flow.rates;
    let held = holding.of(all);
    let load = all.total() * held.mean;
    let servers = f64::from(station.servers) * f64::from(station.instances);
    if all.total() <= 0.0 {
        return Waiting { departures: 1.0, ..Waiting::default() };
    }
    if !load.is_finite() {
        // Its callees are saturated: all servers wait for them.
        let endless = Length::ENDLESS;
        return Waiting { wait: endless, utilization: 1.0, hottest: 1.0, refused: 1.0, departures: 1.0 };
    }
    let mut waiting = if flow.instances.is_empty() {
        alike(station, load * met, held, gaps, spread)
    } else {
        differing(station, flow, holding, arriving)
    };
    waiting.utilization = load / servers;
    waiting.hottest /= met;
    // Calls leave a service when its own work is done, whatever they then hold its worker for.
    let (busy, calm) = (waiting.utilization.min(1.0), station.read.cv2().max(0.2));
    // Whitt 1983, "The queueing network analyzer", (39).
    waiting.departures = 1.0
        + (1.0 - busy * busy) * (gaps - 1.0)
        + busy * busy * (calm - 1.0) / f64::from(station.servers).sqrt();
    waiting
}

/// All instances under the same load.
fn alike(station: &Station, load: f64, held: Length, gaps: f64, spread: Spread) -> Waiting {
    let n = f64::from(station.instances);
    let each = |gaps: f64| queue(station, station.servers, load / n, held, gaps);
    match spread {
        Spread::Turn => each(gaps / n),
        Spread::Chance => each(1.0 + (gaps - 1.0) / n),
        Spread::InFlight(_) if station.instances == 1 => each(gaps),
        Spread::InFlight(choices) => {
            let servers = station.servers * u32::from(station.instances);
            let mut pooled = queue(
                &Station { queue: station.queue.saturating_mul(station.instances.into()), ..*station },
                servers,
                load,
                held,
                gaps,
            );
            if choices < ALL && station.servers <= MANY_SERVERS && pooled.hottest < 1.0 {
                let limit = PowerOfChoices::new(load / n, station.servers, choices.into())
                    .map_or(0.0, |many| many.wait());
                let limit = limit * held.mean * f64::midpoint(gaps, held.cv2());
                let longer = power_of_choices_wait(station.instances, choices, pooled.wait.mean, limit);
                let scale = if pooled.wait.mean > 0.0 { longer / pooled.wait.mean } else { 1.0 };
                pooled.wait = Length { mean: longer, variance: pooled.wait.variance * scale * scale };
            }
            pooled
        }
    }
}

/// Instances of different load, by groups; the busiest by itself.
fn differing(station: &Station, flow: &NodeFlow, holding: Holding, arriving: Arriving) -> Waiting {
    let mut loads: Vec<(f64, f64, Length)> = flow
        .instances
        .iter()
        .map(|&rates| {
            let held = holding.of(rates);
            (rates.total() * held.mean * arriving.met, rates.total(), held)
        })
        .collect();
    order::sort_by(&mut loads, |a, b| b.0.total_cmp(&a.0));
    let size = (loads.len() - 1).div_ceil(GROUPS).max(1);
    let groups = std::iter::once(&loads[..1]).chain(loads[1..].chunks(size));
    let total = flow.rates.total();
    let queues: Vec<(f64, Waiting)> = groups
        .map(|group| {
            let load = group.iter().map(|(load, ..)| load).sum::<f64>() / group.len() as f64;
            let rate: f64 = group.iter().map(|(_, rate, _)| rate).sum();
            let held = mixture(group.iter().map(|&(_, rate, held)| (rate, held)));
            let part = rate / group.len() as f64 / total;
            (rate, queue(station, station.servers, load, held, 1.0 + (arriving.gaps - 1.0) * part))
        })
        .collect();
    Waiting {
        wait: mixture(queues.iter().map(|(rate, queue)| (*rate, queue.wait))),
        hottest: queues[0].1.hottest,
        refused: queues.iter().map(|(rate, queue)| rate * queue.refused).sum::<f64>() / total,
        ..Waiting::default()
    }
}

/// One station: Allen and Cunneen's mean; who waits at all waits an exponential time, as in M/M/c.
fn queue(station: &Station, servers: u32, load: f64, held: Length, gaps: f64) -> Waiting {
    if let Some(left) = station.patience.and_then(|patience| impatient(servers, load, held, patience)) {
        return left;
    }
    let utilization = load / f64::from(servers);
    let found = allen_cunneen(servers, load, gaps, held.cv2(), held.mean).zip(erlang_c(servers, load));
    let Some((mean, waits)) = found else {
        return Waiting { wait: Length::ENDLESS, hottest: utilization, refused: 1.0, ..Waiting::default() };
    };
    let waiting = if waits > 0.0 { mean / waits } else { 0.0 };
    let variance = (2.0 * waits * waiting * waiting - mean * mean).max(0.0);
    let refused = waits * pow(utilization, f64::from(station.queue));
    Waiting { wait: Length { mean, variance }, hottest: utilization, refused, ..Waiting::default() }
}

/// Who waits leaves after a while: Erlang A with these means, stable at any load.
fn impatient(servers: u32, load: f64, held: Length, patience: f64) -> Option<Waiting> {
    let line = ErlangA::new(load / held.mean, 1.0 / held.mean, servers, 1.0 / patience)?;
    let (mean, waits) = (line.wait(), line.probability_of_wait());
    let waiting = if waits > 0.0 { mean / waits } else { 0.0 };
    let variance = (2.0 * waits * waiting * waiting - mean * mean).max(0.0);
    Some(Waiting {
        wait: Length { mean, variance },
        hottest: line.utilization(),
        refused: line.abandonment(),
        ..Waiting::default()
    })
}
