//! Under which condition a weakness shows, and in which figure.
use super::figure::Figure;
use super::finding::{Finding, FindingKind, Objective};
use super::load::{Load, own_time};
use crate::id::NodeIndex;
use crate::rng::Seed;
use crate::sim::{Command, Simulation};
use crate::time::{Span, Time};
use crate::topology::catalog::MAX_RATE;
use crate::topology::{Bag, Edit, NodeKind, Place, Plan};

/// A trial that takes more events than this is given up: some five seconds of a machine's time.
const MOST_EVENTS: u64 = 30_000_000;

/// A condition and the figure in which a weakness shows under it.
#[derive(Clone, Debug)]
pub(super) struct Trial {
    /// What it is, as the beginning of a sentence.
    pub(super) condition: String,
    /// Changes to both designs that bring the weakness out.
    pub(super) edits: Vec<Edit>,
    /// What is done, and how long after the start, in order.
    commands: Vec<(Span, Command)>,
    /// What is counted begins here.
    from: Span,
    until: Span,
    pub(super) figure: Figure,
}

const fn seconds(n: u64) -> Span {
    Span(n * Span::SECOND.0)
}

impl Trial {
    /// Nothing happens but the load.
    fn plain(figure: Figure, warm_up: u64, counted: u64) -> Self {
        Self {
            condition: format!("Under its load for {counted} s"),
            edits: Vec::new(),
            commands: Vec::new(),
            from: seconds(warm_up),
            until: seconds(warm_up + counted),
            figure,
        }
    }

    /// Something is done after ten seconds, and half a minute is counted.
    fn with(condition: String, figure: Figure, commands: Vec<Command>) -> Self {
        let commands = commands.into_iter().map(|command| (seconds(10), command)).collect();
        Self { condition, edits: Vec::new(), commands, from: seconds(10), until: seconds(40), figure }
    }

    /// The trial for a finding of this plan; none where its place is not one of the plan's.
    pub(super) fn of(plan: &Plan, finding: &Finding) -> Option<Self> {
        use FindingKind::{
            BlindNames, Bottleneck, CrossedTimeouts, HotShard, LongNames, LostSessions, MissedObjective,
            NoFailover, NoTimeout, NoWorkers, OneBalancer, RetryAmplification, ShortTtl, SinglePoint,
            SlowScaling, SlowWorkers, SmallCache, StaleSessions, UnboundedQueue,
        };
        let load = Load::of(plan);
        let nodes = finding.nodes(plan);
        if nodes.iter().any(|&node| node >= plan.nodes.len()) {
            return None;
        }
        let id = nodes.first().map(|&node| plan.nodes[node].id.clone());
        Some(match finding.kind {
            SinglePoint | OneBalancer | NoFailover => {
                let id = id?;
                let kill = vec![Command::Kill { node: id.clone(), instance: 0 }];
                Self::with(
                    format!("In the half minute after the first instance of \"{id}\" dies"),
                    Figure::Errors,
                    kill,
                )
            }
            Bottleneck => {
                let full = finding.evidence.first().is_some_and(|busy| busy.value >= 100.0);
                Self::plain(if full { Figure::Goodput } else { Figure::P99 }, 5, 40)
            }
            MissedObjective(Objective::P99) => Self::plain(Figure::P99, 5, 60),
            MissedObjective(_) => Self::plain(Figure::Errors, 5, 60),
            HotShard => Self::plain(Figure::Hottest(id?), 5, 30),
            UnboundedQueue => overload_and_back(plan, &load, *nodes.first()?),
            CrossedTimeouts => slow_callee(plan, &finding.place, 4.0)?,
            NoTimeout => slow_third_party(plan, *nodes.get(1)?, id?),
            RetryAmplification => failing(plan, *nodes.get(1)?),
            LostSessions => Self::plain(Figure::Counter(id?, "lost_sessions"), 5, 30),
            ShortTtl => {
                let ttl = match &plan.nodes[*nodes.first()?].kind {
                    NodeKind::Cache(cache) => cache.ttl,
                    NodeKind::Cdn(cdn) => cdn.ttl,
                    _ => return None,
                };
                let warm = (2 * ttl.0 / Span::SECOND.0).clamp(20, 120);
                Self::plain(Figure::Hits(id?), warm, 30)
            }
            SmallCache => Self::plain(Figure::Hits(id?), 60, 30),
            StaleSessions => one_user(plan, id?),
            SlowScaling => {
                let double = Command::SetRate { rate: (2.0 * load.rate).min(MAX_RATE) };
                Self {
                    until: seconds(70),
                    ..Self::with(
                        "In the minute after the load has doubled".to_owned(),
                        Figure::Errors,
                        vec![double],
                    )
                }
            }
            NoWorkers => Self::plain(Figure::Backlog(id?), 0, 60),
            SlowWorkers => {
                let feeds = plan.into(NodeIndex(*nodes.first()? as u16)).next()?;
                Self::plain(Figure::Backlog(plan.node(plan.edge(feeds).from).id.clone()), 0, 60)
            }
            BlindNames => {
                let trial = dead_address(plan, &load, *nodes.first()?, 20)?;
                // So that what resolvers remember does not hide what DNS says.
                Self { edits: vec![Edit::set(Bag::Node(id?), "ttl", "5s")], ..trial }
            }
            LongNames => dead_address(plan, &load, *nodes.first()?, 80)?,
        })
    }

    /// Simulates a design under the condition and reads the figure; none when it takes too many events.
    pub(super) fn run(&self, plan: &Plan, seed: Seed) -> Option<f64> {
        let mut simulation = Simulation::new(plan, seed);
        let mut left = MOST_EVENTS;
        let mut run_until = |simulation: &mut Simulation, at: Span| {
            let before = simulation.events();
            let reached = simulation.run_some(Time::ZERO + at, left);
            left = left.saturating_sub(simulation.events() - before);
            reached.then_some(())
        };
        let mut commands = self.commands.iter().peekable();
        let (mut busy, mut looks) = (0.0, 0u32);
        // At whole seconds; all that is done is done at one.
        for second in 0..self.until.0.div_ceil(Span::SECOND.0) {
            let now = seconds(second);
            run_until(&mut simulation, now)?;
            while let Some((_, command)) = commands.next_if(|(at, _)| *at <= now) {
                // A design without that instance does not lose it.
                simulation.command(command).unwrap_or_default();
            }
            if now == self.from {
                simulation.reset_statistics();
            } else if now > self.from
                && let Figure::Hottest(id) = &self.figure
            {
                let snapshot = simulation.snapshot();
                let node = snapshot.nodes.iter().find(|node| &node.id == id)?;
                busy += node.busy.iter().copied().fold(0.0, f64::max);
                looks += 1;
            }
        }
        run_until(&mut simulation, self.until)?;
        Some(self.figure.read(&simulation, busy / f64::from(looks.max(1))))
    }
}

/// Three times what the node can do for ten seconds; what is counted comes after.
fn overload_and_back(plan: &Plan, load: &Load, node: usize) -> Trial {
    let busy = load.nodes[node].map_or(1.0, |load| load.utilization).max(1e-6);
    let rate = |rate: f64| Command::SetRate { rate: rate.min(MAX_RATE) };
    Trial {
        condition: format!(
            "In the half minute after ten seconds with three times what \"{}\" can do",
            plan.nodes[node].id
        ),
        edits: Vec::new(),
        commands: vec![(seconds(5), rate(3.0 * load.rate / busy)), (seconds(15), rate(load.rate))],
        from: seconds(15),
        until: seconds(45),
        figure: Figure::Errors,
    }
}

/// The node behind a balancer that does the work.
fn behind(plan: &Plan, node: usize) -> usize {
    let mut node = node;
    while let (NodeKind::LoadBalancer(_), Some(&edge)) =
        (&plan.nodes[node].kind, plan.nodes[node].out.first())
    {
        node = plan.edge(edge).to.index();
    }
    node
}

/// The callee takes so many times its caller's timeout.
fn slow_callee(plan: &Plan, place: &Place, times: f64) -> Option<Trial> {
    let Place::Edge(edge) = place else { return None };
    let edge = plan.edges.get(*edge)?;
    let callee = behind(plan, edge.to.index());
    let factor = times * edge.timeout?.as_secs() / own_time(&plan.nodes[callee].kind).max(1e-9);
    let (id, caller) = (plan.nodes[callee].id.clone(), plan.node(edge.from).id.clone());
    let condition = format!("In the half minute after \"{id}\" becomes too slow to be waited for");
    let slow = Command::Slow { node: id, instance: None, factor: factor.clamp(2.0, 1_000.0) };
    Some(Trial::with(condition, Figure::P99Of(caller), vec![slow]))
}

fn slow_third_party(plan: &Plan, node: usize, caller: String) -> Trial {
    let id = plan.nodes[node].id.clone();
    let condition = format!("In the half minute after \"{id}\" becomes a hundred times slower");
    let slow = Command::Slow { node: id, instance: None, factor: 100.0 };
    Trial::with(condition, Figure::P99Of(caller), vec![slow])
}

/// All that the node answers are errors; where it cannot, it is dead.
fn failing(plan: &Plan, node: usize) -> Trial {
    let node = behind(plan, node);
    let id = plan.nodes[node].id.clone();
    let answers = matches!(
        plan.nodes[node].kind,
        NodeKind::Service(_) | NodeKind::External(_) | NodeKind::ObjectStore(_) | NodeKind::Workers(_)
    );
    let condition = format!("While \"{id}\" fails");
    let figure = Figure::Calls(id.clone());
    if answers {
        let edits = vec![Edit::set(Bag::Node(id), "error_share", "1")];
        return Trial { edits, ..Trial::with(condition, figure, Vec::new()) };
    }
    Trial::with(condition, figure, kill_all(plan, node))
}

fn kill_all(plan: &Plan, node: usize) -> Vec<Command> {
    let kind = &plan.nodes[node].kind;
    let kill = |instance| Command::Kill { node: plan.nodes[node].id.clone(), instance };
    (0..kind.most_instances()).map(kill).collect()
}

/// One user who asks for a few keys: each read may be of what was just written.
fn one_user(plan: &Plan, id: String) -> Trial {
    let few = plan.classes.iter().map(|class| Edit::set(Bag::Class(class.name.clone()), "keys", "8"));
    let edits = std::iter::once(Edit::set(Bag::Workload, "users", "1")).chain(few).collect();
    let figure = Figure::Counter(id, "stale_reads");
    let condition = "For one user who reads and writes eight keys".to_owned();
    Trial { condition, edits, ..Trial::plain(figure, 5, 30) }
}

/// The address that gets the most requests dies; what is counted begins `after` seconds later.
fn dead_address(plan: &Plan, load: &Load, dns: usize, after: u64) -> Option<Trial> {
    let rate = |edge: &crate::id::EdgeIndex| load.flow.edges[edge.index()].iter().sum::<f64>();
    let most = plan.nodes[dns].out.iter().max_by(|a, b| rate(a).total_cmp(&rate(b)))?;
    let address = plan.edge(*most).to.index();
    let condition = format!("{after} s after \"{}\" has died", plan.nodes[address].id);
    let trial = Trial::with(condition, Figure::Errors, kill_all(plan, address));
    Some(Trial { from: seconds(10 + after), until: seconds(30 + after), ..trial })
}
