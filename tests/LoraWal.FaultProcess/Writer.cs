namespace LoraWal.FaultProcess;

/// <summary>Does things to a log, and says what came of them.</summary>
internal sealed class Writer
{
    // A failed log is asked a few times more: it must go on refusing.
    private const int FailuresMax = 3;

    private readonly WalOptions _options;
    private int _failures;

    private Writer(WalOptions options, Wal wal)
    {
        _options = options;
        Wal = wal;
    }

    public Wal Wal { get; private set; }

    /// <summary>Opens the log; null if it was refused, which has been said then.</summary>
    public static Writer? TryOpen(WalOptions options) =>
        Open(options) is { } wal ? new Writer(options, wal) : null;

    /// <summary>Appends records of one size.</summary>
    public int Append(int count, int bytes)
    {
        for (int i = 0; i < count && _failures < FailuresMax; i++)
        {
            Attempt(1, first => AcknowledgeAs(Wal.Append(PayloadOf(first, first, 1, bytes), Payload.RecordType)));
            if (_options.SyncMode == SyncMode.GroupSync && i + 1 == count && Wal.Status.Fault is null)
            {
                // The flusher's turn: it syncs, or closes the latch.
                SpinWait.SpinUntil(
                    () => Wal.Status.Fault is not null || Wal.Status.DurableLsn == Wal.Status.WrittenLsn, 20_000);
                count += Wal.Status.Fault is null ? 0 : FailuresMax;
            }
        }

        return Close();
    }

    /// <summary>Operations of every kind, in an order that does not change.</summary>
    public int Mixed(int count)
    {
        for (int i = 0; i < count && _failures < FailuresMax; i++)
        {
            switch (i % 16)
            {
                case 2: Commit(3, 400); break;
                case 3: Buffered(4, 700); break;
                case 6: Append(1000, AppendDurability.Durable); break;
                case 7: Control(fence => Wal.CheckpointAsync(fence).AsTask()); break;
                case 9: Commit(5, 1500); break;
                case 10: Waited(); break;
                case 13: Sync(); break;
                case 14: Control(TruncateAsync); break;
                case 15: // A new owner, in the same process.
                    if (Close() != 0 || Open(_options) is not { } wal)
                    {
                        return 3;
                    }

                    Wal = wal;
                    break;
                default: Append(((i * 3701) % 12_000) + 1, AppendDurability.Default); break;
            }
        }

        return Close();
    }

    /// <summary>Appends while a sync hangs, and gives up; closes, and gives up.</summary>
    public int Hang()
    {
        // Whoever leads makes the system calls itself, and so it hangs with them.
        byte[] first = PayloadOf(1, 1, 1, 100);
        new Thread(() => Wal.Append(first, Payload.RecordType)) { IsBackground = true }.Start();
        SpinWait.SpinUntil(() => Wal.Status.WrittenLsn.Value == 1);
        Output.Say(0, "LED");
        try
        {
            using var patience = new CancellationTokenSource(TimeSpan.FromMilliseconds(200));
            Wal.AppendAsync(PayloadOf(2, 2, 1, 100), Payload.RecordType, cancellationToken: patience.Token)
                .AsTask().GetAwaiter().GetResult();
        }
        catch (WalWaitCanceledException canceled)
        {
            Output.Say(0, $"TIMEOUT {canceled.Message}");
        }

        try
        {
            using var patience = new CancellationTokenSource(TimeSpan.FromMilliseconds(200));
            Wal.CloseAsync(patience.Token).AsTask().GetAwaiter().GetResult();
        }
        catch (OperationCanceledException)
        {
            Output.Say(0, "CLOSETIMEOUT");
        }

        Environment.Exit(0);
        return 0;
    }

    private static Wal? Open(WalOptions options)
    {
        try
        {
            Wal wal = Wal.OpenAsync(options).AsTask().GetAwaiter().GetResult();
            Output.Acknowledge("OPEN", wal.Status.WrittenLsn);
            return wal;
        }
        catch (IOException refused)
        {
            Output.Say(3, $"REFUSED {refused.GetType().Name}: {refused.Message}");
            return null;
        }
    }

    private void Append(int bytes, AppendDurability durability) => Attempt(1, first =>
    {
        Lsn lsn = Wal.Append(PayloadOf(first, first, 1, bytes), Payload.RecordType, durability);
        AcknowledgeAs(lsn, durability);
    });

    private void Commit(int count, int bytes) => Attempt(count, first =>
    {
        using var batch = new WalBatch();
        for (int i = 0; i < count; i++)
        {
            batch.Add(PayloadOf(first + (ulong)i, first, count, bytes + i), Payload.RecordType);
        }

        AcknowledgeAs(Wal.CommitAsync(batch).AsTask().GetAwaiter().GetResult());
    });

    private void Buffered(int count, int bytes)
    {
        for (int i = 0; i < count; i++)
        {
            Attempt(1, first => Wal.Append(
                PayloadOf(first, first, 1, bytes), Payload.RecordType, AppendDurability.Buffered));
        }

        Sync();
    }

    private void Waited() => Attempt(1, first =>
    {
        Lsn lsn = Wal.Append(PayloadOf(first, first, 1, 64), Payload.RecordType, AppendDurability.Written);
        Output.Acknowledge("ACK", lsn);
        Wal.WaitForDurableAsync(lsn).AsTask().GetAwaiter().GetResult();
        Output.Acknowledge("DURABLE", lsn);
    });

    private void Sync() => Attempt(0, _ =>
        Output.Acknowledge("DURABLE", Wal.SyncAsync().AsTask().GetAwaiter().GetResult()));

    private void Control(Func<Lsn, Task> act) => Attempt(0, _ => act(Wal.Status.DurableLsn).GetAwaiter().GetResult());

    private async Task TruncateAsync(Lsn fence)
    {
        Output.Say(0, $"FENCE {fence}");
        TruncateResult result = await Wal.TruncateAsync(fence);
        Output.Say(0, $"TRUNCATED {result.SegmentsDeleted} {result.SegmentsKept} {result.FirstFailure?.Message}");
    }

    private void Attempt(int records, Action<ulong> act)
    {
        ulong first = Wal.Status.NextLsn.Value;
        Output.Say(0, $"TRY {first + (ulong)records - 1}");

        try
        {
            act(first);
        }
        catch (WalPoisonedException poisoned)
        {
            _failures++;
            Output.Say(0, $"FAIL {poisoned.OutcomeUnknown} {poisoned.Message}");
        }
        catch (WalFullException full)
        {
            _failures++;
            Output.Say(0, $"FULL {full.Message}");
        }
    }

    private byte[] PayloadOf(ulong lsn, ulong first, int count, int bytes) =>
        Payload.Of(lsn, first, count, bytes, Wal.Recovery.Generation);

    private void AcknowledgeAs(Lsn lsn, AppendDurability durability = AppendDurability.Default)
    {
        Output.Acknowledge("ACK", lsn);
        if (durability == AppendDurability.Durable || _options.SyncMode == SyncMode.PerCommit)
        {
            Output.Acknowledge("DURABLE", lsn);
        }
    }

    private int Close()
    {
        if (Wal.Status.Fault is { } fault)
        {
            Output.Say(0, $"POISONED {fault.Reason}");
        }

        try
        {
            Wal.CloseAsync().AsTask().GetAwaiter().GetResult();
            return Output.Say(0, "CLOSED");
        }
        catch (WalException failure)
        {
            return Output.Say(3, $"CLOSEFAIL {failure.Message}");
        }
    }
}
