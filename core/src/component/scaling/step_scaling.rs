//! So many instances more or fewer, by how far a value is from what is usual.

/// From a value on, so many instances more.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// The lowest value at which the step applies.
    pub from: f64,
    /// How many instances more; negative for fewer.
    pub change: i16,
}

/// Adds or takes away instances in steps (AWS Auto Scaling, step adjustments): the last step whose value is reached
/// applies; below the first one nothing changes.
#[derive(Clone, Debug, PartialEq)]
pub struct StepScaling {
    /// In rising order of `from`.
    steps: Vec<Step>,
}

impl StepScaling {
    /// With these steps. To scale in when little is to do, begin with one that starts at zero, and follow it with one
    /// that changes nothing.
    ///
    /// # Panics
    /// Unless the steps are in rising order.
    pub fn new(steps: Vec<Step>) -> Self {
        assert!(
            steps.is_sorted_by(|a, b| a.from < b.from),
            "steps are in rising order of the value that they start at"
        );
        Self { steps }
    }

    /// How many instances there should be at `value`, when the steps change `capacity`. O(log steps).
    pub fn needed(&self, capacity: u16, value: f64) -> u16 {
        let reached = self.steps.partition_point(|step| step.from <= value);
        let change = if reached == 0 { 0 } else { self.steps[reached - 1].change };
        capacity.saturating_add_signed(change)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_step_that_is_reached_applies() {
        let steps = [(0.0, -1), (0.3, 0), (0.7, 2), (0.9, 5)].map(|(from, change)| Step { from, change });
        let policy = StepScaling::new(steps.to_vec());
        let needed = [0.0, 0.29, 0.3, 0.69, 0.7, 0.89, 0.9, 7.0].map(|value| policy.needed(10, value));
        assert_eq!(needed, [9, 9, 10, 10, 12, 12, 15, 15]);
        assert_eq!((policy.needed(0, 0.0), StepScaling::new(Vec::new()).needed(3, 1.0)), (0, 3));
    }
}
