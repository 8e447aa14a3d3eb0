//! How large a result will be, by the server's own plan.

/// From this size on the nodes' writing side by side outweighs the way over S3.
pub(super) const UNLOAD_FROM: u64 = 10 * 1024 * 1024 * 1024;

/// What the server thinks a result will be: as good as the tables' statistics are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Estimate {
    /// How many rows.
    pub rows: u64,
    /// How many bytes a row has.
    pub width: u64,
}

/// How a result leaves the warehouse.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// Over one connection, as a stream: [`Warehouse::extract`](crate::Warehouse::extract).
    Stream,
    /// The nodes write it to S3: [`Redshift::unload`](crate::Redshift::unload).
    Unload,
}

impl Estimate {
    /// How many bytes the result has.
    #[must_use]
    pub fn bytes(self) -> u64 {
        self.rows.saturating_mul(self.width)
    }

    /// The way for a result of that size: UNLOAD from ten gigabytes on.
    #[must_use]
    pub fn way(self) -> Way {
        match self.bytes() {
            UNLOAD_FROM.. => Way::Unload,
            _ => Way::Stream,
        }
    }

    /// Reads the first line of a plan: `XN Seq Scan on t  (cost=0.00..0.01 rows=1 width=8)`.
    pub(super) fn of(line: &str) -> Option<Self> {
        let number = |key: &str| {
            let (_, rest) = line.rsplit_once(key)?;
            let digits = rest.find(|character: char| !character.is_ascii_digit()).unwrap_or(rest.len());
            rest[..digits].parse().ok()
        };
        Some(Self { rows: number(" rows=")?, width: number(" width=")? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The lines are those of Redshift's documentation of EXPLAIN.
    #[test]
    fn the_plans_first_line_has_the_size() {
        let line = "XN Hash Join DS_DIST_OUTER  (cost=2.52..6.28 rows=152 width=220)";
        assert_eq!(Estimate::of(line), Some(Estimate { rows: 152, width: 220 }));
        assert_eq!(Estimate::of("Query Plan"), None);
        assert_eq!(Estimate { rows: 152, width: 220 }.way(), Way::Stream);
        assert_eq!(Estimate { rows: 200_000_000, width: 220 }.way(), Way::Unload);
        assert_eq!(Estimate { rows: u64::MAX, width: 220 }.way(), Way::Unload);
    }
}
