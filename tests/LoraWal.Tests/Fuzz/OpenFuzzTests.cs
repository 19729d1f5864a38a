using CsCheck;
using LoraWal.Fuzz;
using LoraWal.Segments;
using LoraWal.TestSupport;
using LoraWal.Tests.Promises;

namespace LoraWal.Tests.Fuzz;

/// <summary>Fault 44: opening any directory ends in bounded time and memory with a typed error, or with a correct log:
/// one that shows only what had been appended, in order, and keeps it.</summary>
/// <remarks>The bounds, and what a log must keep, are checked in <see cref="OpenTarget"/>.</remarks>
public class OpenFuzzTests
{
    private const string Seed = "0000000000001";

    private static readonly Base[] Bases = [MakeBase(11, 3, 20), MakeBase(12, 5, 24 * 1024), MakeBase(13, 60, 700)];

    [Fact]
    public void A_mutated_log_is_refused_with_a_typed_error_or_shows_only_what_had_been_appended() =>
        Gen.Select(Gen.Int[0, Bases.Length - 1], Mutation.Any.Array[0, 4], Gen.Bool).Sample(
            (which, mutations, refusesTorn) =>
            {
                Base original = Bases[which];
                Base foreign = Bases[(which + 1) % Bases.Length];
                SortedDictionary<string, byte[]> files = Copy(original.Files);
                foreach (Mutation mutation in mutations)
                {
                    mutation.Apply(files, original.Older, foreign.Files);
                }

                List<ShownRecord>? shown = Open(files, refusesTorn);
                Assert.True(
                    shown is null || shown.TrueForAll(original.Records.Contains)
                    || shown.TrueForAll(foreign.Records.Contains),
                    "a record has been made up");
                Assert.True(
                    mutations.Length > 0 || shown?.Count == original.Records.Count,
                    "an untouched log has lost something");
            },
            iter: Effort.Samples(3_000),
            seed: Seed);

    [Fact]
    public void A_log_with_mutations_behind_right_checksums_is_refused_with_a_typed_error_or_keeps_what_it_shows() =>
        Gen.Select(Gen.Int[0, Bases.Length - 1], Mutation.Any.Array[1, 4], Gen.Bool).Sample(
            (which, mutations, refusesTorn) =>
            {
                SortedDictionary<string, byte[]> files = Copy(Bases[which].Files);
                foreach (Mutation mutation in mutations)
                {
                    mutation.Apply(files, Bases[which].Older, Bases[(which + 1) % Bases.Length].Files);
                }

                foreach (byte[] bytes in files.Values)
                {
                    ChecksumRepair.Segment(bytes);
                }

                Open(files, refusesTorn);
            },
            iter: Effort.Samples(3_000),
            seed: Seed);

    [Fact]
    public void Noise_under_the_logs_own_names_is_refused_with_a_typed_error_and_shows_nothing() =>
        Gen.Select(
            Gen.Select(Gen.Int[0, 5], Gen.Byte.Array[0, 6000], Gen.Bool, Gen.Bool).Array[0, 4], Gen.Bool).Sample(
            (parts, refusesTorn) =>
            {
                SortedDictionary<string, byte[]> files = new(StringComparer.Ordinal);
                foreach ((int id, byte[] noise, bool looksLikeOne, bool isRepaired) in parts)
                {
                    byte[] bytes = looksLikeOne ? [.. "LORAWAL\0"u8, 2, 0, 0, 0, .. noise] : noise;
                    if (isRepaired)
                    {
                        ChecksumRepair.Segment(bytes);
                    }

                    files[id == 0 ? SegmentName.Urgent : SegmentName.Of(id)] = bytes;
                }

                Assert.Empty(Open(files, refusesTorn) ?? []);
            },
            iter: Effort.Samples(2_000),
            seed: Seed);

    private static List<ShownRecord>? Open(SortedDictionary<string, byte[]> files, bool refusesTorn)
    {
        TestLog log = new(seed: 99)
        {
            Options =
            {
                SyncMode = SyncMode.PerCommit,
                TornTail = refusesTorn ? TornTailPolicy.Refuse : TornTailPolicy.SetAside,
            },
        };
        log.Disk.Mount().CreateDirectory();
        foreach ((string name, byte[] bytes) in files)
        {
            log.Disk.Damage.WriteAll(name, bytes);
        }

        return OpenTarget.Check(log, files);
    }

    /// <summary>A log with a history: batches and lone records, a clean end in between, and unsynced records at the
    /// end.</summary>
    private static Base MakeBase(long seed, int records, int size)
    {
        TestLog log = new(seed);
        Wal wal = log.Open();
        wal.AppendMany(1, records, size);
        using (WalBatch batch = LogVerbs.Batch(records + 1, records + 3))
        {
            log.Finish(wal.CommitAsync(batch, AppendDurability.Durable));
        }

        log.Close(wal);
        SortedDictionary<string, byte[]> older = FilesOf(log);
        log.Kill();

        wal = log.Open();
        wal.AppendMany(records + 4, (2 * records) + 3, size);
        wal.FlushTick();
        wal.AppendMany((2 * records) + 4, (2 * records) + 5);
        log.Work.RunAll();
        log.Kill();
        SortedDictionary<string, byte[]> files = FilesOf(log);
        List<ShownRecord>? shown = Open(files, refusesTorn: false);
        Assert.Equal((2 * records) + 5, shown?.Count);
        return new Base(files, older, [.. shown!]);
    }

    private static SortedDictionary<string, byte[]> FilesOf(TestLog log) => new(
        log.Disk.Names.ToDictionary(name => name, log.Disk.ReadAll), StringComparer.Ordinal);

    private static SortedDictionary<string, byte[]> Copy(SortedDictionary<string, byte[]> files) => new(
        files.ToDictionary(file => file.Key, file => (byte[])[.. file.Value]), StringComparer.Ordinal);

    private sealed record Base(
        SortedDictionary<string, byte[]> Files, SortedDictionary<string, byte[]> Older, HashSet<ShownRecord> Records);
}
