//! Whether a long load holds its memory: a line a minute, and the slope.
use crate::{ours, target, tool};
use std::process::Stdio;
use std::time::{Duration, Instant};

const RATE: &str = "2k/s";
/// As long as histograms and tables may take to reach their size.
const SETTLES: f64 = 1.0;

/// Prints it, for so many minutes.
pub(crate) fn run(minutes: u32) {
    println!("soak: {RATE} on 64 connections for {minutes} minutes, nginx");
    let nginx = target::nginx();
    let url = format!("http://{}/", nginx.address);
    let home = tempfile::tempdir().expect("a temporary folder");
    let duration = format!("{minutes}m");
    let mut command = ours::command(home.path());
    command.args(["run", "--url", &url, "--rate", RATE, "--duration", &duration, "--warm-up", "0s", "-q"]);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().expect("loadgen starts");
    let begun = Instant::now();
    let mut points: Vec<(f64, f64)> = Vec::new();
    let mut last = 0.0;
    for minute in 0..=minutes {
        // The last look is just before the end.
        let at = (f64::from(minute) * 60.0).min(f64::from(minutes) * 60.0 - 1.0).max(5.0);
        std::thread::sleep(Duration::from_secs_f64(at).saturating_sub(begun.elapsed()));
        let Some(held) = tool::memory(child.id(), "VmRSS:") else { break };
        let minutes_in = begun.elapsed().as_secs_f64() / 60.0;
        println!(
            "  {minutes_in:>5.1} min  {held:>7.2} MB  {:+.2}",
            if last > 0.0 { held - last } else { 0.0 }
        );
        last = held;
        points.push((minutes_in, held));
    }
    let ended = child.wait();
    let well = ended.is_ok_and(|status| status.success());
    println!("  it ended {}", if well { "well" } else { "badly" });
    points.retain(|(minute, _)| *minute >= SETTLES);
    if points.len() > 1 {
        crate::verdict("memory grows, kB per minute after the first", slope(&points) * 1_024.0, "<=", 100.0);
    }
}

/// By least squares.
fn slope(points: &[(f64, f64)]) -> f64 {
    let n = points.len() as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / n;
    let (x, y) = (mean(|p| p.0), mean(|p| p.1));
    let over = |of: &dyn Fn(f64, f64) -> f64| points.iter().map(|p| of(p.0 - x, p.1 - y)).sum::<f64>();
    over(&|dx, dy| dx * dy) / over(&|dx, _| dx * dx)
}
