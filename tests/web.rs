//! The browser half, in whatever scope and engine it is run: `make test-web`.
//!
//! Half of it is Rust (`src/web`) and half of it JavaScript (`pkg/*.js`), and neither does
//! anything without the other, so they are tested together, as they are shipped: each test here
//! runs a case written in JavaScript (`tests/web/*.js`) against the package's own files, with
//! the one difference that their `./wasm/tokenkeeper.js` is this very test binary.
//! `scripts/test-web` bundles that into `target/web/suite.js`. The test runner serves the tree from
//! its root, so `raw_module` finds it there without copying of snippets, and a worker imports it
//! statically, which a service worker insists on. Cases in Rust would say the same in three times
//! the lines: nearly all that they touch is JavaScript's.
//!
//! Nothing here sleeps and nothing leaves the machine: `fetch` and the clock are doubles, locks,
//! channels, `IndexedDB` and storages are the platform's unless their fault is the matter.

#![cfg(target_arch = "wasm32")]

#[path = "web/cases.rs"]
#[macro_use]
mod cases;

cases! {
    answers:
        answer_may_use_any_of_the_usual_names_at_any_of_the_usual_places
        answer_with_several_names_is_read_in_their_order
        answer_is_read_where_the_fields_say_and_nowhere_else
        answer_that_is_nothing_but_the_token_is_one
        answer_has_its_times_as_numbers_or_as_texts_of_numbers
        answer_with_absurd_times_gives_a_session_all_the_same
        answer_with_keys_of_the_prototype_reads_only_its_own
        answer_without_a_lifetime_is_judged_by_the_tokens_own_claims
        answer_with_a_token_that_is_strange_inside_is_taken_as_opaque_or_as_far_as_it_can_be
        answer_of_oauth_keeps_what_is_inside_its_tokens_to_itself
        answer_of_oauth_with_a_token_of_an_unknown_type_is_not_used
        answer_tells_the_scope_else_the_request_did
        answer_to_a_refresh_without_a_refresh_token_keeps_the_old_one;
    calls:
        login_sends_the_credentials_as_json_with_the_servers_headers
        refresh_sends_the_token_in_the_body_under_the_name_in_which_it_came
        refresh_sends_the_token_as_bearer_where_that_is_the_way
        refresh_by_cookie_sends_cookies_and_no_token
        logout_tells_the_server_and_may_outlive_the_page
        logout_does_not_fail_for_a_servers_sake_and_does_not_wait_for_ever
        oauth_speaks_in_forms
        oauth_password_grant_works_only_when_asked_for
        call_that_is_not_answered_in_time_is_aborted
        call_whose_body_does_not_end_in_time_is_aborted_too
        call_that_is_answered_while_the_page_sleeps_is_heard_when_it_wakes
        call_that_comes_in_time_leaves_nothing_aborted
        network_error_is_network_and_retryable
        web_page_in_place_of_an_answer_is_no_answer
        answer_that_is_no_json_or_has_no_token_is_a_bad_response
        refusal_holds_the_servers_own_words
        refusal_of_the_refresh_token_ends_the_session
        refusal_by_oauth_is_invalid_grant_and_nothing_else
        server_that_is_out_of_order_ends_nothing
        retry_after_in_seconds_is_waited_for
        retry_after_as_a_date_is_waited_for
        retry_after_as_a_date_is_counted_by_the_servers_own_clock
        retry_after_that_is_nonsense_or_past_asks_for_nothing
        retry_after_that_asks_too_much_is_an_hour
        date_of_an_answer_tells_of_a_clock_that_differs
        date_that_is_nonsense_tells_nothing;
    events:
        listener_that_throws_is_reported_and_keeps_nobody_from_being_told
        listener_that_throws_is_written_to_the_console_where_nothing_else_reports
        listener_may_call_back_in_and_everything_happens_in_order
        listener_may_close_its_manager
        listener_that_was_stopped_is_not_told_and_one_that_came_meanwhile_is_told_next
        listener_must_be_a_function_of_a_known_event
        event_has_its_shape
        warnings_of_the_opening_wait_until_one_can_listen
        session_is_the_same_object_until_something_changes
        session_cannot_be_changed
        error_has_its_shape
        error_holds_no_token_and_neither_does_explain
        decoding_tells_the_broken_rule_or_gives_the_parts
        closing_answers_everyone_who_waits_and_nothing_traps_later
        closing_while_the_store_hangs_traps_nothing
        closing_ends_a_login_whose_answer_comes_late
        logout_while_a_login_or_refresh_is_under_way_wins;
    fetching:
        fetch_gives_the_token_to_resources_and_to_nobody_else
        fetch_gives_the_token_to_its_own_origin_unless_told_otherwise
        fetch_takes_an_address_apart_once
        fetch_with_nobody_logged_in_is_the_platforms
        fetch_to_no_resource_is_the_platforms
        fetch_lets_the_platform_refuse_what_is_no_address
        fetch_leaves_an_authorization_of_the_callers_own_alone
        fetch_keeps_the_callers_headers_and_does_not_touch_his_objects
        fetch_takes_a_request_as_init
        fetch_refreshes_first_when_the_token_is_stale_and_once_for_all
        fetch_sends_each_kind_of_body_again_after_a_401
        fetch_sends_a_request_with_a_body_again_after_a_401
        fetch_lets_go_of_the_copy_of_a_body_that_was_not_needed
        fetch_lets_go_of_the_answer_that_was_a_401
        fetch_does_not_send_a_stream_again
        fetch_sends_what_it_was_given_though_the_caller_goes_on_with_the_same_objects
        fetch_gives_up_waiting_with_the_callers_own_reason_and_not_the_refresh
        fetch_that_is_aborted_before_it_begins_passes_the_reason
        fetch_passes_network_errors_as_they_are
        fetch_passes_every_other_answer_as_it_is
        fetch_warns_of_what_a_newer_token_would_not_help_against
        fetch_takes_a_403_without_a_challenge_for_the_callers
        fetch_does_not_go_on_for_ever_with_tokens_that_are_refused
        fetch_answers_a_late_401_with_the_token_that_is_there
        fetch_gives_the_401_to_the_caller_when_there_is_no_newer_token
        fetch_of_a_closed_manager_says_so
        fetch_works_without_its_manager_in_hand;
    ledger:
        ledger_says_which_session_is_the_newest_and_holds_no_token
        ledger_has_the_intent_before_the_refresh_is_sent_and_not_after_it
        ledger_keeps_the_intent_when_the_answer_is_lost
        ledger_only_goes_forward
        ledger_lets_one_of_two_tabs_refresh_where_there_is_no_lock
        ledger_ahead_of_the_store_is_waited_for_and_the_token_not_sent
        ledger_entry_that_is_no_entry_of_ours_is_nothing
        ledger_is_done_without_where_there_is_no_indexeddb
        ledger_is_done_without_where_indexeddb_throws
        ledger_is_done_without_where_indexeddb_refuses
        ledger_is_done_without_where_indexeddb_is_blocked
        ledger_that_never_answers_is_given_up_within_its_deadline_and_not_asked_again
        ledger_that_answers_too_late_is_asked_the_next_time
        ledger_that_breaks_between_look_and_write_is_no_reason_not_to_refresh
        ledger_closes_every_connection_that_it_opens
        ledger_is_not_asked_about_a_session_that_no_other_tab_has;
    locks:
        lock_is_held_while_the_server_is_asked_and_given_back_then
        lock_is_queued_for_and_the_server_asked_when_it_is_had
        lock_that_is_had_when_nobody_waits_any_more_is_given_back_without_a_refresh
        lock_is_given_back_whatever_the_server_answers
        lock_that_is_not_had_in_time_is_gone_without_and_not_waited_for_any_more
        lock_that_comes_after_its_deadline_is_given_back_at_once
        lock_is_done_without_where_there_are_none
        lock_is_done_without_where_asking_for_it_throws
        lock_is_done_without_where_asking_for_it_is_refused
        lock_is_not_asked_for_where_nobody_else_can_refresh
        lock_of_a_manager_that_is_closed_in_the_middle_of_a_refresh_is_given_back_and_the_new_token_stored
        lock_lets_one_of_two_tabs_refresh_and_the_other_adopt;
    scopes:
        scope_has_locks_channels_and_indexeddb
        scope_with_all_it_has_works
        scope_without_locks_works
        scope_without_channels_works
        scope_without_local_storage_works
        scope_without_indexeddb_works
        scope_without_locks_and_indexeddb_works
        scope_without_any_of_it_works
        scope_where_the_chosen_storage_is_missing_keeps_the_session_in_memory
        scope_resolves_addresses_against_itself;
    stores:
        own_store_that_answers_at_once_keeps_the_session
        own_store_that_answers_later_keeps_the_session
        own_store_that_throws_gives_way_to_memory_with_one_warning
        own_store_that_rejects_gives_way_to_memory_with_one_warning
        own_store_that_never_answers_gives_way_to_memory_after_its_deadline
        own_store_that_hangs_holds_up_the_opening_no_longer_than_its_deadline
        own_store_that_cannot_be_written_leaves_the_session_in_memory
        own_store_is_asked_one_thing_at_a_time_and_in_order
        own_store_keeps_a_newer_session_when_an_older_one_is_erased
        own_store_that_holds_no_text_holds_nothing
        own_store_that_holds_no_text_is_emptied_all_the_same
        own_store_with_garbage_warns_and_is_left_as_it_is
        own_store_with_a_sound_record_restores_the_session_and_counts_its_age_from_receipt
        own_store_is_asked_under_the_managers_name
        own_store_that_fails_several_times_at_once_is_told_of_once
        own_store_is_not_asked_after_it_is_known_to_fail_while_a_refresh_is_under_way
        storage_that_is_none_is_refused_by_its_path;
    tabs:
        tabs_hear_of_login_refresh_and_logout
        tabs_of_another_name_hear_nothing
        messages_hold_stamps_and_a_reason_and_no_token
        messages_that_are_garbage_change_nothing
        messages_are_done_without_where_there_is_no_channel
        channel_is_closed_with_its_manager
        coming_online_has_the_store_read_again
        coming_online_ends_the_wait_after_a_failure
        nothing_is_listened_to_after_close;
    timers:
        timer_refreshes_ahead_of_expiry_by_the_margin
        timer_that_a_platform_cannot_count_is_cut_and_set_again
        timers_do_not_grow_in_number
        timers_are_gone_after_close
        timer_does_not_refresh_where_that_is_not_wanted
        timer_may_let_a_process_end
        timer_that_rings_early_or_late_is_only_a_hint
        clock_that_is_set_back_is_told_and_ends_nothing
        request_that_never_ends_leaves_no_timer_behind;
}
