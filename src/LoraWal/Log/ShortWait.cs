namespace LoraWal.Log;

/// <summary>How an append that only has to be written follows another one: it stays awake for the few microseconds that
/// a write takes.</summary>
/// <remarks>
/// Waking a thread costs many times what a write costs, so a crowd of such appends is led by its own callers: whoever
/// finds the role free writes what all have added meanwhile, in one frame. Only one whose wait gets long lets the I/O
/// thread look after it.
/// </remarks>
// INVARIANT: as long as a waiter spins, its caller is on its way to lead it or to ask for someone who does. It does not
// block meanwhile.
internal sealed class ShortWait(LogCore core, WriteRole writer)
{
    private const int Spins = 80;
    private const int Yields = 40;

    // Each look takes the line of memory away from whoever writes.
    private const int SpinsPerLook = 8;

    // For about a microsecond whoever has just written may come back with its next record, and take this one along: two
    // records a write. Who takes the role at once writes but its own, and so does the other one then.
    private const int Grace = 2;

    private readonly int _spins = Environment.ProcessorCount > 1 ? Spins : 0;

    /// <summary>Whether an append that cannot lead should spin: not where one thread does everything, and not behind
    /// others whose wait has become long.</summary>
    public bool IsWorthwhileUnderLock(AppendDurability need) =>
        need == AppendDurability.Written
        && !core.Environment.Work.IsSingleThreaded
        && core.State.Waiters.WrittenWanted == 0;

    /// <summary>Waits a moment for a waiter that spins, and leads if it may. Afterwards the waiter has ended, or others
    /// look after it.</summary>
    public void Pass(Waiter waiter)
    {
        int free = 0;
        for (int i = 0; i < _spins + Yields; i++)
        {
            if (waiter.HasEnded)
            {
                return;
            }

            if (i >= _spins || i % SpinsPerLook == 0)
            {
                free = core.State.IsWriting ? 0 : free + 1;
                if (free > (i < _spins ? Grace : 0) && TryLead(waiter))
                {
                    return;
                }
            }

            if (i < _spins)
            {
                Thread.SpinWait(1);
            }
            else
            {
                Thread.Yield();
            }
        }

        HandOn handOn;
        lock (core.State.Gate)
        {
            core.State.StopSpinningUnderLock(waiter);
            handOn = core.State.HandOnUnderLock();
        }

        var done = default(WaiterList);
        core.AfterLock(ref done, handOn);
    }

    private bool TryLead(Waiter waiter)
    {
        var done = default(WaiterList);
        PendingBuffer batch;
        lock (core.State.Gate)
        {
            if (!core.State.CanLeadUnderLock(AppendDurability.Written) || !core.State.IsFillingUnderLock(waiter))
            {
                return false;
            }

            core.State.TakeWriteRoleUnderLock();
            batch = core.State.SwapUnderLock(ref done);
        }

        done.CompleteAll();
        writer.Pass(batch, default);
        return true;
    }
}
