//! AUC as means of rows: DeLong's placement values (DeLong, DeLong and Clarke-Pearson 1988).

use super::bootstrap::{Groups, Sums};

/// A row that waits for all others.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scored {
    pub(super) positive: bool,
    pub(super) weight: f64,
    pub(super) champion: f64,
    pub(super) challenger: f64,
}

/// The positives' and the negatives' placements, dealt to groups. The mean of either is the AUC.
pub(super) fn placed(rows: &[Scored], seed: u64) -> (Groups, Groups) {
    let champion = placements(rows, |row| row.champion);
    let challenger = placements(rows, |row| row.challenger);
    let (mut positives, mut negatives) = (Groups::new(seed), Groups::new(seed));
    for (row, (champion, challenger)) in rows.iter().zip(champion.into_iter().zip(challenger)) {
        let groups = if row.positive { &mut positives } else { &mut negatives };
        let weight = row.weight;
        groups.deal(Sums { weight, champion: weight * champion, challenger: weight * challenger });
    }
    (positives, negatives)
}

/// For each row the share of the other class that it is on the right side of, a tie counting half.
fn placements(rows: &[Scored], score: impl Fn(&Scored) -> f64) -> Vec<f64> {
    let of_class = |positive| rows.iter().filter(|row| row.positive == positive).map(|row| row.weight).sum::<f64>();
    let (positives, negatives) = (of_class(true), of_class(false));
    let mut order: Vec<usize> = (0..rows.len()).collect();
    order.sort_by(|one, other| score(&rows[*one]).total_cmp(&score(&rows[*other])));
    let mut placed = vec![0.0; rows.len()];
    let (mut positives_below, mut negatives_below) = (0.0, 0.0);
    for tied in order.chunk_by(|one, other| score(&rows[*one]) == score(&rows[*other])) {
        let here = |positive| {
            let tied = tied.iter().map(|row| &rows[*row]).filter(|row| row.positive == positive);
            tied.map(|row| row.weight).sum::<f64>()
        };
        let (positives_here, negatives_here) = (here(true), here(false));
        for row in tied {
            placed[*row] = if rows[*row].positive {
                (negatives_below + negatives_here / 2.0) / negatives
            } else {
                (positives - positives_below - positives_here / 2.0) / positives
            };
        }
        positives_below += positives_here;
        negatives_below += negatives_here;
    }
    placed
}
