//! How many verdicts stayed, and how many became which: outcomes of one rule set against another's.

use crate::scoring::verdict::Outcome;

/// Counts of sessions by the outcome they had and the outcome they would have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct VerdictTable([[u64; 3]; 3]);

impl VerdictTable {
    /// The outcomes in the order in which a table is shown.
    pub const OUTCOMES: [Outcome; 3] = [Outcome::Pass, Outcome::Refer, Outcome::Fail];

    /// Counts sessions that were judged `before` and would be judged `after`.
    pub fn add(&mut self, before: Outcome, after: Outcome, sessions: u64) {
        self.0[place(before)][place(after)] += sessions;
    }

    /// Sessions that were judged `before` and would be judged `after`.
    pub fn count(&self, before: Outcome, after: Outcome) -> u64 {
        self.0[place(before)][place(after)]
    }

    /// All sessions.
    pub fn sessions(&self) -> u64 {
        self.0.iter().flatten().sum()
    }

    /// Sessions whose verdict would be another.
    pub fn changed(&self) -> u64 {
        let same: u64 = (0..3).map(|outcome| self.0[outcome][outcome]).sum();
        self.sessions() - same
    }
}

fn place(outcome: Outcome) -> usize {
    match outcome {
        Outcome::Pass => 0,
        Outcome::Refer => 1,
        Outcome::Fail => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stays_is_not_counted_as_changed() {
        let mut table = VerdictTable::default();
        table.add(Outcome::Pass, Outcome::Pass, 5);
        table.add(Outcome::Pass, Outcome::Fail, 2);
        table.add(Outcome::Fail, Outcome::Pass, 1);
        assert_eq!((table.sessions(), table.changed()), (8, 3));
        assert_eq!(table.count(Outcome::Pass, Outcome::Fail), 2);
        assert_eq!(table.count(Outcome::Fail, Outcome::Pass), 1);
    }
}
