//! What `loadpath_core::analytic::formula` says to each quantity of a case. One function for each family.

mod caches;
mod queues;
mod reliability;

use super::case::Case;

/// Values by the names of the case's quantities.
pub(crate) type Values = Vec<(&'static str, f64)>;

/// What the formulas say; `None` for a family that none is written for.
pub(crate) fn analytic(case: &Case) -> Option<Vec<(String, f64)>> {
    if case.family == "Jackson open network" {
        return queues::jackson(case);
    }
    if case.family == "closed interactive network (MVA)" {
        return Some(queues::closed(case));
    }
    if let Some(values) = caches::power_of_choices(case) {
        return Some(values);
    }
    let values = queues::of(case).or_else(|| caches::of(case)).or_else(|| reliability::of(case))?;
    Some(values.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_quantity_of_every_case_is_what_its_formula_says() {
        let cases = Case::read_all(include_str!("../../../../tests/data/theory.json")).unwrap();
        let mut missing = Vec::new();
        for case in &cases {
            let values = analytic(case).unwrap_or_else(|| panic!("{} has no formula", case.family));
            for (name, exact) in &case.expect {
                let Some((_, value)) = values.iter().find(|(known, _)| known == name) else {
                    missing.push(format!("{} {name}", case.id));
                    continue;
                };
                // The figures have nine digits; parameters rounded to nine make the rest.
                let bound = 2e-6 * exact.abs() + 1e-30;
                assert!((value - exact).abs() <= bound, "{} {name}: {value}, exactly {exact}", case.id);
            }
        }
        // Only small Markov chains without a closed form, and the popularities that a case states for its reader.
        let known = |name: &String| name.starts_with("lb_n") || name.contains(" p[");
        assert!(missing.iter().all(known), "{missing:?}");
    }
}
