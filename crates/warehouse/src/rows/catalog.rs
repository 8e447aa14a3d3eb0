//! Types that are not built in, looked up in PostgreSQL's catalogue: enums, domains within arrays, extensions' types.

use std::collections::HashMap;

use super::types::is_built_in;
use crate::session::{Described, Failure, Session};

/// Follows an array to its elements and a domain to what it is made of.
const LOOK_UP: &str = "\
WITH RECURSIVE asked AS (
    SELECT oid, pg_catalog.format_type(oid, NULL) AS name,
           CASE WHEN typcategory = 'A' THEN typelem ELSE 0 END AS element
    FROM pg_catalog.pg_type WHERE oid IN ($oids)
), base(asked, oid) AS (
    SELECT oid, CASE WHEN element <> 0 THEN element ELSE oid END FROM asked
    UNION ALL
    SELECT base.asked, typbasetype FROM base JOIN pg_catalog.pg_type t ON t.oid = base.oid WHERE typtype = 'd'
)
SELECT asked.oid, asked.name, asked.element <> 0, t.oid, typtype = 'e' OR typname = 'citext'
FROM asked JOIN base ON base.asked = asked.oid JOIN pg_catalog.pg_type t ON t.oid = base.oid
WHERE typtype <> 'd'";

/// A type that was looked up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Known {
    /// As the server writes it.
    pub(super) name: String,
    pub(super) is_list: bool,
    /// The type of a list's elements, else its own; where that is a domain, what the domain is made of.
    pub(super) element_oid: u32,
    /// Whether the element's binary form is its text: an enum's and a citext's.
    pub(super) is_text: bool,
}

/// The types that were looked up, by oid.
#[derive(Debug, Default)]
pub(super) struct Catalog(HashMap<u32, Known>);

impl Catalog {
    /// Looks up what of the columns' types is not built in.
    pub(super) fn of(columns: &[Described], session: &mut Session) -> Result<Self, Failure> {
        let mut oids: Vec<_> = columns.iter().map(|column| column.type_oid).filter(|oid| !is_built_in(*oid)).collect();
        oids.sort_unstable();
        oids.dedup();
        let list: Vec<_> = oids.iter().map(ToString::to_string).collect();
        let rows = session.ask(&LOOK_UP.replace("$oids", &list.join(", ")))?;
        let known = |row: &Vec<Option<String>>| {
            let field = |index: usize| row.get(index)?.as_deref();
            let known = Known {
                name: field(1)?.to_owned(),
                is_list: field(2)? == "t",
                element_oid: field(3)?.parse().ok()?,
                is_text: field(4)? == "t",
            };
            Some((field(0)?.parse().ok()?, known))
        };
        Ok(Self(rows.iter().filter_map(known).collect()))
    }

    pub(super) fn look_up(&self, oid: u32) -> Option<&Known> {
        self.0.get(&oid)
    }
}
