namespace LoraWal.Log;

/// <summary>Leads a crowd: the log's own I/O thread, and a helper that writes while it is in a sync.</summary>
internal sealed class IoLeader
{
    // Bounded by yields, not by a clock: about 50 us when nothing else runs.
    private const int MostYields = 64;
    private const int Crowded = 2;

    private readonly LogCore _core;
    private readonly WriteRole _writer;
    private readonly SyncGate _gate;

    public IoLeader(LogCore core, WriteRole writer, SyncGate gate)
    {
        _core = core;
        _writer = writer;
        _gate = gate;
        IWorkScheduler work = core.Environment.Work;
        core.Workers = (
            work.CreateWorker("lorawal-io", this, static leader => leader.Drain()),
            work.CreateWorker("lorawal-helper", this, static leader => leader.Help()));
    }

    /// <summary>Writes and syncs until no one waits.</summary>
    private void Drain()
    {
        while (true)
        {
            var done = default(WaiterList);
            var batch = default(PendingBuffer);
            var sync = default(SyncTarget?);
            lock (_core.State.Gate)
            {
                _core.State.IoSyncs = false;
                if (_core.State.TryTakeWriteRoleUnderLock())
                {
                    _core.State.TakeWriteRoleUnderLock();
                    batch = _core.State.SwapUnderLock(ref done);
                }
                else if (_core.State.CanSyncUnderLock() && _core.State.NeedsSyncUnderLock())
                {
                    sync = _gate.TakeUnderLock();
                    _core.State.IoSyncs = true;
                }
                else
                {
                    _core.State.IoLeads = false;
                    return;
                }
            }

            done.CompleteAll();
            if (batch is not null)
            {
                _writer.Pass(batch, default);
            }
            else if (sync is { } target)
            {
                _gate.Pass(target, SyncReason.Commit, out int released);
                Linger(released);
            }
        }
    }

    /// <summary>Writes what does not wait for a sync, while the I/O thread is in one.</summary>
    private void Help()
    {
        while (true)
        {
            var done = default(WaiterList);
            PendingBuffer batch;
            lock (_core.State.Gate)
            {
                if (!_core.State.TryTakeWriteRoleUnderLock())
                {
                    _core.State.HelperLeads = false;
                    return;
                }

                _core.State.TakeWriteRoleUnderLock();
                batch = _core.State.SwapUnderLock(ref done);
            }

            done.CompleteAll();
            _writer.Pass(batch, default);
        }
    }

    // In a closed loop of many writers two cohorts form that take turns, each waiting for two syncs. Yielding until as
    // many wait as were just released, plus those that waited already, makes one of them.
    private void Linger(int released)
    {
        if (released < Crowded || _core.Environment.Work.IsSingleThreaded)
        {
            return;
        }

        int crowd = released + _core.State.Crowd;
        for (int i = 0; i < MostYields && _core.State.Crowd < crowd; i++)
        {
            Thread.Yield();
        }
    }
}
