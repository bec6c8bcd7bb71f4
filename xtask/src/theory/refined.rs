//! How far finitely many servers are from endlessly many, where each request looks at two of them: the refined mean field
//! (Gast, Van Houdt 2017, "A refined mean field approximation", Proc. ACM Meas. Anal. Comput. Syst. 1(2), theorem 1).
//!
//! The share s_i of servers with at least i requests follows f_i(s) = λ (s_{i-1}² - s_i²) - (s_i - s_{i+1}). With n servers its
//! mean is s_i + v_i / n + O(1/n²): A v = -(½ B W + c), where A and B are the first and second derivatives of f, W solves
//! A W + W Aᵀ + Q = 0 with the jumps' rates Q, and c is there since two different servers are looked at: both have i requests
//! with s_i² - s_i (1 - s_i) / n.

/// Beyond these nobody stands, as far as a double can say it.
const LEVELS: usize = 12;

/// v_i / s_i of the shares with at least 1, 2, ... requests, at this load of each server; zero from where nobody stands.
pub(super) fn relative_of_tails(load: f64) -> [f64; LEVELS] {
    let s: [f64; LEVELS + 2] = std::array::from_fn(|i| load.powf(2f64.powi(i as i32) - 1.0));
    let mut a = vec![vec![0.0; LEVELS]; LEVELS];
    let mut q = [0.0; LEVELS];
    for i in 1..=LEVELS {
        let row = &mut a[i - 1];
        if i > 1 {
            row[i - 2] = 2.0 * load * s[i - 1];
        }
        row[i - 1] = -2.0 * load * s[i] - 1.0;
        if i < LEVELS {
            row[i] = 1.0;
        }
        q[i - 1] = load * (s[i - 1].powi(2) - s[i].powi(2)) + s[i] - s[i + 1];
    }
    let w = lyapunov(&a, &q);
    let apart = |i: usize| -s[i] * (1.0 - s[i]);
    let pull = |i: usize| {
        // f_i is curved by 2 λ in s_{i-1} and by -2 λ in s_i, and by nothing else.
        let before = if i > 1 { w[i - 2] } else { 0.0 };
        -load * (before - w[i - 1]) - load * (apart(i - 1) - apart(i))
    };
    let v = solve(a, (1..=LEVELS).map(pull).collect());
    std::array::from_fn(|i| if s[i + 1] > 1e-12 { v[i] / s[i + 1] } else { 0.0 })
}

/// The diagonal of W, of which A W + W Aᵀ = -diag(q).
fn lyapunov(a: &[Vec<f64>], q: &[f64]) -> Vec<f64> {
    let n = q.len();
    let mut all = vec![vec![0.0; n * n]; n * n];
    let mut right = vec![0.0; n * n];
    for i in 0..n {
        right[i * n + i] = -q[i];
        for j in 0..n {
            for k in 0..n {
                all[i * n + j][k * n + j] += a[i][k];
                all[i * n + j][i * n + k] += a[j][k];
            }
        }
    }
    let w = solve(all, right);
    (0..n).map(|i| w[i * n + i]).collect()
}

/// Gauss's elimination with the largest pivot of each column.
fn solve(mut a: Vec<Vec<f64>>, mut b: Vec<f64>) -> Vec<f64> {
    let n = b.len();
    for column in 0..n {
        let pivot = (column..n).max_by(|&i, &j| a[i][column].abs().total_cmp(&a[j][column].abs()));
        let pivot = pivot.unwrap_or(column);
        a.swap(column, pivot);
        b.swap(column, pivot);
        let (above, below) = a.split_at_mut(column + 1);
        let of_pivot = &above[column];
        for (i, row) in below.iter_mut().enumerate() {
            let share = row[column] / of_pivot[column];
            if share != 0.0 {
                row.iter_mut().zip(of_pivot).skip(column).for_each(|(x, p)| *x -= share * p);
                b[column + 1 + i] -= share * b[column];
            }
        }
    }
    for row in (0..n).rev() {
        let known: f64 = (row + 1..n).map(|k| a[row][k] * b[k]).sum();
        b[row] = (b[row] - known) / a[row][row];
    }
    b
}

#[cfg(test)]
mod tests {
    use super::super::measure::QUICK;
    use super::super::simulated::shares_of;
    use super::*;

    #[test]
    fn how_much_is_done_depends_on_no_number_of_servers() {
        for load in [0.5, 0.7, 0.9] {
            let off = relative_of_tails(load);
            assert!(off[0].abs() < 1e-9, "a server is as busy as its load, however many there are: {off:?}");
            assert!(off[1] > 0.0 && off[2] > off[1] && off[3] > off[2], "{off:?}");
        }
    }

    #[test]
    fn fifty_servers_are_as_far_off_as_the_simulator_says() {
        let (load, n) = (0.7, 50);
        let off = relative_of_tails(load);
        let simulated = shares_of(n, load, &[3, 4], &QUICK).unwrap();
        for (level, estimate) in [(3, simulated[0]), (4, simulated[1])] {
            let limit = load.powf(2f64.powi(level) - 1.0);
            let (is, says) = (estimate.value / limit - 1.0, off[level as usize - 1] / f64::from(n));
            // 5 % at three requests, 40 % at four; what goes as the square of 1/n comes on top.
            let within = estimate.half_width / limit + says * says;
            assert!((is - says).abs() < within, "level {level}: {is} ± {within}, {says} by the formula");
            assert!(is > 0.5 * says, "level {level}: {is}, {says} by the formula");
        }
    }
}
