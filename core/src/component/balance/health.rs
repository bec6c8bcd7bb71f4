//! Is a target healthy? Probes say so, with thresholds, so that one lost probe changes nothing.

/// What a probe has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transition {
    /// The target gets no more requests.
    Left,
    /// The target gets requests again.
    Returned,
}

/// The health of one target, as its probes tell it. It starts healthy.
#[derive(Clone, Copy, Debug)]
pub struct Health {
    healthy: bool,
    /// Probes in a row that spoke against the present state; below the threshold that ends it.
    against: u32,
    fall: u32,
    rise: u32,
}

impl Health {
    /// Leaves after `fall` ≥ 1 failed probes in a row, returns after `rise` ≥ 1 that passed.
    pub const fn new(fall: u32, rise: u32) -> Self {
        Self { healthy: true, against: 0, fall, rise }
    }

    /// Takes the result of a probe; says what it has changed.
    pub fn probed(&mut self, passed: bool) -> Option<Transition> {
        if passed == self.healthy {
            self.against = 0;
            return None;
        }
        self.against += 1;
        if self.against < if self.healthy { self.fall } else { self.rise } {
            return None;
        }
        self.healthy = passed;
        self.against = 0;
        Some(if passed { Transition::Returned } else { Transition::Left })
    }

    /// The target was taken away on purpose: it is unhealthy until as many probes have passed as must.
    pub const fn left(&mut self) {
        self.healthy = false;
        self.against = 0;
    }

    /// Whether it is healthy.
    pub const fn is_healthy(&self) -> bool {
        self.healthy
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_takes_probes_in_a_row_to_change_its_mind() {
        let mut health = Health::new(3, 2);
        let changes: Vec<Option<Transition>> =
            [false, false, true, false, false, false, true, false, true, true]
                .map(|probe| health.probed(probe))
                .to_vec();
        let mut expected = vec![None; 10];
        expected[5] = Some(Transition::Left);
        expected[9] = Some(Transition::Returned);
        assert_eq!(changes, expected);
    }
}
