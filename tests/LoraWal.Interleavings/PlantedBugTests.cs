using System.Reflection;
using LoraWal.Interleavings.Controlled;
using LoraWal.Interleavings.Scenarios;
using Mono.Cecil;

namespace LoraWal.Interleavings;

/// <summary>The same scenarios, within the same number of schedules, find bugs that were planted: so the exploration
/// does decide who runs next.</summary>
public class PlantedBugTests
{
    [Fact]
    public void A_check_then_act_race_between_completion_and_cancellation_is_found() => Find(
        PlantedBug.A_waiter_is_ended_by_check_then_act,
        CommitScenarios.Cancellations_meet_completions,
        "Unhandled exception");

    [Fact]
    public void A_sync_that_publishes_what_is_written_by_its_end_is_found() => Find(
        PlantedBug.A_sync_publishes_what_is_written_by_its_end,
        CommitScenarios.Appenders_syncs_and_ticks,
        "was acknowledged and is not on the disk");

    [Fact]
    public void A_second_sync_in_flight_beside_a_failing_one_is_found() => Find(
        PlantedBug.Two_syncs_are_in_flight,
        CommitScenarios.A_sync_fails_beside_syncs_and_appends,
        "a sync began after, or beside, one that failed");

    [Fact]
    public void A_cancelled_append_that_still_waits_for_room_is_found() => Find(
        PlantedBug.A_cancelled_append_still_waits_for_room,
        CloseScenarios.Closing_beside_appends_that_wait_for_room,
        "was refused, and is there");

    [Fact]
    public void A_lost_wake_up_is_found() => Find(
        PlantedBug.The_write_role_is_given_up_in_silence,
        CloseScenarios.Closing_beside_appends_and_a_failing_sync,
        "Deadlock detected");

    [Fact]
    public void A_reader_past_the_durable_edge_is_found() => Find(
        PlantedBug.Readers_see_what_is_written,
        ReaderScenarios.A_reader_follows_the_durable_edge_over_rotations,
        "was read too early");

    private static void Find(Action<ModuleDefinition> plant, Func<Task> scenario, string words)
    {
        Assembly copy = ControlledAssemblies.Load(plant.Method.Name, plant);
        Exploration.Finds(copy, scenario, words);
    }
}
