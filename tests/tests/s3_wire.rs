//! The S3 suite against refit-local.

refit_tests::on_local!(
    s3_wire:
    objects_come_back,
    a_file_travels_in_chunks_with_a_trailer,
    a_wrong_checksum_is_refused,
    conditions_guard_writes,
    one_of_many_writers_creates,
    versions_stay,
    copies_keep_or_replace_metadata,
    listings_page_and_roll_up,
    parts_become_an_object,
    the_expected_owner_is_checked,
);
