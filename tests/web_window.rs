//! The same as `tests/web.rs`, for what only a window has: web storages and the page's events.

#![cfg(target_arch = "wasm32")]

#[path = "web/cases.rs"]
#[macro_use]
mod cases;

cases! {
    window:
        web_storage_keeps_the_session_under_the_managers_name
        web_storage_that_is_absent_gives_way_to_memory
        web_storage_that_is_forbidden_gives_way_to_memory
        web_storage_that_takes_nothing_gives_way_to_memory
        web_storage_that_takes_nothing_leaves_each_tab_the_session_of_its_cookie
        web_storage_that_cannot_be_read_later_gives_way_to_memory
        web_storage_that_cannot_be_read_any_more_ends_no_session
        tab_that_has_just_opened_tells_others_all_the_same
        tab_hears_others_before_it_looks_at_its_ledger
        tab_that_is_closed_at_once_listens_to_nothing
        tab_that_is_closed_in_a_refresh_opens_no_channel_anew
        page_wakes_while_its_opening_awaits_the_server
        web_storage_that_takes_nothing_leaves_each_tab_its_own_login
        web_storage_that_is_full_takes_the_next_session_in_the_place_of_the_one_it_has
        web_storage_that_fills_up_later_gives_way_to_memory
        web_storage_with_room_for_one_record_takes_the_next_in_its_place
        web_storage_is_not_written_before_there_is_a_session
        web_storage_that_is_full_still_gives_its_session
        web_storage_with_garbage_warns_and_keeps_it
        web_storage_keeps_a_newer_session_when_an_older_one_is_erased
        storage_event_of_our_key_brings_what_another_tab_did
        storage_event_alone_carries_login_and_logout_where_there_is_no_channel
        page_that_wakes_reads_the_store_again
        page_that_is_hidden_does_not_wake
        page_is_listened_to_no_more_after_close
        page_whose_base_is_elsewhere_has_its_options_read_by_it
        page_whose_base_changes_has_its_addresses_judged_anew;
}
