//! Every fault, in short. See `src/faults`.

use sigpost_tests::faults::{self, Extent, FAULTS};

/// A test for each of these faults, and their list.
macro_rules! short_trials {
    ($($test:ident: $name:literal,)*) => {
        const TESTED: &[&str] = &[$($name),*];
        $(
            #[test]
            fn $test() {
                let trial = faults::find($name).unwrap().run(Extent::Short, |text| println!("{text}")).unwrap();
                trial.ensure_met().unwrap();
            }
        )*
    };
}

short_trials! {
    killed_ten_times_under_load_it_loses_nothing: "kill",
    stopped_under_load_it_ends_in_time_and_repeats_nothing: "stop",
    answers_without_end_head_or_measure_take_neither_slots_nor_memory: "answers",
    a_full_disk_refuses_and_recovers_and_nothing_acknowledged_is_lost: "full",
    a_failed_fsync_is_the_end_and_nothing_acknowledged_is_lost: "sync",
    without_files_for_all_its_connections_it_serves_on_and_loses_nothing: "files",
    endpoints_that_hang_slow_nobody_else_down: "hang",
    a_tenant_with_dead_webhooks_only_slows_nobody_else_down: "dead",
    a_heap_of_deliveries_for_one_endpoint_is_nobody_elses_trouble: "parked",
    an_endpoint_that_comes_back_gets_its_queue_ever_faster_and_once: "back",
    what_fails_together_does_not_come_back_together: "together",
    a_clock_that_jumps_an_hour_makes_neither_a_storm_nor_a_stall: "clock",
    a_clock_that_is_behind_after_a_restart_keeps_nothing_waiting: "clock-restart",
    no_secret_is_found_where_it_is_not_kept: "canaries",
    a_name_service_that_says_nothing_slows_nobody_else_down_and_loses_nothing: "dark",
    a_name_that_turns_to_a_forbidden_address_is_never_followed_there: "turning",
    no_spelling_of_a_forbidden_address_and_no_redirect_leads_there: "disguises",
    an_answer_that_comes_before_the_request_was_read_is_the_answer: "early",
    what_is_poisonous_ends_and_harms_nothing_beside_it: "poison",
}

#[test]
fn every_fault_is_tested_once() {
    for fault in FAULTS {
        assert_eq!(TESTED.iter().filter(|name| **name == fault.name).count(), 1, "{}", fault.name);
    }
}
