using LoraWal.Interleavings.Scenarios;

namespace LoraWal.Interleavings;

/// <summary>Faults 15 and 20, scenario 7.</summary>
public class CommitInterleavingTests
{
    [Fact]
    public void No_waiter_hangs_and_nothing_is_acknowledged_above_the_durable_mark() =>
        Exploration.FindsNothing(SoundLog.Copy, CommitScenarios.Appenders_syncs_and_ticks);

    [Fact]
    public void After_a_failed_sync_nothing_is_acknowledged_and_the_first_cause_stays() =>
        Exploration.FindsNothing(SoundLog.Copy, CommitScenarios.A_sync_fails_beside_syncs_and_appends);

    [Fact]
    public void A_cancelled_append_is_in_doubt_or_never_was_and_its_waiter_is_used_again_only_when_let_go() =>
        Exploration.FindsNothing(SoundLog.Copy, CommitScenarios.Cancellations_meet_completions);
}
