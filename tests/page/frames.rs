//! A running simulation never makes a frame late.
use super::{Open, RUNNING};
use loadpath_core::topology::{Topology, link, three_tier};
use std::time::Duration;

/// A frame of a screen that shows sixty of them a second, in milliseconds.
const FRAME_MS: f64 = 1_000.0 / 60.0;

/// Fifty nodes: the example ten times, below one another.
fn ten_times() -> Topology {
    let mut design = Topology { nodes: Vec::new(), edges: Vec::new(), ..three_tier() };
    for i in 0..10 {
        let name = |id: &str| format!("{id}-{i}");
        for mut node in three_tier().nodes {
            node.id = name(&node.id);
            node.at = node.at.map(|[x, y]| [x, y + 340.0 * f64::from(i)]);
            design.nodes.push(node);
        }
        for mut edge in three_tier().edges {
            (edge.from, edge.to) = (name(&edge.from), name(&edge.to));
            design.edges.push(edge);
        }
    }
    design
}

/// Each task by what its thread computes, and not by the clock: on a machine that builds or simulates something else
/// meanwhile, any task of any page may be put off for longer than that. A task that computes for less than a frame leaves
/// the frame its time. The longest take about a third of it, so that caches which others fill fail nothing either.
#[tokio::test]
async fn no_task_of_the_page_takes_longer_than_a_frame_while_a_simulation_runs() {
    let open = Open::at(&format!("#{}", link::encode(&ten_times()))).await;
    open.page.wait_until("it runs", RUNNING).await;
    open.wait_for_count(".node", 50).await;
    let clock = "document.querySelector('#clock').textContent";
    for speed in ["1×", "20×"] {
        open.choose("#speed", speed).await;
        let before: String = open.page.evaluate(clock).await;
        let tasks = open.page.tasks_while(tokio::time::sleep(Duration::from_secs(3))).await;
        let after: String = open.page.evaluate(clock).await;
        assert!(before < after, "the simulation goes on: {before}, {after}");
        // About eight snapshots a second are drawn, and each takes more than one task.
        assert!(tasks.len() >= 24, "{} tasks in 3 s at {speed}: nothing was drawn", tasks.len());
        let longest = tasks.iter().copied().fold(0.0, f64::max);
        assert!(longest < FRAME_MS, "at {speed}, a task computed for {longest} ms");
    }
    open.page.finish().await;
}
