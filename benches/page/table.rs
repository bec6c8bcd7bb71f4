//! The one table of what was measured, a line at a time.
use super::weight::Weight;

/// What the table is of.
pub(crate) fn head(how: &str) {
    println!("Loadpath, running, beside React Flow, bare: milliseconds of the main thread per pointer step;");
    println!("{how}, and a share of React Flow\n");
    println!("{:<34} {:>10} {:>12} {:>7} {:>8}", "", "Loadpath", "React Flow", "ratio", "aim");
}

/// Milliseconds of both, and the most that they may be: so many, and such a share of the peer's.
pub(crate) fn line(what: &str, ours: f64, theirs: Option<f64>, aim: Option<(f64, f64)>) {
    let ratio = theirs.map(|theirs| ours / theirs);
    let verdict = aim.map_or("", |(most, share)| {
        let (is_fast, is_share) = (ours <= most, ratio.is_none_or(|ratio| ratio <= share));
        match (is_fast, is_share) {
            (true, true) => "met",
            (true, false) => "ratio missed",
            (false, true) if share.is_finite() => "ratio met",
            _ => "missed",
        }
    });
    let aim = aim.map_or_else(String::new, |(most, _)| format!("{most}"));
    let told = |value: Option<f64>, digits: usize| {
        value.map_or_else(String::new, |value| format!("{value:.digits$}"))
    };
    let (theirs, ratio) = (told(theirs, 1), told(ratio, 2));
    println!("{what:<34} {ours:>10.1} {theirs:>12} {ratio:>7} {aim:>8}  {verdict}");
}

/// Kilobytes of both, in each form, and the most that ours may be.
pub(crate) fn weights(ours: Weight, theirs: Weight) {
    let row = |what: &str, of: fn(&Weight) -> usize, aim: Option<usize>| {
        let (ours, theirs) = (of(&ours) / 1_000, of(&theirs) / 1_000);
        let verdict = aim.map_or("", |most| if ours <= most { "met" } else { "missed" });
        let aim = aim.map_or_else(String::new, |most| most.to_string());
        println!("{what:<34} {ours:>10} {theirs:>12} {:>7} {aim:>8}  {verdict}", "");
    };
    println!("the whole product, kB");
    row("  plain", |weight| weight.plain, None);
    row("  gzip", |weight| weight.gzip, Some(600));
    row("  brotli: what the agent sends", |weight| weight.brotli, Some(450));
}
