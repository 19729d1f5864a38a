using System.Text.Json;
using LoraWal;

namespace WorkerSample;

/// <summary>What the service knows: how many events, of which types, up to where in the log.</summary>
/// <remarks>
/// A state machine: fed from the log and from nothing else. After a restart the host loads its newest snapshot and
/// applies the records above it, before any service starts. A request never counts its own events: two requests may
/// finish in another order than their transactions lie in the log, and only the log's order comes back after a crash.
/// </remarks>
internal sealed class EventState : IWalStateMachine
{
    private readonly WalRecordDispatcher _dispatcher;
    private SortedDictionary<string, long> _byType = new(StringComparer.Ordinal);
    private long _events;
    private Lsn _lastLsn;

    // A record that this version does not know must not be skipped: the state would be another one.
    public EventState(IWal wal) => _dispatcher = new WalRecordDispatcher(
            wal.RecordTypes,
            other => throw new InvalidDataException($"Record type {other.RecordType} is not known to this version."))
        .On<PostedEvent>((posted, record) => Count(posted.Type, record.Lsn))
        .On<LoadReading>((reading, record) => Count(reading.Type, record.Lsn));

    public void Apply(in WalRecord record) => _dispatcher.Dispatch(record);

    /// <summary>The state at this moment, as a copy.</summary>
    public StateReport Report() => new(_events, new(_byType, StringComparer.Ordinal), _lastLsn.Value);

    // The report is a copy: writing it to the disk stops neither appends nor reads.
    public IWalSnapshotView PrepareSnapshot() => new View(Report());

    public ValueTask SaveAsync(Stream snapshot, CancellationToken cancellationToken) =>
        PrepareSnapshot().SaveAsync(snapshot, cancellationToken);

    public async ValueTask LoadAsync(Stream snapshot, Lsn lsn, CancellationToken cancellationToken)
    {
        StateReport saved = await JsonSerializer.DeserializeAsync(
                snapshot, SampleJson.Default.StateReport, cancellationToken)
            ?? throw new InvalidDataException("The snapshot is empty.");
        _byType = new(saved.ByType, StringComparer.Ordinal);
        _events = saved.Events;
        _lastLsn = new Lsn(saved.LastLsn);
    }

    private void Count(string type, Lsn lsn)
    {
        _byType[type] = _byType.GetValueOrDefault(type) + 1;
        _events++;
        _lastLsn = lsn;
    }

    private sealed class View(StateReport report) : IWalSnapshotView
    {
        public async ValueTask SaveAsync(Stream snapshot, CancellationToken cancellationToken) =>
            await JsonSerializer.SerializeAsync(
                snapshot, report, SampleJson.Default.StateReport, cancellationToken);

        public void Dispose()
        {
        }
    }
}
