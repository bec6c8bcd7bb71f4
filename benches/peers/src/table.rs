//! The table: what each engine took for a customer, and whether it is right.
use crate::Engine;
use crate::answer::Answer;
use crate::network::NETWORKS;
use std::process::ExitCode;

/// An engine's answers to each network.
pub(crate) struct Row {
    name: String,
    pub(crate) cells: Vec<Cell>,
}

/// The fastest answer, or why there is none.
pub(crate) struct Cell(Result<Answer, String>);

impl Cell {
    /// The fastest run counts, since noise only slows. The answers are alike: an engine's chance has a fixed seed.
    pub(crate) fn saw(&mut self, outcome: Result<Answer, String>) {
        match (&self.0, outcome) {
            (Ok(best), Ok(answer)) if best.cpu_seconds <= answer.cpu_seconds => {}
            (_, outcome) => self.0 = outcome,
        }
    }
}

impl Row {
    pub(crate) fn of(engine: &Engine) -> Self {
        let not_run = |_| Cell(Err("not run".to_owned()));
        Self { name: engine.name.clone(), cells: NETWORKS.into_iter().map(not_run).collect() }
    }
}

/// Prints the answers, then the times. Fails if an answer of ours is wrong: a peer's is only said to be.
pub(crate) fn print(rows: &[Row]) -> ExitCode {
    println!("\nMean response in ms, and by how many of its standard errors it is off:\n");
    print!("{:<20}", "engine");
    for network in NETWORKS {
        print!(" {:>31}", format!("{} {:.4}", network.name, network.mean_response() * 1e3));
    }
    println!();
    rows.iter().for_each(|row| print_row(row, answer_of));
    println!(
        "\n* for another network than asked for, of which the mean is known too: constant service times, an M/D/1"
    );
    println!("\nNanoseconds of CPU time a customer, and how many times ours:\n");
    print!("{:<20}", "engine");
    NETWORKS.iter().for_each(|network| print!(" {:>31}", network.name));
    println!();
    rows.iter().for_each(|row| print_row(row, |cell, i| time_of(cell, i, &rows[0])));
    let ours_are_right = (0..NETWORKS.len()).all(|i| right(&rows[0].cells[i]).is_some());
    if ours_are_right { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn print_row(row: &Row, text: impl Fn(&Cell, usize) -> String) {
    print!("{:<20}", row.name);
    row.cells.iter().enumerate().for_each(|(i, cell)| print!(" {:>31}", text(cell, i)));
    println!();
}

fn right(cell: &Cell) -> Option<&Answer> {
    cell.0.as_ref().ok().filter(|answer| answer.is_right())
}

fn answer_of(cell: &Cell, network: usize) -> String {
    match &cell.0 {
        Ok(answer) => {
            let (mean, error) = (answer.mean * 1e3, answer.error * 1e3);
            let verdict = if answer.is_right() { "" } else { " WRONG" };
            let other = if answer.exact == NETWORKS[network].mean_response() { "" } else { "*" };
            format!("{mean:.4} ± {error:.4} ({:+.1}){verdict}{other}", answer.off())
        }
        Err(why) => why.clone(),
    }
}

fn time_of(cell: &Cell, network: usize, ours: &Row) -> String {
    let Some(answer) = right(cell) else { return "-".to_owned() };
    let each = answer.nanoseconds_each();
    match right(&ours.cells[network]) {
        Some(ours) => format!("{each:.0} ({:.1}x)", each / ours.nanoseconds_each()),
        None => format!("{each:.0}"),
    }
}
