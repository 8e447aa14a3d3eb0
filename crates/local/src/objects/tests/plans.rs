//! A listing's page enters an index where it begins and reads on: SQLite's own account of its plan says so.

use super::*;
use crate::objects::{list, uploads_list, versions_list};

fn plan(subject: &Subject, sql: &str, parameters: usize) -> String {
    let lines = subject.store.database.with(|connection| {
        let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}"))?;
        let given = rusqlite::params_from_iter(std::iter::repeat_n("x", parameters));
        statement.query_map(given, |row| row.get::<_, String>("detail"))?.collect::<rusqlite::Result<Vec<_>>>()
    });
    lines.unwrap().join("; ")
}

#[test]
fn a_page_is_one_search_of_an_index_without_sorting() {
    let subject = Subject::new();
    for (sql, parameters, search) in [
        (list::PAGE, 2, "SEARCH versions USING INDEX versions_listed (bucket=? AND key>?)"),
        (list::NEXT_KEY, 2, "SEARCH versions USING INDEX versions_listed (bucket=? AND key>?)"),
        (versions_list::NEXT_KEY, 2, "SEARCH versions USING INDEX versions_newest_first (bucket=? AND key>?)"),
        (versions_list::PAGE, 2, "SEARCH versions USING INDEX versions_newest_first (bucket=? AND key>?)"),
        (versions_list::OLDER, 3, "SEARCH versions USING INDEX versions_newest_first (bucket=? AND key=? AND seq<?)"),
        (uploads_list::PAGE, 3, "SEARCH uploads USING INDEX uploads_by_key (bucket=? AND (key,upload_id)>(?,?))"),
        ("SELECT id FROM blobs WHERE refs = 0", 0, "SCAN blobs USING INDEX blobs_unreferenced"),
    ] {
        // SQLite says COVERING when it needs the index only.
        assert_eq!(plan(&subject, sql, parameters).replace("COVERING ", ""), search);
    }
}
