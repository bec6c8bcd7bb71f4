//! Questions that take a while: they are answered in a worker of their own, so that neither the page nor the running simulation
//! waits for them.
use super::compared::{Compared, Compares, compare};
use loadpath_core::advise::{Finding, Verdict, verify};
use loadpath_core::claims::{self, ClaimVerdict, NotJudged};
use loadpath_core::rng::Seed;
use loadpath_core::topology::Topology;
use loadpath_core::topology::lessons;
use serde::{Deserialize, Serialize};

/// A question.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Study {
    /// Whether a mend mends.
    Mend {
        /// The design.
        #[serde(with = "crate::run::document")]
        document: Box<Topology>,
        /// What is weak about it, with its mend.
        finding: Box<Finding>,
    },
    /// Whether a lesson's claims hold.
    Claims {
        /// The lesson.
        lesson: String,
    },
    /// Whether a design reaches the goals of a lesson.
    Goals {
        /// The lesson.
        lesson: String,
        /// The design.
        #[serde(with = "crate::run::document")]
        document: Box<Topology>,
    },
    /// What the second has that the first has not.
    Compare(Box<Compares>),
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Studied {
    /// What the mend changes, or why it cannot be said.
    Mend(Result<Verdict, String>),
    /// What became of each claim.
    Claims(Vec<ClaimVerdict>),
    /// What became of each goal.
    Goals(Vec<Result<ClaimVerdict, NotJudged>>),
    /// The two, side by side.
    Compare(Result<Box<Compared>, String>),
}

/// Answers a question. Costs up to some minutes of simulated time, several times.
pub fn study(question: &Study, seed: Seed) -> Studied {
    match question {
        Study::Mend { document, finding } => {
            Studied::Mend(verify(document, finding, seed).map_err(|why| why.to_string()))
        }
        Study::Claims { lesson } => {
            Studied::Claims(lessons::find(lesson).map_or_else(Vec::new, |lesson| claims::check(lesson, seed)))
        }
        Study::Goals { lesson, document } => {
            let lesson = lessons::find(lesson);
            Studied::Goals(lesson.map_or_else(Vec::new, |lesson| claims::check_goals(lesson, document, seed)))
        }
        Study::Compare(two) => Studied::Compare(compare(two, seed).map(Box::new)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use loadpath_core::advise;
    use loadpath_core::topology::{check, three_tier};

    #[test]
    fn a_mend_that_is_tried_comes_with_both_figures() {
        let document = three_tier();
        let plan = check(&document).unwrap();
        let findings = advise::findings(&plan, &document);
        let finding = findings.into_iter().find(|f| f.kind == advise::FindingKind::OneBalancer).unwrap();
        let question = Study::Mend { document: Box::new(document), finding: Box::new(finding) };
        let Studied::Mend(Ok(verdict)) = study(&question, Seed(1)) else { panic!("there is a verdict") };
        assert!(verdict.better && verdict.before > verdict.after, "{verdict:?}");
    }

    #[test]
    fn what_is_asked_and_answered_passes_through_text() {
        let question = Study::Goals { lesson: "celebrity".to_owned(), document: Box::new(three_tier()) };
        let text = serde_json::to_string(&question).unwrap();
        assert_eq!(loadpath_core::json::read::<Study>(&text).unwrap(), question);
    }
}
