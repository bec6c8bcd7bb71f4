//! Open networks of M/M/c stations (Jackson 1957, 1963): each behaves as if it were alone, at the rate that the traffic
//! equations give. Needs Poisson arrivals, exponential service, routing by chance.
use super::Mmc;
use super::root::quantile;
use crate::math::exp;

/// A solved open network.
#[derive(Clone, Debug, PartialEq)]
pub struct OpenNetwork {
    /// Each station with its arrival rate in 1/s; none where nothing arrives.
    pub stations: Vec<(f64, Option<Mmc>)>,
    /// Mean time from outside to outside, in seconds.
    pub response: f64,
    /// Mean number in all stations.
    pub in_flight: f64,
}

/// A station of a network: service rate in 1/s and servers.
pub type Station = (f64, u32);

/// Solves λ = outside + routingᵀ·λ and each station. `routing[i][j]` is the share of those leaving i that go to j. O(n³).
/// `None` when the lists differ in length, a station is saturated, or nobody ever leaves.
pub fn open_network(outside: &[f64], routing: &[Vec<f64>], stations: &[Station]) -> Option<OpenNetwork> {
    let rates = traffic(outside, routing)?;
    if rates.len() != stations.len() {
        return None;
    }
    let solve = |(&rate, &(mu, servers)): (&f64, &Station)| {
        if rate > 0.0 {
            Mmc::new(rate, mu, servers).map(|queue| (rate, Some(queue)))
        } else {
            Some((rate, None))
        }
    };
    let stations: Vec<_> = rates.iter().zip(stations).map(solve).collect::<Option<_>>()?;
    let in_flight: f64 = stations.iter().filter_map(|(_, queue)| *queue).map(|queue| queue.in_flight()).sum();
    let entering: f64 = outside.iter().sum();
    (entering > 0.0).then(|| OpenNetwork { response: in_flight / entering, stations, in_flight })
}

/// The arrival rate of each station, by Gaussian elimination with pivots; `None` when there is none or several.
pub fn traffic(outside: &[f64], routing: &[Vec<f64>]) -> Option<Vec<f64>> {
    let n = outside.len();
    if routing.len() != n || routing.iter().any(|row| row.len() != n) {
        return None;
    }
    let cell = |i: usize, j: usize| f64::from(u8::from(i == j)) - routing[j][i];
    let mut rows: Vec<Vec<f64>> =
        (0..n).map(|i| (0..n).map(|j| cell(i, j)).chain([outside[i]]).collect()).collect();
    for column in 0..n {
        let pivot = (column..n).max_by(|&a, &b| rows[a][column].abs().total_cmp(&rows[b][column].abs()))?;
        rows.swap(column, pivot);
        let head = rows[column][column];
        if head.abs() < 1e-12 {
            return None;
        }
        rows[column].iter_mut().for_each(|value| *value /= head);
        let lead = rows[column].clone();
        for (i, row) in rows.iter_mut().enumerate() {
            let factor = row[column];
            if i != column && factor != 0.0 {
                row.iter_mut().zip(&lead).for_each(|(value, by)| *value -= factor * by);
            }
        }
    }
    Some(rows.iter().map(|row| row[n]).collect())
}

/// The quantile `q` in \[0, 1) of a sum of independent exponentials of these rates in 1/s, such as the time through a tandem
/// of M/M/1 queues (Reich 1957). By uniformisation: positive terms only, equal rates allowed. O(rates · steps).
pub fn sum_quantile(rates: &[f64], q: f64) -> f64 {
    let mean: f64 = rates.iter().map(|rate| 1.0 / rate).sum();
    quantile(q, mean, |t| 1.0 - sum_above(rates, t))
}

/// P(sum > t).
fn sum_above(rates: &[f64], t: f64) -> f64 {
    let fastest = rates.iter().copied().fold(0.0, f64::max);
    let load = fastest * t;
    if load > 700.0 {
        return 0.0;
    }
    // Where the chain is after k steps of the fastest clock.
    let mut at = vec![0.0; rates.len()];
    at[0] = 1.0;
    let (mut weight, mut seen, mut above) = (exp(-load), 0.0, 0.0);
    for k in 1..100_000 {
        above += weight * at.iter().sum::<f64>();
        seen += weight;
        if 1.0 - seen < 1e-15 && f64::from(k) > load {
            break;
        }
        weight *= load / f64::from(k);
        for i in (0..at.len()).rev() {
            let moves = rates[i] / fastest;
            let arrives = if i == 0 { 0.0 } else { at[i - 1] * rates[i - 1] / fastest };
            at[i] = at[i] * (1.0 - moves) + arrives;
        }
    }
    above
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn feedback_and_tandem_have_the_exact_figures() {
        // Computed with 30 digits.
        let routing = [vec![0.0, 0.8], vec![0.3, 0.0]];
        let network = open_network(&[100.0, 0.0], &routing, &[(40.0, 6), (30.0, 6)]).unwrap();
        assert!((network.response / 0.072_216_694_4 - 1.0).abs() < 1e-8);
        assert!((network.stations[0].0 / 131.578_947 - 1.0).abs() < 1e-8);
        let tandem = [vec![0.0, 1.0, 0.0], vec![0.0, 0.0, 1.0], vec![0.0; 3]];
        let network = open_network(&[1.0, 0.0, 0.0], &tandem, &[(0.3125, 4); 3]).unwrap();
        assert!((network.response / 16.757_189_7 - 1.0).abs() < 1e-8);
        for (q, exact) in [(0.5, 13.370_301_6), (0.9, 26.611_601_7), (0.99, 42.029_734_6)] {
            assert!((sum_quantile(&[0.2; 3], q) / exact - 1.0).abs() < 1e-8, "{q}");
        }
    }

    #[test]
    fn a_loop_without_an_exit_and_a_saturated_station_are_refused() {
        assert_eq!(traffic(&[1.0], &[vec![1.0]]), None);
        assert_eq!(open_network(&[1.0], &[vec![0.0]], &[(0.5, 2)]), None);
    }
}
