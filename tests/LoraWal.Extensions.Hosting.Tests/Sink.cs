using System.Text;

namespace LoraWal.Extensions.Hosting.Tests;

/// <summary>A consumer that keeps what it is given, and fails as a test says.</summary>
internal sealed class Sink(int wanted) : IWalConsumer
{
    public List<string> Seen { get; } = [];

    public List<int> Batches { get; } = [];

    public int Failures { get; set; }

    public string? Poison { get; init; }

    public bool Blocks { get; init; }

    public bool EndsWhenCancelled { get; init; }

    public int Calls { get; private set; }

    public TaskCompletionSource First { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public TaskCompletionSource Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public async ValueTask HandleAsync(
        IReadOnlyList<WalTransaction> batch, CancellationToken cancellationToken)
    {
        Calls++;
        if (Failures-- > 0)
        {
            throw new IOException("not now");
        }

        List<string> texts = [.. from transaction in batch
                                 from record in transaction
                                 select Encoding.UTF8.GetString(record.Payload.Span)];
        if (Poison is not null && texts.Contains(Poison))
        {
            throw new InvalidOperationException($"no {Poison}");
        }

        if (Blocks)
        {
            var cancelled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            await using (cancellationToken.Register(cancelled.SetResult))
            {
                First.TrySetResult();
                await cancelled.Task;
            }

            if (!EndsWhenCancelled)
            {
                cancellationToken.ThrowIfCancellationRequested();
            }
        }

        Seen.AddRange(texts);
        Batches.Add(texts.Count);
        First.TrySetResult();
        if (Seen.Count >= wanted)
        {
            Done.TrySetResult();
        }
    }
}
