using System.Runtime.CompilerServices;
using System.Text;
using LoraWal.Cursors;

namespace LoraWal.Extensions.Hosting.Tests;

/// <summary>A cursor over given records, the first with LSN 1, whose acknowledgements fail as a test says.</summary>
internal sealed class FakeCursorSource(params string[] records) : ICursorSource
{
    public string Name => "feed";

    public Lsn Position { get; private set; }

    public long LagBytes => 0;

    /// <summary>Thrown by the next acknowledgements, one each.</summary>
    public Queue<Exception> Failures { get; } = new();

    public async IAsyncEnumerable<WalTransaction> ReadAsync(
        Lsn after, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        for (int i = (int)after.Value; i < records.Length; i++)
        {
            await Task.Yield();
            yield return new WalTransaction(
                new Lsn((ulong)i + 1), DateTimeOffset.UnixEpoch, (ushort)9, Encoding.UTF8.GetBytes(records[i]));
        }

        var stopped = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using (cancellationToken.Register(stopped.SetResult))
        {
            await stopped.Task;
        }
    }

    public Task AcknowledgeAsync(Lsn lsn)
    {
        if (Failures.TryDequeue(out Exception? failure))
        {
            return Task.FromException(failure);
        }

        Position = lsn;
        return Task.CompletedTask;
    }

    public void Release()
    {
        // Nothing else opens it.
    }
}
