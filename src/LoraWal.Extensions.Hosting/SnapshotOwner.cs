namespace LoraWal.Extensions.Hosting;

/// <summary>Says that something takes snapshots of one log and truncates it behind them. Such a log has no limits of
/// retention: two rules for what may go would end in a gap.</summary>
/// <param name="Key">The log.</param>
/// <param name="Name">Who takes the snapshots, for messages.</param>
internal sealed record SnapshotOwner(string Key, string Name);
