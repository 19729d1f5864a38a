using LoraWal.Interleavings.Scenarios;

namespace LoraWal.Interleavings;

/// <summary>Fault 56, and fault 52 over rotation, truncation and close.</summary>
public class CloseInterleavingTests
{
    [Fact]
    public void Closing_ends_every_call_and_claims_a_clean_end_only_when_all_is_synced() =>
        Exploration.FindsNothing(SoundLog.Copy, CloseScenarios.Closing_beside_appends_and_a_failing_sync);

    [Fact]
    public void Closing_ends_appends_that_wait_for_room_and_they_never_appear() =>
        Exploration.FindsNothing(SoundLog.Copy, CloseScenarios.Closing_beside_appends_that_wait_for_room);

    [Fact]
    public void A_following_reader_sees_all_that_becomes_durable_and_nothing_before() =>
        Exploration.FindsNothing(SoundLog.Copy, ReaderScenarios.A_reader_follows_the_durable_edge_over_rotations);

    [Fact]
    public void Readers_meet_rotation_truncation_and_close_and_see_nothing_wrong() =>
        Exploration.FindsNothing(SoundLog.Copy, ReaderScenarios.Readers_beside_rotation_truncation_and_close);
}
