using LoraWal.TestSupport;
using LoraWal.Tests.Promises;

namespace LoraWal.Tests.Machines;

/// <summary>What is loaded, and what is refused, when a machine starts.</summary>
public class SnapshotTests
{
    private const string Five = "snapshot-00000000000000000005.snap";
    private const string Ten = "snapshot-00000000000000000010.snap";

    private static readonly byte[] Key = [.. Enumerable.Range(1, 32).Select(number => (byte)number)];

    [Theory]
    [InlineData(SnapshotCompression.None, false)]
    [InlineData(SnapshotCompression.None, true)]
    [InlineData(SnapshotCompression.Brotli, false)]
    [InlineData(SnapshotCompression.Brotli, true)]
    public void A_snapshot_of_many_chunks_loads_as_it_was_written(SnapshotCompression compression, bool isEncrypted)
    {
        SnapshotOptions options = new()
        {
            Compression = compression,
            EncryptionKey = isEncrypted ? Key : default(ReadOnlyMemory<byte>),
        };
        TestLog log = new();
        Wal wal = log.Open();
        WalStateMachine<FoldMachine> host = log.Start(wal, new FoldMachine { Filler = 200_000 }, options);
        log.ExecuteMany(host, 1, 5);
        log.Checkpoint(host);
        byte[] file = log.Disk.ReadAll(Five);
        Assert.Equal(!isEncrypted, Contains(file, FillerPart())); // chance cannot be compressed
        log.Kill();

        FoldMachine again = new() { Filler = 200_000 };
        log.Start(log.Open(), again, options);
        Assert.Equal(new Lsn(5), again.LoadedAt);
        Assert.Equal(MachineVerbs.Fold(5), again.State);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void No_changed_byte_of_a_snapshot_is_ever_loaded(bool isEncrypted)
    {
        SnapshotOptions options = new() { EncryptionKey = isEncrypted ? Key : default(ReadOnlyMemory<byte>) };
        TestLog log = TwoSnapshots(options);
        int length = log.Disk.ReadAll(Ten).Length;
        Assert.InRange(length, 200, 400);
        for (int offset = 0; offset < length; offset++)
        {
            TestLog fork = log.Fork();
            fork.Disk.Damage.FlipBit(Ten, offset, offset % 8);
            FoldMachine machine = new();
            fork.Start(fork.Open(), machine, options);
            Assert.True(machine.LoadedAt == new Lsn(5), $"byte {offset}: loaded {machine.LoadedAt}");
            Assert.Equal(MachineVerbs.Fold(12), machine.State);
        }
    }

    [Fact]
    public void A_snapshot_that_is_cut_or_longer_is_passed_over()
    {
        TestLog log = TwoSnapshots(new SnapshotOptions());
        int length = log.Disk.ReadAll(Ten).Length;
        foreach (int changed in (int[])[0, 1, 100, 191, 192, 200, length - 1, length + 1])
        {
            TestLog fork = log.Fork();
            fork.Disk.Damage.TruncateFile(Ten, changed);
            FoldMachine machine = new();
            fork.Start(fork.Open(), machine);
            Assert.Equal(new Lsn(5), machine.LoadedAt);
        }
    }

    [Fact]
    public void A_damaged_newest_snapshot_falls_back_to_the_older_one_with_a_warning_and_goes_with_the_next()
    {
        TestLog log = TwoSnapshots(new SnapshotOptions());
        log.Disk.Damage.FlipBit(Ten, 230, 1);
        ListLogger logger = new();
        FoldMachine machine = new();
        Wal wal = WalOpener.Open(log.Options, log.CreateEnvironment() with { LoggerFactory = logger });
        WalStateMachine<FoldMachine> host = log.Start(wal, machine);

        Assert.Equal(new Lsn(5), machine.LoadedAt);
        Assert.Equal(MachineVerbs.Fold(12), machine.State);
        Assert.Equal(1, logger.Count(503));
        Assert.Equal(1, logger.Count(203)); // older than the checkpoint marker
        log.ExecuteMany(host, 13, 13);
        log.Checkpoint(host);
        Assert.Equal([Five, "snapshot-00000000000000000013.snap"], log.Snapshots());
    }

    [Fact]
    public void A_damaged_snapshot_at_the_end_of_the_log_is_replaced_by_a_new_one_of_the_same_LSN()
    {
        TestLog log = new();
        WalStateMachine<FoldMachine> host = log.Start(log.Open(), new FoldMachine());
        log.ExecuteMany(host, 1, 5);
        log.Checkpoint(host);
        log.Kill();
        log.Disk.Damage.FlipBit(Five, 230, 1);
        FoldMachine machine = new();
        host = log.Start(log.Open(), machine);
        Assert.Equal(0, machine.Loads); // the log has every record
        Assert.Equal(MachineVerbs.Fold(5), machine.State);
        log.Checkpoint(host);
        log.Kill();

        FoldMachine again = new();
        log.Start(log.Open(), again);
        Assert.Equal(new Lsn(5), again.LoadedAt);
    }

    [Fact]
    public void A_snapshot_that_becomes_unreadable_while_it_is_loaded_falls_back_too()
    {
        TestLog log = TwoSnapshots(new SnapshotOptions());
        FoldMachine machine = new();
        machine.OnLoad = () =>
        {
            if (machine.Loads == 1)
            {
                log.Disk.Damage.FlipBit(Ten, 230, 1);
            }
        };
        log.Start(log.Open(), machine);
        Assert.Equal(2, machine.Loads);
        Assert.Equal(new Lsn(5), machine.LoadedAt);
        Assert.Equal(MachineVerbs.Fold(12), machine.State);
    }

    [Fact]
    public void A_machine_that_cannot_load_a_whole_snapshot_refuses_to_start()
    {
        TestLog log = TwoSnapshots(new SnapshotOptions());
        var cause = new FormatException("no such field");
        var refused = Assert.Throws<WalSnapshotException>(
            () => log.Start(log.Open(), new FoldMachine { OnLoad = () => throw cause }));
        Assert.Equal(new Lsn(10), refused.Lsn);
        Assert.Same(cause, refused.InnerException);
    }

    [Fact]
    public void A_log_that_begins_above_the_snapshot_refuses_to_start_and_names_both()
    {
        TestLog log = new();
        Wal wal = log.Open();
        WalStateMachine<FoldMachine> host = log.Start(wal, new FoldMachine(), new SnapshotOptions { Keep = 1 });
        log.ExecuteMany(host, 1, 5, size: 20_000);
        log.Checkpoint(host);
        byte[] old = log.Disk.ReadAll(Five);
        log.ExecuteMany(host, 6, 12, size: 20_000);
        log.Checkpoint(host);
        Lsn oldest = wal.Status.OldestLsn;
        Assert.True(oldest > new Lsn(6), $"{oldest}");
        log.Kill();
        log.Disk.Damage.DeleteFile("snapshot-00000000000000000012.snap");
        log.Disk.Damage.WriteAll(Five, old);

        var refused = Assert.Throws<WalSnapshotException>(() => log.Start(log.Open(), new FoldMachine()));
        Assert.Contains(
            $"covers LSN 5, but the log 'default' begins at LSN {oldest}", refused.Message, StringComparison.Ordinal);
        Assert.Equal(oldest, Assert.IsType<WalTruncatedException>(refused.InnerException).Oldest);
        log.Kill();
        log.Disk.Damage.DeleteFile(Five);
        refused = Assert.Throws<WalSnapshotException>(() => log.Start(log.Open(), new FoldMachine()));
        Assert.Contains("has no snapshot that can be loaded, but", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_snapshot_of_another_log_is_refused()
    {
        TestLog log = TwoSnapshots(new SnapshotOptions());
        TestLog other = new(seed: 2);
        WalStateMachine<FoldMachine> host = other.Start(other.Open(), new FoldMachine());
        other.ExecuteMany(host, 1, 10);
        other.Checkpoint(host);
        log.Disk.Damage.WriteAll(Ten, other.Disk.ReadAll(Ten));

        var refused = Assert.Throws<WalSnapshotException>(() => log.Start(log.Open(), new FoldMachine()));
        Assert.Contains("is of another log", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_wrong_key_and_a_missing_key_are_told_from_damage()
    {
        TestLog log = TwoSnapshots(new SnapshotOptions { EncryptionKey = Key });
        byte[] wrong = [.. Key];
        wrong[7] ^= 1;
        Assert.False(Assert.Throws<WalSnapshotKeyException>(
            () => log.Start(log.Open(), new FoldMachine(), new SnapshotOptions { EncryptionKey = wrong })).IsMissing);
        log.Kill();
        Assert.True(Assert.Throws<WalSnapshotKeyException>(
            () => log.Start(log.Open(), new FoldMachine())).IsMissing);
        log.Kill();
        log.Start(log.Open(), new FoldMachine(), new SnapshotOptions { EncryptionKey = Key });
    }

    [Fact]
    public void A_snapshot_without_encryption_loads_although_a_key_is_set()
    {
        TestLog log = TwoSnapshots(new SnapshotOptions());
        FoldMachine machine = new();
        log.Start(log.Open(), machine, new SnapshotOptions { EncryptionKey = Key });
        Assert.Equal(new Lsn(10), machine.LoadedAt);
    }

    [Fact]
    public void Chunks_of_an_encrypted_snapshot_cannot_change_places()
    {
        SnapshotOptions options = new() { EncryptionKey = Key };
        TestLog log = new();
        WalStateMachine<FoldMachine> host = log.Start(log.Open(), new FoldMachine { Filler = 200_000 }, options);
        log.ExecuteMany(host, 1, 5);
        log.Checkpoint(host);
        byte[] file = log.Disk.ReadAll(Five);
        log.Kill();
        const int Chunk = 8 + (64 * 1024) + 16;
        log.Disk.Damage.Overwrite(Five, 192, file[(192 + Chunk)..(192 + (2 * Chunk))]);
        log.Disk.Damage.Overwrite(Five, 192 + Chunk, file[192..(192 + Chunk)]);

        FoldMachine machine = new() { Filler = 200_000 };
        log.Start(log.Open(), machine, options);
        Assert.Equal(0, machine.Loads);
    }

    [Fact]
    public void LSNs_go_on_above_a_snapshot_whose_log_is_gone_and_it_is_loaded()
    {
        TestLog log = TwoSnapshots(new SnapshotOptions());
        foreach (string name in log.Disk.Names.Where(name => name.EndsWith(".wal", StringComparison.Ordinal)).ToArray())
        {
            log.Disk.Damage.DeleteFile(name);
        }

        FoldMachine machine = new();
        Wal wal = log.Open();
        Assert.Equal(new Lsn(11), wal.Status.NextLsn);
        WalStateMachine<FoldMachine> host = log.Start(wal, machine);
        Assert.Equal(new Lsn(10), machine.LoadedAt);
        log.ExecuteMany(host, 11, 11);
        Assert.Equal([11], machine.Applied);
    }

    [Fact]
    public void What_a_crash_left_of_a_snapshot_is_deleted_at_open()
    {
        TestLog log = TwoSnapshots(new SnapshotOptions());
        log.Disk.Damage.WriteAll("snapshot-00000000000000000012.snap.tmp", [1, 2, 3]);
        log.Disk.Damage.WriteAll("snapshot-00000000000000000012-other.snap.tmp", [1, 2, 3]);
        log.Disk.Damage.WriteAll("snapshot-12.snap.tmp", [1, 2, 3]); // not ours
        log.Open();
        Assert.Equal([Five, Ten, "snapshot-12.snap.tmp"], log.Snapshots());
    }

    private static TestLog TwoSnapshots(SnapshotOptions options)
    {
        TestLog log = new();
        WalStateMachine<FoldMachine> host = log.Start(log.Open(), new FoldMachine(), options);
        log.ExecuteMany(host, 1, 5);
        log.Checkpoint(host);
        log.ExecuteMany(host, 6, 10);
        log.Checkpoint(host);
        log.ExecuteMany(host, 11, 12);
        log.Kill();
        Assert.Equal([Five, Ten], log.Snapshots());
        return log;
    }

    private static byte[] FillerPart()
    {
        byte[] filler = new byte[64];
        new Random(5).NextBytes(filler);
        return filler;
    }

    private static bool Contains(byte[] file, byte[] part) => file.AsSpan().IndexOf(part) >= 0;
}
