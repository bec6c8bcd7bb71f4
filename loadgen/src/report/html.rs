//! A run as one HTML file that needs nothing else: no script, no other file, both themes.
use super::csv::histograms;
use super::latency;
use crate::store::Story;
use loadpath_core::run::Run;
use loadpath_core::stats::Histogram;
use std::fmt::Write as _;

const STYLE: &str = "
:root{color-scheme:light dark;--ink:#1c2024;--faint:#5f6871;--line:#d5dade;--paper:#fff;--a:#0b62c4;--b:#a14b00}
@media(prefers-color-scheme:dark){:root{--ink:#e8eaed;--faint:#a2abb5;--line:#3b434b;--paper:#15181b;--a:#6cb0ff;--b:#ffab66}}
body{font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper);max-width:60rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.4rem;margin:0}h2{font-size:1.05rem;margin:2rem 0 .5rem}p{margin:.3rem 0}.faint{color:var(--faint)}
table{border-collapse:collapse;font-variant-numeric:tabular-nums}th,td{padding:.25rem .7rem;text-align:right;border-bottom:1px solid var(--line)}
th:first-child,td:first-child{text-align:left}svg{width:100%;height:auto;max-width:56rem}svg text{font:12px system-ui,sans-serif;fill:var(--faint)}
.grid{stroke:var(--line);stroke-width:1}.a{stroke:var(--a)}.b{stroke:var(--b);stroke-dasharray:6 3}.curve{fill:none;stroke-width:2}";

/// Width and height of a chart, and the place of its plot.
const CHART: (f64, f64) = (800.0, 320.0);
const LEFT: f64 = 70.0;
const RIGHT: f64 = 780.0;
const TOP: f64 = 15.0;
const BOTTOM: f64 = 280.0;
/// The curve ends where so many nines are reached.
const NINES: f64 = 5.0;

/// The report as a whole file.
pub fn html(story: &Story) -> String {
    let run = &story.run;
    let name = escaped(&run.name);
    let o = run.outcomes();
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{name}</title>\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\
         <meta name=\"viewport\" content=\"width=device-width\"><style>{STYLE}</style></head><body>\n\
         <h1>{name}</h1>\n<p class=\"faint\">{}</p>\n",
        escaped(&run.source.to_string())
    );
    // A string takes every write.
    let _ = writeln!(
        page,
        "<p>Offered {:.1}/s, achieved {:.1}/s over {:.1} s after {:.1} s of warm-up. {} requests: {} ok, {} refused, {} failed, {} timed out.</p>",
        run.offered_rate,
        run.achieved_rate(),
        run.duration.as_secs(),
        run.warm_up.as_secs(),
        o.total(),
        o.ok,
        o.refused,
        o.failed,
        o.timed_out
    );
    if !run.notes.is_empty() {
        let notes: String = run.notes.iter().map(|note| format!("<li>{}</li>", escaped(note))).collect();
        let _ = writeln!(page, "<h2>Notes</h2>\n<ul>{notes}</ul>");
    }
    page.push_str(&percentiles(run));
    page.push_str(&table(run));
    page.push_str(&seconds(run));
    page.push_str("</body></html>\n");
    page
}

/// The latency at each percentile, towards the right ever closer to all.
fn percentiles(run: &Run) -> String {
    let mut service = Histogram::default();
    run.classes.iter().for_each(|class| service.merge(&class.service));
    let response = run.response();
    let curves = [("a", "from the planned send", &response), ("b", "from the actual send", &service)];
    let most = curves.iter().map(|(.., h)| h.max().as_secs()).fold(0.0, f64::max);
    if most <= 0.0 {
        return String::new();
    }
    let (low, high) = (lowest(&response).log10().floor(), most.log10().ceil());
    let y = |seconds: f64| {
        let share = (seconds.max(1e-9).log10() - low) / (high - low).max(1.0);
        BOTTOM - share.clamp(0.0, 1.0) * (BOTTOM - TOP)
    };
    let x = |nines: f64| LEFT + nines / NINES * (RIGHT - LEFT);
    let mut chart = String::new();
    for (nines, name) in
        [(0.0, "0 %"), (1.0, "90 %"), (2.0, "99 %"), (3.0, "99.9 %"), (4.0, "99.99 %"), (5.0, "99.999 %")]
    {
        vertical(&mut chart, x(nines), name);
    }
    let decades = (low as i32..=high as i32).map(|decade| 10f64.powi(decade));
    for seconds in decades {
        horizontal(&mut chart, y(seconds), &latency(loadpath_core::time::Span::from_secs(seconds)));
    }
    for (class, _, histogram) in curves.iter().filter(|(.., h)| !h.is_empty()) {
        // Further to the right there is not one request to tell of.
        let end = (histogram.count() as f64).log10().min(NINES);
        let points = (0..=200).map(|i| f64::from(i) / 200.0 * end);
        let points = points.map(|n| (x(n), y(histogram.quantile(1.0 - 10f64.powf(-n)).as_secs())));
        curve(&mut chart, class, points);
    }
    let legend: String = curves
        .iter()
        .filter(|(.., h)| !h.is_empty())
        .enumerate()
        .map(|(i, (class, name, _))| {
            let at = TOP + 12.0 + 18.0 * i as f64;
            format!(
                "<path class=\"curve {class}\" d=\"M{} {at}h28\"/><text x=\"{}\" y=\"{}\">{name}</text>",
                LEFT + 12.0,
                LEFT + 46.0,
                at + 4.0
            )
        })
        .collect();
    figure("Latency by percentile", &(chart + &legend))
}

/// The 99th percentile of each second.
fn seconds(run: &Run) -> String {
    let most = run.series.iter().map(|second| second.p99_ns).max().unwrap_or(0);
    if run.series.len() < 2 || most == 0 {
        return String::new();
    }
    let last = run.series.len() as f64 - 1.0;
    let x = |i: usize| LEFT + i as f64 / last * (RIGHT - LEFT);
    let y = |nanos: u64| BOTTOM - nanos as f64 / most as f64 * (BOTTOM - TOP);
    let mut chart = String::new();
    for quarter in 0..=4u64 {
        let nanos = most / 4 * quarter;
        horizontal(&mut chart, y(nanos), &latency(loadpath_core::time::Span(nanos)));
        let second = (last / 4.0 * quarter as f64).round();
        vertical(&mut chart, x(second as usize), &format!("{second} s"));
    }
    let points = run.series.iter().enumerate().map(|(i, second)| (x(i), y(second.p99_ns)));
    curve(&mut chart, "a", points);
    figure("99th percentile of each second, warm-up included", &chart)
}

fn lowest(histogram: &Histogram) -> f64 {
    histogram.quantile(0.0).as_secs().max(1e-6)
}

fn vertical(chart: &mut String, x: f64, name: &str) {
    let _ = write!(
        chart,
        "<path class=\"grid\" d=\"M{x:.1} {TOP}V{BOTTOM}\"/><text x=\"{x:.1}\" y=\"{}\" text-anchor=\"middle\">{name}</text>",
        BOTTOM + 20.0
    );
}

fn horizontal(chart: &mut String, y: f64, name: &str) {
    let _ = write!(
        chart,
        "<path class=\"grid\" d=\"M{LEFT} {y:.1}H{RIGHT}\"/><text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
        LEFT - 8.0,
        y + 4.0,
        escaped(name)
    );
}

fn curve(chart: &mut String, class: &str, points: impl Iterator<Item = (f64, f64)>) {
    let path: Vec<String> = points.map(|(x, y)| format!("{x:.1} {y:.1}")).collect();
    let _ = write!(chart, "<path class=\"curve {class}\" d=\"M{}\"/>", path.join("L"));
}

fn figure(title: &str, content: &str) -> String {
    let (width, height) = CHART;
    format!(
        "<h2>{title}</h2>\n<svg viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"{title}\">{content}</svg>\n"
    )
}

fn table(run: &Run) -> String {
    let mut rows = String::new();
    for (of, clock, histogram) in histograms(run) {
        let cells: String = [0.5, 0.9, 0.95, 0.99, 0.999, 1.0]
            .iter()
            .map(|&q| format!("<td>{}</td>", escaped(&latency(histogram.quantile(q)))))
            .collect();
        let _ = writeln!(
            rows,
            "<tr><td>{}, from the {clock}</td><td>{}</td>{cells}</tr>",
            escaped(&of),
            histogram.count()
        );
    }
    format!(
        "<h2>Latencies</h2>\n<table><tr><th>of</th><th>requests</th><th>p50</th><th>p90</th><th>p95</th><th>p99</th><th>p99.9</th><th>max</th></tr>\n{rows}</table>\n"
    )
}

/// Text that is no markup, whatever it holds.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            c => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample::story;

    #[test]
    fn what_a_run_holds_is_text_and_the_page_needs_nothing_else() {
        let mut story = story();
        story.run.name = "<script>alert(1)</script>\"'&".to_owned();
        story.run.notes.push("<img src=x onerror=alert(1)>".to_owned());
        let page = html(&story);
        assert!(!page.contains("<script") && !page.contains("<img"), "{page}");
        for outside in ["src=", "href=", "url(", "@import", "NaN", "inf"] {
            assert!(!page.replace("&lt;img src=x", "").contains(outside), "{outside} is in it");
        }
        assert_eq!(page.matches("<path class=\"curve a\"").count(), 3, "the curve, its legend, the seconds");
        assert!(page.contains("&lt;script&gt;") && page.contains("99.999 %"));
        story.run.classes.clear();
        assert!(
            !html(&story).contains("<svg viewBox=\"0 0 800 320\" role=\"img\" aria-label=\"Latency by"),
            "nothing to draw"
        );
    }
}
